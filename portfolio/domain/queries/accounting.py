"""What an accountant asks of the books beside their balances: proofs, exceptions, and how far the close has come.

Each function reads what it needs of all entities at once, as it stood on a day. Periods are told in months
(`core.months`); the report's own is the last that is whole.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, DateField, F, Max, Q, QuerySet, Value

from core import clock, months
from portfolio.domain import close_checks, expenses, milestones, roll_forward, uncategorised
from portfolio.domain.held import KEPT
from portfolio.domain.queries.books import PeriodFact
from portfolio.domain.receivables import ageing
from portfolio.domain.stripe import payouts
from portfolio.models import (
    AccountRole,
    CloseTick,
    EntrySource,
    EntryState,
    ImportedLine,
    ImportKind,
    JournalEntry,
    PeriodState,
    PlanMilestone,
    Posting,
)
from portfolio.models.account import CASH_ROLES

BANK_KINDS = (ImportKind.BANK_CSV, ImportKind.OFX)
BY_HAND = (
    EntrySource.MANUAL,
    EntrySource.BILL,
    EntrySource.INVOICE,
    EntrySource.PAYMENT,
    EntrySource.REVERSAL,
)
# So many whole months an expense is looked at for, the report's own among them.
AUDIT_MONTHS = 3
IN_USE_DAYS = 30
# What a person ticks in a month's checklist.
TICKS = tuple(close_checks.BY_HAND)

ExpenseLine = expenses.ExpenseLine
Pair = expenses.Pair
duplicates = expenses.duplicates
without_receipt = expenses.without_receipt
Waiting = uncategorised.Waiting
Move = roll_forward.Move
Owed = ageing.Owed
AGES = ageing.BUCKETS
age_of = ageing.bucket_of
Explained = payouts.Explained


def month_of(as_of: dt.date) -> int:
    """Return the last whole month up to a day."""
    this = months.month_of(as_of)
    return this if as_of == months.last_day(this) else this - 1


def expense_lines(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[ExpenseLine, ...]:
    """Return what was paid for in the months under audit and since, with three days before for doubles."""
    first = months.first_day(month_of(as_of) - AUDIT_MONTHS + 1) - dt.timedelta(days=expenses.NEAR_DAYS)
    return expenses.lines(entity_ids=entity_ids, first=first, last=as_of)


def receivables_owed(*, entity_ids: Collection[int], as_of: dt.date) -> Owed:
    """Return what clients owe, invoice by invoice, and what stands to their credit."""
    return ageing.owed_to(entity_ids=entity_ids, as_of=as_of)


def held_moves(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[Move, ...]:
    """Return what moved money held for clients in the months under audit and since."""
    rows = roll_forward.moves_of(
        entity_ids=entity_ids, first=month_of(as_of) - AUDIT_MONTHS + 1, last=months.month_of(as_of)
    )
    return tuple(row for row in rows if row.on <= as_of)


@dataclass(frozen=True, slots=True)
class ClearingMove:
    """What one entry did to the card processor's account; ``gross_minor`` less ``fee_minor`` is what it moved there."""

    entity_id: int
    entry_id: int
    month: int
    on: dt.date
    memo: str
    gross_minor: int
    fee_minor: int
    to_bank: bool


