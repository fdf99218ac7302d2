"""A card payment that names an open invoice of a client is its payment: once, in any order, and never beyond it."""

import json

import pytest
from django.db import DatabaseError, transaction

from portfolio.domain import undoing, verification
from portfolio.domain.receivables import ageing, credit, payments, queries, settling
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.domain.stripe import landing
from portfolio.models import ImportedLine, Invoice, JournalEntry, Payment, PaymentRefund
from tests.portfolio.receivables.conftest import AT, TODAY, Office, open_office
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


def moved(number: int, word: str, amount: int, source: str, words: str = "DC-1", **charge: str) -> bytes:
    """Return one movement as Stripe's API gives it."""
    told = {**TXN, "id": f"txn_{number}", "type": word, "amount": amount, "fee": 0, "net": amount, "fee_details": [],
            "created": 1794000000 + number, "description": words,
            "source": {"object": source.partition("_")[0], "id": source, **charge}}  # fmt: skip
    return json.dumps([told]).encode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("named", [True, False])
def test_a_refund_opens_the_invoice_again_whatever_comes_first(named: bool) -> None:
    whose = {"charge": "ch_1"} if named else {}
    first_last = [(0, 1, 2, 3), (1, 0, 2, 3), (3, 2, 1, 0), (2, 3, 0, 1), (0, 3, 1, 2)]
    for turn, order in enumerate(first_last):
        office = open_office(f"dc{turn}")
        told = (
            moved(1, "charge", 50_000, "ch_1", words := f"Payment for DC{turn}-1"),
            moved(2, "refund", -20_000, "re_1", f"REFUND FOR CHARGE ({words})", **whose),
            moved(3, "refund", -10_000, "re_2", f"REFUND FOR CHARGE ({words})", **whose),
            moved(4, "refund_failure", 10_000, "re_2", f"REFUND FAILURE ({words})", **whose),
        )
        office.issued(50_000)
        for n in order:
            land(office, told[n], f"{n}.json")
            land(office, told[n], f"{n}.json")
        invoice, payment = office.client.invoices.get(), office.client.payments.get()
        assert (settling.open_minor(invoice), invoice.settled_on) == (20_000, None), order
        assert (payment.allocated_minor, payment.refunded_minor, payment.refunds.count()) == (
            30_000,
            20_000,
            3,
        )
        assert office.balances() == {"1050": 30_000, "1200": 20_000, "4000": -50_000}, order
        aged = ageing.age(entity=office.books.entity, as_of=TODAY)
        assert (aged.total_minor, aged.difference_minor) == (20_000, 0)
        assert queries.statement(client=office.client, first=TODAY, last=TODAY)[0].balance_minor == 20_000
        assert queries.balance(client=office.client) == 20_000

    # It was a payment, so it is not reversed; what is not owed any more is credited. The journal leaves both alone.
    with pytest.raises(RefusedError, match="Stripe did bring this money"):
        payments.reverse(payment=payment, on=TODAY, reason="No", by=None, at=AT)
    refund = payment.refunds.latest("pk")
    for entry in (refund.entry, payment.entry):
        home = undoing.home_of(entry)
        assert home is not None
        assert (home.place, home.key) == (undoing.Place.PAYMENT, payment.pk)
    credit.note(invoice=invoice, amount_minor=20_000, reason="Half", on=TODAY, today=TODAY, by=None, at=AT)
    assert office.balances() == {"1050": 30_000, "4000": -30_000}
    with pytest.raises(DatabaseError, match="the sum of its refunds"), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(refunded_minor=1)
    assert verification.verify_books() == []


@pytest.mark.django_db(transaction=True)
def test_a_refund_takes_what_settles_nothing_first_and_follows_its_charge() -> None:
    office = open_office()
    office.issued(50_000)
    land(office, moved(1, "charge", 50_000, "ch_1"))
    payment = Payment.objects.get()
    payments.take_back(allocation=payment.allocations.get(), on=TODAY, by=None, at=AT)
    land(office, moved(2, "refund", -20_000, "re_1", charge="ch_1"))
    payment.refresh_from_db()
    assert (payment.refunded_minor, settling.left_of(payment)) == (20_000, 30_000)
    assert payment.allocations.count() == 2
    # More than is open stood without a category when it came; so does what goes back of it.
    land(office, moved(3, "charge", 90_000, "ch_2"))
    land(office, moved(4, "refund", -90_000, "re_2", charge="ch_2"))
    assert {code: office.balances()[code] for code in ("1200", "4900", "6900")} == {
        "1200": 20_000, "4900": -90_000, "6900": 90_000,
    }  # fmt: skip
    assert PaymentRefund.objects.count() == 1
