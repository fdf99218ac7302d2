"""Checking that invoices, payments and bills say what their parts and their entries say; part of `verify_books`.

The guards keep these sums while the program runs. Whatever a hand changed with the guards off is found here.
"""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Abs, Coalesce

from core import months
from core.money import format_minor
from portfolio.domain import open_items
from portfolio.domain.verified_numbers import verify_numbers
from portfolio.models import (
    AccountRole,
    Allocation,
    Bill,
    BillLine,
    BillPayment,
    CreditNote,
    EntrySource,
    Invoice,
    InvoiceLine,
    InvoiceState,
    JournalEntry,
    Payment,
    PaymentRefund,
    Posting,
)


def verify_sub_ledgers() -> list[str]:
    """Return a sentence for each invoice, payment, credit note and bill that its parts or its entry contradict."""
    return [*_invoices(), *_payments(), *_credit_notes(), *verify_numbers(), *_bills(), *_brought_forward()]


def _sum(rows: QuerySet, outer: str, amount: str = "amount_minor") -> Coalesce:
    """Return the sum of an amount over the rows that point at the outer row, 0 where there is none."""
    added = (
        rows.filter(**{outer: OuterRef("pk")})
        .order_by()
        .values(outer)
        .annotate(added=Sum(amount))
        .values("added")
    )
    return Coalesce(Subquery(added), Value(0), output_field=IntegerField())


def _debits() -> Coalesce:
    """Return the sum of the debits of the outer row's entry."""
    added = (
        Posting.objects.filter(entry=OuterRef("entry"), amount_minor__gt=0)
        .order_by()
        .values("entry")
        .annotate(added=Sum("amount_minor"))
        .values("added")
    )
    return Coalesce(Subquery(added), Value(0), output_field=IntegerField())


def _owed(**amount: Combinable) -> QuerySet[Posting]:
    """Return the postings of the outer row's entry on the accounts of what clients owe."""
    roles = (AccountRole.RECEIVABLE, AccountRole.INTERCOMPANY)
    return Posting.objects.filter(entry=OuterRef("entry"), account__role__in=roles, **amount)


def _claim(largest: str) -> Coalesce:
    """Return the largest of them, by its amount or by what it takes off, 0 where there is none."""
    rows = _owed().annotate(size=Abs("amount_minor")).order_by(largest).values("size")[:1]
    return Coalesce(Subquery(rows), Value(0), output_field=IntegerField())


def _spelled(day: dt.date | None) -> str:
    return "no day" if day is None else months.spelled(day)


def _invoices() -> Iterator[str]:
    lines = InvoiceLine.objects.annotate(whole=F("amount_minor") + F("tax_minor"))
    rows = Invoice.objects.filter(state=InvoiceState.ISSUED).annotate(
        of_lines=_sum(lines, "invoice", "whole"),
        of_allocations=_sum(Allocation.objects.all(), "invoice"),
        of_entry=_claim("-amount_minor"),
    )
    # A discount stands among the debits, too: the entry holds the claim as one posting of the whole.
    claimed = Exists(_owed(amount_minor=OuterRef("total_minor")))
    wrong = (
        ~Q(of_lines=F("total_minor"))
        | ~Q(of_allocations=F("settled_minor"))
        | (Q(total_minor__gt=0, brought_forward=False) & ~claimed)
    )
    for row in rows.filter(wrong).select_related("entity"):
        money = [
            format_minor(amount, row.currency)
            for amount in (row.total_minor, row.of_lines, row.of_entry, row.settled_minor, row.of_allocations)
        ]
        yield (
            f"Invoice {row.reference} of {row.entity.name} says {money[0]}, its lines {money[1]} and its entry {money[2]}; "
            f"{money[3]} of it is settled, and payments and credits settle {money[4]}."
        )
    told = (
        rows.filter(brought_forward=False)
        .exclude(entry=None)
        .exclude(entry__on=F("issued_on"), entry__entity=F("entity"), entry__currency=F("currency"))
    )
    for row in told.select_related("entity", "entry__entity"):
        if (entry := row.entry) is not None:
            yield (
                f"Invoice {row.reference} of {row.entity.name} says it was issued on {_spelled(row.issued_on)} in {row.currency}, "
                f"and its entry stands in the books of {entry.entity.name} on {_spelled(entry.on)} in {entry.currency}."
            )


