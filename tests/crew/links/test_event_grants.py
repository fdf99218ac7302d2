"""Roles on one event: given once, prolonged, taken back with their links."""

import datetime as dt
import threading

import pytest
from django.db import connection

from core.models import AuditEvent
from crew.domain import grants, links, people
from crew.domain.history import SYSTEM, Actor, scope_of
from crew.models import Duty, EventGrant, Link, LinkSecret, Role
from mail.models import Message
from tests.factories.crew import NOW, EventFactory, PositionFactory
from tests.factories.people import PersonFactory

pytestmark = pytest.mark.django_db

LATER = NOW + dt.timedelta(hours=1)


def test_a_role_is_given_once_and_is_in_the_events_trail() -> None:
    event, person, captain = EventFactory(), PersonFactory(), PersonFactory()
    first = grants.give(event=event, person=person, role=Role.CREW, by=Actor(captain), at=NOW)
    second = grants.give(event=event, person=person, role=Role.CREW, by=SYSTEM, at=LATER)
    assert first == second
    line = AuditEvent.objects.get(scope=scope_of(event))
    assert (line.action, line.actor, line.subject_id) == ("crew:role:give", captain, str(person.pk))
    assert line.data == {"role": ["", "crew"], "given": first.pk, "grant": None}


def test_a_grant_that_ran_out_is_given_anew() -> None:
    event, person = EventFactory(), PersonFactory()
    old = grants.give(event=event, person=person, role=Role.GUEST, by=SYSTEM, at=NOW, expires_at=LATER)
    new = grants.give(event=event, person=person, role=Role.GUEST, by=SYSTEM, at=LATER)
    assert old != new
    old.refresh_from_db()
    assert old.revoked_at == LATER
    assert grants.holders(event=event, at=LATER) == [new]


