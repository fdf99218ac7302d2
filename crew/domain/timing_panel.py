"""An event's times as one panel: moments with their offsets in words, the sun, the light left, warnings, the band.

Guests read boarding, departure, return and the sun; who works the event reads crew call, turnaround and warnings too.
"""

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from crew import rules
from crew.domain import day_band, timing
from crew.domain.day_band import Light, Mark
from crew.models import OVER, Anchor, Event, EventState, Port

HOUR = dt.timedelta(hours=1)
# Beyond this sunset is no help to tell a time by.
NEAR_SUNSET = dt.timedelta(hours=4)
# A day longer than this is drawn by its first hours alone.
LONGEST_DRAWN = dt.timedelta(hours=24)
# The sky's names, by how many degrees above the horizon the sun stands at least.
SKY = ((6.0, "day"), (-4.0, "golden"), (-6.0, "civil"), (-12.0, "nautical"), (-90.0, "night"))


@dataclass(frozen=True, slots=True)
class Moment:
    """One time of the event: on the port's clock, and in words against what it is counted from."""

    key: str
    label: str
    at: dt.datetime
    time: str
    words: str
    past: bool


@dataclass(frozen=True, slots=True)
class SunTime:
    """One time of the sun; an em dash and a sentence where there is none that day."""

    label: str
    time: str


@dataclass(frozen=True, slots=True)
class Caution:
    """Something about the times that somebody should know; ``tone`` is bad, watch or info."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Countdown:
    """The next moment ahead, how long until then, and when that is; empty once nothing is ahead."""

    what: str = ""
    words: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """All of it, in finished words."""

    zone: str
    day: str
    moments: tuple[Moment, ...]
    sun: tuple[SunTime, ...]
    light: str
    turnaround: tuple[str, ...]
    warnings: tuple[Caution, ...]
    band: SafeString = field(repr=False)


class Trip(NamedTuple):
    """Another event of the vessel: its times, and nothing that would name it."""

    departs_at: dt.datetime
    returns_at: dt.datetime


def panel(*, event: Event, standing: rules.Standing, at: dt.datetime) -> Panel:
    """Return the timing panel as this person may read it; at most two queries, none for guests."""
    works = rules.can_see_work_times(standing)
    day = _Day(event, at)
    around = _around(event) if works else (None, None)
    moments = day.in_order(works=works)
    return Panel(
        zone=f"{day.local(event.departs_at):%Z}",
        day=f"{day.local(event.departs_at):%A %-d %B %Y}",
        moments=moments,
        sun=tuple(day.sun_times() if works else day.sun_for_guests()),
        light=day.light_left(),
        turnaround=tuple(_turnaround(day, *around)),
        warnings=tuple(_warnings(day, *around)) if works else (),
        band=_band(day, moments),
    )


def countdown(*, event: Event, standing: rules.Standing, at: dt.datetime) -> Countdown:
    """Return what comes next for this person; no query."""
    if event.state in OVER:
        return Countdown()
    day = _Day(event, at)
    moments = day.in_order(works=rules.can_see_work_times(standing))
    underway = event.state == EventState.UNDERWAY
    # Whoever is out has the return ahead, whatever else was planned later than they left.
    ahead = moments[-1] if underway else next((moment for moment in moments if not moment.past), moments[-1])
    if ahead.past and not underway:
        return Countdown()
    zone = f"{ahead.at.astimezone(day.end_zone if ahead.key == 'return' else day.zone):%Z}"
    time = ahead.time if ahead.time.endswith(zone) else f"{ahead.time} {zone}"
    if underway and ahead.past:
        return Countdown("Due back", time, until(ahead.at, at))
    return Countdown("Back" if underway else ahead.label, until(ahead.at, at), time)


def span(length: dt.timedelta) -> str:
    """Return a length of time in words: "45 min", "2 h", "1 h 30 min", "3 days 4 h"."""
    minutes = round(abs(length.total_seconds()) / 60)
    hours, minutes = divmod(minutes, 60)
    days, rest = divmod(hours, 24)
    if hours >= 48:
        return f"{days} days" + (f" {rest} h" if rest else "")
    if not hours:
        return f"{minutes} min"
    return f"{hours} h" + (f" {minutes} min" if minutes else "")


def until(at: dt.datetime, now: dt.datetime) -> str:
    """Return how far an instant is: "in 2 h 10 min", "40 min ago", "now"."""
    if abs(at - now) < dt.timedelta(seconds=30):
        return "now"
    return f"in {span(at - now)}" if at > now else f"{span(now - at)} ago"


def sun_of(port: Port, on: dt.date) -> timing.Sun | None:
    """Return a day's sun; None at a port whose zone is not one, or beyond the almanac."""
    try:
        return timing.sun(port=port, on=on)
    except timing.TimingError:
        return None


