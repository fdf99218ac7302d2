"""The ways through an entity's books, the same above each of their pages."""

from typing import Any

from django.urls import reverse

from portfolio.models import Entity

# Name of the page, and what it is called. Each is addressed by the entity's slug.
BOOKS = (
    ("entity", "Overview"),
    ("entries", "Journal"),
    ("statements", "Statements"),
    ("bank", "Bank"),
    ("receivables", "Receivables"),
    ("payables", "Payables"),
    ("deferred", "Deferred revenue"),
    ("plans", "Plans"),
    ("months", "Months"),
)


def books(entity: Entity, current: str) -> list[dict[str, Any]]:
    """Return the tabs of an entity's books; ``current`` is the name of the page that is open."""
    return [
        {
            "label": label,
            "url": reverse(f"portfolio:{name}", args=[entity.slug]),
            "current": name == current,
        }
        for name, label in BOOKS
    ]
