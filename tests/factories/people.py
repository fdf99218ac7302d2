"""People and their duties."""

import datetime as dt

import factory

from crew.models import Duty, Person, StaffGrant

GRANTED_AT = dt.datetime(2026, 1, 2, 18, 0, tzinfo=dt.UTC)


class PersonFactory(factory.django.DjangoModelFactory[Person]):
    """Somebody with an address and no duty."""

    class Meta:
        model = Person

    email = factory.Sequence(lambda number: f"person{number}@example.com")
    name = factory.Sequence(lambda number: f"Person {number}")

    @classmethod
    def _create(cls, model_class, *args, **kwargs):  # type: ignore[no-untyped-def]
        return model_class.objects.create_user(*args, **kwargs)


class StaffGrantFactory(factory.django.DjangoModelFactory[StaffGrant]):
    """A duty on the whole portfolio unless an entity is given."""

    class Meta:
        model = StaffGrant

    person = factory.SubFactory(PersonFactory)
    entity = None
    duty = Duty.READER
    granted_at = GRANTED_AT


def owner(**fields: object) -> Person:
    """Return somebody who owns the whole portfolio."""
    return StaffGrantFactory(duty=Duty.OWNER, person=PersonFactory(**fields)).person


def bookkeeper(**fields: object) -> Person:
    """Return somebody who keeps the books of the whole portfolio."""
    return StaffGrantFactory(duty=Duty.BOOKKEEPER, person=PersonFactory(**fields)).person


def reader_of(entity: object, **fields: object) -> Person:
    """Return somebody who reads one entity and nothing else."""
    return StaffGrantFactory(duty=Duty.READER, entity=entity, person=PersonFactory(**fields)).person


def outsider(**fields: object) -> Person:
    """Return somebody who may sign in and has no duty."""
    return PersonFactory(**fields)
