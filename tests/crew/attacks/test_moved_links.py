"""An event that moves takes the time of its links along: nobody's link dies before the trip, or lives on after it."""

import datetime as dt
from dataclasses import replace

import pytest
import time_machine

from crew.domain import events, grants, links
from crew.domain.history import SYSTEM
from crew.domain.terms import terms_of
from crew.models import Event, EventGrant, Link, Role
from tests.crew.links.conftest import hold, opened
from tests.factories.crew import NOW, RETURNS_AT, EventFactory, OperatingLimitFactory
from tests.factories.people import owner

pytestmark = pytest.mark.django_db

WEEK = dt.timedelta(days=7)
GUEST, CREW = dt.timedelta(days=2), dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _on_monday():  # type: ignore[no-untyped-def]
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def event() -> Event:
    OperatingLimitFactory()
    return EventFactory(title="Saturday's sail")


def moved(event: Event, days: int) -> Event:
    terms = replace(terms_of(event), on=event.departs_on + dt.timedelta(days=days))
    return events.change(event=event, terms=terms, by=SYSTEM, at=NOW)


def ends(held) -> dt.datetime:  # type: ignore[no-untyped-def]
    return Link.objects.get(pk=held.link.pk).expires_at


def test_a_week_later_the_link_that_was_mailed_still_opens_the_trip(event: Event) -> None:
    guest, mate = hold(Role.GUEST, event=event), hold(Role.CREW, event=event)

    moved(event, 7)

    assert (ends(guest), ends(mate)) == (RETURNS_AT + WEEK + GUEST, RETURNS_AT + WEEK + CREW)
    with time_machine.travel(RETURNS_AT + WEEK - dt.timedelta(hours=3), tick=False):
        assert opened(guest).get(guest.event_url).status_code == 200


def test_a_day_earlier_it_ends_a_day_earlier(event: Event) -> None:
    guest = hold(Role.GUEST, event=event)

    moved(event, -1)

    assert ends(guest) == RETURNS_AT - dt.timedelta(days=1) + GUEST


def test_an_event_written_down_afterwards_ends_its_links_at_once_and_breaks_no_rule_of_the_table(
    event: Event,
) -> None:
    guest = hold(Role.GUEST, event=event, issued_at=NOW - dt.timedelta(days=1))
    just_made = hold(Role.CREW, event=event)

    moved(event, -30)

    assert ends(guest) == NOW
    assert ends(just_made) > NOW  # no link may end before it was made


def test_what_was_revoked_or_had_run_out_stays_so(event: Event) -> None:
    revoked = hold(Role.GUEST, event=event, revoked_at=NOW)
    old = hold(Role.GUEST, event=event, issued_at=NOW - WEEK, expires_at=NOW - dt.timedelta(hours=1))
    was = ends(revoked)

    moved(event, 7)

    assert ends(revoked) == was
    assert ends(old) == NOW - dt.timedelta(hours=1)


def test_ten_minutes_as_admin_stay_ten_minutes(event: Event) -> None:
    admin = hold(Role.ADMIN, event=event, person=owner())

    moved(event, 7)

    assert ends(admin) == NOW + grants.ADMIN_LASTS


def test_another_events_links_stay_as_they_are(event: Event) -> None:
    other = hold(Role.GUEST)

    moved(event, 7)

    assert ends(other) == RETURNS_AT + GUEST


def test_no_link_outlives_the_role_it_opens(event: Event) -> None:
    mate = hold(Role.CREW, event=event)
    until = RETURNS_AT + dt.timedelta(days=3)
    EventGrant.objects.filter(pk=mate.grant.pk).update(expires_at=until)

    event = moved(event, 7)
    assert ends(mate) == until
    moved(event, -7)
    assert ends(mate) == RETURNS_AT + CREW


def test_it_costs_the_same_at_one_link_and_at_many(event: Event, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    for _ in range(12):
        hold(Role.GUEST, event=event)
    with django_assert_num_queries(7):
        assert links.follow(event=event, at=NOW) == 0
    event.returns_at += WEEK
    with django_assert_num_queries(7):
        assert links.follow(event=event, at=NOW) == 12
