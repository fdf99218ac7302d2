"""Asserting that a month of books agrees with the bank, and closing it.

A month is reconciled when the books' cash at bank at its end is what the statement says, to the cent. The database
refuses entries in the newest closed month and before it (migration ``journal_guards``), so months are reopened from the
newest back; `portfolio.domain.verification` finds reconciled months that drifted and entries behind a close.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import announcements, audit, clock, months
from core.money import format_minor
from portfolio.domain import bank_accounts, chain, close_checks, uncategorised
from portfolio.domain.verification import cash_at_bank
from portfolio.models import Account, AnchorReason, Entity, Period, PeriodState

MOVES = {
    PeriodState.OPEN: frozenset({PeriodState.RECONCILED}),
    PeriodState.RECONCILED: frozenset({PeriodState.RECONCILED, PeriodState.CLOSED}),
    PeriodState.CLOSED: frozenset({PeriodState.OPEN}),
}
REASON_LIMIT = 250


class ReconciliationError(Exception):
    """A month that cannot be reconciled or closed; the message is a sentence for whoever asked."""


class StatementDiffersError(ReconciliationError):
    """The books' cash at bank is not what the statement says."""


class MonthNotOverError(ReconciliationError):
    """A month is reconciled once its last day is past."""


class MonthStateError(ReconciliationError):
    """The month is not in a state from which this may be done."""


class ChecksError(ReconciliationError):
    """Something that must hold before a month is closed does not."""


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
    name = f"{entity.name} {months.label(month)}"
    _refuse_unfinished(entity, month, name, at)
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
        _note_balance(entity, month, statement_minor, by, at)
        return Reconciled(period, cash, uncategorised.minor(entity=entity, first=month, last=month))


