"""Writing down what a client asks for, and changing what was agreed while nothing is settled yet.

How far a booking has come is moved next door, in `portfolio.domain.bookings`.
"""

import datetime as dt
import re
from dataclasses import dataclass, fields

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from core import audit, clock
from mail.models import Campaign
from portfolio.domain import bookings
from portfolio.models import Booking, BookingStage, CancellationTerms, Channel, Entity, Stay

# Where a booking may be when somebody first writes it down, with the moves that lead there.
FIRST_STAGES: dict[BookingStage, tuple[BookingStage, ...]] = {
    BookingStage.ENQUIRY: (),
    BookingStage.QUOTED: (BookingStage.QUOTED,),
    BookingStage.BOOKED: (BookingStage.QUOTED, BookingStage.BOOKED),
}
# What was earned or given up is history; its terms stay as they were.
SETTLED = (BookingStage.COMPLETED, BookingStage.CANCELLED, BookingStage.LOST)
_TRIES = 5


class TermsRefusedError(Exception):
    """What was asked for cannot stand as described; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a client wants and on what terms; amounts in minor units of the entity's currency."""

    title: str
    kind: str
    channel: Channel | None
    client_name: str
    client_email: str
    party_size: int
    service_on: dt.date | None
    price_minor: int
    deposit_minor: int
    campaign: Campaign | None = None
    terms: CancellationTerms | None = None


def add_booking(
    *,
    entity: Entity,
    terms: Terms,
    enquired_on: dt.date,
    stage: BookingStage,
    on: dt.date,
    by: AbstractBaseUser,
    at: dt.datetime,
) -> Booking:
    """Write a booking down under the next free reference and move it to the stage it stands at, as of ``on``.

    Raises:
        TermsRefusedError: the terms contradict themselves, or the booking is said to stand too far along.
        portfolio.domain.bookings.BookingError: it cannot come to that stage.
    """
    _check(entity, terms)
    if stage not in FIRST_STAGES:
        raise TermsRefusedError(
            f"A booking is not written down as {stage.label.lower()}; move it there afterwards."
        )
    if on < enquired_on:
        raise TermsRefusedError(
            f"It cannot have been {stage.label.lower()} on {on}, before it was asked for."
        )
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                booking = Booking.objects.create(
                    entity=entity,
                    reference=_next_reference(entity),
                    enquired_on=enquired_on,
                    source=f"entered by {by}"[:120],
                    **_values(terms),
                )
                audit.record(
                    action="portfolio:booking:add",
                    subject=booking,
                    by=by,
                    at=at,
                    entity=entity.slug,
                    data={"currency": entity.currency, "price_minor": [None, terms.price_minor]},
                )
                for step in FIRST_STAGES[stage]:
                    booking = bookings.advance(booking=booking, to=step, by=by, at=at, on=on)
        except IntegrityError as error:
            if "booking_reference_once_per_entity" not in str(error) and "reference" not in str(error):
                raise
            continue  # Somebody else took the reference meanwhile; the next one is free.
        return booking
    raise TermsRefusedError("Many bookings are being written down at this moment; try again.")


def change_terms(*, booking: Booking, terms: Terms, by: AbstractBaseUser, at: dt.datetime) -> Booking:
    """Change what is agreed on a booking that is not settled yet, and return it as it then is.

    Raises:
        TermsRefusedError: the booking is completed, cancelled or lost, somebody moved it meanwhile, a firm one
            would lose its date, a stay would part from its nights, the price would fall below what is paid, or the terms
            contradict themselves.
    """
    _check(booking.entity, terms)
    stage = BookingStage(booking.stage)
    if stage in SETTLED:
        raise TermsRefusedError(f"{booking.reference} is {stage.label.lower()}; its terms stay as they were.")
    if stage in (BookingStage.BOOKED, BookingStage.PAID) and terms.service_on is None:
        raise TermsRefusedError(
            f"{booking.reference} is {stage.label.lower()}, so it needs a date of service."
        )
    moved = terms.service_on != booking.service_on or terms.kind != booking.kind
    if moved and Stay.objects.filter(booking=booking).exists():
        raise TermsRefusedError(
            f"{booking.reference} has nights at a rental, and its date and kind stay with them; move the stay on the rental’s page."
        )
    if terms.price_minor < booking.paid_minor:
        raise TermsRefusedError(
            f"{booking.reference} has been paid more than this price already; refund first."
        )
    values = {**_values(terms), **moved_times(booking, terms.service_on)}
    old = {name: getattr(booking, name) for name in values}
    with transaction.atomic():
        if not Booking.objects.filter(pk=booking.pk, stage=booking.stage).update(**values):
            raise TermsRefusedError(f"Somebody moved {booking.reference} meanwhile; look at it again.")
        audit.record(
            action="portfolio:booking:change",
            subject=booking,
            by=by,
            at=at,
            entity=booking.entity.slug,
            data={"currency": booking.entity.currency}
            | {
                name: [_plain(old[name]), _plain(value)]
                for name, value in values.items()
                if old[name] != value
            },
        )
    booking.refresh_from_db()
    return booking


def _check(entity: Entity, terms: Terms) -> None:
    if terms.price_minor < 0 or terms.deposit_minor < 0 or terms.party_size < 0:
        raise TermsRefusedError("Price, deposit and party are never below zero.")
    if terms.deposit_minor > terms.price_minor:
        raise TermsRefusedError("The deposit is part of the price, so it cannot be more.")
    if terms.channel is not None and terms.channel.entity_id != entity.pk:
        raise TermsRefusedError(f"{terms.channel} is no channel of {entity}; choose one of its own.")
    if terms.terms is not None and terms.terms.entity_id != entity.pk:
        raise TermsRefusedError(f"“{terms.terms}” are terms of another entity; choose those of {entity}.")
    if terms.campaign is not None and terms.campaign.started_at is None:
        raise TermsRefusedError(f"{terms.campaign} was never sent, so no booking came from it.")


def _values(terms: Terms) -> dict[str, object]:
    return {field.name: getattr(terms, field.name) for field in fields(terms)}


def moved_times(booking: Booking, service_on: dt.date | None) -> dict[str, object]:
    """Return the hours of a booking on its new day: the same hours of the entity's clock, whatever the season."""
    times = {"starts_at": booking.starts_at, "ends_at": booking.ends_at}
    if service_on == booking.service_on or booking.service_on is None:
        return {}
    if service_on is None:
        return dict.fromkeys(times)
    zone, days = clock.zone(booking.entity.zone), service_on - booking.service_on
    return {
        name: (at.astimezone(zone).replace(tzinfo=None) + days).replace(tzinfo=zone).astimezone(dt.UTC)
        for name, at in times.items()
        if at is not None
    }


def _next_reference(entity: Entity) -> str:
    """Return the reference after the highest of the usual form, ``QOS-0042``."""
    prefix = f"{entity.slug.upper()}-"[:34]
    numbered = re.compile(re.escape(prefix) + r"([0-9]{1,6})")
    taken = [
        int(match[1])
        for reference in entity.bookings.values_list("reference", flat=True)
        if (match := numbered.fullmatch(reference))
    ]
    return f"{prefix}{max(taken, default=0) + 1:04d}"


def _plain(value: object) -> object:
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Channel | Campaign | CancellationTerms) else value
