"""What becomes of the money of a booking that was called off: back to the client, or kept.

Its terms decide (`portfolio.domain.terms`), or a person, or what an export says. Without any of these nothing is decided.
"""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit
from core.money import format_minor
from portfolio.domain import held, ledger
from portfolio.domain import terms as cancellation
from portfolio.domain.accounts import Accounts
from portfolio.domain.booking_entries import named, post
from portfolio.models import (
    AccountRole,
    Booking,
    BookingStage,
    Invoice,
    InvoiceState,
    JournalEntry,
)


class NothingHeldError(Exception):
    """There is no money left that a booking could forfeit."""


class NotCancelledError(Exception):
    """Only a cancelled booking forfeits its deposit."""


class OverruledError(Exception):
    """What a person decided about a booking's money cannot be posted; the message is a sentence."""


def cancelled(
    *,
    booking: Booking,
    on: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
    posted_on: dt.date | None = None,
    note: str = "",
) -> JournalEntry | None:
    """Decide by its terms what becomes of a called-off booking's money: what goes back is owed, the rest is kept.

    What was billed and is unpaid is not asked for any more, but for an issued invoice, which is taken back by its credit
    note. ``on`` is the day it was called off, ``posted_on`` the day the books take it where that is another.

    Without terms nothing is decided: what is held stays, and is shown as an exception. Returns None then too.

    Raises:
        NotCancelledError: the booking is not cancelled.
        portfolio.domain.ledger.LedgerError: the month is closed, or an account is missing.
    """
    _check_cancelled(booking)
    with transaction.atomic():
        held.lock([booking.pk])
        accounts = Accounts(booking.entity)
        money = held.of(booking, accounts)
        decision = cancellation.decide(booking=booking, money=money, on=on)
        if decision is None or money.held < 0:
            return None
        lines = money.out_of(AccountRole.DEFERRED, money.deferred) + money.out_of(
            AccountRole.DEPOSITS_HELD, money.deposits
        )
        unpaid = 0 if _is_invoiced(booking) else decision.unpaid_minor
        if decision.unpaid_minor and not unpaid:
            # What an invoice put there stays until its credit note takes it away.
            stays = min(money.deferred, decision.unpaid_minor)
            lines.append(ledger.Line(accounts.of(AccountRole.DEFERRED), -stays, booking))
        if unpaid:
            lines.append(ledger.Line(accounts.of(AccountRole.RECEIVABLE), -unpaid, booking))
        if decision.back_minor:
            lines.append(ledger.Line(accounts.of(AccountRole.REFUNDS_DUE), -decision.back_minor, booking))
        if decision.kept_minor:
            lines.append(ledger.Line(money.kept_account(), -decision.kept_minor, booking))
        rest = sum(line.amount_minor for line in lines)
        if rest:  # Billed straight to sales: it was not earned after all.
            lines.append(ledger.Line(accounts.of(AccountRole.REVENUE), -rest, booking))
        memo = f"Cancelled: {named(booking)}; {decision.words}{note}"
        return post(booking, "cancelled", memo, lines, posted_on or on, by, at)


def forfeit(
    *, booking: Booking, on: dt.date, reason: str, by: AbstractBaseUser | None, at: dt.datetime
) -> JournalEntry:
    """Keep what is still held for a cancelled booking, as a person or an export says.

    Raises:
        NotCancelledError: the booking is not cancelled.
        NothingHeldError: nothing is held for it.
        portfolio.domain.ledger.LedgerError: the month is closed.
    """
    _check_cancelled(booking)
    with transaction.atomic():
        held.lock([booking.pk])
        money = held.of(booking)
        if money.held <= 0:
            raise NothingHeldError(f"Nothing is held for {booking.reference}; there is nothing to forfeit.")
        lines = [
            *money.out_of(AccountRole.DEFERRED, money.deferred),
            *money.out_of(AccountRole.DEPOSITS_HELD, money.deposits),
            ledger.Line(money.kept_account(), -money.held, booking),
        ]
        entry = post(booking, "forfeited", f"Forfeited: {booking.reference}, {reason}", lines, on, by, at)
    if entry is None:
        raise NothingHeldError(f"Nothing is held for {booking.reference}; there is nothing to forfeit.")
    return entry


def overrule(
    *,
    booking: Booking,
    refund_minor: int,
    on: dt.date,
    reason: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> JournalEntry | None:
    """Let a person decide what goes back of a called-off booking's money, whatever its terms say; keep the rest.

    It decides on all that is still here: what is held, what is owed back and not refunded yet, and what was kept. Returns
    None where that is so already.

    Raises:
        NotCancelledError: the booking is not cancelled or lost.
        OverruledError: no reason is given, or more would go back than is here.
        portfolio.domain.ledger.LedgerError: the month is closed.
    """
    reason = reason.strip()
    if booking.stage not in (BookingStage.CANCELLED, BookingStage.LOST):
        raise NotCancelledError(
            f"{booking.reference} is {booking.get_stage_display().lower()}; cancel it before you decide on its money."
        )
    if not reason:
        raise OverruledError("Say why; the reason stays with the entry for ever.")
    with transaction.atomic():
        held.lock([booking.pk])
        money = held.of(booking)
        here = money.held + money.refunds_due + money.kept
        currency = booking.entity.currency
        if not 0 <= refund_minor <= max(here, 0):
            raise OverruledError(
                f"{format_minor(max(here, 0), currency)} of this booking's money is here; "
                f"{format_minor(refund_minor, currency)} cannot go back."
            )
        lines = [
            *money.out_of(AccountRole.DEFERRED, money.deferred),
            *money.out_of(AccountRole.DEPOSITS_HELD, money.deposits),
        ]
        owed, kept = refund_minor - money.refunds_due, here - refund_minor - money.kept
        if owed:
            lines.append(ledger.Line(money.accounts.of(AccountRole.REFUNDS_DUE), -owed, booking))
        if kept:
            lines.append(ledger.Line(money.kept_account(), -kept, booking))
        memo = f"Decided: {booking.reference}, {format_minor(refund_minor, currency)} goes back; {reason}"
        entry = post(booking, "overruled", memo, lines, on, by, at)
        if entry is not None:
            audit.record(
                action="portfolio:booking:overrule", subject=booking, by=by, at=at, entity=booking.entity.slug,
                data={"refund_minor": refund_minor, "kept_minor": here - refund_minor, "reason": reason},
            )  # fmt: skip
    return entry


def _check_cancelled(booking: Booking) -> None:
    if booking.stage != BookingStage.CANCELLED:
        raise NotCancelledError(
            f"{booking.reference} is {booking.get_stage_display().lower()}; only a cancelled booking forfeits its deposit."
        )


def _is_invoiced(booking: Booking) -> bool:
    """Tell whether an issued invoice asks for money for a booking."""
    return Invoice.objects.filter(booking=booking, state=InvoiceState.ISSUED).exists()
