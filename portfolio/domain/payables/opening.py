"""Opening balances: what every account of an entity held on the day its books begin, as one entry."""

import datetime as dt
from collections.abc import Mapping

from django.contrib.auth.models import AbstractBaseUser

from portfolio.domain import ledger
from portfolio.domain.pages import BALANCE_KINDS, CREDIT_KINDS
from portfolio.models import Account, Entity, EntrySource, JournalEntry


def accounts(*, entity: Entity) -> list[Account]:
    """Return the accounts that can have an opening balance: assets, liabilities and equity, lowest code first."""
    return list(Account.objects.filter(entity=entity, active=True, kind__in=BALANCE_KINDS).order_by("code"))


def signed(account: Account, amount_minor: int) -> int:
    """Return an amount in the account's own sense as debit positive: what is owed and owned is both typed positive."""
    return -amount_minor if account.kind in CREDIT_KINDS else amount_minor


def post(
    *,
    entity: Entity,
    on: dt.date,
    balances: Mapping[Account, int],
    rest: Account | None,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> JournalEntry:
    """Post the opening entry of a day; ``balances`` are minor units in each account's own sense.

    ``rest`` takes what is left so that the entry balances, usually owner capital; without it the balances must add up.

    Raises:
        portfolio.domain.ledger.LedgerError: they do not add up, nothing is given, ``rest`` has a balance of its own, another
            opening stands on that day, or the month is closed.
    """
    if rest is not None and balances.get(rest):
        raise ledger.UnbalancedEntryError(
            f"{rest} takes what is left, so it has no balance of its own; empty it, or let nothing be left."
        )
    lines = {account: signed(account, amount) for account, amount in balances.items() if amount}
    if rest is not None:
        lines[rest] = -sum(lines.values())
    return ledger.post(
        entity=entity,
        on=on,
        memo="Opening balances",
        lines=[ledger.Line(account, amount) for account, amount in lines.items() if amount],
        source=EntrySource.OPENING,
        external_id=f"opening:{on}",
        by=by,
        at=at,
    )
