"""What becomes of the money held for bookings: earned when the service is rendered, given back or kept when it is not.

Money that names a booking is credited to deferred revenue or to refundable deposits when it lands
(`portfolio.domain.desk`). Completing the booking earns it: debit what is held, credit sales, tax set aside. What completion
finds unpaid becomes a receivable; what was paid beyond the price stays held, as the client's credit. Calling a booking off
decides by its terms (`portfolio.domain.terms`) what is owed back and what is kept. Where the money of a booking stands is
read in `portfolio.domain.held`.

A posted entry never changes: each of these posts another, numbered per booking, so that a repeat finds nothing to do.
The booking's row is locked before its money is read and before anything is posted.
"""

import datetime as dt
import logging
from collections.abc import Iterable, Mapping

from django.contrib.auth.models import AbstractBaseUser
from django.db import models, transaction
from django.db.models import Sum

from core import audit
from portfolio.domain import booking_entries, held, ledger, periods, tax
from portfolio.domain.accounts import Accounts
from portfolio.domain.called_off import (
    NotCancelledError,
    NothingHeldError,
    OverruledError,
    cancelled,
    forfeit,
    overrule,
)
from portfolio.domain.held import HELD_ROLES, PAID_ROLES, Money
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

logger = logging.getLogger(__name__)

__all__ = [
    "HELD_ROLES",
    "PAID_ROLES",
    "NotCancelledError",
    "NothingHeldError",
    "OverruledError",
    "cancelled",
    "forfeit",
    "overrule",
    "receivable_by_booking",
    "recognise",
    "recognise_due",
    "refunds_due_by_booking",
    "reprice",
    "settle_paid",
    "undo",
]


def recognise(
    *, booking: Booking, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime, note: str = ""
) -> JournalEntry | None:
    """Earn a completed booking: post what is held to sales and what is unpaid to receivables, and set tax aside.

    Returns None where there is nothing to earn: no price and no money, or all of it earned before. ``note`` is added to
    the entry's memo.

    Raises:
        portfolio.domain.ledger.LedgerError: the month is closed.
        portfolio.domain.accounts.MissingAccountError: the chart lacks an account.
    """
    with transaction.atomic():
        held.lock([booking.pk])
        accounts = Accounts(booking.entity)
        money = held.of(booking, accounts)
        earned = money.earned
        usable = _usable(money, booking_entries.deposits_used([booking.pk]))
        taken = _takeable(money, usable)
        unpaid = max(booking.price_minor - earned - taken, 0) if booking.price_minor else 0
        gross = taken + unpaid
        untaxed = earned if not money.tax else 0
        lines = _taken(money, taken)
        if unpaid:
            lines.append(ledger.Line(accounts.of(AccountRole.RECEIVABLE), unpaid, booking))
        lines += _earned(
            money, gross, tax.set_aside(
                booking=booking, gross_minor=gross + untaxed, before_minor=earned - untaxed, on=on, accounts=accounts
            )
        )  # fmt: skip
        return booking_entries.post(
            booking, "completed", f"Completed: {booking_entries.named(booking)}{note}", lines, on, by, at
        )


