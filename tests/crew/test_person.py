"""People: one address, one person, in any case of letters."""

import pytest
from django.db import IntegrityError, transaction

from crew.models import Person
from tests.factories.people import PersonFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("again", ["owner@example.com", "OWNER@example.com", "Owner@Example.Com"])
def test_an_address_belongs_to_one_person_in_any_case(again: str) -> None:
    Person(email="owner@example.com").save()

    with pytest.raises(IntegrityError), transaction.atomic():
        Person(email=again).save()

    assert Person.objects.count() == 1


def test_a_person_is_stored_in_lower_case_and_has_no_password() -> None:
    person = Person.objects.create_user("  Mate@Example.COM ")

    assert person.email == "mate@example.com"
    assert not person.has_usable_password()


def test_a_person_is_found_in_any_case() -> None:
    person = PersonFactory(email="mate@example.com")

    assert Person.objects.get_by_natural_key("MATE@example.com") == person


def test_a_person_needs_an_address() -> None:
    with pytest.raises(ValueError, match="A person needs an email address."):
        Person.objects.create_user("")

    with pytest.raises(IntegrityError, match="person_has_email"), transaction.atomic():
        Person(email="").save()


def test_cleaning_puts_a_typed_address_in_lower_case() -> None:
    person = Person(email="Mate@EXAMPLE.com", name="Mate")
    person.set_unusable_password()
    person.full_clean()

    assert person.email == "mate@example.com"


def test_a_person_is_called_by_name_or_else_by_address() -> None:
    assert str(Person(name="Mate", email="mate@example.com")) == "Mate"
    assert str(Person(email="mate@example.com")) == "mate@example.com"
