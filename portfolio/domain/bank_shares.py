"""How far the bank side of the books has come: what is unmatched, uncategorised, unreconciled and left in clearing."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, F, Sum
from django.db.models.functions import Coalesce

from core import months
from core.money import divide
from portfolio.domain import matching, uncategorised
from portfolio.domain.desk import BANK_KINDS
from portfolio.domain.stripe import payouts
from portfolio.models import (
    Account,
    AccountRole,
    Entity,
    EntrySource,
    ImportedLine,
    MonthlyBalance,
    Period,
    PeriodState,
    Posting,
)


@dataclass(frozen=True, slots=True)
class Shares:
    """Parts that are not settled: amounts in minor units, shares in basis points, None where there is no whole.

    ``lines`` are the bank's of the period, each once; ``matched_lines`` those that are an entry of the books.
    """

    clearing_minor: int
    in_transit_minor: int
    lines: int
    matched_lines: int
    uncategorised_lines: int
    uncategorised_minor: int
    unreconciled_months: int
    past_months: int

    @property
    def residual_minor(self) -> int:
        """Return what clearing holds beyond what is on its way."""
        return self.clearing_minor - self.in_transit_minor

    @property
    def reconciled_bp(self) -> int | None:
        """Return which part of the bank's lines is matched to an entry."""
        return _share(self.matched_lines, self.lines)

    @property
    def uncategorised_bp(self) -> int | None:
        """Return which part of the bank's lines waits for a category."""
        return _share(self.uncategorised_lines, self.lines)

    @property
    def unreconciled_bp(self) -> int | None:
        """Return which part of the months that are past is not reconciled."""
        return _share(self.unreconciled_months, self.past_months)


def shares(*, entity: Entity, month: int, as_of: dt.date) -> Shares:
    """Return how much is not settled: lines of the twelve months up to one, months of all that are past; six queries."""
    first = month - 11
    own = MonthlyBalance.objects.filter(account__entity=entity)
    clearing = own.filter(account__role=AccountRole.CLEARING, month__lte=month).aggregate(
        total=Coalesce(Sum(F("debit_minor") - F("credit_minor")), 0)
    )["total"]
    told = ImportedLine.objects.filter(
        entity=entity,
        kind__in=BANK_KINDS,
        same_as__isnull=True,
        on__range=(months.first_day(first), months.last_day(month)),
    ).aggregate(lines=Count("pk"), matched=Count("entry"))
    over = set(own.filter(month__lt=month).order_by().values_list("month", flat=True).distinct())
    done = set(
        Period.objects.filter(entity=entity, month__in=over)
        .exclude(state=PeriodState.OPEN)
        .values_list("month", flat=True)
    )
    return Shares(
        clearing_minor=int(clearing),
        in_transit_minor=payouts.in_transit(entity=entity, as_of=as_of),
        lines=told["lines"],
        matched_lines=told["matched"],
        uncategorised_lines=uncategorised.lines(
            entity=entity, first=first, last=month, source=EntrySource.BANK
        ),
        uncategorised_minor=uncategorised.minor(entity=entity, first=first, last=month),
        unreconciled_months=len(over - done),
        past_months=len(over),
    )


def _share(part: int, whole: int) -> int | None:
    return divide(part * 10_000, whole) if whole else None


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
