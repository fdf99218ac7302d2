"""The timing panel: moments with offsets in words, light, turnaround, warnings, and who reads which."""

import datetime as dt
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from crew import rules
from crew.domain import timing, timing_panel
from crew.domain.timing_panel import Caution, Countdown, Panel
from crew.models import Anchor, Event, EventState, Role
from tests.factories.crew import SATURDAY, EventFactory, PortFactory, VesselFactory

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 11, 28, 18, 0, tzinfo=dt.UTC)
CAPTAIN = rules.Standing(1, frozenset({Role.CAPTAIN}))
GUEST = rules.Standing(1, frozenset({Role.GUEST}))


def sail(
    *, departure: timing.Rule = ("sunset", -120), return_: timing.Rule = ("sunset", -30), **fields: Any
) -> Event:
    """Return Saturday's sail by two rules."""
    on = fields.pop("on", SATURDAY)
    vessel = fields.pop("vessel", None) or VesselFactory(name="S/V Queen", turnaround_minutes=90)
    port = fields.pop("port", vessel.home_port)
    departs_at, returns_at = timing.times(
        port=port, end_port=fields.get("end_port"), on=on, departure=departure, return_=return_
    )
    return EventFactory(
        vessel=vessel,
        port=port,
        entity=vessel.entity,
        departs_on=on,
        departs_at=departs_at,
        returns_at=returns_at,
        departure_anchor=departure[0],
        departure_minutes=departure[1],
        return_anchor=return_[0],
        return_minutes=return_[1],
        **fields,
    )


def panel(event: Event, standing: rules.Standing = CAPTAIN, at: dt.datetime = AT) -> Panel:
    return timing_panel.panel(event=event, standing=standing, at=at)


def countdown(event: Event, at: dt.datetime) -> Countdown:
    return timing_panel.countdown(event=event, standing=CAPTAIN, at=at)


def told(found: Panel) -> list[tuple[str, str, str]]:
    return [(moment.label, moment.time, moment.words) for moment in found.moments]


def test_each_moment_has_its_time_and_its_offset_in_words() -> None:
    found = panel(sail())

    assert told(found) == [
        ("Crew call", "13:12", "1 h 30 min before departure"),
        ("Boarding", "14:22", "20 min before departure"),
        ("Departure", "14:42", "2 h before sunset"),
        ("Return", "16:12", "30 min before sunset"),
    ]
    assert (found.day, found.zone) == ("Saturday 28 November 2026", "PST")


def test_a_time_by_the_clock_says_how_far_from_sunset_it_is() -> None:
    found = panel(sail(departure=(Anchor.CLOCK, 15 * 60), return_=(Anchor.CLOCK, 17 * 60)))

    assert told(found)[2:] == [
        ("Departure", "15:00", "by the clock, 1 h 42 min before sunset"),
        ("Return", "17:00", "by the clock, 18 min after sunset"),
    ]


def test_a_time_far_from_sunset_is_told_by_the_clock_alone() -> None:
    found = panel(sail(departure=(Anchor.CLOCK, 9 * 60), return_=(Anchor.CLOCK, 12 * 60)))

    assert [moment.words for moment in found.moments][2:] == ["by the clock", "by the clock"]


