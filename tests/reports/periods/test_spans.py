"""Which days stand beside each other: any week end and any fiscal year, leap years, and what has no value."""

import calendar
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import months
from reports import periods

pytestmark = pytest.mark.once

DAYS = st.dates(dt.date(2016, 1, 1), dt.date(2031, 12, 31))


def days_of(run: periods.Run) -> list[dt.date]:
    return [run.first + dt.timedelta(days=at) for at in range((run.last - run.first).days + 1)]


@given(DAYS, st.integers(0, 6), st.integers(1, 12), st.booleans())
def test_the_runs_are_what_a_calendar_says(ending: dt.date, later: int, ends: int, fiscal: bool) -> None:
    as_of = ending + dt.timedelta(days=later)
    spans = periods.spans(week_ending=ending, as_of=as_of, fiscal_year_ends=ends, fiscal=fiscal)

    weeks = [day for pair in spans.weeks for day in days_of(pair.run)]
    assert weeks == [ending - dt.timedelta(days=at) for at in range(41, -1, -1)]
    for pair in spans.weeks:
        assert [day.weekday() for day in days_of(pair.before)] == [day.weekday() for day in days_of(pair.run)]
        assert pair.run.first - pair.before.first == dt.timedelta(weeks=52)

    assert len(spans.month_names) == 12
    for name, pair in zip(spans.month_names, spans.months, strict=True):
        over = months.last_day(name) <= as_of
        assert (pair.run is not None) == over
        if over:
            assert pair.run == (months.first_day(name), months.last_day(name))
        assert pair.before is None or months.month_of(pair.before.first) == name - 12
    if fiscal:
        assert (spans.month_names[-1] % 12) + 1 == ends
        assert months.month_of(ending) in spans.month_names
    else:
        assert all(pair.run is not None for pair in spans.months)
        assert months.last_day(spans.month_names[-1] + 1) > as_of

    year = spans.year.run
    assert year.first.day == 1
    assert (year.first.month - 2) % 12 + 1 == ends
    assert 0 <= (ending - year.first).days < 366
    assert year.first <= spans.quarter.run.first <= spans.month.run.first
    assert (spans.quarter.run.first.month - year.first.month) % 3 == 0
    for pair in (spans.month, spans.quarter, spans.year):
        assert pair.run.last == ending
        assert (pair.before.first.year, pair.before.first.month) == (
            pair.run.first.year - 1,
            pair.run.first.month,
        )
        assert pair.before.last.month == ending.month
        february = (ending.month, ending.day) == (2, 29)
        assert pair.before.last.day == (28 if february else ending.day)


def test_a_year_before_the_twenty_ninth_of_february_is_the_twenty_eighth() -> None:
    assert calendar.isleap(2024)
    assert periods.a_year_before(dt.date(2024, 2, 29)) == dt.date(2023, 2, 28)
