"""Asserting that a month of books agrees with the bank, and closing it.

A month is reconciled when the books' cash at bank at its end is what the statement says, to the cent. The database
refuses entries in a closed month (migration ``journal_guards``); `portfolio.domain.verification` finds reconciled
months that drifted. Reopening a closed month is not built yet.
"""

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from core import audit, clock, months
from core.money import format_minor
from portfolio.domain.verification import cash_at_bank
from portfolio.models import AccountRole, Entity, MonthlyBalance, Period, PeriodState

MOVES = {
    PeriodState.OPEN: frozenset({PeriodState.RECONCILED}),
    PeriodState.RECONCILED: frozenset({PeriodState.RECONCILED, PeriodState.CLOSED}),
    PeriodState.CLOSED: frozenset(),
}


class ReconciliationError(Exception):
    """A month that cannot be reconciled or closed; the message is a sentence for whoever asked."""


class StatementDiffersError(ReconciliationError):
    """The books' cash at bank is not what the statement says."""


class MonthNotOverError(ReconciliationError):
    """A month is reconciled once its last day is past."""


class MonthStateError(ReconciliationError):
    """The month is not in a state from which this may be done."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A reconciled month; ``uncategorised_minor`` is what still waits for a category in it, both ways added up."""

    period: Period
    cash_minor: int
    uncategorised_minor: int


def reconcile_month(
    *, entity: Entity, month: int, statement_minor: int, by: AbstractBaseUser | None, at: dt.datetime
) -> Reconciled:
    """Assert the bank's closing balance of a month against the books and mark the month reconciled.

    ``statement_minor`` is what the statement shows at the month's end, in minor units, negative when overdrawn.
    A reconciled month may be reconciled again; what is uncategorised does not stop it and is reported.

    Raises:
        StatementDiffersError: the books hold another balance; says both and the difference.
        MonthNotOverError: the month has not ended yet where the entity is.
        MonthStateError: the month is closed.
    """
    name = f"{entity.slug} {months.label(month)}"
    if clock.today(entity.zone, at=at) <= months.last_day(month):
        raise MonthNotOverError(
            f"{name} ends on {months.last_day(month)}; reconcile it once the statement is there."
        )
    with transaction.atomic():
        period = _locked_period(entity, month)
        _refuse_unless(period, PeriodState.RECONCILED, name)
        cash = cash_at_bank(entity_id=entity.pk, month=month)
        if cash != statement_minor:
            raise StatementDiffersError(
                f"{name} does not reconcile: the books hold {format_minor(cash, entity.currency)} at the bank, the "
                f"statement says {format_minor(statement_minor, entity.currency)}, a difference of "
                f"{format_minor(statement_minor - cash, entity.currency)}; look for missing or doubled lines, and for "
                "payouts that were still on their way."
            )
        old = period.state
        period.state, period.statement_minor = PeriodState.RECONCILED, statement_minor
        period.reconciled_at, period.by_id = at, by.pk if by is not None else None
        period.save(update_fields=["state", "statement_minor", "reconciled_at", "by"])
        audit.record(
            action="portfolio:period:reconcile", subject=period, by=by, at=at, entity=entity.slug,
            data={"month": months.iso(month), "state": [old, period.state], "statement_minor": statement_minor},
        )  # fmt: skip
        return Reconciled(period, cash, _uncategorised(entity, month))


def close_month(*, entity: Entity, month: int, by: AbstractBaseUser | None, at: dt.datetime) -> Period:
    """Close a reconciled month: from then on the database refuses entries in it.

    Raises:
        MonthStateError: the month is not reconciled, or closed already.
        StatementDiffersError: entries came after it was reconciled, and its cash moved.
    """
    name = f"{entity.slug} {months.label(month)}"
    with transaction.atomic():
        period = _locked_period(entity, month)
        _refuse_unless(period, PeriodState.CLOSED, name)
        cash = cash_at_bank(entity_id=entity.pk, month=month)
        if cash != period.statement_minor:
            raise StatementDiffersError(
                f"{name} was reconciled at {format_minor(period.statement_minor or 0, entity.currency)} and its books now "
                f"hold {format_minor(cash, entity.currency)}; reconcile it again before closing it."
            )
        period.state, period.closed_at, period.by_id = (
            PeriodState.CLOSED,
            at,
            by.pk if by is not None else None,
        )
        period.save(update_fields=["state", "closed_at", "by"])
        audit.record(
            action="portfolio:period:close", subject=period, by=by, at=at, entity=entity.slug,
            data={"month": months.iso(month), "state": ["reconciled", period.state], "statement_minor": period.statement_minor},
        )  # fmt: skip
        return period


def _locked_period(entity: Entity, month: int) -> Period:
    """Return the month's row while nobody else can seal an entry of the entity or move its months."""
    Entity.objects.select_for_update().get(pk=entity.pk)
    return Period.objects.get_or_create(entity=entity, month=month)[0]


def _refuse_unless(period: Period, to: PeriodState, name: str) -> None:
    state = PeriodState(period.state)
    if to not in MOVES[state]:
        verb = {PeriodState.RECONCILED: "reconciled", PeriodState.CLOSED: "closed"}[to]
        fix = "reconcile it first" if state == PeriodState.OPEN else "correct it by an entry in an open month"
        raise MonthStateError(f"{name} is {state.label.lower()} and cannot be {verb}; {fix}.")


def _uncategorised(entity: Entity, month: int) -> int:
    total = MonthlyBalance.objects.filter(
        account__entity=entity, account__role=AccountRole.UNCATEGORISED, month=month
    ).aggregate(total=Coalesce(Sum(F("debit_minor") + F("credit_minor")), 0))["total"]
    return int(total)
