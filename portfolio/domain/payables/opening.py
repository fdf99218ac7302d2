"""Opening balances: what every account of an entity held on the day its books begin, as one entry."""

import datetime as dt
from collections.abc import Mapping

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import months
from portfolio.domain import landing, ledger
from portfolio.domain.pages import BALANCE_KINDS, CREDIT_KINDS
from portfolio.models import Account, Entity, EntrySource, EntryState, JournalEntry


class OpeningError(ledger.LedgerError):
    """The books have begun already, or nothing was given; the message is a sentence for whoever asked."""


def accounts(*, entity: Entity) -> list[Account]:
    """Return the accounts that can have an opening balance: assets, liabilities and equity, lowest code first."""
    return list(Account.objects.filter(entity=entity, active=True, kind__in=BALANCE_KINDS).order_by("code"))


def signed(account: Account, amount_minor: int) -> int:
    """Return an amount in the account's own sense as debit positive: what is owed and owned is both typed positive."""
    return -amount_minor if account.kind in CREDIT_KINDS else amount_minor


@transaction.atomic
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
        OpeningError: another opening or entries of earlier days stand in the books, or fewer than two balances are given.
        portfolio.domain.ledger.LedgerError: they do not add up, ``rest`` has a balance of its own, or the month is closed.
    """
    landing.lock(entity)
    refuse_begun(entity=entity, on=on)
    if rest is not None and balances.get(rest):
        raise ledger.UnbalancedEntryError(
            f"{rest} takes what is left, so it has no balance of its own; empty it, or let nothing be left."
        )
    lines = {account: signed(account, amount) for account, amount in balances.items() if amount}
    if rest is not None:
        lines[rest] = -sum(lines.values())
    moved = [ledger.Line(account, amount) for account, amount in lines.items() if amount]
    if len(moved) < 2:
        raise OpeningError(
            "An opening needs balances of at least two accounts; type what each account held, or say which account takes "
            "the difference."
        )
    reversed_before = JournalEntry.objects.filter(
        entity=entity, source=EntrySource.OPENING, on=on, reversed_by__isnull=False
    ).count()
    try:
        return ledger.post(
            entity=entity,
            on=on,
            memo="Opening balances",
            lines=moved,
            source=EntrySource.OPENING,
            external_id=f"opening:{on}" + (f":{reversed_before}" if reversed_before else ""),
            by=by,
            at=at,
        )
    except ledger.DifferentBodyError as error:
        raise OpeningError(_begun(on)) from error


def refuse_begun(*, entity: Entity, on: dt.date) -> None:
    """Refuse a second opening, and one that comes after entries: what they moved would count twice.

    Raises:
        OpeningError: the books have begun already.
    """
    posted = JournalEntry.objects.filter(entity=entity, state=EntryState.POSTED)
    standing = (
        posted.filter(source=EntrySource.OPENING, reversed_by__isnull=True)
        .exclude(on=on)
        .order_by("on")
        .first()
    )
    if standing is not None:
        raise OpeningError(_begun(standing.on))
    earlier = posted.filter(on__lt=on, reversed_by__isnull=True, reverses__isnull=True).order_by("on").first()
    if earlier is not None:
        raise OpeningError(
            f"The books hold entries from {months.spelled(earlier.on)} on, before this day; opening balances are "
            "those of the day before the first entry. Choose an earlier day, or write an entry by hand."
        )


def _begun(on: dt.date) -> str:
    day = months.spelled(on)
    return (
        f"The books begin with the opening balances of {day} already. To change one account, correct that entry; to begin "
        "anew, reverse it first."
    )
