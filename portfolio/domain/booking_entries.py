"""What entries about a booking have in common: their ids, their days, and the one way they are posted.

Each is numbered among those of its booking, which is locked meanwhile, so that posting the same thing again after it was
taken back makes a new entry, and a repeat of one that stands finds nothing to do.
"""

import datetime as dt
from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Count, Max, Q, Sum

from core import clock, months
from portfolio.domain import held, ledger, periods
from portfolio.domain.held import HELD_ROLES
from portfolio.models import (
    AccountRole,
    Booking,
    Entity,
    EntrySource,
    EntryState,
    JournalEntry,
    Posting,
)


def first_open_day(*, entity: Entity, on: dt.date) -> dt.date:
    """Return the day itself, or the first day after it whose month is not closed."""
    return open_day(periods.closed_months(entity=entity), on)


def moved(meant: dt.date, on: dt.date) -> str:
    """Return what a memo says where an entry stands on another day than it belongs to."""
    return "" if on == meant else f" (of {meant:%-d %b %Y}, whose month is closed)"


def post(
    booking: Booking,
    what: str,
    memo: str,
    lines: list[ledger.Line],
    on: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> JournalEntry | None:
    """Post an entry about a booking under the next number it has, or nothing where there are no postings."""
    if not lines:
        return None
    return ledger.post(
        entity=booking.entity,
        on=on,
        memo=memo if len(memo) <= ledger.MEMO_LIMIT else memo[: ledger.MEMO_LIMIT - 1] + "…",
        lines=lines,
        source=EntrySource.RECOGNITION,
        external_id=external_id(booking, what, earlier_by_booking([booking.pk]).get(booking.pk, 0)),
        by=by,
        at=at,
    )


def external_id(booking: Booking, what: str, earlier: int) -> str:
    """Return the id of an entry about a booking that so many others came before."""
    return f"booking:{booking.reference}:{what}{f':{earlier}' if earlier else ''}"


def named(booking: Booking) -> str:
    """Return a booking as memos call it."""
    return f"{booking.reference} {booking.title}"[:120]


def last_held(booking_ids: Iterable[int]) -> dict[int, dt.date]:
    """Return when money last moved in or out of what is held for each booking."""
    return {
        pk: last
        for ids in held.chunks(booking_ids)
        for pk, last in Posting.objects.filter(
            booking__in=ids, entry__state=EntryState.POSTED, account__role__in=HELD_ROLES
        )
        .order_by()
        .values_list("booking_id")
        .annotate(last=Max("entry__on"))
    }


def earlier_by_booking(booking_ids: Iterable[int]) -> dict[int, int]:
    """Return how many entries recognition has posted for each booking."""
    return {
        pk: entries
        for ids in held.chunks(booking_ids)
        for pk, entries in Posting.objects.filter(booking__in=ids, entry__source=EntrySource.RECOGNITION)
        .order_by()
        .values_list("booking_id")
        .annotate(entries=Count("entry_id", distinct=True))
    }


def deposits_used(booking_ids: Iterable[int]) -> dict[int, int]:
    """Return how much of each booking's deposits recognition has taken already; what was reversed is not taken."""
    ours = Q(entry__source=EntrySource.RECOGNITION) | Q(entry__reverses__source=EntrySource.RECOGNITION)
    return {
        pk: used
        for ids in held.chunks(booking_ids)
        for pk, used in Posting.objects.filter(
            ours, booking__in=ids, entry__state=EntryState.POSTED, account__role=AccountRole.DEPOSITS_HELD
        )
        .order_by()
        .values_list("booking_id")
        .annotate(used=Sum("amount_minor"))
    }


def open_day(closed: range, on: dt.date) -> dt.date:
    """Return a day, or the first day after it whose month is not among the closed."""
    return months.first_day(closed.stop) if months.month_of(on) in closed else on


def today_of(entity: Entity, at: dt.datetime) -> dt.date:
    """Return the local date of an entity."""
    return clock.today(entity.zone, at=at)
