"""Days on which somebody cannot work. They are asked when a position is taken, and change none that is held already."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import transaction

from core import audit, clock
from core.months import is_near
from crew.domain import fitness, locks
from crew.domain.staffing import COMING
from crew.models import DayOff, Person, Position

LONGEST_DAYS = 366
LONGEST_NOTE = 120


class DaysRefusedError(Exception):
    """The days cannot be marked as given; the message says why."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A position somebody holds on a day they marked off: what and when, and its event's key."""

    words: str
    event_key: str
    position_id: int


def words(first_on: dt.date, last_on: dt.date) -> tuple[str, str]:
    """Return days in words, and their verb: ("20 to 24 Dec 2026", "are")."""
    if first_on == last_on:
        return fitness.day(last_on), "is"
    begins = f"{first_on:%-d %b %Y}" if first_on.year != last_on.year else f"{first_on:%-d %b}"
    if (first_on.year, first_on.month) == (last_on.year, last_on.month):
        begins = f"{first_on:%-d}"
    return f"{begins} to {fitness.day(last_on)}", "are"


def zone_of(person: Person) -> ZoneInfo:
    """Return the zone where a person lives; the portfolio's own where theirs is none."""
    try:
        return clock.zone(person.zone)
    except clock.UnknownZoneError:
        return clock.zone()


def today_of(person: Person, at: dt.datetime) -> dt.date:
    """Return the date where a person lives."""
    return at.astimezone(zone_of(person)).date()


def add(
    *, person: Person, first_on: dt.date, last_on: dt.date, note: str, at: dt.datetime
) -> tuple[DayOff, list[Clash]]:
    """Mark days, both ends included, and return them with the positions that are held on one of them.

    Raises:
        DaysRefusedError: the days are over, the wrong way round, too many, or partly marked already.
    """
    note = " ".join(note.split())
    if last_on < first_on:
        raise DaysRefusedError(
            f"The last day, {fitness.day(last_on)}, is before the first, {fitness.day(first_on)}. Swap them."
        )
    if last_on < today_of(person, at):
        raise DaysRefusedError(f"{fitness.day(last_on)} is over. Mark days that are to come.")
    if (last_on - first_on).days >= LONGEST_DAYS or not is_near(first_on) or not is_near(last_on):
        raise DaysRefusedError("More than a year cannot be marked at once. Mark a part of it.")
    if len(note) > LONGEST_NOTE:
        raise DaysRefusedError(f"The note has {len(note)} characters; {LONGEST_NOTE} are kept. Shorten it.")
    with transaction.atomic():
        # Two spans that overlap cannot come at once.
        locks.people({person.pk})
        met = DayOff.objects.filter(person=person, first_on__lte=last_on, last_on__gte=first_on).first()
        if met is not None:
            days, verb = words(met.first_on, met.last_on)
            raise DaysRefusedError(
                f"{days} {verb} marked already. Choose other days, or take that mark away first."
            )
        marked = DayOff.objects.create(person=person, first_on=first_on, last_on=last_on, note=note)
        audit.record(action="crew:day_off:add", subject=marked, at=at, by=person, data={"person": person.pk})
    return marked, clashes(person=person, days=[marked], at=at)


def remove(*, day_off: DayOff, at: dt.datetime) -> None:
    """Take a mark away; nothing happens where it is gone already."""
    with transaction.atomic():
        if DayOff.objects.filter(pk=day_off.pk).delete()[0]:
            audit.record(
                action="crew:day_off:remove",
                subject=day_off,
                at=at,
                by=day_off.person,
                data={"person": day_off.person_id},
            )


def clashes(*, person: Person, days: list[DayOff], at: dt.datetime) -> list[Clash]:
    """Return the positions of coming events that a person holds on one of these days; one query."""
    held = Position.objects.filter(
        holder=person, event__state__in=COMING, event__returns_at__gt=at
    ).select_related("event__port", "event__end_port")
    found = []
    for position in held:
        first, last = fitness.days_of(position.event, person)
        if any(off.first_on <= last and off.last_on >= first for off in days):
            words = f"{position} on {position.event.title}, {fitness.span(position.event)}"
            found.append(Clash(words, position.event.key, position.pk))
    return found
