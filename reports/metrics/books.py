"""Metrics read from the ledger: cash, burn, runway, receivables.

Everything comes from the monthly balances, so it costs accounts x months however many postings there are.
Cash is money at the bank and at the card processor.
"""

import datetime as dt

from core import months
from portfolio.models import AccountRole
from portfolio.models.account import CASH_ROLES as CASH
from portfolio.models.account import FINANCING_ROLES, INVESTING_ROLES
from reports.document import Badge, Figure, TraceRow, Unit
from reports.metrics import by_day
from reports.metrics.earning import BETWEEN, bought
from reports.metrics.registry import Aggregate, Answer, Better, Desk, Scope, metric

RESTRICTED = (AccountRole.DEFERRED, AccountRole.DEPOSITS_HELD, AccountRole.HELD_FOR_OTHERS)
# Cash that is neither invested nor financing: what the cash flow statement calls operating.
OPERATING = tuple(role for role in AccountRole if role not in (*CASH, *INVESTING_ROLES, *FINANCING_ROLES))
BURN_MONTHS = 3


@metric(
    "cash",
    name="Cash",
    unit=Unit.MONEY,
    formula="Balance of the bank and card-processor accounts on the as-of date",
    source="Journal: accounts with the roles cash and clearing",
    monthly=False,
    better=Better.MORE,
)
def cash(desk: Desk, scope: Scope, month: int) -> Answer:
    """Cash on the as-of date."""
    return desk.postings(scope, CASH, last=months.month_of(desk.as_of))


def cash_on(desk: Desk, scope: Scope, first: dt.date, last: dt.date) -> Answer:
    """Cash at the end of the last of some days."""
    return by_day.stood(desk, scope, CASH, last)


@metric(
    "cash_at_month_end",
    name="Cash at month's end",
    unit=Unit.MONEY,
    formula="Balance of the bank and card-processor accounts at the end of the month",
    source="Journal: accounts with the roles cash and clearing",
    better=Better.MORE,
    aggregate=Aggregate.LAST,
    daily=cash_on,
)
def cash_at_month_end(desk: Desk, scope: Scope, month: int) -> Answer:
    """Cash at the end of a month (or on the as-of date inside it)."""
    return desk.postings(scope, CASH, last=month)


@metric(
    "deferred_balance",
    name="Deferred revenue",
    unit=Unit.MONEY,
    formula="Balance of money received for services not yet given",
    source="Journal: accounts with the role deferred revenue",
    monthly=False,
)
def deferred_balance(desk: Desk, scope: Scope, month: int) -> Answer:
    """Deferred revenue on the as-of date, owed positive."""
    return desk.postings(scope, [AccountRole.DEFERRED], last=months.month_of(desk.as_of), sign=-1)


@metric(
    "deposits_held",
    name="Refundable deposits held",
    unit=Unit.MONEY,
    formula="Balance of deposits that guests get back unless the service is given, and of those beyond the price",
    source="Journal: accounts with the role refundable deposits held",
    monthly=False,
)
def deposits_held(desk: Desk, scope: Scope, month: int) -> Answer:
    """Refundable deposits held on the as-of date, owed positive."""
    return desk.postings(scope, [AccountRole.DEPOSITS_HELD], last=months.month_of(desk.as_of), sign=-1)


@metric(
    "held_for_others",
    name="Funds held for others",
    unit=Unit.MONEY,
    formula="Balance of money that belongs to somebody else",
    source="Journal: accounts with the role funds held for others",
    monthly=False,
)
def held_for_others(desk: Desk, scope: Scope, month: int) -> Answer:
    """Funds held for others on the as-of date, owed positive."""
    return desk.postings(scope, [AccountRole.HELD_FOR_OTHERS], last=months.month_of(desk.as_of), sign=-1)


