"""Bills: entered into the books the day they come, paid in parts or whole, voided by reversal.

A bill debits the accounts of its lines and credits payables; a payment debits payables and credits a bank account or a card. What
is paid of a bill is kept on it, and the database lets it pass the total by no payment (``bill_settled_within_total``).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Q

from core import audit, clock, months
from core.money import format_minor
from portfolio.domain import cards, landing, ledger, taken_back, told
from portfolio.domain.accounts import Accounts
from portfolio.models import (
    Account,
    AccountRole,
    Bill,
    BillLine,
    BillPayment,
    Booking,
    Entity,
    EntrySource,
    ImportedLine,
    Vendor,
)
from portfolio.models.account import CASH_ROLES

# What the entry is called that takes a bill off what the opening brought; the bill's key follows.
VOIDED = "void:bill:"


class BillRefusedError(ledger.LedgerError):
    """A bill or payment that cannot be as asked; the message is a sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class LineDraft:
    """What a part of a bill is for; a negative amount is a discount or a return."""

    account: Account
    amount_minor: int
    description: str = ""
    booking: Booking | None = None


def enter(
    *,
    vendor: Vendor,
    reference: str,
    issued_on: dt.date,
    due_on: dt.date,
    lines: Sequence[LineDraft],
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> Bill:
    """Enter a vendor's bill and post it; entering the same bill again returns the first.

    Raises:
        BillRefusedError: it has no reference or no lines, is due before it was written, adds up to nothing, or another
            bill of this vendor bears its reference.
        portfolio.domain.ledger.LedgerError: an account is another entity's, or the month is closed.
    """
    reference, total = reference.strip(), sum(line.amount_minor for line in lines)
    if not reference:
        raise BillRefusedError("A bill needs the vendor's own number; without one, write its date.")
    if due_on < issued_on:
        raise BillRefusedError(
            f"The bill is due on {months.spelled(due_on)}, before it was written on {months.spelled(issued_on)}; check both dates."
        )
    if total <= 0:
        raise BillRefusedError("The lines of a bill add up to more than nothing; enter what it asks for.")
    entity = vendor.entity
    with transaction.atomic():
        _lock(vendor)
        there = Bill.objects.filter(vendor=vendor, reference=reference, void_on__isnull=True).first()
        if there is not None:
            return _same(there, vendor, issued_on, due_on, lines)
        again = Bill.objects.filter(vendor=vendor, reference=reference).count()
        entry = ledger.post(
            entity=entity,
            on=issued_on,
            memo=f"Bill {reference} of {vendor.name}"[: ledger.MEMO_LIMIT],
            lines=[
                *(
                    ledger.Line(line.account, line.amount_minor, line.booking, line.description)
                    for line in lines
                ),
                ledger.Line(Accounts(entity).owed_to(vendor), -total),
            ],
            source=EntrySource.BILL,
            external_id=f"bill:{vendor.pk}:{reference}" + (f":{again}" if again else ""),
            by=by,
            at=at,
        )
        bill = Bill.objects.create(
            entity=entity, vendor=vendor, reference=reference, issued_on=issued_on, due_on=due_on,
            total_minor=total, entry=entry,
        )  # fmt: skip
        BillLine.objects.bulk_create(
            BillLine(
                bill=bill, position=position, account=line.account, amount_minor=line.amount_minor,
                description=line.description, booking=line.booking,
            )
            for position, line in enumerate(lines, start=1)
        )  # fmt: skip
        audit.record(
            action="portfolio:bill:enter", subject=bill, by=by, at=at, entity=entity.slug,
            data={"vendor": vendor.name, "reference": reference, "total_minor": total},
        )  # fmt: skip
    return bill


def pay(
    *,
    bill: Bill,
    on: dt.date,
    amount_minor: int,
    account: Account,
    reference: str = "",
    line: ImportedLine | None = None,
    apart: bool = False,
    others: bool = False,
    key: str = "",
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> BillPayment:
    """Record that a bill was paid, whole or in part, from a bank account or by card; the same ``key`` again returns the first.

    ``line`` is the bank's line of it, whose entry it replaces; ``apart`` says that it is other money than any line near it.
    ``others`` says that what is more than the bill pays the vendor's other open bills, those due first, by the same entry.

    Raises:
        BillRefusedError: it is void, the amount is not more than nothing or more than what is open, the day is ahead, or
            the account neither holds cash nor is a card.
        portfolio.domain.told.ToldError: a statement told of it, and its line was not chosen, or cannot be.
        portfolio.domain.ledger.LedgerError: the month is closed.
    """
    entity, vendor = bill.entity, bill.vendor
    _check_cash(account, entity)
    if amount_minor <= 0:
        raise BillRefusedError("A payment is more than nothing; enter what was paid.")
    if on > clock.today(entity.zone, at=at):
        raise BillRefusedError(f"{on:%-d %B %Y} is ahead; record the payment once it has gone out.")
    external_id = f"bill-payment:{key}" if key else None
    with transaction.atomic():
        landing.lock(entity)
        if external_id is not None:
            # Whoever presses twice waits here for the first press, and then finds what it made.
            _lock(vendor)
            made = BillPayment.objects.filter(
                entity=entity, entry__source=EntrySource.PAYMENT, entry__external_id=external_id
            )
            there = made.order_by("pk").first()
            if there is not None:
                total = sum(made.values_list("amount_minor", flat=True))
                if (there.bill_id, total, there.on) != (bill.pk, amount_minor, on):
                    raise BillRefusedError(
                        "This form has recorded another payment already, and that one stands. Open the bill anew for this one."
                    )
                if there.void_on is not None:
                    raise BillRefusedError(
                        "What this form recorded was reversed since. Open the bill anew to record it once more."
                    )
                return there
        owed = Accounts(entity).owed_to(vendor)
        line = told.decided(
            entity=entity,
            amount_minor=-amount_minor,
            on=on,
            role=AccountRole(owed.role),
            line=line,
            apart=apart,
        )
        if line is not None and line.account is not None:
            account = line.account
            _check_cash(account, entity)
        shares = _shares(bill, amount_minor, others)
        for one, share in shares:
            _settle(one, share, on, entity)
        entry = ledger.post(
            entity=entity,
            on=on,
            memo=f"Paid {vendor.name}, {_named(shares)}"[: ledger.MEMO_LIMIT],
            lines=[
                ledger.Line(owed, amount_minor),
                ledger.Line(account, -amount_minor, memo=reference),
            ],
            source=EntrySource.PAYMENT,
            external_id=external_id,
            by=by,
            at=at,
        )
        payments = [
            BillPayment.objects.create(
                entity=entity, vendor=vendor, bill=one, on=on, amount_minor=share, reference=reference, entry=entry,
                imported_line=line if one.pk == bill.pk else None,
            )
            for one, share in shares
        ]  # fmt: skip
        if line is not None:
            told.stand_for(line=line, entry=entry, by=by, at=at)
        for one, share in shares:
            audit.record(
                action="portfolio:bill:pay", subject=one, by=by, at=at, entity=entity.slug,
                data={"amount_minor": share, "on": on.isoformat(), "entry": entry.pk},
            )  # fmt: skip
    return payments[0]


def void(*, bill: Bill, on: dt.date, reason: str, by: AbstractBaseUser | None, at: dt.datetime) -> Bill:
    """Take a bill that nobody has paid out of the books by reversing its entry, or off what the opening brought.

    Raises:
        BillRefusedError: something is paid of it, or it is void already.
        portfolio.domain.ledger.LedgerError: no reason is given, or the month is closed.
    """
    with transaction.atomic():
        if not Bill.objects.filter(pk=bill.pk, settled_minor=0, void_on__isnull=True).update(void_on=on):
            now = Bill.objects.get(pk=bill.pk)
            raise BillRefusedError(
                f"Bill {bill.reference} is void already."
                if now.void_on
                else f"{format_minor(now.settled_minor, bill.entity.currency)} of bill {bill.reference} is paid; "
                "reverse the payments first."
            )
        if bill.brought_forward:
            _give_back(bill, on, reason, by, at)
        else:
            ledger.reverse(entry=bill.entry, on=on, reason=reason, by=by, at=at)
        audit.record(
            action="portfolio:bill:void", subject=bill, by=by, at=at, entity=bill.entity.slug,
            data={"reference": bill.reference, "reason": reason},
        )  # fmt: skip
    return Bill.objects.get(pk=bill.pk)


def take_back(
    *,
    payment: BillPayment,
    on: dt.date | None,
    came_back: bool = False,
    reason: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Take a payment back, with what the same entry paid of other bills; they are open again by that much.

    ``came_back`` says that the money did (a returned check); otherwise the record was wrong, and its bank line is free
    for what it was of. Without a day it is today, or the payment's own where the record was wrong and its month is open.

    Raises:
        BillRefusedError: it is reversed already.
        portfolio.domain.taken_back.TakeBackRefusedError: a wrong record would stay in an open month.
        portfolio.domain.ledger.LedgerError: no reason is given, or the month is closed.
    """
    entity = payment.entity
    with transaction.atomic():
        landing.lock(entity)
        on = taken_back.day(entry=payment.entry, on=on, came_back=came_back, at=at)
        rows = list(BillPayment.objects.filter(entry=payment.entry_id).order_by("pk"))
        undone = BillPayment.objects.filter(pk__in=[row.pk for row in rows], void_on__isnull=True)
        if undone.update(void_on=on) != len(rows):
            raise BillRefusedError("This payment is reversed already.")
        for row in rows:
            Bill.objects.filter(pk=row.bill_id).update(
                settled_minor=F("settled_minor") - row.amount_minor, settled_on=None
            )
        taken_back.reverse(entry=payment.entry, on=on, came_back=came_back, reason=reason, by=by, at=at)
        for row in rows:
            audit.record(
                action="portfolio:bill:take_back", subject=row, by=by, at=at, entity=entity.slug,
                data={"amount_minor": row.amount_minor, "reason": reason, "came_back": came_back},
            )  # fmt: skip


def _give_back(bill: Bill, on: dt.date, reason: str, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Take a bill that came with the opening off what is owed: the opening itself stays as it is."""
    if not reason.strip():
        raise BillRefusedError(f"Voiding bill {bill.reference} needs a reason; say why.")
    ledger.post(
        entity=bill.entity, on=on, memo=f"Void: bill {bill.reference} of {bill.vendor.name}"[: ledger.MEMO_LIMIT],
        lines=[
            ledger.Line(Accounts(bill.entity).owed_to(bill.vendor), bill.total_minor),
            *(ledger.Line(line.account, -line.amount_minor) for line in bill.lines.select_related("account")),
        ],
        source=EntrySource.MANUAL, external_id=f"{VOIDED}{bill.pk}", by=by, at=at,
    )  # fmt: skip


def _shares(bill: Bill, amount_minor: int, others: bool) -> list[tuple[Bill, int]]:
    """Return how much is paid of which bill: all of the one, or what is more than it of the vendor's others, too."""
    now = Bill.objects.get(pk=bill.pk)
    left = now.total_minor - now.settled_minor
    if not others or amount_minor <= left or now.void_on is not None:
        return [(bill, amount_minor)]
    if not left:
        raise BillRefusedError(f"Bill {bill.reference} is paid; record the payment on one that is open.")
    shares, rest = [(bill, left)], amount_minor - left
    opened = Bill.objects.filter(vendor=bill.vendor_id, void_on=None, settled_minor__lt=F("total_minor"))
    for other in opened.exclude(pk=bill.pk).order_by("due_on", "pk"):
        share = min(rest, other.total_minor - other.settled_minor)
        if share:
            shares.append((other, share))
            rest -= share
    if rest:
        currency = bill.entity.currency
        raise BillRefusedError(
            f"{format_minor(amount_minor - rest, currency)} of all bills of {bill.vendor.name} is open; "
            f"{format_minor(amount_minor, currency)} is more than that."
        )
    return shares


def _settle(bill: Bill, share: int, on: dt.date, entity: Entity) -> None:
    """Let so much of a bill be paid, in the caller's transaction."""
    settled = Bill.objects.filter(
        Q(settled_minor__lte=F("total_minor") - share), pk=bill.pk, void_on__isnull=True
    ).update(settled_minor=F("settled_minor") + share)
    now = Bill.objects.get(pk=bill.pk)
    if not settled:
        raise BillRefusedError(_why_not_paid(now, share, entity))
    if now.settled_minor == now.total_minor:
        Bill.objects.filter(pk=bill.pk).update(settled_on=on)


def _named(shares: Sequence[tuple[Bill, int]]) -> str:
    references = ", ".join(bill.reference for bill, _ in shares)
    return f"{'bill' if len(shares) == 1 else 'bills'} {references}"


def _lock(vendor: Vendor) -> None:
    """Let one pen at a time write for a vendor, and read again whether it is a sister."""
    locked = Vendor.objects.select_for_update().filter(pk=vendor.pk)
    vendor.sister_id = locked.values_list("sister_id", flat=True).get()


def _check_cash(account: Account, entity: Entity) -> None:
    if account.entity_id != entity.pk or not (account.role in CASH_ROLES or cards.is_card(account)):
        raise BillRefusedError(
            f"{account} holds no cash of {entity.name} and is none of its cards; choose the account the money left. A card is "
            "marked as one on the page of its account."
        )


def _same(
    bill: Bill, vendor: Vendor, issued_on: dt.date, due_on: dt.date, lines: Sequence[LineDraft]
) -> Bill:
    asked = [
        (line.account.pk, line.amount_minor, line.description, line.booking.pk if line.booking else None)
        for line in lines
    ]
    if (bill.issued_on, bill.due_on) != (issued_on, due_on) or asked != list(
        bill.lines.values_list("account", "amount_minor", "description", "booking")
    ):
        raise BillRefusedError(
            f"{vendor.name} has a bill {bill.reference} already, of {months.spelled(bill.issued_on)} over "
            f"{format_minor(bill.total_minor, bill.entity.currency)}; void that one, or give this one its own number."
        )
    return bill


def _why_not_paid(bill: Bill, amount_minor: int, entity: Entity) -> str:
    if bill.void_on:
        return f"Bill {bill.reference} is void since {months.spelled(bill.void_on)}; nothing is owed for it."
    return (
        f"{format_minor(bill.total_minor - bill.settled_minor, entity.currency)} of bill {bill.reference} is open; "
        f"{format_minor(amount_minor, entity.currency)} is more than that."
    )
