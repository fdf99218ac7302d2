"""Saturday's sunset sail: its template, its vessel, the limit of the law, and who runs it."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.test import Client

from crew.domain import events
from crew.domain.history import Actor
from crew.domain.terms import Terms
from crew.models import Event, EventTemplate, Person, Port, Station, Vessel
from portfolio.models import Entity
from tests.factories import people
from tests.factories.crew import (
    NOW,
    SATURDAY,
    ChecklistTemplateFactory,
    EventTemplateFactory,
    ItemTemplateFactory,
    OperatingLimitFactory,
    PortFactory,
    PositionTemplateFactory,
    VesselFactory,
)
from tests.factories.portfolio import EntityFactory


@dataclass(frozen=True)
class Harbor:
    """One entity with a vessel, a template of two positions and two items, and its admin."""

    entity: Entity
    port: Port
    vessel: Vessel
    template: EventTemplate
    admin: Person
    by: Actor

    def terms(self, **changed: Any) -> Terms:
        """Return what the template proposes for Saturday, with some of it changed."""
        proposed = events.from_template(
            template=self.template, on=SATURDAY, vessel=self.vessel, port=self.port
        )
        return replace(proposed, **changed)

    def event(self, **changed: Any) -> Event:
        """Write Saturday's event down."""
        return events.create(template=self.template, terms=self.terms(**changed), by=self.by, at=NOW)

    def client(self, person: Person | None = None) -> Client:
        """Return a browser in which somebody is signed in, the admin unless another is named."""
        client = Client()
        client.force_login(person or self.admin)
        return client


def build_harbor() -> Harbor:
    """Make the harbor; also for tests that commit."""
    entity = EntityFactory(slug="qos", name="Queen of San Diego")
    port = PortFactory(name="Shelter Island")
    vessel = VesselFactory(entity=entity, name="S/V Halcyon", home_port=port)
    OperatingLimitFactory()
    template = EventTemplateFactory(entity=entity, name="Sunset sail")
    PositionTemplateFactory(template=template, station=Station.CAPTAIN)
    PositionTemplateFactory(template=template, station=Station.DECKHAND, count=2)
    checklist = ChecklistTemplateFactory(name="Before we leave")
    ItemTemplateFactory(checklist=checklist, text="Engine oil", critical=True, due_minutes=-60)
    ItemTemplateFactory(checklist=checklist, text="Flag up")
    template.checklists.add(checklist)
    admin = people.StaffGrantFactory(
        duty="bookings", entity=entity, person=people.PersonFactory(name="Bea Bookings")
    ).person
    return Harbor(entity, port, vessel, template, admin, Actor(admin))


@pytest.fixture
def harbor(db: None) -> Harbor:
    """Return the harbor."""
    return build_harbor()
