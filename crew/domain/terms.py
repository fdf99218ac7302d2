"""What an event is to be, as a form says it: proposed by a template, checked against itself and the law.

`columns` turns terms into the columns of an event. Writing them is `crew.domain.events`'.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q

from core import months
from crew.domain import timing
from crew.models import Anchor, Event, EventTemplate, Mode, OperatingLimit, Port, Vessel
from mail.domain import fields
from portfolio.models import Channel, Entity

LONGEST_NOTES = 5_000
MOST_STOPS = 20
LONGEST_STOP = 80
LONGEST_LEAD_MINUTES = 24 * 60
LARGEST_CAPACITY = 10_000


class EventRefusedError(Exception):
    """The event cannot be as described, or not be moved so; the message is a sentence."""


class NoLimitError(EventRefusedError):
    """No row says how many passengers that mode allows on that day."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a form says about an event; ``on`` is the local date at the port, a rule is (anchor, minutes)."""

    title: str
    on: dt.date
    vessel: Vessel | None
    venue: str
    port: Port
    end_port: Port | None
    stops: tuple[str, ...]
    mode: str
    departure: tuple[Anchor, int]
    return_: tuple[Anchor, int]
    crew_call_minutes: int
    boarding_minutes: int
    capacity: int
    price_minor: int
    channel: Channel | None
    client_name: str
    meeting_point: str
    gate_code: str
    notes_captain: str
    notes_crew: str
    notes_guests: str
    notes_staff: str


def from_template(*, template: EventTemplate, on: dt.date, vessel: Vessel | None, port: Port) -> Terms:
    """Return the terms a template proposes for a date."""
    return Terms(
        title=template.name,
        on=on,
        vessel=vessel,
        venue="",
        port=port,
        end_port=None,
        stops=(),
        mode=template.mode,
        departure=(Anchor(template.departure_anchor), template.departure_minutes),
        return_=(Anchor(template.return_anchor), template.return_minutes),
        crew_call_minutes=template.crew_call_minutes,
        boarding_minutes=template.boarding_minutes,
        capacity=template.capacity,
        price_minor=0,
        channel=None,
        client_name="",
        meeting_point=template.meeting_point,
        gate_code="",
        notes_captain=template.notes_captain,
        notes_crew=template.notes_crew,
        notes_guests=template.notes_guests,
        notes_staff="",
    )


def terms_of(event: Event) -> Terms:
    """Return what an event's terms are now."""
    return Terms(
        title=event.title,
        on=event.departs_on,
        vessel=event.vessel,
        venue=event.venue,
        port=event.port,
        end_port=event.end_port,
        stops=tuple(event.stops),
        mode=event.mode,
        departure=(Anchor(event.departure_anchor), event.departure_minutes),
        return_=(Anchor(event.return_anchor), event.return_minutes),
        crew_call_minutes=event.crew_call_minutes,
        boarding_minutes=event.boarding_minutes,
        capacity=event.capacity,
        price_minor=event.price_minor,
        channel=event.channel,
        client_name=event.client_name,
        meeting_point=event.meeting_point,
        gate_code=event.gate_code,
        notes_captain=event.notes_captain,
        notes_crew=event.notes_crew,
        notes_guests=event.notes_guests,
        notes_staff=event.notes_staff,
    )


def legal_limit(*, mode: str, vessel: Vessel | None, on: dt.date) -> OperatingLimit:
    """Return the limit in force on a day: the vessel's own row before the general one, the latest of either.

    Raises:
        NoLimitError: no row covers that mode, vessel and day.
    """
    found = (
        OperatingLimit.objects.filter(Q(vessel=vessel) | Q(vessel__isnull=True), mode=mode, from_on__lte=on)
        .order_by(models.F("vessel_id").asc(nulls_last=True), "-from_on")
        .first()
    )
    if found is None:
        what = _words(mode)
        whose = f" for {vessel}" if vessel is not None and mode == Mode.INSPECTED_COI else ""
        raise NoLimitError(
            f"No operating limit is on record{whose} ({what}) on {on:%-d %B %Y}. Add it, with its source, or choose "
            "another mode."
        )
    return found