def clearing_moves(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[ClearingMove, ...]:
    """Return the entries that moved the card processor's account in the report's month, the one before, and since."""
    first, last = month_of(as_of) - 1, months.month_of(as_of)
    touched = Posting.objects.filter(
        account__entity__in=entity_ids, account__role=AccountRole.CLEARING, month__range=(first, last),
        entry__state=EntryState.POSTED, entry__on__lte=as_of,
    )  # fmt: skip
    rows = (
        Posting.objects.filter(entry__in=touched.order_by().values("entry_id"))
        .order_by("entry__on", "entry_id", "id")
        .values_list(
            "entry_id", "entry__entity_id", "month", "entry__on", "entry__memo", "account__role", "account__code",
            "amount_minor",
        )
    )  # fmt: skip
    found: dict[int, tuple[int, int, int, dt.date, str]] = {}
    legs: dict[int, list[tuple[str, str, int]]] = {}
    for entry_id, entity_id, month, on, memo, role, code, amount in rows:
        found[entry_id] = (entity_id, entry_id, month, on, memo)
        legs.setdefault(entry_id, []).append((role, code, amount))
    return tuple(ClearingMove(*head, *_clearing(legs[entry_id])) for entry_id, head in found.items())


def _clearing(legs: list[tuple[str, str, int]]) -> tuple[int, int, bool]:
    """Return gross, fee and whether the money went to the bank or came back from it."""
    net = sum(amount for role, _, amount in legs if role == AccountRole.CLEARING)
    to_bank = any(role == AccountRole.CASH for role, _, _ in legs)
    fee = 0 if to_bank else sum(amount for _, code, amount in legs if code == expenses.CARD_FEES)
    return net + fee, fee, to_bank


def clearing_explained(*, entity_ids: Collection[int], as_of: dt.date) -> dict[int, Explained]:
    """Return by entity what of the card processor's account is on its way, waits there, or was left behind."""
    return payouts.explained_of(entity_ids=entity_ids, as_of=as_of)


def waiting_lines(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[Waiting, ...]:
    """Return the bank's lines of twelve months that wait for a category."""
    rows = uncategorised.waiting(
        entity_ids=entity_ids,
        first=month_of(as_of) - 11,
        last=months.month_of(as_of),
        source=EntrySource.BANK,
    )
    return tuple(row for row in rows if row.on <= as_of)


@dataclass(frozen=True, slots=True)
class BehindClose:
    """An entry of a closed month that was posted after the close."""

    entity_id: int
    entry_id: int
    on: dt.date
    memo: str


@dataclass(frozen=True, slots=True)
class CloseFact:
    """A month somebody has reconciled, closed or opened again; ``closed_on`` only while it is closed."""

    entity_id: int
    month: int
    state: str
    closed_on: dt.date | None
    reopen_reason: str


def closes(
    periods: Iterable[PeriodFact], *, zones: Mapping[int, str], as_of: dt.date
) -> tuple[CloseFact, ...]:
    """Return how far the close has come up to a day, each entity's newest month first; ``zones`` are the entities' own."""
    return tuple(
        CloseFact(
            row.entity_id,
            row.month,
            row.state,
            clock.today(zones[row.entity_id], at=row.closed_at)
            if row.state == PeriodState.CLOSED and row.closed_at
            else None,
            row.reopen_reason,
        )
        for row in sorted(periods, key=lambda row: (row.entity_id, -row.month))
        if row.month <= months.month_of(as_of)
    )


def behind_close(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[BehindClose, ...]:
    """Return the entries of closed months up to a day that were posted after the close, oldest first."""
    rows = (
        JournalEntry.objects.filter(
            entity__in=entity_ids,
            month__lte=months.month_of(as_of),
            state=EntryState.POSTED,
            entity__periods__state=PeriodState.CLOSED,
            entity__periods__month=F("month"),
            posted_at__gt=F("entity__periods__closed_at"),
        )
        .order_by("on", "pk")
        .values_list("entity_id", "pk", "on", "memo")
    )
    return tuple(BehindClose(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class Counts:
    """Plain numbers of an entity's month: what of the bank's lines is matched, drafts, ticks, entries, newest day."""

    entity_id: int
    month: int
    what: str
    number: int
    newest: dt.date | None


def counts(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[Counts, ...]:
    """Return the numbers of the report's month and the one before, and how busy the books were lately; one query.

    ``lines`` and ``matched`` are of the bank; ``drafts`` and ``ticks`` of the checklist; ``by_hand`` and ``all`` are
    entries dated within thirty days (month 0). An invoice that landed from a file was made by nobody here.
    """
    month = month_of(as_of)
    first, last = months.first_day(month - 1), months.last_day(month)
    lines = ImportedLine.objects.filter(
        entity__in=entity_ids, kind__in=BANK_KINDS, same_as__isnull=True, on__range=(first, last)
    )
    since = as_of - dt.timedelta(days=IN_USE_DAYS - 1)
    entries = JournalEntry.objects.filter(
        entity__in=entity_ids, state=EntryState.POSTED, on__range=(since, as_of)
    )
    parts = [
        _counted(lines.filter(found, on__range=(months.first_day(of), months.last_day(of))), of, what, "on")
        for of in (month - 1, month)
        for what, found in (("lines", Q()), ("matched", Q(entry__isnull=False)))
    ]
    parts += [
        _counted(
            JournalEntry.objects.filter(entity__in=entity_ids, month=month, state=EntryState.DRAFT),
            month, "drafts", "on",
        ),
        _counted(entries, 0, "all", "on"),
        _counted(
            entries.filter(Q(origin="") | ~Q(source=EntrySource.INVOICE), source__in=BY_HAND), 0, "by_hand", "on"
        ),
        CloseTick.objects.filter(entity__in=entity_ids, month=month, item__in=TICKS)
        .order_by().values("entity_id")
        .annotate(of=Value(month), what=Value("ticks"), number=Count("pk"), newest=Value(None, DateField()))
        .values_list("entity_id", "of", "what", "number", "newest"),
    ]  # fmt: skip
    return tuple(Counts(*row) for row in parts[0].union(*parts[1:], all=True))


def _counted(rows: QuerySet[Any], month: int, what: str, day: str) -> Any:
    return (
        rows.order_by()
        .values("entity_id")
        .annotate(of=Value(month), what=Value(what), number=Count("pk"), newest=Max(day))
        .values_list("entity_id", "of", "what", "number", "newest")
    )


def plan_milestones(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[PlanMilestone, ...]:
    """Return the milestones of the plan to break-even, of the whole portfolio and of these entities."""
    del as_of  # A milestone is a promise; whether it holds on a day is asked of the records of that day.
    return milestones.of_plan(plan="break_even", entity_ids=entity_ids)


__all__ = [
    "AGES",
    "AUDIT_MONTHS",
    "CASH_ROLES",
    "KEPT",
    "TICKS",
    "BehindClose",
    "ClearingMove",
    "CloseFact",
    "Counts",
    "ExpenseLine",
    "Explained",
    "Move",
    "Owed",
    "Pair",
    "Waiting",
    "age_of",
    "behind_close",
    "clearing_explained",
    "clearing_moves",
    "closes",
    "counts",
    "duplicates",
    "expense_lines",
    "held_moves",
    "month_of",
    "plan_milestones",
    "receivables_owed",
    "waiting_lines",
    "without_receipt",
]  # fmt: skip
