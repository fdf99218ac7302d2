"""Moving a booking from stage to stage: one table of legal moves, one door.

What completing or cancelling a booking does to the books stands next door in `portfolio.domain.recognition`; how bookings
come in from an export, in `portfolio.domain.exports`.
"""

import datetime as dt
from types import MappingProxyType

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit, months
from portfolio.domain import booking_entries, held, recognition
from portfolio.models import Booking, BookingStage

# Back, to correct what was said by mistake, has its own doors, because it needs a reason: `take_back` from completed, and
# `step_back` while nothing was asked or paid for it.
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
_BACK = MappingProxyType(
    {BookingStage.QUOTED: BookingStage.ENQUIRY, BookingStage.BOOKED: BookingStage.QUOTED}
)
_FIRM = frozenset({BookingStage.BOOKED, BookingStage.PAID, BookingStage.COMPLETED})


class BookingError(Exception):
    """A booking cannot move as asked; the message is a sentence for whoever asked."""


class IllegalMoveError(BookingError):
    """The stage asked for does not follow from the one the booking is in."""


class StaleStageError(BookingError):
    """Somebody else moved the booking meanwhile."""


class MissingReasonError(BookingError):
    """Taking a booking back needs a reason."""


class MoneyMovedError(BookingError):
    """A booking that was invoiced, or that the books name, does not go back a step."""


class WrongDayError(BookingError):
    """The day of a move has come, and nothing is called off before it was booked."""


class MissingDateError(BookingError):
    """A firm booking has a service date, and is completed on or after it."""


def advance(
    *,
    booking: Booking,
    to: BookingStage,
    by: AbstractBaseUser | None,
    at: dt.datetime,
    on: dt.date,
    posted_on: dt.date | None = None,
) -> Booking:
    """Move a booking to a stage and return it as it then is; ``on`` is the local date of the move.

    Completing it earns its revenue in the same transaction: what is held goes to sales, what is unpaid to
    receivables. Cancelling it decides by its terms what is owed back and what is kept. ``posted_on`` is the day the books
    take it where the month of ``on`` is closed.

    Raises:
        IllegalMoveError: the move is not in `MOVES`.
        StaleStageError: the booking is no longer in the stage that ``booking`` says.
        MissingDateError: it has no service date yet, or is completed before it.
        WrongDayError: it is completed or called off on a day that is ahead, or called off before it was booked.
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
            f"{booking.reference} is served on {months.spelled(booking.service_on)} and cannot be completed on {months.spelled(on)}; wait for the day."
        )
    _check_day(booking, to, on, booking_entries.today_of(booking.entity, at))
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
        day = posted_on or on
        note = booking_entries.moved(on, day)
        if to == BookingStage.COMPLETED:
            recognition.recognise(booking=booking, on=day, by=by, at=at, note=note)
        elif to == BookingStage.CANCELLED:
            recognition.cancelled(booking=booking, on=on, posted_on=day, by=by, at=at, note=note)
    return booking


def take_back(
    *, booking: Booking, reason: str, by: AbstractBaseUser | None, at: dt.datetime, on: dt.date
) -> Booking:
    """Take a booking back from completed, because that was said by mistake; what it posted is reversed on ``on``.

    It is paid again where its client has paid the price, and booked otherwise.

    Raises:
        IllegalMoveError: it is not completed.
        StaleStageError: somebody moved it meanwhile.
        MissingReasonError: no reason is given.
        portfolio.domain.ledger.LedgerError: the month of ``on`` is closed.
    """
    reason = reason.strip()
    if not reason:
        raise MissingReasonError(
            "Say why it is taken back from completed; the reason stays with the reversal."
        )
    if booking.stage != BookingStage.COMPLETED:
        raise IllegalMoveError(
            f"{booking.reference} is {booking.get_stage_display().lower()}; only a completed booking is taken back."
        )
    with transaction.atomic():
        held.lock([booking.pk])
        now = Booking.objects.only("price_minor", "paid_minor").get(pk=booking.pk)
        paid = 0 < now.price_minor <= now.paid_minor
        to = BookingStage.PAID if paid else BookingStage.BOOKED
        if not Booking.objects.filter(pk=booking.pk, stage=BookingStage.COMPLETED).update(
            stage=to, completed_on=None
        ):
            raise StaleStageError(
                f"{booking.reference} is no longer completed, somebody moved it; look at it again."
            )
        booking.refresh_from_db()
        audit.record(
            action="portfolio:booking:take_back",
            subject=booking,
            by=by,
            at=at,
            entity=booking.entity.slug,
            data={"stage": [BookingStage.COMPLETED.value, to.value], "on": on.isoformat(), "reason": reason},
        )
        recognition.undo(booking=booking, on=on, reason=reason, by=by, at=at)
    return booking


def step_back(*, booking: Booking, reason: str, by: AbstractBaseUser | None, at: dt.datetime) -> Booking:
    """Take a booking back from booked to quoted, or from quoted to an enquiry, because it was moved by mistake.

    Raises:
        MissingReasonError: no reason is given.
        IllegalMoveError: it is neither booked nor quoted, or its event says how far it has come.
        MoneyMovedError: it was paid or invoiced, or an entry of the books names it.
        StaleStageError: somebody moved it meanwhile.
    """
    reason, old = reason.strip(), BookingStage(booking.stage)
    if not reason:
        raise MissingReasonError("Say why it is moved back; the reason stays in its trail.")
    if old not in _BACK or booking.event_key:
        why = "follows its event" if booking.event_key else f"is {old.label.lower()}"
        raise IllegalMoveError(f"{booking.reference} {why} and does not go back a step.")
    to = _BACK[old]
    with transaction.atomic():
        held.lock([booking.pk])
        if booking.postings.exists() or booking.invoices.exists():
            raise MoneyMovedError(
                f"{booking.reference} was paid or invoiced since; take that back first, or call the booking off."
            )
        if not Booking.objects.filter(pk=booking.pk, stage=old, paid_minor=0).update(
            stage=to, **{_DATES[old]: None}
        ):
            raise StaleStageError(
                f"{booking.reference} is no longer {old.label.lower()} and unpaid; look at it again."
            )
        booking.refresh_from_db()
        audit.record(
            action="portfolio:booking:step_back",
            subject=booking,
            by=by,
            at=at,
            entity=booking.entity.slug,
            data={"stage": [old.value, to.value], "reason": reason},
        )
    return booking


def _check_day(booking: Booking, to: BookingStage, on: dt.date, today: dt.date) -> None:
    if to not in (BookingStage.COMPLETED, BookingStage.CANCELLED):
        return
    said = f"{booking.reference} cannot be {to.label.lower()} on {on}"
    if on > today:
        raise WrongDayError(f"{said}, which is ahead; wait for the day.")
    booked_on = booking.booked_on or booking.enquired_on
    if to == BookingStage.CANCELLED and booked_on is not None and on < booked_on:
        raise WrongDayError(
            f"{said}, before it was booked on {months.spelled(booked_on)}; choose a later day."
        )