def test_guests_read_boarding_departure_return_and_the_sun_alone(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    event = sail(return_=("sunset", 60))
    with django_assert_num_queries(0):
        found = panel(event, GUEST)

    assert [moment.label for moment in found.moments] == ["Boarding", "Departure", "Return"]
    assert found.sun
    assert (found.turnaround, found.warnings) == ((), ())
    assert "Crew call" not in found.band


def test_the_sun_of_the_day_is_told() -> None:
    assert [(time.label, time.time) for time in panel(sail()).sun] == [
        ("Civil dawn", "06:03"),
        ("Sunrise", "06:30"),
        ("Golden hour", "16:06 to 16:59"),
        ("Sunset", "16:42"),
        ("Civil dusk", "17:09"),
        ("Nautical dusk", "17:39"),
    ]


@pytest.mark.parametrize(
    ("return_", "light"),
    [
        (("sunset", -30), "At the return 30 min of sun are left, 58 min until civil dusk."),
        (("sunset", -241), "The return is in full daylight."),
        (("sunset", 10), "The return is 10 min after sunset; 18 min of twilight are left."),
        (("sunset", 60), "The return is 32 min after civil dusk, in the dark."),
        ((Anchor.CLOCK, 24 * 60 + 6 * 60), "The return is 32 min before sunrise."),
    ],
)
def test_the_light_left_at_the_return_is_told(return_: timing.Rule, light: str) -> None:
    assert panel(sail(departure=("sunset", -300), return_=return_)).light == light


def test_a_return_in_the_dark_and_a_crew_call_before_dawn_are_warned_of() -> None:
    found = panel(sail(departure=(Anchor.CLOCK, 6 * 60), return_=(Anchor.CLOCK, 18 * 60)))

    assert [caution.text for caution in found.warnings] == [
        "The return falls 50 min after civil dusk (17:09): lights on, and a berth found in the dark.",
        "Crew call is 1 h 33 min before civil dawn (06:03): the dock is dark.",
    ]


def test_guests_who_board_before_the_crews_call_come_first() -> None:
    event = sail(boarding_minutes=120, crew_call_minutes=60)

    assert [moment.key for moment in panel(event).moments] == ["boarding", "crew_call", "departure", "return"]
    assert countdown(event, event.departs_at - dt.timedelta(hours=3)).what == "Boarding"


def test_a_return_after_midnight_is_one_in_the_dark_and_one_at_sunrise_is_not() -> None:
    def warned(back: int) -> list[str]:
        found = panel(sail(departure=(Anchor.CLOCK, 15 * 60), return_=(Anchor.CLOCK, back)))
        return [caution.text for caution in found.warnings]

    assert warned(30) == [
        "The return falls 7 h 20 min after civil dusk (17:09): lights on, and a berth found in the dark."
    ]
    assert warned(24 * 60 + 6 * 60 + 30) == []


def test_nothing_is_warned_of_by_day_or_once_it_is_over() -> None:
    assert panel(sail()).warnings == ()
    late = sail(return_=("sunset", 60))
    Event.objects.filter(pk=late.pk).update(state=EventState.COMPLETED)
    late.refresh_from_db()
    assert panel(late).warnings == ()


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (60, "S/V Queen has 1 h after this trip and needs 1 h 30 min to turn around."),
        (-60, "S/V Queen is out on another trip for 1 h of this one."),
    ],
)
def test_too_short_a_turnaround_is_warned_of_without_naming_the_other_event(gap: int, words: str) -> None:
    event = sail()
    departs_at = event.returns_at + dt.timedelta(minutes=gap)
    EventFactory(
        title="Secret charter",
        vessel=event.vessel,
        entity=event.entity,
        departs_at=departs_at,
        returns_at=departs_at + dt.timedelta(hours=2),
    )

    found = panel(event)

    assert words in [caution.text for caution in found.warnings]
    assert "Secret" not in repr(found) + found.band


def test_turnaround_is_told_before_and_after_and_takes_two_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    event = sail()
    for days in (-3, -1, 1, 5):
        shifted = event.departs_at + dt.timedelta(days=days)
        EventFactory(
            vessel=event.vessel,
            entity=event.entity,
            departs_at=shifted,
            returns_at=shifted + dt.timedelta(hours=2),
        )
    EventFactory(
        vessel=event.vessel,
        entity=event.entity,
        state=EventState.CANCELLED,
        cancel_reason="Gale",
        departs_at=event.returns_at,
        returns_at=event.returns_at + dt.timedelta(hours=1),
    )

    with django_assert_num_queries(2):
        found = panel(event)

    assert found.turnaround == (
        "S/V Queen is back Fri 27 Nov, 16:42 from the trip before, 22 h ahead of this one.",
        "S/V Queen leaves again Sun 29 Nov, 14:42, 22 h 30 min after this return.",
    )


