"""What the portal says of an event goes into the books of the booking it works, in the portal's own transaction.

An event completed earns its booking and owes its crew; an event cancelled calls its booking off; an event taken back from
completed reverses what it posted. An event without a booking owes its crew and posts nothing else.

No captain is refused because of the books. What they cannot take (a closed month, an account that is missing, a booking
that nobody booked yet) waits as an `UnpostedDeed`, which staff see; `post_waiting` tries again. The pay of a crew without a
booking is owed at the latest when it is paid. The event's row is locked by the caller, then the booking's here and those
of its crew's pay, then the books are written.
"""

import datetime as dt
import logging
from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import OperationalError, transaction

from core import audit, clock
from portfolio.domain import booking_entries, bookings, crew_pay, enquiries, ledger
from portfolio.models import Booking, BookingStage, Entity, ServedDeed, UnpostedDeed

logger = logging.getLogger(__name__)

_NOT_FIRM = (BookingStage.ENQUIRY, BookingStage.QUOTED, BookingStage.HELD)
_TAKEN_BACK = "Its event was taken back from completed in the portal."
# Files, deeds and people lock in one order (`portfolio.domain.landing.lock`). What the database breaks off all the same is
# posted by the next sweep.
_REFUSALS = (ledger.LedgerError, bookings.BookingError, crew_pay.CrewPayRefusedError, OperationalError)

_BUSY = "The books were busy with something that waited for this booking; it is posted by the next sweep."


class DismissedError(Exception):
    """What waits cannot be put aside as asked; the message is a sentence."""


def event_completed(
    *, entity: Entity, event_key: str, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> Booking | None:
    """Complete the booking of an event and owe its crew; return the booking, or None where it has none."""
    return _told(ServedDeed.COMPLETED, entity, event_key, on, by, at)


def event_cancelled(
    *, entity: Entity, event_key: str, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> Booking | None:
    """Call the booking of an event off, where it was booked; return the booking, or None where it has none."""
    return _told(ServedDeed.CANCELLED, entity, event_key, on, by, at)


def event_reopened(
    *, entity: Entity, event_key: str, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> Booking | None:
    """Take the booking of an event back from completed, with all it posted; return it, or None where it has none."""
    return _told(ServedDeed.REOPENED, entity, event_key, on, by, at)


def event_moved(
    *, event_key: str, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> Booking | None:
    """Give the booking of an event the event's new day, by which its terms decide; a settled booking keeps its own."""
    with transaction.atomic():
        booking = _locked(event_key=event_key) if event_key else None
        if booking is None or booking.service_on == on or booking.stage in enquiries.SETTLED:
            return booking
        old = booking.service_on
        Booking.objects.filter(pk=booking.pk).update(service_on=on, **enquiries.moved_times(booking, on))
        audit.record(
            action="portfolio:booking:change", subject=booking, by=by, at=at, entity=booking.entity.slug,
            data={"service_on": [old.isoformat() if old else None, on.isoformat()]},
        )  # fmt: skip
        booking.refresh_from_db()
    return booking


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
            today = clock.today(booking.entity.zone, at=at)
            if deed.deed == ServedDeed.COMPLETED and booking.service_on is not None:
                # It was said on a day before the service's; that day has come meanwhile.
                meant = max(meant, min(booking.service_on, today))
            posted_on = booking_entries.first_open_day(entity=booking.entity, on=meant)
            if posted_on > max(meant, today):
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
    deed: ServedDeed,
    entity: Entity,
    event_key: str,
    on: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> Booking | None:
    if not event_key:
        return None
    with transaction.atomic():
        booking = _locked(event_key=event_key)
        posted_on = _day_in_books(entity, on, at)
        if booking is not None:
            _try(booking, deed, on, posted_on, by, at)
        elif deed != ServedDeed.CANCELLED and crew_pay.keeps_books(entity=entity):
            _crew_alone(deed, entity, event_key, posted_on, by, at)
    return booking


def _day_in_books(entity: Entity, on: dt.date, at: dt.datetime) -> dt.date:
    """Return the day itself or, where its month is closed, the first open day if that has come."""
    day = booking_entries.first_open_day(entity=entity, on=on)
    return day if day <= clock.today(entity.zone, at=at) else on


def _crew_alone(
    deed: ServedDeed,
    entity: Entity,
    event_key: str,
    on: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Owe the crew of an event that has no booking, or take that back; what the books refuse is owed when it is paid."""
    rows = crew_pay.earned_on(event_key=event_key)
    keys = [row.key for row in rows]
    try:
        with transaction.atomic():
            crew_pay.lock(entity=entity, keys=keys, booking=None)
            if deed == ServedDeed.REOPENED:
                crew_pay.undo(entity=entity, keys=keys, on=on, reason=_TAKEN_BACK, by=by, at=at)
            else:
                _owe(entity, rows, None, on, by, at)
    except _REFUSALS as refusal:
        logger.warning("The books of %s could not take the crew's pay of an event: %s", entity.slug, refusal)


def _owe(
    entity: Entity,
    rows: Sequence[crew_pay.Earned],
    booking: Booking | None,
    on: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    for row in rows:
        crew_pay.accrue(
            entity=entity,
            key=row.key,
            person=row.person,
            person_key=row.person_key,
            on=on,
            amount_minor=row.amount_minor,
            booking=booking,
            by=by,
            at=at,
        )


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
        refusal = _BUSY if isinstance(error, OperationalError) else str(error)[:500]
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
    rows = crew_pay.earned_on(event_key=booking.event_key) if deed == ServedDeed.COMPLETED else []
    crew_pay.lock(entity=booking.entity, keys=[row.key for row in rows], booking=booking)
    if deed == ServedDeed.REOPENED:
        if booking.stage == BookingStage.COMPLETED:
            bookings.take_back(booking=booking, reason=_TAKEN_BACK, by=by, at=at, on=posted_on)
        crew_pay.undo_of_booking(booking=booking, on=posted_on, reason=_TAKEN_BACK, by=by, at=at)
        return
    if booking.stage != BookingStage.COMPLETED:
        bookings.advance(booking=booking, to=BookingStage.COMPLETED, by=by, at=at, on=on, posted_on=posted_on)
    _owe(booking.entity, rows, booking, posted_on, by, at)
