"""What reports found, and what they take as given: findings with their history, and assumptions."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from core import access, clock
from core.money import format_minor
from portfolio.domain import queries as portfolio
from portfolio.models import Assumption
from reports.domain import live_rules, muting, queries
from reports.domain.actions import PORTFOLIO, about
from reports.models import Finding, FindingState
from reports.web import access as reach
from reports.web import action_rows
from reports.web.forms import MuteForm

ROWS_A_PAGE = 25
HOME = {"label": "Home", "url": "/"}


@require_safe
@access.staff
def findings(request: HttpRequest) -> HttpResponse:
    """List findings, open ones first, the most severe first."""
    names, today = queries.entity_names(), queries.standing_on(at=clock.now())
    rows, here = queries.findings_for(request.user), reverse("reports:findings")
    counted = queries.counted_on(today)
    shown = {
        "open": ("Open", counted & Q(state=FindingState.OPEN)),
        "muted": ("Muted", ~counted & Q(state=FindingState.OPEN)),
        "cleared": ("Cleared", Q(state=FindingState.CLEARED)),
    }
    wanted = request.GET.get("state", "")
    if wanted in shown:
        rows = rows.filter(shown[wanted][1])
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "reports/findings.html",
        {
            "page_obj": page,
            "rows": [_finding(row, names, today) for row in page],
            "query": f"state={wanted}&" if wanted in shown else "",
            "tabs": [
                {"label": "All", "url": here, "current": wanted not in shown},
                *(
                    {"label": label, "url": f"{here}?state={state}", "current": wanted == state}
                    for state, (label, _) in shown.items()
                ),
            ],
            "whole": access.may(request.user, "read"),
            "crumbs": [HOME, {"label": "Reports", "url": reverse("reports:reports")}],
        },
    )


@require_safe
@access.staff
def finding(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a finding: the editions that spoke of it, and the actions that came of it."""
    return _finding_page(request, reach.finding(request, pk))


@require_POST
@access.staff
def mute(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Have a finding stand aside until a day."""
    row, at = reach.finding(request, pk, duty="run"), clock.now()
    form = MuteForm(request.POST)
    if form.is_valid():
        try:
            muting.mute(
                finding=row, **form.cleaned_data, today=queries.standing_on(at=at), by=request.user, at=at
            )
        except muting.MutingRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Muted until {row.muted_until:%-d %b %Y}: {row.title}")
            return redirect("reports:finding", pk=pk)
    return _finding_page(request, row, form=form, status=422)


@require_POST
@access.staff
def unmute(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Have a muted finding count again."""
    row = reach.finding(request, pk, duty="run")
    try:
        muting.unmute(finding=row, by=request.user, at=clock.now())
    except muting.MutingRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"It counts again: {row.title}")
    return redirect("reports:finding", pk=pk)


def _finding_page(
    request: HttpRequest, row: Finding, *, form: MuteForm | None = None, status: int = 200
) -> HttpResponse:
    names, today = queries.entity_names(), queries.standing_on(at=clock.now())
    work = list(queries.actions_for(request.user).filter(finding=row))
    meant = action_rows.book(work)
    return render(
        request,
        "reports/finding.html",
        {
            "finding": _finding(row, names, today),
            "mute_form": form
            or (
                MuteForm()
                if row.state == FindingState.OPEN and action_rows.may_run(request)(about(row.subject))
                else None
            ),
            "sightings": Paginator(queries.sightings(finding=row, person=request.user), ROWS_A_PAGE).get_page(
                request.GET.get("page")
            ),
            "actions": [action_rows.said(item, names, today, meant) for item in work],
            "zone": str(clock.zone()),
            "crumbs": [
                HOME,
                {"label": "Reports", "url": reverse("reports:reports")},
                {"label": "Findings", "url": reverse("reports:findings")},
            ],
        },
        status=status,
    )


@require_safe
@access.staff
def assumptions(request: HttpRequest) -> HttpResponse:
    """Show what modelled figures rest on: scenarios, assumptions and the financial rules, with their sources."""
    access.require(request.user, "read")
    today = queries.standing_on(at=clock.now())
    return render(
        request,
        "reports/assumptions.html",
        {
            "scenarios": [
                {
                    "row": row,
                    "price": format_minor(row.price_minor, cents=False),
                    "fixed": f"{row.fixed_change_bp / 100:+.1f} %" if row.fixed_change_bp else "unchanged",
                }
                for row in portfolio.scenarios()
            ],
            "assumptions": [
                {"row": row, "value": _assumed(row)} for row in portfolio.assumptions(as_of=today).values()
            ],
            "rules": live_rules.standing(as_of=today),
            "today": today,
            "crumbs": [HOME, {"label": "Reports", "url": reverse("reports:reports")}],
        },
    )


def _assumed(row: Assumption) -> str:
    if row.unit == "bp":
        return f"{row.value / 100:,.1f} %"
    if row.unit == "cents":
        return format_minor(row.value)
    if row.unit == "months x 100":
        return f"{row.value / 100:g} months"
    return f"{row.value:,} {row.unit}"


def _finding(row: Finding, names: dict[str, str], today: Any) -> dict[str, Any]:
    cleared = row.state == FindingState.CLEARED
    muted = None if cleared else muting.until(row, on=today)
    age = ((row.cleared_on or today) - row.first_seen_on).days
    return {
        "title": row.title,
        "severity": row.severity,
        "pk": row.pk,
        "state": "resolved" if cleared else "muted" if muted else "open",
        "muted": f"until {muted:%-d %b %Y}{f', by {row.muted_by}' if row.muted_by else ''}: {row.mute_reason}"
        if muted
        else "",
        "entity": names.get(about(row.subject), names[PORTFOLIO]),
        "first_seen": f"{row.first_seen_on:%-d %b %Y}",
        "age": f"{max(age, 0)} day{'' if age == 1 else 's'}",
        "cleared": f"{row.cleared_on:%-d %b %Y}" if row.cleared_on else "",
        "url": reverse("reports:finding", args=[row.pk]),
        "rule": row.rule,
    }