class _Day:
    """An event's day: its sun where it leaves and where it comes back, and its zone."""

    def __init__(self, event: Event, at: dt.datetime) -> None:
        self.event, self.at = event, at
        self.zone: ZoneInfo = timing.zone_of(event)
        self.end_port = event.end_port or event.port
        self.end_zone: ZoneInfo = timing.end_zone_of(event)
        self.sun = sun_of(event.port, event.departs_on)
        self.end_sun = sun_of(self.end_port, event.returns_at.astimezone(self.end_zone).date())

    def local(self, moment: dt.datetime) -> dt.datetime:
        return moment.astimezone(self.zone)

    def clock(self, moment: dt.datetime, *, end: bool = False) -> str:
        """Return a time of day, with its date where that is not the day of the departure."""
        shown = moment.astimezone(self.end_zone if end else self.zone)
        return f"{shown:%H:%M}" if shown.date() == self.event.departs_on else f"{shown:%-d %b %H:%M}"

    def in_order(self, *, works: bool) -> tuple[Moment, ...]:
        """Return the moments as they come: guests may board before the crew's call, and nothing is after the return."""
        return tuple(sorted(self._moments(works=works), key=lambda moment: moment.at))

    def _moments(self, *, works: bool) -> Iterator[Moment]:
        event = self.event
        if works:
            yield self._moment("crew_call", "Crew call", timing.crew_call_at(event), self._before_departure())
        if event.capacity:
            boarding = dt.timedelta(minutes=event.boarding_minutes)
            words = f"{span(boarding)} before departure" if boarding else "with the departure"
            yield self._moment("boarding", "Boarding", timing.boarding_at(event), words)
        yield self._moment(
            "departure",
            "Departure",
            event.departs_at,
            self._rule(event.departure_anchor, event.departure_minutes, event.departs_at, self.sun),
        )
        words = self._rule(event.return_anchor, event.return_minutes, event.returns_at, self.end_sun)
        yield self._moment("return", "Return", event.returns_at, words, end=True)

    def _before_departure(self) -> str:
        ahead = dt.timedelta(minutes=self.event.crew_call_minutes)
        return f"{span(ahead)} before departure" if ahead else "with the departure"

    def _moment(self, key: str, label: str, at: dt.datetime, words: str, *, end: bool = False) -> Moment:
        time = self.clock(at, end=end)
        if end and f"{at.astimezone(self.end_zone):%Z}" != f"{self.local(at):%Z}":
            time = f"{time} {at.astimezone(self.end_zone):%Z}"
        return Moment(key, label, at, time, words, at <= self.at)

    @staticmethod
    def _rule(anchor: str, minutes: int, at: dt.datetime, sun: timing.Sun | None) -> str:
        if anchor != Anchor.CLOCK:
            return _offset(dt.timedelta(minutes=minutes), Anchor(anchor).label.lower())
        if sun is None or sun.sunset is None or abs(at - sun.sunset) > NEAR_SUNSET:
            return "by the clock"
        return f"by the clock, {_offset(at - sun.sunset, 'sunset')}"

    def sun_times(self) -> Iterator[SunTime]:
        sun = self.sun
        if sun is None:
            return
        yield self._sun_time("Civil dawn", sun.civil_dawn)
        yield self._sun_time("Sunrise", sun.sunrise)
        golden = ""
        if sun.golden_from and sun.golden_until:
            golden = f"{sun.golden_from:%H:%M} to {sun.golden_until:%H:%M}"
        yield SunTime("Golden hour", golden or "none on this day")
        yield self._sun_time("Sunset", sun.sunset)
        yield self._sun_time("Civil dusk", sun.civil_dusk)
        yield self._sun_time("Nautical dusk", sun.nautical_dusk)

    def sun_for_guests(self) -> Iterator[SunTime]:
        """Yield what somebody comes for; the dawns and dusks are the crew's."""
        return (time for time in self.sun_times() if time.label in ("Sunrise", "Golden hour", "Sunset"))

    def _sun_time(self, label: str, at: dt.datetime | None) -> SunTime:
        return SunTime(label, self.clock(at) if at else f"no {label.lower()} on this day")

    def dusk_before_return(self) -> dt.datetime | None:
        """Return the civil dusk after which the event is back, that of the evening before too; None by daylight."""
        sun, back = self.end_sun, self.event.returns_at
        if sun is not None and sun.civil_dawn is not None and back < sun.civil_dawn:
            sun = sun_of(self.end_port, back.astimezone(self.end_zone).date() - dt.timedelta(days=1))
        dusk = sun.civil_dusk if sun else None
        return dusk if dusk is not None and dusk < back else None

    def light_left(self) -> str:
        """Return a sentence about the light when the event is back."""
        sun, back = self.end_sun, self.event.returns_at
        if sun is None:
            return ""
        if sun.sunset is None:
            risen = timing.elevation(port=self.end_port, at=back) > 0
            return (
                "The sun is up at the return; it does not set on this day."
                if risen
                else "No sunset on this day."
            )
        dusk = sun.civil_dusk
        if sun.sunrise and back < sun.sunrise:
            return f"The return is {span(sun.sunrise - back)} before sunrise."
        if back < sun.sunset - NEAR_SUNSET:
            return "The return is in full daylight."
        if back <= sun.sunset:
            rest = f", {span(dusk - back)} until civil dusk" if dusk else ""
            return f"At the return {span(sun.sunset - back)} of sun are left{rest}."
        if dusk is None or back <= dusk:
            rest = f"; {span(dusk - back)} of twilight are left" if dusk else "; it stays light"
            return f"The return is {span(back - sun.sunset)} after sunset{rest}."
        return f"The return is {span(back - dusk)} after civil dusk, in the dark."


