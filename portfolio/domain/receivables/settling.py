"""Settling invoices: allocations, and what they say of an invoice and a payment, moved together.

An allocation is never changed; taken back, it gets a mirror image. What is settled is written from the allocations by
one conditional UPDATE, and the database refuses any other sum (migration ``invoice_guards``) or more than the total.
"""

import datetime as dt
from collections.abc import Iterable

from django.db.models import F, QuerySet

from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import Allocation, CreditNote, Invoice, InvoiceState, Payment, WriteOff


def lock(invoices: QuerySet[Invoice]) -> list[Invoice]:
    """Lock issued invoices by their ids, the same order everywhere, and return them oldest first."""
    rows = list(invoices.filter(state=InvoiceState.ISSUED).order_by("pk").select_for_update(of=("self",)))
    return sorted(rows, key=lambda row: (row.issued_on or dt.date.min, row.pk))


def open_minor(invoice: Invoice) -> int:
    """Return what of an invoice is not settled yet."""
    return invoice.total_minor - invoice.settled_minor


def left_of(payment: Payment) -> int:
    """Return what of a payment neither settles an invoice nor went back."""
    return payment.amount_minor - payment.allocated_minor - payment.refunded_minor


def settle(
    *,
    invoice: Invoice,
    amount_minor: int,
    on: dt.date,
    payment: Payment | None = None,
    credit_note: CreditNote | None = None,
    write_off: WriteOff | None = None,
) -> Allocation:
    """Settle so much of a locked invoice, in the caller's transaction.

    Raises:
        RefusedError: more than is open of the invoice, or than is left of the payment.
    """
    if invoice.issued_on is not None:
        on = max(on, invoice.issued_on)
    if payment is not None:
        on = max(on, payment.on)
    allocation = Allocation.objects.create(
        invoice=invoice, payment=payment, credit_note=credit_note, write_off=write_off, on=on,
        amount_minor=amount_minor,
    )  # fmt: skip
    if not Invoice.objects.filter(
        pk=invoice.pk, state=InvoiceState.ISSUED, settled_minor__lte=F("total_minor") - amount_minor
    ).update(settled_minor=F("settled_minor") + amount_minor):
        raise RefusedError(f"{invoice} is not open for so much any more; look at it again.")
    if payment is not None and not Payment.objects.filter(
        pk=payment.pk,
        void_on__isnull=True,
        allocated_minor__lte=F("amount_minor") - F("refunded_minor") - amount_minor,
    ).update(allocated_minor=F("allocated_minor") + amount_minor):
        raise RefusedError("So much of this payment is not left any more; look at it again.")
    _date([invoice.pk])
    return allocation


def take_back(*, allocation: Allocation, on: dt.date) -> Allocation:
    """Take an allocation of a payment back by its mirror image, in the caller's transaction.

    Raises:
        RefusedError: it was taken back before, or is none of a payment.
    """
    if allocation.payment_id is None or allocation.reverses_id is not None:
        raise RefusedError("Only what a payment settled is taken back.")
    if Allocation.objects.filter(reverses=allocation).exists():
        raise RefusedError("This was taken back already.")
    on, amount = max(on, allocation.on), allocation.amount_minor
    mirror = Allocation.objects.create(
        invoice_id=allocation.invoice_id, payment_id=allocation.payment_id, reverses=allocation, on=on,
        amount_minor=-amount,
    )  # fmt: skip
    Invoice.objects.filter(pk=allocation.invoice_id).update(settled_minor=F("settled_minor") - amount)
    Payment.objects.filter(pk=allocation.payment_id).update(allocated_minor=F("allocated_minor") - amount)
    _date([allocation.invoice_id])
    return mirror


def lock_payments_of(invoice: Invoice) -> None:
    """Lock the payments that settle an invoice, by their ids; before the invoice itself."""
    ids = invoice.allocations.filter(payment__isnull=False).values("payment_id")
    list(Payment.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


def free(*, invoice: Invoice, wanted_minor: int, on: dt.date) -> None:
    """Take back so much of what payments settle of a locked invoice, the newest first; it stands to the client's credit.

    Raises:
        RefusedError: payments settle less of it.
    """
    for allocation in (
        invoice.allocations.filter(payment__isnull=False, reverses__isnull=True, reversed_by__isnull=True)
        .select_related("payment")
        .order_by("-on", "-pk")
    ):
        if wanted_minor <= 0:
            return
        share = min(wanted_minor, allocation.amount_minor)
        take_back(allocation=allocation, on=on)
        if allocation.amount_minor > share and allocation.payment is not None:
            settle(
                invoice=invoice,
                amount_minor=allocation.amount_minor - share,
                on=on,
                payment=allocation.payment,
            )
        wanted_minor -= share
    if wanted_minor > 0:
        raise RefusedError(f"So much of {invoice} is not paid any more; look at it again.")


def standing(payment: Payment) -> list[Allocation]:
    """Return a payment's allocations that were not taken back, oldest first."""
    return list(
        payment.allocations.filter(reverses__isnull=True, reversed_by__isnull=True)
        .select_related("invoice__booking")
        .order_by("on", "pk")
    )


def _date(invoice_ids: Iterable[int]) -> None:
    """Write down on which day the last of each invoice was settled, or that something is open again."""
    for invoice in Invoice.objects.filter(pk__in=list(invoice_ids)):
        last = None
        if invoice.settled_minor == invoice.total_minor:
            last = invoice.allocations.order_by("-on").values_list("on", flat=True).first()
        if last != invoice.settled_on:
            Invoice.objects.filter(pk=invoice.pk).update(settled_on=last)
