"""`manage.py add_staff`: the first owner comes from the operator's keyboard."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from core import access
from core.models import AuditEvent
from crew.models import Person, StaffGrant
from tests.factories.people import PersonFactory
from tests.factories.portfolio import EntityFactory

pytestmark = pytest.mark.django_db


def test_a_new_owner_may_own_everything() -> None:
    out = StringIO()

    call_command("add_staff", "Boss@Example.com", "owner", name="Boss", admin=True, stdout=out)

    boss = Person.objects.get()
    assert (boss.email, boss.name, boss.is_superuser, boss.has_usable_password()) == (
        "boss@example.com",
        "Boss",
        True,
        False,
    )
    assert access.may(boss, "own")
    assert out.getvalue() == "boss@example.com is now owner of the whole portfolio.\n"
    assert AuditEvent.objects.count() == 2


def test_somebody_known_gets_a_duty_on_one_entity() -> None:
    person, entity = PersonFactory(email="mate@example.com"), EntityFactory(slug="qos", name="Queen")

    call_command("add_staff", "MATE@example.com", "reader", entity="qos", stdout=StringIO())

    grant = StaffGrant.objects.get()
    assert (grant.person, grant.entity, grant.duty) == (person, entity, "reader")
    assert not Person.objects.get().is_staff


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        (("boss@example.com", "emperor"), {}, "'emperor' is not a duty; use one of owner, bookkeeper"),
        (("nobody", "owner"), {}, "The address 'nobody' is not one mail address"),
        (
            ("boss@example.com", "owner"),
            {"entity": "atlantis"},
            "There is no entity 'atlantis'; there are: qos.",
        ),
        (("held@example.com", "reader"), {}, "is reader of the whole portfolio already"),
    ],
)
def test_bad_input_is_refused_whole(
    arguments: tuple[str, str], options: dict[str, str], sentence: str
) -> None:
    EntityFactory(slug="qos")
    held = PersonFactory(email="held@example.com")
    call_command("add_staff", held.email, "reader", stdout=StringIO())
    before = (Person.objects.count(), StaffGrant.objects.count(), AuditEvent.objects.count())

    with pytest.raises(CommandError, match=sentence) as refused:
        call_command("add_staff", *arguments, **options)

    assert refused.value.returncode == 2
    assert (Person.objects.count(), StaffGrant.objects.count(), AuditEvent.objects.count()) == before
