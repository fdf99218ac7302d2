"""What the measured pages show: one large event, a season of others, papers, pay, a long history. All invented.

Rows are written as rows; how the portal writes them is measured elsewhere.
"""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from core import audit
from crew.domain import grants
from crew.models import (
    ChecklistItem,
    ChecklistTemplate,
    Credential,
    CredentialKind,
    Duty,
    Event,
    EventGrant,
    EventKind,
    EventState,
    EventTemplate,
    Guest,
    GuestState,
    ItemTemplate,
    MaintenanceRecord,
    Mode,
    Person,
    Phase,
    Port,
    Position,
    PositionState,
    Role,
    Station,
    Vessel,
)
from portfolio.models import Entity

GUESTS, POSITIONS, ITEMS = 100, 12, 200
SOURCE = "Certificate of inspection, invented"


@dataclass(frozen=True)
class World:
    """The event that is measured, and the session cookies of those who look."""

    key: str
    captain: str
    owner: str


def build(*, now: dt.datetime, events: int) -> World:
    """Write everything; ``events`` is how many others there are, half of them over."""
    entity = Entity.objects.create(
        slug="bench",
        name="Bench Charters",
        kind=Entity._meta.get_field("kind").choices[0][0],  # type: ignore[index]
    )
    port = Port.objects.create(slug="bench", name="San Diego", latitude=32.7157, longitude=-117.1611)
    vessel = Vessel.objects.create(entity=entity, name="S/V Bench", home_port=port)
    template = EventTemplate.objects.create(
        entity=entity, name="Large charter", kind=EventKind.DAY_CHARTER, mode=Mode.INSPECTED_COI, capacity=120
    )
    owner = Person.objects.create_user("owner@example.com", name="Olive Owner")
    grants.grant_duty(person=owner, duty=Duty.OWNER, entity=None, at=now, by=None)
    people = Person.objects.bulk_create(
        Person(email=f"hand{number}@example.com", name=f"Hand Number {number}") for number in range(60)
    )
    captain = people[0]
    lists = _templates(entity, template)

    def event(number: int, state: EventState, departs_at: dt.datetime) -> Event:
        return Event(
            key=f"bench{number:05d}",
            entity=entity,
            template=template,
            kind=template.kind,
            title=f"Charter number {number}",
            state=state,
            vessel=vessel,
            port=port,
            mode=Mode.INSPECTED_COI,
            legal_limit=120,
            legal_source=SOURCE,
            capacity=120,
            departs_on=(departs_at - dt.timedelta(hours=8)).date(),
            departure_minutes=600,
            departs_at=departs_at,
            return_minutes=900,
            returns_at=departs_at + dt.timedelta(hours=5),
            notes_captain="Berth on the port side, spring line first.",
            notes_crew="Life jackets are in the port locker.",
            notes_guests="Soft shoes, a warm layer, sun glasses.",
            meeting_point="Gate B, dock 4",
            client_name="Ada Example",
            price_minor=480_000,
            created_at=now,
        )

    first = now + dt.timedelta(days=2)
    Event.objects.bulk_create(
        [
            event(0, EventState.OPEN, first),
            *(
                event(number, EventState.OPEN, first + dt.timedelta(days=number))
                if number % 2
                else event(number, EventState.COMPLETED, now - dt.timedelta(days=number))
                for number in range(1, events + 1)
            ),
        ]
    )
    rows = list(Event.objects.order_by("key"))
    _fill(rows[0], people, lists, now)
    _fill_others(rows[1:], people, lists, now)
    _papers(people, now)
    _mending(vessel, rows, now)
    for number in range(300):
        audit.record(
            action="crew:item:claim",
            subject=rows[0],
            at=now - dt.timedelta(minutes=number),
            by=captain,
            entity=entity.slug,
            scope=f"event:{rows[0].key}",
            data={"state": ["pending", "claimed"], "grant": None},
        )
    return World(rows[0].key, _session(captain), _session(owner))


def _templates(entity: Entity, template: EventTemplate) -> list[ItemTemplate]:
    made = []
    for phase in Phase.values:
        checklist = ChecklistTemplate.objects.create(entity=entity, name=f"List for {phase}", phase=phase)
        template.checklists.add(checklist)
        made += ItemTemplate.objects.bulk_create(
            ItemTemplate(checklist=checklist, text=f"Check {phase} number {number}", sort=number)
            for number in range(10)
        )
    return made


