"""Everybody at once: claims, releases, stand-ins, moved events and sweeps leave no deadlock and no overlap."""

import datetime as dt
import itertools
import random
import threading

import pytest
from django.db import connection, transaction

from core.models import AuditEvent
from crew.domain import positions
from crew.domain.history import SYSTEM, Actor
from crew.domain.positions import PositionRefusedError
from crew.models import Event, EventGrant, Person, Position, PositionState, Role
from tests.factories.crew import DEPARTS_AT, NOW, RETURNS_AT, EventFactory, EventGrantFactory, PositionFactory
from tests.factories.people import PersonFactory

SEED = 20261128
THREADS, DEEDS = 6, 15


def one_deed(chance: random.Random, events: list[Event], crew: list[Person], places: list[Position]) -> None:
    position, by = chance.choice(places), Actor(chance.choice(crew))
    match chance.randrange(7):
        case 0 | 1 | 2:
            positions.claim(position=position, by=by, at=NOW)
        case 3:
            positions.release(position=position, by=by, at=NOW)
        case 4:
            positions.seek_stand_in(position=position, reason="A cold", by=by, at=NOW)
        case 5:
            positions.stand_in(position=position, by=by, at=NOW)
        case _:
            event, shift = chance.choice(events), dt.timedelta(hours=chance.randrange(12))
            with transaction.atomic():
                Event.objects.filter(pk=event.pk).update(
                    departs_at=DEPARTS_AT + shift, returns_at=RETURNS_AT + shift
                )
                positions.recheck(event=event, by=SYSTEM, at=NOW)
            positions.sweep(at=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_storm_leaves_nobody_in_two_places() -> None:
    events = [EventFactory() for _ in range(4)]
    crew = [PersonFactory() for _ in range(5)]
    for event in events:
        for person in crew:
            EventGrantFactory(event=event, person=person, role=Role.CREW)
    places = [PositionFactory(event=event) for event in events for _ in range(3)]
    odd: list[str] = []

    def run(number: int) -> None:
        chance = random.Random(SEED + number)  # noqa: S311 - a storm that can be repeated
        try:
            for _ in range(DEEDS):
                try:
                    one_deed(chance, events, crew, places)
                except PositionRefusedError:
                    continue
        except Exception as error:  # noqa: BLE001 - what is raised is what the test looks at
            odd.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert odd == []
    call = dt.timedelta(minutes=90)
    for person in crew:
        working = list(
            Position.objects.filter(holder=person)
            .exclude(state=PositionState.HELD)
            .select_related("event")
            .order_by("event__departs_at")
        )
        for one, next_one in itertools.pairwise(working):
            assert one.event.returns_at <= next_one.event.departs_at - call
    assert AuditEvent.objects.filter(action="crew:position:claim").exists()
    assert EventGrant.objects.count() == 20
