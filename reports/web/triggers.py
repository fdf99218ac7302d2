"""Triggers: staff of the whole portfolio see what makes reports run by itself, the owner changes it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock
from reports.domain import events
from reports.web import access as reach
from reports.web.trigger_forms import TriggerForm

HOME = {"label": "Home", "url": "/"}


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
            "zone": str(clock.zone()),
            "crumbs": [HOME, {"label": "Reports", "url": reverse("reports:reports")}],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def new_trigger(request: HttpRequest) -> HttpResponseBase:
    """Add a trigger."""
    access.require(request.user, "own")
    form = TriggerForm(
        request.POST if request.method == "POST" else None, report=request.GET.get("report", "")
    )
    if form.is_valid():
        try:
            row = events.save_trigger(**form.cleaned_data, at=clock.now(), by=request.user)
        except events.TriggerError as error:
            form.add_error("name", str(error))
        else:
            messages.success(
                request, f"{row.report.title} has a trigger: {row.name}. It listens from now on."
            )
            return redirect("reports:triggers")
    return _page(request, form, "Add a trigger")


@require_http_methods(["GET", "HEAD", "POST"])
@access.staff
def edit_trigger(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Change a trigger; what happens from now on is answered as it says then."""
    row = reach.trigger(request, pk)
    form = TriggerForm(request.POST if request.method == "POST" else None, trigger=row)
    if form.is_valid():
        try:
            events.save_trigger(
                **form.cleaned_data, report=row.report, trigger=row, at=clock.now(), by=request.user
            )
        except events.TriggerError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, f"{form.cleaned_data['name']} is changed; it listens so from now on.")
            return redirect("reports:triggers")
    return _page(request, form, "Change a trigger", about=row.report.title)


@require_POST
@access.staff
def pause_trigger(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Pause a trigger, or set it going again."""
    row = reach.trigger(request, pk)
    active = request.POST.get("active") == "yes"
    if events.set_active(trigger=row, active=active, at=clock.now(), by=request.user):
        said = (
            "listens again; what happened meanwhile asks for nothing"
            if active
            else "is paused; what happens meanwhile asks for nothing"
        )
        messages.success(request, f"{row.report.title}, {row.name} {said}.")
    return redirect("reports:triggers")


def _page(request: HttpRequest, form: TriggerForm, heading: str, *, about: str = "") -> HttpResponse:
    return render(
        request,
        "reports/schedule_form.html",
        {
            "form": form,
            "heading": heading,
            "about": about,
            "cancel_url": reverse("reports:triggers"),
            "crumbs": [
                HOME,
                {"label": "Reports", "url": reverse("reports:reports")},
                {"label": "Triggers", "url": reverse("reports:triggers")},
            ],
        },
        status=422 if form.is_bound else 200,
    )
