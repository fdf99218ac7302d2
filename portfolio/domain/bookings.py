"""Moving a booking from stage to stage: one table of legal moves, one door.

What completing a booking does to the books stands next door in `portfolio.domain.recognition`; how bookings come in
from an export, in `portfolio.domain.exports`.
"""

import datetime as dt
from types import MappingProxyType

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit
from portfolio.domain import recognition
from portfolio.models import Booking, BookingStage

MOVES = MappingProxyType(
    {
        BookingStage.ENQUIRY: frozenset({BookingStage.QUOTED, BookingStage.LOST}),
        BookingStage.QUOTED: frozenset({BookingStage.HELD, BookingStage.BOOKED, BookingStage.LOST}),
        BookingStage.HELD: frozenset({BookingStage.QUOTED, BookingStage.BOOKED, BookingStage.LOST}),
        BookingStage.BOOKED: frozenset({BookingStage.PAID, BookingStage.COMPLETED, BookingStage.CANCELLED}),
        BookingStage.PAID: frozenset({BookingStage.COMPLETED, BookingStage.CANCELLED}),
        BookingStage.COMPLETED: frozenset(),
        BookingStage.CANCELLED: frozenset(),
        BookingStage.LOST: frozenset(),
    }
)
_DATES = MappingProxyType(
    {
        BookingStage.QUOTED: "quoted_on",
        BookingStage.BOOKED: "booked_on",
        BookingStage.COMPLETED: "completed_on",
        BookingStage.CANCELLED: "ended_on",
        BookingStage.LOST: "ended_on",
    }
)
_FIRM = frozenset({BookingStage.BOOKED, BookingStage.PAID, BookingStage.COMPLETED})


class BookingError(Exception):
    """A booking cannot move as asked; the message is a sentence for whoever asked."""


class IllegalMoveError(BookingError):
    """The stage asked for does not follow from the one the booking is in."""


class StaleStageError(BookingError):
    """Somebody else moved the booking meanwhile."""


class MissingDateError(BookingError):
    """A firm booking has a service date, and is completed on or after it."""


def advance(
    *, booking: Booking, to: BookingStage, by: AbstractBaseUser | None, at: dt.datetime, on: dt.date
) -> Booking:
    """Move a booking to a stage and return it as it then is; ``on`` is the local date of the move.

    Completing it earns its revenue in the same transaction: what is held goes to sales, what is unpaid to
    receivables. Cancelling leaves money held for it where it is, until it is refunded or forfeited.

    Raises:
        IllegalMoveError: the move is not in `MOVES`.
        StaleStageError: the booking is no longer in the stage that ``booking`` says.
        MissingDateError: it has no service date yet, or is completed before it.
        portfolio.domain.ledger.LedgerError: the month of ``on`` is closed.
    """
    old = BookingStage(booking.stage)
    if to not in MOVES[old]:
        allowed = " or ".join(sorted(stage.label.lower() for stage in MOVES[old])) or "nothing further"
        raise IllegalMoveError(
            f"{booking.reference} is {old.label.lower()} and cannot become {to.label.lower()}; from there it becomes {allowed}."
        )
    if to in _FIRM and booking.service_on is None:
        raise MissingDateError(
            f"{booking.reference} has no service date; give it one before it is {to.label.lower()}."
        )
    if to == BookingStage.COMPLETED and booking.service_on is not None and on < booking.service_on:
        raise MissingDateError(
            f"{booking.reference} is served on {booking.service_on} and cannot be completed on {on}; wait for the day."
        )
    changes: dict[str, object] = {"stage": to}
    if to in _DATES:
        changes[_DATES[to]] = on
    with transaction.atomic():
        if not Booking.objects.filter(pk=booking.pk, stage=old).update(**changes):
            raise StaleStageError(
                f"{booking.reference} is no longer {old.label.lower()}, somebody moved it; look at it again."
            )
        booking.refresh_from_db()
        audit.record(
            action=f"portfolio:booking:{to.value}",
            subject=booking,
            by=by,
            at=at,
            entity=booking.entity.slug,
            data={"stage": [old.value, to.value], "on": on.isoformat()},
        )
        if to == BookingStage.COMPLETED:
            recognition.recognise(booking=booking, on=on, by=by, at=at)
    return booking