def _fill(event: Event, people: list[Person], lists: list[ItemTemplate], now: dt.datetime) -> None:
    stations = Station.values
    Position.objects.bulk_create(
        Position(
            event=event,
            station=stations[number % len(stations)],
            requires=[CredentialKind.MEDICAL, CredentialKind.FIRST_AID],
            rate_minor=18_000,
            sort=number,
            state=PositionState.CONFIRMED if number < 9 else PositionState.OPEN,
            holder=people[number] if number < 9 else None,
        )
        for number in range(POSITIONS)
    )
    EventGrant.objects.bulk_create(
        EventGrant(event=event, person=person, role=Role.CREW if number else Role.CAPTAIN, granted_at=now)
        for number, person in enumerate(people[:30])
    )
    Guest.objects.bulk_create(
        Guest(
            event=event,
            name=f"Guest Number {number}",
            email=f"guest{number}@example.com",
            state=GuestState.CLEARED if number % 3 else GuestState.HELD,
            cleared_how="Waiver on paper" if number % 3 else "",
            added_at=now,
        )
        for number in range(GUESTS)
    )
    phases = Phase.values
    ChecklistItem.objects.bulk_create(
        _item(event, lists[number % len(lists)], phases[number * len(phases) // ITEMS], number, people)
        for number in range(ITEMS)
    )


def _item(
    event: Event, template: ItemTemplate, phase: str, number: int, people: list[Person]
) -> ChecklistItem:
    claimed, done = number % 4 == 1, number % 4 == 2 and event.state != EventState.COMPLETED
    done = done or event.state == EventState.COMPLETED
    due_at = event.departs_at - dt.timedelta(minutes=200 - number)
    hand = people[number % len(people)]
    return ChecklistItem(
        event=event,
        template=template,
        phase=phase,
        sort=number,
        text=f"Check number {number}, and that it is secured",
        critical=number % 10 == 0,
        due_minutes=number - 200,
        due_at=due_at,
        state="completed" if done else "claimed" if claimed else "pending",
        claimer=hand if done or claimed else None,
        first_claimed_at=due_at - dt.timedelta(minutes=12) if done or claimed else None,
        claimed_at=due_at - dt.timedelta(minutes=12) if done or claimed else None,
        completed_at=due_at - dt.timedelta(minutes=number % 9 - 2) if done else None,
        completed_by=hand if done else None,
        hold_count=number % 7 == 0,
    )


def _fill_others(
    events: list[Event], people: list[Person], lists: list[ItemTemplate], now: dt.datetime
) -> None:
    positions, granted, items = [], [], []
    for number, event in enumerate(events):
        over = event.state == EventState.COMPLETED
        positions += [
            Position(
                event=event,
                station=Station.DECKHAND,
                rate_minor=15_000,
                sort=slot,
                state=PositionState.CONFIRMED if over or slot else PositionState.OPEN,
                holder=people[(number + slot) % len(people)] if over or slot else None,
            )
            for slot in range(3)
        ]
        if number < 40:
            granted.append(EventGrant(event=event, person=people[0], role=Role.CAPTAIN, granted_at=now))
        items += [
            _item(event, lists[slot], lists[slot].checklist.phase, slot, people) for slot in range(0, 60, 5)
        ]
    Position.objects.bulk_create(positions)
    EventGrant.objects.bulk_create(granted)
    ChecklistItem.objects.bulk_create(items)


def _papers(people: list[Person], now: dt.datetime) -> None:
    Credential.objects.bulk_create(
        Credential(
            person=person,
            kind=kind,
            number=f"X{number}",
            expires_on=now.date() + dt.timedelta(days=number * 11),
            added_at=now,
        )
        for number, person in enumerate(people)
        for kind in (CredentialKind.MEDICAL, CredentialKind.FIRST_AID, CredentialKind.TWIC)
    )


def _mending(vessel: Vessel, events: list[Event], now: dt.datetime) -> None:
    MaintenanceRecord.objects.bulk_create(
        MaintenanceRecord(
            vessel=vessel,
            event=events[number % len(events)],
            title=f"Out of limits: check number {number}",
            note="Measured 3.2 bar, at least 4.0 is wanted.",
            opened_at=now - dt.timedelta(days=number),
        )
        for number in range(60)
    )


def _session(person: Person) -> str:
    """Return the cookie of a session of this person, as signing in by code makes one."""
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
