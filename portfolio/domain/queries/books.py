"""The books: entities, accounts, what they moved, the postings behind a figure, and how fresh their sources are."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    DateField,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

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
    empty books, ``fiscal_year_ends`` the last month of its year, 1 to 12, ``opened_on`` the day of its opening balances.
    """

    id: int
    slug: str
    name: str
    kind: str
    zone: str
    currency: str
    number: int
    head: str
    fiscal_year_ends: int = 12
    opened_on: dt.date | None = None


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


NO_MOVEMENT = Movement()


@dataclass(frozen=True, slots=True)
class PeriodFact:
    """A month of the books that somebody has reconciled, closed or opened again, with what its bank statement said.

    That is None where nobody noted it. ``closed_at`` is an instant, only while it is closed.
    """

    entity_id: int
    month: int
    state: str
    statement_minor: int | None
    closed_at: dt.datetime | None = None
    reopen_reason: str = ""


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
        for row in rows.values_list(
            "id",
            "slug",
            "name",
            "kind",
            "zone",
            "currency",
            "last_number",
            "head",
            "fiscal_year_ends",
            "chain__opened_on",
        )
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

    One query: the balances, and whatever in the last month is dated after ``as_of``, taken off again.
    """
    last = months.month_of(as_of)
    names = ("account_id", "at", "debit", "credit", "cash")
    rows = (
        MonthlyBalance.objects.filter(account__entity_id__in=entity_ids, month__lte=last)
        .order_by()
        .annotate(at=F("month"), debit=F("debit_minor"), credit=F("credit_minor"), cash=F("cash_minor"))
        .values_list(*names)
    )
    if as_of != months.last_day(last):
        amount = F("amount_minor")
        touches_cash = Exists(
            Posting.objects.filter(entry_id=OuterRef("entry_id"), account__role__in=CASH_ROLES)
        )
        late = (
            Posting.objects.filter(
                entry__entity_id__in=entity_ids,
                month=last,
                entry__on__gt=as_of,
                entry__state=EntryState.POSTED,
            )
            .order_by()
            .values("account_id")
            .annotate(
                at=Value(last),
                debit=_whole(Sum(Case(When(amount_minor__gt=0, then=-amount), default=0))),
                credit=_whole(Sum(Case(When(amount_minor__lt=0, then=amount), default=0))),
                cash=_whole(Sum(Case(When(touches_cash, then=amount), default=0))),
            )
            .values_list(*names)
        )
        rows = rows.union(late, all=True)
    found: dict[tuple[int, int], Movement] = {}
    for account, month, debit, credit, cash in rows:
        before = found.get((account, month), NO_MOVEMENT)
        found[account, month] = Movement(
            before.net + debit - credit, before.debit + debit, before.credit + credit, before.cash + cash
        )
    return found


def _whole(total: Sum) -> Cast:
    """Return a sum as a whole number: PostgreSQL's sums of whole numbers are decimals."""
    return Cast(total, BigIntegerField())


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


def daily_nets(
    *, entity_ids: Collection[int], roles: Collection[str], runs: Collection[tuple[dt.date, dt.date]]
) -> dict[int, dict[dt.date, int]]:
    """Return what the accounts of some roles moved on each day of some runs, both ends counted, debit positive; one query."""
    within = Q(pk__in=())
    for first, last in runs:
        within |= Q(
            month__gte=months.month_of(first),
            month__lte=months.month_of(last),
            entry__on__gte=first,
            entry__on__lte=last,
        )
    found: dict[int, dict[dt.date, int]] = defaultdict(dict)
    for account_id, on, net in (
        Posting.objects.filter(
            within,
            account__entity_id__in=entity_ids,
            account__role__in=roles,
            entry__state=EntryState.POSTED,
        )
        .order_by()
        .values_list("account_id", "entry__on")
        .annotate(net=Sum("amount_minor"))
        .iterator()
    ):
        found[account_id][on] = net
    return found


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
    columns = ("entity_id", "source", "fresh_to")
    landed, notes = (rows.values_list(*columns) for rows in _sources(entity_ids))
    return tuple(Freshness(*row) for row in landed.union(notes, all=True))


def _sources(entity_ids: Collection[int]) -> tuple[QuerySet[Any, Any], QuerySet[Any, Any]]:
    landed = (
        ImportedLine.objects.filter(entity_id__in=entity_ids)
        .values("entity_id")
        .annotate(source=F("kind"), fresh_to=Max("on"))
        .order_by()
    )
    notes = (
        HandoffFile.objects.filter(entity_id__in=entity_ids, current=True)
        .annotate(source=Value("handoff"), fresh_to=F("updated_on"))
        .order_by()
    )
    return landed, notes


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the sources of some entities reach, and the months of their books that somebody has looked after."""

    freshness: tuple[Freshness, ...]
    periods: tuple[PeriodFact, ...]


def standing(*, entity_ids: Collection[int]) -> Standing:
    """Return what every report says of its books in its head; one query."""
    columns = ("entity_id", "source", "fresh_to", "at", "statement", "closed", "reason")
    # The months come first: their columns have a type.
    periods = (
        Period.objects.filter(entity_id__in=entity_ids)
        .order_by()
        .annotate(
            source=F("state"),
            fresh_to=Value(None, DateField()),
            at=F("month"),
            statement=F("statement_minor"),
            closed=F("closed_at"),
            reason=F("reopen_reason"),
        )
        .values_list(*columns)
    )
    landed, notes = (
        rows.annotate(
            at=Value(None, IntegerField()),
            statement=Value(None, BigIntegerField()),
            closed=Value(None, DateTimeField()),
            reason=Value(""),
        ).values_list(*columns)
        for rows in _sources(entity_ids)
    )
    fresh, months_of = [], []
    for entity_id, word, day, month, statement, closed_at, reason in periods.union(landed, notes, all=True):
        if month is None:
            fresh.append(Freshness(entity_id, word, day))
        else:
            months_of.append(PeriodFact(entity_id, month, word, statement, closed_at, reason))
    return Standing(tuple(fresh), tuple(months_of))


def sample_as_of() -> dt.date | None:
    """Return the date the sample portfolio stands at, or None where no sample is loaded."""
    return SampleMark.objects.values_list("as_of", flat=True).first()
