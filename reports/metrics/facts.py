"""The records one build of a report reads: each family once, when first asked for, then kept."""

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar

from core import months
from portfolio.domain import queries
from portfolio.domain.queries import (
    AccountFact,
    BookingFact,
    EntityFact,
    LinkedPosting,
    Movement,
    PeriodFact,
    accounting,
)
from portfolio.models import (
    AccountRole,
    Asset,
    Assumption,
    CapitalOption,
    Channel,
    ClientContract,
    FinancialRule,
    FunnelCount,
    HandoffRow,
    KpiValue,
    PeriodState,
    ProfitabilityModel,
    Responsibility,
    Scenario,
    Stake,
)
from reports.document import BooksHead

NOTHING = Movement()
T = TypeVar("T")


class Facts:
    """Everything known up to a date, of the whole portfolio or of one entity."""

    def __init__(
        self, *, as_of: dt.date, entity_id: int | None = None, aside: Collection[tuple[str, str]] = ()
    ) -> None:
        """Take the date (local, inclusive) and the entity to keep to, or None for all.

        ``aside`` are the findings, by rule and subject, that people muted: they are found and printed, and not counted.
        """
        self.as_of = as_of
        self.aside = frozenset(aside)
        self._only = None if entity_id is None else (entity_id,)
        self._read: dict[Callable[..., Any], Any] = {}
        self._kept: dict[tuple[Any, ...], Any] = {}

    def once(self, read: Callable[..., T]) -> T:
        """Return what a reader gives for the report's entities and date, read the first time it is asked for.

        A family of records needs no property here: its metrics hand in the reader, such as ``queries.stays``.
        """
        if read not in self._read:
            self._read[read] = read(entity_ids=self.ids, as_of=self.as_of)
        found: T = self._read[read]
        return found

    def keep(self, key: tuple[Any, ...], work_out: Callable[[], T]) -> T:
        """Return what follows from the records alone, worked out the first time; ``key`` begins with what it is."""
        if key not in self._kept:
            self._kept[key] = work_out()
        found: T = self._kept[key]
        return found

    @property
    def whole(self) -> bool:
        """Whether the whole portfolio was asked for, however many entities it has."""
        return self._only is None

    @cached_property
    def sample(self) -> dt.date | None:
        """The date that the sample portfolio stands at, None where it is not loaded."""
        return queries.sample_as_of()

    @cached_property
    def entities(self) -> tuple[EntityFact, ...]:
        """The entities of the report."""
        return queries.entities(only=self._only)

    @cached_property
    def ids(self) -> tuple[int, ...]:
        """Their ids."""
        return tuple(entity.id for entity in self.entities)

    @cached_property
    def by_slug(self) -> dict[str, EntityFact]:
        """The entities by slug."""
        return {entity.slug: entity for entity in self.entities}

    @cached_property
    def accounts(self) -> tuple[AccountFact, ...]:
        """Their charts of accounts."""
        return queries.accounts(entity_ids=self.ids)

    @cached_property
    def _accounts_of(self) -> dict[tuple[int, str], tuple[AccountFact, ...]]:
        found: dict[tuple[int, str], tuple[AccountFact, ...]] = {}
        for account in self.accounts:
            key = (account.entity_id, account.role)
            found[key] = (*found.get(key, ()), account)
        return found

    def accounts_in(self, entity_ids: tuple[int, ...], *roles: str) -> tuple[AccountFact, ...]:
        """Return the accounts of these entities that have one of these roles."""
        return self.keep(
            ("accounts in", entity_ids, roles),
            lambda: tuple(
                account
                for entity in entity_ids
                for role in roles
                for account in self._accounts_of.get((entity, role), ())
            ),
        )

    def sisters_in(self, entity_ids: tuple[int, ...], *kinds: str) -> tuple[AccountFact, ...]:
        """Return the accounts of these entities, of these kinds, for what sister entities sell and lend each other."""
        return tuple(
            account
            for account in self.accounts_in(entity_ids, AccountRole.INTERCOMPANY)
            if account.kind in kinds
        )

    @cached_property
    def movements(self) -> dict[tuple[int, int], Movement]:
        """Each account's movement by month, nothing after the date."""
        return queries.movements(entity_ids=self.ids, as_of=self.as_of)

    @cached_property
    def first_month(self) -> int:
        """The month of the oldest movement; the report's own month in an empty book."""
        return min((month for _, month in self.movements), default=months.month_of(self.as_of))

    @cached_property
    def _movements_of(self) -> Mapping[int, list[tuple[int, Movement]]]:
        found: dict[int, list[tuple[int, Movement]]] = defaultdict(list)
        for (account, month), movement in self.movements.items():
            found[account].append((month, movement))
        return found

    def _summed(self, account: int, what: str) -> list[int]:
        """Return what an account moved before each month, from the first month to the one after the report's."""
        rising = [0] * (months.month_of(self.as_of) - self.first_month + 2)
        for month, movement in self._movements_of.get(account, ()):
            rising[month - self.first_month + 1] += getattr(movement, what)
        return list(itertools.accumulate(rising))

    def moved(self, account: int, what: str, *, first: int, last: int) -> int:
        """Return an account's movement over whole months: its ``net``, ``debit``, ``credit`` or ``cash``."""
        sums = self.keep(("summed", account, what), lambda: self._summed(account, what))
        end = len(sums) - 1
        start, stop = (min(max(month - self.first_month, 0), end) for month in (first, last + 1))
        return sums[stop] - sums[start] if stop > start else 0

    @cached_property
    def active(self) -> Mapping[int, set[int]]:
        """Month to the entities that have entries in it; none for any other month."""
        owners = {account.id: account.entity_id for account in self.accounts}
        found: dict[int, set[int]] = defaultdict(set)
        for account, month in self.movements:
            found[month].add(owners[account])
        return found

    @cached_property
    def first_months(self) -> dict[int, int]:
        """Entity to the month of its oldest entry, for entities that have any."""
        return {entity: month for month in sorted(self.active, reverse=True) for entity in self.active[month]}

    @cached_property
    def books(self) -> tuple[BooksHead, ...]:
        """Where the books of each entity had come to; entities without entries are left out."""
        return tuple(
            BooksHead(entity.id, entity.slug, entity.number, entity.head)
            for entity in self.entities
            if entity.number
        )

    def is_reconciled(self, entity_ids: tuple[int, ...], month: int) -> bool:
        """Tell whether each of these entities that has entries in a month has reconciled it, and there is one."""

        def look() -> bool:
            concerned = self.active[month].intersection(entity_ids)
            return bool(concerned) and all((entity, month) in self.reconciled for entity in concerned)

        return self.keep(("reconciled", entity_ids, month), look)

    def flows_since(self, entity_ids: tuple[int, ...]) -> dt.date | None:
        """Return from which day on the books of entities say what moved: opening balances stand, and move nothing.

        None where they are empty.
        """
        firsts = self.first_months
        return self.keep(
            ("flows since", entity_ids),
            lambda: min(
                (
                    months.first_day(firsts[entity.id])
                    if entity.opened_on is None
                    else entity.opened_on + dt.timedelta(days=1)
                    for entity in self.entities
                    if entity.id in entity_ids and entity.id in firsts
                ),
                default=None,
            ),
        )

    @cached_property
    def linked(self) -> tuple[LinkedPosting, ...]:
        """Postings that name a booking."""
        return queries.linked_postings(entity_ids=self.ids, as_of=self.as_of)

    @cached_property
    def _linked_to(self) -> Mapping[int, list[LinkedPosting]]:
        found: dict[int, list[LinkedPosting]] = defaultdict(list)
        for row in self.linked:
            found[row.booking_id].append(row)
        return found

    def linked_to(self, bookings: Iterable[int]) -> Iterable[LinkedPosting]:
        """Yield the postings that name one of these bookings."""
        for booking in bookings:
            yield from self._linked_to.get(booking, ())

    @cached_property
    def _standing(self) -> queries.Standing:
        return queries.standing(entity_ids=self.ids)

    @cached_property
    def _periods(self) -> tuple[PeriodFact, ...]:
        return tuple(row for row in self._standing.periods if row.state != PeriodState.OPEN)

    @cached_property
    def closes(self) -> tuple[accounting.CloseFact, ...]:
        """How far the close of each entity's months has come, up to the date's own."""
        zones = {entity.id: entity.zone for entity in self.entities}
        return accounting.closes(self._standing.periods, zones=zones, as_of=self.as_of)

    @cached_property
    def reconciled(self) -> frozenset[tuple[int, int]]:
        """(entity, month) pairs whose books somebody reconciled or closed, and that still hold what the bank said.

        An entry posted afterwards that moves the cash at bank undoes what was vouched for.
        """
        owners = {
            account.id: account.entity_id for account in self.accounts if account.role == AccountRole.CASH
        }
        moved: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for (account, month), movement in self.movements.items():
            if account in owners:
                moved[owners[account]].append((month, movement.net))
        return frozenset(
            (row.entity_id, row.month)
            for row in self._periods
            if row.statement_minor
            in (None, sum(net for month, net in moved[row.entity_id] if month <= row.month))
        )

    @cached_property
    def closed(self) -> frozenset[tuple[int, int]]:
        """(entity, month) pairs whose books are closed."""
        return frozenset(
            (row.entity_id, row.month) for row in self._periods if row.state == PeriodState.CLOSED
        )

    @cached_property
    def bookings(self) -> tuple[BookingFact, ...]:
        """Every booking enquired about so far."""
        return queries.bookings(entity_ids=self.ids, as_of=self.as_of)

    @cached_property
    def held_troubles(self) -> tuple[queries.Exceptional, ...]:
        """What about money held for clients needs a person."""
        return queries.held_troubles(entity_ids=self.ids, as_of=self.as_of)

    @cached_property
    def channels(self) -> tuple[Channel, ...]:
        """Sales channels."""
        return queries.channels(entity_ids=self.ids)

    @cached_property
    def stakes(self) -> tuple[Stake, ...]:
        """Equity stakes."""
        return queries.stakes(entity_ids=self.ids)

    @cached_property
    def assets(self) -> tuple[Asset, ...]:
        """Assets."""
        return queries.assets(entity_ids=self.ids)

    @cached_property
    def responsibilities(self) -> tuple[Responsibility, ...]:
        """Roles and who answers for them."""
        return queries.responsibilities(entity_ids=self.ids)

    @cached_property
    def contracts(self) -> tuple[ClientContract, ...]:
        """Client contracts."""
        return queries.contracts(entity_ids=self.ids)

    @cached_property
    def funnel(self) -> dict[int, tuple[FunnelCount, ...]]:
        """The newest funnel of each entity that counts one."""
        return queries.funnel(entity_ids=self.ids, as_of=self.as_of)

    @cached_property
    def kpi_values(self) -> tuple[KpiValue, ...]:
        """KPI values that somebody entered or a note stated."""
        return queries.kpi_values(entity_ids=self.ids, as_of=self.as_of)

    def kpi(self, slug: str, key: str) -> KpiValue | None:
        """Return the newest value of one entity's KPI, or None."""
        entity = self.by_slug.get(slug)
        return next(
            (row for row in self.kpi_values if entity and row.entity_id == entity.id and row.key == key), None
        )

    @cached_property
    def targets(self) -> dict[tuple[int, int], tuple[int, int]]:
        """(entity, month) to (row id, revenue target in minor units)."""
        return {
            (row.entity_id, row.month): (row.pk, row.revenue_minor)
            for row in queries.targets(entity_ids=self.ids)
        }

    @cached_property
    def assumptions(self) -> dict[str, Assumption]:
        """The assumptions in force."""
        return queries.assumptions(as_of=self.as_of)

    def assumed(self, key: str, otherwise: int) -> int:
        """Return an assumption's value, or the registry's own default where nobody recorded one."""
        row = self.assumptions.get(key)
        return otherwise if row is None else row.value

    @cached_property
    def models(self) -> tuple[ProfitabilityModel, ...]:
        """Profitability models."""
        return queries.profitability_models(entity_ids=self.ids)

    @cached_property
    def scenarios(self) -> tuple[Scenario, ...]:
        """Saved scenarios."""
        return queries.scenarios()

    @cached_property
    def options(self) -> tuple[CapitalOption, ...]:
        """Capital options."""
        return queries.capital_options(entity_ids=self.ids)

    @cached_property
    def rules(self) -> tuple[FinancialRule, ...]:
        """Active financial rules."""
        return queries.financial_rules()

    @cached_property
    def freshness(self) -> dict[tuple[int, str], dt.date]:
        """(entity, kind of source) to the last date it covers."""
        return {(row.entity_id, row.kind): row.fresh_to for row in self._standing.freshness}

    @cached_property
    def note_rows(self) -> tuple[HandoffRow, ...]:
        """What current notes say of agreements, channels and handovers, and the decisions they ask for."""
        return queries.note_rows(entity_ids=self.ids, kinds=("equity", "channel", "role", "decision"))
