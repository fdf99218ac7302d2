"""The sample's past events, as rows: one for each booking that was served, and a few of the days before loading.

They were never worked in this portal, so they do not go through its doors; they satisfy every constraint of the
database, and what varies in them (who, how long, what was out of limits) follows from their number and nothing else.
"""

import datetime as dt
import io
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import cast

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageDraw

from core.models import AuditEvent
from crew.domain import history, terms, timing
from crew.models import (
    Anchor,
    ChecklistItem,
    DueFrom,
    Event,
    EventGrant,
    EventKind,
    EventState,
    EventTemplate,
    Evidence,
    Guest,
    GuestState,
    ItemState,
    ItemTemplate,
    Person,
    Phase,
    Port,
    Position,
    PositionState,
    Role,
    Station,
    Vessel,
)
from portfolio.models import Booking, BookingStage

CHARTERS, CONCERTS = 14, 2
# Days before loading, template, and title of what was done since the books end.
LATELY = (
    (6, "Day charter", "Coastal day sail"),
    (4, "Maintenance day", "Engine service"),
    (2, "Sunset sail", "Sunset sail"),
)
DELIVERY_ON = dt.date(2026, 9, 14)
PAID_AFTER = dt.timedelta(days=3)
_LETTERS = "23456789bcdfghjkmnpqrstvwxz"
_FIRST_NAMES = ("Ana", "Ben", "Chiara", "Dmitri", "Esi", "Farid", "Greta", "Henrik", "Imani", "Jules")
_SAID: MappingProxyType[str, str] = MappingProxyType({
    "Weather, tide and notices to mariners read": "W 8 to 12 kn, swell 2 ft. No notices for the bay.",
    "Float plan left ashore": "With the dock office; worry one hour after the planned return.",
    "VHF heard on a working channel": "Dock office, channel 72, loud and clear.",
    "Briefing logged": "Before the lines, everybody heard it.",
    "Departure logged": "On time, all aboard as listed.",
    "Incidents and near misses": "None",
    "Faults written up for maintenance": "None new.",
    "Door money counted by two": "Counted by Dev and Priya, agrees with the list.",
    "First aid kit at the door, who is trained": "Dev Marlow.",
    "Second set begun": "Ten minutes late, nobody minded.",
    "Check-in made with the person ashore": "By telephone, all well.",
    "Work done and parts used": "Oil and both filters, impeller kept. One litre of coolant.",
})  # fmt: skip
# Lines that are out of limits, or late, more often than others: (text, out of 100).
_MISSES: MappingProxyType[str, int] = MappingProxyType(
    {"House battery": 36, "Bilge pump cycles since the last sail": 22, "Holding tank": 15, "Oil pressure": 8}
)
_LATE: MappingProxyType[str, int] = MappingProxyType(
    {"Fuel": 45, "Deck dressed for guests": 40, "Life jackets counted, adult and child sizes": 30}
)


@dataclass(frozen=True, slots=True)
class _Past:
    """One past event: its template and terms, who worked it at which station, and who sailed."""

    template: EventTemplate
    terms: terms.Terms
    crew: tuple[tuple[str, Person], ...]
    guests: tuple[str, ...]
    booking: Booking | None = None


def load(*, today: dt.date, at: dt.datetime) -> int:
    """Add the past events and return how many."""
    plans = [*_served(), _delivered(), *_lately(today)]
    events = Event.objects.bulk_create([_event(number, plan) for number, plan in enumerate(plans)])
    _positions(plans, events, today)
    _guests(plans, events)
    _items(plans, events)
    _trail(events)
    for plan, event in zip(plans, events, strict=True):
        if plan.booking is not None:
            Booking.objects.filter(pk=plan.booking.pk, event_key="").update(event_key=event.key)
    return len(events)


# What there was


