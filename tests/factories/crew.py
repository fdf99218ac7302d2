"""Events and what hangs on them, as plain rows: what the domain does around them is not done here."""

import datetime as dt

import factory

from crew.models import (
    Anchor,
    ChecklistItem,
    ChecklistTemplate,
    Credential,
    CredentialKind,
    Event,
    EventGrant,
    EventKind,
    EventState,
    EventTemplate,
    Guest,
    ItemTemplate,
    Mode,
    OperatingLimit,
    Phase,
    Port,
    Position,
    PositionState,
    PositionTemplate,
    Role,
    Station,
    Vessel,
)
from tests.factories.people import PersonFactory
from tests.factories.portfolio import EntityFactory

# A Saturday in San Diego, seen on the Monday before.
NOW = dt.datetime(2026, 11, 23, 18, 0, tzinfo=dt.UTC)
SATURDAY = dt.date(2026, 11, 28)
DEPARTS_AT = dt.datetime(2026, 11, 28, 23, 0, tzinfo=dt.UTC)
RETURNS_AT = dt.datetime(2026, 11, 29, 1, 0, tzinfo=dt.UTC)


class PortFactory(factory.django.DjangoModelFactory[Port]):
    """San Diego, at the place of the reference values."""

    class Meta:
        model = Port

    slug = factory.Sequence(lambda number: f"port-{number}")
    name = factory.Sequence(lambda number: f"Harbor {number}")
    latitude = 32.7157
    longitude = -117.1611


class VesselFactory(factory.django.DjangoModelFactory[Vessel]):
    class Meta:
        model = Vessel

    entity = factory.SubFactory(EntityFactory)
    name = factory.Sequence(lambda number: f"S/V Vessel {number}")
    home_port = factory.SubFactory(PortFactory)


class OperatingLimitFactory(factory.django.DjangoModelFactory[OperatingLimit]):
    """Six on an uninspected vessel."""

    class Meta:
        model = OperatingLimit

    mode = Mode.UPV_6
    passengers = 6
    from_on = dt.date(2000, 1, 1)
    source = "46 USC 2101, uninspected passenger vessel"


class EventTemplateFactory(factory.django.DjangoModelFactory[EventTemplate]):
    """A sunset sail: out two hours before sunset, back half an hour before it."""

    class Meta:
        model = EventTemplate

    entity = factory.SubFactory(EntityFactory)
    name = factory.Sequence(lambda number: f"Sunset sail {number}")
    kind = EventKind.SUNSET_SAIL
    mode = Mode.UPV_6
    capacity = 6
    departure_anchor = Anchor.SUNSET
    departure_minutes = -120
    return_anchor = Anchor.SUNSET
    return_minutes = -30


class PositionTemplateFactory(factory.django.DjangoModelFactory[PositionTemplate]):
    class Meta:
        model = PositionTemplate

    template = factory.SubFactory(EventTemplateFactory)
    station = Station.DECKHAND


class ChecklistTemplateFactory(factory.django.DjangoModelFactory[ChecklistTemplate]):
    class Meta:
        model = ChecklistTemplate

    name = factory.Sequence(lambda number: f"Checklist {number}")
    phase = Phase.PRE_DEPARTURE


class ItemTemplateFactory(factory.django.DjangoModelFactory[ItemTemplate]):
    class Meta:
        model = ItemTemplate

    checklist = factory.SubFactory(ChecklistTemplateFactory)
    text = factory.Sequence(lambda number: f"Check number {number}")


class EventFactory(factory.django.DjangoModelFactory[Event]):
    """Saturday's sail at fixed local times, open, six seats."""

    class Meta:
        model = Event

    key = factory.Sequence(lambda number: f"evt{number:05d}")
    entity = factory.SubFactory(EntityFactory)
    kind = EventKind.SUNSET_SAIL
    title = factory.Sequence(lambda number: f"Sunset sail {number}")
    state = EventState.OPEN
    vessel = factory.SubFactory(VesselFactory, entity=factory.SelfAttribute("..entity"))
    port = factory.SelfAttribute("vessel.home_port")
    mode = Mode.UPV_6
    legal_limit = 6
    legal_source = "46 USC 2101, uninspected passenger vessel"
    capacity = 6
    departs_on = SATURDAY
    departure_minutes = 15 * 60
    departs_at = DEPARTS_AT
    return_minutes = 17 * 60
    returns_at = RETURNS_AT
    created_at = NOW


class EventGrantFactory(factory.django.DjangoModelFactory[EventGrant]):
    class Meta:
        model = EventGrant

    event = factory.SubFactory(EventFactory)
    person = factory.SubFactory(PersonFactory)
    role = Role.CREW
    granted_at = NOW


class GuestFactory(factory.django.DjangoModelFactory[Guest]):
    class Meta:
        model = Guest

    event = factory.SubFactory(EventFactory)
    name = factory.Sequence(lambda number: f"Guest {number}")
    added_at = NOW


class PositionFactory(factory.django.DjangoModelFactory[Position]):
    """An open deckhand's position; with a holder it is claimed."""

    class Meta:
        model = Position

    event = factory.SubFactory(EventFactory)
    station = Station.DECKHAND
    rate_minor = 15_000
    holder = None
    state = factory.LazyAttribute(
        lambda position: PositionState.CLAIMED if position.holder else PositionState.OPEN
    )


class CredentialFactory(factory.django.DjangoModelFactory[Credential]):
    class Meta:
        model = Credential

    person = factory.SubFactory(PersonFactory)
    kind = CredentialKind.CAPTAIN_LICENCE
    issued_on = dt.date(2024, 1, 1)
    expires_on = dt.date(2028, 12, 31)
    added_at = NOW


class ChecklistItemFactory(factory.django.DjangoModelFactory[ChecklistItem]):
    """A pending tick, due half an hour before departure."""

    class Meta:
        model = ChecklistItem

    event = factory.SubFactory(EventFactory)
    phase = Phase.PRE_DEPARTURE
    sort = factory.Sequence(lambda number: number)
    text = factory.Sequence(lambda number: f"Check number {number}")
    due_minutes = -30
    due_at = factory.LazyAttribute(lambda item: item.event.departs_at - dt.timedelta(minutes=30))


def role_on(event: Event, role: str, **fields: object):  # type: ignore[no-untyped-def]
    """Return a person with one live role on an event."""
    return EventGrantFactory(event=event, role=role, person=PersonFactory(**fields)).person