def columns(*, entity: Entity, terms: Terms) -> dict[str, Any]:
    """Return the columns that terms mean on an event of an entity.

    Raises:
        EventRefusedError: the terms contradict themselves or the law.
        crew.domain.timing.TimingError: the times mean no instants on that day.
    """
    _check_texts(terms)
    _check_numbers(terms)
    _check_place(entity, terms)
    departs_at, returns_at = timing.times(
        port=terms.port,
        end_port=terms.end_port,
        on=terms.on,
        departure=terms.departure,
        return_=terms.return_,
    )
    limit = legal_limit(mode=terms.mode, vessel=terms.vessel, on=terms.on) if terms.mode else None
    if limit is not None and terms.capacity > limit.passengers:
        raise EventRefusedError(
            f"At most {limit.passengers} passengers may be aboard: {limit.source.rstrip('.')}. "
            f"Lower the capacity to {limit.passengers}."
        )
    end_port = terms.end_port if terms.end_port is not None and terms.end_port.pk != terms.port.pk else None
    return {
        "title": terms.title.strip(),
        "vessel_id": terms.vessel.pk if terms.vessel else None,
        "venue": terms.venue.strip(),
        "port_id": terms.port.pk,
        "end_port_id": end_port.pk if end_port else None,
        "stops": [stop.strip() for stop in terms.stops],
        "mode": terms.mode,
        "legal_limit": limit.passengers if limit else None,
        "legal_source": limit.source if limit else "",
        "capacity": terms.capacity,
        "departs_on": terms.on,
        "departure_anchor": terms.departure[0].value,
        "departure_minutes": terms.departure[1],
        "departs_at": departs_at,
        "return_anchor": terms.return_[0].value,
        "return_minutes": terms.return_[1],
        "returns_at": returns_at,
        "crew_call_minutes": terms.crew_call_minutes,
        "boarding_minutes": terms.boarding_minutes,
        "meeting_point": terms.meeting_point.strip(),
        "gate_code": terms.gate_code.strip(),
        "client_name": terms.client_name.strip(),
        "price_minor": terms.price_minor,
        "channel_id": terms.channel.pk if terms.channel else None,
        "notes_captain": terms.notes_captain,
        "notes_crew": terms.notes_crew,
        "notes_guests": terms.notes_guests,
        "notes_staff": terms.notes_staff,
    }


def _check_texts(terms: Terms) -> None:
    for text, what, longest in (
        (terms.title, "title", 160),
        (terms.venue, "venue", 160),
        (terms.client_name, "client's name", 120),
        (terms.meeting_point, "meeting point", 200),
        (terms.gate_code, "gate code", 40),
        *((stop, "stop", LONGEST_STOP) for stop in terms.stops),
    ):
        try:
            fields.one_line(text, what=what, longest=longest)
        except fields.UnsendableError as error:
            raise EventRefusedError(str(error)) from error
    if not terms.title.strip():
        raise EventRefusedError("The title is empty; write what the event is.")
    if len(terms.stops) > MOST_STOPS or not all(stop.strip() for stop in terms.stops):
        raise EventRefusedError(f"Name at most {MOST_STOPS} stops, none of them empty.")
    for text in (terms.notes_captain, terms.notes_crew, terms.notes_guests, terms.notes_staff):
        if "\x00" in text or len(text) > LONGEST_NOTES:
            raise EventRefusedError(
                f"Notes hold at most {LONGEST_NOTES:,} characters, and none of them is the NUL character."
            )


def _check_numbers(terms: Terms) -> None:
    if not months.is_near(terms.on):
        raise EventRefusedError(f"{terms.on:%-d %B %Y} is too far away; check the year.")
    for minutes in (terms.crew_call_minutes, terms.boarding_minutes):
        if not 0 <= minutes <= LONGEST_LEAD_MINUTES:
            raise EventRefusedError("Crew call and boarding are 0 to 1440 minutes before departure.")
    if not 0 <= terms.capacity <= LARGEST_CAPACITY:
        raise EventRefusedError(f"The capacity is a number from 0 to {LARGEST_CAPACITY:,}.")
    if terms.price_minor < 0:
        raise EventRefusedError("The price is never below zero.")


def _check_place(entity: Entity, terms: Terms) -> None:
    if terms.vessel is not None and terms.vessel.entity_id != entity.pk:
        raise EventRefusedError(f"{terms.vessel} is no vessel of {entity}; choose one of its own.")
    if terms.channel is not None and terms.channel.entity_id != entity.pk:
        raise EventRefusedError(f"{terms.channel} is no channel of {entity}; choose one of its own.")
    if terms.mode and terms.vessel is None:
        raise EventRefusedError(
            f"A voyage ({_words(terms.mode)}) needs a vessel; choose one, or let it be ashore."
        )
    if terms.vessel is None and not terms.venue.strip():
        raise EventRefusedError("Say where it is: choose a vessel or write a venue.")


def _words(mode: str) -> str:
    label = Mode(mode).label
    return label[0].lower() + label[1:]
