"""The booking an event is for: for staff who book, who may read the entity's bookings."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from core import access, clock
from core.money import format_minor
from crew import rules
from crew.domain import event_bookings
from crew.domain.terms import EventRefusedError
from crew.models import Event
from crew.web.access import REFUSAL, actor, event_page
from portfolio.models import Booking, Entity

_MOST_DIGITS = 18


class BookingForm(forms.Form):
    """Which booking."""

    booking = forms.ChoiceField(
        label="Booking", help_text="Those of its entity that have no event yet, the nearest day first."
    )

    def __init__(self, *args: Any, offered: list[Booking], currency: str, **kwargs: Any) -> None:
        """Offer bookings by reference, title, client, day and price."""
        super().__init__(*args, **kwargs)
        self.fields["booking"].choices = [  # type: ignore[attr-defined]
            ("", "Choose one"),
            *((str(booking.pk), _words(booking, currency)) for booking in offered),
        ]


def asked_for(text: str, *, entities: list[Entity]) -> Booking:
    """Return the booking that an address names, of one of these entities.

    Raises:
        Http404: there is none.
    """
    found = None
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        rows = Booking.objects.filter(entity__in=entities).select_related("channel", "entity")
        found = rows.filter(pk=int(text)).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@event_page(rules.can_edit_event)
def booking_page(request: HttpRequest, event: Event, standing: rules.Standing) -> HttpResponse:
    """Show the booking of an event, or let one be chosen."""
    _require_book(request, event)
    tied = event_bookings.booking_of(event=event)
    offered = [] if tied else event_bookings.offered(event=event)
    form = BookingForm(
        request.POST if request.method == "POST" else None, offered=offered, currency=event.entity.currency
    )
    if request.method == "POST" and form.is_valid():
        booking = next(found for found in offered if str(found.pk) == form.cleaned_data["booking"])
        try:
            event_bookings.tie(event=event, booking=booking, by=actor(request, standing), at=clock.now())
        except EventRefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{event.title} is for {booking.reference}.")
            return redirect("crew:event", key=event.key)
    return render(
        request,
        "crew/events/booking.html",
        {
            "event": event,
            "tied": tied,
            "offered": offered,
            "form": form,
            "price": format_minor(tied.price_minor, event.entity.currency) if tied else "",
            "crumbs": [{"label": event.title, "url": reverse("crew:event", args=[event.key])}],
        },
        status=422 if form.errors else 200,
    )


@require_POST
@event_page(rules.can_edit_event)
def untie(request: HttpRequest, event: Event, standing: rules.Standing) -> HttpResponse:
    """Take the booking off an event."""
    _require_book(request, event)
    try:
        booking = event_bookings.untie(event=event, by=actor(request, standing), at=clock.now())
    except EventRefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{event.title} is not for {booking.reference} any more.")
    return redirect("crew:event_booking", key=event.key)


def _require_book(request: HttpRequest, event: Event) -> None:
    """Refuse an event's own admin who does not book for its entity: bookings are the entity's.

    Raises:
        PermissionDenied: they do not.
    """
    if not access.may(request.user, "book", event.entity_id):
        raise PermissionDenied(REFUSAL)


def _words(booking: Booking, currency: str) -> str:
    day = f"{booking.service_on:%-d %b %Y}" if booking.service_on else "no day yet"
    parts = (booking.reference, booking.title, booking.client_name, day)
    return " · ".join([*(part for part in parts if part), format_minor(booking.price_minor, currency)])


urlpatterns = [
    path("events/<str:key>/booking/", booking_page, name="event_booking"),
    path("events/<str:key>/booking/untie/", untie, name="event_booking_untie"),
]
