"""Giving and revoking duties: once each, and written into the audit trail."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from core.models import AuditEvent
from crew.domain import grants
from crew.models import Duty, StaffGrant
from tests.factories.people import PersonFactory, StaffGrantFactory
from tests.factories.portfolio import EntityFactory

pytestmark = pytest.mark.django_db

AT = dt.datetime(2026, 11, 10, 18, 0, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(hours=1)


def test_a_duty_is_granted_and_audited() -> None:
    person, giver, entity = PersonFactory(), PersonFactory(), EntityFactory(slug="qos")

    grant = grants.grant_duty(person=person, duty=Duty.READER, entity=entity, at=AT, by=giver)

    assert list(StaffGrant.objects.live()) == [grant]
    event = AuditEvent.objects.get()
    assert (event.action, event.at, event.actor, event.entity_slug) == ("crew:grant:give", AT, giver, "qos")
    assert event.data == {"person": person.email, "duty": "reader"}


@pytest.mark.parametrize("on_entity", [True, False])
def test_the_same_duty_is_not_granted_twice(on_entity: bool) -> None:
    person, entity = PersonFactory(), EntityFactory() if on_entity else None
    grants.grant_duty(person=person, duty=Duty.READER, entity=entity, at=AT, by=None)

    with pytest.raises(grants.DutyHeldAlreadyError, match="revoke that grant first"):
        grants.grant_duty(person=person, duty=Duty.READER, entity=entity, at=LATER, by=None)

    assert StaffGrant.objects.count() == 1
    assert AuditEvent.objects.count() == 1


def test_a_revoked_duty_can_be_granted_anew() -> None:
    person = PersonFactory()
    first = grants.grant_duty(person=person, duty=Duty.OWNER, entity=None, at=AT, by=None)
    grants.revoke_grant(grant=first, at=LATER, by=person)

    second = grants.grant_duty(person=person, duty=Duty.OWNER, entity=None, at=LATER, by=None)

    assert list(StaffGrant.objects.live()) == [second]
    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == [
        "crew:grant:give",
        "crew:grant:revoke",
        "crew:grant:give",
    ]


def test_a_grant_is_revoked_once() -> None:
    grant = StaffGrantFactory(granted_at=AT)
    grants.revoke_grant(grant=grant, at=LATER, by=None)

    with pytest.raises(grants.GrantRevokedAlreadyError):
        grants.revoke_grant(grant=grant, at=LATER, by=None)

    assert AuditEvent.objects.count() == 1


def test_a_grant_is_not_revoked_before_it_was_given() -> None:
    grant = StaffGrantFactory(granted_at=AT)

    with pytest.raises(IntegrityError, match="staff_grant_revoked_after_granted"), transaction.atomic():
        StaffGrant.objects.filter(pk=grant.pk).update(revoked_at=AT - dt.timedelta(seconds=1))
