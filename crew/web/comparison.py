"""The page that compares template items over past events, so that staff can better their checklists."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from core import access
from crew.domain import comparison
from crew.domain.comparison import Asked, Compared
from crew.models import ChecklistTemplate
from crew.web.checklist_forms import ComparisonFilter
from portfolio.models import Entity

ROWS_A_PAGE = 50
KEPT = ("entity", "checklist", "first", "last")


@require_safe
@access.staff
def compare(request: Any) -> HttpResponse:
    """List template items, the most troublesome first."""
    ids = access.entity_ids(request.user)
    entities = Entity.objects.filter(active=True)
    lists = ChecklistTemplate.objects.all()
    if ids is not None:
        entities = entities.filter(pk__in=ids)
        lists = lists.filter(entity__in=ids) | lists.filter(entity__isnull=True)
    chosen = ComparisonFilter(
        request.GET,
        entities=[(str(entity.pk), entity.name) for entity in entities],
        checklists=[(str(found.pk), found.name) for found in lists],
    )
    rows = comparison.compare(asked=_asked(chosen, ids))
    return render(
        request,
        "crew/checklists/compare.html",
        {
            "filter": chosen,
            "page_obj": Paginator([_shown(row) for row in rows], ROWS_A_PAGE).get_page(
                request.GET.get("page")
            ),
            "query": _query(request),
            "narrowed": any(chosen.value(name) for name in KEPT),
            "may_edit": request.user.is_staff,
        },
    )


def _asked(chosen: ComparisonFilter, ids: frozenset[int] | None) -> Asked:
    entity, checklist = chosen.value("entity"), chosen.value("checklist")
    return Asked(
        entity_ids=[int(entity)] if entity else ids,
        checklist=int(checklist) if checklist else None,
        first=chosen.day("first"),
        last=chosen.day("last"),
    )


def _shown(row: Compared) -> dict[str, Any]:
    """Return a row in words."""
    return {
        "text": row.text,
        "checklist": row.checklist,
        "count": row.count,
        "took": "" if row.minutes is None else _minutes(row.minutes),
        "shares": [
            {"label": label, "text": f"{share:.0%}", "bad": share >= 0.2}
            for label, share in (
                ("Held", row.held),
                ("Late", row.late),
                ("Out of limits", row.missed),
                ("Not completed", row.left),
            )
        ],
    }


def _minutes(minutes: float) -> str:
    if minutes < 1:
        return "under 1 min"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _query(request: HttpRequest) -> str:
    kept = request.GET.copy()
    kept.pop("page", None)
    return f"{kept.urlencode()}&" if kept else ""


urlpatterns: list[Any] = [path("checklists/", compare, name="compare")]
