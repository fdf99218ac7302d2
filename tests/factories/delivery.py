"""A delivery's job, steps, gates, crew and incidents."""

import datetime as dt

import factory

from portfolio.models import (
    DeliveryJob,
    EntityKind,
    GateKind,
    IncidentSeverity,
    JobCrew,
    JobGate,
    JobIncident,
    JobRole,
    JobStage,
    JobStep,
)
from tests.factories.portfolio import BookingFactory, EntityFactory


class DeliveryFactory(EntityFactory):
    kind = EntityKind.DELIVERY


class DeliveryJobFactory(factory.django.DjangoModelFactory[DeliveryJob]):
    class Meta:
        model = DeliveryJob

    booking = factory.SubFactory(
        BookingFactory, entity=factory.SubFactory(DeliveryFactory), kind="delivery", party_size=0
    )
    vessel = "47 ft ketch"
    from_place = "San Diego"
    to_place = "San Francisco"
    miles_tenths = 5020
    promised_on = dt.date(2026, 10, 5)


class JobStepFactory(factory.django.DjangoModelFactory[JobStep]):
    class Meta:
        model = JobStep

    job = factory.SubFactory(DeliveryJobFactory)
    stage = JobStage.QUOTED
    on = dt.date(2026, 9, 1)


class JobGateFactory(factory.django.DjangoModelFactory[JobGate]):
    class Meta:
        model = JobGate

    job = factory.SubFactory(DeliveryJobFactory)
    kind = GateKind.SURVEY
    name = "Survey"


class JobCrewFactory(factory.django.DjangoModelFactory[JobCrew]):
    class Meta:
        model = JobCrew

    job = factory.SubFactory(DeliveryJobFactory)
    role = JobRole.CAPTAIN
    who = "Captain (primary)"
    days_tenths = 100


class JobIncidentFactory(factory.django.DjangoModelFactory[JobIncident]):
    class Meta:
        model = JobIncident

    job = factory.SubFactory(DeliveryJobFactory)
    on = dt.date(2026, 10, 3)
    severity = IncidentSeverity.LOW
    what = "Fuel filter changed under way"
