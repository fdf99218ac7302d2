"""Invoices: drafts that can be changed and thrown away, and issuing, which numbers, posts and freezes one.

Amounts are to the cent: a line is its quantity (thousandths) times its unit price, rounded half away from zero (one of
time is its minutes at the price of an hour, since a third of an hour is no whole number of thousandths), and its
tax is the line's share of it, rounded the same way; the total is the sum of the rounded lines, so what is printed adds
up. How drafts come from work is next door, in `portfolio.domain.receivables.drafting`.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from core import audit, months
from core.money import LIMIT_MINOR, divide, share
from portfolio.domain import ledger, tax
from portfolio.domain.accounts import Accounts
from portfolio.domain.receivables import clients, numbers
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import (
    Account,
    AccountKind,
    AccountRole,
    Booking,
    BookingStage,
    Client,
    ClientContract,
    EntrySource,
    Invoice,
    InvoiceLine,
    InvoiceState,
    Milestone,
    Rebillable,
    SeriesKind,
    TaxKind,
    WorkEntry,
)

LINES_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class LineSaid:
    """One line to be: thousandths of a unit at a price, what it earns, its tax, and the work it bills."""

    description: str
    unit_minor: int
    account: Account
    quantity_milli: int = 1000
    tax_bp: int = 0
    work: tuple[int, ...] = ()
    milestone: int | None = None
    minutes: int | None = None
    rebillable: int | None = None

    @property
    def amount_minor(self) -> int:
        """Return the line before tax."""
        if self.minutes is not None:
            return divide(self.minutes * self.unit_minor, 60)
        return divide(self.quantity_milli * self.unit_minor, 1000)

    @property
    def tax_minor(self) -> int:
        """Return the line's tax."""
        return share(self.amount_minor, self.tax_bp)