def test_an_event_that_names_no_place_is_warned_of() -> None:
    event = EventFactory(
        vessel=None, port=PortFactory(), mode="", legal_limit=None, legal_source="", venue=""
    )

    assert Caution("watch", "Neither a vessel nor a venue is set.") in panel(event).warnings


def test_a_clock_time_that_comes_twice_is_said() -> None:
    found = panel(sail(on=dt.date(2026, 11, 1), departure=(Anchor.CLOCK, 90), return_=(Anchor.CLOCK, 8 * 60)))

    assert any("01:30 comes twice" in caution.text for caution in found.warnings)


def test_a_polar_port_says_that_there_is_no_sunset_on_this_day() -> None:
    port = PortFactory(name="Tromso", latitude=69.65, longitude=18.96, zone="Europe/Oslo")
    found = panel(
        sail(port=port, on=dt.date(2026, 6, 21), departure=(Anchor.CLOCK, 600), return_=(Anchor.CLOCK, 900))
    )

    assert "no sunset on this day" in [time.time for time in found.sun]
    assert found.light == "The sun is up at the return; it does not set on this day."
    assert 'class="sky sky--day"' in found.band


def test_a_port_whose_zone_is_not_one_still_has_a_panel() -> None:
    event = sail()
    event.port.zone = "../etc"

    assert panel(event).sun == ()


def test_a_delivery_to_another_zone_tells_the_return_there() -> None:
    there = PortFactory(name="Cabo", latitude=22.88, longitude=-109.91, zone="America/Mazatlan")
    found = panel(
        sail(departure=(Anchor.CLOCK, 600), return_=(Anchor.CLOCK, 5 * 1440 + 720), end_port=there),
    )

    assert found.moments[-1].time == "3 Dec 12:00 MST"


@pytest.mark.parametrize(
    ("minutes", "what", "words"),
    [
        (-500, "Crew call", "in 6 h 50 min"),
        (-60, "Boarding", "in 40 min"),
        (-10, "Departure", "in 10 min"),
        (10, "Return", "in 1 h 20 min"),
    ],
)
def test_the_countdown_is_to_what_comes_next(minutes: int, what: str, words: str) -> None:
    event = sail()

    found = countdown(event, event.departs_at + dt.timedelta(minutes=minutes))

    assert (found.what, found.words) == (what, words)


def test_an_event_under_way_after_its_planned_return_says_how_late_it_is() -> None:
    event = sail(state=EventState.UNDERWAY)

    found = countdown(event, event.returns_at + dt.timedelta(minutes=25))

    assert (found.what, found.time) == ("Due back", "25 min ago")
    assert found.words.endswith(" PST")


def test_an_event_under_way_says_when_it_is_back_even_before_the_planned_departure() -> None:
    event = sail(state=EventState.UNDERWAY)

    for minutes in (-10, 10):
        found = countdown(event, event.departs_at + dt.timedelta(minutes=minutes))
        assert (found.what, found.words) == (
            "Back",
            f"in 1 h {30 - minutes} min" if minutes > 0 else "in 1 h 40 min",
        )


@pytest.mark.parametrize("state", [EventState.COMPLETED, EventState.OPEN])
def test_an_event_that_is_past_has_no_countdown(state: EventState) -> None:
    event = sail(state=state)

    assert countdown(event, event.returns_at + dt.timedelta(hours=1)).what == ""


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "0 min"),
        (1, "1 min"),
        (59, "59 min"),
        (60, "1 h"),
        (61, "1 h 1 min"),
        (2879, "47 h 59 min"),
        (2880, "2 days"),
        (3000, "2 days 2 h"),
        (-45, "45 min"),
    ],
)
def test_lengths_of_time_in_words(minutes: int, words: str) -> None:
    assert timing_panel.span(dt.timedelta(minutes=minutes)) == words
