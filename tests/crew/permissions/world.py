"""Two events of two entities, everybody who could come to their pages, and a browser for each of them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from crew import sessions
from crew.domain import history
from crew.models import (
    BoardingRequest,
    CredentialKind,
    DayOff,
    Duty,
    Event,
    EventGrant,
    EventState,
    Evidence,
    Guest,
    GuestState,
    ItemState,
    MaintenanceRecord,
    Person,
    PositionState,
    Role,
    StaffGrant,
    Station,
)
from portfolio.models import Channel, Entity
from tests.crew.permissions import office
from tests.crew.permissions.canaries import AMOUNTS, word
from tests.factories.crew import (
    NOW,
    ChecklistItemFactory,
    CredentialFactory,
    EventFactory,
    EventGrantFactory,
    EventTemplateFactory,
    GuestFactory,
    PositionFactory,
    VesselFactory,
)
from tests.factories.people import PersonFactory, StaffGrantFactory
from tests.factories.portfolio import ChannelFactory
from tests.portfolio.web.conftest import everything

HOUR = dt.timedelta(hours=1)
ROLES = {"C": Role.CAPTAIN, "W": Role.CREW, "G": Role.GUEST, "A": Role.ADMIN}
DUTIES = {"O": Duty.OWNER, "K": Duty.BOOKKEEPER, "B": Duty.BOOKINGS, "R": Duty.READER}
NAMES = {
    **{letter: str(role) for letter, role in ROLES.items()},
    **{letter: str(duty) for letter, duty in DUTIES.items()},
}


@dataclass(eq=False)
class Somebody:
    """A browser and who sits at it. ``letter`` is a role (CWGA), a duty (OKBR), N for no grant, X for signed out."""

    name: str
    letter: str
    client: Client
    person: Person | None = None
    place: str = ""
    by_link: bool = False
    # What was opened had been mailed to them, and not shown on somebody's screen.
    proved: bool = True
    cleared: bool = False
    grant: EventGrant | None = None

    def on(self, event: str) -> str:
        """Return who they are on an event, as `canaries.AUDIENCE` writes it; nothing for a stranger."""
        if self.place not in (event, "everywhere"):
            return ""
        return {"O": "A", "B": "A", "K": "S", "R": "S"}.get(self.letter, self.letter)

    @property
    def signed_in(self) -> bool:
        return self.letter != "X"

    @property
    def works(self) -> bool:
        """Tell whether they work, or once did; a link shows it by its grant alone, and only where it was mailed."""
        if self.by_link:
            return self.letter in ("C", "W") and self.proved
        return self.letter in (*"CWAOKBR",) or ("captain" in self.name and self.signed_in)

    def __str__(self) -> str:
        return self.name


@dataclass
class Place:
    """One event with all that hangs on it. ``holder`` is crew whom no test plays."""

    letter: str
    event: Event
    holder: Person
    office: dict[str, Any]
    records: dict[str, int] = field(default_factory=dict)


@dataclass
class World:
    """Both events and everybody."""

    places: dict[str, Place]
    everybody: list[Somebody]
    # Of the whole portfolio.
    whole: dict[str, Any]
    # What each address is on each event.
    readers: dict[str, dict[str, str]]

    def somebody(self, name: str) -> Somebody:
        return next(who for who in self.everybody if who.name == name)

    def pk(self, record: str, who: Somebody, place: str) -> int:
        """Return the key of a record: ``position.theirs`` is their own where they have one, else the holder's."""
        kind, _, which = record.partition(".")
        mine = f"{kind}.{who.person.pk}" if who.person else ""
        records = self.places[place].records
        if which == "theirs":
            return records.get(mine, records[f"{kind}.other"])
        return records[record]


def build() -> World:
    """Make both events and everybody."""
    places = {letter: _place(letter) for letter in "ab"}
    everybody = list(_everybody(places))
    for who in everybody:
        if who.grant is not None and who.place in places:
            places[who.place].records[f"grant.{who.grant.person_id}"] = who.grant.pk
        if who.person is not None:
            _give_papers(places["a"], who.person)
        for place in places.values():
            if who.person is not None and who.on(place.letter) in ("C", "W", "A"):
                _give_work(place, who.person)
    return World(places, everybody, office.whole(), _readers(places))


