"""Forecasts: what was expected of a month, kept as it was said, and scored against the books once the month is over."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Q, Sum

from core import audit, months
from core.money import divide
from portfolio.domain.plan.changes import PlanRefusedError
from portfolio.models import AccountKind, AccountRole, Entity, Forecast, MonthlyBalance
from portfolio.models.account import CASH_ROLES

# What can be forecast, and the roles and sign by which the books tell what it was: cash stands, the others flow.
KEYS = {"revenue": "Revenue", "net": "Result (income less cost)", "cash": "Cash at the month's end"}


EARNING = (AccountKind.INCOME, AccountKind.EXPENSE)


@dataclass(frozen=True, slots=True)
class Score:
    """How a forecast came out: what was missed, and by how many basis points of what was expected."""

    forecast: Forecast
    missed_minor: int | None
    missed_bp: int | None


def make(
    *, entity: Entity, key: str, month: int, value_minor: int, scenario: str, source: str, today: dt.date,
    by: AbstractBaseUser | None, at: dt.datetime,
) -> Forecast:  # fmt: skip
    """Keep what is expected of a month that is not over yet.

    Raises:
        PlanRefusedError: the month is over, or the same was forecast today with another value.
    """
    if months.last_day(month) < today:
        raise PlanRefusedError(f"{months.label(month)} is over; a forecast is made before its month ends.")
    with transaction.atomic():
        row, made = Forecast.objects.get_or_create(
            entity=entity, key=key, scenario=scenario, month=month, made_on=today,
            defaults={"value_minor": value_minor, "source": source},
        )  # fmt: skip
        if not made and row.value_minor != value_minor:
            raise PlanRefusedError(
                f"{KEYS[key]} of {months.label(month)} was forecast today already; forecasts are kept as they were said."
            )
        if made:
            audit.record(
                action="portfolio:forecast:make", subject=row, by=by, at=at, entity=entity.slug,
                data={"key": key, "month": months.iso(month), "value_minor": value_minor},
            )  # fmt: skip
    return row


def score_due(*, today: dt.date) -> int:
    """Score every forecast whose month is over and that nobody scored; return how many.

    What a month was is read from the books as they stand today, so a month is scored five days after its end at the
    soonest, when its statements have usually landed.
    """
    over = months.month_of(today - dt.timedelta(days=5)) - 1
    scored = 0
    for row in Forecast.objects.filter(month__lte=over, scored_on__isnull=True).select_related("entity"):
        actual = actual_minor(entity_ids=[row.entity_id], key=row.key, month=row.month)
        scored += Forecast.objects.filter(pk=row.pk, scored_on__isnull=True).update(
            actual_minor=actual, scored_on=today
        )
    return scored


def actual_minor(*, entity_ids: Collection[int], key: str, month: int) -> int:
    """Return what a month was by the books, in cents."""
    rows = MonthlyBalance.objects.filter(account__entity_id__in=entity_ids)
    if key == "cash":
        rows = rows.filter(account__role__in=CASH_ROLES, month__lte=month)
        net = F("debit_minor") - F("credit_minor")
    else:
        rows = rows.filter(month=month, account__kind__in=EARNING)
        if key == "revenue":
            # As the income statement has it: sales to sisters are revenue of one entity, and of several what is not matched.
            sold = EARNING[:1] if len(entity_ids) == 1 else EARNING
            rows = rows.filter(
                Q(account__role=AccountRole.REVENUE)
                | Q(account__role=AccountRole.INTERCOMPANY, account__kind__in=sold)
            )
        net = F("credit_minor") - F("debit_minor")
    return rows.aggregate(total=Sum(net))["total"] or 0


def scores(*, entity: Entity, limit: int = 60) -> list[Score]:
    """Return forecasts of an entity, the latest months first, each with how it came out; one query."""
    found = []
    for row in Forecast.objects.filter(entity=entity).order_by("-month", "key", "-made_on")[:limit]:
        missed = None if row.actual_minor is None else row.actual_minor - row.value_minor
        share = (
            None if missed is None or not row.value_minor else divide(missed * 10_000, abs(row.value_minor))
        )
        found.append(Score(row, missed, share))
    return found
