"""Trial balance, income statement, balance sheet and cash flow, from monthly balances alone.

No posting is ever added up here, so a statement costs accounts x months however many postings there are. `Books` reads
accounts and balances once, in two queries, and any number of statements is made of that one reading. Accounts find
their place by kind and role (`portfolio.models.account`). Whether the balances are the postings is asked in
`portfolio.domain.verification`.
"""

import copy
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import accumulate
from struct import unpack
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, F, QuerySet, Sum, Value
from django.db.models.functions import Cast

from core import months
from portfolio.domain.statement_parts import (
    BalanceSheet,
    CashFlow,
    Column,
    EmptyPeriodError,
    Group,
    Holder,
    IncomeStatement,
    Measure,
    Row,
    Scope,
    Section,
    Three,
    TrialBalance,
    TrialRow,
    UnlikeCurrenciesError,
)
from portfolio.models import Account, AccountKind, AccountRole, Budget, Entity, MonthlyBalance
from portfolio.models.account import BELOW_ROLES, CASH_ROLES, FINANCING_ROLES, INVESTING_ROLES

EARNING = frozenset({AccountKind.INCOME, AccountKind.EXPENSE})
# Kinds whose balances stand on the debit side; the others are shown credit positive.
_DEBIT_KINDS = frozenset({AccountKind.ASSET, AccountKind.EXPENSE})
_WAITING = AccountRole.UNCATEGORISED
_BETWEEN = AccountRole.INTERCOMPANY
_DIRECT = frozenset({AccountRole.DIRECT_COST, AccountRole.INTERCOMPANY})
_BELOW = frozenset(BELOW_ROLES)
# How each database packs the whole numbers of a group into one value.
_PACK = {"sqlite": "json_group_array({})", "postgresql": "string_agg(int8send({}::bigint), '')"}