@pytest.mark.django_db(transaction=True)
def test_a_grant_that_ran_out_is_given_anew_by_several_at_once() -> None:
    event, person = EventFactory(), PersonFactory()
    old = grants.give(event=event, person=person, role=Role.GUEST, by=SYSTEM, at=NOW, expires_at=LATER)
    ready, given = threading.Barrier(4), []

    def gives() -> None:
        try:
            ready.wait()
            given.append(grants.give(event=event, person=person, role=Role.GUEST, by=SYSTEM, at=LATER))
        finally:
            connection.close()

    threads = [threading.Thread(target=gives) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(given) == 4
    assert {grant.pk for grant in given} == {EventGrant.objects.exclude(pk=old.pk).get().pk}


def test_a_live_grant_is_prolonged_and_never_shortened() -> None:
    event, person = EventFactory(), PersonFactory()
    held = grants.give(event=event, person=person, role=Role.GUEST, by=SYSTEM, at=NOW, expires_at=LATER)
    grants.give(
        event=event, person=person, role=Role.GUEST, by=SYSTEM, at=NOW, expires_at=NOW + dt.timedelta(1)
    )
    held.refresh_from_db()
    assert (held.expires_at, held.version) == (NOW + dt.timedelta(1), 2)
    grants.give(event=event, person=person, role=Role.GUEST, by=SYSTEM, at=NOW, expires_at=LATER)
    grants.give(event=event, person=person, role=Role.GUEST, by=SYSTEM, at=NOW)
    held.refresh_from_db()
    assert (held.expires_at, held.version) == (None, 3)


def test_a_grant_that_came_with_a_position_outlives_it_once_given_by_itself() -> None:
    event, person = EventFactory(), PersonFactory()
    position = PositionFactory(event=event, holder=person)
    held = grants.give(event=event, person=person, role=Role.CREW, by=SYSTEM, at=NOW, position=position)
    grants.give(event=event, person=person, role=Role.CREW, by=SYSTEM, at=NOW)
    held.refresh_from_db()
    assert held.position is None


def test_admin_is_for_staff_with_bookings_of_that_entity_and_lasts_ten_minutes() -> None:
    event, stranger, staff = EventFactory(), PersonFactory(), PersonFactory()
    grants.grant_duty(person=staff, duty=Duty.BOOKINGS, entity=event.entity, at=NOW, by=None)
    with pytest.raises(grants.RoleRefusedError, match="not staff with bookings"):
        grants.give(event=event, person=stranger, role=Role.ADMIN, by=SYSTEM, at=NOW)
    grant = grants.give(
        event=event, person=staff, role=Role.ADMIN, by=SYSTEM, at=NOW, expires_at=NOW + dt.timedelta(days=9)
    )
    assert grant.expires_at == NOW + dt.timedelta(minutes=10)


def test_a_closed_account_gets_no_role() -> None:
    with pytest.raises(grants.RoleRefusedError, match="is closed"):
        grants.give(
            event=EventFactory(), person=PersonFactory(is_active=False), role=Role.CREW, by=SYSTEM, at=NOW
        )


def test_taking_a_role_back_revokes_its_links_and_secrets_and_counts_the_version_up() -> None:
    event, person = EventFactory(), PersonFactory()
    grant = grants.give(event=event, person=person, role=Role.GUEST, by=SYSTEM, at=NOW)
    link = links.issue(grant=grant, by=SYSTEM, at=NOW)
    grants.revoke(grant=grant, by=SYSTEM, at=LATER)
    grant.refresh_from_db()
    assert (grant.revoked_at, grant.version) == (LATER, 2)
    assert Link.objects.get(pk=link.pk).revoked_at == LATER
    assert not LinkSecret.objects.filter(revoked_at=None).exists()
    with pytest.raises(grants.GrantRevokedAlreadyError):
        grants.revoke(grant=grant, by=SYSTEM, at=LATER)
    with pytest.raises(links.LinkRefusedError, match="taken back"):
        links.issue(grant=grant, by=SYSTEM, at=LATER)


def test_holders_are_read_in_one_query_however_many(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    event = EventFactory()
    for role in (Role.GUEST, Role.CREW, Role.CAPTAIN, *[Role.GUEST] * 10):
        grants.give(event=event, person=PersonFactory(), role=role, by=SYSTEM, at=NOW)
    with django_assert_num_queries(1):
        found = grants.holders(event=event, at=NOW)
        assert [str(grant.person) for grant in found]
    assert [grant.role for grant in found[:3]] == ["captain", "crew", "guest"]


def test_a_link_is_issued_for_its_audiences_time_and_mailed_without_a_secret_in_the_row() -> None:
    event, person = EventFactory(), PersonFactory()
    grant = grants.give(event=event, person=person, role=Role.GUEST, by=SYSTEM, at=NOW)
    link = links.issue(grant=grant, by=SYSTEM, at=NOW)
    assert (link.expires_at, link.uses_allowed) == (event.returns_at + dt.timedelta(days=2), 20)
    row = Message.objects.get()
    assert (row.payload, row.bears_secret, row.bcc_audit) == ({"link": link.pk}, True, False)
    assert not LinkSecret.objects.exists()
    with pytest.raises(links.LinkRefusedError, match="is over"):
        links.issue(grant=grant, by=SYSTEM, at=event.returns_at + dt.timedelta(days=2))


def test_somebody_is_found_in_any_case_of_letters_or_added() -> None:
    added = people.find_or_add(email="Mia.Torres@Example.com", name="Mia Torres", by=None, at=NOW)
    assert added.email == "mia.torres@example.com"
    assert people.find_or_add(email="MIA.torres@example.com", name="Another", by=None, at=NOW) == added
    assert EventGrant.objects.count() == 0
    for email, name in (("not an address", "A"), ("a@example.com", "A\x00"), ("", "A")):
        with pytest.raises(people.PersonRefusedError):
            people.find_or_add(email=email, name=name, by=None, at=NOW)
    type(added).objects.filter(pk=added.pk).update(is_active=False)
    with pytest.raises(people.PersonRefusedError, match="closed"):
        people.find_or_add(email="mia.torres@example.com", name="", by=None, at=NOW)