def _readers(places: dict[str, Place]) -> dict[str, dict[str, str]]:
    """Return what each person is on each event by all they hold, however they came: what a mail may tell them."""
    letters = {str(role): letter for letter, role in ROLES.items()}
    found: dict[str, dict[str, str]] = defaultdict(lambda: defaultdict(str))
    for letter, place in places.items():
        for grant in EventGrant.objects.live(at=NOW).filter(event=place.event).select_related("person"):
            found[grant.person.email][letter] += letters[grant.role]
        for guest in Guest.objects.filter(event=place.event):
            found[guest.email][letter] += "G"
    for duty in StaffGrant.objects.select_related("person"):
        for letter, place in places.items():
            if duty.entity_id in (None, place.event.entity_id):
                found[duty.person.email][letter] += "A" if duty.duty in ("owner", "bookings") else "S"
    return found


def _place(letter: str) -> Place:
    records = everything(f"entity-{letter}", word("books", letter))
    # The books' own words stay the office's; what the entity is called is no secret to its guests.
    Entity.objects.filter(pk=records.entity.pk).update(name=f"Entity {letter.upper()}")
    Channel.objects.filter(pk=records.channel.pk).update(name="Sailo")
    entity = Entity.objects.get(pk=records.entity.pk)
    vessel = VesselFactory(entity=entity, name=f"S/V {word('vessel', letter)}")
    event = EventFactory(
        key=f"event-{letter}",
        entity=entity,
        vessel=vessel,
        template=EventTemplateFactory(entity=entity),
        title=f"Sail {word('title', letter)}",
        state=EventState.OPEN,
        stops=[word("stop", letter)],
        capacity=37 if letter == "a" else 38,
        crew_call_minutes=97 if letter == "a" else 101,
        legal_limit=49,
        mode="inspected_coi",
        legal_source="Certificate of inspection",
        meeting_point=word("meeting", letter),
        gate_code=word("gatecode", letter),
        client_name=word("client", letter),
        price_minor=AMOUNTS["price", letter],
        channel=ChannelFactory(entity=entity, name=word("channel", letter)),
        notes_captain=word("notescaptain", letter),
        notes_crew=word("notescrew", letter),
        notes_guests=word("notesguests", letter),
        notes_staff=word("notesstaff", letter),
    )
    holder = PersonFactory(
        name=f"Holder {word('holdername', letter)}", email=f"{word('holderemail', letter)}@example.com"
    )
    place = Place(letter, event, holder, office=office.of_entity(records, letter))
    place.records["grant.other"] = EventGrantFactory(event=event, person=holder, role=Role.CREW).pk
    place.records["grant.captain"] = EventGrantFactory(event=event, role=Role.CAPTAIN).pk
    _positions(place)
    _items(place)
    _guests(place)
    CredentialFactory(person=holder, number=word("credential", letter))
    place.records["credential.other"] = CredentialFactory(
        person=holder,
        kind=CredentialKind.MEDICAL,
        number=word("credential", letter),
        file=_stored(f"credentials/{letter}.pdf", b"%PDF-1.7"),
    ).pk
    place.records["dayoff.other"] = DayOff.objects.create(
        person=holder,
        first_on=dt.date(2026, 12, 24),
        last_on=dt.date(2026, 12, 26),
        note=word("dayoff", letter),
    ).pk
    history.note(
        event=event,
        action="crew:event:change",
        subject=event,
        by=history.SYSTEM,
        at=NOW,
        data={"title": ["", word("history", letter)], "reason": word("history", letter)},
    )
    return place


def _stored(name: str, content: bytes) -> str:
    """Keep a file where it is not kept yet, and return its name."""
    return name if default_storage.exists(name) else default_storage.save(name, ContentFile(content))


