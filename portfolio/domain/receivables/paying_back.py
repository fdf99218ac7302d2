"""Credit paid back to a client by check or transfer: what was paid and settles nothing goes out again.

It takes the oldest payments first, in one entry against the receivable. What Stripe pays back lands by itself
(`portfolio.domain.receivables.refunds`).
"""

import datetime as dt
from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Sum

from core import audit, clock
from core.money import format_minor
from portfolio.domain import landing, ledger, taken_back, told
from portfolio.domain.accounts import Accounts
from portfolio.domain.receivables import settling
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import (
    Account,
    AccountRole,
    Client,
    Entity,
    EntrySource,
    ImportedLine,
    JournalEntry,
    Payment,
    PaymentRefund,
)
from portfolio.models.account import CASH_ROLES


def credit_of(client: Client) -> int:
    """Return what stands to a client's credit; one query."""
    total = Payment.objects.filter(client=client, void_on__isnull=True).aggregate(
        total=Sum(F("amount_minor") - F("allocated_minor") - F("refunded_minor"))
    )["total"]
    return total or 0


def pay_back(
    *,
    client: Client,
    on: dt.date,
    amount_minor: int,
    cash_account: Account,
    reference: str = "",
    line: ImportedLine | None = None,
    apart: bool = False,
    key: str = "",
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> JournalEntry:
    """Record that credit was paid back to a client; the same ``key`` again returns the first.

    ``line`` is the bank's line of it, whose entry it replaces; ``apart`` says that it is other money than any line near it.

    Raises:
        RefusedError: the amount, day or account cannot be, more than stood to the client's credit by that day, or the
            ``key`` is of another deed, or of one that was undone.
        portfolio.domain.told.ToldError: a statement told of it, and its line was not chosen, or cannot be.
        portfolio.domain.ledger.LedgerError: the month is closed.
    """
    entity = client.entity
    if cash_account.entity_id != entity.pk or cash_account.role not in CASH_ROLES:
        raise RefusedError(f"{cash_account} holds no money of {entity.name}; choose a bank account.")
    if amount_minor <= 0:
        raise RefusedError("What is paid back is above zero; type what went out.")
    if on > clock.today(entity.zone, at=at):
        raise RefusedError(f"{on:%-d %B %Y} is ahead; record it once it has gone out.")
    external_id = f"paid-back:{key}" if key else None
    with transaction.atomic():
        landing.lock(entity)
        if external_id is not None:
            there = JournalEntry.objects.filter(
                entity=entity, source=EntrySource.PAYMENT, external_id=external_id
            ).first()
            if there is not None:
                _refuse_other(there, client, amount_minor, on)
                return there
        shares = _shares(client, on, amount_minor)
        receivable = Accounts(entity).owed_by(client)
        line = told.decided(
            entity=entity, amount_minor=-amount_minor, on=on, role=AccountRole(receivable.role), line=line,
            apart=apart,
        )  # fmt: skip
        if line is not None and line.account is not None:
            cash_account = line.account
        for payment, share in shares:
            audit.record(
                action="portfolio:payment:refund", subject=payment, by=by, at=at, entity=entity.slug,
                data={"amount_minor": share, "reference": reference},
            )  # fmt: skip
        entry = ledger.post(
            entity=entity,
            on=on,
            memo=f"Paid back to {client}{' ' + reference if reference else ''}"[: ledger.MEMO_LIMIT],
            lines=[ledger.Line(receivable, amount_minor), ledger.Line(cash_account, -amount_minor)],
            source=EntrySource.PAYMENT,
            external_id=external_id,
            by=by,
            at=at,
        )
        for payment, share in shares:
            _went(payment, share, on, entry)
        if line is not None:
            told.stand_for(line=line, entry=entry, by=by, at=at)
    return entry


def undo(
    *,
    refund: PaymentRefund,
    on: dt.date | None,
    came_back: bool,
    reason: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> JournalEntry:
    """Take back that credit was paid back, all that went out by one entry; it stands to the client's credit again.

    Raises:
        RefusedError: Stripe paid it back, or it was taken back before.
        portfolio.domain.taken_back.TakeBackRefusedError: a wrong record would stay in an open month.
        portfolio.domain.ledger.LedgerError: no reason, a day before it, or its month is closed.
    """
    entry = refund.entry
    if entry.source != EntrySource.PAYMENT:
        raise RefusedError("Stripe paid this back; what fails there lands by itself.")
    with transaction.atomic():
        landing.lock(entry.entity)
        rows = list(PaymentRefund.objects.filter(entry=entry).select_related("payment").order_by("pk"))
        list(
            Payment.objects.select_for_update(of=("self",))
            .filter(pk__in=[row.payment_id for row in rows])
            .order_by("pk")
        )
        if JournalEntry.objects.filter(reverses=entry).exists():
            raise RefusedError("This was taken back already.")
        day = taken_back.day(entry=entry, on=on, came_back=came_back, at=at)
        undone = taken_back.reverse(entry=entry, on=day, came_back=came_back, reason=reason, by=by, at=at)
        for row in rows:
            _went(row.payment, -row.amount_minor, day, undone)
            audit.record(
                action="portfolio:payment:refund_undo", subject=row.payment, by=by, at=at, entity=entry.entity.slug,
                data={"amount_minor": row.amount_minor, "reason": reason, "came_back": came_back},
            )  # fmt: skip
    return undone


def candidates_of(*, entity: Entity, lines: Iterable[ImportedLine]) -> dict[int, list[tuple[Client, int]]]:
    """Return by line the clients whose credit it may have paid back, each with that credit, the surest first; one query."""
    standing: list[tuple[Client, int]] = [
        (client, client.credit_minor)
        for client in Client.objects.filter(entity=entity, payments__void_on__isnull=True)
        .annotate(
            credit_minor=Sum(
                F("payments__amount_minor") - F("payments__allocated_minor") - F("payments__refunded_minor")
            )
        )
        .filter(credit_minor__gt=0)
        .order_by("name")
    ]
    found = {}
    for line in lines:
        if line.amount_minor < 0:
            said = line.description.casefold()
            ranked = [
                (client.name.casefold() not in said, credit != -line.amount_minor, client, credit)
                for client, credit in standing
                if credit >= -line.amount_minor
            ]
            ranked.sort(key=lambda row: row[:2])
            found[line.pk] = [(client, credit) for *_, client, credit in ranked]
    return found


def _refuse_other(entry: JournalEntry, client: Client, amount_minor: int, on: dt.date) -> None:
    """Refuse a form that was sent before with something else, or whose deed was undone since."""
    rows = PaymentRefund.objects.filter(entry=entry).values_list("payment__client_id", "amount_minor")
    said = ({whose for whose, _ in rows}, sum(amount for _, amount in rows), entry.on)
    if said != ({client.pk}, amount_minor, on):
        raise RefusedError(
            "This form has recorded another amount, day or client already, and that stands. Open it anew for this one."
        )
    if JournalEntry.objects.filter(reverses=entry).exists():
        raise RefusedError(
            "What this form recorded was undone since. Open the form anew to record it once more."
        )


def _shares(client: Client, on: dt.date, amount_minor: int) -> list[tuple[Payment, int]]:
    """Return how much goes back of which payment, the oldest first, and lock them."""
    shares, left = [], amount_minor
    locked = (
        Payment.objects.select_for_update(of=("self",))
        .filter(client=client, void_on__isnull=True, on__lte=on)
        .select_related("entity")
        .order_by("pk")
    )
    for payment in sorted(locked, key=lambda row: (row.on, row.pk)):
        share = min(left, settling.left_of(payment))
        if share > 0:
            shares.append((payment, share))
            left -= share
    if left > 0:
        credit = format_minor(amount_minor - left, client.entity.currency)
        raise RefusedError(
            f"{credit} stood to the credit of {client} by {on:%-d %B %Y}, so no more is paid back. Where an invoice is not owed "
            "after all, credit it first: what was paid of it stands to their credit then."
        )
    return shares


def _went(payment: Payment, amount_minor: int, on: dt.date, entry: JournalEntry) -> None:
    PaymentRefund.objects.create(
        payment=payment, on=max(on, payment.on), amount_minor=amount_minor, entry=entry
    )
    if not Payment.objects.filter(
        pk=payment.pk,
        void_on__isnull=True,
        allocated_minor__lte=F("amount_minor") - F("refunded_minor") - amount_minor,
    ).update(refunded_minor=F("refunded_minor") + amount_minor):
        raise RefusedError("So much of this payment is not left any more; look at it again.")