def draft(
    *,
    client: Client,
    lines: Sequence[LineSaid],
    note: str = "",
    contract: ClientContract | None = None,
    booking: Booking | None = None,
    retainer_month: int | None = None,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> Invoice:
    """Draft an invoice; nothing is in the books before it is issued.

    Raises:
        RefusedError: a line cannot stand, the total is below zero, or what it bills stands on another invoice.
    """
    total = _check(client, lines)
    try:
        with transaction.atomic():
            invoice = Invoice.objects.create(
                entity_id=client.entity_id, client=client, contract=contract, booking=booking, note=note,
                currency=client.entity.currency, retainer_month=retainer_month, total_minor=total,
            )  # fmt: skip
            _write_lines(invoice, lines)
            _record("draft", invoice, by, at, {"total_minor": total, "lines": len(lines)})
    except IntegrityError as error:
        if retainer_month is None or "retainer" not in str(error):
            raise
        raise RefusedError(
            f"The retainer of {months.label(retainer_month)} stands on an invoice of {contract} already."
        ) from error
    return invoice


def change(
    *, invoice: Invoice, lines: Sequence[LineSaid], note: str, by: AbstractBaseUser | None, at: dt.datetime
) -> None:
    """Give a draft other lines; work that no line bills any more waits to be billed again.

    Raises:
        RefusedError: it is issued, a line cannot stand, or the total is below zero.
    """
    total = _check(invoice.client, lines)
    with transaction.atomic():
        _locked_draft(invoice)
        _release(invoice)
        InvoiceLine.objects.filter(invoice=invoice).delete()
        _write_lines(invoice, lines)
        Invoice.objects.filter(pk=invoice.pk).update(note=note, total_minor=total)
        _record("change", invoice, by, at, {"total_minor": [invoice.total_minor, total]})


def discard(*, invoice: Invoice, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Throw a draft away; its work waits to be billed again.

    Raises:
        RefusedError: it is issued, or gone.
    """
    with transaction.atomic():
        _locked_draft(invoice)
        _release(invoice)
        _record("discard", invoice, by, at, {"total_minor": invoice.total_minor})
        Invoice.objects.filter(pk=invoice.pk, state=InvoiceState.DRAFT).delete()


def issue(
    *,
    invoice: Invoice,
    on: dt.date,
    due_on: dt.date | None = None,
    today: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> Invoice:
    """Issue a draft: it takes the next number, is posted, and never changes again; return it as issued.

    The receivable is debited with the total; each line's account and the tax set aside are credited. Without ``due_on``
    the terms of the contract, or else of the client, say when it is due.

    Raises:
        RefusedError: it is no draft, asks for nothing, the day is ahead, or its booking has moved on.
        portfolio.domain.ledger.LedgerError: the month is closed, or the chart lacks an account.
    """
    if on > today:
        raise RefusedError(f"{on:%-d %B %Y} is ahead; an invoice is issued on a day that has come.")
    with transaction.atomic():
        row = _locked_draft(invoice)
        terms = row.contract.terms_days if row.contract and row.contract.terms_days is not None else None
        due = due_on or on + dt.timedelta(days=row.client.terms_days if terms is None else terms)
        if due < on:
            raise RefusedError("An invoice is due on the day it is issued or later.")
        if row.total_minor <= 0:
            raise RefusedError("This invoice asks for nothing; give it a line that is worth something.")
        lines = list(row.lines.select_related("account"))
        if row.booking is not None:
            _check_booking(row, lines)
        number, reference = numbers.take(entity=row.entity, kind=SeriesKind.INVOICE)
        paper = clients.paper(row.entity)
        entry = ledger.post(
            entity=row.entity,
            on=on,
            memo=f"Invoice {reference} {row.client}"[: ledger.MEMO_LIMIT],
            lines=_postings(row, lines),
            source=EntrySource.INVOICE,
            external_id=reference,
            by=by,
            at=at,
        )
        Invoice.objects.filter(pk=row.pk).update(
            state=InvoiceState.ISSUED,
            number=number,
            reference=reference,
            issued_on=on,
            due_on=due,
            seller="\n".join(part for part in (paper.name, paper.address, paper.email) if part),
            billed_to="\n".join(part for part in (row.client.name, row.client.address) if part),
            how_to_pay=paper.how_to_pay,
            entry=entry,
        )
        row.refresh_from_db()
        _record(
            "issue",
            row,
            by,
            at,
            {"reference": reference, "total_minor": row.total_minor, "due_on": due.isoformat()},
        )
    return row


def due_of_booking(booking: Booking) -> int:
    """Return what of a booking's price is neither paid nor invoiced yet, in minor units."""
    paid = booking.postings.filter(
        entry__state="posted",
        account__role__in=(
            AccountRole.DEFERRED,
            AccountRole.DEPOSITS_HELD,
            AccountRole.REVENUE,
            AccountRole.TAX,
        ),
    )
    held = -sum(paid.values_list("amount_minor", flat=True))
    owed = sum(
        booking.postings.filter(entry__state="posted", account__role=AccountRole.RECEIVABLE).values_list(
            "amount_minor", flat=True
        )
    )
    opened = booking.invoices.filter(state=InvoiceState.ISSUED).values_list("total_minor", "settled_minor")
    invoiced = sum(total - settled for total, settled in opened)
    if booking.stage == BookingStage.COMPLETED:
        return max(0, owed - invoiced)
    return max(0, booking.price_minor - held)


def _postings(row: Invoice, lines: Sequence[InvoiceLine]) -> list[ledger.Line]:
    accounts = Accounts(row.entity)
    earned: dict[Account, int] = defaultdict(int)
    for line in lines:
        earned[line.account] += line.amount_minor
    tax_minor = sum(line.tax_minor for line in lines)
    postings = [ledger.Line(accounts.owed_by(row.client), row.total_minor, row.booking)]
    postings += [ledger.Line(account, -amount, row.booking) for account, amount in earned.items() if amount]
    if tax_minor:
        postings.append(
            ledger.Line(accounts.of(AccountRole.TAX), -tax_minor, row.booking, tax.memo_of(TaxKind.SALES))
        )
    return postings


def _check(client: Client, lines: Sequence[LineSaid]) -> int:
    """Return the total of lines that can stand."""
    if not lines:
        raise RefusedError("An invoice has at least one line.")
    if len(lines) > LINES_AT_MOST:
        raise RefusedError(f"An invoice has at most {LINES_AT_MOST} lines; make two of it.")
    for line in lines:
        if line.account.entity_id != client.entity_id or line.account.kind == AccountKind.EXPENSE:
            raise RefusedError(
                f"“{line.description}” goes to an account that an invoice of {client} cannot use."
            )
        if not 0 < line.quantity_milli <= 10**9 or abs(line.unit_minor) > LIMIT_MINOR or line.tax_bp > 5000:
            raise RefusedError(f"“{line.description}” has a quantity, price or tax that cannot be.")
        if not line.amount_minor:
            raise RefusedError(f"“{line.description}” is worth nothing; leave it out or give it a price.")
    total = sum(line.amount_minor + line.tax_minor for line in lines)
    if not 0 <= total <= LIMIT_MINOR:
        raise RefusedError("An invoice asks for something; what is taken off is less than what is asked for.")
    return total


def _check_booking(row: Invoice, lines: Sequence[InvoiceLine]) -> None:
    booking = Booking.objects.select_for_update(no_key=True).get(pk=row.booking_id or 0)
    completed = booking.stage == BookingStage.COMPLETED
    right = AccountRole.RECEIVABLE if completed else AccountRole.DEFERRED
    if booking.stage in (BookingStage.CANCELLED, BookingStage.LOST):
        raise RefusedError(f"{booking} was called off; throw this draft away.")
    if any(line.account.role != right for line in lines) or row.total_minor > due_of_booking(booking):
        raise RefusedError(
            f"{booking} has moved on since this was drafted; throw the draft away and draft it anew."
        )


def _write_lines(invoice: Invoice, lines: Sequence[LineSaid]) -> None:
    rows = InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice, position=position, description=line.description[:200], quantity_milli=line.quantity_milli,
            unit_minor=line.unit_minor, amount_minor=line.amount_minor, account=line.account, tax_bp=line.tax_bp,
            tax_minor=line.tax_minor,
        )
        for position, line in enumerate(lines, start=1)
    )  # fmt: skip
    for row, line in zip(rows, lines, strict=True):
        if line.work:
            taken = WorkEntry.objects.filter(pk__in=line.work, invoice_line__isnull=True, billable=True)
            if taken.update(invoice_line=row) != len(line.work):
                raise RefusedError("Some of this time stands on another invoice meanwhile; look at it again.")
        if line.rebillable is not None:
            paid = Rebillable.objects.filter(pk=line.rebillable, invoice_line__isnull=True)
            if not paid.update(invoice_line=row):
                raise RefusedError(
                    f"“{line.description}” stands on another invoice meanwhile; look at it again."
                )
        if line.milestone is not None:
            reached = Milestone.objects.filter(
                pk=line.milestone, invoice_line__isnull=True, reached_on__isnull=False
            )
            if not reached.update(invoice_line=row):
                raise RefusedError(
                    f"“{line.description}” stands on another invoice meanwhile; look at it again."
                )


def _release(invoice: Invoice) -> None:
    """Let the work of a draft wait to be billed again."""
    WorkEntry.objects.filter(invoice_line__invoice=invoice).update(invoice_line=None)
    Milestone.objects.filter(invoice_line__invoice=invoice).update(invoice_line=None)
    Rebillable.objects.filter(invoice_line__invoice=invoice).update(invoice_line=None)


def _locked_draft(invoice: Invoice) -> Invoice:
    row = (
        Invoice.objects.select_for_update(of=("self",))
        .select_related("entity", "client", "contract", "booking")
        .filter(pk=invoice.pk)
        .first()
    )
    if row is None:
        raise RefusedError("This draft was thrown away meanwhile.")
    if row.state != InvoiceState.DRAFT:
        raise RefusedError(f"{row} is issued and never changes; correct it with a credit note.")
    return row


def _record(
    verb: str, invoice: Invoice, by: AbstractBaseUser | None, at: dt.datetime, data: dict[str, object]
) -> None:
    audit.record(
        action=f"portfolio:invoice:{verb}",
        subject=invoice,
        at=at,
        by=by,
        entity=invoice.entity.slug,
        data=data,
    )
