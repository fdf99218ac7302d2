"""A small world for pages: one entity full of records, another beside it, and somebody of every kind."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.test import Client

from crew.models import Person
from portfolio.domain import chart, documents, ledger
from portfolio.domain import terms as cancellation
from portfolio.domain.ledger import Line
from portfolio.models import (
    Account,
    Bill,
    BillPayment,
    Booking,
    BookingStage,
    CancellationTerms,
    CapitalOption,
    CapitalTier,
    CategoryRule,
    Channel,
    ClientContract,
    ColumnMap,
    Commission,
    Entity,
    EntrySource,
    HandoffFile,
    ImportedLine,
    ImportFile,
    ImportKind,
    JournalEntry,
    MonthlyTarget,
    ProfitabilityModel,
    Responsibility,
    SampleMark,
    Stake,
    StripeEvent,
    Vendor,
)
from tests import standing
from tests.factories import people
from tests.factories.portfolio import (
    AssetFactory,
    BookingFactory,
    ChannelFactory,
    ContractFactory,
    EntityFactory,
    HandoffFileFactory,
    HandoffRowFactory,
    ImportFileFactory,
    KpiValueFactory,
    ProfitabilityModelFactory,
    ResponsibilityFactory,
    StakeFactory,
)

AT = dt.datetime(2026, 11, 10, 18, 0, tzinfo=dt.UTC)
AS_OF = dt.date(2026, 11, 10)
OCTOBER, NOVEMBER = 2026 * 12 + 9, 2026 * 12 + 10


@dataclass(frozen=True)
class Records:
    """One entity and one record of every kind that hangs on it."""

    entity: Entity
    accounts: dict[str, Account]
    entry: JournalEntry
    booking: Booking
    stake: Stake
    channel: Channel
    contract: ClientContract
    responsibility: Responsibility
    model: ProfitabilityModel
    handoff: HandoffFile
    file: ImportFile
    bank_line: ImportedLine
    rule: CategoryRule
    column_map: ColumnMap
    terms: CancellationTerms
    vendor: Vendor
    bill: Bill
    bill_payment: BillPayment
    stripe_event: StripeEvent

    def marks(self) -> list[str]:
        """Return words that stand on no page of another entity."""
        return [self.entity.name, self.entry.memo, self.booking.title, self.stake.holder, self.file.name]


@dataclass(frozen=True)
class World:
    """Two entities and the people who look at them."""

    mine: Records
    other: Records
    owner: Person
    bookkeeper: Person
    bookings: Person
    reader: Person
    outsider: Person

    def client(self, who: str) -> Client:
        """Return a browser in which somebody is signed in; ``anonymous`` is nobody."""
        client = Client()
        if who != "anonymous":
            client.force_login(getattr(self, who))
        return client


def post(
    records: Any, debit: str, credit: str, amount: int, on: dt.date, memo: str, **fields: Any
) -> JournalEntry:
    """Post an entry of two lines between two accounts by code."""
    return ledger.post(
        entity=records if isinstance(records, Entity) else records.entity,
        on=on,
        memo=memo,
        lines=[
            Line(account_of(records, debit), amount, fields.get("booking")),
            Line(account_of(records, credit), -amount, fields.get("booking")),
        ],
        source=fields.get("source", EntrySource.MANUAL),
        origin=fields.get("origin", ""),
        by=None,
        at=AT,
    )


def account_of(records: Any, code: str) -> Account:
    """Return an entity's account by code."""
    entity = records if isinstance(records, Entity) else records.entity
    return Account.objects.get(entity=entity, code=code)


