"""Trial balance, income statement, balance sheet and cash flow, from monthly balances alone.

No posting is ever added up here, so a statement costs accounts x months however many postings there are. Accounts
find their place by kind and role (`portfolio.models.account`). Whether the balances are the postings is asked in
`portfolio.domain.verification`.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Sum

from core import months
from portfolio.models import Account, AccountKind, AccountRole, Entity, MonthlyBalance
from portfolio.models.account import CASH_ROLES

INVESTING = frozenset({AccountRole.FIXED_ASSET})
FINANCING = frozenset({AccountRole.LOAN, AccountRole.CAPITAL, AccountRole.DRAW, AccountRole.INTERCOMPANY})
# Kinds whose balances stand on the debit side; the others are shown credit positive.
_DEBIT_KINDS = frozenset({AccountKind.ASSET, AccountKind.EXPENSE})


class UnlikeCurrenciesError(ValueError):
    """Amounts in different currencies are never added up."""


class EmptyPeriodError(ValueError):
    """The last month lies before the first."""


@dataclass(frozen=True, slots=True)
class Row:
    """One account over the months of a statement, in minor units; the sign is the statement's own."""

    entity: str
    code: str
    name: str
    role: str
    amounts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under a heading with their total by month."""

    title: str
    rows: tuple[Row, ...]
    totals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One account's balance at a month's end, on the side where it stands."""

    entity: str
    code: str
    name: str
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account with a balance at a month's end; both totals are equal."""

    on: dt.date
    currency: str
    rows: tuple[TrialRow, ...]
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True)
class IncomeStatement:
    """Income less cost by month: revenue positive, costs positive, results signed."""

    months: tuple[int, ...]
    currency: str
    revenue: Section
    direct_cost: Section
    fixed_cost: Section
    uncategorised: Section
    margin: tuple[int, ...]
    result: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BalanceSheet:
    """What is owned and owed at the end of each month; assets equal liabilities plus equity.

    ``retained`` is all income less all cost up to then, which stands in equity without an account of its own.
    """

    months: tuple[int, ...]
    currency: str
    assets: Section
    liabilities: Section
    equity: Section
    retained: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CashFlow:
    """Where cash came from and went, by month, by the direct method; money in positive.

    ``change`` is what the cash accounts did; it equals the three totals together (the cash proof).
    """

    months: tuple[int, ...]
    currency: str
    opening: tuple[int, ...]
    operating: Section
    investing: Section
    financing: Section
    change: tuple[int, ...]
    closing: tuple[int, ...]


class _Sheet:
    """The movements of some entities up to a month: before the first month in one sum, then month by month."""

    def __init__(self, entities: Collection[Entity], first: int, last: int) -> None:
        if last < first:
            raise EmptyPeriodError(
                f"A statement from {months.label(first)} to {months.label(last)} holds no month; swap the two."
            )
        currencies = sorted({entity.currency for entity in entities})
        if len(currencies) > 1:
            raise UnlikeCurrenciesError(
                f"{' and '.join(currencies)} do not add up; ask for one currency at a time."
            )
        self.currency = currencies[0] if currencies else "USD"
        self.months = tuple(range(first, last + 1))
        slugs = {entity.pk: entity.slug for entity in entities}
        self.accounts = list(Account.objects.filter(entity__in=slugs).order_by("entity__slug", "code"))
        self.slug = {account.pk: slugs[account.entity_id] for account in self.accounts}
        rows = MonthlyBalance.objects.filter(account__entity__in=slugs).order_by()
        self.before = {
            account_id: debit - credit
            for account_id, debit, credit in rows.filter(month__lt=first)
            .values_list("account_id")
            .annotate(debit=Sum("debit_minor"), credit=Sum("credit_minor"))
        }
        self.moved = {
            (account_id, month): (debit - credit, cash)
            for account_id, month, debit, credit, cash in rows.filter(
                month__gte=first, month__lte=last
            ).values_list("account_id", "month", "debit_minor", "credit_minor", "cash_minor")
        }

    def flows(self, account: Account) -> tuple[int, ...]:
        """Return the net movement by month, debit positive."""
        return tuple(self.moved.get((account.pk, month), (0, 0))[0] for month in self.months)

    def cash(self, account: Account) -> tuple[int, ...]:
        """Return the cash that a non-cash account explains by month, money in positive."""
        return tuple(self.moved.get((account.pk, month), (0, 0))[1] for month in self.months)

    def standing(self, account: Account) -> tuple[int, ...]:
        """Return the balance at each month's end, debit positive."""
        total, standing = self.before.get(account.pk, 0), []
        for flow in self.flows(account):
            total += flow
            standing.append(total)
        return tuple(standing)

    def section(
        self,
        title: str,
        accounts: Iterable[Account],
        amounts: Callable[[Account], tuple[int, ...]],
        eliminated: bool = False,
    ) -> Section:
        """Return the accounts that have an amount; intercompany ones in one row where they are eliminated."""
        rows, between = [], [0] * len(self.months)
        for account in accounts:
            values = amounts(account)
            if eliminated and account.role == AccountRole.INTERCOMPANY:
                between = [left + right for left, right in zip(between, values, strict=True)]
            elif any(values):
                rows.append(Row(self.slug[account.pk], account.code, account.name, account.role, values))
        if any(between):
            rows.append(
                Row("", "", "Between the entities, not matched", AccountRole.INTERCOMPANY, tuple(between))
            )
        return Section(title, tuple(rows), added([row.amounts for row in rows], len(self.months)))


