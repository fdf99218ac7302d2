"""The sun over a port: the reference values, NOAA's algorithm on every day of a year, and ports where it does not set."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from crew.domain import timing
from crew.models import Port
from tests.crew.timing import noaa

pytestmark = pytest.mark.once

YEAR = [dt.date(2026, 1, 1) + dt.timedelta(days=number) for number in range(365)]


def port(name: str, latitude: float, longitude: float, zone: str) -> Port:
    return Port(name=name, slug=name.lower(), latitude=latitude, longitude=longitude, zone=zone)


SAN_DIEGO = port("San Diego", 32.7157, -117.1611, "America/Los_Angeles")
HOBART = port("Hobart", -42.8821, 147.3272, "Australia/Hobart")
LISBON = port("Lisbon", 38.7072, -9.1355, "Europe/Lisbon")
TROMSO = port("Tromso", 69.6492, 18.9553, "Europe/Oslo")
REYKJAVIK = port("Reykjavik", 64.1466, -21.9426, "Atlantic/Reykjavik")
KIRITIMATI = port("Kiritimati", 1.8721, -157.4278, "Pacific/Kiritimati")


@pytest.mark.parametrize(
    ("on", "sunset"),
    [
        (dt.date(2026, 6, 21), "2026-06-21T19:59:32-07:00"),
        (dt.date(2026, 12, 3), "2026-12-03T16:42:01-08:00"),
        (dt.date(2026, 6, 29), "2026-06-29T20:00:22-07:00"),
        (dt.date(2026, 3, 8), "2026-03-08T18:51:17-07:00"),
        (dt.date(2026, 11, 1), "2026-11-01T16:57:18-08:00"),
    ],
)
def test_sunset_equals_the_reference_to_the_second(on: dt.date, sunset: str) -> None:
    found = timing.sun(port=SAN_DIEGO, on=on).sunset

    assert found is not None
    assert found.isoformat() == sunset


@pytest.mark.parametrize(("on", "dusk"), [(dt.date(2026, 6, 21), "20:28"), (dt.date(2026, 12, 21), "17:14")])
def test_civil_dusk_equals_the_reference_to_the_minute(on: dt.date, dusk: str) -> None:
    found = timing.sun(port=SAN_DIEGO, on=on).civil_dusk

    assert found is not None
    assert f"{found:%H:%M}" == dusk


def test_the_earliest_and_latest_sunset_of_the_year_fall_on_the_reference_days() -> None:
    sets = {on: timing.sun(port=SAN_DIEGO, on=on).sunset for on in YEAR}
    # By the sun and not by summer time: an hour is taken off where clocks are put forward.
    by_sun = {on: (at - (at.dst() or dt.timedelta())).time() for on, at in sets.items() if at}

    assert min(by_sun, key=lambda on: by_sun[on]) == dt.date(2026, 12, 3)
    assert max(by_sun, key=lambda on: by_sun[on]) == dt.date(2026, 6, 29)


@pytest.mark.parametrize("at", [SAN_DIEGO, HOBART, LISBON, KIRITIMATI], ids=str)
def test_sunrise_and_sunset_match_noaa_within_a_minute_on_every_day_of_the_year(at: Port) -> None:
    worst = dt.timedelta()
    for on in YEAR:
        found = timing.sun(port=at, on=on)
        assert found.sunrise is not None
        assert found.sunset is not None
        assert found.sunrise.date() == found.sunset.date() == on
        # NOAA's day is the sun's own, which west of the date line has another date than the clocks there.
        day = on - dt.timedelta(days=1) if at is KIRITIMATI else on
        worst = max(
            worst,
            abs(found.sunrise - noaa.sunrise(at.latitude, at.longitude, day)),
            abs(found.sunset - noaa.sunset(at.latitude, at.longitude, day)),
        )

    assert worst <= dt.timedelta(seconds=60)


def test_the_times_of_a_day_follow_one_another() -> None:
    for on in YEAR:
        sun = timing.sun(port=SAN_DIEGO, on=on)
        times = [
            sun.nautical_dawn,
            sun.civil_dawn,
            sun.dawn_golden_from,
            sun.sunrise,
            sun.dawn_golden_until,
            sun.golden_from,
            sun.sunset,
            sun.golden_until,
            sun.civil_dusk,
            sun.nautical_dusk,
        ]
        assert times == sorted(times)  # type: ignore[type-var]


@pytest.mark.parametrize("on", [dt.date(2026, 6, 21), dt.date(2026, 12, 21)])
def test_beyond_the_polar_circle_there_are_days_without_sunset(on: dt.date) -> None:
    sun = timing.sun(port=TROMSO, on=on)

    assert sun.sunset is None
    assert sun.sunrise is None


def test_a_sunset_after_midnight_belongs_to_the_evening_before_it() -> None:
    sunset = timing.sun(port=REYKJAVIK, on=dt.date(2026, 6, 21)).sunset

    assert sunset == dt.datetime(2026, 6, 22, 0, 2, 50, tzinfo=ZoneInfo("Atlantic/Reykjavik"))


@pytest.mark.parametrize(
    "on", [dt.date(1, 1, 1), dt.date(1900, 12, 31), dt.date(2100, 1, 1), dt.date(9999, 12, 31)]
)
def test_a_year_beyond_the_almanac_is_refused(on: dt.date) -> None:
    with pytest.raises(timing.TimingError, match=f"The year {on.year} is beyond the almanac"):
        timing.sun(port=SAN_DIEGO, on=on)


@pytest.mark.parametrize("zone", ["", "../etc", "Mars/Olympus", "\0"])
def test_a_port_whose_zone_is_not_one_is_named(zone: str) -> None:
    with pytest.raises(timing.TimingError, match="The time zone of Nowhere is not one"):
        timing.sun(port=port("Nowhere", 0, 0, zone), on=dt.date(2026, 6, 21))


@pytest.mark.parametrize(("latitude", "longitude"), [(90, 0), (-90, 180), (0, -180), (0, 180)])
def test_the_ends_of_the_globe_are_answered(latitude: float, longitude: float) -> None:
    for on in YEAR[::30]:
        assert timing.sun(port=port("End", latitude, longitude, "UTC"), on=on)