@metric(
    "unrestricted_cash",
    name="Unrestricted cash",
    unit=Unit.MONEY,
    formula="Cash − deferred revenue (refundable until the service) − refundable deposits held − funds held for others",
    source="Journal",
    monthly=False,
    better=Better.MORE,
)
def unrestricted_cash(desk: Desk, scope: Scope, month: int) -> Answer:
    """Cash that is the owner's to spend."""
    return desk.formula(
        "difference",
        desk.get("cash", scope),
        desk.get("deferred_balance", scope),
        desk.get("deposits_held", scope),
        desk.get("held_for_others", scope),
    )


@metric(
    "fixed_cash_flow",
    name="Fixed operating cash flow",
    unit=Unit.MONEY,
    formula="Cash explained by fixed operating accounts in the month; outflows are negative",
    source="Journal: postings to fixed cost accounts in entries that touch cash",
)
def fixed_cash_flow(desk: Desk, scope: Scope, month: int) -> Answer:
    """Cash that fixed operating cost moved in a month, outflow negative."""
    return desk.postings(scope, [AccountRole.FIXED_COST], first=month, last=month, cash=True)


@metric(
    "direct_cash_flow",
    name="Direct cost cash flow",
    unit=Unit.MONEY,
    formula="Cash explained by direct cost accounts and by crew pay owed in the month; outflows are negative",
    source="Journal: postings to direct cost accounts and to crew pay owed in entries that touch cash",
)
def direct_cash_flow(desk: Desk, scope: Scope, month: int) -> Answer:
    """Cash that direct costs moved in a month, outflow negative."""
    return desk.postings(
        scope,
        [AccountRole.DIRECT_COST, AccountRole.CREW_PAY],
        first=month,
        last=month,
        cash=True,
        sisters=bought(scope),
    )


@metric(
    "operating_cash_flow",
    name="Operating cash flow",
    unit=Unit.MONEY,
    formula="Cash explained in the month by everything but fixed assets, loans, owner money and transfers between sister entities, as the cash flow statement has it",
    source="Journal: postings in entries that touch cash",
    better=Better.MORE,
)
def operating_cash_flow(desk: Desk, scope: Scope, month: int) -> Answer:
    """Cash from operations in a month, inflow positive."""
    return desk.postings(
        scope, OPERATING, first=month, last=month, cash=True, sisters=BETWEEN if scope.alone else ()
    )


@metric(
    "deposits_change",
    name="Increase in deposits and deferred revenue",
    unit=Unit.MONEY,
    formula="Σ credits − debits of deferred revenue, deposits held and funds held for others in the month",
    source="Journal: accounts with those roles",
)
def deposits_change(desk: Desk, scope: Scope, month: int) -> Answer:
    """What was taken in a month and not yet earned, less what was earned or paid back."""
    return desk.postings(scope, RESTRICTED, first=month, last=month, sign=-1)


@metric(
    "free_cash_flow",
    name="Operating cash flow, deposits counted when earned",
    unit=Unit.MONEY,
    formula="Operating cash flow − increase in deposits and deferred revenue of the month",
    source="Journal",
    better=Better.MORE,
)
def free_cash_flow(desk: Desk, scope: Scope, month: int) -> Answer:
    """What operations did to unrestricted cash in a month, inflow positive."""
    return desk.formula(
        "difference",
        desk.get("operating_cash_flow", scope, month),
        desk.get("deposits_change", scope, month),
    )


@metric(
    "receipts",
    name="Cash from customers",
    unit=Unit.MONEY,
    formula="Cash explained in the month by sales, receivables, deferred revenue, refunds owed, and deposits and funds held",
    source="Journal: postings in entries that touch cash",
    better=Better.MORE,
)
def receipts(desk: Desk, scope: Scope, month: int) -> Answer:
    """Cash that customers paid in a month, net of refunds."""
    return desk.postings(
        scope,
        [AccountRole.REVENUE, AccountRole.RECEIVABLE, AccountRole.REFUNDS_DUE, *RESTRICTED],
        first=month,
        last=month,
        cash=True,
    )


