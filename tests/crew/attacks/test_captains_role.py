"""Roles that hang on something end with it. The role that a captain's position brings goes with the last such position, whatever the order."""

import pytest

from crew.domain import grants, positions
from crew.domain.history import SYSTEM
from crew.models import EventGrant, Person, Position, Role, StaffGrant, Station
from tests.crew.links.conftest import hold
from tests.factories.crew import NOW, EventFactory, PositionFactory
from tests.factories.people import PersonFactory, StaffGrantFactory, owner

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


def test_ten_minutes_as_admin_end_with_the_duty_they_were_given_for() -> None:
    boss, event = owner(), EventFactory()
    held = hold(Role.ADMIN, event=event, person=boss)
    elsewhere = hold(Role.GUEST, event=event, person=boss)

    grants.revoke_grant(grant=StaffGrant.objects.get(person=boss), at=NOW, by=None)

    held.grant.refresh_from_db()
    held.link.refresh_from_db()
    assert (held.grant.revoked_at, held.link.revoked_at) == (NOW, NOW)
    assert EventGrant.objects.live(at=NOW).get() == elsewhere.grant


def test_of_two_duties_one_still_carries_it() -> None:
    boss, event = owner(), EventFactory()
    StaffGrantFactory(person=boss, duty="bookings", entity=event.entity)
    held = hold(Role.ADMIN, event=event, person=boss)

    grants.revoke_grant(grant=StaffGrant.objects.get(person=boss, duty="owner"), at=NOW, by=None)

    assert EventGrant.objects.live(at=NOW).get() == held.grant
