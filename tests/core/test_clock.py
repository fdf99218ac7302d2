"""Instants are aware, days are local, and a zone is a name the zone database holds."""

import datetime as dt

import pytest
import time_machine
from django.test import override_settings

from core import clock


@time_machine.travel(dt.datetime(2026, 11, 1, 6, 59, 59, tzinfo=dt.UTC), tick=False)
def test_now_is_aware_and_today_is_local() -> None:
    assert clock.now() == dt.datetime(2026, 11, 1, 6, 59, 59, tzinfo=dt.UTC)
    assert clock.now().utcoffset() == dt.timedelta(0)
    assert clock.today("America/Los_Angeles") == dt.date(2026, 10, 31)
    assert clock.today("Europe/Madrid") == dt.date(2026, 11, 1)


def test_today_at_an_instant_follows_daylight_saving() -> None:
    # On 1 November 2026 clocks in Los Angeles go back at 2:00; the day has 25 hours.
    begins, ends = clock.end_of(dt.date(2026, 10, 31)), clock.end_of(dt.date(2026, 11, 1))
    assert ends - begins == dt.timedelta(hours=25)
    assert clock.today(at=begins) == dt.date(2026, 11, 1)
    assert clock.today(at=ends - dt.timedelta(microseconds=1)) == dt.date(2026, 11, 1)
    assert clock.today(at=ends) == dt.date(2026, 11, 2)


def test_a_spring_day_has_23_hours() -> None:
    assert clock.end_of(dt.date(2026, 3, 8)) - clock.end_of(dt.date(2026, 3, 7)) == dt.timedelta(hours=23)


@override_settings(QUARTERDECK_ZONE="Australia/Lord_Howe")
def test_the_portfolios_own_zone_is_the_default() -> None:
    assert clock.zone().key == "Australia/Lord_Howe"
    assert clock.today(at=dt.datetime(2026, 11, 9, 13, 30, tzinfo=dt.UTC)) == dt.date(2026, 11, 10)


@pytest.mark.parametrize(
    "name", ["", "../etc/passwd", "/etc/localtime", "Mars/Olympus", "America", "UTC\x00", "x" * 300]
)
def test_what_is_no_zone_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(clock.UnknownZoneError, match="is not a time zone; use a name such as"):
        clock.zone(name)