@metric(
    "unbooked_receipts",
    name="Cash from customers without a deposit",
    unit=Unit.MONEY,
    formula="Cash explained in the month by sales and receivables accounts (stays, clients and walk-ins; bookings pay in through deferred revenue)",
    source="Journal: postings in entries that touch cash",
    better=Better.MORE,
)
def unbooked_receipts(desk: Desk, scope: Scope, month: int) -> Answer:
    """Cash in a month from customers who pay on or after the service."""
    return desk.postings(
        scope, [AccountRole.REVENUE, AccountRole.RECEIVABLE], first=month, last=month, cash=True
    )


@metric(
    "variable_cash_flow",
    name="Operating cash before fixed cost",
    unit=Unit.MONEY,
    formula="Operating cash flow, deposits counted when earned − fixed operating cash flow of the month",
    source="Journal: postings in entries that touch cash",
    better=Better.MORE,
)
def variable_cash_flow(desk: Desk, scope: Scope, month: int) -> Answer:
    """Operating cash of a month that is not fixed cost, inflow positive."""
    return desk.formula(
        "difference", desk.get("free_cash_flow", scope, month), desk.get("fixed_cash_flow", scope, month)
    )


@metric(
    "mean_variable_cash",
    name="Mean operating cash before fixed cost",
    unit=Unit.MONEY,
    formula="Mean of three months",
    source="Journal",
    better=Better.MORE,
)
def mean_variable_cash(desk: Desk, scope: Scope, month: int) -> Answer:
    """Mean monthly operating cash that is not fixed cost."""
    return desk.formula("mean", *_trailing(desk, "variable_cash_flow", scope, month))


def _trailing(desk: Desk, key: str, scope: Scope, month: int) -> list[Figure]:
    return [desk.get(key, scope, earlier) for earlier in range(month - BURN_MONTHS + 1, month + 1)]


@metric(
    "gross_burn",
    name="Gross burn",
    unit=Unit.MONEY,
    formula="−mean of the fixed operating cash flow of three months; what a charter, stay or job itself costs is in its contribution",
    source="Journal",
    better=Better.LESS,
)
def gross_burn(desk: Desk, scope: Scope, month: int) -> Answer:
    """Mean monthly fixed operating cash out, spending positive."""
    return desk.formula("negated_mean", *_trailing(desk, "fixed_cash_flow", scope, month))


@metric(
    "net_burn",
    name="Net burn",
    unit=Unit.MONEY,
    formula="−mean over three months of the operating cash flow, deposits counted when earned; negative when operations bring cash in",
    source="Journal",
    better=Better.LESS,
)
def net_burn(desk: Desk, scope: Scope, month: int) -> Answer:
    """Mean monthly operating cash out less in, burning positive."""
    return desk.formula("negated_mean", *_trailing(desk, "free_cash_flow", scope, month))


@metric(
    "mean_unbooked_receipts",
    name="Mean cash from customers without a deposit",
    unit=Unit.MONEY,
    formula="Mean of three months",
    source="Journal",
    better=Better.MORE,
)
def mean_unbooked_receipts(desk: Desk, scope: Scope, month: int) -> Answer:
    """Mean monthly cash from stays, clients and walk-ins."""
    return desk.formula("mean", *_trailing(desk, "unbooked_receipts", scope, month))


@metric(
    "mean_direct_cash",
    name="Mean direct cost paid",
    unit=Unit.MONEY,
    formula="−mean of the direct cost cash flow of three months",
    source="Journal",
    better=Better.LESS,
)
def mean_direct_cash(desk: Desk, scope: Scope, month: int) -> Answer:
    """Mean monthly direct cost paid, spending positive."""
    return desk.formula("negated_mean", *_trailing(desk, "direct_cash_flow", scope, month))


@metric(
    "restricted_at_month_end",
    name="Deposits and deferred revenue at month's end",
    unit=Unit.MONEY,
    formula="Balance of deferred revenue, deposits held and funds held for others at the end of the month",
    source="Journal: accounts with those roles",
    aggregate=Aggregate.LAST,
)
def restricted_at_month_end(desk: Desk, scope: Scope, month: int) -> Answer:
    """What was owed back or not yet earned at the end of a month, owed positive."""
    return desk.postings(scope, RESTRICTED, last=month, sign=-1)


