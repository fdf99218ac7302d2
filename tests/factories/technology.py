"""Systems, snapshots, findings and what was measured."""

import datetime as dt

import factory

from core import months
from portfolio.models import (
    CacheRule,
    Deployment,
    DeploymentOutcome,
    DnsRecord,
    DomainName,
    MeasureName,
    SnapshotSource,
    SystemKind,
    TechCost,
    TechFinding,
    TechFindingKind,
    TechMeasure,
    TechSnapshot,
    TechSystem,
)
from tests.factories.portfolio import EntityFactory

AT = dt.datetime(2026, 11, 10, 18, 0, tzinfo=dt.UTC)


class TechSystemFactory(factory.django.DjangoModelFactory[TechSystem]):
    class Meta:
        model = TechSystem

    entity = factory.SubFactory(EntityFactory)
    slug = factory.Sequence(lambda number: f"function-{number}")
    name = factory.LazyAttribute(lambda system: system.slug)
    kind = SystemKind.FUNCTION


class TechSnapshotFactory(factory.django.DjangoModelFactory[TechSnapshot]):
    class Meta:
        model = TechSnapshot

    source = SnapshotSource.HAND
    taken_at = AT
    covers_on = factory.Sequence(lambda number: dt.date(2026, 11, 9) - dt.timedelta(days=number))


class TechFindingFactory(factory.django.DjangoModelFactory[TechFinding]):
    class Meta:
        model = TechFinding

    entity = factory.SubFactory(EntityFactory)
    key = factory.Sequence(lambda number: f"finding-{number}")
    kind = TechFindingKind.SECURITY
    title = "No rate limiting on the API gateway"
    severity = 3
    exposure = 2
    first_seen_on = dt.date(2026, 11, 9)


class TechCostFactory(factory.django.DjangoModelFactory[TechCost]):
    class Meta:
        model = TechCost

    snapshot = factory.SubFactory(TechSnapshotFactory)
    entity = factory.SubFactory(EntityFactory)
    month = months.month_of(dt.date(2026, 10, 1))
    service = "Amazon S3"
    amount_minor = 12_40


class TechMeasureFactory(factory.django.DjangoModelFactory[TechMeasure]):
    class Meta:
        model = TechMeasure

    snapshot = factory.SubFactory(TechSnapshotFactory)
    system = factory.SubFactory(TechSystemFactory)
    on = dt.date(2026, 11, 9)
    name = MeasureName.INVOCATIONS
    value = 1800


class DeploymentFactory(factory.django.DjangoModelFactory[Deployment]):
    class Meta:
        model = Deployment

    entity = factory.SubFactory(EntityFactory)
    at = AT
    what = "frontend"
    outcome = DeploymentOutcome.OK


class DomainNameFactory(factory.django.DjangoModelFactory[DomainName]):
    class Meta:
        model = DomainName

    entity = factory.SubFactory(EntityFactory)
    name = "example.com"
    seen_on = dt.date(2026, 11, 9)


class DnsRecordFactory(factory.django.DjangoModelFactory[DnsRecord]):
    class Meta:
        model = DnsRecord

    entity = factory.SubFactory(EntityFactory)
    zone = "example.com"
    name = "www.example.com"
    type = "A"
    ttl = 300
    value = "192.0.2.10"
    seen_on = dt.date(2026, 11, 9)


class CacheRuleFactory(factory.django.DjangoModelFactory[CacheRule]):
    class Meta:
        model = CacheRule

    entity = factory.SubFactory(EntityFactory)
    path = "/index.html"
    seconds = 300
    said_by = "Bucket metadata"
