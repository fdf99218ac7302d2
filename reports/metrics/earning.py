"""Metrics of the income statement: revenue, cost and result, of one entity as of several together."""

import datetime as dt

from core import months
from portfolio.models import AccountKind, AccountRole
from reports.document import Unit
from reports.metrics import by_day
from reports.metrics.registry import Answer, Better, Desk, Scope, metric

BETWEEN = (AccountKind.INCOME, AccountKind.EXPENSE)


def sold(scope: Scope) -> tuple[AccountKind, ...]:
    """Return what of the business between sisters is revenue: an entity's sales, of several what they did not match."""
    return (AccountKind.INCOME,) if scope.alone else BETWEEN


def bought(scope: Scope) -> tuple[AccountKind, ...]:
    """Return what of the business between sisters is direct cost: what an entity bought, of several nothing."""
    return (AccountKind.EXPENSE,) if scope.alone else ()


def revenue_between(desk: Desk, scope: Scope, first: dt.date, last: dt.date) -> Answer:
    """Recognised revenue of some days, income positive."""
    return by_day.moved(desk, scope, [AccountRole.REVENUE], first, last, sign=-1, sisters=sold(scope))


@metric(
    "revenue",
    name="Revenue",
    unit=Unit.MONEY,
    formula="Σ credits − debits of the sales accounts in the month. A deposit counts once its service is done. One entity’s sales to sister entities count; of several entities they are taken off.",
    source="Journal: accounts with the role revenue",
    better=Better.MORE,
    daily=revenue_between,
)
def revenue(desk: Desk, scope: Scope, month: int) -> Answer:
    """Recognised revenue of a month, income positive."""
    return desk.postings(scope, [AccountRole.REVENUE], first=month, last=month, sign=-1, sisters=sold(scope))


@metric(
    "other_receipts",
    name="Uncategorised receipts",
    unit=Unit.MONEY,
    formula="Σ credits − debits of the uncategorised accounts in the month; payments nobody has categorised are negative.",
    source="Journal: accounts with the role uncategorised",
)
def other_receipts(desk: Desk, scope: Scope, month: int) -> Answer:
    """What nobody has categorised yet, receipts positive."""
    return desk.postings(scope, [AccountRole.UNCATEGORISED], first=month, last=month, sign=-1)


@metric(
    "direct_cost",
    name="Direct cost",
    unit=Unit.MONEY,
    formula="Σ debits − credits of what charters, stays, jobs and concerts cost in the month. What one entity bought of sister entities counts; of several entities it is taken off.",
    source="Journal: accounts with the role direct cost",
    better=Better.LESS,
)
def direct_cost(desk: Desk, scope: Scope, month: int) -> Answer:
    """Direct cost of a month, cost positive."""
    return desk.postings(scope, [AccountRole.DIRECT_COST], first=month, last=month, sisters=bought(scope))


@metric(
    "fixed_cost",
    name="Fixed cost",
    unit=Unit.MONEY,
    formula="Σ debits − credits of the fixed operating accounts in the month",
    source="Journal: accounts with the role fixed cost",
    better=Better.LESS,
)
def fixed_cost(desk: Desk, scope: Scope, month: int) -> Answer:
    """Fixed operating cost of a month, cost positive."""
    return desk.postings(scope, [AccountRole.FIXED_COST], first=month, last=month)


@metric(
    "operating_result",
    name="Operating result",
    unit=Unit.MONEY,
    formula="Revenue − direct cost − fixed cost + uncategorised receipts (payments negative)",
    source="Journal",
    better=Better.MORE,
)
def operating_result(desk: Desk, scope: Scope, month: int) -> Answer:
    """Operating result of a month, profit positive."""
    return desk.postings(
        scope,
        [
            AccountRole.REVENUE,
            AccountRole.DIRECT_COST,
            AccountRole.FIXED_COST,
            AccountRole.UNCATEGORISED,
        ],
        first=month,
        last=month,
        sign=-1,
        sisters=BETWEEN,
    )


@metric(
    "revenue_12m",
    name="Revenue, twelve months",
    unit=Unit.MONEY,
    formula="Σ revenue of the twelve months that end with the month",
    source="Journal: accounts with the role revenue",
    better=Better.MORE,
)
def revenue_12m(desk: Desk, scope: Scope, month: int) -> Answer:
    """Recognised revenue of the last twelve months."""
    return desk.postings(
        scope, [AccountRole.REVENUE], first=month - 11, last=month, sign=-1, sisters=sold(scope)
    )


@metric(
    "outside_12m",
    name="Revenue from outside, twelve months",
    unit=Unit.MONEY,
    formula="Σ revenue of the twelve months that end with the month, without sales to sister entities",
    source="Journal: accounts with the role revenue",
    better=Better.MORE,
)
def outside_12m(desk: Desk, scope: Scope, month: int) -> Answer:
    """Recognised revenue of the last twelve months from others than sister entities."""
    return desk.postings(scope, [AccountRole.REVENUE], first=month - 11, last=month, sign=-1)


@metric(
    "revenue_quarter",
    name="Revenue, quarter to date",
    unit=Unit.MONEY,
    formula="Σ revenue from the first day of the as-of date's quarter to the as-of date",
    source="Journal: accounts with the role revenue",
    monthly=False,
    better=Better.MORE,
)
def revenue_quarter(desk: Desk, scope: Scope, month: int) -> Answer:
    """Recognised revenue of the present quarter so far."""
    now = months.month_of(desk.as_of)
    return desk.postings(
        scope, [AccountRole.REVENUE], first=now - now % 3, last=now, sign=-1, sisters=sold(scope)
    )
