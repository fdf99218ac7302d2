"""A portfolio as large as we promise reports for: the sample, grown to so many postings and events over three years.

``python -m bench.books.reports_world POSTINGS EVENTS`` grows the sample in ``DATA_DIR``. Every event has a booking whose
money is ten postings, from deposit to completion; every yacht delivery its job, every night let its stay, and the agency
its invoices. What is left of the postings are the bank's lines: costs of every kind, paid from the bank. It is the same for
the same numbers every time.
"""

import datetime as dt
import os
import random
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench import lib

lib.django_for(Path(os.environ["DATA_DIR"]), migrate=False)

from django.db import connection  # noqa: E402

from core import clock  # noqa: E402
from crew.models import Event  # noqa: E402
from portfolio.domain import ledger, queries  # noqa: E402
from portfolio.models import (  # noqa: E402
    Account,
    AccountRole,
    Allocation,
    Booking,
    Client,
    DeliveryJob,
    Entity,
    EntryChain,
    EntrySource,
    Invoice,
    InvoiceLine,
    InvoiceState,
    Payment,
    Posting,
    Stay,
)

DAYS = 3 * 365
BATCH = 20_000
# Of a hundred events, how many are of which entity, and what its bookings are.
SHARES = {"qos": (62, "charter"), "jada": (15, "concert"), "qdn": (8, "haul"), "eyd": (8, "delivery"), "rental-3028": (7, "stay")}  # fmt: skip
# The costs of a booking, in cents a dollar of its price; its price comes in two halves, each less the card's fee.
COSTS = (25, 8, 3, 2)
FEE = 29
LETTERS = "abcdefghijklmnopqrst"


