"""What every page of payables shows above itself."""

from typing import Any

from django.urls import reverse

from portfolio.models import Entity
from portfolio.web import tabs
from portfolio.web.entities import crumbs

VIEWS = (
    ("payables", "Open"),
    ("bills", "All bills"),
    ("vendors", "Vendors"),
    ("contractors", "Contractors by year"),
    ("opening", "Opening balances"),
)


def frame(entity: Entity, current: str, *, inside: bool = False) -> dict[str, Any]:
    """Return entity, tabs and way back of a page; ``inside`` says that it lies below the list that is current."""
    way = [{"label": "Payables", "url": reverse("portfolio:payables", args=[entity.slug])}]
    if inside and current != "payables":
        label = dict(VIEWS)[current]
        way.append({"label": label, "url": reverse(f"portfolio:{current}", args=[entity.slug])})
    return {
        "entity": entity,
        "books_tabs": tabs.books(entity, "payables"),
        "views": [
            {
                "label": label,
                "url": reverse(f"portfolio:{name}", args=[entity.slug]),
                "current": name == current and not inside,
            }
            for name, label in VIEWS
        ],
        "crumbs": crumbs(entity, *(way if inside or current != "payables" else [])),
    }
