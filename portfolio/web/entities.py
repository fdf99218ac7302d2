"""Pages of entities and of their books: the list, one entity, an account's month, an entry, a handoff note."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.views.decorators.http import require_safe

from core import access, months
from portfolio.domain import pages
from portfolio.models import (
    Asset,
    ClientContract,
    Entity,
    HandoffFile,
    ProfitabilityModel,
    Responsibility,
    Stake,
)
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import may
from portfolio.web.tabs import books

ROWS_A_PAGE = 50
MONTHS_SHOWN = 6
MONTHS_AT_MOST = 13
ENTRIES_SHOWN = 8
EVENTS_SHOWN = 12

PORTFOLIO = {"label": "Portfolio", "url": reverse_lazy("portfolio:entities")}


def crumbs(entity: Entity | None = None, *more: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the way back from a page of an entity."""
    trodden: list[dict[str, Any]] = [PORTFOLIO]
    if entity is not None:
        trodden.append({"label": entity.name, "url": reverse("portfolio:entity", args=[entity.slug])})
    return [*trodden, *more]


def views_of_portfolio(current: str) -> list[dict[str, Any]]:
    """Return the tabs above the portfolio's lists."""
    return [
        {"label": label, "url": reverse(f"portfolio:{name}"), "current": name == current}
        for label, name in (
            ("Entities", "entities"),
            ("Statements", "all_statements"),
            ("Bookings", "bookings"),
            ("Imports", "imports"),
        )
    ]


@require_safe
@access.staff
def entity_list(request: HttpRequest) -> HttpResponse:
    """List the entities a person may see: cash, revenue, last import and the state of the books."""
    as_of = pages.as_of_date()
    rows = pages.entity_rows(ids=access.entity_ids(request.user), as_of=as_of)
    currencies = {row.currency for row in rows}
    return render(
        request,
        "portfolio/entities.html",
        {
            "rows": rows,
            "as_of": as_of,
            "month": months.month_of(as_of),
            "month_before": months.month_of(as_of) - 1,
            "tabs": views_of_portfolio("entities"),
            "sees_all": access.may(request.user, "read"),
            "total": {
                "currency": currencies.pop(),
                "cash": sum(row.cash_minor for row in rows),
                "revenue": sum(row.revenue_minor + row.bought_minor for row in rows),
                "revenue_before": sum(row.revenue_before_minor + row.bought_before_minor for row in rows),
            }
            if len(currencies) == 1 and len(rows) > 1
            else None,
        },
    )


@require_safe
@access.staff
def entity_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one entity: its books by month, and every record a report reads."""
    entity = entity_or_404(request, slug)
    as_of = pages.as_of_date()
    shown = _months_shown(request)
    groups = pages.account_groups(entity=entity, as_of=as_of, count=shown)
    last = months.month_of(as_of)
    row = pages.entity_rows(ids=[entity.pk], as_of=as_of)[0]
    handoff = HandoffFile.objects.filter(entity=entity, current=True).first()
    return render(
        request,
        "portfolio/entity.html",
        {
            "entity": entity,
            "books_tabs": books(entity, "entity"),
            "row": row,
            "as_of": as_of,
            "month": last,
            "months": range(last - shown + 1, last + 1),
            "more_months": shown < MONTHS_AT_MOST,
            "months_at_most": MONTHS_AT_MOST,
            "groups": groups,
            "sources": pages.sources(entity=entity, as_of=as_of),
            "entries": pages.recent_entries(entity=entity, limit=ENTRIES_SHOWN),
            "kpis": pages.latest_kpis(entity=entity, as_of=as_of),
            "channels": pages.channel_lines(entity=entity, as_of=as_of),
            "contracts": list(ClientContract.objects.filter(entity=entity).select_related("client")),
            "stakes": list(Stake.objects.filter(entity=entity)),
            "responsibilities": list(Responsibility.objects.filter(entity=entity)),
            "assets": list(Asset.objects.filter(entity=entity)),
            "models": list(ProfitabilityModel.objects.filter(entity=entity)),
            "plans": pages.plans(entity=entity, first_month=last),
            "handoff": handoff,
            "sections": pages.handoff_sections(file=handoff) if handoff else [],
            "owns": may(request, "own", entity),
            "books": may(request, "book", entity),
            "crumbs": crumbs(),
            "parts": [
                {"label": label, "url": f"#{anchor}", "current": False}
                for label, anchor in (
                    ("Books", "books"),
                    ("Entries", "entries"),
                    ("KPIs", "kpis"),
                    ("Channels", "channels"),
                    ("Contracts", "contracts"),
                    ("People", "stakes"),
                    ("Assets", "assets"),
                    ("Plans", "models"),
                    ("Handoff note", "handoff"),
                )
            ],
        },
    )


def _months_shown(request: HttpRequest) -> int:
    """Return how many months were asked for; anything odd is the usual number."""
    return MONTHS_AT_MOST if request.GET.get("months") == str(MONTHS_AT_MOST) else MONTHS_SHOWN


@require_safe
@access.staff
def month_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List the months of an entity's books: which are open, reconciled with the bank, or closed."""
    entity = entity_or_404(request, slug)
    as_of = pages.as_of_date()
    return render(
        request,
        "portfolio/months.html",
        {
            "entity": entity,
            "rows": pages.month_rows(entity=entity, as_of=as_of),
            "books_tabs": books(entity, "months"),
            "keeps": may(request, "keep", entity),
            "owns": may(request, "own", entity),
            "crumbs": crumbs(entity),
        },
    )


@require_safe
@access.staff
def handoff_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an entity's current handoff note, row by row with its line.

    Raises:
        Http404: the entity has no note.
    """
    entity = entity_or_404(request, slug)
    file = HandoffFile.objects.filter(entity=entity, current=True).first()
    if file is None:
        raise Http404
    return render(
        request,
        "portfolio/handoff.html",
        {
            "entity": entity,
            "file": file,
            "sections": pages.handoff_sections(file=file),
            "versions": list(HandoffFile.objects.filter(entity=entity)),
            "crumbs": crumbs(entity),
        },
    )
