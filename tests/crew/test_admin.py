"""People and duties in the Django admin: the same deeds, audited alike."""

import pytest
from django.test import Client

from core import access
from core.models import AuditEvent
from crew.models import Duty, Person, StaffGrant
from tests.factories.people import PersonFactory, StaffGrantFactory, owner
from tests.factories.portfolio import EntityFactory

pytestmark = pytest.mark.django_db

PEOPLE, GRANTS = "/admin/crew/person/", "/admin/crew/staffgrant/"
FORM = {"email": "New.Mate@Example.com", "name": "New Mate", "zone": "America/Los_Angeles", "is_active": "on"}


@pytest.fixture
def boss(client: Client) -> Person:
    person = owner(email="boss@example.com", is_staff=True, is_superuser=True)
    client.force_login(person)
    return person


def test_a_person_is_added_without_a_password(client: Client, boss: Person) -> None:
    answer = client.post(f"{PEOPLE}add/", FORM)

    person = Person.objects.get(name="New Mate")
    assert answer.status_code == 302
    assert (person.email, person.has_usable_password(), person.sample) == (
        "new.mate@example.com",
        False,
        False,
    )
    event = AuditEvent.objects.get(action="crew:person:add")
    assert (event.actor, event.subject_id) == (boss, str(person.pk))


def test_a_change_is_written_down_with_old_and_new(client: Client, boss: Person) -> None:
    person = PersonFactory(email="mate@example.com", name="Mate")

    client.post(f"{PEOPLE}{person.pk}/change/", {**FORM, "email": "mate@example.com", "name": "First Mate"})

    assert AuditEvent.objects.get(action="crew:person:change").data == {"name": ["Mate", "First Mate"]}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"email": "BOSS@example.com"}, "Somebody with this address exists already."),
        ({"email": "nobody"}, "Enter a valid email address."),
        # A validator of forms takes it, and the code that is to go there would end sign-in with an error.
        ({"email": "mate@[127.0.0.1]"}, "is not one mail address"),
        ({"name": "Mate\nBcc: x@example.com"}, "which a mail header cannot bear"),
        ({"zone": "../etc"}, "is not a time zone"),
        ({"zone": "Atlantis"}, "is not a time zone"),
    ],
)
def test_an_odd_person_is_refused(
    client: Client, boss: Person, changed: dict[str, str], sentence: str
) -> None:
    answer = client.post(f"{PEOPLE}add/", {**FORM, **changed})

    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert Person.objects.count() == 1


def test_nobody_is_deleted(client: Client, boss: Person) -> None:
    person = PersonFactory()

    assert client.post(f"{PEOPLE}{person.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in client.get(PEOPLE).content.decode()


def test_a_duty_is_given_and_revoked(client: Client, boss: Person) -> None:
    person, entity = PersonFactory(), EntityFactory()

    given = client.post(f"{GRANTS}add/", {"person": person.pk, "duty": "reader", "entity": entity.pk})
    grant = StaffGrant.objects.get(person=person)
    assert given.status_code == 302
    assert access.may(Person.objects.get(pk=person.pk), "read", entity.pk)

    revoked = client.post(GRANTS, {"action": "revoke", "_selected_action": [grant.pk]}, follow=True)
    assert "Revoked:" in revoked.content.decode()
    assert not access.may(Person.objects.get(pk=person.pk), "read", entity.pk)
    again = client.post(GRANTS, {"action": "revoke", "_selected_action": [grant.pk]}, follow=True)
    assert "was revoked before" in again.content.decode()
    assert list(
        AuditEvent.objects.filter(subject_id=str(grant.pk), subject_type="crew.staffgrant")
        .order_by("id")
        .values_list("action", "actor")
    ) == [("crew:grant:give", boss.pk), ("crew:grant:revoke", boss.pk)]


@pytest.mark.parametrize("on_entity", [True, False])
def test_a_duty_held_already_is_refused_with_a_sentence(
    client: Client, boss: Person, on_entity: bool
) -> None:
    entity = EntityFactory()
    grant = StaffGrantFactory(entity=entity if on_entity else None, duty=Duty.READER)

    answer = client.post(
        f"{GRANTS}add/",
        {"person": grant.person_id, "duty": "reader", "entity": entity.pk if on_entity else ""},
        follow=True,
    )

    assert answer.redirect_chain == [(GRANTS, 302)]
    assert "already; revoke that grant first" in answer.content.decode()
    assert StaffGrant.objects.filter(person=grant.person).count() == 1


def test_a_duty_is_neither_edited_nor_deleted(client: Client, boss: Person) -> None:
    grant = StaffGrantFactory()

    assert client.post(f"{GRANTS}{grant.pk}/change/", {"duty": "owner"}).status_code == 403
    assert client.post(f"{GRANTS}{grant.pk}/delete/", {"post": "yes"}).status_code == 403


def test_nobody_gets_a_second_address_to_sign_in_with(client: Client, boss: Person) -> None:
    assert client.get("/admin/account/emailaddress/").status_code == 404
    assert "Email addresses" not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("path", [PEOPLE, GRANTS, "/admin/"])
def test_the_admin_is_for_its_staff(client: Client, path: str) -> None:
    assert client.get(path).headers["Location"].startswith("/admin/login/")
    client.force_login(owner())
    assert client.get(path, follow=True).status_code == 403


def test_lists_take_the_same_queries_however_long(
    client: Client, boss: Person, django_assert_num_queries
) -> None:  # type: ignore[no-untyped-def]
    StaffGrantFactory(entity=EntityFactory())
    counted = {PEOPLE: 7, GRANTS: 8}
    for path, queries in counted.items():
        with django_assert_num_queries(queries):
            client.get(path)
    for _ in range(5):
        StaffGrantFactory(entity=EntityFactory())
    for path, queries in counted.items():
        with django_assert_num_queries(queries):
            client.get(path)


def test_somebody_is_signed_out_everywhere(client: Client, boss: Person) -> None:
    person, phone = PersonFactory(), Client()
    phone.force_login(person)
    assert phone.get("/grants/").status_code == 200

    client.post(PEOPLE, {"action": "sign_out_everywhere", "_selected_action": [str(person.pk)]})

    assert phone.get("/grants/").status_code == 302
    assert AuditEvent.objects.get(action="crew:person:sign_out_everywhere").actor == boss
