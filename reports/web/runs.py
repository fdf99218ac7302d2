"""Running a report from the portal, watching the run, and the list of every run there was."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from core import access, clock
from reports.domain import events, issue, queries, runs, sent
from reports.models import Run, RunState, Trigger
from reports.web import access as reach
from reports.web.forms import RunForm

RUNS_A_PAGE = 50
HOME = {"label": "Home", "url": "/"}
TONES = {
    RunState.QUEUED: "",
    RunState.RUNNING: "info",
    RunState.HELD: "watch",
    RunState.DONE: "good",
    RunState.FAILED: "failed",
    RunState.DISCARDED: "",
}
UNSETTLED = {RunState.QUEUED, RunState.RUNNING}


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def run_now(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Ask what to run, and queue it."""
    report = reach.report(slug)
    if not reach.may_run_anything(request):
        raise PermissionDenied(
            "Your role does not include running reports. Ask the owner to extend your grant."
        )
    at = clock.now()
    form = RunForm(
        request.POST if request.method == "POST" else None,
        person=request.user,
        report=report,
        at=at,
        default_as_of=issue.default_as_of(at),
        initial={name: request.GET[name] for name in ("as_of", "entity") if request.GET.get(name)},
    )
    if form.is_valid():
        run = runs.queue(
            report=report,
            trigger=Trigger.PORTAL,
            as_of=form.cleaned_data["as_of"],
            entity=form.cleaned_data["entity"],
            send_to=form.send_to,
            hold=form.cleaned_data["hold"],
            variant=form.cleaned_data["variant"],
            by=request.user,
            at=at,
        )
        if run.queued_at != at:
            messages.info(request, "This was asked for already and is under way; it is not run twice.")
        return redirect("reports:run", pk=run.pk)
    return render(
        request,
        "reports/run_now.html",
        {
            "form": form,
            "report": report,
            "crumbs": [
                HOME,
                {"label": "Reports", "url": reverse("reports:reports")},
                {"label": report.title, "url": reverse("reports:report", args=[slug])},
            ],
        },
        status=422 if form.is_bound else 200,
    )


@require_safe
@access.staff
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a run is; asked by htmx, only the part that changes."""
    row = reach.run(request, pk)
    context = {
        "run": row,
        "tone": _tone(row),
        "label": _label(row),
        "outcome": sent.outcome(run=row) if row.state == RunState.DONE else None,
        "going": row.state in UNSETTLED,
        "waits_until": row.not_before
        if row.not_before is not None and row.not_before > clock.now()
        else None,
        "may_run": access.may(request.user, "run", row.entity_id),
        "zone": str(clock.zone()),
    }
    if request.headers.get("HX-Request") == "true":
        return render(request, "reports/run_progress.html", context)
    context["answers"] = events.answered_by(run=row) if row.event_trigger is not None else []
    context["crumbs"] = [
        HOME,
        {"label": "Reports", "url": reverse("reports:reports")},
        {"label": "Runs", "url": reverse("reports:runs")},
    ]
    return render(request, "reports/run.html", context)


@require_safe
@access.staff
def run_list(request: HttpRequest) -> HttpResponse:
    """List every run, failed and dry ones too, newest first."""
    wanted = request.GET.get("state", "")
    rows = queries.runs_for(request.user)
    if wanted in RunState.values:
        rows = rows.filter(state=wanted)
    page = Paginator(rows, RUNS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "reports/runs.html",
        {
            "page_obj": page,
            "rows": [
                {"run": row, "tone": _tone(row), "label": _label(row), "silent": sent.was_silent(row)}
                for row in page
            ],
            "tabs": _tabs(wanted),
            "query": f"state={wanted}&" if wanted in RunState.values else "",
            "zone": str(clock.zone()),
            "whole": access.may(request.user, "read"),
            "crumbs": [HOME, {"label": "Reports", "url": reverse("reports:reports")}],
        },
    )


def _tone(row: Run) -> str:
    """Return what a run's state says at a glance: one that reached nobody is not good, unless nobody was to be reached."""
    if row.state == RunState.DONE and sent.was_silent(row):
        return "" if row.send_to == [] else "watch"
    return TONES[RunState(row.state)]


def _label(row: Run) -> str:
    """Return a run's state in words."""
    return "Told nobody" if sent.was_silent(row) and row.send_to != [] else row.get_state_display()


def _tabs(wanted: str) -> list[dict[str, object]]:
    here = reverse("reports:runs")
    return [{"label": "All", "url": here, "current": wanted not in RunState.values}] + [
        {"label": state.label, "url": f"{here}?state={state}", "current": wanted == state}
        for state in RunState
    ]
