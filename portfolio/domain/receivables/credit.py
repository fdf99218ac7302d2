"""Taking an issued invoice back: credit notes, numbered without gaps, and bad debts given up by an owner."""

import datetime as dt
from collections import defaultdict

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Sum

from core import audit
from core.money import divide, format_minor
from portfolio.domain import held, ledger, tax
from portfolio.domain.accounts import Accounts
from portfolio.domain.receivables import numbers, settling
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import (
    Account,
    AccountRole,
    Booking,
    BookingStage,
    CreditNote,
    EntrySource,
    Invoice,
    SeriesKind,
    TaxKind,
    WriteOff,
)

BAD_DEBTS = "6850"


def note(
    *,
    invoice: Invoice,
    amount_minor: int,
    reason: str,
    on: dt.date,
    today: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> CreditNote:
    """Credit so much of an invoice, its tax in proportion; return the numbered note.

    What each line's account and the tax give back is rounded so that notes over the whole invoice add up to it. What a
    client's payment settled beyond what is open is freed, the newest first, and stands to the client's credit.

    Raises:
        RefusedError: more than is open or paid, no reason, or a day before the invoice or ahead.
        portfolio.domain.ledger.LedgerError: the month is closed.
    """
    reason = _checked(amount_minor, reason, on, today)
    with transaction.atomic():
        # Payments are locked before invoices, as whoever allocates one does.
        settling.lock_payments_of(invoice)
        row = _locked(invoice, amount_minor, on, "credited", paid_minor=paid_minor(invoice))
        freed = max(0, amount_minor - settling.open_minor(row))
        if freed:
            settling.free(invoice=row, wanted_minor=freed, on=on)
        number, reference = numbers.take(entity=row.entity, kind=SeriesKind.CREDIT_NOTE)
        before = row.credit_notes.aggregate(total=Sum("amount_minor"))["total"] or 0
        earlier, later = _split(row, before), _split(row, before + amount_minor)
        back = {account: later[account] - earlier[account] for account in later}
        accounts = Accounts(row.entity)
        entry = ledger.post(
            entity=row.entity,
            on=on,
            memo=f"Credit note {reference} for {row.reference} {row.client}"[: ledger.MEMO_LIMIT],
            lines=[
                *(
                    ledger.Line(account, amount, row.booking, _memo(account))
                    for account, amount in back.items()
                    if amount
                ),
                ledger.Line(accounts.owed_by(row.client), -amount_minor, row.booking),
            ],
            source=EntrySource.INVOICE,
            external_id=reference,
            by=by,
            at=at,
        )
        made = CreditNote.objects.create(
            entity=row.entity, invoice=row, number=number, reference=reference, issued_on=on,
            amount_minor=amount_minor, reason=reason, entry=entry,
        )  # fmt: skip
        settling.settle(invoice=row, amount_minor=amount_minor, on=on, credit_note=made)
        audit.record(
            action="portfolio:credit_note:issue", subject=made, at=at, by=by, entity=row.entity.slug,
            data={
                "invoice": row.reference, "amount_minor": amount_minor, "reason": reason, "freed_minor": freed,
            },
        )  # fmt: skip
    return made


def paid_minor(invoice: Invoice) -> int:
    """Return what payments settle of an invoice and a credit note may free: nothing of a booking's."""
    if invoice.booking_id is not None:
        return 0
    total = invoice.allocations.filter(payment__isnull=False).aggregate(total=Sum("amount_minor"))["total"]
    return total or 0


def write_off(
    *,
    invoice: Invoice,
    amount_minor: int,
    reason: str,
    on: dt.date,
    today: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> WriteOff:
    """Give up so much of an invoice as a bad debt: of work that was done, or of a service that was rendered.

    Raises:
        RefusedError: more than is open, no reason, a day before the invoice or ahead, or its booking is not completed.
        portfolio.domain.ledger.LedgerError: the month is closed.
    """
    reason = _checked(amount_minor, reason, on, today)
    with transaction.atomic():
        row = _locked(invoice, amount_minor, on, "written off")
        if row.booking is not None:
            _check_completed(row, row.booking)
        accounts = Accounts(row.entity)
        entry = ledger.post(
            entity=row.entity,
            on=on,
            memo=f"Written off: {row.reference} {row.client}"[: ledger.MEMO_LIMIT],
            lines=[
                ledger.Line(accounts.coded(BAD_DEBTS), amount_minor, row.booking),
                ledger.Line(accounts.owed_by(row.client), -amount_minor, row.booking),
            ],
            source=EntrySource.INVOICE,
            by=by,
            at=at,
        )
        made = WriteOff.objects.create(
            entity=row.entity, invoice=row, on=on, amount_minor=amount_minor, reason=reason, entry=entry
        )
        settling.settle(invoice=row, amount_minor=amount_minor, on=on, write_off=made)
        audit.record(
            action="portfolio:invoice:write_off", subject=row, at=at, by=by, entity=row.entity.slug,
            data={"amount_minor": amount_minor, "reason": reason},
        )  # fmt: skip
    return made


def _checked(amount_minor: int, reason: str, on: dt.date, today: dt.date) -> str:
    if amount_minor <= 0:
        raise RefusedError("The amount must be above zero.")
    if not reason.strip():
        raise RefusedError("Say why; the reason stays with the invoice.")
    if on > today:
        raise RefusedError(f"{on:%-d %B %Y} is ahead; choose a day that has come.")
    return reason.strip()


def _locked(invoice: Invoice, amount_minor: int, on: dt.date, verb: str, *, paid_minor: int = 0) -> Invoice:
    found = settling.lock(Invoice.objects.filter(pk=invoice.pk).select_related("entity", "client", "booking"))
    if not found:
        raise RefusedError("This invoice is a draft; throw it away instead.")
    row, open_minor = found[0], settling.open_minor(found[0])
    if row.issued_on is not None and on < row.issued_on:
        raise RefusedError(f"{row} was issued on {row.issued_on:%-d %B %Y}; it cannot be {verb} before.")
    if amount_minor > open_minor + paid_minor:
        raise RefusedError(
            f"{format_minor(open_minor + paid_minor, row.currency)} of {row} is open{' or paid' if paid_minor else ''}; no more "
            f"than that can be {verb}."
            + (
                " What a booking's client paid stays with the booking: change its price or call it off on its page."
                if row.booking_id is not None
                else ""
            )
        )
    return row


def _check_completed(invoice: Invoice, booking: Booking) -> None:
    """Refuse to give up what was never earned: calling the booking off would owe it back though nobody paid it."""
    held.lock([booking.pk])
    booking.refresh_from_db(fields=["stage"])
    if booking.stage != BookingStage.COMPLETED:
        raise RefusedError(
            f"{booking.reference} is {booking.get_stage_display().lower()}, so {invoice} is not earned and no bad debt; "
            "take it back by a credit note."
        )


def _memo(account: Account) -> str:
    """Return what a posting to an account says: tax on invoices is sales tax."""
    return tax.memo_of(TaxKind.SALES) if account.role == AccountRole.TAX else ""


def _split(invoice: Invoice, amount_minor: int) -> dict[Account, int]:
    """Return how so much of an invoice falls on its accounts; the largest takes what rounding leaves."""
    accounts = Accounts(invoice.entity)
    parts: dict[Account, int] = defaultdict(int)
    for line in invoice.lines.select_related("account"):
        account = line.account
        if invoice.booking is not None and (
            account.role == AccountRole.RECEIVABLE or invoice.booking.stage == BookingStage.COMPLETED
        ):
            account = accounts.of(AccountRole.REVENUE)
        parts[account] += line.amount_minor
        if line.tax_minor:
            parts[accounts.of(AccountRole.TAX)] += line.tax_minor
    largest = max(parts, key=lambda account: (parts[account], -account.pk))
    shares = {account: divide(part * amount_minor, invoice.total_minor) for account, part in parts.items()}
    shares[largest] += amount_minor - sum(shares.values())
    return shares
