"""The sample portfolio's people, all invented, all at example.com. Its records are in `demo/`."""

import datetime as dt
from typing import NamedTuple

from django.db import transaction

from crew.domain import grants, people
from crew.models import Duty, Person, StaffGrant
from portfolio.models import Entity


class SamplePerson(NamedTuple):
    """Somebody invented, their duty, and the entity it is on (None: the whole portfolio)."""

    email: str
    name: str
    duty: Duty
    entity: str | None
    admin: bool = False


PEOPLE = (
    SamplePerson("owner@example.com", "Owner", Duty.OWNER, None, admin=True),
    SamplePerson("books@example.com", "Tomás Reyes", Duty.BOOKKEEPER, None),
    SamplePerson("skipper@example.com", "Ines Halloran", Duty.READER, "qos"),
)


def load(*, at: dt.datetime) -> list[Person]:
    """Add the sample's people and their duties; what is there already stays as it is.

    Raises:
        Entity.DoesNotExist: the sample's records are not loaded yet.
        crew.domain.people.PersonRefusedError: a real person has one of the sample's addresses.
    """
    loaded = []
    with transaction.atomic():
        for invented in PEOPLE:
            person = Person.objects.filter(email=invented.email, sample=True).first()
            if person is None:
                person = people.add_person(
                    email=invented.email,
                    name=invented.name,
                    at=at,
                    by=None,
                    superuser=invented.admin,
                    sample=True,
                )
            entity = Entity.objects.get(slug=invented.entity) if invented.entity else None
            held = StaffGrant.objects.filter(person=person, duty=invented.duty, entity=entity)
            if not held.exists():
                grants.grant_duty(person=person, duty=invented.duty, entity=entity, at=at, by=None)
            loaded.append(person)
    return loaded
