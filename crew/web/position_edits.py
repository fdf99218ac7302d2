"""Opening one more position on an event, by hand."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from core import clock
from crew import rules
from crew.domain import position_edits
from crew.domain.positions import PositionRefusedError
from crew.models import CredentialKind, Event, Station
from crew.web.access import actor, event_page
from portfolio.web.forms import MoneyField


class PositionForm(forms.Form):
    """What somebody is needed for, what it pays and which papers it asks for."""

    station = forms.ChoiceField(label="Station", choices=[("", "Choose one"), *Station.choices])
    rate = MoneyField(label="Rate", help_text="For the whole event; 0 where it is not paid.")
    requires = forms.MultipleChoiceField(
        label="Papers",
        choices=CredentialKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Valid through the return, or the position cannot be claimed.",
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        """Read the rate in the entity's currency."""
        super().__init__(*args, **kwargs)
        self.fields["rate"].currency = currency  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@event_page(rules.can_edit_event)
def add(request: HttpRequest, event: Event, standing: rules.Standing) -> HttpResponse:
    """Ask for a position's station, rate and papers, and open it."""
    form = PositionForm(request.POST if request.method == "POST" else None, currency=event.entity.currency)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            position = position_edits.add(
                event=event,
                station=data["station"],
                rate_minor=data["rate"],
                requires=data["requires"],
                by=actor(request, standing),
                at=clock.now(),
            )
        except PositionRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{position} is open.")
            return redirect(reverse("crew:event", args=[event.key]) + "#positions")
    here = {"label": event.title, "url": reverse("crew:event", args=[event.key])}
    return render(
        request,
        "crew/positions/add.html",
        {"event": event, "form": form, "why_not": position_edits.refusal(event), "crumbs": [here]},
        status=422 if form.errors else 200,
    )


urlpatterns = [path("events/<str:key>/positions/add/", add, name="position_add")]
