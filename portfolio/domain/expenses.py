"""Looking through expenses: what was paid for, what looks paid twice, what lacks its receipt, and what was said of it.

An entry never changes. What a person says of it is a flag beside it: personal use, no duplicate, needs no receipt. A flag
can be taken back, which the trail keeps.
"""

import datetime as dt
import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from core import audit, months
from portfolio.domain import accounts
from portfolio.models import (
    Account,
    AccountKind,
    AccountRole,
    Assumption,
    AssumptionKey,
    Entity,
    EntryDocument,
    EntrySource,
    EntryState,
    ExpenseFlag,
    FlagKind,
    JournalEntry,
    Posting,
)

# Two payments of one amount to one payee are looked at when they lie so close.
NEAR_DAYS = 3
# From this much a payment needs a receipt, unless the assumption says otherwise.
RECEIPT_FROM_MINOR = 25_000
NOTE_LIMIT = 200
CARD_FEES = accounts.CARD_FEES
# Entries by which somebody was paid; a card processor's fees stand on its own statement.
PAID_BY = (EntrySource.BANK, EntrySource.BILL, EntrySource.MANUAL, EntrySource.PAYMENT, EntrySource.JOURNAL)
_WITH_DIGITS = re.compile(r"\S*\d\S*")
_NO_FLAGS: Mapping[str, str] = MappingProxyType({})


class FlagRefusedError(Exception):
    """A flag that cannot be set or taken back; the message is a sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class ExpenseLine:
    """One payment for something: a posting on an expense account that nothing took back.

    ``proven`` tells whether its entry has a document, ``flags`` what was said of it, by kind with the note.
    """

    posting_id: int
    entry_id: int
    entity_id: int
    account_id: int
    month: int
    on: dt.date
    amount_minor: int
    words: str
    booking_id: int | None
    proven: bool
    flags: Mapping[str, str] = field(default_factory=lambda: _NO_FLAGS)

    @property
    def payee(self) -> str:
        """Return who was paid as far as the words tell: without numbers, in small letters."""
        return " ".join(_WITH_DIGITS.sub(" ", self.words).casefold().split())


@dataclass(frozen=True, slots=True)
class Pair:
    """A payment that looks like another shortly before it."""

    first: ExpenseLine
    second: ExpenseLine


def lines(*, entity_ids: Collection[int], first: dt.date, last: dt.date) -> tuple[ExpenseLine, ...]:
    """Return what was paid for on some days, the oldest first; one query.

    What was reversed is left out, and so is depreciation: nobody is paid.
    """
    undone = JournalEntry.objects.filter(reverses=OuterRef("entry"))
    proof = EntryDocument.objects.filter(entry=OuterRef("entry"))
    rows = (
        Posting.objects.filter(
            ~Exists(undone),
            ~Q(account__role=AccountRole.DEPRECIATION),
            account__entity__in=entity_ids,
            account__kind=AccountKind.EXPENSE,
            month__range=(months.month_of(first), months.month_of(last)),
            amount_minor__gt=0,
            entry__state=EntryState.POSTED,
            entry__source__in=PAID_BY,
            entry__on__range=(first, last),
        )
        .order_by("entry__on", "pk")
        .values_list(
            "pk", "entry_id", "entry__entity_id", "account_id", "month", "entry__on", "amount_minor", "entry__memo",
            "booking_id", Exists(proof), "entry__expense_flags__kind", "entry__expense_flags__note",
        )
    )  # fmt: skip
    found: list[ExpenseLine] = []
    # Large books have tens of thousands of such rows, and few days and words.
    same: dict[Any, Any] = {}
    for pk, entry, entity, account, month, day, amount, memo, booking, proven, kind, note in rows.iterator():
        flags = {} if kind is None else {kind: note}
        if found and found[-1].posting_id == pk:
            found[-1] = replace(found[-1], flags={**found[-1].flags, **flags})
            continue
        on, words = same.setdefault(day, day), same.setdefault(memo, memo)
        found.append(
            ExpenseLine(
                pk, entry, entity, account, month, on, amount, words, booking, proven, flags or _NO_FLAGS
            )
        )
    return tuple(found)


def duplicates(found: Iterable[ExpenseLine]) -> tuple[Pair, ...]:
    """Return payments of one amount to one payee that lie within three days, and of which nobody said they are two.

    Payments for two bookings are two.
    """
    worth: dict[tuple[int, int, int | None], list[ExpenseLine]] = defaultdict(list)
    for line in found:
        worth[line.entity_id, line.amount_minor, line.booking_id].append(line)
    # Who was paid is read from the words, and only where there is another of the same amount.
    alike: dict[tuple[int, int, int | None, str], list[ExpenseLine]] = defaultdict(list)
    for key, lines_of in worth.items():
        if len(lines_of) > 1:
            for line in lines_of:
                alike[*key, line.payee].append(line)
    pairs = []
    for rows in alike.values():
        for before, after in itertools.pairwise(rows):
            if (
                before.entry_id != after.entry_id
                and (after.on - before.on).days <= NEAR_DAYS
                and FlagKind.DUPLICATE_OK not in after.flags
            ):
                pairs.append(Pair(before, after))
    return tuple(sorted(pairs, key=lambda pair: (pair.second.on, pair.second.posting_id)))


def without_receipt(
    found: Iterable[ExpenseLine], *, least_minor: int = RECEIPT_FROM_MINOR
) -> tuple[ExpenseLine, ...]:
    """Return the payments that need a document and have none; nobody said that they need none."""
    return tuple(
        line
        for line in found
        if line.amount_minor >= least_minor
        and not line.proven
        and FlagKind.RECEIPT_NOT_NEEDED not in line.flags
    )


def flag(
    *, entry: JournalEntry, kind: FlagKind, note: str, by: AbstractBaseUser | None, at: dt.datetime
) -> ExpenseFlag:
    """Say a word of an expense, with the reason.

    Raises:
        FlagRefusedError: it is said already, the note is missing or too long, or the entry pays for nothing.
    """
    said = " ".join(note.split())
    if not said:
        raise FlagRefusedError("Say in a few words why; the note is kept with the entry.")
    if len(said) > NOTE_LIMIT or not said.isprintable():
        raise FlagRefusedError(f"Keep the note to {NOTE_LIMIT} characters, all of them printable.")
    if entry.state != EntryState.POSTED or not _pays(entry):
        raise FlagRefusedError("Only a posted entry that pays for something can be spoken of as an expense.")
    try:
        with transaction.atomic():
            made = ExpenseFlag.objects.create(
                entry=entry, kind=kind, note=said, by_id=by.pk if by is not None else None, at=at
            )
            audit.record(
                action="portfolio:expense:flag", subject=made, by=by, at=at, entity=entry.entity.slug,
                data={"entry": entry.pk, "kind": str(kind), "note": said},
            )  # fmt: skip
    except IntegrityError as error:
        raise FlagRefusedError("That is said of this entry already.") from error
    return made


def _pays(entry: JournalEntry) -> bool:
    return Posting.objects.filter(entry=entry, account__kind=AccountKind.EXPENSE, amount_minor__gt=0).exists()


def unflag(*, flag: ExpenseFlag, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Take back what was said of an expense.

    Raises:
        FlagRefusedError: somebody took it back meanwhile.
    """
    with transaction.atomic():
        audit.record(
            action="portfolio:expense:unflag", subject=flag, by=by, at=at, entity=flag.entry.entity.slug,
            data={"entry": flag.entry_id, "kind": flag.kind, "note": flag.note},
        )  # fmt: skip
        gone, _ = ExpenseFlag.objects.filter(pk=flag.pk).delete()
        if not gone:
            raise FlagRefusedError("Somebody took that back meanwhile; look at the list again.")


