"""Cron lines in their zones: once per local occurrence, through every change of clocks."""

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import clock
from reports.domain import schedule

pytestmark = pytest.mark.once

UTC = dt.UTC
ZONES = ["America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"]
YEARS = (dt.datetime(2025, 1, 1, tzinfo=UTC), dt.datetime(2028, 1, 1, tzinfo=UTC))


def occurrences(cron: str, zone: str, start: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    """Walk forward as the page does, five at a time."""
    found: list[dt.datetime] = []
    after = start
    while True:
        batch = schedule.upcoming(cron=cron, zone=zone, after=after, count=5)
        found += [instant for instant in batch if instant < end]
        if len(batch) < 5 or batch[-1] >= end:
            return found
        after = batch[-1]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("time", ["00:15", "01:30", "02:10", "02:30", "03:00", "07:00", "23:45"])
def test_a_daily_line_runs_once_on_each_local_date_of_three_years(zone: str, time: str) -> None:
    hour, minute = time.split(":")
    tz = ZoneInfo(zone)
    start, end = (instant.replace(tzinfo=tz) for instant in YEARS)

    found = occurrences(f"{int(minute)} {int(hour)} * * *", zone, start - dt.timedelta(seconds=1), end)

    days = [
        dt.date(2025, 1, 1) + dt.timedelta(days=n)
        for n in range((dt.date(2028, 1, 1) - dt.date(2025, 1, 1)).days)
    ]
    assert [instant.astimezone(tz).date() for instant in found] == days


@pytest.mark.parametrize("zone", ZONES)
def test_weekly_and_monthly_lines_run_once_each_at_their_wall_time_for_three_years(zone: str) -> None:
    tz = ZoneInfo(zone)
    start, end = (instant.replace(tzinfo=tz) for instant in YEARS)

    mondays = occurrences("0 7 * * MON", zone, start, end)
    firsts = occurrences("30 7 1 * *", zone, start, end)

    assert {i.astimezone(tz).strftime("%a %H:%M") for i in mondays} == {"Mon 07:00"}
    assert len(mondays) == 156
    assert Counter(i.astimezone(tz).strftime("%Y-%m-%d %H:%M") for i in firsts) == {
        f"{year}-{month:02d}-01 07:30": 1 for year in (2025, 2026, 2027) for month in range(1, 13)
    }


@pytest.mark.parametrize(
    ("zone", "gap", "first_after"),
    [
        ("America/Los_Angeles", dt.date(2026, 3, 8), "2026-03-08T10:00:00+00:00"),
        ("Europe/Berlin", dt.date(2026, 3, 29), "2026-03-29T01:00:00+00:00"),
        ("Australia/Lord_Howe", dt.date(2026, 10, 4), "2026-10-03T15:30:00+00:00"),
    ],
)
def test_a_time_inside_the_gap_runs_at_the_first_instant_after_it(
    zone: str, gap: dt.date, first_after: str
) -> None:
    midnight = dt.datetime.combine(gap, dt.time(), tzinfo=ZoneInfo(zone))

    [instant] = schedule.upcoming(cron="15 2 * * *", zone=zone, after=midnight, count=1)

    assert instant == dt.datetime.fromisoformat(first_after)


def test_a_time_inside_the_fold_runs_the_first_time_only() -> None:
    tz = ZoneInfo("America/Los_Angeles")
    midnight = dt.datetime(2026, 11, 1, tzinfo=tz)

    found = schedule.upcoming(cron="30 1 * * *", zone="America/Los_Angeles", after=midnight, count=2)

    assert found == [
        dt.datetime(2026, 11, 1, 8, 30, tzinfo=UTC),  # 01:30 PDT; not again at 01:30 PST
        dt.datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
    ]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "cron", ["30 1 * * *", "30 2 * * *", "*/30 * * * *", "10 1,2,3 * * SUN", "0 0 1 * *"]
)
def test_the_newest_occurrence_at_any_instant_is_the_last_one_walked_to(zone: str, cron: str) -> None:
    # Half-hour steps through the weeks around both changes of clocks in each zone.
    for day in (
        dt.date(2026, 3, 7),
        dt.date(2026, 3, 28),
        dt.date(2026, 4, 4),
        dt.date(2026, 10, 3),
        dt.date(2026, 10, 24),
        dt.date(2026, 10, 31),
    ):
        start = dt.datetime.combine(day, dt.time(), tzinfo=UTC)
        walked = occurrences(cron, zone, start - dt.timedelta(days=35), start + dt.timedelta(days=3))
        for step in range(0, 60 * 48, 30):
            at = start + dt.timedelta(minutes=step)
            expected = max(instant for instant in walked if instant <= at)
            assert schedule.newest(cron=cron, zone=zone, at=at) == expected, (zone, cron, at)


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "* * * *",
        "0 0 7 * * MON",
        "61 7 * * *",
        "0 7 * * FUNDAY",
        "0 7 31 2 *",
        "*/0 * * * *",
        "٣ 7 * * *",
        "0 7 * * 5-1",
    ],
)
def test_a_line_that_cannot_be_read_is_refused_with_a_sentence(cron: str) -> None:
    with pytest.raises(schedule.CronError, match=r"write |choose |never"):
        schedule.check_cron(cron)


@given(st.text(alphabet="0123456789*/,-#LWMONSUJAN ²٣", max_size=60))
def test_any_line_is_either_read_or_refused(cron: str) -> None:
    try:
        schedule.check_cron(cron)
    except schedule.CronError:
        return
    after = dt.datetime(2026, 3, 8, tzinfo=UTC)
    found = schedule.upcoming(cron=cron, zone="America/Los_Angeles", after=after, count=3)
    assert found == sorted(set(found))
    assert all(instant > after for instant in found)


@pytest.mark.parametrize("zone", ["", "../etc/passwd", "Mars/Olympus", "America/Los_Angeles\0"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(clock.UnknownZoneError):
        schedule.upcoming(cron="0 7 * * *", zone=zone, after=dt.datetime(2026, 1, 1, tzinfo=UTC), count=1)
