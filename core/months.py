"""Months as whole numbers, ``year * 12 + month - 1``, so that they sort, subtract and index well.

Periods made of months are half-open: ``range(first, last + 1)``.
"""

import calendar
import datetime as dt
import functools
import re

Month = int

# Books and bookings of this house lie between these; a day outside is a slip of the hand, and the books keep it for ever.
EARLIEST, LATEST = dt.date(2000, 1, 1), dt.date(2099, 12, 31)

_ISO = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


class MonthError(ValueError):
    """Text that does not name a month."""


def is_near(day: dt.date) -> bool:
    """Tell whether a record of ours can bear a date: it lies in the years 2000 to 2099."""
    return EARLIEST <= day <= LATEST


def month_of(day: dt.date) -> Month:
    """Return the month a date falls in."""
    return day.year * 12 + day.month - 1


def first_day(month: Month) -> dt.date:
    """Return the first date of a month."""
    return dt.date(month // 12, month % 12 + 1, 1)


@functools.lru_cache(maxsize=4096)
def last_day(month: Month) -> dt.date:
    """Return the last date of a month."""
    year, index = divmod(month, 12)
    return dt.date(year, index + 1, calendar.monthrange(year, index + 1)[1])


@functools.lru_cache(maxsize=4096)
def iso(month: Month) -> str:
    """Return ``2026-10``."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


@functools.lru_cache(maxsize=4096)
def label(month: Month) -> str:
    """Return ``Oct 2026``."""
    return f"{calendar.month_abbr[month % 12 + 1]} {month // 12}"


def spelled(day: dt.date) -> str:
    """Return a day as it stands in a sentence, such as ``10 November 2026``."""
    return f"{day.day} {day:%B} {day.year}"


def parse(text: str) -> Month:
    """Read ``2026-10``.

    Raises:
        MonthError: the text is anything else.
    """
    match = _ISO.fullmatch(text)
    if not match or match[1] == "0000":
        raise MonthError(f"{text!r} is not a month; write it as 2026-10.")
    return int(match[1]) * 12 + int(match[2]) - 1
