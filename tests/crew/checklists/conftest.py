"""An event, a deckhand and a captain on it, and items as pages read them."""

import datetime as dt

import pytest

from crew.domain import checklists
from crew.domain.history import Actor
from crew.models import ChecklistItem, Event
from tests.factories.crew import ChecklistItemFactory, EventFactory, EventGrantFactory
from tests.factories.people import PersonFactory

# 14:02 at the port.
AT = dt.datetime(2026, 11, 28, 22, 2, tzinfo=dt.UTC)


@pytest.fixture
def event(db: None) -> Event:
    return EventFactory()


@pytest.fixture
def ana(event: Event) -> Actor:
    grant = EventGrantFactory(event=event, person=PersonFactory(name="Ana"))
    return Actor(grant.person, grant.pk)


@pytest.fixture
def ben(event: Event) -> Actor:
    grant = EventGrantFactory(event=event, person=PersonFactory(name="Ben"), role="captain")
    return Actor(grant.person, grant.pk)


def read(item: ChecklistItem) -> ChecklistItem:
    """Return the item as another page would have read it."""
    return ChecklistItem.objects.select_related("event__entity", "event__port").get(pk=item.pk)


def claimed(event: Event, by: Actor, **fields: object) -> ChecklistItem:
    item = ChecklistItemFactory(event=event, **fields)
    checklists.claim_item(item=item, by=by, at=AT)
    return read(item)
