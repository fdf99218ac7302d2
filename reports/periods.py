"""Runs of days that a figure is asked for beside each other: six weeks, twelve months, and a year so far, each with its year before.

Pure calendar: what a run is worth is asked of a desk (`Desk.between`). A week is the seven days
up to the day it ends on, and its year before is 364 days earlier, the same weekdays. A month counts once it is over, on
its own last day already, whatever weekday that is.
A month, quarter or year so far is compared with the same dates a year earlier (29 February with the 28th). Quarters and
years are the fiscal ones.
"""

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from core import months
from core.months import Month

WEEKS, MONTHS = 6, 12
_WEEK, _YEAR_OF_WEEKS = dt.timedelta(days=7), dt.timedelta(days=364)


class Run(NamedTuple):
    """Days from the first to the last, both counted."""

    first: dt.date
    last: dt.date


class Beside(NamedTuple):
    """A run that is over and the one it is compared with."""

    run: Run
    before: Run


class Pair(NamedTuple):
    """A month and its year before; None is one that is not over."""

    run: Run | None
    before: Run | None


@dataclass(frozen=True, slots=True)
class Spans:
    """The runs of one block, oldest first: months up to the day that is looked from, all others up to ``week_ending``.

    ``weeks`` and ``months`` stand beside their year before; ``month``, ``quarter`` and ``year`` are so far.
    """

    week_ending: dt.date
    weeks: tuple[Beside, ...]
    month_names: tuple[Month, ...]
    months: tuple[Pair, ...]
    month: Beside
    quarter: Beside
    year: Beside


def spans(*, week_ending: dt.date, as_of: dt.date, fiscal_year_ends: int = 12, fiscal: bool = False) -> Spans:
    """Return the runs of a block: the twelve last months that are over ``as_of`` a day, or those of the fiscal year under way.

    ``week_ending`` is when the last week ended that was over on that day; ``fiscal_year_ends`` the last month of the fiscal
    year, 1 to 12.
    """
    this, newest = months.month_of(week_ending), months.month_of(as_of)
    trailing = newest if months.last_day(newest) == as_of else newest - 1
    # Months since the fiscal year began: 0 in its first.
    into = (this - fiscal_year_ends) % 12
    year_began, quarter_began = this - into, this - into % 3
    named = year_began if fiscal else trailing - MONTHS + 1
    names = tuple(range(named, named + MONTHS))
    return Spans(
        week_ending=week_ending,
        weeks=tuple(_week(week_ending - _WEEK * ago) for ago in range(WEEKS - 1, -1, -1)),
        month_names=names,
        months=tuple(Pair(_over(name, as_of), _over(name - 12, as_of)) for name in names),
        month=_so_far(this, week_ending),
        quarter=_so_far(quarter_began, week_ending),
        year=_so_far(year_began, week_ending),
    )


def _week(last: dt.date) -> Beside:
    run = Run(last - _WEEK + dt.timedelta(days=1), last)
    return Beside(run, Run(run.first - _YEAR_OF_WEEKS, run.last - _YEAR_OF_WEEKS))


def _over(month: Month, as_of: dt.date) -> Run | None:
    run = Run(months.first_day(month), months.last_day(month))
    return run if run.last <= as_of else None


def _so_far(began: Month, last: dt.date) -> Beside:
    return Beside(Run(months.first_day(began), last), Run(months.first_day(began - 12), a_year_before(last)))


def a_year_before(day: dt.date) -> dt.date:
    """Return the same date a year earlier; of 29 February the 28th."""
    last = months.last_day(months.month_of(day) - 12)
    return last.replace(day=min(day.day, last.day))
