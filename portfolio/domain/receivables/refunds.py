"""What went back to a client of a payment by Stripe: it is worth that much less, and what it settled is open again.

The refund's own entry is in the books when it lands, against what the client owes; here it is tied to its payment. What no
invoice had of the payment goes first, then what the newest allocation settled. Whether the work is owed after all is for a
person: an invoice that is open again is credited by its credit note, or paid anew. A refund that failed settles it again.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Q, QuerySet

from core import audit
from core.money import format_minor
from portfolio.domain import landing
from portfolio.domain.receivables import settling
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import (
    AccountRole,
    Client,
    Entity,
    EntrySource,
    ImportedLine,
    ImportKind,
    Invoice,
    InvoiceState,
    Payment,
    PaymentRefund,
    StripeMovement,
)

# How Stripe calls a refund: a line with such a reference is one, and is tied to the payment of its charge.
PREFIXES = ("re_", "pyr_")
IS_REFUND = Q(reference__startswith=PREFIXES[0]) | Q(reference__startswith=PREFIXES[1])
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*", re.ASCII)
_LOOKUP, _WORDS = 900, 20
BEARERS = 200


def clients_of_charges(*, entity: Entity, charge_ids: Collection[str]) -> dict[str, Client | None]:
    """Return whose payment each of some charges became; None for one that landed and is no client's payment.

    One that names an invoice and whose payment is being recorded this moment is left out, as one that has not landed is.
    """
    lines = _lines_of(entity, charge_ids)
    listed = [line for found in lines.values() for line in found]
    paid = {payment.imported_line_id: payment.client for payment in _payments(entity, listed)}
    named = {
        pk
        for start in range(0, len(listed), _LOOKUP)
        for pk in ImportedLine.objects.filter(pk__in=listed[start : start + _LOOKUP])
        .exclude(reference="")
        .values_list("pk", flat=True)
    }
    return {
        charge_id: next((paid[line] for line in found if line in paid), None)
        for charge_id, found in lines.items()
        if any(line in paid or line not in named for line in found)
    }


def named_invoice(*, entity: Entity, words: str, amount_minor: int) -> Invoice | None:
    """Return the issued invoice that a refund names where its charge is not known: it paid that, or will when it lands."""
    named = _invoice_in(entity, words)
    if named is None:
        return None
    paid = _by_stripe(named, amount_minor)
    return named if len(paid) == 1 or settling.open_minor(named) >= amount_minor else None


def settle_landed(*, entity: Entity, by: AbstractBaseUser | None, at: dt.datetime) -> int:
    """Tie refunds that landed to the payments of their charges; return how many.

    One whose payment has not landed yet, or that its payment cannot bear, is tried again with the next that lands.
    """
    tied = 0
    for line in list(untied(entity=entity)):
        payment = _payment_of(line)
        if payment is None:
            continue
        try:
            tie(payment=payment, line=line, by=by, at=at)
        except RefusedError:
            continue  # The refund stays on what the client owes, where ageing names it as a difference.
        tied += 1
    return tied


def untied(*, entity: Entity) -> QuerySet[ImportedLine]:
    """Return the refunds of Stripe on what clients owe that no payment bears yet, the largest first."""
    return (
        ImportedLine.objects.filter(
            IS_REFUND,
            entity=entity,
            kind=ImportKind.STRIPE,
            entry__source=EntrySource.STRIPE,
            entry__payment_refunds__isnull=True,
            entry__reversed_by__isnull=True,
            entry__postings__account__role__in=(AccountRole.RECEIVABLE, AccountRole.INTERCOMPANY),
            entry__postings__booking__isnull=True,
        )
        .distinct()
        .select_related("entity", "entry")
        .order_by("amount_minor", "pk")
    )


def bearers(*, line: ImportedLine) -> list[Payment]:
    """Return the payments that may bear a refund, or its failure, the newest first."""
    back = -line.amount_minor
    rows = Payment.objects.filter(entity=line.entity_id, void_on__isnull=True)
    if back > 0:
        rows = rows.filter(on__lte=line.on, amount_minor__gte=F("refunded_minor") + back)
    else:
        rows = rows.filter(refunded_minor__gte=-back)
    return list(rows.select_related("client__entity").order_by("-on", "-pk")[:BEARERS])


def tie(
    *, payment: Payment, line: ImportedLine, by: AbstractBaseUser | None, at: dt.datetime
) -> PaymentRefund:
    """Say that a refund's line is of a payment; nothing is posted.

    Raises:
        RefusedError: the payment was reversed, is not worth so much, or settled a booking's invoice with it.
    """
    back, entry = -line.amount_minor, line.entry
    if entry is None:
        raise RefusedError("This refund is not in the books; look at its line first.")
    with transaction.atomic():
        landing.lock(line.entity)
        if not untied(entity=line.entity).filter(pk=line.pk).exists():
            raise RefusedError("This refund is a booking’s, or a payment bears it already; look at it again.")
        row = Payment.objects.select_for_update(of=("self",)).select_related("entity").get(pk=payment.pk)
        before = [
            one for one in row.allocations.select_related("invoice").order_by("-pk") if one.amount_minor > 0
        ]
        locked = {
            one.pk: one
            for one in settling.lock(Invoice.objects.filter(pk__in=[one.invoice_id for one in before]))
        }
        if row.void_on is not None or not 0 <= row.refunded_minor + back <= row.amount_minor:
            left = format_minor(row.amount_minor - row.refunded_minor, row.entity.currency)
            raise RefusedError(f"{left} of that payment is left, and none of one that was reversed.")
        if back > 0:
            _open_again(row, back - settling.left_of(row), line.on)
        made = PaymentRefund.objects.create(
            payment=row, on=max(line.on, row.on), amount_minor=back, entry=entry
        )
        Payment.objects.filter(pk=row.pk).update(refunded_minor=F("refunded_minor") + back)
        if back < 0:
            row.refresh_from_db()
            _settle_again(
                row, list({one.invoice_id: locked[one.invoice_id] for one in before}.values()), -back, line.on
            )
        audit.record(
            action="portfolio:payment:refund", subject=row, by=by, at=at, entity=row.entity.slug,
            data={"amount_minor": back, "told_by": line.external_id},
        )  # fmt: skip
    return made


def _open_again(payment: Payment, wanted: int, on: dt.date) -> None:
    """Take back so much of what a payment settled, the newest first."""
    for allocation in reversed(settling.standing(payment)):
        if wanted <= 0:
            return
        if allocation.invoice.booking_id is not None:
            continue  # That money counts for the booking; only a person may take it from there.
        share = min(wanted, allocation.amount_minor)
        settling.take_back(allocation=allocation, on=on)
        if allocation.amount_minor > share:
            settling.settle(
                invoice=allocation.invoice,
                amount_minor=allocation.amount_minor - share,
                on=on,
                payment=payment,
            )
        wanted -= share
    if wanted > 0:
        raise RefusedError("The payment settles invoices of bookings; take that back on its page first.")


def _settle_again(payment: Payment, invoices: Sequence[Invoice], amount_minor: int, on: dt.date) -> None:
    """Settle the invoices that a payment had settled with what came back of it."""
    for invoice in invoices:
        share = min(amount_minor, settling.open_minor(invoice))
        if share > 0 and invoice.booking_id is None:
            settling.settle(invoice=invoice, amount_minor=share, on=on, payment=payment)
            amount_minor -= share


def _payment_of(line: ImportedLine) -> Payment | None:
    """Return the payment that a refund's charge became: by the charge's id, else by the invoice its words name."""
    charge_id = (
        StripeMovement.objects.filter(entity=line.entity_id, external_id=line.external_id)
        .exclude(charge_id="")
        .values_list("charge_id", flat=True)
        .first()
    )
    if charge_id is not None and (found := _lines_of(line.entity, [charge_id])[charge_id]):
        return next(iter(_payments(line.entity, found)), None)
    named = _invoice_in(line.entity, f"{line.description} {line.reference}")
    paid = _by_stripe(named, -line.amount_minor) if named is not None else []
    return paid[0] if len(paid) == 1 else None


def _lines_of(entity: Entity, charge_ids: Iterable[str]) -> dict[str, list[int]]:
    """Return for each charge the lines that brought its money."""
    found: dict[str, list[int]] = defaultdict(list)
    listed = sorted(charge_ids)
    for start in range(0, len(listed), _LOOKUP):
        of = dict(
            StripeMovement.objects.filter(
                entity=entity, charge_id__in=listed[start : start + _LOOKUP], net_minor__gt=0
            ).values_list("external_id", "charge_id")
        )
        ids = sorted(of)
        for begin in range(0, len(ids), _LOOKUP):
            for pk, external_id in (
                ImportedLine.objects.filter(
                    entity=entity, kind=ImportKind.STRIPE, external_id__in=ids[begin : begin + _LOOKUP]
                )
                .exclude(IS_REFUND)
                .values_list("pk", "external_id")
            ):
                found[of[external_id]].append(pk)
    return found


def _payments(entity: Entity, lines: Sequence[int]) -> list[Payment]:
    """Return the payments that stand for some lines."""
    return [
        payment
        for start in range(0, len(lines), _LOOKUP)
        for payment in Payment.objects.filter(
            entity=entity, imported_line__in=lines[start : start + _LOOKUP], void_on__isnull=True
        ).select_related("client__entity")
    ]


def _invoice_in(entity: Entity, words: str) -> Invoice | None:
    """Return the issued invoice without a booking that a text names."""
    numbers = {word.rstrip("._/-") for word in _WORD.findall(words) if any(map(str.isdigit, word))}
    said = Q(pk__isnull=True)
    for number in sorted(numbers)[:_WORDS]:
        said |= Q(reference__iexact=number)
    found = list(
        Invoice.objects.filter(
            said, entity=entity, state=InvoiceState.ISSUED, booking__isnull=True
        ).select_related("client__entity")[:2]
    )
    return found[0] if len(found) == 1 else None


def _by_stripe(invoice: Invoice, amount_minor: int) -> list[Payment]:
    """Return the payments of an invoice that Stripe brought and that may have given back so much."""
    return list(
        Payment.objects.filter(
            allocations__invoice=invoice,
            imported_line__kind=ImportKind.STRIPE,
            void_on__isnull=True,
            amount_minor__gte=F("refunded_minor") + amount_minor,
        ).distinct()
    )
