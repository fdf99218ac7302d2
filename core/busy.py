"""What the database breaks off because two transactions waited for each other: done again, and told where that does not help.

Whoever locks in one order is never broken off; this is for what no order foresees.
"""

from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection

T = TypeVar("T")
TIMES = 3
# What PostgreSQL calls a deadlock, and a transaction that another one has overtaken.
_BROKEN_OFF = ("40P01", "40001")


class BusyError(Exception):
    """The database was busy with something that waited for this; nothing was written. The message is a sentence."""


def again(act: Callable[[], T], *, what: str) -> T:
    """Do something that is one transaction by itself, again where the database broke it off.

    SQLite has waited long enough by itself before it says that it is locked, and is not asked again.

    Raises:
        BusyError: it was broken off each time; ``what`` says in a sentence of what nothing was written.
    """
    times = 1 if connection.in_atomic_block else TIMES
    for left in reversed(range(times)):
        try:
            return act()
        except OperationalError as error:
            broken_off = getattr(error.__cause__, "sqlstate", None) in _BROKEN_OFF
            if not broken_off and "database is locked" not in str(error):
                raise
            if not left or not broken_off:
                raise BusyError(
                    f"The books were busy with something else for too long. {what} Try again in a minute."
                ) from error
    raise AssertionError  # Never reached: the last time returns or raises.
