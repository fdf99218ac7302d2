"""Turning money held for bookings into revenue, once the service is rendered.

Money that names a booking is credited to deferred revenue or to refundable deposits when it lands
(`portfolio.domain.intake`). Completing the booking earns it: debit what is held, credit sales. What completion finds
unpaid becomes a receivable; a refundable deposit beyond the price stays held until it goes back to the guest. A called-off booking keeps what is held for it untouched until somebody says that the
terms forfeit it (`forfeit`); refunds arrive with the card processor's file.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet, Sum

from portfolio.domain import ledger
from portfolio.domain.accounts import Accounts
from portfolio.models import (
    AccountRole,
    Booking,
    BookingStage,
    Entity,
    EntrySource,
    EntryState,
    JournalEntry,
    Posting,
)

HELD_ROLES = (AccountRole.DEFERRED, AccountRole.DEPOSITS_HELD)
# Over these the postings of a booking add up to what its client has paid: earning it moves nothing in or out.
PAID_ROLES = (*HELD_ROLES, AccountRole.RECEIVABLE, AccountRole.REVENUE)


class NothingHeldError(Exception):
    """There is no money left that a booking could forfeit."""


class NotCancelledError(Exception):
    """Only a cancelled booking forfeits its deposit."""


def recognise(
    *, booking: Booking, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> JournalEntry | None:
    """Earn a completed booking: post what is held to sales and what is unpaid to receivables.

    Returns None where the booking has no price and no money. The entry carries the external id
    ``booking:<reference>:completed``, so a repeat finds it again.

    Raises:
        portfolio.domain.ledger.LedgerError: the month is closed.
        portfolio.domain.accounts.MissingAccountError: the chart lacks an account.
    """
    accounts = Accounts(booking.entity)
    earned = -sum(total for _, total in _totals([booking.pk], [AccountRole.REVENUE]))
    held = _held(Booking.objects.filter(pk=booking.pk))[booking.pk]
    unpaid = booking.price_minor - earned - sum(held.values())
    held = _due(booking, held, earned, accounts)
    lines = _lines(booking, held, accounts)
    if unpaid > 0:
        lines.append(ledger.Line(accounts.of(AccountRole.RECEIVABLE), unpaid, booking))
    total = sum(line.amount_minor for line in lines)
    if total <= 0:
        return None
    lines.append(ledger.Line(accounts.of(AccountRole.REVENUE), -total, booking))
    return ledger.post(
        entity=booking.entity,
        on=on,
        memo=f"Completed: {booking.reference} {booking.title}"[:250],
        lines=lines,
        source=EntrySource.RECOGNITION,
        external_id=f"booking:{booking.reference}:completed",
        by=by,
        at=at,
    )


def recognise_due(*, entity: Entity, by: AbstractBaseUser | None, at: dt.datetime) -> int:
    """Earn what is still held for completed bookings of an entity; return how many entries that took.

    For bookings that came completed from an export, and for money that landed after completion. Nothing becomes a
    receivable here, because an export says nothing about who still owes.

    Raises:
        portfolio.domain.ledger.LedgerError: a month is closed; nothing is posted.
    """
    with transaction.atomic():
        done = {
            booking.pk: booking
            for booking in Booking.objects.filter(entity=entity, stage=BookingStage.COMPLETED).select_related(
                "entity"
            )
        }
        held = _held(Booking.objects.filter(entity=entity, stage=BookingStage.COMPLETED))
        earned = {pk: -total for ids in _chunks(held) for pk, total in _totals(ids, [AccountRole.REVENUE])}
        last, earlier = _last_held(entity), _earlier(entity)
        accounts = Accounts(entity)
        drafts = []
        for pk in sorted(held):
            booking = done[pk]
            due = _due(booking, held[pk], earned.get(pk, 0), accounts)
            amount = sum(due.values())
            if amount <= 0 or booking.completed_on is None:
                continue
            lines = _lines(booking, due, accounts)
            lines.append(ledger.Line(accounts.of(AccountRole.REVENUE), -amount, booking))
            again = f":{earlier[pk]}" if earlier.get(pk) else ""
            drafts.append(
                ledger.Draft(
                    on=max(booking.completed_on, last[pk]),
                    memo=f"Completed: {booking.reference} {booking.title}"[:250],
                    lines=lines,
                    source=EntrySource.RECOGNITION,
                    external_id=f"booking:{booking.reference}:completed{again}",
                )
            )
        ledger.post_many(entity=entity, drafts=drafts, by=by, at=at)
    return len(drafts)


def forfeit(
    *, booking: Booking, on: dt.date, reason: str, by: AbstractBaseUser | None, at: dt.datetime
) -> JournalEntry:
    """Keep what is still held for a cancelled booking, as its cancellation terms say.

    Raises:
        NotCancelledError: the booking is not cancelled.
        NothingHeldError: nothing is held for it.
        portfolio.domain.ledger.LedgerError: the month is closed.
    """
    if booking.stage != BookingStage.CANCELLED:
        raise NotCancelledError(
            f"{booking.reference} is {booking.get_stage_display().lower()}; only a cancelled booking forfeits its deposit."
        )
    accounts = Accounts(booking.entity)
    held = _held(Booking.objects.filter(pk=booking.pk))[booking.pk]
    total = sum(held.values())
    if total <= 0:
        raise NothingHeldError(f"Nothing is held for {booking.reference}; there is nothing to forfeit.")
    return ledger.post(
        entity=booking.entity,
        on=on,
        memo=f"Forfeited: {booking.reference}, {reason}"[:250],
        lines=[
            *_lines(booking, held, accounts),
            ledger.Line(accounts.of(AccountRole.REVENUE), -total, booking),
        ],
        source=EntrySource.RECOGNITION,
        external_id=f"booking:{booking.reference}:forfeited",
        by=by,
        at=at,
    )


def settle_paid(*, booking_ids: Iterable[int]) -> None:
    """Set what each booking's client has paid to what the books say; called when money that names it has landed."""
    ids = set(booking_ids)
    totals = (
        Posting.objects.filter(booking__in=ids, entry__state=EntryState.POSTED, account__role__in=PAID_ROLES)
        .order_by()
        .values_list("booking_id")
        .annotate(total=Sum("amount_minor"))
    )
    paid = {pk: max(0, -total) for pk, total in totals}
    bookings = [
        booking
        for booking in Booking.objects.filter(pk__in=paid).only("pk", "paid_minor")
        if booking.paid_minor != paid[booking.pk]
    ]
    for booking in bookings:
        booking.paid_minor = paid[booking.pk]
    Booking.objects.bulk_update(bookings, ["paid_minor"], batch_size=400)