def _positions(place: Place) -> None:
    letter, event = place.letter, place.event
    rate = AMOUNTS["rateother", letter]
    place.records |= {
        "position.open": PositionFactory(event=event, rate_minor=AMOUNTS["rateopen", letter]).pk,
        "position.other": PositionFactory(
            event=event, holder=place.holder, rate_minor=rate, claimed_at=NOW
        ).pk,
        "position.held": PositionFactory(
            event=event,
            station=Station.HOST,
            holder=place.holder,
            state=PositionState.HELD,
            hold_reason=word("holdreason", letter),
            rate_minor=rate,
        ).pk,
        "position.captains": PositionFactory(
            event=event, station=Station.CAPTAIN, rate_minor=AMOUNTS["rateopen", letter]
        ).pk,
        "position.seeking": PositionFactory(
            event=event,
            station=Station.MATE,
            holder=place.holder,
            state=PositionState.CONFIRMED,
            stand_in_at=NOW - HOUR,
            stand_in_reason=word("standin", letter),
            rate_minor=rate,
        ).pk,
    }


def _items(place: Place) -> None:
    letter, event = place.letter, place.event
    words = {"text": f"Check {word('itemtext', letter)}", "detail": word("itemdetail", letter)}
    taken = {"claimer": place.holder, "claimed_at": NOW - HOUR, "first_claimed_at": NOW - HOUR}
    held = ChecklistItemFactory(
        event=event,
        **words,
        state=ItemState.ON_HOLD,
        hold_reason=word("itemhold", letter),
        hold_owner=place.holder,
        review_at=NOW + HOUR,
        hold_count=1,
        **taken,
    )
    done = {"state": ItemState.COMPLETED, "completed_at": NOW, "completed_by": place.holder, **taken}
    place.records |= {
        "item.open": ChecklistItemFactory(event=event, **words).pk,
        "item.captains": ChecklistItemFactory(event=event, role=Role.CAPTAIN, **words).pk,
        "item.other": ChecklistItemFactory(event=event, state=ItemState.CLAIMED, **words, **taken).pk,
        "item.held": held.pk,
        "item.done": ChecklistItemFactory(
            event=event, evidence=Evidence.TEXT, value_text=word("value", letter), **words, **done
        ).pk,
        "item.photo": ChecklistItemFactory(
            event=event,
            evidence=Evidence.PHOTO,
            photo=_stored(f"checklists/{word('photo', letter)}.jpg", b"\xff\xd8\xff\xe0"),
            **words,
            **done,
        ).pk,
        "mending": MaintenanceRecord.objects.create(
            vessel=event.vessel,
            event=event,
            item=held,
            title=word("mending", letter),
            note=word("mending", letter),
            opened_at=NOW,
            opened_by=place.holder,
        ).pk,
    }


def _guests(place: Place) -> None:
    letter, event = place.letter, place.event
    party = [
        GuestFactory(
            event=event,
            name=f"Party {word('guestname', letter)} {number}",
            email=f"{word('guestemail', letter)}.{number}@example.com",
        )
        for number in (1, 2)
    ]
    place.records["guest.held"] = party[0].pk
    place.records["boarding"] = BoardingRequest.objects.create(
        event=event,
        name=f"Walk-up {word('boardername', letter)}",
        email=f"{word('boarderemail', letter)}@example.com",
        ticket_hash=f"{letter}" * 64,
        asked_at=NOW,
    ).pk


def _everybody(places: dict[str, Place]) -> Iterator[Somebody]:
    yield Somebody("a visitor", "X", Client())
    yield _signed_in("an outsider", "N", PersonFactory())
    for letter in "ab":
        event = places[letter].event
        for role in ROLES:
            yield _by_code(role, letter, event)
            yield _by_link(role, letter, places)
        for duty, value in DUTIES.items():
            grant = StaffGrantFactory(duty=value, entity=event.entity)
            yield _signed_in(f"{NAMES[duty]} of entity {letter.upper()}", duty, grant.person, place=letter)
    yield _signed_in(
        "owner of everything", "O", StaffGrantFactory(duty=Duty.OWNER).person, place="everywhere"
    )
    yield _signed_in(
        "reader of everything", "R", StaffGrantFactory(duty=Duty.READER).person, place="everywhere"
    )
    yield from _gone(places["a"].event)