def main() -> None:
    """Grow the sample."""
    postings, events = int(sys.argv[1]), int(sys.argv[2])
    as_of = queries.sample_as_of()
    if as_of is None:
        raise LookupError("There is no sample to grow.")
    chance = random.Random(1)
    # The sample's books began a year ago; these did two years earlier.
    EntryChain.objects.update(opened_on=None)
    entities = {entity.slug: entity for entity in Entity.objects.all()}
    accounts = {slug: Accounts(entity) for slug, entity in entities.items()}
    for slug, (share, kind) in SHARES.items():
        made = _bookings(entities[slug], kind, events * share // 100, as_of, chance)
        _post(
            entities[slug], (draft for booking in made for draft in _money(booking, accounts[slug], chance))
        )
    _invoices(entities["dc"], accounts["dc"], events // 10, as_of, chance)
    left = postings - Posting.objects.count()
    spenders = [entity for entity in entities.values() if accounts[entity.slug].costs]
    for entity in spenders:
        _post(entity, _bank_lines(accounts[entity.slug], left // 2 // len(spenders), as_of, chance))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")
    connection.close()


class Accounts:
    """The accounts of an entity that its entries need."""

    def __init__(self, entity: Entity) -> None:
        """Read them."""
        rows = list(Account.objects.filter(entity=entity, active=True).order_by("code"))
        self._first: dict[str, Account] = {}
        for account in rows:
            self._first.setdefault(account.role, account)
        self.costs = [row for row in rows if row.role in (AccountRole.FIXED_COST, AccountRole.DIRECT_COST)]

    def __getitem__(self, role: AccountRole) -> Account:
        """Return the first account of a role."""
        return self._first[role]


def _vendor(chance: random.Random) -> str:
    """Return one of four hundred names without a number, by which the audit knows who was paid."""
    return f"Vendor {chance.choice(LETTERS)}{chance.choice(LETTERS)}"


def _post(entity: Entity, drafts: Iterable[ledger.Draft]) -> None:
    waiting: list[ledger.Draft] = []
    for draft in drafts:
        waiting.append(draft)
        if len(waiting) == BATCH:
            ledger.post_many(entity=entity, drafts=waiting, at=clock.now())
            waiting.clear()
    if waiting:
        ledger.post_many(entity=entity, drafts=waiting, at=clock.now())


def _bookings(entity: Entity, kind: str, many: int, as_of: dt.date, chance: random.Random) -> list[Booking]:
    channels = [*entity.channels.order_by("pk"), None]
    event = Event.objects.filter(entity=entity).order_by("pk").first() or Event.objects.earliest("pk")
    rows, events = [], []
    for number in range(many):
        # The newest are still to come.
        on = as_of + dt.timedelta(days=20 - (DAYS - 10) * (many - number) // many)
        done = on <= as_of
        price = chance.randrange(40_000, 300_000, 100)
        booked = on - dt.timedelta(days=chance.randrange(5, 60))
        key = f"w{entity.pk}-{number}"
        rows.append(
            Booking(
                entity=entity, reference=f"W-{number:05}", title=f"{kind.capitalize()} {number}", kind=kind,
                channel=channels[number % len(channels)], client_name=f"Client {number % 900}", party_size=1 + number % 6,
                stage="completed" if done else "booked", enquired_on=booked - dt.timedelta(days=2),
                quoted_on=booked - dt.timedelta(days=1), booked_on=booked, completed_on=on if done else None,
                service_on=on, price_minor=price, deposit_minor=price // 2,
                paid_minor=price if done else price // 2, event_key=key, source="reports world",
            )
        )  # fmt: skip
        events.append(_copy(event, key=key, entity=entity, on=on, done=done))
    Event.objects.bulk_create(events, batch_size=500)
    made = Booking.objects.bulk_create(rows, batch_size=500)
    if kind == "stay":
        Stay.objects.bulk_create(
            Stay(
                booking=row, check_in=row.service_on - dt.timedelta(days=2), check_out=row.service_on, channel_name="Airbnb"
            )
            for row in made
            if row.service_on
        )  # fmt: skip
    if kind == "delivery":
        DeliveryJob.objects.bulk_create(
            DeliveryJob(
                booking=row, vessel=f"Vessel {row.pk}", from_place="San Diego", to_place="Ensenada", miles_tenths=620,
                stage="closed" if row.completed_on else "deposit", promised_on=row.service_on, arrived_on=row.completed_on,
                estimated_days=2, actual_days=2 if row.completed_on else None,
            )
            for row in made
        )  # fmt: skip
    return made


def _copy(event: Event, *, key: str, entity: Entity, on: dt.date, done: bool) -> Event:
    moved = dt.timedelta(days=(on - event.departs_on).days)
    row = Event(
        **{
            field.attname: getattr(event, field.attname)
            for field in Event._meta.concrete_fields
            if not field.primary_key
        }
    )
    row.key, row.entity, row.departs_on = key, entity, on
    row.departs_at, row.returns_at = event.departs_at + moved, event.returns_at + moved
    row.state = "completed" if done else "confirmed"
    return row


def _money(booking: Booking, accounts: Accounts, chance: random.Random) -> Iterator[ledger.Draft]:
    """Yield a booking's entries: two halves by card, four costs from the bank, and what was earned on its day."""
    assert booking.booked_on is not None
    assert booking.service_on is not None
    half, cash, costs = (
        booking.price_minor // 2,
        accounts[AccountRole.CASH],
        accounts[AccountRole.DIRECT_COST],
    )
    halves = [booking.booked_on, booking.service_on - dt.timedelta(days=1)]
    for on in halves if booking.completed_on else halves[:1]:
        fee = half * FEE // 1000
        yield ledger.Draft(
            on, f"Half of {booking.reference}",
            (
                ledger.Line(accounts[AccountRole.CLEARING], half - fee), ledger.Line(costs, fee, booking),
                ledger.Line(accounts[AccountRole.DEFERRED], -half, booking),
            ),
            EntrySource.STRIPE,
        )  # fmt: skip
        yield ledger.Draft(
            on, "Payout",
            (ledger.Line(cash, half - fee), ledger.Line(accounts[AccountRole.CLEARING], fee - half)), EntrySource.STRIPE,
        )  # fmt: skip
    if booking.completed_on is None:
        return
    for share in COSTS:
        cost = booking.price_minor * share // 100
        yield ledger.Draft(
            booking.completed_on, _vendor(chance),
            (ledger.Line(costs, cost, booking), ledger.Line(cash, -cost)), EntrySource.BANK,
        )  # fmt: skip
    yield ledger.Draft(
        booking.completed_on, f"Completed: {booking.reference}",
        (
            ledger.Line(accounts[AccountRole.DEFERRED], 2 * half, booking),
            ledger.Line(accounts[AccountRole.REVENUE], -2 * half, booking),
        ),
        EntrySource.RECOGNITION,
    )  # fmt: skip


def _invoices(entity: Entity, accounts: Accounts, many: int, as_of: dt.date, chance: random.Random) -> None:
    """Issue invoices, most of them paid after some weeks."""
    clients = list(Client.objects.filter(entity=entity).order_by("pk"))
    cash, owed, revenue = (
        accounts[role] for role in (AccountRole.CASH, AccountRole.RECEIVABLE, AccountRole.REVENUE)
    )
    rows = []
    for number in range(many):
        on = as_of - dt.timedelta(days=DAYS * (many - number) // many)
        rows.append(
            Invoice(
                entity=entity, client=clients[number % len(clients)], reference=f"W-{number}", issued_on=on,
                due_on=on + dt.timedelta(days=30), total_minor=chance.randrange(20_000, 400_000, 100), source="reports world",
            )
        )  # fmt: skip
    Invoice.objects.bulk_create(rows)
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=row, position=1, description="Work", unit_minor=row.total_minor, amount_minor=row.total_minor,
            account=revenue,
        )
        for row in rows
    )  # fmt: skip
    billed = _entries(
        entity, [(row.issued_on, row.total_minor) for row in rows], EntrySource.INVOICE, owed, revenue
    )
    for row, entry in zip(rows, billed, strict=True):
        row.state, row.entry_id = InvoiceState.ISSUED, entry
    Invoice.objects.bulk_update(rows, ["state", "entry"], batch_size=200)
    paid = [(row, row.due_on + dt.timedelta(days=row.pk % 20 - 5)) for row in rows if row.due_on]
    paid = [(row, on) for row, on in paid if on <= as_of]
    moved = _entries(entity, [(on, row.total_minor) for row, on in paid], EntrySource.PAYMENT, cash, owed)
    payments = Payment.objects.bulk_create(
        Payment(entity=entity, client_id=row.client_id, on=on, amount_minor=row.total_minor, entry_id=entry)
        for (row, on), entry in zip(paid, moved, strict=True)
    )
    Allocation.objects.bulk_create(
        Allocation(invoice=row, payment=payment, on=on, amount_minor=row.total_minor)
        for (row, on), payment in zip(paid, payments, strict=True)
    )


def _entries(
    entity: Entity,
    asked: Iterable[tuple[dt.date | None, int]],
    source: EntrySource,
    debit: Account,
    credit: Account,
) -> list[int]:
    """Post an entry for each day and amount; return their ids."""
    drafts = [
        ledger.Draft(on, "Invoiced work", (ledger.Line(debit, cents), ledger.Line(credit, -cents)), source)
        for on, cents in asked
        if on
    ]
    return ledger.post_many(entity=entity, drafts=drafts, at=clock.now())


def _bank_lines(
    accounts: Accounts, many: int, as_of: dt.date, chance: random.Random
) -> Iterator[ledger.Draft]:
    for number in range(many):
        cents = chance.randrange(500, 200_000)
        yield ledger.Draft(
            as_of - dt.timedelta(days=DAYS * (many - number) // many), _vendor(chance),
            (ledger.Line(chance.choice(accounts.costs), cents), ledger.Line(accounts[AccountRole.CASH], -cents)),
            EntrySource.BANK,
        )  # fmt: skip


if __name__ == "__main__":
    main()
