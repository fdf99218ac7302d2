"""Rules of time: by the clock, by the sun, across days, across zones, and on the days clocks are changed."""

import datetime as dt

import pytest

from crew.domain import timing
from crew.models import Anchor, Event
from tests.crew.timing.test_sun import HOBART, LISBON, SAN_DIEGO, TROMSO, port

pytestmark = pytest.mark.once

LORD_HOWE = port("Lord Howe", -31.5553, 159.0821, "Australia/Lord_Howe")
SATURDAY = dt.date(2026, 11, 28)


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("anchor", "minutes", "at"),
    [
        (Anchor.CLOCK, 15 * 60, utc(2026, 11, 28, 23, 0)),
        (Anchor.CLOCK, 0, utc(2026, 11, 28, 8, 0)),
        (Anchor.CLOCK, 24 * 60 + 10 * 60, utc(2026, 11, 29, 18, 0)),
        (Anchor.SUNSET, -120, utc(2026, 11, 28, 22, 42)),
        (Anchor.SUNSET, 0, utc(2026, 11, 29, 0, 42)),
        (Anchor.SUNRISE, 30, utc(2026, 11, 28, 15, 0)),
        (Anchor.CIVIL_DUSK, 0, utc(2026, 11, 29, 1, 9)),
    ],
)
def test_a_rule_means_an_instant_on_the_whole_minute(anchor: Anchor, minutes: int, at: dt.datetime) -> None:
    assert timing.instant(port=SAN_DIEGO, on=SATURDAY, anchor=anchor, minutes=minutes) == at


def test_a_sunset_rule_moves_with_the_date() -> None:
    rule = {"port": SAN_DIEGO, "anchor": Anchor.SUNSET, "minutes": -30}

    assert timing.instant(on=dt.date(2026, 6, 21), **rule) == utc(2026, 6, 22, 2, 29)
    assert timing.instant(on=dt.date(2026, 12, 3), **rule) == utc(2026, 12, 4, 0, 12)


@pytest.mark.parametrize(
    ("at", "on", "minutes", "words"),
    [
        (SAN_DIEGO, dt.date(2026, 3, 8), 150, "02:30 does not exist at San Diego on 8 March 2026"),
        (LORD_HOWE, dt.date(2026, 10, 4), 135, "02:15 does not exist at Lord Howe on 4 October 2026"),
        (LISBON, dt.date(2026, 3, 29), 90, "01:30 does not exist at Lisbon on 29 March 2026"),
        (SAN_DIEGO, dt.date(2026, 3, 7), 24 * 60 + 150, "02:30 does not exist at San Diego on 8 March 2026"),
    ],
)
def test_a_clock_time_that_clocks_skip_is_refused_in_a_sentence(
    at: object, on: dt.date, minutes: int, words: str
) -> None:
    with pytest.raises(timing.TimingError, match=words):
        timing.instant(port=at, on=on, anchor=Anchor.CLOCK, minutes=minutes)  # type: ignore[arg-type]


def test_the_edges_of_what_clocks_skip_exist() -> None:
    day = dt.date(2026, 3, 8)

    assert timing.instant(port=SAN_DIEGO, on=day, anchor=Anchor.CLOCK, minutes=119) == utc(2026, 3, 8, 9, 59)
    assert timing.instant(port=SAN_DIEGO, on=day, anchor=Anchor.CLOCK, minutes=180) == utc(2026, 3, 8, 10, 0)


@pytest.mark.parametrize(
    ("at", "on", "minutes", "first"),
    [
        (SAN_DIEGO, dt.date(2026, 11, 1), 90, utc(2026, 11, 1, 8, 30)),
        (LORD_HOWE, dt.date(2026, 4, 5), 105, utc(2026, 4, 4, 14, 45)),
    ],
)
def test_of_a_clock_time_that_comes_twice_the_first_is_meant_and_said(
    at: object, on: dt.date, minutes: int, first: dt.datetime
) -> None:
    rule = {"port": at, "on": on, "anchor": Anchor.CLOCK, "minutes": minutes}

    assert timing.instant(**rule) == first  # type: ignore[arg-type]
    assert "comes twice" in timing.fold_note(**rule)  # type: ignore[arg-type]
    assert "the first is meant" in timing.fold_note(**rule)  # type: ignore[arg-type]