def _signed_in(name: str, letter: str, person: Person, **fields: Any) -> Somebody:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return Somebody(name, letter, client, person, **fields)


def _with_link(name: str, letter: str, grant: EventGrant, *, proved: bool = True, **fields: Any) -> Somebody:
    client = Client()
    client.force_login(grant.person, backend="crew.sessions.LinkBackend")
    session = client.session
    session[sessions.ACTIVE] = grant.pk
    session[sessions.OPENED] = [grant.pk]
    session[sessions.PROVED] = [grant.pk] if proved else []
    session.save()
    return Somebody(name, letter, client, grant.person, by_link=True, proved=proved, grant=grant, **fields)


def _by_code(role: str, letter: str, event: Event) -> Somebody:
    grant = EventGrantFactory(event=event, role=ROLES[role])
    if role == "G":
        Guest.objects.create(
            event=event,
            name=grant.person.name,
            email=grant.person.email,
            person=grant.person,
            added_at=NOW,
        )
    return _signed_in(f"{NAMES[role]} of {letter.upper()}", role, grant.person, place=letter, grant=grant)


def _by_link(role: str, letter: str, places: dict[str, Place]) -> Somebody:
    """Open a link to one event for somebody who is much more besides: captain of the other, owner of everything."""
    event = places[letter].event
    grant = EventGrantFactory(event=event, role=ROLES[role])
    other = places["b" if letter == "a" else "a"].event
    EventGrantFactory(event=other, person=grant.person, role=Role.CAPTAIN)
    StaffGrantFactory(duty=Duty.OWNER, person=grant.person)
    if role == "G":
        Guest.objects.create(
            event=event,
            name=grant.person.name,
            email=grant.person.email,
            person=grant.person,
            added_at=NOW,
            state=GuestState.CLEARED,
            cleared_how="Paper waiver signed",
        )
    return _with_link(
        f"{NAMES[role]} of {letter.upper()} by link", role, grant, place=letter, cleared=role == "G"
    )


def _gone(event: Event) -> Iterator[Somebody]:
    """Yield captains of the event who are so no longer, each by code and by link, and who was only shown a link."""
    yield _with_link(
        "crew of A by a link on a screen", "W", EventGrantFactory(event=event), proved=False, place="a"
    )
    gone = {
        "revoked": {"revoked_at": NOW - HOUR, "granted_at": NOW - 24 * HOUR},
        "expired": {"expires_at": NOW - HOUR, "granted_at": NOW - 24 * HOUR},
    }
    for how, fields in gone.items():
        grant = EventGrantFactory(event=event, role=Role.CAPTAIN, **fields)
        yield _signed_in(f"{how} captain of A", "N", grant.person)
        grant = EventGrantFactory(event=event, role=Role.CAPTAIN, **fields)
        yield _with_link(f"{how} captain of A by link", "N", grant)
    for way in (_signed_in, _with_link):
        grant = EventGrantFactory(event=event, role=Role.CAPTAIN)
        who = (
            _signed_in("deactivated captain of A", "X", grant.person)
            if way is _signed_in
            else _with_link("deactivated captain of A by link", "X", grant)
        )
        Person.objects.filter(pk=grant.person.pk).update(is_active=False)
        yield who


def _give_work(place: Place, person: Person) -> None:
    """Give somebody a position and an item of their own."""
    place.records[f"position.{person.pk}"] = PositionFactory(
        event=place.event, holder=person, claimed_at=NOW, sort=5
    ).pk
    place.records[f"item.{person.pk}"] = ChecklistItemFactory(
        event=place.event,
        state=ItemState.CLAIMED,
        claimer=person,
        claimed_at=NOW,
        first_claimed_at=NOW,
        text="Coil the lines",
    ).pk


def _give_papers(place: Place, person: Person) -> None:
    """Give somebody a paper and days off of their own."""
    place.records[f"credential.{person.pk}"] = CredentialFactory(person=person).pk
    place.records[f"dayoff.{person.pk}"] = DayOff.objects.create(
        person=person, first_on=dt.date(2026, 12, 30), last_on=dt.date(2026, 12, 31)
    ).pk
