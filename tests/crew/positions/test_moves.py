"""The lifecycle of a position: who moves it where, what is refused, who is told, and what the trail holds."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection

from core.models import AuditEvent
from crew.domain import positions
from crew.domain.history import SYSTEM, Actor
from crew.domain.positions import MOVES, PositionRefusedError, PositionTakenError
from crew.models import Credential, Event, EventGrant, EventState, Mode, Person, Position, PositionState, Role
from mail.models import Message
from tests.factories import people
from tests.factories.crew import (
    DEPARTS_AT,
    NOW,
    RETURNS_AT,
    CredentialFactory,
    EventFactory,
    EventTemplateFactory,
    PositionFactory,
    PositionTemplateFactory,
    role_on,
)
from tests.factories.people import PersonFactory

# Release is free until two days before the crew call of 13:30 on Saturday.
DEADLINE = dt.datetime(2026, 11, 26, 21, 30, tzinfo=dt.UTC)


@pytest.fixture
def event(db: None) -> Event:
    return EventFactory(title="Sunset sail")


@pytest.fixture
def captain(event: Event) -> Person:
    return role_on(event, Role.CAPTAIN, name="Cap")


@pytest.fixture
def ana(event: Event) -> Person:
    return role_on(event, Role.CREW, name="Ana")


@pytest.fixture
def held_by_ana(event: Event, ana: Person) -> Position:
    return PositionFactory(event=event, holder=ana, claimed_at=NOW)


def told() -> list[tuple[str, str]]:
    return sorted(Message.objects.values_list("to_address", "subject"))


def refused(function: Any, **arguments: Any) -> str:
    with pytest.raises(PositionRefusedError) as raised:
        function(**{"at": NOW, **arguments})
    return str(raised.value)


def test_the_table_of_moves_is_what_was_decided() -> None:
    assert {state: set(to) for state, to in MOVES.items()} == {
        "open": {"claimed"},
        "claimed": {"claimed", "confirmed", "held", "open"},
        "confirmed": {"claimed", "held", "open"},
        "held": {"claimed", "confirmed", "open"},
    }


def test_a_template_opens_its_positions(event: Event) -> None:
    template = EventTemplateFactory()
    PositionTemplateFactory(template=template, station="captain", requires=["captain_licence"], sort=0)
    PositionTemplateFactory(template=template, station="deckhand", count=2, rate_minor=15_000, sort=1)

    positions.instantiate(event=event, template=template, by=SYSTEM, at=NOW)

    found = event.positions.values_list("station", "requires", "rate_minor", "state")
    assert list(found) == [
        ("captain", ["captain_licence"], 0, "open"),
        ("deckhand", [], 15_000, "open"),
        ("deckhand", [], 15_000, "open"),
    ]


def test_a_bareboat_charter_has_no_positions_by_any_way(db: None) -> None:
    event = EventFactory(mode=Mode.BAREBOAT_12, legal_limit=12, capacity=12)
    template = EventTemplateFactory()
    PositionTemplateFactory(template=template)

    assert positions.instantiate(event=event, template=template, by=SYSTEM, at=NOW) == []
    assert not event.positions.exists()
    with pytest.raises(IntegrityError):
        PositionFactory(event=event)


def test_on_a_bareboat_charter_every_way_in_is_refused_with_the_law(
    event: Event, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    position = PositionFactory(event=event)
    with connection.cursor() as cursor:
        # Only with the guards gone can such a position be.
        cursor.execute(
            "DROP TRIGGER crew_event_bareboat"
            + (" ON crew_event" if connection.vendor == "postgresql" else "")
        )
    Event.objects.filter(pk=event.pk).update(mode=Mode.BAREBOAT_12)
    by = Actor(people.owner())

    for said in (
        refused(positions.claim, position=position, by=Actor(ana)),
        refused(positions.designate, position=position, person=ana, by=by),
        refused(positions.override, position=position, person=ana, reason="Because", silent=True, by=by),
    ):
        assert "by law the charter company provides none" in said


def test_designating_gives_the_role_and_tells_the_person(event: Event, captain: Person) -> None:
    ben = PersonFactory(name="Ben", email="ben@example.com")
    position = PositionFactory(event=event)

    positions.designate(position=position, person=ben, by=Actor(captain), at=NOW)

    position.refresh_from_db()
    assert (position.state, position.holder) == (PositionState.CLAIMED, ben)
    grant = EventGrant.objects.get(person=ben)
    assert (grant.role, grant.position) == (Role.CREW, None)
    assert told() == [("ben@example.com", "You are Deckhand on Sunset sail")]
    assert "release it before Thu 26 Nov, 13:30 PST" in str(Message.objects.get().payload)


def test_a_captains_role_comes_and_goes_with_the_position(event: Event) -> None:
    cara, owner = PersonFactory(name="Cara"), people.owner()
    position = PositionFactory(event=event, station="captain")

    positions.designate(position=position, person=cara, by=Actor(owner), at=NOW)
    grant = EventGrant.objects.get(person=cara)
    assert (grant.role, grant.position, grant.revoked_at) == (Role.CAPTAIN, position, None)

    positions.release(position=position, by=Actor(owner), at=NOW)
    grant.refresh_from_db()
    assert (grant.revoked_at, grant.version) == (NOW, 2)


def test_a_captains_role_that_was_there_before_stays(event: Event, captain: Person) -> None:
    position = PositionFactory(event=event, station="captain")
    owner = people.owner()

    positions.designate(position=position, person=captain, by=Actor(owner), at=NOW)
    positions.override(
        position=position, person=PersonFactory(), reason="Swap", silent=True, by=Actor(owner), at=NOW
    )

    assert EventGrant.objects.get(person=captain).revoked_at is None


def test_designating_asks_the_same_as_claiming(event: Event, captain: Person) -> None:
    ben = PersonFactory(name="Ben")
    position = PositionFactory(event=event, requires=["medical"])

    assert refused(positions.designate, position=position, person=ben, by=Actor(captain)) == (
        "Ben cannot work Deckhand here. Medical certificate is not on record."
    )
    closed = PersonFactory(name="Cole", is_active=False)
    assert "The account is closed." in refused(
        positions.designate, position=PositionFactory(event=event), person=closed, by=Actor(captain)
    )
    assert not EventGrant.objects.filter(person__in=[ben, closed]).exists()


def test_confirming_asks_once_more(held_by_ana: Position, captain: Person, ana: Person) -> None:
    Position.objects.filter(pk=held_by_ana.pk).update(requires=["medical"])
    held_by_ana.refresh_from_db()
    assert "Medical certificate is not on record." in refused(
        positions.confirm, position=held_by_ana, by=Actor(captain)
    )
    CredentialFactory(person=ana, kind="medical")

    positions.confirm(position=held_by_ana, by=Actor(captain), at=NOW)

    held_by_ana.refresh_from_db()
    assert (held_by_ana.state, held_by_ana.confirmed_at) == (PositionState.CONFIRMED, NOW)
    assert told() == [(ana.email, "Confirmed: Deckhand on Sunset sail")]


def test_what_cannot_be_confirmed(event: Event, held_by_ana: Position, captain: Person) -> None:
    by = Actor(captain)
    assert refused(positions.confirm, position=PositionFactory(event=event), by=by) == (
        "Deckhand is open now, so it cannot be confirmed. Look at it once more."
    )
    Position.objects.filter(pk=held_by_ana.pk).update(stand_in_at=NOW, stand_in_reason="Cold")
    assert "Ana seeks a stand-in for Deckhand" in refused(positions.confirm, position=held_by_ana, by=by)


@pytest.mark.parametrize("confirmed_at", [None, NOW])
def test_holding_and_taking_off_hold_leads_back(
    held_by_ana: Position, captain: Person, ana: Person, confirmed_at: dt.datetime | None
) -> None:
    before = PositionState.CONFIRMED if confirmed_at else PositionState.CLAIMED
    Position.objects.filter(pk=held_by_ana.pk).update(state=before, confirmed_at=confirmed_at)

    positions.hold(position=held_by_ana, reason="  Boots\nmissing ", by=Actor(captain), at=NOW)
    held_by_ana.refresh_from_db()
    assert (held_by_ana.state, held_by_ana.hold_reason) == (PositionState.HELD, "Boots missing")
    assert "Deckhand is held by Ana now" in refused(
        positions.hold, position=held_by_ana, reason="Again", by=Actor(captain)
    )

    positions.resume(position=held_by_ana, by=Actor(captain), at=NOW)
    held_by_ana.refresh_from_db()
    assert (held_by_ana.state, held_by_ana.hold_reason) == (before, "")
    assert told() == [
        (ana.email, "Held: Deckhand on Sunset sail"),
        (ana.email, "Off hold: Deckhand on Sunset sail"),
    ]


@pytest.mark.parametrize(
    ("reason", "words"), [(" ", "Say why"), ("x" * 301, "has 301 characters; 300 are kept")]
)
def test_a_hold_says_why(held_by_ana: Position, captain: Person, reason: str, words: str) -> None:
    assert words in refused(positions.hold, position=held_by_ana, reason=reason, by=Actor(captain))


def test_before_the_deadline_the_holder_releases_freely(
    held_by_ana: Position, ana: Person, captain: Person
) -> None:
    said = positions.release(position=held_by_ana, by=Actor(ana), at=DEADLINE - dt.timedelta(microseconds=1))

    held_by_ana.refresh_from_db()
    assert (said, held_by_ana.state, held_by_ana.holder, held_by_ana.claimed_at) == (
        "Deckhand is released and open again.", PositionState.OPEN, None, None,
    )  # fmt: skip
    assert told() == [(captain.email, "Released: Deckhand on Sunset sail")]


def test_after_it_the_holder_stays_and_a_stand_in_is_sought(
    held_by_ana: Position, ana: Person, captain: Person
) -> None:
    for _ in range(2):
        said = positions.release(position=held_by_ana, by=Actor(ana), at=DEADLINE)

    held_by_ana.refresh_from_db()
    assert said == (
        "Deckhand could be released freely until Thu 26 Nov, 13:30 PST. It stays yours until somebody stands in or a "
        "captain releases you; a stand-in is now sought."
    )
    assert (held_by_ana.holder, held_by_ana.stand_in_at) == (ana, DEADLINE)
    assert told() == [(captain.email, "Stand-in sought: Deckhand on Sunset sail")]


def test_a_captain_releases_anybody_at_any_time(held_by_ana: Position, ana: Person, captain: Person) -> None:
    positions.release(position=held_by_ana, by=Actor(captain), at=DEPARTS_AT)

    held_by_ana.refresh_from_db()
    assert held_by_ana.state == PositionState.OPEN
    assert told() == [(ana.email, "Released: Deckhand on Sunset sail")]


def test_a_stand_in_takes_over_and_the_holder_is_free(
    event: Event, held_by_ana: Position, ana: Person, captain: Person
) -> None:
    ben, cleo = role_on(event, Role.CREW, name="Ben"), role_on(event, Role.CREW, name="Cleo")
    assert "Ana took this position a moment ago." in refused(
        positions.stand_in, position=held_by_ana, by=Actor(ben)
    )
    positions.seek_stand_in(position=held_by_ana, reason="A cold", by=Actor(ana), at=NOW)
    assert "A stand-in is sought already" in refused(
        positions.seek_stand_in, position=held_by_ana, reason="Again", by=Actor(ana)
    )
    assert "yours already" in refused(positions.stand_in, position=held_by_ana, by=Actor(ana))

    positions.stand_in(position=held_by_ana, by=Actor(ben), at=NOW)

    held_by_ana.refresh_from_db()
    assert (held_by_ana.state, held_by_ana.holder, held_by_ana.stand_in_at, held_by_ana.stand_in_reason) == (
        PositionState.CLAIMED, ben, None, "",
    )  # fmt: skip
    assert "Ben took this position a moment ago." in refused(
        positions.stand_in, position=held_by_ana, by=Actor(cleo)
    )
    assert (ana.email, "Ben stands in as Deckhand on Sunset sail") in told()
    assert "not yours any more. Ben has Deckhand now." in refused(
        positions.keep, position=held_by_ana, by=Actor(ana)
    )


def test_a_stand_in_is_as_fit_as_any(event: Event, held_by_ana: Position, ana: Person) -> None:
    Position.objects.filter(pk=held_by_ana.pk).update(
        requires=["medical"], stand_in_at=NOW, stand_in_reason="Cold"
    )
    held_by_ana.refresh_from_db()

    assert "Medical certificate is not on record." in refused(
        positions.stand_in, position=held_by_ana, by=Actor(role_on(event, Role.CREW))
    )


def test_keeping_it_after_all(held_by_ana: Position, ana: Person) -> None:
    assert "No stand-in is sought" in refused(positions.keep, position=held_by_ana, by=Actor(ana))
    positions.seek_stand_in(position=held_by_ana, reason="A cold", by=Actor(ana), at=NOW)

    positions.keep(position=held_by_ana, by=Actor(ana), at=NOW)

    held_by_ana.refresh_from_db()
    assert (held_by_ana.stand_in_at, held_by_ana.stand_in_reason) == (None, "")


@pytest.mark.parametrize("state", [EventState.UNDERWAY, EventState.COMPLETED])
def test_once_it_began_the_crew_stays(
    event: Event, held_by_ana: Position, captain: Person, state: str
) -> None:
    Event.objects.filter(pk=event.pk).update(state=state)
    by = Actor(captain)

    for said in (
        refused(positions.release, position=held_by_ana, by=by),
        refused(positions.confirm, position=held_by_ana, by=by),
        refused(positions.hold, position=held_by_ana, reason="Why", by=by),
    ):
        assert f"This event is {state}; its crew stays as it is." in said


def test_an_override_puts_in_whoever_cannot_and_says_what_was_in_the_way(event: Event, ana: Person) -> None:
    owner = people.owner(email="owner@example.com")
    PositionFactory(event=EventFactory(), holder=ana)
    position = PositionFactory(event=event, requires=["medical"])

    positions.override(
        position=position, person=ana, reason="Seen on paper", silent=False, by=Actor(owner), at=NOW
    )

    position.refresh_from_db()
    assert (position.state, position.holder, position.override_reason) == (
        PositionState.CLAIMED, ana, "Seen on paper",
    )  # fmt: skip
    line = AuditEvent.objects.get(action="crew:position:override")
    assert (line.actor, line.data["silent"], line.data["reason"]) == (owner, False, "Seen on paper")
    assert line.data["in_the_way"][0] == "Medical certificate is not on record."
    assert told() == [(ana.email, "You are put down as Deckhand on Sunset sail")]
    # What an admin decided knowingly, no sweep takes back.
    assert positions.sweep(at=NOW) == 0
    assert positions.recheck(event=event, by=SYSTEM, at=NOW) == 0


def test_a_silent_override_is_in_the_trail_and_in_no_mail(event: Event, held_by_ana: Position) -> None:
    owner, ben = people.owner(), PersonFactory(name="Ben")

    for person in (ben, None):
        positions.override(
            position=held_by_ana, person=person, reason="Family matter", silent=True, by=Actor(owner), at=NOW
        )

    assert not Message.objects.exists()
    lines = AuditEvent.objects.filter(action="crew:position:override").order_by("id")
    assert [(line.data["holder"], line.data["silent"]) for line in lines] == [
        (["Ana", "Ben"], True),
        (["Ben", ""], True),
    ]


def test_what_cannot_be_overridden(held_by_ana: Position, ana: Person) -> None:
    owner = Actor(people.owner())
    arguments: dict[str, Any] = {"position": held_by_ana, "silent": True, "by": owner}
    assert "Say why" in refused(positions.override, person=None, reason="", **arguments)
    closed = PersonFactory(is_active=False)
    assert "is closed" in refused(positions.override, person=closed, reason="Why", **arguments)
    assert "Ana holds Deckhand already" in refused(positions.override, person=ana, reason="Why", **arguments)
    Position.objects.filter(pk=held_by_ana.pk).update(paid_on=dt.date(2026, 12, 1))
    assert "was paid on 1 Dec 2026" in refused(positions.override, person=None, reason="Why", **arguments)


def test_a_moved_event_holds_whose_papers_no_longer_reach_its_return(
    event: Event, ana: Person, captain: Person
) -> None:
    CredentialFactory(person=ana, kind="medical", expires_on=dt.date(2026, 12, 3))
    position = PositionFactory(event=event, holder=ana, requires=["medical"])
    mover = Actor(people.owner())
    assert positions.recheck(event=event, by=mover, at=NOW) == 0
    week = dt.timedelta(days=7)
    Event.objects.filter(pk=event.pk).update(departs_at=DEPARTS_AT + week, returns_at=RETURNS_AT + week)

    assert [positions.recheck(event=event, by=mover, at=NOW) for _ in range(2)] == [1, 0]

    position.refresh_from_db()
    assert position.hold_reason == (
        "Medical certificate expired on 3 Dec 2026, before the crew call on 5 Dec 2026."
    )
    assert told() == sorted(
        [(ana.email, "Held: Deckhand on Sunset sail"), (captain.email, "Held: Deckhand on Sunset sail")]
    )
    assert "expired on 3 Dec 2026" in refused(positions.resume, position=position, by=Actor(captain))


def test_a_moved_event_holds_whose_other_work_it_meets(event: Event, ana: Person) -> None:
    week = dt.timedelta(days=7)
    PositionFactory(
        event=EventFactory(departs_at=DEPARTS_AT + week, returns_at=RETURNS_AT + week), holder=ana
    )
    position = PositionFactory(event=event, holder=ana)
    Event.objects.filter(pk=event.pk).update(departs_at=DEPARTS_AT + week, returns_at=RETURNS_AT + week)

    assert positions.recheck(event=event, by=SYSTEM, at=NOW) == 1

    position.refresh_from_db()
    assert position.hold_reason == "There is other work at that time: Sat 5 Dec, 13:30 to 17:00 PST."


def test_the_sweep_holds_once_whose_papers_were_withdrawn(event: Event, ana: Person) -> None:
    credential = CredentialFactory(person=ana, kind="medical")
    position = PositionFactory(event=event, holder=ana, requires=["medical"])
    over = PositionFactory(event=EventFactory(state=EventState.COMPLETED), holder=ana, requires=["medical"])
    assert positions.sweep(at=NOW) == 0
    Credential.objects.filter(pk=credential.pk).update(withdrawn_at=NOW)

    assert positions.sweep(at=NOW, people=[PersonFactory().pk]) == 0
    assert [positions.sweep(at=NOW) for _ in range(2)] == [1, 0]

    position.refresh_from_db()
    over.refresh_from_db()
    assert (position.state, over.state) == (PositionState.HELD, PositionState.CLAIMED)
    assert AuditEvent.objects.get(action="crew:position:hold").actor is None
    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_hold_once() -> None:
    event = EventFactory()
    for _ in range(6):
        PositionFactory(event=event, holder=role_on(event, Role.CREW), requires=["medical"])
    counts: list[int] = []

    def run() -> None:
        try:
            counts.append(positions.sweep(at=NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(counts) == 6
    assert AuditEvent.objects.filter(action="crew:position:hold").count() == 6
    assert Message.objects.count() == 6


def test_a_page_that_is_old_changes_nothing(held_by_ana: Position, captain: Person) -> None:
    old = Position.objects.get(pk=held_by_ana.pk)
    positions.release(position=held_by_ana, by=Actor(captain), at=NOW)

    assert "is open now" in refused(positions.hold, position=old, reason="Why", by=Actor(captain))
    assert "is open now" in refused(positions.release, position=old, by=Actor(captain))
    with pytest.raises(PositionTakenError, match="is open again"):
        positions.stand_in(position=old, by=Actor(PersonFactory()), at=NOW)


def test_an_address_no_mail_reaches_stops_no_move(
    event: Event, held_by_ana: Position, captain: Person
) -> None:
    Person.objects.filter(pk=held_by_ana.holder_id).update(email="not an address")

    positions.confirm(position=held_by_ana, by=Actor(captain), at=NOW)

    held_by_ana.refresh_from_db()
    assert held_by_ana.state == PositionState.CONFIRMED
    assert not Message.objects.exists()