def _offset(distance: dt.timedelta, anchor: str) -> str:
    if abs(distance) < dt.timedelta(seconds=30):
        return f"at {anchor}"
    return f"{span(distance)} {'after' if distance > dt.timedelta() else 'before'} {anchor}"


# The vessel's events before and after


def _around(event: Event) -> tuple[Trip | None, Trip | None]:
    """Return the vessel's event before and the one after, cancelled ones left out; two queries."""
    if event.vessel_id is None:
        return None, None
    others = Event.objects.filter(vessel_id=event.vessel_id).exclude(state=EventState.CANCELLED)
    times = others.exclude(pk=event.pk).values_list("departs_at", "returns_at")
    before = times.filter(departs_at__lte=event.departs_at).order_by("-departs_at", "-id").first()
    after = times.filter(departs_at__gt=event.departs_at).order_by("departs_at", "id").first()
    return before and Trip(*before), after and Trip(*after)


def _turnaround(day: _Day, before: Trip | None, after: Trip | None) -> Iterator[str]:
    # Times only: whoever works this event need not know what the other one is.
    event = day.event
    if before is not None and before.returns_at <= event.departs_at:
        free = event.departs_at - before.returns_at
        yield f"{event.vessel} is back {day.local(before.returns_at):%a %-d %b, %H:%M} from the trip before, {span(free)} ahead of this one."
    if after is not None and after.departs_at >= event.returns_at:
        free = after.departs_at - event.returns_at
        yield f"{event.vessel} leaves again {day.local(after.departs_at):%a %-d %b, %H:%M}, {span(free)} after this return."


def _warnings(day: _Day, before: Trip | None, after: Trip | None) -> Iterator[Caution]:
    event = day.event
    if event.state in OVER:
        return
    if event.vessel is None and not event.venue:
        yield Caution("watch", "Neither a vessel nor a venue is set.")
    yield from _short_turnarounds(event, before, after)
    sun, dusk = day.sun, day.dusk_before_return()
    if dusk is not None and event.vessel:
        late = span(event.returns_at - dusk)
        yield Caution(
            "watch",
            f"The return falls {late} after civil dusk ({dusk:%H:%M}): lights on, and a berth found in the dark.",
        )
    call = timing.crew_call_at(event)
    if sun and sun.civil_dawn and call < sun.civil_dawn:
        yield Caution(
            "watch",
            f"Crew call is {span(sun.civil_dawn - call)} before civil dawn ({sun.civil_dawn:%H:%M}): the dock is dark.",
        )
    for port, anchor, minutes in (
        (event.port, event.departure_anchor, event.departure_minutes),
        (day.end_port, event.return_anchor, event.return_minutes),
    ):
        try:
            note = timing.fold_note(port=port, on=event.departs_on, anchor=anchor, minutes=minutes)
        except timing.TimingError as error:
            note = str(error)
        if note:
            yield Caution("info", note)


