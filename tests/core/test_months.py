"""Months as whole numbers, and the clock's local days across daylight-saving changes."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import clock, months


@given(st.dates(min_value=dt.date(1, 1, 1), max_value=dt.date(9998, 12, 31)))
def test_a_date_lies_within_its_month(day: dt.date) -> None:
    month = months.month_of(day)
    assert months.first_day(month) <= day <= months.last_day(month)
    assert months.first_day(month + 1) == months.last_day(month) + dt.timedelta(days=1)
    assert months.parse(months.iso(month)) == month


def test_a_month_is_named_for_people() -> None:
    assert months.label(months.parse("2026-10")) == "Oct 2026"


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "26-10", "2026-1", "2026-10-01", "٢٠٢٦-١٠", "0000-01"]
)
def test_what_is_not_a_month_is_refused(text: str) -> None:
    with pytest.raises(months.MonthError, match="write it as 2026-10"):
        months.parse(text)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(dt.date(2026, 3, 8), 23), (dt.date(2026, 11, 1), 25), (dt.date(2026, 6, 1), 24)],
)
def test_a_local_day_ends_at_the_next_local_midnight_whatever_its_length(day: dt.date, hours: int) -> None:
    ends, before = clock.end_of(day), clock.end_of(day - dt.timedelta(days=1))
    assert (ends - before) == dt.timedelta(hours=hours)
    assert ends.astimezone(clock.zone()).time() == dt.time()


def test_today_is_the_zone_s_own_date() -> None:
    at = dt.datetime(2026, 11, 11, 7, 30, tzinfo=dt.UTC)
    assert clock.today(at=at) == dt.date(2026, 11, 10)
    assert clock.today("Asia/Tokyo", at=at) == dt.date(2026, 11, 11)


@pytest.mark.parametrize("name", ["", "../etc/passwd", "Mars/Olympus", "/etc/localtime", "America"])
def test_a_name_that_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(clock.UnknownZoneError, match="is not a time zone"):
        clock.zone(name)
