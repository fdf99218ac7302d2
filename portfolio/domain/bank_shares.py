"""How far the bank side of the books has come: what is unmatched, uncategorised, unreconciled and left in clearing."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from core.money import divide
from portfolio.domain import matching
from portfolio.domain.stripe import payouts
from portfolio.models import (
    Account,
    AccountKind,
    AccountRole,
    Entity,
    ImportedLine,
    MonthlyBalance,
    Period,
    PeriodState,
    Posting,
)


@dataclass(frozen=True, slots=True)
class Shares:
    """Parts that are not settled: amounts in minor units, shares in basis points, None where there is no whole."""

    clearing_minor: int
    in_transit_minor: int
    uncategorised_minor: int
    uncategorised_bp: int | None
    unreconciled_months: int
    unreconciled_bp: int | None

    @property
    def residual_minor(self) -> int:
        """Return what clearing holds beyond what is on its way."""
        return self.clearing_minor - self.in_transit_minor


def shares(*, entity: Entity, month: int, as_of: dt.date) -> Shares:
    """Return how much is not settled: uncategorised as a share of what income and cost moved in twelve months, months as
    a share of all that are past.
    """
    first = month - 11
    own = MonthlyBalance.objects.filter(account__entity=entity)
    clearing = own.filter(account__role=AccountRole.CLEARING, month__lte=month).aggregate(
        total=Coalesce(Sum(F("debit_minor") - F("credit_minor")), 0)
    )["total"]
    flows = own.filter(
        account__kind__in=(AccountKind.INCOME, AccountKind.EXPENSE), month__range=(first, month)
    )
    sums = flows.aggregate(
        whole=Coalesce(Sum(F("debit_minor") + F("credit_minor")), 0),
        waiting=Coalesce(
            Sum(F("debit_minor") - F("credit_minor"), filter=Q(account__role=AccountRole.UNCATEGORISED, account__kind=AccountKind.EXPENSE)), 0
        ),
        receipts=Coalesce(
            Sum(F("credit_minor") - F("debit_minor"), filter=Q(account__role=AccountRole.UNCATEGORISED, account__kind=AccountKind.INCOME)), 0
        ),
    )  # fmt: skip
    waiting = abs(sums["waiting"]) + abs(sums["receipts"])
    over = set(own.filter(month__lt=month).order_by().values_list("month", flat=True).distinct())
    done = set(
        Period.objects.filter(entity=entity, month__in=over)
        .exclude(state=PeriodState.OPEN)
        .values_list("month", flat=True)
    )
    return Shares(
        clearing_minor=int(clearing),
        in_transit_minor=payouts.in_transit(entity=entity, as_of=as_of),
        uncategorised_minor=waiting,
        uncategorised_bp=divide(waiting * 10_000, sums["whole"]) if sums["whole"] else None,
        unreconciled_months=len(over - done),
        unreconciled_bp=divide(len(over - done) * 10_000, len(over)) if over else None,
    )


def unmatched(*, accounts: list[Account], first: dt.date, last: dt.date, limit: int) -> list[Posting]:
    """Return postings that no statement told yet, of accounts that statements were brought in for, newest first."""
    told = set(
        ImportedLine.objects.filter(account__in=accounts)
        .order_by()
        .values_list("account_id", flat=True)
        .distinct()
    )
    found: list[Posting] = []
    for account in accounts:
        if account.pk in told:
            rows = matching.unmatched(account=account, first=first, last=last).select_related(
                "entry", "account"
            )
            found += rows[:limit]
    return sorted(found, key=lambda posting: (posting.entry.on, posting.entry_id), reverse=True)[:limit]