def recognise_due(*, entity: Entity, by: AbstractBaseUser | None, at: dt.datetime) -> int:
    """Earn what is still held for completed bookings of an entity; return how many entries that took.

    For bookings that came completed from an export, and for money that landed after completion: it clears what the client
    owes first; a refund beyond what is held takes revenue back. Nothing becomes a receivable here, because an export says
    nothing about who still owes. What belongs into a closed month is posted on the first day that is open, and says so.

    A booking whose entry was reversed by hand is left to people: it stays held, which is an exception. So is one that the
    books refuse, once the others are posted.

    Raises:
        portfolio.domain.ledger.LedgerError: the books refuse every one of them.
    """
    today = booking_entries.today_of(entity, at)
    with transaction.atomic():
        done = Booking.objects.filter(entity=entity, stage=BookingStage.COMPLETED, completed_on__isnull=False)
        waiting = {
            pk
            for pk, balances in held.by_booking(done.values_list("pk", flat=True), HELD_ROLES).items()
            if balances
        }
        if not waiting:
            return 0
        held.lock(waiting)
        waiting -= _reversed_by_hand(waiting)
        accounts, closed = Accounts(entity), periods.closed_months(entity=entity)
        balances, last, earlier, used = (
            held.by_booking(waiting),
            booking_entries.last_held(waiting),
            booking_entries.earlier_by_booking(waiting),
            booking_entries.deposits_used(waiting),
        )
        drafts: list[ledger.Draft] = []
        refused: list[ledger.LedgerError] = []
        for ids in held.chunks(waiting):
            for booking in done.filter(pk__in=ids).select_related("entity", "channel").order_by("pk"):
                money = Money(booking, accounts, balances.get(booking.pk, {}))
                try:
                    lines, gross = _swept(money, _usable(money, used))
                except ledger.LedgerError as refusal:
                    refused.append(refusal)
                    continue
                if not lines or booking.completed_on is None:
                    continue
                meant = max(booking.completed_on, last.get(booking.pk, booking.completed_on))
                on = booking_entries.open_day(closed, meant)
                if on > max(today, meant):
                    continue
                what = "Refunded after completion" if gross < 0 else "Completed"
                drafts.append(
                    ledger.Draft(
                        on=on,
                        memo=f"{what}: {booking_entries.named(booking)}{booking_entries.moved(meant, on)}"[
                            : ledger.MEMO_LIMIT
                        ],
                        lines=lines,
                        source=EntrySource.RECOGNITION,
                        external_id=booking_entries.external_id(
                            booking, "completed", earlier.get(booking.pk, 0)
                        ),
                    )
                )
        posted = _posted(entity, drafts, refused, by, at)
        if refused and not posted:
            raise refused[0]
        for told in refused:
            logger.warning("A completed booking of %s could not be earned: %s", entity.slug, told)
        return posted


def undo(
    *, booking: Booking, on: dt.date, reason: str, by: AbstractBaseUser | None, at: dt.datetime
) -> list[JournalEntry]:
    """Take back what completing a booking posted: reverse each entry, with the reason; what was paid is held again.

    Repeating it finds nothing to reverse. Completing the booking again posts anew.

    Raises:
        portfolio.domain.ledger.LedgerError: the month of ``on`` is closed.
    """
    with transaction.atomic():
        held.lock([booking.pk])
        reversals = [
            ledger.reverse(entry=entry, on=max(on, entry.on), reason=reason, by=by, at=at)
            for entry in _standing(booking).select_related("entity").order_by("pk")
        ]
        if not reversals:
            return []
        money = held.of(booking)
        if money.receivable < 0:
            # Paid after it was billed: with the bill gone, the payment is held for the service to come.
            lines = [
                ledger.Line(money.accounts.of(AccountRole.RECEIVABLE), -money.receivable, booking),
                ledger.Line(money.accounts.of(AccountRole.DEFERRED), money.receivable, booking),
            ]
            paid = booking_entries.post(
                booking, "reopened", f"Held again: {booking_entries.named(booking)}", lines, on, by, at
            )
            reversals += [paid] if paid is not None else []
        return reversals