def everything(slug: str, name: str) -> Records:
    """Make an entity with one record of every kind; its words begin with its name."""
    entity = EntityFactory(slug=slug, name=name)
    accounts = chart.open_chart(entity=entity)
    channel = ChannelFactory(entity=entity, slug="sailo", name=f"{name} Sailo", gates=["photos"])
    Commission.objects.create(channel=channel, effective_on=dt.date(2026, 1, 1), rate_bp=700, source="note")
    booking = BookingFactory(
        entity=entity,
        title=f"{name} sunset sail",
        channel=channel,
        stage=BookingStage.BOOKED,
        quoted_on=dt.date(2026, 11, 2),
        booked_on=dt.date(2026, 11, 3),
        service_on=dt.date(2026, 11, 8),
    )
    post(entity, "1010", "3000", 500_000, dt.date(2026, 10, 1), f"{name} opening")
    dockage = post(entity, "6100", "1010", 118_000, dt.date(2026, 10, 5), f"{name} dockage")
    vendor = Vendor.objects.create(entity=entity, name=f"{name} rigging", contractor=True)
    bill = Bill.objects.create(
        entity=entity, vendor=vendor, reference=f"{name}-77", issued_on=dt.date(2026, 10, 5), due_on=dt.date(2026, 11, 4),
        total_minor=118_000, settled_minor=18_000, entry=dockage,
    )  # fmt: skip
    entry = post(
        entity, "1010", "4000", 210_000, dt.date(2026, 11, 9), f"{name} charter paid",
        booking=booking, source=EntrySource.BANK, origin=f"{slug}.csv line 3",
    )  # fmt: skip
    documents.attach(entry=entry, content=b"%PDF-1.7 receipt", name=f"{name} receipt.pdf", by=None, at=AT)
    file = ImportFileFactory(entity=entity, name=f"{slug}.csv")
    ImportedLine.objects.create(
        entity=entity, file=file, kind=ImportKind.BANK_CSV, line=3, external_id=f"{slug}-3", body_hash="0" * 64,
        on=dt.date(2026, 11, 9), amount_minor=210_000, description=f"{name} charter paid", entry=entry, booking=booking,
    )  # fmt: skip
    bank_line = ImportedLine.objects.create(
        entity=entity, kind=ImportKind.BANK_CSV, line=9, external_id=f"{slug}-9", body_hash="0" * 64,
        on=dt.date(2026, 10, 6), amount_minor=-118_000, description=f"{name} dockage of October",
        account=account_of(entity, "1010"), waits=True,
    )  # fmt: skip
    rule = CategoryRule.objects.create(
        entity=entity, position=9, contains="lighthouse", account=account_of(entity, "6300")
    )
    column_map = ColumnMap.objects.create(
        entity=entity, account=account_of(entity, "1010"), name=f"{name} bank", date_format="%d.%m.%Y",
        headings=["Tag", "Zweck", "Betrag"],
        columns={"date": "Tag", "description": "Zweck", "amount": "Betrag"}, decimal_comma=True,
    )  # fmt: skip
    handoff = HandoffFileFactory(entity=entity, name=f"{slug}.md")
    HandoffRowFactory(file=handoff, label=f"{name} enquiries", line=17, number=11, unit="per month")
    HandoffRowFactory(
        file=handoff, label=f"{name} keys", line=60, kind="debt", severity="critical", done=False
    )
    KpiValueFactory(entity=entity, label=f"{name} enquiries")
    KpiValueFactory(entity=entity, label=f"{name} conversion", tracked=False, value=None)
    AssetFactory(entity=entity, name=f"{name} sloop")
    MonthlyTarget.objects.create(entity=entity, month=NOVEMBER, revenue_minor=1_000_000, source="plan")
    CapitalOption.objects.create(
        entity=entity, tier=CapitalTier.ZERO_COST, name=f"{name} list it", outlay_minor=0, source="plan"
    )
    return Records(
        entity=entity,
        accounts=accounts,
        entry=entry,
        booking=booking,
        stake=StakeFactory(entity=entity, holder=f"{name} partner"),
        channel=channel,
        contract=ContractFactory(entity=entity, client__name=f"{name} client"),
        responsibility=ResponsibilityFactory(entity=entity, role=f"{name} operations lead"),
        model=ProfitabilityModelFactory(entity=entity, name=f"{name} charter model"),
        handoff=handoff,
        file=file,
        bank_line=bank_line,
        rule=rule,
        column_map=column_map,
        terms=cancellation.add(
            entity=entity,
            name=f"{name} terms",
            note="",
            steps=((14, 10_000), (7, 5_000)),
            make_standard=True,
            by=None,
            at=AT,
        ),
        vendor=vendor,
        stripe_event=StripeEvent.objects.create(
            entity=entity,
            event_id=f"evt_{slug}",
            type="charge.succeeded",
            object_id="ch_1",
            livemode=True,
            state="failed",
            body_hash="0" * 64,
            created_at=AT,
            received_at=AT,
            next_try_at=AT,
            tries=1,
            error=f"{name} waits for a key.",
        ),
        bill=bill,
        bill_payment=BillPayment.objects.create(
            entity=entity,
            vendor=vendor,
            bill=bill,
            on=dt.date(2026, 11, 1),
            amount_minor=18_000,
            entry=dockage,
        ),
    )


@standing.fixture
def world() -> World:
    """Return the world, standing at 10 November 2026 as the sample does."""
    SampleMark.objects.create(as_of=AS_OF, loaded_at=AT)
    mine, other = everything("qos", "Queen"), everything("jada", "Jazz")
    return World(
        mine=mine,
        other=other,
        owner=people.owner(name="Olive Owner"),
        bookkeeper=people.bookkeeper(name="Bo Bookkeeper"),
        bookings=people.StaffGrantFactory(duty="bookings", person=people.PersonFactory(name="Bea")).person,
        reader=people.reader_of(mine.entity, name="Rea Reader"),
        outsider=people.outsider(name="Otto Outsider"),
    )