def receivable_by_booking(*, booking_ids: Iterable[int]) -> dict[int, int]:
    """Return what each booking's client still owes in minor units, for those who owe."""
    return {
        pk: total
        for ids in _chunks(booking_ids)
        for pk, total in _totals(ids, (AccountRole.RECEIVABLE,))
        if total > 0
    }


def _chunks(booking_ids: Iterable[int]) -> Iterator[list[int]]:
    """Yield ids in lists that any SQLite in use accepts as parameters."""
    ids = sorted(set(booking_ids))
    for start in range(0, len(ids), 900):
        yield ids[start : start + 900]


def _totals(booking_ids: Iterable[int], roles: Iterable[AccountRole]) -> Iterable[tuple[int, int]]:
    """Return (booking, sum of its sealed postings to accounts of some roles)."""
    return (
        Posting.objects.filter(
            booking__in=booking_ids, entry__state=EntryState.POSTED, account__role__in=roles
        )
        .order_by()
        .values_list("booking_id")
        .annotate(total=Sum("amount_minor"))
    )


def _held(bookings: QuerySet[Booking]) -> dict[int, dict[int, int]]:
    """Return booking to account to minor units held there, positive, as sealed entries have it."""
    held: dict[int, dict[int, int]] = defaultdict(dict)
    rows = (
        Posting.objects.filter(
            booking__in=bookings.order_by().values("pk"),
            entry__state=EntryState.POSTED,
            account__role__in=HELD_ROLES,
        )
        .order_by()
        .values_list("booking_id", "account_id")
        .annotate(total=Sum("amount_minor"))
    )
    for booking_id, account_id, total in rows:
        if total:
            held[booking_id][account_id] = -total
    return held


def _due(booking: Booking, held: dict[int, int], earned: int, accounts: Accounts) -> dict[int, int]:
    """Return what is held without the part of refundable deposits that lies beyond the price, where there is one."""
    beyond = max(0, earned + sum(held.values()) - booking.price_minor) if booking.price_minor else 0
    due = dict(held)
    for pk, amount in held.items():
        if accounts.by_id[pk].role == AccountRole.DEPOSITS_HELD:
            stays = min(beyond, max(amount, 0))
            due[pk], beyond = amount - stays, beyond - stays
    return {pk: amount for pk, amount in due.items() if amount}


def _lines(booking: Booking, held: dict[int, int], accounts: Accounts) -> list[ledger.Line]:
    return [ledger.Line(accounts.by_id[pk], amount, booking) for pk, amount in sorted(held.items())]


def _last_held(entity: Entity) -> dict[int, dt.date]:
    """Return when money was last credited to each booking of an entity."""
    return dict(
        Posting.objects.filter(
            booking__entity=entity, entry__state=EntryState.POSTED, account__role__in=HELD_ROLES
        )
        .order_by()
        .values_list("booking_id")
        .annotate(last=Max("entry__on"))
    )


def _earlier(entity: Entity) -> dict[int, int]:
    """Return how many completion entries each booking has already."""
    return dict(
        Posting.objects.filter(
            Q(entry__external_id__startswith="booking:", entry__external_id__contains=":completed"),
            entry__entity=entity,
            entry__source=EntrySource.RECOGNITION,
            booking__isnull=False,
        )
        .order_by()
        .values_list("booking_id")
        .annotate(entries=Count("entry_id", distinct=True))
    )
