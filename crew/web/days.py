"""The days on which somebody cannot work: marked and removed by themself."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from crew.domain import days_off
from crew.domain.days_off import DaysRefusedError
from crew.models import DayOff, Person
from crew.web.own import worker
from portfolio.web.forms import DayField


class DaysForm(forms.Form):
    """From when to when, and why if they like."""

    first_on = DayField(label="First day")
    last_on = DayField(label="Last day", help_text="The same for a single day.")
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=days_off.LONGEST_NOTE,
        help_text="Only you read it.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@worker
def my_days(request: HttpRequest) -> HttpResponse:
    """Show the days marked, and mark more."""
    person: Person = request.user  # type: ignore[assignment]
    at = clock.now()
    form = DaysForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            marked, met = days_off.add(person=person, at=at, **form.cleaned_data)
        except DaysRefusedError as error:
            form.add_error(None, str(error))
        else:
            days, verb = days_off.words(marked.first_on, marked.last_on)
            messages.success(request, f"{days} {verb} marked.")
            for clash in met:
                # A session of one event names no other.
                words = "a position on one of these days" if person.by_link else clash.words
                messages.warning(request, f"You hold {words}. Release it, or ask for a stand-in on its page.")
            return redirect("crew:my_days")
    marked_days = list(DayOff.objects.filter(person=person, last_on__gte=days_off.today_of(person, at)))
    return render(
        request,
        "crew/days/mine.html",
        {
            "form": form,
            "days": marked_days,
            "clashes": days_off.clashes(person=person, days=marked_days, at=at)
            if marked_days and not person.by_link
            else [],
            "zone": f"{at.astimezone(days_off.zone_of(person)):%Z}",
        },
        status=422 if form.errors else 200,
    )


@require_POST
@worker
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a mark away.

    Raises:
        Http404: it is somebody else's.
    """
    found = DayOff.objects.filter(pk=pk, person_id=request.user.pk or 0).select_related("person").first()
    if found is None:
        raise Http404
    days_off.remove(day_off=found, at=clock.now())
    days, verb = days_off.words(found.first_on, found.last_on)
    messages.success(request, f"{days} {verb} free again.")
    return redirect("crew:my_days")


urlpatterns = [
    path("me/days/", my_days, name="my_days"),
    path("me/days/<int:pk>/remove/", remove, name="day_off_remove"),
]