def _served() -> Iterable[_Past]:
    """Yield an event for each of the latest bookings that were served, at the booking's own times."""
    people = _people()
    for entity, most in (("qos", CHARTERS), ("jada", CONCERTS)):
        bookings = (
            Booking.objects.filter(
                entity__slug=entity,
                stage=BookingStage.COMPLETED,
                starts_at__isnull=False,
                ends_at__isnull=False,
            )
            .exclude(service_on=None)
            .select_related("channel")
            .order_by("-service_on", "-id")[:most]
        )
        for number, booking in enumerate(bookings):
            if entity == "jada":
                template, vessel, crew = (
                    _template("Jazz night"),
                    None,
                    _stations(people, host="host", sound="deckhand2"),
                )
            else:
                template = _template("Sunset sail" if "Sunset" in booking.title else "Day charter")
                vessel = Vessel.objects.get(name="S/V Queen")
                crew = (
                    _stations(people, captain="mate", mate="deckhand")
                    if number % 3 == 1
                    else _stations(people, captain="captain", mate="mate")
                )
            begins, ends = cast(dt.datetime, booking.starts_at), cast(dt.datetime, booking.ends_at)
            port = Port.objects.get(slug="san-diego")
            base = _terms(template, port, _local(port, begins).date(), vessel)
            yield _Past(
                template,
                replace(
                    base,
                    title=booking.title,
                    venue="" if vessel else "Harborview Room",
                    departure=(Anchor.CLOCK, _minutes(port, begins)),
                    return_=(Anchor.CLOCK, _minutes(port, ends)),
                    client_name=booking.client_name,
                    price_minor=booking.price_minor,
                    channel=booking.channel,
                ),
                crew,
                _party(booking.client_name, booking.party_size if vessel else min(booking.party_size, 12)),
                booking,
            )


def _delivered() -> _Past:
    template = _template("Coastal delivery")
    base = _terms(
        template,
        Port.objects.get(slug="san-diego"),
        DELIVERY_ON,
        Vessel.objects.get(name="38 ft trawler (EYD-031)"),
    )
    return _Past(
        template,
        replace(
            base,
            title="EYD-031: 38 ft trawler to Ensenada",
            end_port=Port.objects.get(slug="ensenada"),
            return_=(Anchor.CLOCK, 18 * 60),
            price_minor=190_000,
        ),
        _stations(_people(), captain="mate", deckhand="deckhand2"),
        (),
    )


def _lately(today: dt.date) -> Iterable[_Past]:
    """Yield what was done between the end of the books and the day of loading; not yet paid."""
    people, port = _people(), Port.objects.get(slug="san-diego")
    for days, name, title in LATELY:
        template = _template(name)
        base = _terms(template, port, today - dt.timedelta(days=days), Vessel.objects.get(name="S/V Queen"))
        sails = template.kind != EventKind.MAINTENANCE
        yield _Past(
            template,
            replace(
                base,
                title=title,
                price_minor=210_000 if sails else 0,
                client_name="Wren Castellan" if sails else "",
            ),
            _stations(people, captain="captain", mate="mate", deckhand="deckhand")
            if sails
            else _stations(people, engineer="mate", deckhand="deckhand2"),
            _party("Wren Castellan", 4) if sails else (),
        )


def _terms(template: EventTemplate, port: Port, on: dt.date, vessel: Vessel | None) -> terms.Terms:
    return terms.from_template(template=template, on=on, vessel=vessel, port=port)


def _template(name: str) -> EventTemplate:
    return EventTemplate.objects.select_related("entity").get(
        name=name, entity__slug__in=("qos", "jada", "eyd")
    )


def _people() -> dict[str, Person]:
    return {person.email.split("@")[0]: person for person in Person.objects.filter(sample=True)}


def _stations(people: dict[str, Person], **at: str) -> tuple[tuple[str, Person], ...]:
    return tuple((station, people[name]) for station, name in at.items())


def _party(client: str, size: int) -> tuple[str, ...]:
    family = client.rsplit(maxsplit=1)[-1]
    return (client, *(f"{_FIRST_NAMES[(number + len(client)) % 10]} {family}" for number in range(size - 1)))[
        :size
    ]


def _local(port: Port, moment: dt.datetime) -> dt.datetime:
    return timing.local(Event(port=port), moment)


