"""Triggers: staff of the whole portfolio see what makes reports run by itself, the owner changes it."""

import datetime as dt
from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access
from crew.models import Person
from reports.domain import events
from reports.web import access as reach
from reports.web import starters
from reports.web.trigger_forms import TriggerForm

PLACE = "triggers"


@require_safe
@access.staff
def triggers(request: HttpRequest) -> HttpResponse:
    """List the triggers with what each made of the last announcement it answered."""
    access.require(request.user, "read")
    return render(
        request,
        "reports/triggers.html",
        {
            "lines": [
                {
                    "trigger": line.trigger,
                    "last": line.last,
                    "said": "" if line.last is None else events.words(line.last.announcement),
                    "send_to": ", ".join(line.trigger.send_to or []),
                }
                for line in events.lines()
            ],
            "may_own": access.may(request.user, "own"),
            "crumbs": starters.crumbs(),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def new_trigger(request: HttpRequest) -> HttpResponseBase:
    """Add a trigger."""
    access.require(request.user, "own")
    form = TriggerForm(starters.typed(request), report=request.GET.get("report", ""))

    def save(*, at: dt.datetime, by: Person) -> str:
        row = events.save_trigger(**form.cleaned_data, at=at, by=by)
        return f"{row.report.title} has a trigger: {row.name}. It listens from now on."

    return starters.form_page(request, form, save=save, place=PLACE, heading="Add a trigger")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def edit_trigger(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Change a trigger; what happens from now on is answered as it says then."""
    row = reach.trigger(request, pk)
    form = TriggerForm(starters.typed(request), trigger=row)

    def save(*, at: dt.datetime, by: Person) -> str:
        events.save_trigger(**form.cleaned_data, report=row.report, trigger=row, at=at, by=by)
        return f"{form.cleaned_data['name']} is changed; it listens so from now on."

    return starters.form_page(
        request, form, save=save, place=PLACE, heading="Change a trigger", about=row.report.title
    )


@require_POST
@access.staff
def pause_trigger(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Pause a trigger, or set it going again."""
    row = reach.trigger(request, pk)
    return starters.pause(
        request,
        partial(events.set_active, trigger=row),
        place=PLACE,
        name=f"{row.report.title}, {row.name}",
        going="listens again; what happened meanwhile asks for nothing",
        paused="is paused; what happens meanwhile asks for nothing",
    )