def _payments() -> Iterator[str]:
    rows = Payment.objects.annotate(
        of_allocations=_sum(Allocation.objects.all(), "payment"),
        of_refunds=_sum(PaymentRefund.objects.all(), "payment"),
        of_entry=_debits(),
    )
    wrong = (
        ~Q(of_allocations=F("allocated_minor"))
        | ~Q(of_refunds=F("refunded_minor"))
        | Q(of_entry__lt=F("amount_minor"))
    )
    for row in rows.filter(wrong).select_related("entity"):
        money = [
            format_minor(amount, row.entity.currency)
            for amount in (
                row.amount_minor, row.of_entry, row.allocated_minor, row.of_allocations, row.refunded_minor,
                row.of_refunds,
            )
        ]  # fmt: skip
        yield (
            f"The payment of {months.spelled(row.on)} to {row.entity.name} says {money[0]} and its entry {money[1]}; "
            f"{money[2]} of it is allocated, and its allocations add up to {money[3]}; {money[4]} went back, and its refunds "
            f"add up to {money[5]}."
        )


def _credit_notes() -> Iterator[str]:
    taken_off = Exists(_owed(amount_minor=-OuterRef("amount_minor")))
    wrong = CreditNote.objects.annotate(of_entry=_claim("amount_minor")).exclude(taken_off)
    for row in wrong.select_related("entity"):
        money = [format_minor(amount, row.entity.currency) for amount in (row.amount_minor, row.of_entry)]
        yield f"Credit note {row.reference} of {row.entity.name} is over {money[0]}, and its entry over {money[1]}."


def _bills() -> Iterator[str]:
    paid = BillPayment.objects.filter(void_on__isnull=True)
    rows = Bill.objects.annotate(
        of_lines=_sum(BillLine.objects.all(), "bill"), of_payments=_sum(paid, "bill"), of_entry=_debits()
    )
    wrong = (
        ~Q(of_lines=F("total_minor")) | ~Q(of_payments=F("settled_minor")) | Q(of_entry__lt=F("total_minor"))
    )
    for row in rows.filter(wrong).select_related("entity"):
        money = [
            format_minor(amount, row.entity.currency)
            for amount in (row.total_minor, row.of_lines, row.of_entry, row.settled_minor, row.of_payments)
        ]
        yield (
            f"Bill {row.reference} of {row.entity.name} says {money[0]}, its lines {money[1]} and its entry {money[2]}; "
            f"{money[3]} of it is paid, and its payments add up to {money[4]}."
        )


def _brought_forward() -> Iterator[str]:
    """Find invoices and bills that say the opening holds them, and openings that hold less."""
    entries = JournalEntry.objects.filter(Q(invoices__brought_forward=True) | Q(bills__brought_forward=True))
    for entry in entries.distinct().select_related("entity").order_by("pk"):
        reversed_since = JournalEntry.objects.filter(reverses=entry).exists()
        if entry.source != EntrySource.OPENING or reversed_since:
            yield (
                f"Invoices or bills of {entry.entity.name} are said to be brought forward by entry {entry.number}, which is no "
                "opening that stands."
            )
        for side in open_items.sides(entry):
            if side.named_minor > max(side.held_minor, 0):
                money = [format_minor(minor, entry.currency) for minor in (side.named_minor, side.held_minor)]
                yield (
                    f"{side.label} brought forward at {entry.entity.name} add up to {money[0]}, and the opening holds {money[1]}."
                )