@metric(
    "unrestricted_at_month_end",
    name="Unrestricted cash at month's end",
    unit=Unit.MONEY,
    formula="Cash − deferred revenue − deposits held − funds held for others at the end of the month",
    source="Journal",
    better=Better.MORE,
    aggregate=Aggregate.LAST,
)
def unrestricted_at_month_end(desk: Desk, scope: Scope, month: int) -> Answer:
    """Cash that was the owner's to spend at the end of a month."""
    return desk.formula(
        "difference",
        desk.get("cash_at_month_end", scope, month),
        desk.get("restricted_at_month_end", scope, month),
    )


@metric(
    "runway",
    name="Runway",
    unit=Unit.MONTHS,
    formula="Unrestricted cash ÷ net burn: on the as-of date for the report's own month, at its end for an earlier one; not burning when net burn is zero or less",
    source="Journal",
    better=Better.MORE,
    aggregate=Aggregate.LAST,
)
def runway(desk: Desk, scope: Scope, month: int) -> Answer:
    """Months until unrestricted cash is gone at the net burn of that month."""
    stock = (
        desk.get("unrestricted_cash", scope)
        if month == desk.month
        else desk.get("unrestricted_at_month_end", scope, month)
    )
    return desk.formula("months_left", stock, desk.get("net_burn", scope, month), undefined="not burning")


@metric(
    "receivables",
    name="Receivables",
    unit=Unit.MONEY,
    formula="Balance of invoices issued and not paid",
    source="Journal: accounts with the role receivable",
    monthly=False,
    better=Better.LESS,
)
def receivables(desk: Desk, scope: Scope, month: int) -> Answer:
    """Receivables on the as-of date, owed to us positive."""
    return desk.postings(scope, [AccountRole.RECEIVABLE], last=months.month_of(desk.as_of))


@metric(
    "receivables_at_month_end",
    name="Receivables at month's end",
    unit=Unit.MONEY,
    formula="Balance of invoices issued and not paid at the end of the month",
    source="Journal: accounts with the role receivable",
    better=Better.LESS,
    aggregate=Aggregate.LAST,
)
def receivables_at_month_end(desk: Desk, scope: Scope, month: int) -> Answer:
    """Receivables at the end of a month, owed to us positive."""
    return desk.postings(scope, [AccountRole.RECEIVABLE], last=month)


@metric(
    "credit_sales",
    name="Credit sales, three months",
    unit=Unit.MONEY,
    formula="Σ debits of the receivable accounts in the three months that end with the month",
    source="Journal: accounts with the role receivable",
)
def credit_sales(desk: Desk, scope: Scope, month: int) -> Answer:
    """What was invoiced in three months."""
    return desk.postings(
        scope, [AccountRole.RECEIVABLE], first=month - BURN_MONTHS + 1, last=month, side="debit"
    )


@metric(
    "days_in_quarter",
    name="Days in the three months",
    unit=Unit.COUNT,
    formula="Calendar days of the three months that end with the month",
    source="Calendar",
)
def days_in_quarter(desk: Desk, scope: Scope, month: int) -> Answer:
    """Calendar days of three months."""
    return desk.rows(
        (
            TraceRow(months.label(m), months.last_day(m).day, on=months.last_day(m))
            for m in range(month - BURN_MONTHS + 1, month + 1)
        ),
        Badge.MEASURED,
    )


@metric(
    "dso",
    name="Days sales outstanding",
    unit=Unit.DAYS,
    formula="Receivables at the month's end ÷ credit sales of three months × days of the three months",
    source="Journal",
    better=Better.LESS,
    aggregate=Aggregate.LAST,
)
def dso(desk: Desk, scope: Scope, month: int) -> Answer:
    """Days of credit sales that stand unpaid."""
    return desk.formula(
        "days_outstanding",
        desk.get("receivables_at_month_end", scope, month),
        desk.get("credit_sales", scope, month),
        desk.get("days_in_quarter", scope, month),
        undefined="n/a: no credit sales",
    )
