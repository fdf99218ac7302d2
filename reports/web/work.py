"""What reports leave to be done, and what they take as given: findings with their history, actions, assumptions."""

from collections.abc import Callable
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
from reports.domain import actions, live_rules, muting, queries
from reports.domain.actions import PORTFOLIO, ActionRefusedError, about, subject_of
from reports.models import Action, ActionState, Finding, FindingState
from reports.web import access as reach
from reports.web.forms import DueForm, MuteForm

ROWS_A_PAGE = 50
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
    return render(
        request,
        "reports/finding.html",
        {
            "finding": _finding(row, names, today),
            "mute_form": (form or MuteForm())
            if row.state == FindingState.OPEN and _may_run(request)(about(row.subject))
            else None,
            "sightings": Paginator(queries.sightings(finding=row, person=request.user), ROWS_A_PAGE).get_page(
                request.GET.get("page")
            ),
            "actions": [
                _action(item, names, today) for item in queries.actions_for(request.user).filter(finding=row)
            ],
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
def action_list(request: HttpRequest) -> HttpResponse:
    """List actions, open ones by due date first; those who may run reports settle them here."""
    page = Paginator(queries.actions_for(request.user), ROWS_A_PAGE).get_page(request.GET.get("page"))
    names, today = queries.entity_names(), queries.standing_on(at=clock.now())
    may_run = _may_run(request)
    return render(
        request,
        "reports/actions.html",
        {
            "page_obj": page,
            "rows": [
                {**_action(row, names, today), "buttons": _buttons(row) if may_run(subject_of(row)) else []}
                for row in page
            ],
            "whole": access.may(request.user, "read"),
            "crumbs": [HOME, {"label": "Reports", "url": reverse("reports:reports")}],
        },
    )


@require_POST
@access.staff
def settle(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Mark an action done, or no longer needed."""
    dropped = request.POST.get("state") == ActionState.DROPPED
    state = ActionState.DROPPED if dropped else ActionState.DONE
    said = "no longer needed" if dropped else "done"
    return _change(
        request, pk, lambda row, **by: actions.settle(action=row, state=state, **by), f"Marked {said}"
    )


@require_POST
@access.staff
def reopen(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Open a settled action again."""
    return _change(request, pk, lambda row, **by: actions.reopen(action=row, **by), "Opened again")


@require_POST
@access.staff
def move(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Move the due date of an action."""
    form = DueForm(request.POST)
    if not form.is_valid():
        reach.action(request, pk, duty="run")
        messages.error(request, f"Due date: {' '.join(form.errors['due_on'])}")
        return redirect("reports:actions")
    due_on, today = form.cleaned_data["due_on"], queries.standing_on(at=clock.now())
    return _change(
        request,
        pk,
        lambda row, **by: actions.move_due(action=row, due_on=due_on, today=today, **by),
        f"Moved to {due_on:%-d %b %Y}",
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


def _change(request: HttpRequest, pk: int, change: Callable[..., None], said: str) -> HttpResponseBase:
    row = reach.action(request, pk, duty="run")
    try:
        change(row, by=request.user, at=clock.now())
    except ActionRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{said}: {row.title}")
    return redirect("reports:actions")


def _buttons(row: Action) -> list[dict[str, Any]]:
    if row.state != ActionState.OPEN:
        return [
            {"label": "Open again", "url": reverse("reports:reopen_action", args=[row.pk]), "quiet": True}
        ]
    settle_url = reverse("reports:settle_action", args=[row.pk])
    return [
        {"label": "Done", "url": settle_url, "name": "state", "value": ActionState.DONE.value},
        {
            "label": "No longer needed",
            "url": settle_url,
            "name": "state",
            "value": ActionState.DROPPED.value,
            "quiet": True,
        },
    ]


def _may_run(request: HttpRequest) -> Callable[[str], bool]:
    if access.may(request.user, "run"):
        return lambda subject: True
    slugs = {entity.slug for entity in queries.entities_for(request.user, "run")}
    return lambda subject: subject in slugs


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


def _action(row: Action, names: dict[str, str], today: Any) -> dict[str, Any]:
    subject = subject_of(row)
    return {
        "pk": row.pk,
        "action": {
            "title": row.title,
            "owner": row.owner,
            "due": f"{row.due_on:%-d %b %Y}",
            "state": row.state,
            "state_label": row.get_state_display(),
            "overdue": row.state == ActionState.OPEN and row.due_on < today,
            "source": row.finding.title if row.finding else "",
            "url": reverse("reports:finding", args=[row.finding_id]) if row.finding_id else "",
        },
        "open": row.state == ActionState.OPEN,
        "due_on": row.due_on,
        "subject": names.get(subject, subject),
        "settled": f"{row.settled_on:%-d %b %Y}" if row.settled_on else "",
        "settled_by": str(row.settled_by) if row.settled_by else "",
    }