class Books:
    """Accounts and balances of some entities as far as some columns need them, read in two queries (three with a budget)."""

    def __init__(
        self,
        *,
        entities: Collection[Entity],
        columns: Sequence[Column],
        also: Measure | None = None,
        alike: bool = False,
    ) -> None:
        """Read them; ``also`` is `Measure.CASH` or `Measure.DEBITS` (and with it credits) where one is wanted beside what
        moved and stands, ``alike`` puts like accounts of several entities in one row.

        Raises:
            UnlikeCurrenciesError: the entities keep books in several currencies.
            EmptyPeriodError: a column ends before it begins.
        """
        for column in columns:
            if column.last < column.first:
                raise EmptyPeriodError(
                    f"A statement from {months.label(column.first)} to {months.label(column.last)} holds no month; "
                    "swap the two."
                )
        currencies = sorted({entity.currency for entity in entities})
        if len(currencies) > 1:
            raise UnlikeCurrenciesError(
                f"{' and '.join(currencies)} do not add up; ask for one currency at a time."
            )
        self.currency = currencies[0] if currencies else "USD"
        self.columns = tuple(columns)
        self.alike = alike
        self._slugs = {entity.pk: entity.slug for entity in entities}
        self._first = min(column.first for column in columns)
        self._last = max(column.last for column in columns)
        self._ends = [(c.first - self._first, c.last - self._first + 1) for c in columns]
        found = Account.objects.filter(entity__in=self._slugs).order_by("entity__slug", "code")
        rows = found.values_list("id", "entity_id", "code", "name", "kind", "role")
        self.holders = [Holder(*row) for row in rows]
        self._read(also)
        self._budgeted = any(column.budget for column in columns)
        self._planned = self._budget() if self._budgeted else {}
        self._factors: dict[tuple[int, bool], tuple[int, ...] | None] = {}
        # What a whole account shows is the same in its entity's statement and in that of all together.
        self._shown: dict[tuple[int, Measure, int], tuple[int, ...]] = {}

    def _read(self, also: Measure | None) -> None:
        """Read the balances: before the first month in one sum, then month by month."""
        first, width = self._first, self._last - self._first + 2
        theirs = Account.objects.filter(entity__in=self._slugs).order_by().values("id")
        held = MonthlyBalance.objects.filter(account__in=theirs).order_by()
        other = None if also is None else F("cash_minor" if also is Measure.CASH else "debit_minor")
        net, second = F("debit_minor") - F("credit_minor"), {} if other is None else {"other": other}
        moved = held.filter(month__gte=first, month__lte=self._last).annotate(
            at=F("month"), net=net, **second
        )
        before = (
            held.filter(month__lt=first)
            .values("account_id")
            .annotate(at=Value(first - 1), net=Cast(Sum(net), BigIntegerField()))
            .annotate(**dict.fromkeys(second, Value(0, BigIntegerField())))
        )
        names = ("account_id", "at", "net", *second)
        found = by_account([moved.values(*names), before.values(*names)], start=first - 1, width=width)
        # Running sums: a column of any months is then one subtraction.
        self._net, self._other = (
            {account_id: list(accumulate(row)) for account_id, row in measure.items()} for measure in found
        )

    def _budget(self) -> dict[tuple[int, int], int]:
        """Return what is planned by account and column, debit positive."""
        plan = Budget.objects.filter(
            account__entity__in=self._slugs, month__gte=self._first, month__lte=self._last
        ).order_by()
        planned: dict[tuple[int, int], int] = defaultdict(int)
        for account_id, kind, month, amount in plan.values_list(
            "account_id", "account__kind", "month", "amount_minor"
        ):
            sign = 1 if kind in _DEBIT_KINDS else -1
            for at, column in enumerate(self.columns):
                if column.budget and column.first <= month <= column.last:
                    planned[account_id, at] += sign * amount
        return planned

    def only(self, entity: Entity) -> "Books":
        """Return the same reading with one entity's accounts alone."""
        own = copy.copy(self)
        own.columns = tuple(replace(column, scope=entity.pk) for column in self.columns)
        own.holders = [holder for holder in self.holders if holder.entity_id == entity.pk]
        own._factors = {}
        return own

    def _at_end(self) -> "Books":
        """Return the same reading with the last column alone."""
        own = copy.copy(self)
        at = len(self.columns) - 1
        own.columns, own._ends = self.columns[at:], self._ends[at:]
        own._planned = {(pk, 0): amount for (pk, of), amount in self._planned.items() if of == at}
        own._factors, own._shown = {}, {}
        return own

    def three(self) -> Three:
        """Return the three statements that the balances alone give."""
        return Three(self.income(), self.balance(), self.trial())

    def amounts(self, holder: Holder, measure: Measure) -> list[int]:
        """Return an account's amount by column whatever the scope, debit positive (cash: money in positive)."""
        run = self._net.get(holder.id)
        if run is None:
            found = [0] * len(self.columns)
        elif measure is Measure.STANDS:
            found = [run[end] for _, end in self._ends]
        elif measure is Measure.MOVED:
            found = [run[end] - run[start] for start, end in self._ends]
        elif measure is Measure.OPENED:
            found = [run[start] for start, _ in self._ends]
        else:
            other = self._other[holder.id]
            found = [other[end] - other[start] for start, end in self._ends]
            if measure is Measure.CREDITS:
                found = [
                    debits - (run[end] - run[start])
                    for debits, (start, end) in zip(found, self._ends, strict=True)
                ]
        if self._budgeted:
            for at, column in enumerate(self.columns):
                if column.budget:
                    found[at] = self._planned.get((holder.id, at), 0)
        return found

    def factor(self, holder: Holder, column: Column, *, between: bool = False) -> int:
        """Return how often an account counts in a column: once, not at all, or taken off again."""
        owed = holder.role == _BETWEEN
        match column.scope:
            case int(entity_id):
                return int(holder.entity_id == entity_id and not between)
            case Scope.ALL:
                return int(not between)
            case Scope.ELIMINATED:
                return int(between or not owed)
            case _:
                return 1 if between else -int(owed)

    def row(self, holders: Sequence[Holder], measure: Measure, sign: int, *, between: bool = False) -> Row:
        """Return accounts as one line; it bears an entity's slug where they are of one."""
        if len(holders) == 1 and self._scoped(holders[0], between) is None:
            shown = self._whole(holders[0], measure, sign)
        else:
            total = added((self._part(holder, measure, between) for holder in holders), len(self.columns))
            shown = total if sign > 0 else tuple(-amount for amount in total)
        first = holders[0]
        if between:
            return Row(
                "", "", "Between the entities, not matched", _BETWEEN, shown, tuple(holders), sign, between
            )
        slugs = {self._slugs[holder.entity_id] for holder in holders}
        entity = slugs.pop() if len(slugs) == 1 else ""
        return Row(entity, first.code, first.name, first.role, shown, tuple(holders), sign)

    def _whole(self, holder: Holder, measure: Measure, sign: int) -> tuple[int, ...]:
        """Return what an account that counts once in each column shows."""
        key = (holder.id, measure, sign)
        if key not in self._shown:
            amounts = self.amounts(holder, measure)
            self._shown[key] = tuple(amounts) if sign > 0 else tuple(-amount for amount in amounts)
        return self._shown[key]

    def _part(self, holder: Holder, measure: Measure, between: bool) -> Sequence[int]:
        """Return what an account counts for in each column."""
        amounts, factors = self.amounts(holder, measure), self._scoped(holder, between)
        if factors is None:
            return amounts
        return [amount * factor for amount, factor in zip(amounts, factors, strict=True)]

    def _scoped(self, holder: Holder, between: bool) -> tuple[int, ...] | None:
        """Return an account's factor by column, or None where it counts once in each."""
        key = (-1 if between else holder.entity_id, holder.role == _BETWEEN)
        if key not in self._factors:
            factors = tuple(self.factor(holder, column, between=between) for column in self.columns)
            self._factors[key] = None if all(factor == 1 for factor in factors) else factors
        return self._factors[key]

    def groups(self, holders: Iterable[Holder]) -> list[list[Holder]]:
        """Return accounts line by line: each by itself, or like ones of several entities together where asked for."""
        if not self.alike:
            return [[holder] for holder in holders]
        groups: dict[tuple[str, str], list[Holder]] = defaultdict(list)
        for holder in holders:
            groups[holder.code, holder.name].append(holder)
        return [groups[key] for key in sorted(groups)]

    def rows(self, holders: Iterable[Holder], measure: Measure, sign: int) -> list[Row]:
        """Return lines that have an amount in any column."""
        made = [self.row(group, measure, sign) for group in self.groups(holders)]
        return [row for row in made if any(row.amounts)]

    def section(
        self,
        title: str,
        holders: Iterable[Holder],
        measure: Measure,
        sign: int,
        *,
        between: Iterable[Holder] = (),
    ) -> Section:
        """Return accounts under a heading; ``between`` are those whose row says what the entities did not match."""
        made = self.rows(holders, measure, sign) + self.unmatched(between, measure, sign)
        return Section(title, tuple(made), added((row.amounts for row in made), len(self.columns)))

    def unmatched(self, holders: Iterable[Holder], measure: Measure, sign: int) -> list[Row]:
        """Return the row of what one entity has booked towards a sister and the sister has not, where there is any."""
        between = [holder for holder in holders if holder.role == _BETWEEN]
        row = self.row(between, measure, sign, between=True) if between else None
        return [row] if row is not None and any(row.amounts) else []

    def of(self, *kinds: AccountKind) -> list[Holder]:
        """Return the accounts of some kinds."""
        return [holder for holder in self.holders if holder.kind in kinds]

    def income(self) -> IncomeStatement:
        """Return income and cost; ``margin`` is revenue less direct cost. What is bought of sisters is direct cost."""
        apart = [holder for holder in self.of(*EARNING) if holder.role in _BELOW]
        earned, spent = (
            [holder for holder in self.of(kind) if holder.role not in _BELOW]
            for kind in (AccountKind.INCOME, AccountKind.EXPENSE)
        )
        moved = Measure.MOVED
        revenue = self.section(
            "Revenue", [h for h in earned if h.role != _WAITING], moved, -1, between=[*earned, *spent]
        )
        direct = self.section("Direct cost", [h for h in spent if h.role in _DIRECT], moved, 1)
        fixed = self.section(
            "Fixed cost", [h for h in spent if h.role not in _DIRECT and h.role != _WAITING], moved, 1
        )
        waiting = self.section(
            "Not yet categorised", [h for h in [*earned, *spent] if h.role == _WAITING], moved, -1
        )
        margin = less(revenue.totals, direct.totals)
        width = len(self.columns)
        operating = added([less(margin, fixed.totals), waiting.totals], width)
        below, result = [], operating
        for role in BELOW_ROLES:
            sign = 1 if role == AccountRole.OTHER_INCOME else -1
            section = self.section(
                role.label, [holder for holder in apart if holder.role == role], moved, -sign
            )
            below.append((section, sign))
            result = added([result, section.totals], width) if sign > 0 else less(result, section.totals)
        return IncomeStatement(
            self.columns,
            self.currency,
            revenue,
            direct,
            fixed,
            waiting,
            margin,
            operating,
            tuple(below),
            result,
        )

    def balance(self) -> BalanceSheet:
        """Return what is owned and owed at the end of each column."""
        stands = Measure.STANDS
        standing = [holder for holder in self.holders if holder.kind not in EARNING]
        assets = self.section("Assets", self.of(AccountKind.ASSET), stands, 1, between=standing)
        liabilities = self.section("Liabilities", self.of(AccountKind.LIABILITY), stands, -1)
        equity = self.section("Equity", self.of(AccountKind.EQUITY), stands, -1)
        earned = self.of(*EARNING)
        earning = self.rows(earned, stands, -1) + self.unmatched(earned, stands, -1)
        retained = added((row.amounts for row in earning), len(self.columns))
        return BalanceSheet(
            self.columns, self.currency, assets, liabilities, equity, retained, tuple(earning)
        )

    def trial(self) -> TrialBalance:
        """Return every account's balance at the end of the last column."""
        stands, end = Measure.STANDS, self._at_end()
        rows = [
            *end.rows(self.holders, stands, 1),
            # Two rows, for what is owed and what was sold: together they would hide each other.
            *end.unmatched((h for h in self.holders if h.kind not in EARNING), stands, 1),
            *end.unmatched((h for h in self.holders if h.kind in EARNING), stands, 1),
        ]
        made = tuple(
            TrialRow(row.entity, row.code, row.name, max(row.amounts[-1], 0), max(-row.amounts[-1], 0))
            for row in rows
            if row.amounts[-1]
        )
        return TrialBalance(
            months.last_day(self.columns[-1].last),
            self.currency,
            made,
            sum(row.debit_minor for row in made),
            sum(row.credit_minor for row in made),
        )

    def cash(self) -> CashFlow:
        """Return where cash came from and went; money at the card processor is cash."""
        held = [holder for holder in self.holders if holder.role in CASH_ROLES]
        others = [holder for holder in self.holders if holder.role not in CASH_ROLES]
        by = Measure.CASH
        invested = [h for h in others if h.role in INVESTING_ROLES]
        financed = [h for h in others if h.role in FINANCING_ROLES and h.kind not in EARNING]
        outside = {h.id for h in (*invested, *financed)}
        operating = self.section("Operating", [h for h in others if h.id not in outside], by, 1)
        investing = self.section("Investing", invested, by, 1)
        financing = self.section("Financing", financed, by, 1, between=others)
        width = len(self.columns)
        rows = tuple(self.rows(held, Measure.STANDS, 1))
        change = added((row.amounts for row in self.rows(held, Measure.MOVED, 1)), width)
        closing = added((row.amounts for row in rows), width)
        opening = less(closing, change)
        return CashFlow(
            self.columns, self.currency, opening, operating, investing, financing, change, closing, rows
        )


