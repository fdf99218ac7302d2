"""The books: entities, accounts, what they moved, the postings behind a figure, and how fresh their sources are."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Max, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from core import months
from portfolio.domain import uncategorised
from portfolio.models import (
    Account,
    Entity,
    EntryState,
    HandoffFile,
    ImportedLine,
    JournalEntry,
    MonthlyBalance,
    Period,
    PeriodState,
    Posting,
    SampleMark,
)
from portfolio.models.account import CASH_ROLES


@dataclass(frozen=True, slots=True)
class EntityFact:
    """An entity, as reports name it; ``number`` and ``head`` say where its chain of entries has come to, 0 and "" in
    empty books.
    """

    id: int
    slug: str
    name: str
    kind: str
    zone: str
    currency: str
    number: int
    head: str


@dataclass(frozen=True, slots=True)
class AccountFact:
    """An account and what it is for; one that is not ``active`` takes no new entries."""

    id: int
    entity_id: int
    code: str
    name: str
    kind: str
    role: str
    active: bool


@dataclass(frozen=True, slots=True)
class Movement:
    """What one account did in one month: net debit, gross sides, and the cash it explains."""

    net: int = 0
    debit: int = 0
    credit: int = 0
    cash: int = 0


@dataclass(frozen=True, slots=True)
class PeriodFact:
    """A month somebody has reconciled or closed, with what its bank statement said; None where nobody noted it."""

    entity_id: int
    month: int
    state: str
    statement_minor: int | None


@dataclass(frozen=True, slots=True)
class Freshness:
    """The last date that one kind of source covers, for one entity."""

    entity_id: int
    kind: str
    fresh_to: dt.date


def entities(*, only: Collection[int] | None = None) -> tuple[EntityFact, ...]:
    """Return active entities, by slug, each with the head of its books; ``only`` limits them to those ids."""
    rows = Entity.objects.filter(active=True).annotate(
        last_number=Coalesce("chain__number", 0), head=Coalesce("chain__head", Value(""))
    )
    if only is not None:
        rows = rows.filter(pk__in=only)
    return tuple(
        EntityFact(*row)
        for row in rows.values_list("id", "slug", "name", "kind", "zone", "currency", "last_number", "head")
    )


def uncategorised_lines(*, entity_ids: Collection[int], month: int) -> int:
    """Return how many lines of a month wait for a category, also where they add up to nothing."""
    return uncategorised.lines_of(entity_ids=entity_ids, first=month, last=month)


def accounts(*, entity_ids: Collection[int]) -> tuple[AccountFact, ...]:
    """Return the chart of accounts of these entities."""
    rows = Account.objects.filter(entity_id__in=entity_ids).values_list(
        "id", "entity_id", "code", "name", "kind", "role", "active"
    )
    return tuple(AccountFact(*row) for row in rows)


def movements(*, entity_ids: Collection[int], as_of: dt.date) -> dict[tuple[int, int], Movement]:
    """Return each account's movement by month up to a date, from the monthly balances.

    Two queries: the balances, and whatever in the last month is dated after ``as_of``, taken off again.
    """
    last = months.month_of(as_of)
    found = {
        (account, month): Movement(debit - credit, debit, credit, cash)
        for account, month, debit, credit, cash in MonthlyBalance.objects.filter(
            account__entity_id__in=entity_ids, month__lte=last
        ).values_list("account_id", "month", "debit_minor", "credit_minor", "cash_minor")
    }
    if as_of == months.last_day(last):
        return found
    late: dict[int, list[tuple[int, str, int]]] = defaultdict(list)
    for entry, account, role, amount in Posting.objects.filter(
        entry__entity_id__in=entity_ids,
        entry__month=last,
        entry__on__gt=as_of,
        entry__state=EntryState.POSTED,
    ).values_list("entry_id", "account_id", "account__role", "amount_minor"):
        late[entry].append((account, role, amount))
    for lines in late.values():
        touches_cash = any(role in CASH_ROLES for _, role, _ in lines)
        for account, _, amount in lines:
            # A posting made between the two reads is not among the balances; the report is worked out again then.
            before = found.get((account, last), Movement())
            found[account, last] = Movement(
                before.net - amount,
                before.debit - max(amount, 0),
                before.credit - max(-amount, 0),
                before.cash + (amount if touches_cash else 0),
            )
    return found


def postings(
    *,
    accounts: Collection[int],
    first_month: int,
    end_month: int,
    until: dt.date,
    up_to: Mapping[int, int],
    cash_only: bool = False,
    side: str = "",
    bookings: Collection[int] | None = None,
    since: dt.date | None = None,
) -> QuerySet[Posting]:
    """Return the sealed postings behind a figure: months half-open, dated from ``since`` up to ``until``, entries of
    each entity in ``up_to`` up to that number; ``cash_only`` keeps those of entries that touch cash, ``side`` debits or credits alone.
    """
    seen = Q(pk__in=())
    for entity_id, number in up_to.items():
        seen |= Q(entry__entity_id=entity_id, entry__number__lte=number)
    rows = Posting.objects.filter(
        seen,
        account_id__in=accounts,
        month__gte=first_month,
        month__lt=end_month,
        entry__state=EntryState.POSTED,
        entry__on__lte=until,
    )
    if cash_only:
        rows = rows.filter(
            entry_id__in=Posting.objects.filter(account__role__in=CASH_ROLES).values("entry_id")
        )
    if side == "debit":
        rows = rows.filter(amount_minor__gt=0)
    elif side == "credit":
        rows = rows.filter(amount_minor__lt=0)
    if bookings is not None:
        rows = rows.filter(booking_id__in=bookings)
    if since is not None:
        rows = rows.filter(entry__on__gte=since)
    return rows.select_related("entry", "account", "entry__entity").order_by("entry__on", "id")


def total(rows: QuerySet[Posting]) -> int:
    """Return the sum of postings in minor units, debit positive."""
    return rows.order_by().aggregate(total=Sum("amount_minor"))["total"] or 0


def periods(*, entity_ids: Collection[int]) -> tuple[PeriodFact, ...]:
    """Return the months that are reconciled or closed."""
    rows = Period.objects.filter(
        entity_id__in=entity_ids, state__in=[PeriodState.RECONCILED, PeriodState.CLOSED]
    ).values_list("entity_id", "month", "state", "statement_minor")
    return tuple(PeriodFact(*row) for row in rows)


def first_entry_on() -> dt.date | None:
    """Return the date of the oldest sealed entry, or None in an empty book."""
    return (
        JournalEntry.objects.filter(state=EntryState.POSTED)
        .order_by("on")
        .values_list("on", flat=True)
        .first()
    )


def freshness(*, entity_ids: Collection[int]) -> tuple[Freshness, ...]:
    """Return, per entity and kind of source, the last date it covers; ``handoff`` is the note's own date."""
    landed = (
        ImportedLine.objects.filter(entity_id__in=entity_ids)
        .values("entity_id", "kind")
        .annotate(fresh_to=Max("on"))
        .order_by()
        .values_list("entity_id", "kind", "fresh_to")
    )
    notes = (
        HandoffFile.objects.filter(entity_id__in=entity_ids, current=True)
        .annotate(source=Value("handoff"))
        .order_by()
        .values_list("entity_id", "source", "updated_on")
    )
    return tuple(Freshness(*row) for row in landed.union(notes, all=True))


def sample_as_of() -> dt.date | None:
    """Return the date the sample portfolio stands at, or None where no sample is loaded."""
    return SampleMark.objects.values_list("as_of", flat=True).first()
