"""The sun over a port, and the instants that an event's rules of time mean.

A rule is an anchor and minutes: of the local clock (600 is 10:00, 1440 and more are the days after), or from a sun time
of the day. Sun times are astral's, with the port's own zone. A day runs from one solar midnight to the next: where the
sun goes down after midnight by the clock, that sunset still belongs to the evening before it.
"""

import datetime as dt
import functools
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from astral import Observer, SunDirection
from astral import sun as almanac

from core import clock
from crew.models import Anchor, Event, Port

# Astral's formulas are good for these years.
FIRST_YEAR, LAST_YEAR = 1901, 2099
DAY_MINUTES = 24 * 60
LONGEST_MINUTES = 90 * DAY_MINUTES
_DAY = dt.timedelta(days=1)

Rule = tuple[Anchor | str, int]


class TimingError(Exception):
    """A rule means no instant on that day; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Sun:
    """One day's sun times at a port, in its zone and to the second; None where the sun does not get there that day.

    Golden hour is the sun from 6 degrees above to 4 below the horizon; civil and nautical dusk are 6 and 12 below.
    """

    nautical_dawn: dt.datetime | None
    civil_dawn: dt.datetime | None
    dawn_golden_from: dt.datetime | None
    sunrise: dt.datetime | None
    dawn_golden_until: dt.datetime | None
    golden_from: dt.datetime | None
    sunset: dt.datetime | None
    golden_until: dt.datetime | None
    civil_dusk: dt.datetime | None
    nautical_dusk: dt.datetime | None


def sun(*, port: Port, on: dt.date) -> Sun:
    """Return the sun times of a day at a port.

    Raises:
        TimingError: the port's zone does not exist, or the year is beyond the almanac.
    """
    _check_year(on)
    return _sun(port.latitude, port.longitude, _zone(port).key, on)


def elevation(*, port: Port, at: dt.datetime) -> float:
    """Return how many degrees the sun stands above the horizon of a port."""
    return float(almanac.elevation(Observer(port.latitude, port.longitude), at))


def instant(*, port: Port, on: dt.date, anchor: Anchor | str, minutes: int) -> dt.datetime:
    """Return the instant (UTC) a rule means on a local date at a port, on the whole minute.

    A clock time that comes twice, when clocks are put back, is the first of the two; `fold_note` says so.

    Raises:
        TimingError: that sun time does not come that day; clocks are put forward over that local time; zone, year or
            minutes are beyond what can be worked out.
    """
    _check_year(on)
    if not -LONGEST_MINUTES <= minutes <= LONGEST_MINUTES:
        raise TimingError("A time may lie at most 90 days from its day. Give fewer minutes.")
    if anchor == Anchor.CLOCK:
        return _clock_instant(port, on, minutes)
    times = sun(port=port, on=on)
    risen = {Anchor.SUNRISE: times.sunrise, Anchor.SUNSET: times.sunset, Anchor.CIVIL_DUSK: times.civil_dusk}
    if anchor not in risen:
        raise TimingError(f"{anchor!r} is not something a time can be counted from.")
    found = risen[Anchor(anchor)]
    if found is None:
        raise TimingError(
            f"There is no {Anchor(anchor).label.lower()} at {port} on {_day(on)}. Give this time by the clock."
        )
    moved = found.astimezone(dt.UTC) + dt.timedelta(minutes=minutes)
    return moved.replace(second=0, microsecond=0)


def times(
    *, port: Port, end_port: Port | None, on: dt.date, departure: Rule, return_: Rule
) -> tuple[dt.datetime, dt.datetime]:
    """Return departure and return (UTC) of an event that leaves on a local date.

    The return is by the sun or the clock of the port where it ends. A return by the clock that is not after the
    departure is the next day's.

    Raises:
        TimingError: a rule means no instant that day, or the return is not after the departure.
    """
    ends_at_port = end_port or port
    departs_at = instant(port=port, on=on, anchor=departure[0], minutes=departure[1])
    anchor, minutes = return_
    returns_at = instant(port=ends_at_port, on=on, anchor=anchor, minutes=minutes)
    if anchor == Anchor.CLOCK and returns_at <= departs_at and 0 <= minutes < DAY_MINUTES:
        returns_at = instant(port=ends_at_port, on=on + _DAY, anchor=anchor, minutes=minutes)
    if returns_at <= departs_at:
        raise TimingError(
            f"The return would be at {returns_at.astimezone(_zone(ends_at_port)):%H:%M %Z}, not after the departure at "
            f"{departs_at.astimezone(_zone(port)):%H:%M %Z} on {_day(on)}. Move one of the two."
        )
    return departs_at, returns_at


def fold_note(*, port: Port, on: dt.date, anchor: Anchor | str, minutes: int) -> str:
    """Return a sentence where a clock time comes twice that day, because clocks are put back; else nothing."""
    if anchor != Anchor.CLOCK:
        return ""
    wall = _wall(on, minutes)
    zone = _zone(port)
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    # Where clocks are put forward, the second reading lies before the first.
    if second <= first:
        return ""
    return f"{wall:%H:%M} comes twice at {port} on {_day(wall.date())}, when clocks are put back; the first is meant."


def crew_call_at(event: Event) -> dt.datetime:
    """Return when the crew must be aboard."""
    return event.departs_at - dt.timedelta(minutes=event.crew_call_minutes)


def boarding_at(event: Event) -> dt.datetime:
    """Return when guests may come aboard."""
    return event.departs_at - dt.timedelta(minutes=event.boarding_minutes)


def served_on(event: Event, at: dt.datetime) -> dt.date:
    """Return the day in the books of its entity on which an event was rendered: that of its return, if that has come."""
    returned = clock.today(event.entity.zone, at=event.returns_at)
    return min(max(returned, event.departs_on), clock.today(event.entity.zone, at=at))


def zone_of(event: Event) -> ZoneInfo:
    """Return the zone of the event's port; the portfolio's own where the port's does not exist."""
    return _lenient_zone(event.port)


