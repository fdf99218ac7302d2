"""Money that clients pay: taking it, what it settles, and bank lines that may be it.

A payment is in the books whole, against the receivable; what of it settles no invoice stands to the client's credit and
can be allocated later. A payment recorded by hand before the statement comes is matched by the bank's own matching.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F

from core import audit, clock
from core.money import format_minor
from portfolio.domain import held, landing, ledger, recognition, taken_back, told
from portfolio.domain.accounts import Accounts
from portfolio.domain.receivables import refunds, settling
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import (
    Account,
    AccountRole,
    Allocation,
    Booking,
    Client,
    Entity,
    EntrySource,
    ImportedLine,
    ImportKind,
    Invoice,
    InvoiceState,
    JournalEntry,
    Payment,
)
from portfolio.models.account import CASH_ROLES

Wanted = Sequence[tuple[Invoice, int]]
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*", re.ASCII)
_STATEMENTS = (ImportKind.BANK_CSV, ImportKind.OFX)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A client, and an invoice where one is meant, that a bank line may be the payment of; ``sure`` names it whole."""

    client: Client
    invoice: Invoice | None
    amount_minor: int
    sure: bool
    why: str


def take(
    *,
    entity: Entity,
    client: Client,
    on: dt.date,
    amount_minor: int,
    cash_account: Account,
    reference: str,
    line: ImportedLine | None = None,
    apart: bool = False,
    to: Wanted | None = None,
    key: str = "",
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> Payment:
    """Record money a client paid and settle invoices with it, the oldest first or those of ``to``.

    ``line`` is the bank's line of it: an entry it made already is the payment's where it credited receivables; one that
    stands uncategorised is replaced by the payment's. ``apart`` says that it is other money than any line near it.
    ``key`` names a form sent twice: the second changes nothing.

    Raises:
        RefusedError: the amount, client, account or line cannot be, or more was asked for than an invoice has open.
        portfolio.domain.told.ToldError: a statement told of it, and its line was not chosen, or cannot be.
        portfolio.domain.ledger.LedgerError: the month is closed.
    """
    if client.entity_id != entity.pk or cash_account.entity_id != entity.pk:
        raise RefusedError(f"The client and the account both belong to {entity.name}.")
    if cash_account.role not in CASH_ROLES:
        raise RefusedError(f"{cash_account} holds no money; choose a bank account.")
    if amount_minor <= 0:
        raise RefusedError("A payment is above zero; money that goes back is not taken here.")
    if on > clock.today(entity.zone, at=at):
        raise RefusedError(f"{on:%-d %B %Y} is ahead; record the payment once it has come.")
    if line is not None and (line.entity_id != entity.pk or line.amount_minor != amount_minor):
        raise RefusedError("The bank's line is over another amount.")
    with transaction.atomic():
        landing.lock(entity)
        opened = settling.lock(
            Invoice.objects.filter(client=client, settled_minor__lt=F("total_minor")).select_related(
                "booking"
            )
        )
        if key and (
            taken := Payment.objects.filter(
                entity=entity, entry__source=EntrySource.PAYMENT, entry__external_id=f"payment:{key}"
            ).first()
        ):
            if (taken.client_id, taken.amount_minor, taken.on) != (client.pk, amount_minor, on):
                raise RefusedError(
                    "This form has recorded another payment already, and that one stands. Open the form anew for this one."
                )
            if taken.void_on is not None:
                raise RefusedError(
                    "What this form recorded was reversed since. Open the form anew to record it once more."
                )
            return taken
        plan = _plan(client, opened, amount_minor, to)
        held.lock(_bookings(plan))
        entry = _entry(
            entity, client, on, amount_minor, cash_account, reference, line, apart, plan, key, by, at
        )
        on = entry.on  # The bank's own entry may be of another day than was typed.
        payment = Payment.objects.create(
            entity=entity, client=client, on=on, amount_minor=amount_minor, reference=reference[:80], entry=entry,
            imported_line=line,
        )  # fmt: skip
        _settle(payment, plan, on)
        audit.record(
            action="portfolio:payment:take", subject=payment, at=at, by=by, entity=entity.slug,
            data={
                "client": client.name, "amount_minor": amount_minor,
                "invoices": {invoice.reference: amount for invoice, amount in plan},
            },
        )  # fmt: skip
        recognition.settle_paid(booking_ids=_bookings(plan))
    return payment


def allocate(
    *,
    payment: Payment,
    to: Wanted | None = None,
    on: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> int:
    """Settle invoices with what is left of a payment, the oldest first or those of ``to``; return how much that was.

    Raises:
        RefusedError: nothing is left, the payment was reversed, or more was asked for than is left or open.
    """
    with transaction.atomic():
        row = (
            Payment.objects.select_for_update(of=("self",))
            .select_related("client", "entity")
            .get(pk=payment.pk)
        )
        left = settling.left_of(row)
        if row.void_on is not None or not left:
            raise RefusedError("Nothing of this payment is left to settle an invoice with.")
        opened = settling.lock(
            Invoice.objects.filter(client=row.client, settled_minor__lt=F("total_minor")).select_related(
                "booking"
            )
        )
        plan = _plan(row.client, opened, left, to)
        if not plan:
            raise RefusedError(f"{row.client} has no open invoice; the payment stands to their credit.")
        if sum(amount for _, amount in plan) > left:
            raise RefusedError(
                f"{format_minor(left, row.entity.currency)} of this payment is left; allocate no more."
            )
        held.lock(_bookings(plan))
        _settle(row, plan, on)
        settled = sum(amount for _, amount in plan)
        _tie_bookings(row, plan, on, by, at)
        audit.record(
            action="portfolio:payment:allocate", subject=row, at=at, by=by, entity=row.entity.slug,
            data={invoice.reference: amount for invoice, amount in plan},
        )  # fmt: skip
    return settled


def take_back(*, allocation: Allocation, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Take back what a payment settled, by a mirror image; the money stands to the client's credit again.

    Raises:
        RefusedError: it was taken back before, or the invoice is a booking's and the payment itself is to be reversed.
    """
    with transaction.atomic():
        payment = (
            Payment.objects.select_for_update(of=("self",))
            .select_related("client", "entity", "entry")
            .get(pk=allocation.payment_id or 0)
        )
        (invoice,) = settling.lock(Invoice.objects.filter(pk=allocation.invoice_id).select_related("booking"))
        booking = invoice.booking
        # What Stripe brought is never reversed, so what it gave a booking goes back to the client's credit here.
        if booking is not None and payment.entry.source != EntrySource.STRIPE:
            raise RefusedError(
                "What a booking's client paid stays with the booking; reverse the payment instead."
            )
        mirror = settling.take_back(allocation=allocation, on=on)
        if booking is not None:
            held.lock([booking.pk])
            _tie(payment, [(booking, -allocation.amount_minor)], mirror.on, by, at)
            recognition.settle_paid(booking_ids=[booking.pk])
        audit.record(
            action="portfolio:payment:take_back", subject=payment, at=at, by=by, entity=payment.entity.slug,
            data={invoice.reference: allocation.amount_minor},
        )  # fmt: skip


def reverse(
    *,
    payment: Payment,
    on: dt.date | None,
    came_back: bool = False,
    reason: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> JournalEntry:
    """Undo a payment that was none: what it settled is open again, and its entry is reversed.

    ``came_back`` says that the money went out again (a check bounced); otherwise the record was wrong, and its bank line
    is free for what it was of. Without a day it is today, or the payment's own where the record was wrong and its month
    is open.

    Raises:
        RefusedError: it was reversed before, Stripe brought it, or part of it went back already.
        portfolio.domain.taken_back.TakeBackRefusedError: a wrong record would stay in an open month.
        portfolio.domain.ledger.LedgerError: no reason, or the month is closed.
    """
    with transaction.atomic():
        landing.lock(payment.entity)
        on = taken_back.day(entry=payment.entry, on=on, came_back=came_back, at=at)
        if on < payment.on:
            raise RefusedError(
                f"The payment was taken on {payment.on:%-d %B %Y}; it cannot be reversed before."
            )
        row = (
            Payment.objects.select_for_update(of=("self",))
            .select_related("entry", "entity", "client")
            .get(pk=payment.pk)
        )
        if row.void_on is not None:
            raise RefusedError("This payment is reversed already.")
        if row.entry.source == EntrySource.STRIPE:
            raise RefusedError(
                "Stripe did bring this money; take back what it settles, or refund it at Stripe, and it lands from there."
            )
        if row.refunded_minor:
            raise RefusedError(
                f"{format_minor(row.refunded_minor, row.entity.currency)} of this payment went back, so it was one; "
                "take back what it settles instead."
            )
        standing = settling.standing(row)
        plan = [(allocation.invoice, allocation.amount_minor) for allocation in standing]
        settling.lock(Invoice.objects.filter(pk__in=[one.invoice_id for one in standing]))
        for allocation in standing:
            settling.take_back(allocation=allocation, on=on)
        held.lock(_bookings(plan))
        if not Payment.objects.filter(pk=row.pk, void_on__isnull=True).update(void_on=on):
            raise RefusedError("This payment is reversed already.")
        audit.record(
            action="portfolio:payment:reverse", subject=row, at=at, by=by, entity=row.entity.slug,
            data={"reason": reason, "amount_minor": row.amount_minor, "came_back": came_back},
        )  # fmt: skip
        # What a later allocation moved from the client's credit to a booking goes back before the payment itself does.
        if later := _later(row, plan):
            _tie(row, [(booking, -amount) for booking, amount in later], on, by, at)
        undone = taken_back.reverse(entry=row.entry, on=on, came_back=came_back, reason=reason, by=by, at=at)
        recognition.settle_paid(booking_ids=_bookings(plan))
        return undone


def candidates(line: ImportedLine) -> list[Candidate]:
    """Return whose payment a bank line may be, the surest first: it names an invoice, a client, or an open amount."""
    if line.amount_minor <= 0 or line.payments.filter(void_on__isnull=True).exists():
        return []
    return _candidates(line, _open_of(line.entity_id))


def candidates_of(*, entity: Entity, lines: Iterable[ImportedLine]) -> dict[int, list[Candidate]]:
    """Return by line whose payment each of an entity's unexplained lines may be; one query."""
    opened = _open_of(entity.pk)
    return {line.pk: _candidates(line, opened) for line in lines if line.amount_minor > 0}


def settle_landed(
    *,
    entity: Entity,
    kinds: Collection[ImportKind] = _STATEMENTS,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> int:
    """Make payments of lines that went to receivables and that name one open invoice; return how many.

    A rule sent the bank's there, and Stripe's own landing its charges that name an invoice. The line's own entry is the
    payment's: nothing is posted again.
    """
    lines = (
        ImportedLine.objects.filter(
            entity=entity,
            kind__in=kinds,
            amount_minor__gt=0,
            # One whose payment somebody undid is for a person.
            payments__isnull=True,
            entry__payment__isnull=True,
            entry__reversed_by__isnull=True,
            entry__postings__account__role__in=(AccountRole.RECEIVABLE, AccountRole.INTERCOMPANY),
            entry__postings__booking__isnull=True,
            entry__postings__amount_minor=-F("amount_minor"),
        )
        .exclude(refunds.IS_REFUND)
        .select_related("entity", "entry", "account")
        .order_by("on", "pk")
    )
    made, opened, accounts = 0, _open_of(entity.pk), Accounts(entity)
    for line in lines:
        sure = [one for one in _candidates(line, opened) if one.sure]
        if len(sure) != 1 or sure[0].invoice is None:
            continue
        try:
            take(
                entity=entity, client=sure[0].client, on=line.on, amount_minor=line.amount_minor,
                cash_account=line.account or accounts.of(AccountRole.CASH), reference=line.description[:80], line=line,
                to=[(sure[0].invoice, sure[0].amount_minor)], by=by, at=at,
            )  # fmt: skip
        except (RefusedError, ledger.LedgerError):
            continue  # Its month is closed, or somebody settled the invoice meanwhile; a person looks at the line.
        opened = [invoice for invoice in opened if invoice.pk != sure[0].invoice.pk]
        made += 1
    return made


def _open_of(entity_id: int) -> list[Invoice]:
    return list(
        Invoice.objects.filter(
            entity=entity_id, state=InvoiceState.ISSUED, settled_minor__lt=F("total_minor")
        )
        .select_related("client", "client__entity")
        .order_by("issued_on", "pk")
    )


def _candidates(line: ImportedLine, opened: Iterable[Invoice]) -> list[Candidate]:
    text = f"{line.description} {line.reference}"
    words = {word.casefold().rstrip("._/-") for word in _WORD.findall(text)}
    folded, found = text.casefold(), []
    for invoice in opened:
        if invoice.issued_on is None or invoice.issued_on > line.on:
            continue
        left = settling.open_minor(invoice)
        fits = left == line.amount_minor
        amount = min(left, line.amount_minor)
        if invoice.reference.casefold() in words:
            why = f"It names {invoice.reference}" + (
                "" if fits else f", of which {format_minor(left, invoice.currency)} is open"
            )
            found.append((0, Candidate(invoice.client, invoice, amount, line.amount_minor <= left, why)))
        elif invoice.client.name.casefold() in folded:
            why = f"It came from {invoice.client}" + (" and is what is open" if fits else "")
            found.append((1 if fits else 2, Candidate(invoice.client, invoice, amount, False, why)))
        elif fits:
            found.append(
                (
                    3,
                    Candidate(
                        invoice.client, invoice, amount, False, f"{invoice.reference} has as much open"
                    ),
                )
            )
    return [candidate for _, candidate in sorted(found, key=lambda pair: pair[0])]


def _plan(
    client: Client, opened: Sequence[Invoice], amount_minor: int, to: Wanted | None
) -> list[tuple[Invoice, int]]:
    """Return which locked invoices get how much."""
    left, plan = amount_minor, []
    if to is None:
        for invoice in opened:
            share = min(left, settling.open_minor(invoice))
            if share:
                plan.append((invoice, share))
                left -= share
        return plan
    by_id = {invoice.pk: invoice for invoice in opened}
    for asked, share in to:
        locked = by_id.get(asked.pk)
        if locked is None:
            raise RefusedError(f"{asked} is no open invoice of {client}; look at it again.")
        if not 0 < share <= settling.open_minor(locked):
            raise RefusedError(
                f"{format_minor(settling.open_minor(locked), locked.currency)} of {locked} is open; allocate no more."
            )
        plan.append((locked, share))
        left -= share
    if left < 0:
        raise RefusedError("More was allocated than was paid; correct the amounts.")
    return plan


def _settle(payment: Payment, plan: Wanted, on: dt.date) -> None:
    for invoice, share in plan:
        settling.settle(invoice=invoice, amount_minor=share, on=on, payment=payment)


def _entry(
    entity: Entity, client: Client, on: dt.date, amount_minor: int, cash: Account, reference: str,
    line: ImportedLine | None, apart: bool, plan: Wanted, key: str, by: AbstractBaseUser | None, at: dt.datetime,
) -> JournalEntry:  # fmt: skip
    """Return the entry that bears the payment: the bank line's own where it says so already, else a new one."""
    accounts = Accounts(entity)
    receivable = accounts.owed_by(client)
    if line is not None and line.entry is not None and all(invoice.booking is None for invoice, _ in plan):
        credited = line.entry.postings.filter(account=receivable, amount_minor=-amount_minor, booking=None)
        free = JournalEntry.objects.filter(pk=line.entry.pk, reversed_by=None, payment=None)
        if credited.exists() and free.exists():
            return line.entry
    line = told.decided(
        entity=entity,
        amount_minor=amount_minor,
        on=on,
        role=AccountRole(receivable.role),
        line=line,
        apart=apart,
    )
    if line is not None:
        cash = line.account or accounts.of(AccountRole.CASH)
    left = amount_minor - sum(share for _, share in plan)
    lines = [ledger.Line(cash, amount_minor)]
    lines += [ledger.Line(receivable, -share, invoice.booking) for invoice, share in plan]
    if left:
        lines.append(ledger.Line(receivable, -left))
    entry = ledger.post(
        entity=entity,
        on=on,
        memo=f"Payment of {client}{' ' + reference if reference else ''}"[: ledger.MEMO_LIMIT],
        lines=lines,
        source=EntrySource.PAYMENT,
        external_id=f"payment:{key}" if key else None,
        by=by,
        at=at,
    )
    if line is not None:
        told.stand_for(line=line, entry=entry, by=by, at=at)
    return entry


def _tie_bookings(
    payment: Payment, plan: Wanted, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> None:
    """Let money that stood to a client's credit count for the bookings whose invoices it settles now."""
    of_bookings = [(invoice.booking, share) for invoice, share in plan if invoice.booking is not None]
    if of_bookings:
        _tie(payment, of_bookings, on, by, at)
        recognition.settle_paid(booking_ids=_bookings(plan))


def _tie(
    payment: Payment,
    shares: Sequence[tuple[Booking, int]],
    on: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Move a client's credit to bookings, or below zero back to the client."""
    receivable = Accounts(payment.entity).owed_by(payment.client)
    total = sum(share for _, share in shares)
    what = "used" if total > 0 else "given back"
    ledger.post(
        entity=payment.entity,
        on=on,
        memo=f"Credit of {payment.client} {what}"[: ledger.MEMO_LIMIT],
        lines=[
            ledger.Line(receivable, total),
            *(ledger.Line(receivable, -share, booking) for booking, share in shares),
        ],
        source=EntrySource.PAYMENT,
        by=by,
        at=at,
    )


def _later(payment: Payment, plan: Wanted) -> list[tuple[Booking, int]]:
    """Return what a payment's allocations gave to bookings beyond what its own entry did."""
    shares: dict[Booking, int] = defaultdict(int)
    for invoice, share in plan:
        if invoice.booking is not None:
            shares[invoice.booking] += share
    for booking_id, amount in payment.entry.postings.filter(
        booking__in=shares, account__role=AccountRole.RECEIVABLE
    ).values_list("booking_id", "amount_minor"):
        booking = next(booking for booking in shares if booking.pk == booking_id)
        shares[booking] += amount
    return [(booking, share) for booking, share in shares.items() if share > 0]


def _bookings(plan: Wanted) -> list[int]:
    return [invoice.booking_id for invoice, _ in plan if invoice.booking_id is not None]