def trial_balance(*, entities: Collection[Entity], month: int) -> TrialBalance:
    """Return every account's balance at the end of a month; debits equal credits."""
    sheet = _Sheet(entities, month, month)
    rows = []
    for account in sheet.accounts:
        (balance,) = sheet.standing(account)
        if balance:
            rows.append(
                TrialRow(
                    sheet.slug[account.pk], account.code, account.name, max(balance, 0), max(-balance, 0)
                )
            )
    return TrialBalance(
        months.last_day(month),
        sheet.currency,
        tuple(rows),
        sum(row.debit_minor for row in rows),
        sum(row.credit_minor for row in rows),
    )


def income_statement(*, entities: Collection[Entity], first: int, last: int) -> IncomeStatement:
    """Return income and cost by month, first and last included; ``margin`` is revenue less direct cost."""
    sheet = _Sheet(entities, first, last)

    def natural(account: Account) -> tuple[int, ...]:
        sign = 1 if account.kind in _DEBIT_KINDS else -1
        return tuple(sign * flow for flow in sheet.flows(account))

    def earned(account: Account) -> tuple[int, ...]:
        return tuple(-flow for flow in sheet.flows(account))

    def chosen(test: Callable[[Account], bool]) -> list[Account]:
        both = (AccountKind.INCOME, AccountKind.EXPENSE)
        return [account for account in sheet.accounts if account.kind in both and test(account)]

    waiting = AccountRole.UNCATEGORISED
    revenue = sheet.section(
        "Revenue", chosen(lambda a: a.kind == AccountKind.INCOME and a.role != waiting), natural
    )
    direct = sheet.section(
        "Direct cost",
        chosen(lambda a: a.kind == AccountKind.EXPENSE and a.role == AccountRole.DIRECT_COST),
        natural,
    )
    fixed = sheet.section(
        "Fixed cost",
        chosen(lambda a: a.kind == AccountKind.EXPENSE and a.role not in (AccountRole.DIRECT_COST, waiting)),
        natural,
    )
    uncategorised = sheet.section("Not yet categorised", chosen(lambda a: a.role == waiting), earned)
    margin = _less(revenue.totals, direct.totals)
    result = added([_less(margin, fixed.totals), uncategorised.totals], len(sheet.months))
    return IncomeStatement(
        sheet.months, sheet.currency, revenue, direct, fixed, uncategorised, margin, result
    )


def balance_sheet(
    *, entities: Collection[Entity], first: int, last: int, eliminate: bool = False
) -> BalanceSheet:
    """Return what is owned and owed at the end of each month.

    ``eliminate`` takes what the entities owe each other off both sides; what one side has booked and the other has
    not stays visible among the assets.
    """
    sheet = _Sheet(entities, first, last)

    def owed(account: Account) -> tuple[int, ...]:
        return tuple(-balance for balance in sheet.standing(account))

    def of(kind: AccountKind) -> list[Account]:
        return [account for account in sheet.accounts if account.kind == kind]

    def moved_over(account: Account) -> bool:
        return eliminate and account.role == AccountRole.INTERCOMPANY

    between = [account for account in of(AccountKind.LIABILITY) if moved_over(account)]
    assets = sheet.section("Assets", [*of(AccountKind.ASSET), *between], sheet.standing, eliminate)
    liabilities = sheet.section(
        "Liabilities", [account for account in of(AccountKind.LIABILITY) if not moved_over(account)], owed
    )
    equity = sheet.section("Equity", of(AccountKind.EQUITY), owed)
    earnings = [owed(account) for kind in (AccountKind.INCOME, AccountKind.EXPENSE) for account in of(kind)]
    return BalanceSheet(
        sheet.months, sheet.currency, assets, liabilities, equity, added(earnings, len(sheet.months))
    )


def cash_flow(*, entities: Collection[Entity], first: int, last: int, eliminate: bool = False) -> CashFlow:
    """Return where cash came from and went by month; money at the card processor is cash.

    ``eliminate`` nets what the entities lent each other; what only one side has booked stays visible.
    """
    sheet = _Sheet(entities, first, last)
    cash = [account for account in sheet.accounts if account.role in CASH_ROLES]
    others = [account for account in sheet.accounts if account.role not in CASH_ROLES]
    outside = INVESTING | FINANCING
    operating = sheet.section("Operating", [a for a in others if a.role not in outside], sheet.cash)
    investing = sheet.section("Investing", [a for a in others if a.role in INVESTING], sheet.cash)
    financing = sheet.section("Financing", [a for a in others if a.role in FINANCING], sheet.cash, eliminate)
    width = len(sheet.months)
    change = added([sheet.flows(account) for account in cash], width)
    closing = added([sheet.standing(account) for account in cash], width)
    return CashFlow(
        sheet.months, sheet.currency, _less(closing, change), operating, investing, financing, change, closing
    )


def added(columns: Iterable[Sequence[int]], width: int) -> tuple[int, ...]:
    """Add rows of equal width month by month; no row adds up to zeros."""
    totals = [0] * width
    for column in columns:
        for position, amount in enumerate(column):
            totals[position] += amount
    return tuple(totals)


def _less(left: Sequence[int], right: Sequence[int]) -> tuple[int, ...]:
    return tuple(a - b for a, b in zip(left, right, strict=True))