def end_zone_of(event: Event) -> ZoneInfo:
    """Return the zone of the port where the event ends."""
    return _lenient_zone(event.end_port or event.port)


def at_port(port: Port, moment: dt.datetime) -> dt.datetime:
    """Return an instant on the clock of a port."""
    return moment.astimezone(_lenient_zone(port))


def local(event: Event, moment: dt.datetime) -> dt.datetime:
    """Return an instant on the clock of the event's port."""
    return moment.astimezone(zone_of(event))


def _lenient_zone(port: Port) -> ZoneInfo:
    try:
        return clock.zone(port.zone)
    except clock.UnknownZoneError:
        return clock.zone()


def _zone(port: Port) -> ZoneInfo:
    try:
        return clock.zone(port.zone)
    except clock.UnknownZoneError as error:
        raise TimingError(f"The time zone of {port} is not one: {error} Correct the port first.") from error


def _check_year(on: dt.date) -> None:
    if not FIRST_YEAR <= on.year <= LAST_YEAR:
        raise TimingError(f"The year {on.year} is beyond the almanac; use a date from 1901 to 2099.")


def _day(on: dt.date) -> str:
    return f"{on:%-d %B %Y}"


def _wall(on: dt.date, minutes: int) -> dt.datetime:
    return dt.datetime.combine(on, dt.time()) + dt.timedelta(minutes=minutes)


def _clock_instant(port: Port, on: dt.date, minutes: int) -> dt.datetime:
    wall = _wall(on, minutes)
    zone = _zone(port)
    found = wall.replace(tzinfo=zone).astimezone(dt.UTC)
    shown = found.astimezone(zone).replace(tzinfo=None)
    if shown != wall:
        raise TimingError(
            f"{wall:%H:%M} does not exist at {port} on {_day(wall.date())}: clocks are put forward over it, and "
            f"{shown:%H:%M} is what they show. Choose another time."
        )
    return found


@functools.lru_cache(maxsize=4096)
def _sun(latitude: float, longitude: float, zone_name: str, on: dt.date) -> Sun:
    observer, zone = Observer(latitude, longitude), ZoneInfo(zone_name)
    noon = _noon(observer, zone, on)

    def rising(find: Callable[[dt.date], dt.datetime]) -> dt.datetime | None:
        return _near(find, on, noon - _DAY / 2, noon)

    def setting(find: Callable[[dt.date], dt.datetime]) -> dt.datetime | None:
        return _near(find, on, noon, noon + _DAY / 2)

    def at(degrees: float, direction: SunDirection) -> Callable[[dt.date], dt.datetime]:
        return lambda day: almanac.time_at_elevation(observer, degrees, day, direction, zone)

    return Sun(
        nautical_dawn=rising(lambda day: almanac.dawn(observer, day, 12, zone)),
        civil_dawn=rising(lambda day: almanac.dawn(observer, day, 6, zone)),
        dawn_golden_from=rising(at(-4, SunDirection.RISING)),
        sunrise=rising(lambda day: almanac.sunrise(observer, day, zone)),
        dawn_golden_until=rising(at(6, SunDirection.RISING)),
        golden_from=setting(at(6, SunDirection.SETTING)),
        sunset=setting(lambda day: almanac.sunset(observer, day, zone)),
        golden_until=setting(at(-4, SunDirection.SETTING)),
        civil_dusk=setting(lambda day: almanac.dusk(observer, day, 6, zone)),
        nautical_dusk=setting(lambda day: almanac.dusk(observer, day, 12, zone)),
    )


def _noon(observer: Observer, zone: ZoneInfo, on: dt.date) -> dt.datetime:
    """Return the solar noon of a local date. Astral counts dates in UTC, so the one wanted may be its neighbour's."""
    for day in (on, on - _DAY, on + _DAY):
        noon = almanac.noon(observer, day, zone)
        if noon.date() == on:
            return noon
    # A date that a zone skipped when it crossed the date line.
    return dt.datetime.combine(on, dt.time(12), tzinfo=zone)


def _near(
    find: Callable[[dt.date], dt.datetime], on: dt.date, first: dt.datetime, last: dt.datetime
) -> dt.datetime | None:
    """Return what is found between two instants, asking for the day and its neighbours; None where there is nothing."""
    for day in (on, on - _DAY, on + _DAY):
        try:
            found = find(day)
        except ValueError:  # Astral's way to say that the sun does not get there.
            continue
        # By the instant: two times of one zone would be compared by what clocks show.
        if first.astimezone(dt.UTC) <= found.astimezone(dt.UTC) <= last.astimezone(dt.UTC):
            return found.replace(microsecond=0)
    return None
