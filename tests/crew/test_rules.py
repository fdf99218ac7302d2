"""Who may do what: every verb with every duty, on the whole portfolio and on one entity."""

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from core import access
from crew.domain import grants
from crew.models import Duty, Person
from crew.rules import ALLOWS, VERBS
from portfolio.models import Entity
from tests.factories.people import GRANTED_AT, PersonFactory, StaffGrantFactory
from tests.factories.portfolio import EntityFactory

pytestmark = pytest.mark.django_db

# Written out once more on purpose: a change of `ALLOWS` must be meant.
TABLE = {
    "owner": {"read": True, "keep": True, "book": True, "run": True, "own": True},
    "bookkeeper": {"read": True, "keep": True, "book": False, "run": True, "own": False},
    "bookings": {"read": True, "keep": False, "book": True, "run": False, "own": False},
    "reader": {"read": True, "keep": False, "book": False, "run": False, "own": False},
}
CASES = [(duty, verb, allowed) for duty, verbs in TABLE.items() for verb, allowed in verbs.items()]


def anew(person: Person) -> Person:
    """Return the person as the next request loads them."""
    return Person.objects.get(pk=person.pk)


def test_the_table_names_every_duty_and_every_verb() -> None:
    assert set(TABLE) == set(Duty.values) == set(ALLOWS)
    assert all(set(verbs) == VERBS for verbs in TABLE.values())


@pytest.mark.parametrize(("duty", "verb", "allowed"), CASES)
def test_a_duty_on_the_whole_portfolio(duty: str, verb: str, allowed: bool) -> None:
    person = StaffGrantFactory(duty=duty).person
    entity = EntityFactory()

    assert access.may(person, verb) is allowed
    assert access.may(person, verb, entity.pk) is allowed
    assert access.entity_ids(person, verb) == (None if allowed else frozenset())


@pytest.mark.parametrize(("duty", "verb", "allowed"), CASES)
def test_a_duty_on_one_entity_reaches_no_other(duty: str, verb: str, allowed: bool) -> None:
    own, other = EntityFactory(), EntityFactory()
    person = StaffGrantFactory(duty=duty, entity=own).person

    assert access.may(person, verb, own.pk) is allowed
    assert access.may(person, verb, other.pk) is False
    assert access.may(person, verb) is False
    assert access.entity_ids(person, verb) == (frozenset({own.pk}) if allowed else frozenset())


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_nobody_without_a_duty_may_anything(verb: str) -> None:
    entity = EntityFactory()

    for who in (AnonymousUser(), PersonFactory(), PersonFactory(is_staff=True, is_superuser=True)):
        assert access.may(who, verb) is False
        assert access.may(who, verb, entity.pk) is False
        assert access.entity_ids(who, verb) == frozenset()


def test_duties_add_up() -> None:
    books, boats = EntityFactory(), EntityFactory()
    person = StaffGrantFactory(duty=Duty.BOOKKEEPER, entity=books).person
    StaffGrantFactory(duty=Duty.BOOKINGS, entity=boats, person=person)

    assert access.entity_ids(person, "read") == {books.pk, boats.pk}
    assert access.entity_ids(person, "keep") == {books.pk}
    assert access.entity_ids(person, "book") == {boats.pk}


def test_a_revoked_grant_allows_nothing() -> None:
    grant = StaffGrantFactory(duty=Duty.OWNER)
    grants.revoke_grant(grant=grant, at=GRANTED_AT + dt.timedelta(days=1), by=None)

    assert access.entity_ids(anew(grant.person), "read") == frozenset()


def test_an_inactive_person_may_nothing() -> None:
    person = StaffGrantFactory(duty=Duty.OWNER).person
    Person.objects.filter(pk=person.pk).update(is_active=False)

    assert access.entity_ids(anew(person), "read") == frozenset()


def test_a_person_is_asked_about_once_a_request(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    person, entity = StaffGrantFactory(duty=Duty.OWNER).person, EntityFactory()

    with django_assert_num_queries(1):
        for verb in VERBS:
            access.may(person, verb, entity.pk)
            access.entity_ids(person, verb)


def test_require_tells_invisible_from_forbidden() -> None:
    seen, unseen = EntityFactory(), EntityFactory()
    person = StaffGrantFactory(duty=Duty.READER, entity=seen).person

    access.require(person, "read", seen.pk)
    with pytest.raises(PermissionDenied):
        access.require(person, "keep", seen.pk)
    for verb in VERBS:
        with pytest.raises(Http404):
            access.require(person, verb, unseen.pk)


def test_ids_hold_no_entity_that_a_person_was_never_granted() -> None:
    for _ in range(3):
        EntityFactory()
    mine = Entity.objects.order_by("pk").first()
    assert mine is not None

    assert access.entity_ids(StaffGrantFactory(entity=mine).person) == {mine.pk}
