"""What deciding on landed lines has in common, whatever file they stand in: accounts, rules, bookings, debts, payouts.

The bank's files land in `portfolio.domain.intake`, Stripe's in `portfolio.domain.stripe`; both decide here.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from django.contrib.auth.models import AbstractBaseUser

from core.money import format_minor
from portfolio.domain import landing, ledger, recognition
from portfolio.domain.accounts import Accounts
from portfolio.domain.landing import LandedFile, NewLine
from portfolio.formats.errors import FormatError
from portfolio.models import (
    Account,
    AccountRole,
    Booking,
    CategoryRule,
    Direction,
    Entity,
    ImportedLine,
    ImportKind,
    Posting,
)

# The kinds of file that tell of a bank account.
BANK_KINDS = (ImportKind.BANK_CSV, ImportKind.OFX)

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*", re.ASCII)


class Desk:
    """What is needed to decide on lines of one entity: accounts, rules, bookings, and who still owes."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self.accounts = Accounts(entity)
        self.rules = [
            (rule, rule.contains.casefold(), self.accounts.by_id[rule.account_id])
            for rule in CategoryRule.objects.filter(entity=entity, active=True).order_by("position", "pk")
            if rule.account_id in self.accounts.by_id
        ]
        self.bookings = {
            booking.reference.casefold(): booking
            for booking in Booking.objects.filter(entity=entity).only("pk", "reference")
        }
        self.touched: dict[int, Booking] = {}
        self.owed: dict[int, int] = {}
        self.due_back: dict[int, int] = {}

    def booking_in(self, text: str) -> Booking | None:
        """Return the first booking that a text names by its whole reference, and note that it is touched."""
        booking = self.named(text)
        if booking is not None:
            self.touched[booking.pk] = booking
        return booking

    def named(self, text: str) -> Booking | None:
        """Return the first booking that a text names by its whole reference."""
        for word in _WORD.findall(text) if self.bookings else ():
            booking = self.bookings.get(word.casefold().rstrip("._/-"))
            if booking is not None:
                return booking
        return None

    def look_up_debts(self) -> None:
        """Read what the bookings seen so far owe and are owed back: what lands for them clears that first."""
        self.owed = recognition.receivable_by_booking(booking_ids=self.touched)
        self.due_back = recognition.refunds_due_by_booking(booking_ids=self.touched)

    def by_rule(self, description: str, amount_minor: int) -> Account | None:
        """Return the account of the first rule that catches a line."""
        folded = description.casefold()
        return next(
            (
                account
                for rule, text, account in self.rules
                if text in folded and in_reach(rule, amount_minor)
            ),
            None,
        )

    def from_client(self, booking: Booking, amount_minor: int, deposit: bool) -> list[ledger.Line]:
        """Credit money a client paid, or debit what went back: debts and refunds owed first, then what is held."""
        if amount_minor > 0:
            open_minor, first = self.owed, AccountRole.RECEIVABLE
        else:
            open_minor, first = self.due_back, AccountRole.REFUNDS_DUE
        size = min(abs(amount_minor), open_minor.get(booking.pk, 0))
        cleared = size if amount_minor > 0 else -size
        lines = []
        if cleared:
            open_minor[booking.pk] -= size
            lines.append(ledger.Line(self.accounts.of(first), -cleared, booking))
        if amount_minor != cleared:
            role = AccountRole.DEPOSITS_HELD if deposit else AccountRole.DEFERRED
            lines.append(ledger.Line(self.accounts.of(role), cleared - amount_minor, booking))
        return lines


def in_reach(rule: CategoryRule, amount_minor: int) -> bool:
    """Tell whether an amount goes the way of a rule and is of its size."""
    size = abs(amount_minor)
    if rule.direction != Direction.ANY and (rule.direction == Direction.IN) != (amount_minor > 0):
        return False
    return (rule.at_least_minor is None or size >= rule.at_least_minor) and (
        rule.at_most_minor is None or size <= rule.at_most_minor
    )


