"""The chart of accounts, its balances by month, and the state of each month's books.

Balances are kept by the seal trigger of a journal entry (see `portfolio.models.journal`), so that a
statement reads accounts x months and never adds up postings.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core import months
from portfolio.models.entity import Entity


class AccountKind(models.TextChoices):
    """The five kinds of the accounting equation."""

    ASSET = "asset", "Asset"
    LIABILITY = "liability", "Liability"
    EQUITY = "equity", "Equity"
    INCOME = "income", "Income"
    EXPENSE = "expense", "Expense"


class AccountRole(models.TextChoices):
    """What an account is for; statements and metrics choose accounts by role, never by name.

    Where several accounts share a role, what posts to one of them knows it by its code in the chart
    (`portfolio.domain.chart`): 4100 kept from cancellations, 5100 crew, 5500 to 5650 what sales cost, 6850 bad debts.
    ``cash`` and ``clearing`` (money at the card processor) are cash for every cash figure.
    """

    CASH = "cash", "Cash at bank"
    CLEARING = "clearing", "Card processor clearing"
    RECEIVABLE = "receivable", "Receivables"
    INTERCOMPANY = "intercompany", "Between sister entities"
    OTHER_ASSET = "other_asset", "Prepaid costs, stock and deposits paid"
    FIXED_ASSET = "fixed_asset", "Fixed assets"
    PAYABLE = "payable", "Payables"
    DEFERRED = "deferred", "Deferred revenue"
    DEPOSITS_HELD = "deposits_held", "Refundable deposits held"
    REFUNDS_DUE = "refunds_due", "Refunds owed to clients"
    CREW_PAY = "crew_pay", "Crew pay owed"
    ACCRUED = "accrued", "Payroll and other accrued liabilities"
    TAX = "tax", "Occupancy and sales tax set aside"
    HELD_FOR_OTHERS = "held_for_others", "Funds held for others"
    LOAN = "loan", "Loans"
    CAPITAL = "capital", "Owner capital"
    DRAW = "draw", "Owner draws"
    REVENUE = "revenue", "Revenue"
    DIRECT_COST = "direct_cost", "Direct cost of a charter, stay, job or concert"
    FIXED_COST = "fixed_cost", "Fixed operating cost"
    OTHER_INCOME = "other_income", "Other income"
    INTEREST = "interest", "Interest expense"
    DEPRECIATION = "depreciation", "Depreciation"
    INCOME_TAX = "income_tax", "Income tax"
    UNCATEGORISED = "uncategorised", "Not yet categorised"


CASH_ROLES = (AccountRole.CASH, AccountRole.CLEARING)
# Cash that moves for these is invested or financing, all other is operating.
INVESTING_ROLES = (AccountRole.FIXED_ASSET,)
FINANCING_ROLES = (AccountRole.LOAN, AccountRole.CAPITAL, AccountRole.DRAW, AccountRole.INTERCOMPANY)

# What stands below the operating result, in this order.
BELOW_ROLES = (
    AccountRole.OTHER_INCOME,
    AccountRole.INTEREST,
    AccountRole.DEPRECIATION,
    AccountRole.INCOME_TAX,
)


class Account(models.Model):
    """One account of one entity's chart, in one currency."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="accounts", db_index=False)
    code = models.CharField(max_length=10)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=AccountKind.choices)
    role = models.CharField(max_length=16, choices=AccountRole.choices)
    currency = models.CharField(max_length=3, default="USD")
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["entity_id", "code"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "code"], name="account_code_once_per_entity"),
            models.CheckConstraint(
                condition=Q(kind__in=AccountKind.values, role__in=AccountRole.values),
                name="account_kind_and_role_are_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class MonthlyBalance(models.Model):
    """The movement of one account in one month, over sealed postings only. Written by the seal trigger alone.

    ``cash_minor`` is the cash this account explains: the negated sum of its postings in entries that
    touch cash. Over all non-cash accounts it adds up to the change in cash (the direct method); over all
    accounts it is zero.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="balances", db_index=False)
    month = models.IntegerField(help_text="year * 12 + month - 1")
    debit_minor = models.BigIntegerField(default=0)
    credit_minor = models.BigIntegerField(default=0)
    cash_minor = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["account_id", "month"]
        constraints = [
            models.UniqueConstraint(fields=["account", "month"], name="balance_once_per_month"),
            models.CheckConstraint(
                condition=Q(debit_minor__gte=0, credit_minor__gte=0), name="balance_sides_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.month}"


class PeriodState(models.TextChoices):
    """How far a month of books has come."""

    OPEN = "open", "Open"
    RECONCILED = "reconciled", "Reconciled"
    CLOSED = "closed", "Closed"


class Period(models.Model):
    """A month of an entity's books. A month without a row is open."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="periods", db_index=False)
    month = models.IntegerField(help_text="year * 12 + month - 1")
    state = models.CharField(max_length=10, choices=PeriodState.choices, default=PeriodState.OPEN)
    statement_minor = models.BigIntegerField(
        null=True, blank=True, help_text="Cents on the bank statement at the month's end."
    )
    reconciled_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True)
    reopen_reason = models.CharField(max_length=250, blank=True, help_text="Why it was last reopened.")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["entity_id", "-month"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "month"], name="period_once_per_month"),
            models.CheckConstraint(condition=Q(state__in=PeriodState.values), name="period_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state="reconciled")
                | Q(reconciled_at__isnull=False, statement_minor__isnull=False),
                name="reconciled_period_has_statement",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(closed_at__isnull=False), name="closed_period_has_date"
            ),
            models.CheckConstraint(
                condition=Q(reopened_at__isnull=True) | ~Q(reopen_reason=""),
                name="reopened_period_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entity}, {months.label(self.month)}"
