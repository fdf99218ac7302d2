"""Budgets by account and month, beside what the books say; both in the account's own sense, income and cost positive."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit, months
from core.money import LIMIT_MINOR, share
from portfolio.models import Account, AccountKind, Budget, Entity, MonthlyBalance

KINDS = (AccountKind.INCOME, AccountKind.EXPENSE)


class BudgetRefusedError(Exception):
    """A budget that cannot be kept; the message is a sentence for whoever asked."""


@dataclass(frozen=True, slots=True)
class Line:
    """One account over the months of a plan; a month without a budget holds None.

    ``counted`` of its months, the first ones, have begun: budget and books are compared over these alone.
    """

    account: Account
    budget: tuple[int | None, ...]
    actual: tuple[int, ...]
    counted: int

    @property
    def budget_total(self) -> int | None:
        """Return what is budgeted over all months that have a budget, None where none has."""
        return _added(self.budget)

    @property
    def budget_so_far(self) -> int | None:
        """Return what is budgeted over the months that count, None where none of them has a budget."""
        return _added(self.budget[: self.counted])

    @property
    def actual_so_far(self) -> int:
        """Return what was moved over the months that count."""
        return sum(self.actual[: self.counted])

    @property
    def compared(self) -> int:
        """Return what was moved over the months that count and have a budget."""
        return sum(
            was
            for was, want in zip(self.actual[: self.counted], self.budget[: self.counted], strict=True)
            if want is not None
        )

    @property
    def variance(self) -> int | None:
        """Return actual less budget over the months that count and have a budget."""
        return None if self.budget_so_far is None else self.compared - self.budget_so_far

    @property
    def variance_is_good(self) -> bool:
        """Tell whether the variance is to the owner's liking: more income, or less cost."""
        return (self.variance or 0) * (1 if self.account.kind == AccountKind.INCOME else -1) >= 0


def lines(*, entity: Entity, first: int, last: int, as_of: int | None = None) -> list[Line]:
    """Return each income and expense account that has a budget or moved in these months; three queries.

    Months after the month ``as_of`` are shown, and compared with nothing.
    """
    span = range(first, last + 1)
    counted = len(span) if as_of is None else max(0, min(len(span), as_of - first + 1))
    accounts = list(Account.objects.filter(entity=entity, kind__in=KINDS).order_by("code"))
    wanted = {
        (row.account_id, row.month): row.amount_minor
        for row in Budget.objects.filter(account__entity=entity, month__range=(first, last))
    }
    moved = _moved(entity, first, last)
    found = [
        Line(
            account,
            tuple(wanted.get((account.pk, month)) for month in span),
            tuple(_sense(account) * moved.get((account.pk, month), 0) for month in span),
            counted,
        )
        for account in accounts
    ]
    return [line for line in found if any(line.actual) or line.budget_total is not None]


def set_months(
    *,
    account: Account,
    amounts: Mapping[int, int | None],
    source: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> int:
    """Set an account's budget for some months, None takes it away; return how many months changed.

    Raises:
        BudgetRefusedError: the account is neither income nor cost, or an amount is larger than any these books hold.
    """
    if account.kind not in KINDS:
        raise BudgetRefusedError(
            f"{account} is neither income nor cost; budgets are of what a month earns and spends."
        )
    if any(amount is not None and abs(amount) > LIMIT_MINOR for amount in amounts.values()):
        raise BudgetRefusedError("An amount is larger than any amount these books hold.")
    with transaction.atomic():
        # Whoever budgets the same account at the same time waits here.
        list(Account.objects.select_for_update(no_key=True).filter(pk=account.pk).values_list("pk"))
        old = dict(
            Budget.objects.filter(account=account, month__in=amounts).values_list("month", "amount_minor")
        )
        changed = {month: amount for month, amount in amounts.items() if old.get(month) != amount}
        if not changed:
            return 0
        gone = [month for month, amount in changed.items() if amount is None]
        Budget.objects.filter(account=account, month__in=gone).delete()
        Budget.objects.bulk_create(
            (
                Budget(account=account, month=month, amount_minor=amount, source=source)
                for month, amount in changed.items()
                if amount is not None
            ),
            update_conflicts=True,
            unique_fields=["account", "month"],
            update_fields=["amount_minor", "source"],
        )
        audit.record(
            action="portfolio:budget:set", subject=account, by=by, at=at, entity=account.entity.slug,
            data={months.iso(month): [old.get(month), amount] for month, amount in sorted(changed.items())},
        )  # fmt: skip
    return len(changed)


def proposed(*, account: Account, year: int, growth_bp: int) -> list[int]:
    """Return twelve amounts: what the account moved in each month of the year before, grown by basis points."""
    first = months.month_of(dt.date(year - 1, 1, 1))
    moved = _moved(account.entity, first, first + 11)
    before = [_sense(account) * moved.get((account.pk, month), 0) for month in range(first, first + 12)]
    return [amount + share(amount, growth_bp) for amount in before]


def spread(total_minor: int) -> list[int]:
    """Return a year's amount as twelve whole amounts that add up to it; the first months take what is left over."""
    each, left = divmod(total_minor, 12)
    return [each + (month < left) for month in range(12)]


def _moved(entity: Entity, first: int, last: int) -> dict[tuple[int, int], int]:
    rows = MonthlyBalance.objects.filter(
        account__entity=entity, account__kind__in=KINDS, month__range=(first, last)
    ).values_list("account_id", "month", "debit_minor", "credit_minor")
    return {(account, month): debit - credit for account, month, debit, credit in rows}


def _sense(account: Account) -> int:
    return -1 if account.kind == AccountKind.INCOME else 1


def _added(amounts: Sequence[int | None]) -> int | None:
    given = [amount for amount in amounts if amount is not None]
    return sum(given) if given else None


def totals(rows: Sequence[Line]) -> dict[str, int]:
    """Return income less cost over rows, for the foot of a plan.

    ``actual`` is all that moved so far; ``compared``, ``budget`` and ``variance`` are of the same accounts and months, those
    that have a budget; ``year`` is what is budgeted over all months.
    """
    signed = [(1 if row.account.kind == AccountKind.INCOME else -1, row) for row in rows]
    return {
        "actual": sum(sign * row.actual_so_far for sign, row in signed),
        "compared": sum(sign * row.compared for sign, row in signed),
        "budget": sum(sign * (row.budget_so_far or 0) for sign, row in signed),
        "variance": sum(sign * (row.variance or 0) for sign, row in signed),
        "year": sum(sign * (row.budget_total or 0) for sign, row in signed),
    }
