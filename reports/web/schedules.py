"""Schedules and recipients: staff of the whole portfolio read them, the owner changes them."""

import datetime as dt
from functools import partial

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock
from crew.models import Person
from reports.domain import queries, recipients, schedule, variants
from reports.models import Recipient
from reports.web import access as reach
from reports.web import starters
from reports.web.forms import NewScheduleForm, RecipientForm, ScheduleForm

PLACE = "schedules"


@require_safe
@access.staff
def schedules(request: HttpRequest) -> HttpResponse:
    """List the schedules with their next occurrences, and who receives each report."""
    access.require(request.user, "read")
    return _page(request)


def _page(request: HttpRequest, *, typed: RecipientForm | None = None, of: str = "") -> HttpResponse:
    """Return the page; ``typed`` is a form that was refused, for the report with the slug ``of``."""
    by_report: dict[int, list[Recipient]] = {}
    for row in queries.all_recipients():
        by_report.setdefault(row.report_id, []).append(row)
    return render(
        request,
        "reports/schedules.html",
        {
            "lines": queries.schedule_lines(at=clock.now()),
            "reports": [
                {
                    "report": report,
                    "recipients": by_report.get(report.pk, []),
                    "typed": typed if report.slug == of else None,
                }
                for report in queries.reports()
            ],
            "variants": variants.known(),
            "otherwise": ", ".join(settings.REPORT_RECIPIENTS),
            "may_own": access.may(request.user, "own"),
            "zone": str(clock.zone()),
            "crumbs": starters.crumbs(),
        },
        status=422 if typed is not None else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def new_schedule(request: HttpRequest) -> HttpResponseBase:
    """Add a schedule."""
    access.require(request.user, "own")
    form = NewScheduleForm(
        starters.typed(request), zone=str(clock.zone()), report=request.GET.get("report", "")
    )

    def save(*, at: dt.datetime, by: Person) -> str:
        row = schedule.save_schedule(**form.cleaned_data, at=at, by=by)
        return f"{row.report.title} is scheduled: {row.name}."

    return starters.form_page(request, form, save=save, place=PLACE, heading="Add a schedule")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def edit_schedule(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Change a schedule; its occurrences count from now on."""
    row = reach.schedule(request, pk)
    form = ScheduleForm(starters.typed(request), row=row)

    def save(*, at: dt.datetime, by: Person) -> str:
        schedule.save_schedule(**form.cleaned_data, report=row.report, schedule=row, at=at, by=by)
        return f"{row.name} is changed; it counts from now on."

    return starters.form_page(
        request, form, save=save, place=PLACE, heading="Change a schedule", about=row.report.title
    )


@require_POST
@access.staff
def pause_schedule(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Pause a schedule, or set it going again."""
    row = reach.schedule(request, pk)
    return starters.pause(
        request,
        partial(schedule.set_active, schedule=row),
        place=PLACE,
        name=f"{row.report.title}, {row.name}",
        going="is going again; what it missed meanwhile is not sent",
        paused="is paused",
    )


@require_POST
@access.staff
def add_recipient(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Let an address receive a report."""
    access.require(request.user, "own")
    report = reach.report(slug)
    form = RecipientForm(request.POST, auto_id=f"%s-{report.slug}")
    if form.is_valid():
        try:
            row = recipients.add(report=report, **form.cleaned_data, at=clock.now(), by=request.user)
        except recipients.RecipientRefusedError as error:
            form.add_error("address", str(error))
        else:
            messages.success(request, f"{row.address} receives {report.title} from its next edition on.")
            return redirect("reports:schedules")
    return _page(request, typed=form, of=report.slug)


@require_POST
@access.staff
def leave_out_recipient(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """Send a report to an address no more."""
    access.require(request.user, "own")
    row = get_object_or_404(Recipient.objects.select_related("report"), report=reach.report(slug), pk=pk)
    if recipients.leave_out(recipient=row, at=clock.now(), by=request.user):
        messages.success(request, f"{row.address} receives {row.report.title} no more.")
    return redirect("reports:schedules")