def reprice(
    *,
    booking: Booking,
    price_minor: int,
    on: dt.date,
    reason: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> JournalEntry | None:
    """Change the price of a completed booking by an entry of the difference; the first entry stays as it was.

    A higher price uses up what is held as credit and leaves the rest owed by the client; a lower one takes back what is
    owed first and holds the rest as credit.

    Raises:
        OverruledError: it is not completed, the price is below zero or has not changed, or no reason is given.
        portfolio.domain.ledger.LedgerError: the month is closed.
    """
    reason = reason.strip()
    if price_minor < 0:
        raise OverruledError("A price is never below zero.")
    if not reason:
        raise OverruledError("Say why the price changed; the reason stays with the entry for ever.")
    with transaction.atomic():
        held.lock([booking.pk])
        booking.refresh_from_db()
        if booking.stage != BookingStage.COMPLETED:
            raise OverruledError(
                f"{booking.reference} is {booking.get_stage_display().lower()}; change its price with its other terms."
            )
        change = price_minor - booking.price_minor
        if not change:
            raise OverruledError(f"{booking.reference} has this price already.")
        old = booking.price_minor
        Booking.objects.filter(pk=booking.pk).update(price_minor=price_minor)
        booking.price_minor = price_minor
        accounts = Accounts(booking.entity)
        money = held.of(booking, accounts)
        usable = _usable(money, booking_entries.deposits_used([booking.pk]))
        credit = min(max(usable, 0), change) if change > 0 else 0
        billed = change - credit if change > 0 else -min(max(money.receivable, 0), -change)
        lines = _taken(money, credit) if credit else []
        if billed:
            lines.append(ledger.Line(accounts.of(AccountRole.RECEIVABLE), billed, booking))
        if change < billed:
            lines.append(ledger.Line(accounts.of(AccountRole.DEFERRED), change - billed, booking))
        before = money.earned
        lines += _earned(
            money, change, tax.set_aside(
                booking=booking, gross_minor=change, before_minor=before, on=on, accounts=accounts
            ) if money.tax or change > 0 else []
        )  # fmt: skip
        entry = booking_entries.post(
            booking,
            "repriced",
            f"Price changed: {booking_entries.named(booking)}, {reason}",
            lines,
            on,
            by,
            at,
        )
        audit.record(
            action="portfolio:booking:reprice", subject=booking, by=by, at=at, entity=booking.entity.slug,
            data={"currency": booking.entity.currency, "price_minor": [old, price_minor], "reason": reason},
        )  # fmt: skip
    return entry


def settle_paid(*, booking_ids: Iterable[int]) -> None:
    """Set what each booking's client has paid to what the books say; called when money that names it has landed."""
    ids = set(booking_ids)
    totals = {pk: total for some in held.chunks(ids) for pk, total in _totals(some, PAID_ROLES)}
    paid = {pk: max(0, -total) for pk, total in totals.items()}
    bookings = [
        booking
        for some in held.chunks(paid)
        for booking in Booking.objects.filter(pk__in=some).only("pk", "paid_minor")
        if booking.paid_minor != paid[booking.pk]
    ]
    for booking in bookings:
        booking.paid_minor = paid[booking.pk]
    Booking.objects.bulk_update(bookings, ["paid_minor"], batch_size=400)


def receivable_by_booking(*, booking_ids: Iterable[int]) -> dict[int, int]:
    """Return what each booking's client still owes in minor units, for those who owe."""
    return {
        pk: total
        for ids in held.chunks(booking_ids)
        for pk, total in _totals(ids, (AccountRole.RECEIVABLE,))
        if total > 0
    }


def refunds_due_by_booking(*, booking_ids: Iterable[int]) -> dict[int, int]:
    """Return what is owed back for each booking in minor units; a refund that lands clears this first."""
    return {
        pk: -total
        for ids in held.chunks(booking_ids)
        for pk, total in _totals(ids, (AccountRole.REFUNDS_DUE,))
        if total < 0
    }


def _posted(
    entity: Entity,
    drafts: list[ledger.Draft],
    refused: list[ledger.LedgerError],
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> int:
    """Post drafts together or, where the books refuse one, each by itself; return how many were posted."""
    try:
        ledger.post_many(entity=entity, drafts=drafts, by=by, at=at)
    except ledger.LedgerError as refusal:
        if len(drafts) == 1:
            refused.append(refusal)
            return 0
        return sum(_posted(entity, [draft], refused, by, at) for draft in drafts)
    return len(drafts)


def _reversed_by_hand(booking_ids: Iterable[int]) -> set[int]:
    """Return those of some bookings whose earning was reversed and not earned anew since.

    Taking a booking back from completed reverses too, but then it is not completed until it is earned again.
    """
    ids = set(booking_ids)
    newest: dict[int, int] = {}
    taken_back: dict[int, int] = {}
    for some in held.chunks(ids):
        for booking_id, entry_id, reversal_id in (
            Posting.objects.filter(booking__in=some, entry__source=EntrySource.RECOGNITION)
            .filter(
                models.Q(entry__external_id__contains=":completed")
                | models.Q(entry__external_id__contains=":repriced")
            )
            .order_by()
            .values_list("booking_id", "entry_id", "entry__reversed_by")
        ):
            newest[booking_id] = max(entry_id, newest.get(booking_id, 0))
            taken_back[booking_id] = max(reversal_id or 0, taken_back.get(booking_id, 0))
    return {pk for pk, entry_id in newest.items() if taken_back[pk] > entry_id}


def _usable(money: Money, used: Mapping[int, int]) -> int:
    """Return what is held without the security: the deposits beyond the agreed one, which pay for nothing and go back."""
    agreed_left = max(money.booking.deposit_minor - used.get(money.booking.pk, 0), 0)
    return money.held - min(max(money.deposits - agreed_left, 0), max(money.held, 0))


def _takeable(money: Money, usable: int) -> int:
    """Return how much of what may be used is earned: up to the price; all of it without one; below zero, what revenue loses."""
    price = money.booking.price_minor
    if usable <= 0 or not price:
        return usable
    return min(usable, max(price - money.earned, 0))


def _taken(money: Money, amount: int) -> list[ledger.Line]:
    """Return postings that take an amount out of what is held: deferred revenue first, and each below zero to zero."""
    if money.deposits < 0:
        deposits = money.deposits
    elif money.deferred < 0:
        deposits = amount - money.deferred
    else:
        deposits = amount - min(money.deferred, amount)
    return [
        *money.out_of(AccountRole.DEFERRED, amount - deposits),
        *money.out_of(AccountRole.DEPOSITS_HELD, deposits),
    ]


def _earned(money: Money, gross: int, aside: list[ledger.Line]) -> list[ledger.Line]:
    """Return what is credited for an amount earned: tax as set aside, the rest to sales."""
    net = gross + sum(line.amount_minor for line in aside)
    sales = [ledger.Line(money.accounts.of(AccountRole.REVENUE), -net, money.booking)] if net else []
    return [*sales, *aside]


def _swept(money: Money, usable: int) -> tuple[list[ledger.Line], int]:
    """Return the postings that settle what is held for a completed booking, and how much of it is earned."""
    booking, accounts = money.booking, money.accounts
    cleared = min(max(money.receivable, 0), max(usable, 0))
    rest = usable - cleared
    price = booking.price_minor
    earned = money.earned
    gross = rest if rest <= 0 or not price else min(rest, max(price - earned, 0))
    lines = _taken(money, cleared + gross)
    if cleared:
        lines.append(ledger.Line(accounts.of(AccountRole.RECEIVABLE), -cleared, booking))
    if gross:
        taxed = gross > 0 or money.tax > 0
        aside = (
            tax.set_aside(
                booking=booking,
                gross_minor=gross,
                before_minor=earned,
                on=booking.completed_on or booking.service_on or dt.date.min,
                accounts=accounts,
            )
            if taxed
            else []
        )
        lines += _earned(money, gross, aside)
    return lines, gross


def _standing(booking: Booking) -> models.QuerySet[JournalEntry]:
    """Return the entries by which a booking was earned that nobody took back yet."""
    prefix = f"booking:{booking.reference}:"
    return JournalEntry.objects.filter(
        pk__in=Posting.objects.filter(booking=booking).values("entry_id"),
        source=EntrySource.RECOGNITION,
        state=EntryState.POSTED,
        reversed_by__isnull=True,
    ).filter(
        models.Q(external_id__startswith=f"{prefix}completed")
        | models.Q(external_id__startswith=f"{prefix}repriced")
    )


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