def reconcile_accounts(
    *,
    entity: Entity,
    month: int,
    balances: Mapping[Account, int],
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> Reconciled:
    """Assert each bank account's closing balance of a month against the books, and mark the month reconciled.

    Each balance is kept as its account's, so that the close finds it.

    Raises:
        StatementDiffersError: the books hold another balance on an account; names each with both and the difference.
        ReconciliationError: a bank account is left out, or a statement's file says another balance.
        MonthNotOverError: the month has not ended yet where the entity is.
        MonthStateError: the month is closed.
    """
    name = f"{entity.name} {months.label(month)}"
    _refuse_unfinished(entity, month, name, at)
    with transaction.atomic():
        _refuse_unless(_locked_period(entity, month), PeriodState.RECONCILED, name)
        books = bank_accounts.cash_of(entity=entity, month=month)
        if left_out := [str(account) for account in books if account not in balances]:
            raise ReconciliationError(f"{name} needs the balance of {', '.join(left_out)}, too.")
        if strange := [str(account) for account in balances if account not in books]:
            raise ReconciliationError(
                f"{', '.join(strange)} is no bank account that {name} is reconciled by."
            )
        off = [
            f"{account} holds {format_minor(held, entity.currency)} in the books, its statement says "
            f"{format_minor(balances[account], entity.currency)}, a difference of "
            f"{format_minor(balances[account] - held, entity.currency)}"
            for account, held in books.items()
            if balances[account] != held
        ]
        if off:
            raise StatementDiffersError(
                f"{name} does not reconcile: {'; '.join(off)}. Look for missing or doubled lines, and for transfers that one "
                "of the two statements does not show yet."
            )
        done = reconcile_month(
            entity=entity, month=month, statement_minor=sum(balances.values()), by=by, at=at
        )
        for account, minor in balances.items():
            _note(account, month, minor, by, at)
        return done


def close_month(*, entity: Entity, month: int, by: AbstractBaseUser | None, at: dt.datetime) -> Period:
    """Close a reconciled month: from then on the database refuses entries in it and before it.

    The head of the chain of entries is written down with it.

    Raises:
        MonthStateError: the month is not reconciled, or closed already.
        StatementDiffersError: entries came after it was reconciled, and its cash moved.
        ChecksError: a check that stops the close does not hold; names each.
    """
    name = f"{entity.name} {months.label(month)}"
    with transaction.atomic():
        period = _locked_period(entity, month)
        _refuse_unless(period, PeriodState.CLOSED, name)
        cash = cash_at_bank(entity_id=entity.pk, month=month)
        if cash != period.statement_minor:
            raise StatementDiffersError(
                f"{name} was reconciled at {format_minor(period.statement_minor or 0, entity.currency)} and its books now "
                f"hold {format_minor(cash, entity.currency)}; reconcile it again before closing it."
            )
        stopped = [
            check
            for check in close_checks.checks(entity=entity, month=month, at=at)
            if check.state == close_checks.CheckState.STOPS
        ]
        if stopped:
            words = " ".join(f"{check.label}: {check.found}" for check in stopped)
            raise ChecksError(f"{name} cannot be closed yet. {words}")
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
        chain.record(entity=entity, reason=AnchorReason.CLOSE, at=at)
        # A month that was reopened is closed anew, and announced anew.
        announcements.say(
            kind="portfolio:period:closed",
            key=f"period:{period.pk}:{at.isoformat()}",
            subject=period,
            entity=entity.slug,
            data={"month": months.iso(month)},
            at=at,
        )
        return period


def reopen_month(
    *, entity: Entity, month: int, reason: str, by: AbstractBaseUser | None, at: dt.datetime
) -> Period:
    """Open a closed month again, the newest closed one first; it is reconciled and closed anew afterwards.

    Raises:
        MonthStateError: the month is not closed, or a later one is.
        ReconciliationError: the reason is missing or too long.
    """
    name = f"{entity.name} {months.label(month)}"
    reason = " ".join(reason.split())
    if not reason:
        raise ReconciliationError(f"Reopening {name} needs a reason; say why.")
    if len(reason) > REASON_LIMIT:
        raise ReconciliationError(f"The reason is longer than {REASON_LIMIT} characters; shorten it.")
    with transaction.atomic():
        period = _locked_period(entity, month)
        if PeriodState.OPEN not in MOVES[PeriodState(period.state)]:
            raise MonthStateError(
                f"{name} is {PeriodState(period.state).label.lower()}; only a closed month is reopened."
            )
        later = (
            Period.objects.filter(entity=entity, month__gt=month, state=PeriodState.CLOSED)
            .order_by("-month")
            .first()
        )
        if later is not None:
            raise MonthStateError(
                f"{months.label(later.month)} is closed too; reopen the newest closed month of {entity.name} first."
            )
        Period.objects.filter(pk=period.pk, state=PeriodState.CLOSED).update(
            state=PeriodState.OPEN, reopened_at=at, reopen_reason=reason, by=by.pk if by is not None else None
        )
        audit.record(
            action="portfolio:period:reopen", subject=period, by=by, at=at, entity=entity.slug,
            data={"month": months.iso(month), "state": ["closed", "open"], "reason": reason},
        )  # fmt: skip
        period.refresh_from_db()
        return period


def _note_balance(
    entity: Entity, month: int, statement_minor: int, by: AbstractBaseUser | None, at: dt.datetime
) -> None:
    """Keep the balance a person typed as the statement's, where it can only be that of one account."""
    cash = list(bank_accounts.cash_of(entity=entity, month=month))
    if len(cash) == 1:
        _note(cash[0], month, statement_minor, by, at)


def _note(account: Account, month: int, minor: int, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    try:
        bank_accounts.note_balance(
            account=account, on=months.last_day(month), balance_minor=minor, file=None, by=by, at=at
        )
    except bank_accounts.BankAccountError as error:
        raise ReconciliationError(str(error)) from error


def _refuse_unfinished(entity: Entity, month: int, name: str, at: dt.datetime) -> None:
    if clock.today(entity.zone, at=at) <= months.last_day(month):
        raise MonthNotOverError(
            f"{name} ends on {months.spelled(months.last_day(month))}; reconcile it once the statement is there."
        )


def _locked_period(entity: Entity, month: int) -> Period:
    """Return the month's row while nobody else can seal an entry of the entity or move its months."""
    Entity.objects.select_for_update().get(pk=entity.pk)
    return Period.objects.get_or_create(entity=entity, month=month)[0]


def _refuse_unless(period: Period, to: PeriodState, name: str) -> None:
    state = PeriodState(period.state)
    if to not in MOVES[state]:
        verb = {PeriodState.RECONCILED: "reconciled", PeriodState.CLOSED: "closed"}[to]
        fix = (
            "reconcile it first"
            if state == PeriodState.OPEN
            else "correct it by an entry in an open month, or reopen it"
        )
        raise MonthStateError(f"{name} is {state.label.lower()} and cannot be {verb}; {fix}.")