def test_of_a_clock_time_that_comes_once_nothing_is_said() -> None:
    assert timing.fold_note(port=SAN_DIEGO, on=SATURDAY, anchor=Anchor.CLOCK, minutes=90) == ""
    assert timing.fold_note(port=SAN_DIEGO, on=dt.date(2026, 11, 1), anchor=Anchor.SUNSET, minutes=90) == ""
    assert timing.fold_note(port=SAN_DIEGO, on=dt.date(2026, 3, 8), anchor=Anchor.CLOCK, minutes=150) == ""


@pytest.mark.parametrize("on", [dt.date(2026, 6, 21), dt.date(2026, 12, 21)])
def test_a_sunset_rule_where_the_sun_does_not_set_is_refused(on: dt.date) -> None:
    with pytest.raises(
        timing.TimingError, match="There is no sunset at Tromso .* Give this time by the clock"
    ):
        timing.instant(port=TROMSO, on=on, anchor=Anchor.SUNSET, minutes=-30)


@pytest.mark.parametrize("minutes", [2**31, -(2**63), 10**30])
def test_minutes_beyond_all_bounds_are_refused(minutes: int) -> None:
    for anchor in Anchor:
        with pytest.raises(timing.TimingError, match="at most 90 days"):
            timing.instant(port=SAN_DIEGO, on=SATURDAY, anchor=anchor, minutes=minutes)


def test_an_anchor_that_is_none_is_refused() -> None:
    with pytest.raises(timing.TimingError, match="'moonrise' is not something"):
        timing.instant(port=SAN_DIEGO, on=SATURDAY, anchor="moonrise", minutes=0)


def test_a_sunset_sail_leaves_and_returns_by_the_sun() -> None:
    assert timing.times(
        port=SAN_DIEGO,
        end_port=None,
        on=SATURDAY,
        departure=(Anchor.SUNSET, -120),
        return_=(Anchor.SUNSET, -30),
    ) == (utc(2026, 11, 28, 22, 42), utc(2026, 11, 29, 0, 12))


def test_a_return_by_the_clock_that_is_not_after_the_departure_is_the_next_days() -> None:
    assert timing.times(
        port=SAN_DIEGO,
        end_port=None,
        on=SATURDAY,
        departure=(Anchor.CLOCK, 22 * 60),
        return_=(Anchor.CLOCK, 60),
    ) == (utc(2026, 11, 29, 6, 0), utc(2026, 11, 29, 9, 0))


def test_a_night_over_the_change_of_clocks_is_as_long_as_it_is() -> None:
    """Leaves at 23:00 before clocks go back at 2:00, and returns at 3:00 after."""
    departs_at, returns_at = timing.times(
        port=SAN_DIEGO,
        end_port=None,
        on=dt.date(2026, 10, 31),
        departure=(Anchor.CLOCK, 23 * 60),
        return_=(Anchor.CLOCK, 3 * 60),
    )

    assert returns_at - departs_at == dt.timedelta(hours=5)


def test_a_return_is_told_by_the_clock_of_the_port_where_it_ends() -> None:
    departs_at, returns_at = timing.times(
        port=HOBART,
        end_port=LORD_HOWE,
        on=SATURDAY,
        departure=(Anchor.CLOCK, 8 * 60),
        return_=(Anchor.CLOCK, 3 * 24 * 60 + 12 * 60),
    )

    assert (departs_at, returns_at) == (utc(2026, 11, 27, 21, 0), utc(2026, 12, 1, 1, 0))


def test_a_return_by_the_sun_before_the_departure_is_refused() -> None:
    with pytest.raises(
        timing.TimingError, match="The return would be at 16:12 PST, not after the departure at 18:00 PST"
    ):
        timing.times(
            port=SAN_DIEGO,
            end_port=None,
            on=SATURDAY,
            departure=(Anchor.CLOCK, 18 * 60),
            return_=(Anchor.SUNSET, -30),
        )


def test_crew_call_and_boarding_stand_before_the_departure() -> None:
    event = Event(
        departs_at=utc(2026, 11, 28, 23, 0), crew_call_minutes=90, boarding_minutes=20, port=SAN_DIEGO
    )

    assert timing.crew_call_at(event) == utc(2026, 11, 28, 21, 30)
    assert timing.boarding_at(event) == utc(2026, 11, 28, 22, 40)
    assert timing.local(event, event.departs_at).isoformat() == "2026-11-28T15:00:00-08:00"


def test_an_event_at_a_port_whose_zone_is_not_one_is_told_in_the_portfolios() -> None:
    event = Event(departs_at=utc(2026, 11, 28, 23, 0), port=port("Nowhere", 0, 0, "../etc"))

    assert timing.zone_of(event).key == "America/Los_Angeles"
