"""Which booking an event is for: at most one, and no booking has two events.

The tie is the event's key on the booking, which is the portfolio's. Tying leaves its books and its stage alone, but for an
event that is completed; completing or cancelling the event does not (`portfolio.domain.served`).
"""

import datetime as dt
from dataclasses import replace

from django.db import transaction
from django.urls import reverse

from crew.domain import history, locks, timing
from crew.domain.history import Actor
from crew.domain.terms import EventRefusedError, Terms
from crew.models import Event, EventState
from portfolio.domain import served
from portfolio.domain.worked_as import Work
from portfolio.models import Booking, BookingStage

# Kinds of bookings that an event is made for; stays, hauls and yard work have none.
WORKED_KINDS = ("charter", "concert", "delivery")
MOST_OFFERED = 100
_GIVEN_UP = (BookingStage.CANCELLED, BookingStage.LOST)


def booking_of(*, event: Event) -> Booking | None:
    """Return the booking an event is for; one query."""
    return Booking.objects.filter(entity=event.entity_id, event_key=event.key).exclude(event_key="").first()


def offered(*, event: Event) -> list[Booking]:
    """Return bookings of the event's entity that have no event yet, those of its day first; one query."""
    free = list(
        Booking.objects.filter(entity=event.entity_id, event_key="")
        .exclude(stage__in=_GIVEN_UP)
        .order_by("-service_on", "-id")
    )
    free.sort(
        key=lambda booking: abs((booking.service_on - event.departs_on).days) if booking.service_on else 10**6
    )
    return free[:MOST_OFFERED]


def tie(*, event: Event, booking: Booking, by: Actor, at: dt.datetime) -> None:
    """Say that an event is for a booking; one that is completed goes into the booking's books at once.

    Raises:
        EventRefusedError: the event is cancelled or has a booking; or the booking has an event, is of another entity, or
            was cancelled or lost.
    """
    with transaction.atomic():
        now = locks.event(event.pk)
        if now.state == EventState.CANCELLED:
            raise EventRefusedError(f"{now.title} is cancelled; a booking needs an event that takes place.")
        had = booking_of(event=now)
        if had is not None:
            raise EventRefusedError(f"{now.title} is for {had.reference} already. Untie that first.")
        free = Booking.objects.filter(pk=booking.pk, entity=now.entity_id, event_key="")
        if not free.exclude(stage__in=_GIVEN_UP).update(event_key=now.key):
            raise EventRefusedError(_why_not(now, Booking.objects.get(pk=booking.pk)))
        history.note(
            event=now,
            action="crew:booking:tie",
            subject=booking,
            by=by,
            at=at,
            data={"event": ["", now.title]},
        )
        if now.state == EventState.COMPLETED:
            on = timing.served_on(now, at)
            served.event_completed(entity=now.entity, event_key=now.key, on=on, by=by.person, at=at)


def untie(*, event: Event, by: Actor, at: dt.datetime) -> Booking:
    """Take the booking off an event, and return it.

    Raises:
        EventRefusedError: it has none, or it is completed and in the booking's books.
    """
    with transaction.atomic():
        now = locks.event(event.pk)
        booking = booking_of(event=now)
        if booking is not None and now.state == EventState.COMPLETED:
            raise EventRefusedError(
                f"{now.title} is completed, and in the books of {booking.reference}. Take it back from completed first."
            )
        if booking is None or not Booking.objects.filter(pk=booking.pk, event_key=now.key).update(
            event_key=""
        ):
            raise EventRefusedError(f"{now.title} is for no booking.")
        history.note(
            event=now,
            action="crew:booking:untie",
            subject=booking,
            by=by,
            at=at,
            data={"event": [now.title, ""]},
        )
    return booking


def proposed(*, booking: Booking, terms: Terms) -> Terms:
    """Return a template's terms with what a booking says: its title, client, price, channel and day."""
    return replace(
        terms,
        title=booking.title,
        on=booking.service_on or terms.on,
        client_name=booking.client_name,
        price_minor=booking.price_minor,
        channel=booking.channel,
    )


def work_of(booking: Booking, books: bool) -> Work | None:
    """Return the event of a booking, or where it is made; for the portfolio's page of the booking."""
    if booking.event_key:
        event = Event.objects.filter(key=booking.event_key, entity=booking.entity_id).first()
        if event is not None:
            return Work(
                reverse("crew:event", args=[event.key]),
                event.title,
                f"{event.departs_on:%-d %b %Y}, {event.get_state_display().lower()}",
            )
    elif books and booking.kind in WORKED_KINDS and booking.stage not in _GIVEN_UP:
        return Work(f"{reverse('crew:event_add')}?booking={booking.pk}")
    return None


def _why_not(event: Event, booking: Booking) -> str:
    if booking.entity_id != event.entity_id:
        return f"{booking.reference} is another entity's; choose one of {event.entity}."
    if booking.event_key:
        return f"{booking.reference} has an event already; choose another booking."
    return f"{booking.reference} is {booking.get_stage_display().lower()}; it needs no event."