def _minutes(port: Port, moment: dt.datetime) -> int:
    local = _local(port, moment)
    return local.hour * 60 + local.minute


# The rows


def _event(number: int, plan: _Past) -> Event:
    values = terms.columns(entity=plan.template.entity, terms=plan.terms)
    return Event(
        key=_key(number),
        entity=plan.template.entity,
        template=plan.template,
        kind=plan.template.kind,
        state=EventState.COMPLETED,
        release_hours=plan.template.release_hours,
        waiver_required=plan.template.waiver_required,
        created_at=values["departs_at"] - dt.timedelta(days=18),
        created_by=_people()["owner"],
        sample=True,
        **values,
    )


def _key(number: int) -> str:
    """Return a key that looks like any other, and is the same in every load."""
    seed = zlib.crc32(f"past event {number}".encode()) + (number << 32)
    return "".join(_LETTERS[seed // 27**place % 27] for place in range(8))


def _positions(plans: Sequence[_Past], events: Sequence[Event], today: dt.date) -> None:
    """Fill the stations that were worked, pay those of served bookings, and give their people the role."""
    filled = []
    for plan, event in zip(plans, events, strict=True):
        planned = {line.station: line for line in plan.template.positions.all()}
        paid_on = event.departs_on + PAID_AFTER
        filled += [
            Position(
                event=event,
                station=station,
                requires=planned[station].requires,
                rate_minor=planned[station].rate_minor,
                sort=planned[station].sort,
                state=PositionState.CONFIRMED,
                holder=person,
                claimed_at=event.created_at + dt.timedelta(days=1),
                confirmed_at=event.created_at + dt.timedelta(days=2),
                paid_on=paid_on if paid_on < today - dt.timedelta(days=9) else None,
            )
            for station, person in plan.crew
        ]
    EventGrant.objects.bulk_create(
        EventGrant(
            event=position.event,
            person=position.holder,
            role=Role.CAPTAIN if position.station == Station.CAPTAIN else Role.CREW,
            position=position,
            granted_at=position.event.created_at,
        )
        for position in Position.objects.bulk_create(filled)
    )


def _guests(plans: Sequence[_Past], events: Sequence[Event]) -> None:
    Guest.objects.bulk_create(
        Guest(
            event=event,
            name=name,
            state=GuestState.CLEARED,
            cleared_how="Paper waiver seen",
            added_at=event.created_at + dt.timedelta(days=3),
        )
        for plan, event in zip(plans, events, strict=True)
        for name in plan.guests
    )


def _items(plans: Sequence[_Past], events: Sequence[Event]) -> None:
    """Work each checklist as it would have been: mostly in time, some lines late, some measured twice."""
    lines = defaultdict(list)
    for line in ItemTemplate.objects.select_related("checklist").order_by("checklist__name", "sort"):
        lines[line.checklist_id].append(line)
    order = {phase: number for number, phase in enumerate(Phase.values)}
    wanted = {
        template.pk: sorted(
            (line for found in template.checklists.all() for line in lines[found.pk]),
            key=lambda line: (order[line.checklist.phase], line.checklist.name, line.sort),
        )
        for template in {plan.template.pk: plan.template for plan in plans}.values()
    }
    photo = default_storage.save("checklists/sample-dock.jpg", ContentFile(_picture()))
    ChecklistItem.objects.bulk_create(
        [
            _item(event, plan, line, number, photo)
            for plan, event in zip(plans, events, strict=True)
            for number, line in enumerate(wanted[plan.template.pk], start=1)
        ],
        batch_size=200,
    )


def _item(event: Event, plan: _Past, line: ItemTemplate, number: int, photo: str) -> ChecklistItem:
    start = event.departs_at if line.due_from == DueFrom.DEPARTURE else event.returns_at
    due_at = start + dt.timedelta(minutes=line.due_minutes)
    missed = _draw(event, line, "missed") < _MISSES.get(line.text, 0)
    late = missed or _draw(event, line, "late") < _LATE.get(line.text, 4)
    taken_at = due_at - dt.timedelta(minutes=4 + _draw(event, line, "taken") // 6)
    minutes = 1 + _draw(event, line, "took") // 25 + (22 if missed else 0)
    done_at = max(
        taken_at + dt.timedelta(minutes=minutes), due_at + dt.timedelta(minutes=minutes) if late else taken_at
    )
    hands = [person for station, person in plan.crew if station != Station.CAPTAIN] or [plan.crew[0][1]]
    hand = plan.crew[0][1] if line.role == Role.CAPTAIN else hands[number % len(hands)]
    return ChecklistItem(
        event=event,
        template=line,
        phase=line.checklist.phase,
        sort=number,
        text=line.text,
        detail=line.detail,
        role=line.role,
        due_from=line.due_from,
        due_minutes=line.due_minutes,
        due_at=due_at,
        critical=line.critical,
        evidence=line.evidence,
        low=line.low,
        high=line.high,
        unit=line.unit,
        state=ItemState.COMPLETED,
        claimer=hand,
        claimed_at=taken_at,
        first_claimed_at=taken_at,
        completed_at=done_at,
        completed_by=hand,
        value_number=_measured(event, plan, line) if line.evidence == Evidence.NUMBER else None,
        value_text=_SAID.get(line.text, "Done, nothing to remark.") if line.evidence == Evidence.TEXT else "",
        photo=photo if line.evidence == Evidence.PHOTO else "",
        hold_count=1 if missed or _draw(event, line, "held") < 2 else 0,
        missed_limits=missed,
    )


def _measured(event: Event, plan: _Past, line: ItemTemplate) -> Decimal:
    """Return what was read: within the limits, in the lower half of them, the same in every load."""
    if line.unit == "h":
        return Decimal(1_200 + event.departs_on.toordinal() % 1_000)
    if line.unit == "guests":
        return Decimal(max(1, len(plan.guests)))
    low, high = line.low or Decimal(0), line.high or Decimal(100)
    found = low + (high - low) * Decimal(10 + _draw(event, line, "read") // 2) / 100
    return round(found, 1) if high < 50 else Decimal(round(found))


def _draw(event: Event, line: ItemTemplate, what: str) -> int:
    """Return a number from 0 to 99 that looks like chance."""
    return zlib.crc32(f"{event.key} {line.text} {what}".encode()) // 7 % 100


def _picture() -> bytes:
    """Return a drawn picture of a sloop at a dock, in place of the photographs that were never taken."""
    sheet = Image.new("RGB", (640, 420), "#a9c8de")
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((0, 260, 640, 420), fill="#2a6f9e")
    pen.polygon([(320, 40), (320, 240), (200, 240)], fill="#fffdf8")
    pen.polygon([(332, 70), (332, 240), (420, 240)], fill="#f6f2e9")
    pen.line((326, 30, 326, 262), fill="#0d2438", width=5)
    pen.polygon([(170, 256), (470, 256), (420, 310), (210, 310)], fill="#0b2239")
    pen.rectangle((0, 330, 640, 360), fill="#7f7a6c")
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=80)
    return out.getvalue()


def _trail(events: Sequence[Event]) -> None:
    """Write down what a history page reads first: made, opened, confirmed, under way, back."""
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=moment,
            action=f"crew:event:{verb}",
            actor=event.created_by,
            subject_type="crew.event",
            subject_id=str(event.pk),
            subject_label=event.title,
            entity_slug=event.entity.slug,
            scope=history.scope_of(event),
            data={"state": states, "grant": None} if states[0] else {"grant": None},
        )
        for event in events
        for verb, states, moment in (
            ("create", ["", "draft"], event.created_at),
            ("open", ["draft", "open"], event.created_at + dt.timedelta(hours=1)),
            ("confirmed", ["open", "confirmed"], event.departs_at - dt.timedelta(days=4)),
            ("underway", ["confirmed", "underway"], event.departs_at),
            ("completed", ["underway", "completed"], event.returns_at),
        )
    )
