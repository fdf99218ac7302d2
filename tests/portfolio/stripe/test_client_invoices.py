"""A card payment that names an open invoice of a client is its payment: once, in any order, and never beyond it."""

import json

import pytest

from portfolio.domain.receivables import settling
from portfolio.domain.stripe import landing
from portfolio.models import ImportedLine, Invoice, JournalEntry, Payment
from tests.portfolio.receivables.conftest import AT, Office, open_office
from tests.portfolio.stripe.test_other_ways import TXN

HEAD = "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Description,invoice (metadata)\n"


def charges(*said: tuple[str, str, str]) -> bytes:
    """Return a balance history of charges, each (amount, description, invoice in the metadata)."""
    rows = [
        f"txn_{n}a,charge,ch_{n}a,{amount},3.00,{float(amount) - 3:.2f},usd,2026-11-0{n} 18:00,{words},{named}"
        for n, (amount, words, named) in enumerate(said, start=3)
    ]
    return (HEAD + "\n".join(rows) + "\n").encode()


def land(office: Office, data: bytes, name: str = "stripe.csv") -> None:
    landing.land_file(entity=office.books.entity, data=data, name=name, by=None, at=AT)


@pytest.mark.django_db(transaction=True)
def test_a_charge_that_names_an_open_invoice_is_its_payment() -> None:
    office = open_office()
    first, second, third = (office.issued(minor) for minor in (50_000, 40_000, 10_000))
    data = charges(
        ("500.00", "Card payment", "DC-1"),
        ("300.00", "Payment for DC-2.", ""),
        ("200.00", "Once more for DC-2", ""),
        ("20.00", "DC-99", ""),
    )
    entries = JournalEntry.objects.count()
    for _ in range(2):
        land(office, data)

    assert JournalEntry.objects.count() == entries + 4
    assert [settling.open_minor(Invoice.objects.get(pk=row.pk)) for row in (first, second, third)] == [
        0, 10_000, 10_000,
    ]  # fmt: skip
    assert sorted(Payment.objects.values_list("amount_minor", "imported_line__external_id")) == [
        (30_000, "txn_4a"),
        (50_000, "txn_3a"),
    ]
    # More than is open of it is not guessed: it waits without a category, like what names no invoice of ours.
    assert office.balances() == {
        "1050": 100_800,
        "1200": 20_000,
        "4000": -100_000,
        "4900": -22_000,
        "5600": 1_200,
    }

    told = {**TXN, "id": "txn_9b", "type": "charge", "amount": 10_000, "fee": 0, "net": 10_000, "created": 1794000000,
            "fee_details": [], "source": {"object": "charge", "id": "ch_9b", "metadata": {"invoice": "dc-3"}}}  # fmt: skip
    land(office, json.dumps([told]).encode(), "stripe.json")
    assert settling.open_minor(Invoice.objects.get(pk=third.pk)) == 0
    assert not ImportedLine.objects.filter(booking__isnull=False).exists()