def by_month(first: int, last: int, scope: Scope = Scope.ALL) -> list[Column]:
    """Return a column for each month.

    Raises:
        EmptyPeriodError: the last month lies before the first.
    """
    if last < first:
        raise EmptyPeriodError(
            f"A statement from {months.label(first)} to {months.label(last)} holds no month; swap the two."
        )
    return [Column(month, month, scope) for month in range(first, last + 1)]


def three(*, entities: Collection[Entity], first: int, last: int) -> Group:
    """Return income statement and balance sheet by month and the trial balance at the end; two queries in all."""
    books = Books(entities=entities, columns=by_month(first, last, Scope.ELIMINATED))
    return Group(books.three(), {entity.slug: books.only(entity).three() for entity in entities})


def added(columns: Iterable[Sequence[int]], width: int) -> tuple[int, ...]:
    """Add rows of equal width column by column; no row adds up to zeros."""
    return tuple(map(sum, zip(*columns, strict=True))) or (0,) * width


def less(left: Sequence[int], right: Sequence[int]) -> tuple[int, ...]:
    """Subtract one row from another column by column."""
    return tuple(a - b for a, b in zip(left, right, strict=True))


def by_account(
    parts: Sequence[QuerySet[Any]], *, start: int, width: int
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return what queries select (account_id, at, net and perhaps other) as a row of each number by account.

    A row has a place for each of ``width`` months from ``start`` on. The database packs the numbers of an account into
    one value: of fifteen thousand rows, taking them over one by one is the greater part of the time.
    """
    nets: dict[int, list[int]] = defaultdict(lambda: [0] * width)
    others: dict[int, list[int]] = defaultdict(lambda: [0] * width)
    pack = _PACK[connection.vendor]
    said: list[str] = []
    parameters: list[Any] = []
    for part in parts:
        try:
            sql, values = part.query.sql_with_params()
        except EmptyResultSet:
            continue  # No entity was asked for.
        packed = ", ".join(
            pack.format(name) for name in ("at", "net", "other") if name in part.query.annotations
        )
        said.append(f"SELECT account_id, {packed} FROM ({sql}) AS held GROUP BY account_id")  # noqa: S608 (names of our own)
        parameters += values
    if not said:
        return nets, others
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(said), parameters)
        found = cursor.fetchall()
    for account_id, packed_months, *packed_numbers in found:
        held = _unpacked(packed_months)
        for measure, numbers in zip((nets, others), packed_numbers, strict=False):
            row = measure[account_id]
            for month, number in zip(held, _unpacked(numbers), strict=True):
                row[month - start] = number
    return nets, others


def _unpacked(packed: str | bytes) -> Sequence[int]:
    if isinstance(packed, str):
        found: list[int] = json.loads(packed)
        return found
    return unpack(f">{len(packed) // 8}q", packed)
