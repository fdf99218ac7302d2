"""Taking a position: one winner, papers through the return, no other work, no day off."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from core.models import AuditEvent
from crew.domain import positions
from crew.domain.history import Actor
from crew.domain.positions import PositionRefusedError, PositionTakenError
from crew.models import DayOff, Event, EventState, Person, Position, PositionState
from mail.models import Message
from tests.factories.crew import (
    DEPARTS_AT,
    NOW,
    RETURNS_AT,
    CredentialFactory,
    EventFactory,
    PortFactory,
    PositionFactory,
    role_on,
)
from tests.factories.people import PersonFactory

RETURN_DAY = dt.date(2026, 11, 28)


def take(position: Position, person: Person, at: dt.datetime = NOW) -> None:
    positions.claim(position=position, by=Actor(person), at=at)


def refusal(position: Position, person: Person) -> str:
    with pytest.raises(PositionRefusedError) as refused:
        take(position, person)
    position.refresh_from_db()
    assert position.holder_id is None
    return str(refused.value)


@pytest.fixture
def event(db: None) -> Event:
    return EventFactory()


@pytest.fixture
def ana(event: Event) -> Person:
    return role_on(event, "crew", name="Ana")


def test_an_open_position_becomes_the_claimers(event: Event, ana: Person) -> None:
    position = PositionFactory(event=event)

    take(position, ana)

    position.refresh_from_db()
    assert (position.state, position.holder, position.claimed_at) == (PositionState.CLAIMED, ana, NOW)
    line = AuditEvent.objects.get(action="crew:position:claim")
    assert (line.actor, line.scope, line.data["state"]) == (ana, f"event:{event.key}", ["open", "claimed"])


def test_whoever_comes_second_reads_who_was_first(event: Event, ana: Person) -> None:
    position = PositionFactory(event=event)
    take(position, ana)

    with pytest.raises(PositionTakenError, match=r"^Ana took this position a moment ago\.$"):
        take(position, role_on(event, "crew"))
    with pytest.raises(
        PositionTakenError, match=r"^Ana has had this position since Mon 23 Nov, 10:00 PST\.$"
    ):
        take(position, role_on(event, "crew"), NOW + dt.timedelta(hours=1))


def test_asking_twice_changes_nothing(event: Event, ana: Person) -> None:
    position = PositionFactory(event=event)
    take(position, ana)
    take(position, ana)

    assert AuditEvent.objects.filter(action="crew:position:claim").count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"expires_on": RETURN_DAY - dt.timedelta(days=1)}, "expired on 27 Nov 2026"),
        (
            {"issued_on": RETURN_DAY + dt.timedelta(days=1)},
            "is not valid yet at the crew call on 28 Nov 2026",
        ),
        ({"withdrawn_at": NOW}, "is not on record"),
        ({"kind": "twic"}, "is not on record"),
    ],
)
def test_a_paper_that_does_not_hold_is_named(
    event: Event, ana: Person, fields: dict[str, Any], words: str
) -> None:
    CredentialFactory(person=ana, **{"kind": "medical", "issued_on": None, **fields})
    position = PositionFactory(event=event, requires=["medical"])

    said = refusal(position, ana)

    assert said.startswith("You cannot work Deckhand here. Medical certificate ")
    assert words in said


def test_the_day_of_expiry_itself_is_valid(event: Event, ana: Person) -> None:
    CredentialFactory(person=ana, kind="medical", expires_on=RETURN_DAY)

    take(PositionFactory(event=event, requires=["medical"]), ana)


def test_a_paper_without_an_end_is_valid(event: Event, ana: Person) -> None:
    CredentialFactory(person=ana, kind="first_aid", issued_on=None, expires_on=None)

    take(PositionFactory(event=event, requires=["first_aid"]), ana)


@pytest.mark.parametrize(
    ("returns_at", "last_day", "holds"),
    [
        # 23:30 in San Diego is the next day by UTC: the local date counts.
        (dt.datetime(2026, 11, 29, 7, 30, tzinfo=dt.UTC), dt.date(2026, 11, 28), True),
        (dt.datetime(2026, 11, 29, 8, 30, tzinfo=dt.UTC), dt.date(2026, 11, 28), False),
        (dt.datetime(2026, 11, 29, 8, 30, tzinfo=dt.UTC), dt.date(2026, 11, 29), True),
    ],
)
def test_the_return_is_a_local_day(
    event: Event, ana: Person, returns_at: dt.datetime, last_day: dt.date, holds: bool
) -> None:
    Event.objects.filter(pk=event.pk).update(returns_at=returns_at)
    CredentialFactory(person=ana, kind="medical", expires_on=last_day)
    position = PositionFactory(event=event, requires=["medical"])

    if holds:
        take(position, ana)
    else:
        assert "expires on 28 Nov 2026, before the return on 29 Nov 2026" in refusal(position, ana)


@pytest.mark.parametrize(
    ("hour", "holds"),
    [
        (6, True),  # 23:30 PDT on 31 October, the evening before clocks are put back
        (8, False),  # 01:30 PDT on 1 November
        (9, False),  # 01:30 PST, the same hour once more
    ],
)
def test_the_night_clocks_are_put_back_is_counted_right(db: None, hour: int, holds: bool) -> None:
    night = dt.datetime(2026, 11, 1, hour, 30, tzinfo=dt.UTC)
    event = EventFactory(departs_at=night - dt.timedelta(hours=3), returns_at=night)
    person = role_on(event, "crew")
    CredentialFactory(person=person, kind="medical", expires_on=dt.date(2026, 10, 31))
    position = PositionFactory(event=event, requires=["medical"])

    if holds:
        take(position, person, night - dt.timedelta(days=9))
    else:
        assert "before the return on 1 Nov 2026" in refusal(position, person)


def test_the_port_of_return_says_which_day_it_is(event: Event, ana: Person) -> None:
    # 17:00 on Saturday in San Diego is Sunday in Auckland.
    Event.objects.filter(pk=event.pk).update(end_port=PortFactory(zone="Pacific/Auckland"))
    CredentialFactory(person=ana, kind="medical", expires_on=RETURN_DAY)

    assert "before the return on 29 Nov 2026" in refusal(
        PositionFactory(event=event, requires=["medical"]), ana
    )


def test_a_renewal_that_follows_without_a_gap_carries_over_the_return(event: Event, ana: Person) -> None:
    Event.objects.filter(pk=event.pk).update(returns_at=RETURNS_AT + dt.timedelta(days=10))
    CredentialFactory(person=ana, kind="medical", expires_on=dt.date(2026, 11, 30))
    renewal = CredentialFactory(
        person=ana, kind="medical", issued_on=dt.date(2026, 12, 2), expires_on=dt.date(2028, 1, 1)
    )
    position = PositionFactory(event=event, requires=["medical"])

    assert "expires on 30 Nov 2026" in refusal(position, ana)

    type(renewal).objects.filter(pk=renewal.pk).update(issued_on=dt.date(2026, 12, 1))
    take(position, ana)


@pytest.mark.parametrize(
    ("hours", "state", "free"),
    [
        (0, EventState.CONFIRMED, False),
        (0, EventState.DRAFT, False),
        (0, EventState.UNDERWAY, False),
        (0, EventState.COMPLETED, True),
        (0, EventState.CANCELLED, True),
        # Back at 17:00; the next crew call is 90 minutes before departure.
        (3, EventState.OPEN, False),
        (3.5, EventState.OPEN, True),
        (-3.5, EventState.OPEN, True),
        (-3, EventState.OPEN, False),
    ],
)
def test_other_work_counts_from_crew_call_to_return(
    event: Event, ana: Person, hours: float, state: str, free: bool
) -> None:
    shift = dt.timedelta(hours=hours)
    other = EventFactory(
        state=state,
        departs_at=DEPARTS_AT + shift,
        returns_at=RETURNS_AT + shift,
        cancel_reason="Gale" if state == EventState.CANCELLED else "",
        title="Harbor concert",
    )
    PositionFactory(event=other, holder=ana)
    position = PositionFactory(event=event)

    if free:
        take(position, ana)
    else:
        said = refusal(position, ana)
        assert "There is other work at that time: Sat 28 Nov" in said
        assert "Harbor concert" not in said


def test_one_person_works_one_position_of_an_event(event: Event, ana: Person) -> None:
    PositionFactory(event=event, holder=ana)

    assert "You already have Deckhand on this trip." in refusal(PositionFactory(event=event), ana)


@pytest.mark.parametrize(
    ("first_on", "last_on", "free"),
    [
        ("2026-11-28", "2026-11-28", False),
        ("2026-11-20", "2026-12-20", False),
        ("2026-11-29", "2026-12-01", True),
        ("2026-11-20", "2026-11-27", True),
    ],
)
def test_a_day_off_is_respected(event: Event, ana: Person, first_on: str, last_on: str, free: bool) -> None:
    DayOff.objects.create(
        person=ana, first_on=dt.date.fromisoformat(first_on), last_on=dt.date.fromisoformat(last_on)
    )
    position = PositionFactory(event=event)

    if free:
        take(position, ana)
    else:
        assert "day" in refusal(position, ana).lower()


def test_days_off_are_local_to_the_person(event: Event) -> None:
    # Crew call is 13:30 on Saturday in San Diego, and Sunday morning in Auckland.
    person = PersonFactory(zone="Pacific/Auckland")
    DayOff.objects.create(person=person, first_on=RETURN_DAY, last_on=RETURN_DAY)

    take(PositionFactory(event=event), person)


@pytest.mark.parametrize("state", [EventState.DRAFT, EventState.UNDERWAY, EventState.COMPLETED])
def test_only_an_open_or_confirmed_event_takes_crew(event: Event, ana: Person, state: str) -> None:
    Event.objects.filter(pk=event.pk).update(state=state)

    assert refusal(PositionFactory(event=event), ana).startswith(f"This event is {state}")


def test_everything_in_the_way_is_said_at_once(event: Event, ana: Person) -> None:
    DayOff.objects.create(person=ana, first_on=RETURN_DAY, last_on=RETURN_DAY)
    position = PositionFactory(event=event, requires=["captain_licence", "medical", "unheard-of"])

    assert refusal(position, ana) == (
        "You cannot work Deckhand here. Captain's licence is not on record. Medical certificate is not on record. "
        "unheard-of is not on record. 28 Nov 2026 is marked as a day off."
    )


def at_once(count: int, deed: Callable[[int], None]) -> list[str]:
    """Run a deed in threads that start together; return what each came to."""
    ready = threading.Barrier(count)
    said: list[str] = []

    def run(number: int) -> None:
        try:
            ready.wait()
            deed(number)
            said.append("won")
        except Exception as error:  # noqa: BLE001 - what is raised is what the test looks at
            said.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


@pytest.mark.django_db(transaction=True)
def test_fifty_people_claim_at_once_and_one_wins() -> None:
    event = EventFactory()
    crew = [role_on(event, "crew", name=f"Hand {number}") for number in range(50)]
    position = PositionFactory(event=event)

    said = at_once(50, lambda number: take(position, crew[number]))

    position.refresh_from_db()
    assert said.count("won") == 1
    assert set(said) == {"won", f"PositionTakenError: {position.holder} took this position a moment ago."}
    assert AuditEvent.objects.filter(action="crew:position:claim").count() == 1
    assert Message.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_one_person_who_claims_overlapping_positions_at_once_gets_one() -> None:
    person = PersonFactory()
    places = [PositionFactory(event=EventFactory()) for _ in range(8)]

    said = at_once(8, lambda number: take(places[number], person))

    assert said.count("won") == 1
    assert Position.objects.filter(holder=person).count() == 1
    assert sum("There is other work at that time" in words for words in said) == 7
