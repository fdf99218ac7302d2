"""Runs of days that a figure is asked for beside each other: six weeks, twelve months, and a year so far, each with its year before.

Pure calendar: what a run is worth is asked of a `Series` of days, or of a desk (`Desk.between`). A week is the seven days
up to the day it ends on, and its year before is 364 days earlier, the same weekdays. A month counts once it is over.
A month, quarter or year so far is compared with the same dates a year earlier (29 February with the 28th). Quarters and
years are the fiscal ones.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from core import months
from core.money import divide
from core.months import Month
from reports.metrics.operations import OPERATIONS
from reports.metrics.registry import Aggregate

WEEKS, MONTHS = 6, 12
_WEEK, _YEAR_OF_WEEKS = dt.timedelta(days=7), dt.timedelta(days=364)
_FOLDS = {Aggregate.SUM: "total", Aggregate.MIN: "minimum", Aggregate.MAX: "maximum"}


class Run(NamedTuple):
    """Days from the first to the last, both counted."""

    first: dt.date
    last: dt.date


class Pair(NamedTuple):
    """A run and the one it is compared with; None is a run that is not over."""

    run: Run | None
    before: Run | None


@dataclass(frozen=True, slots=True)
class Spans:
    """The runs of one block, oldest first, all of them up to ``week_ending``.

    ``weeks`` and ``months`` stand beside their year before; ``month``, ``quarter`` and ``year`` are so far. ``frame`` and
    ``frame_before`` are the first and last month the block has to do with: twelve months back to the end of the fiscal year.
    """

    week_ending: dt.date
    weeks: tuple[Pair, ...]
    month_names: tuple[Month, ...]
    months: tuple[Pair, ...]
    week: Pair
    month: Pair
    quarter: Pair
    year: Pair
    frame: tuple[Month, Month]
    frame_before: tuple[Month, Month]

    @property
    def week_before(self) -> Run | None:
        """Return the week before the last."""
        return self.weeks[-2].run


def spans(*, week_ending: dt.date, fiscal_year_ends: int = 12, fiscal: bool = False) -> Spans:
    """Return the runs of a block: the twelve last months that are over, or those of the fiscal year under way.

    ``fiscal_year_ends`` is the last month of the fiscal year, 1 to 12.
    """
    this = months.month_of(week_ending)
    trailing = this if months.last_day(this) == week_ending else this - 1
    # Months since the fiscal year began: 0 in its first.
    into = (this - fiscal_year_ends) % 12
    year_began, quarter_began = this - into, this - into % 3
    named = year_began if fiscal else trailing - MONTHS + 1
    names = tuple(range(named, named + MONTHS))
    weeks = tuple(_week(week_ending - _WEEK * ago) for ago in range(WEEKS - 1, -1, -1))
    began = trailing - MONTHS + 1
    return Spans(
        week_ending=week_ending,
        weeks=weeks,
        month_names=names,
        months=tuple(Pair(_over(name, week_ending), _over(name - 12, week_ending)) for name in names),
        week=weeks[-1],
        month=_so_far(this, week_ending),
        quarter=_so_far(quarter_began, week_ending),
        year=_so_far(year_began, week_ending),
        frame=(began, year_began + 11),
        frame_before=(began - 12, year_began - 1),
    )


def _week(last: dt.date) -> Pair:
    run = Run(last - _WEEK + dt.timedelta(days=1), last)
    return Pair(run, Run(run.first - _YEAR_OF_WEEKS, run.last - _YEAR_OF_WEEKS))


def _over(month: Month, week_ending: dt.date) -> Run | None:
    run = Run(months.first_day(month), months.last_day(month))
    return run if run.last <= week_ending else None


def _so_far(began: Month, last: dt.date) -> Pair:
    return Pair(Run(months.first_day(began), last), Run(months.first_day(began - 12), a_year_before(last)))


def a_year_before(day: dt.date) -> dt.date:
    """Return the same date a year earlier; of 29 February the 28th."""
    last = months.last_day(months.month_of(day) - 12)
    return last.replace(day=min(day.day, last.day))


@dataclass(frozen=True, slots=True)
class Series:
    """A value by day in whole steps of its unit, None for a day without one, and how days make one of a longer run."""

    values: Mapping[dt.date, int | None]
    aggregate: Aggregate = Aggregate.SUM

    def over(self, run: Run | None) -> int | None:
        """Return what a run is worth; None where no day of it has a value, which is not 0."""
        if run is None:
            return None
        days = (run.first + dt.timedelta(days=at) for at in range((run.last - run.first).days + 1))
        found = [value for day in days if (value := self.values.get(day)) is not None]
        worth: int | None = (
            OPERATIONS[_FOLDS.get(self.aggregate, self.aggregate.value)](*found) if found else None
        )
        return worth

    def within(self, frame: tuple[Month, Month]) -> range:
        """Return the months of a frame as far as the series knows of days at all."""
        first, last = frame
        return range(first, min(last, max(map(months.month_of, self.values), default=first - 1)) + 1)


def change(now: int | None, before: int | None) -> int | None:
    """Return the change in basis points of what it was; None where either is missing or it was nothing."""
    if now is None or not before:
        return None
    return divide((now - before) * 10_000, abs(before))


def week_numbers(last: int) -> tuple[int, ...]:
    """Return the numbers of a block's weeks by that of the last; week 1 follows week 52."""
    return tuple((last - ago - 1) % 52 + 1 for ago in range(WEEKS - 1, -1, -1))
