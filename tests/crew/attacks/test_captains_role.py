"""The role that a captain's position brings goes with the last such position, whatever the order."""

import pytest

from crew.domain import positions
from crew.domain.history import SYSTEM
from crew.models import EventGrant, Person, Position, Role, Station
from tests.factories.crew import NOW, EventFactory, PositionFactory
from tests.factories.people import PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


def put(position: Position, person: Person | None) -> None:
    positions.override(position=position, person=person, reason="Trial", silent=True, by=SYSTEM, at=NOW)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_whoever_gave_both_back_is_no_captain_any_more(order: tuple[int, int]) -> None:
    event, person = EventFactory(), PersonFactory()
    places = [PositionFactory(event=event, station=Station.CAPTAIN) for _ in range(2)]
    for place in places:
        put(place, person)
    captain = EventGrant.objects.live(at=NOW).filter(person=person, role=Role.CAPTAIN)

    put(places[order[0]], None)
    assert captain.count() == 1
    put(places[order[1]], None)
    assert captain.count() == 0