def _short_turnarounds(event: Event, before: Trip | None, after: Trip | None) -> Iterator[Caution]:
    vessel = event.vessel
    if vessel is None:
        return
    needed = dt.timedelta(minutes=vessel.turnaround_minutes)
    for free, which in (
        (event.departs_at - before.returns_at if before else None, "before"),
        (after.departs_at - event.returns_at if after else None, "after"),
    ):
        if free is None:
            continue
        if free < dt.timedelta():
            yield Caution("bad", f"{vessel} is out on another trip for {span(free)} of this one.")
        elif free < needed:
            yield Caution(
                "watch",
                f"{vessel} has {span(free)} {which} this trip and needs {span(needed)} to turn around.",
            )


# The drawing


def _band(day: _Day, moments: tuple[Moment, ...]) -> SafeString:
    first, last = _window(day, moments)
    marks = [
        Mark(moment.at, f"{moment.label} {day.clock(moment.at, end=moment.key == 'return')}", moment.key)
        for moment in moments
    ]
    if first < day.at < last:
        marks.append(Mark(day.at.replace(second=0, microsecond=0), f"Now {day.local(day.at):%H:%M}", "now"))
    return day_band.draw(
        first=first,
        last=last,
        zone=day.zone,
        sky=_sky(day, first, last),
        bars=[mark for mark in marks if mark.kind in ("crew_call", "departure", "return")],
        marks=marks,
        sun=[mark for mark in _sun_marks(day) if first < mark.at < last],
        words=_words(day, moments),
    )


def _window(day: _Day, moments: tuple[Moment, ...]) -> tuple[dt.datetime, dt.datetime]:
    """Return whole local hours around the event, with the evening's dusk where that is near; as instants."""
    start, end = moments[0].at, moments[-1].at
    dusk = day.end_sun.nautical_dusk if day.end_sun else None
    if dusk is not None and end < dusk < end + 3 * HOUR:
        end = dusk.astimezone(dt.UTC)
    first = _whole_hour(day, start - HOUR / 2)
    return first, min(_whole_hour(day, end + HOUR * 1.5), first + LONGEST_DRAWN)


def _whole_hour(day: _Day, at: dt.datetime) -> dt.datetime:
    return at - dt.timedelta(minutes=day.local(at).minute, seconds=at.second, microseconds=at.microsecond)


def _sky(day: _Day, first: dt.datetime, last: dt.datetime) -> list[Light]:
    port, on = day.event.port, day.event.departs_on
    edges = {first, last}
    for days in (-1, 0, 1):
        sun = sun_of(port, on + dt.timedelta(days=days))
        edges |= {at.astimezone(dt.UTC) for at in _turns(sun) if first < at < last} if sun else set()
    return [
        Light(begin, end, _sky_at(timing.elevation(port=port, at=begin + (end - begin) / 2)))
        for begin, end in itertools.pairwise(sorted(edges))
    ]


def _turns(sun: timing.Sun) -> Iterator[dt.datetime]:
    """Return when the sky changes its name."""
    for at in (
        sun.nautical_dawn,
        sun.civil_dawn,
        sun.dawn_golden_from,
        sun.dawn_golden_until,
        sun.golden_from,
        sun.golden_until,
        sun.civil_dusk,
        sun.nautical_dusk,
    ):
        if at is not None:
            yield at


def _sky_at(degrees: float) -> str:
    return next(kind for least, kind in SKY if degrees >= least)


def _sun_marks(day: _Day) -> Iterator[Mark]:
    sun = day.sun
    if sun is None:
        return
    for label, at in (("Sunrise", sun.sunrise), ("Sunset", sun.sunset), ("Civil dusk", sun.civil_dusk)):
        if at is not None:
            yield Mark(at, f"{label} {at:%H:%M}", "sun")


def _words(day: _Day, moments: tuple[Moment, ...]) -> str:
    times = ", ".join(f"{moment.label.lower()} {moment.time}" for moment in moments)
    light = day.light_left()
    return f"The day at {day.event.port}: {times}. {light}".strip()
