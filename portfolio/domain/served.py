"""What the portal says of an event goes into the books of the booking it works, in the portal's own transaction.

An event completed earns its booking and owes its crew; an event cancelled calls its booking off; an event taken back from
completed reverses what it posted. An event without a booking posts nothing.

No captain is refused because of the books. What they cannot take (a closed month, an account that is missing, a booking
that nobody booked yet) waits as an `UnpostedDeed`, which staff see; `post_waiting` tries again. The event's row is locked
by the caller, then the booking's here, then the books are written.
"""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit, clock
from portfolio.domain import booking_entries, bookings, crew_pay, ledger
from portfolio.models import Booking, BookingStage, ServedDeed, UnpostedDeed

_NOT_FIRM = (BookingStage.ENQUIRY, BookingStage.QUOTED, BookingStage.HELD)
_TAKEN_BACK = "Its event was taken back from completed in the portal."
_REFUSALS = (ledger.LedgerError, bookings.BookingError, crew_pay.CrewPayRefusedError)


class DismissedError(Exception):
    """What waits cannot be put aside as asked; the message is a sentence."""


def event_completed(
    *, event_key: str, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> Booking | None:
    """Complete the booking of an event and owe its crew; return the booking, or None where it has none."""
    return _told(ServedDeed.COMPLETED, event_key, on, by, at)


def event_cancelled(
    *, event_key: str, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> Booking | None:
    """Call the booking of an event off, where it was booked; return the booking, or None where it has none."""
    return _told(ServedDeed.CANCELLED, event_key, on, by, at)


def event_reopened(
    *, event_key: str, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> Booking | None:
    """Take the booking of an event back from completed, with all it posted; return it, or None where it has none."""
    return _told(ServedDeed.REOPENED, event_key, on, by, at)


def post_waiting(*, at: dt.datetime) -> tuple[int, int]:
    """Try again what the books could not take, each by itself; return how many they took, and how many still wait.

    What belongs into a closed month is posted on the first day that is open, and says so.
    """
    taken = waiting = 0
    for pk in list(UnpostedDeed.objects.order_by("since", "pk").values_list("booking_id", flat=True)):
        with transaction.atomic():
            booking = _locked(pk=pk)
            deed = UnpostedDeed.objects.filter(booking=pk).first()
            if booking is None or deed is None:
                continue
            meant = deed.on
            posted_on = booking_entries.first_open_day(entity=booking.entity, on=meant)
            if posted_on > max(meant, clock.today(booking.entity.zone, at=at)):
                waiting += 1
                continue
            if _try(booking, ServedDeed(deed.deed), meant, posted_on, None, at):
                taken += 1
            else:
                waiting += 1
    return taken, waiting


def dismiss(*, booking: Booking, reason: str, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Put aside what waits for a booking, because a person has settled it by hand; the trail keeps the reason.

    Raises:
        DismissedError: nothing waits, or no reason is given.
    """
    reason = reason.strip()
    if not reason:
        raise DismissedError("Say how it was settled; the trail keeps the reason.")
    with transaction.atomic():
        found = UnpostedDeed.objects.filter(booking=booking).first()
        if found is None:
            raise DismissedError(f"Nothing waits for {booking.reference} any more.")
        found.delete()
        audit.record(
            action="portfolio:booking:dismiss", subject=booking, by=by, at=at, entity=booking.entity.slug,
            data={"deed": found.deed, "refusal": found.refusal, "reason": reason},
        )  # fmt: skip


def _told(
    deed: ServedDeed, event_key: str, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> Booking | None:
    if not event_key:
        return None
    with transaction.atomic():
        booking = _locked(event_key=event_key)
        if booking is not None:
            _try(booking, deed, on, on, by, at)
    return booking


def _locked(**lookup: object) -> Booking | None:
    return (
        Booking.objects.select_for_update(of=("self",), no_key=True)
        .select_related("entity", "channel", "terms")
        .filter(**lookup)
        .first()
    )


def _try(
    booking: Booking,
    deed: ServedDeed,
    on: dt.date,
    posted_on: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> bool:
    """Post a deed and forget what waited, or let it wait with the reason; tell whether it was posted."""
    try:
        with transaction.atomic():
            _post(booking, deed, on, posted_on, by, at)
            UnpostedDeed.objects.filter(booking=booking).delete()
    except _REFUSALS as error:
        refusal = str(error)[:500]
        UnpostedDeed.objects.update_or_create(
            booking=booking,
            defaults={"deed": deed, "on": on, "refusal": refusal, "tried_at": at},
            create_defaults={"deed": deed, "on": on, "refusal": refusal, "tried_at": at, "since": at},
        )
        booking.refresh_from_db()
        return False
    return True


def _post(
    booking: Booking,
    deed: ServedDeed,
    on: dt.date,
    posted_on: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    if deed == ServedDeed.CANCELLED:
        over = (*_NOT_FIRM, BookingStage.CANCELLED, BookingStage.LOST)
        if booking.stage not in over:
            bookings.advance(
                booking=booking, to=BookingStage.CANCELLED, by=by, at=at, on=on, posted_on=posted_on
            )
        return
    if deed == ServedDeed.REOPENED:
        if booking.stage == BookingStage.COMPLETED:
            bookings.take_back(booking=booking, reason=_TAKEN_BACK, by=by, at=at, on=posted_on)
        crew_pay.undo_of_booking(booking=booking, on=posted_on, reason=_TAKEN_BACK, by=by, at=at)
        return
    if booking.stage != BookingStage.COMPLETED:
        bookings.advance(booking=booking, to=BookingStage.COMPLETED, by=by, at=at, on=on, posted_on=posted_on)
    for row in crew_pay.earned_on(event_key=booking.event_key):
        crew_pay.accrue(
            entity=booking.entity,
            key=row.key,
            person=row.person,
            person_key=row.person_key,
            on=posted_on,
            amount_minor=row.amount_minor,
            booking=booking,
            by=by,
            at=at,
        )
