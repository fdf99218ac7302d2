"""The chart of accounts every entity starts from: code, name, kind, role."""

from typing import NamedTuple

from portfolio.models import Account, AccountKind, AccountRole, Entity


class ChartLine(NamedTuple):
    """One account of the template."""

    code: str
    name: str
    kind: AccountKind
    role: AccountRole


CHART = (
    ChartLine("1010", "Operating checking", AccountKind.ASSET, AccountRole.CASH),
    ChartLine("1050", "Stripe clearing", AccountKind.ASSET, AccountRole.CLEARING),
    ChartLine("1200", "Accounts receivable", AccountKind.ASSET, AccountRole.RECEIVABLE),
    ChartLine("1300", "Due from sister entities", AccountKind.ASSET, AccountRole.INTERCOMPANY),
    ChartLine("1400", "Prepaid costs", AccountKind.ASSET, AccountRole.OTHER_ASSET),
    ChartLine("1450", "Stock", AccountKind.ASSET, AccountRole.OTHER_ASSET),
    ChartLine("1480", "Deposits paid", AccountKind.ASSET, AccountRole.OTHER_ASSET),
    ChartLine("1500", "Fixed assets", AccountKind.ASSET, AccountRole.FIXED_ASSET),
    ChartLine("1590", "Accumulated depreciation", AccountKind.ASSET, AccountRole.FIXED_ASSET),
    ChartLine("2000", "Accounts payable", AccountKind.LIABILITY, AccountRole.PAYABLE),
    ChartLine("2050", "Crew pay owed", AccountKind.LIABILITY, AccountRole.CREW_PAY),
    ChartLine("2060", "Payroll owed", AccountKind.LIABILITY, AccountRole.ACCRUED),
    ChartLine("2080", "Accrued costs", AccountKind.LIABILITY, AccountRole.ACCRUED),
    ChartLine("2100", "Deferred revenue", AccountKind.LIABILITY, AccountRole.DEFERRED),
    ChartLine("2150", "Refundable deposits held", AccountKind.LIABILITY, AccountRole.DEPOSITS_HELD),
    ChartLine("2170", "Refunds owed to clients", AccountKind.LIABILITY, AccountRole.REFUNDS_DUE),
    ChartLine("2200", "Funds held for others", AccountKind.LIABILITY, AccountRole.HELD_FOR_OTHERS),
    ChartLine("2300", "Due to sister entities", AccountKind.LIABILITY, AccountRole.INTERCOMPANY),
    ChartLine("2400", "Occupancy and sales tax set aside", AccountKind.LIABILITY, AccountRole.TAX),
    ChartLine("2500", "Loans", AccountKind.LIABILITY, AccountRole.LOAN),
    ChartLine("3000", "Owner capital", AccountKind.EQUITY, AccountRole.CAPITAL),
    ChartLine("3100", "Owner draws", AccountKind.EQUITY, AccountRole.DRAW),
    ChartLine("4000", "Sales", AccountKind.INCOME, AccountRole.REVENUE),
    ChartLine("4100", "Kept from cancellations", AccountKind.INCOME, AccountRole.REVENUE),
    ChartLine("4800", "Sales to sister entities", AccountKind.INCOME, AccountRole.INTERCOMPANY),
    ChartLine("4900", "Uncategorised receipts", AccountKind.INCOME, AccountRole.UNCATEGORISED),
    ChartLine("5100", "Crew and labour", AccountKind.EXPENSE, AccountRole.DIRECT_COST),
    ChartLine("5200", "Fuel and disposal", AccountKind.EXPENSE, AccountRole.DIRECT_COST),
    ChartLine("5300", "Dock and venue", AccountKind.EXPENSE, AccountRole.DIRECT_COST),
    ChartLine("5400", "Provisions and cleaning", AccountKind.EXPENSE, AccountRole.DIRECT_COST),
    ChartLine("5500", "Commissions", AccountKind.EXPENSE, AccountRole.DIRECT_COST),
    ChartLine("5600", "Card fees", AccountKind.EXPENSE, AccountRole.DIRECT_COST),
    ChartLine("5650", "Card disputes", AccountKind.EXPENSE, AccountRole.DIRECT_COST),
    ChartLine("5700", "Repairs for a stay or job", AccountKind.EXPENSE, AccountRole.DIRECT_COST),
    ChartLine("5900", "Bought from sister entities", AccountKind.EXPENSE, AccountRole.INTERCOMPANY),
    ChartLine("6100", "Dockage", AccountKind.EXPENSE, AccountRole.FIXED_COST),
    ChartLine("6200", "Insurance", AccountKind.EXPENSE, AccountRole.FIXED_COST),
    ChartLine("6300", "Maintenance", AccountKind.EXPENSE, AccountRole.FIXED_COST),
    ChartLine("6400", "Software and hosting", AccountKind.EXPENSE, AccountRole.FIXED_COST),
    ChartLine("6500", "Contractors", AccountKind.EXPENSE, AccountRole.FIXED_COST),
    ChartLine("6600", "Leases", AccountKind.EXPENSE, AccountRole.FIXED_COST),
    ChartLine("6700", "Utilities", AccountKind.EXPENSE, AccountRole.FIXED_COST),
    ChartLine("6750", "Advertising", AccountKind.EXPENSE, AccountRole.FIXED_COST),
    ChartLine("6800", "Mortgage interest", AccountKind.EXPENSE, AccountRole.FIXED_COST),
    ChartLine("6850", "Bad debts", AccountKind.EXPENSE, AccountRole.FIXED_COST),
    ChartLine("6900", "Uncategorised payments", AccountKind.EXPENSE, AccountRole.UNCATEGORISED),
    ChartLine("7000", "Other income", AccountKind.INCOME, AccountRole.OTHER_INCOME),
    ChartLine("7100", "Interest expense", AccountKind.EXPENSE, AccountRole.INTEREST),
    ChartLine("7200", "Depreciation", AccountKind.EXPENSE, AccountRole.DEPRECIATION),
    ChartLine("7900", "Income tax", AccountKind.EXPENSE, AccountRole.INCOME_TAX),
)


def open_chart(*, entity: Entity) -> dict[str, Account]:
    """Give an entity every account of the template it lacks; return its accounts by code."""
    Account.objects.bulk_create(
        (
            Account(
                entity=entity,
                code=line.code,
                name=line.name,
                kind=line.kind,
                role=line.role,
                currency=entity.currency,
            )
            for line in CHART
        ),
        ignore_conflicts=True,
    )
    return {account.code: account for account in entity.accounts.all()}
