"""Entities and what hangs on them. Journal entries are not made here: only `portfolio.domain.ledger` posts."""

import datetime as dt

import factory

from portfolio.models import (
    Agreement,
    Asset,
    AssetKind,
    Booking,
    BookingStage,
    Channel,
    ChannelStatus,
    Client,
    ClientContract,
    ContractState,
    Entity,
    HandoffFile,
    HandoffRow,
    ImportFile,
    ImportKind,
    KpiValue,
    PlanMilestone,
    PlanName,
    ProfitabilityModel,
    Rebillable,
    Responsibility,
    Stake,
)
from portfolio.models.entity import EntityKind

READ_AT = dt.datetime(2026, 11, 10, 18, 0, tzinfo=dt.UTC)


class EntityFactory(factory.django.DjangoModelFactory[Entity]):
    class Meta:
        model = Entity

    slug = factory.Sequence(lambda number: f"entity-{number}")
    name = factory.LazyAttribute(lambda entity: entity.slug.replace("-", " ").title())
    kind = EntityKind.CHARTER


class StakeFactory(factory.django.DjangoModelFactory[Stake]):
    class Meta:
        model = Stake

    entity = factory.SubFactory(EntityFactory)
    holder = factory.Sequence(lambda number: f"Partner {number}")
    share_bp = 2000
    vesting_months = 48
    agreement = Agreement.UNSIGNED


class AssetFactory(factory.django.DjangoModelFactory[Asset]):
    class Meta:
        model = Asset

    entity = factory.SubFactory(EntityFactory)
    kind = AssetKind.VESSEL
    name = factory.Sequence(lambda number: f"S/V Asset {number}")
    value_minor = 9_600_000


class ResponsibilityFactory(factory.django.DjangoModelFactory[Responsibility]):
    class Meta:
        model = Responsibility

    entity = factory.SubFactory(EntityFactory)
    role = factory.Sequence(lambda number: f"Role {number}")
    who = "Somebody"


class ChannelFactory(factory.django.DjangoModelFactory[Channel]):
    class Meta:
        model = Channel

    entity = factory.SubFactory(EntityFactory)
    slug = factory.Sequence(lambda number: f"channel-{number}")
    name = factory.LazyAttribute(lambda channel: channel.slug.title())
    status = ChannelStatus.NOT_LISTED


class ClientFactory(factory.django.DjangoModelFactory[Client]):
    class Meta:
        model = Client

    entity = factory.SubFactory(EntityFactory)
    name = factory.Sequence(lambda number: f"Client {number}")


class ContractFactory(factory.django.DjangoModelFactory[ClientContract]):
    class Meta:
        model = ClientContract

    entity = factory.SubFactory(EntityFactory)
    client = factory.SubFactory(ClientFactory, entity=factory.SelfAttribute("..entity"))
    state = ContractState.VERBAL


class RebillableFactory(factory.django.DjangoModelFactory[Rebillable]):
    class Meta:
        model = Rebillable

    contract = factory.SubFactory(ContractFactory)
    on = dt.date(2026, 10, 3)
    what = "Hosting, October"
    amount_minor = 3800


class PlanMilestoneFactory(factory.django.DjangoModelFactory[PlanMilestone]):
    class Meta:
        model = PlanMilestone

    plan = PlanName.BREAK_EVEN
    position = factory.Sequence(lambda number: number + 1)
    title = factory.Sequence(lambda number: f"Milestone {number}")
    promised_on = dt.date(2026, 11, 30)
    due_on = dt.date(2026, 11, 30)
    source = "Owner"


class BookingFactory(factory.django.DjangoModelFactory[Booking]):
    class Meta:
        model = Booking

    entity = factory.SubFactory(EntityFactory)
    reference = factory.Sequence(lambda number: f"BK-{number:04d}")
    title = "Sunset sail"
    kind = "charter"
    client_name = "Ada Client"
    client_email = "ada@example.com"
    party_size = 4
    stage = BookingStage.ENQUIRY
    enquired_on = dt.date(2026, 11, 1)
    price_minor = 210_000


class KpiValueFactory(factory.django.DjangoModelFactory[KpiValue]):
    class Meta:
        model = KpiValue

    entity = factory.SubFactory(EntityFactory)
    key = factory.Sequence(lambda number: f"kpi-{number}")
    label = factory.LazyAttribute(lambda value: value.key.title())
    as_of = dt.date(2026, 10, 31)
    value = 11
    unit = "per month"
    source = "qos.md line 17"


class ProfitabilityModelFactory(factory.django.DjangoModelFactory[ProfitabilityModel]):
    class Meta:
        model = ProfitabilityModel

    entity = factory.SubFactory(EntityFactory)
    name = factory.Sequence(lambda number: f"Model {number}")
    price_minor = 210_000
    source = "qos.md line 25"


class HandoffFileFactory(factory.django.DjangoModelFactory[HandoffFile]):
    class Meta:
        model = HandoffFile

    entity = factory.SubFactory(EntityFactory)
    name = "entity.md"
    sha256 = factory.Sequence(lambda number: f"{number:064x}")
    updated_on = dt.date(2026, 11, 9)
    read_at = READ_AT


class HandoffRowFactory(factory.django.DjangoModelFactory[HandoffRow]):
    class Meta:
        model = HandoffRow

    file = factory.SubFactory(HandoffFileFactory)
    line = factory.Sequence(lambda number: number + 10)
    section = "KPIs"
    kind = "kpi"
    label = factory.Sequence(lambda number: f"Row {number}")


class ImportFileFactory(factory.django.DjangoModelFactory[ImportFile]):
    class Meta:
        model = ImportFile

    entity = factory.SubFactory(EntityFactory)
    kind = ImportKind.BANK_CSV
    name = factory.Sequence(lambda number: f"bank-{number}.csv")
    sha256 = factory.Sequence(lambda number: f"{number:064x}")
    lines_read = 3
    lines_new = 3
    covers_to = dt.date(2026, 11, 10)
    landed_at = READ_AT
