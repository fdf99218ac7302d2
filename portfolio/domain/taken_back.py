"""Taking back that money was paid: a record that was never true, or money that came back.

Of a record that was never true the bank's line is set free: that money did move, for something else, and the line waits to
be matched or posted anew. Money that came back keeps its line, and the line of its return is matched with the reversal.
"""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser

from core import clock, months
from portfolio.domain import ledger, matching, periods
from portfolio.models import JournalEntry


class TakeBackRefusedError(ledger.LedgerError):
    """A day on which a payment cannot be taken back; the message is a sentence."""


def day(*, entry: JournalEntry, on: dt.date | None, came_back: bool, at: dt.datetime) -> dt.date:
    """Return the day of the reversal: the one that was said, else today for money that came back, else the entry's own.

    The own day of an entry in a closed month is today.

    Raises:
        TakeBackRefusedError: the day is ahead, or a record that was never true would stay in a month that is open, where
            its bank line stands for something else.
    """
    today = max(entry.on, clock.today(entry.entity.zone, at=at))
    closed = entry.month in periods.closed_months(entity=entry.entity)
    if on is None:
        return today if came_back or closed else entry.on
    if on > today:
        raise TakeBackRefusedError(f"{months.spelled(on)} is ahead; record it once it has happened.")
    if not came_back and not closed and months.month_of(on) != entry.month and has_line(entry):
        raise TakeBackRefusedError(
            f"The bank’s line of it stands for other money, so a record that was wrong is undone in its own month, which is "
            f"open: choose {months.spelled(entry.on)}, or say that the money came back."
        )
    return on


def reverse(
    *,
    entry: JournalEntry,
    on: dt.date,
    came_back: bool,
    reason: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> JournalEntry:
    """Reverse a payment's entry, and set its bank line free unless the money came back; in the caller's transaction.

    Raises:
        portfolio.domain.ledger.LedgerError: no reason, a day before the entry, or its month is closed.
    """
    undone = ledger.reverse(entry=entry, on=on, reason=reason, by=by, at=at)
    if not came_back:
        matching.pass_on(entry=entry, by=by, at=at)
    return undone


def has_line(entry: JournalEntry) -> bool:
    """Tell whether a bank's line stands for an entry."""
    return entry.imported_lines.filter(account__isnull=False).exists()