def match_payouts(
    desk: Desk, lines: Iterable[NewLine], others: Collection[ImportKind], sign: int, name: str
) -> int:
    """Give lines that name a payout the entry that the other side's line of it made; return how many.

    ``others`` are the kinds of the other side: the bank's (`BANK_KINDS`) or Stripe's. A bank's line whose payout is in the
    books on another account than its own waits.

    Raises:
        FormatError: the other file's line of that payout has another amount.
    """
    waiting = list(lines)
    ids = [line.payout_id for line in waiting]
    landed: dict[str, list[ImportedLine]] = defaultdict(list)
    for start in range(0, len(ids), 900):
        for found in ImportedLine.objects.filter(
            entity=desk.entity,
            kind__in=others,
            payout_id__in=ids[start : start + 900],
            entry__isnull=False,
            same_as__isnull=True,
        ).select_related("file"):
            landed[found.payout_id].append(found)
    taken: set[int | None] = set(
        ImportedLine.objects.exclude(kind__in=others)
        .filter(entry__in=[found.entry_id for group in landed.values() for found in group])
        .values_list("entry_id", flat=True)
    )
    stands_on = set(
        Posting.objects.filter(
            entry__in=[found.entry_id for group in landed.values() for found in group],
            account__in={line.account_id for line in waiting if line.account_id is not None},
        ).values_list("entry_id", "account_id")
    )
    matched = 0
    for line in waiting:
        free = [found for found in landed[line.payout_id] if found.entry_id not in taken]
        for found in free:
            if found.amount_minor == sign * line.amount_minor:
                if line.account_id is not None and (found.entry_id, line.account_id) not in stands_on:
                    line.waits = True
                    break
                line.entry_id = found.entry_id
                taken.add(found.entry_id)
                matched += 1
                break
        else:
            if free:
                currency = desk.entity.currency
                raise FormatError(
                    file=name,
                    line=line.line,
                    column="amount",
                    reason=f"payout {line.payout_id} is {format_minor(abs(line.amount_minor), currency)} here and "
                    f"{format_minor(abs(free[0].amount_minor), currency)} in {_told_by(free[0])}",
                    fix="export both files again",
                )
    return matched


def _told_by(line: ImportedLine) -> str:
    return f"{line.file.name} line {line.line}" if line.file is not None else "what Stripe told"


def account_coded(accounts: Accounts, code: str, line: int, name: str) -> Account:
    """Return the account of a chart's code, which a file's line names.

    Raises:
        FormatError: the chart has no such code.
    """
    for account in accounts.by_id.values():
        if account.code == code:
            return account
    raise FormatError(
        file=name,
        line=line,
        column="account",
        reason=f"{accounts.entity.name} has no account {code}",
        fix="add it to the chart of accounts or correct the code",
    )


def kept(
    desk: Desk, kind: ImportKind, name: str, data: bytes, lines: Sequence[NewLine], new: Sequence[NewLine],
    by: AbstractBaseUser | None, at: dt.datetime, *, matched: int, uncategorised: int,
) -> LandedFile:  # fmt: skip
    """Keep a file of one entity with its new lines and say what landing it did."""
    file = landing.keep(
        entity=desk.entity, kind=kind, name=name, data=data, lines=[(desk.entity, line) for line in new],
        read=len(lines), covers_to=max((line.on for line in lines), default=None), by=by, at=at,
    )  # fmt: skip
    return LandedFile(file, len(lines), len(new), matched, uncategorised)


def kept_many(
    kind: ImportKind, name: str, data: bytes, read: int, kept: Sequence[tuple[Entity, NewLine]],
    covers_to: dt.date | None, by: AbstractBaseUser | None, at: dt.datetime,
) -> LandedFile:  # fmt: skip
    """Keep a file that holds several entities, with its new lines and whose each is."""
    file = landing.keep(
        entity=None, kind=kind, name=name, data=data, lines=kept, read=read, covers_to=covers_to, by=by, at=at
    )
    return LandedFile(file, read, len(kept))


def is_deposit(description: str) -> bool:
    """Tell whether a payment is a refundable deposit, or such a deposit going back, by its own words."""
    return description.casefold().startswith(("deposit", "refund of deposit", "security deposit"))
