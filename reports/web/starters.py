"""What the pages of schedules and of triggers share: both make a report run by itself, and an owner sets them up.

Each is added and changed in one form, paused and set going again by one button.
"""

import datetime as dt
from typing import Protocol

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from core import clock
from crew.models import Person
from reports.domain.events import TriggerError
from reports.domain.schedule import ScheduleError

HOME = {"label": "Home", "url": "/"}


class Save(Protocol):
    """Writes what was typed and returns the sentence that says so.

    Raises:
        ScheduleError, TriggerError: another has that name, or the report does not look at that entity.
    """

    def __call__(self, *, at: dt.datetime, by: Person) -> str: ...


class SetActive(Protocol):
    """Pauses one, or sets it going again; returns whether that changed anything."""

    def __call__(self, *, active: bool, at: dt.datetime, by: Person) -> bool: ...


def crumbs(*more: tuple[str, str]) -> list[dict[str, str]]:
    """Return the way to a page below the reports; each place is a name and the name of its address."""
    places = (("Reports", "reports:reports"), *more)
    return [HOME, *({"label": label, "url": reverse(to)} for label, to in places)]


def typed(request: HttpRequest) -> QueryDict | None:
    """Return what a form is filled with: what was sent, or nothing yet."""
    return request.POST if request.method == "POST" else None


def form_page(
    request: HttpRequest, form: forms.Form, *, save: Save, place: str, heading: str, about: str = ""
) -> HttpResponseBase:
    """Save what was typed and go back to the list, or show the form, with why not and everything that was typed."""
    if form.is_valid():
        try:
            said = save(at=clock.now(), by=request.user)
        except (ScheduleError, TriggerError) as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, said)
            return redirect(f"reports:{place}")
    return render(
        request,
        "reports/schedule_form.html",
        {
            "form": form,
            "heading": heading,
            "about": about,
            "cancel_url": reverse(f"reports:{place}"),
            "crumbs": crumbs((place.capitalize(), f"reports:{place}")),
        },
        status=422 if form.is_bound else 200,
    )


def pause(
    request: HttpRequest, set_active: SetActive, *, place: str, name: str, going: str, paused: str
) -> HttpResponseBase:
    """Pause one, or set it going again, as the button says; ``going`` and ``paused`` say what it does then."""
    active = request.POST.get("active") == "yes"
    if set_active(active=active, at=clock.now(), by=request.user):
        messages.success(request, f"{name} {going if active else paused}.")
    return redirect(f"reports:{place}")
