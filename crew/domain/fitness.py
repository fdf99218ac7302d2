"""Whether somebody can work an event: papers that reach its return, no other work then, no day off.

Reasons are sentences. They name times but never another event, because whoever reads them may not be on that one.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core import clock
from crew.domain import timing
from crew.models import OVER, Credential, CredentialKind, DayOff, Event, Person, Position

_LABELS = dict(CredentialKind.choices)


@dataclass(frozen=True, slots=True)
class Paper:
    """One kind of credential that a position asks for: whether it holds for the event, and why not."""

    label: str
    holds: bool
    words: str


@dataclass(frozen=True, slots=True)
class Fitness:
    """What is known of some people about one event, read once for all of them."""

    event: Event
    credentials: dict[int, list[Credential]]
    work: dict[int, list[Position]]
    days_off: dict[int, list[DayOff]]

    def obstacles(self, person: Person, position: Position, *, own: bool = False) -> list[str]:
        """Return why a person cannot work a position of the event, in words to themself if ``own``; nothing where they can."""
        return [
            *self.failed_papers(person.pk, position),
            *self._other_work(person.pk, position, own=own),
            *self._days_off(person),
        ]

    def mark(self, person: Person, position: Position) -> str:
        """Return in a few words what is in a person's way, for a list of names; nothing where nothing is."""
        kinds = (
            ("papers missing", self.failed_papers(person.pk, position)),
            ("other work", self._other_work(person.pk, position)),
            ("day off", self._days_off(person)),
        )
        return ", ".join(words for words, found in kinds if found)

    def lapsed(self, person: Person, position: Position) -> list[str]:
        """Return why somebody who holds a position cannot keep it: papers and other work, not their days off."""
        return [*self.failed_papers(person.pk, position), *self._other_work(person.pk, position)]

    def failed_papers(self, person_id: int, position: Position) -> list[str]:
        """Return what is wrong with a person's papers for a position."""
        held = self.credentials.get(person_id, ())
        return [
            paper.words for paper in papers(event=self.event, position=position, held=held) if not paper.holds
        ]

    def _other_work(self, person_id: int, position: Position, *, own: bool = False) -> list[str]:
        first, last = timing.crew_call_at(self.event), self.event.returns_at
        found = []
        for other in self.work.get(person_id, ()):
            if (
                other.pk != position.pk
                and timing.crew_call_at(other.event) < last
                and other.event.returns_at > first
            ):
                if other.event_id == self.event.pk:
                    found.append(
                        f"You already have {other} on this trip."
                        if own
                        else f"Another position of this event is taken by the same person already: {other}."
                    )
                else:
                    found.append(f"There is other work at that time: {span(other.event)}.")
        return found

    def _days_off(self, person: Person) -> list[str]:
        first, last = days_of(self.event, person)
        return [
            f"Days off are marked from {day(off.first_on)} to {day(off.last_on)}."
            if off.first_on != off.last_on
            else f"{day(off.first_on)} is marked as a day off."
            for off in self.days_off.get(person.pk, ())
            if off.first_on <= last and off.last_on >= first
        ]


def load(*, event: Event, people: Collection[int]) -> Fitness:
    """Read what is known of these people about an event; three queries, however many they are."""
    return Fitness(
        event=event,
        credentials=credentials_of(people),
        work=_by_person(
            Position.objects.filter(holder__in=people, event__returns_at__gt=timing.crew_call_at(event))
            .exclude(event__state__in=OVER)
            .select_related("event__port", "event__end_port"),
            "holder_id",
        ),
        days_off=_by_person(
            DayOff.objects.filter(
                person__in=people, last_on__gte=timing.crew_call_at(event) - dt.timedelta(days=2)
            ),
            "person_id",
        ),
    )


def credentials_of(people: Collection[int]) -> dict[int, list[Credential]]:
    """Return the credentials that these people hold and nobody withdrew; one query."""
    return _by_person(
        Credential.objects.filter(person__in=people, withdrawn_at__isnull=True).defer("file"), "person_id"
    )


def papers(*, event: Event, position: Position, held: Iterable[Credential]) -> list[Paper]:
    """Return each paper that a position asks for, and whether those held are valid through the planned return.

    Days are local to the port of return, and the day of expiry itself is valid. Two papers of a kind that follow one
    another without a gap count as one.
    """
    last = return_day(event)
    # Over the date line a return can be the day before.
    first = min(timing.local(event, timing.crew_call_at(event)).date(), last)
    found = []
    for kind in position.requires:
        label = _LABELS.get(kind, str(kind))
        these = [credential for credential in held if credential.kind == kind]
        if not these:
            found.append(Paper(label, False, f"{label} is not on record."))
            continue
        until = _reach(these, first)
        if until is None:
            found.append(Paper(label, True, f"{label} does not expire."))
        elif until >= last:
            found.append(Paper(label, True, f"{label} is valid to {day(until)}."))
        elif until < first:
            lapse = max(credential.expires_on or last for credential in these)
            words = (
                f"{label} expired on {day(lapse)}, before the crew call on {day(first)}."
                if lapse < first
                else f"{label} is not valid yet at the crew call on {day(first)}."
            )
            found.append(Paper(label, False, words))
        else:
            words = f"{label} expires on {day(until)}, before the return on {day(last)}."
            found.append(Paper(label, False, words))
    return found


def asked(position: Position) -> list[str]:
    """Return the names of the papers that a position asks for."""
    return [_LABELS.get(kind, str(kind)) for kind in position.requires]


def _reach(credentials: Sequence[Credential], first: dt.date) -> dt.date | None:
    """Return the last day that these papers cover without a gap from a day on; None where they never expire."""
    until = first - dt.timedelta(days=1)
    for credential in sorted(credentials, key=lambda held: held.issued_on or dt.date.min):
        if credential.issued_on is not None and credential.issued_on > until + dt.timedelta(days=1):
            break
        if credential.expires_on is None:
            return None
        until = max(until, credential.expires_on)
    return until


def return_day(event: Event) -> dt.date:
    """Return the local date of the planned return."""
    return event.returns_at.astimezone(timing.end_zone_of(event)).date()


def days_of(event: Event, person: Person) -> tuple[dt.date, dt.date]:
    """Return the first and last day of an event, local to a person."""
    try:
        home = clock.zone(person.zone)
    except clock.UnknownZoneError:
        home = timing.end_zone_of(event)
    return timing.crew_call_at(event).astimezone(home).date(), event.returns_at.astimezone(home).date()


def span(event: Event) -> str:
    """Return crew call to return, in words: ``Sat 28 Nov, 13:30 to 17:00 PST``."""
    first, last = (timing.local(event, instant) for instant in (timing.crew_call_at(event), event.returns_at))
    end = f"{last:%H:%M %Z}" if first.date() == last.date() else f"{last:%a %-d %b, %H:%M %Z}"
    return f"{first:%a %-d %b, %H:%M} to {end}"


def day(on: dt.date) -> str:
    """Return a date in words: ``3 Dec 2026``."""
    return f"{on:%-d %b %Y}"


def _by_person(rows: Iterable[object], name: str) -> dict[int, list[Any]]:
    found = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return dict(found)