@dataclass(frozen=True, slots=True)
class Audited:
    """A payment as its page shows it: from which account, like which one before, whether a receipt is missing, what was said."""

    line: ExpenseLine
    account: str
    double: ExpenseLine | None
    unproven: bool
    flags: tuple[ExpenseFlag, ...]


def audited(*, entity: Entity, month: int, as_of: dt.date) -> list[Audited]:
    """Return what an entity paid for in a month, the newest first, as it looks on a day; four queries."""
    first = months.first_day(month)
    found = lines(
        entity_ids=[entity.pk], first=first - dt.timedelta(days=NEAR_DAYS), last=months.last_day(month)
    )
    names = {row.pk: str(row) for row in Account.objects.filter(entity=entity, kind=AccountKind.EXPENSE)}
    flags: dict[int, list[ExpenseFlag]] = defaultdict(list)
    for row in ExpenseFlag.objects.filter(entry__entity=entity, entry__month=month).select_related("by"):
        flags[row.entry_id].append(row)
    twice = {pair.second.posting_id: pair.first for pair in duplicates(found)}
    own = [line for line in found if line.month == month]
    unproven = {line.posting_id for line in without_receipt(own, least_minor=least_minor(as_of=as_of))}
    return [
        Audited(
            line, names[line.account_id], twice.get(line.posting_id), line.posting_id in unproven,
            tuple(flags[line.entry_id]),
        )
        for line in reversed(own)
    ]  # fmt: skip


def least_minor(*, as_of: dt.date) -> int:
    """Return the sum from which a payment needs a receipt, as assumed on a day."""
    row = (
        Assumption.objects.filter(key=AssumptionKey.RECEIPT_FROM, effective_on__lte=as_of)
        .order_by("-effective_on")
        .first()
    )
    return RECEIPT_FROM_MINOR if row is None else row.value
