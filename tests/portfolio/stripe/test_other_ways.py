"""The same movements as JSON, and fetched for a stretch of days: the same books as the CSV."""

import datetime as dt
import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.db.models.functions import Coalesce
from pytest_django import Settings

from core import clock
from portfolio.domain.stripe import api, fetching, landing, payouts
from portfolio.formats import FormatError, stripe_json
from portfolio.models import Booking, ImportedLine, Posting, StripeEvent, StripePayout
from tests.portfolio.stripe import fake
from tests.portfolio.stripe.conftest import listening_books
from tests.portfolio.stripe.test_any_order import books_of

FIRST, LAST = dt.date(2026, 9, 1), dt.date(2026, 10, 31)
TXN: dict[str, Any] = {**fake.SAMPLES["balance_transaction"], "source": None, "type": "stripe_fee", "amount": -100, "net": -100}  # fmt: skip


def without_payouts(books: dict[str, Any]) -> dict[str, Any]:
    """Leave out what JSON of the API does not say: which payout carried a movement."""
    return {name: rows for name, rows in books.items() if name != "payouts"}


@pytest.mark.usefixtures("db", "stripe")
def test_json_and_the_api_make_the_books_of_the_csv(account: fake.Account) -> None:
    csv, listed, fetched = (listening_books(slug).entity for slug in ("csv", "jada", "qos"))
    landing.land_file(entity=csv, data=account.csv(), name="all.csv", by=None, at=clock.now())
    whole = json.dumps({"object": "list", "data": account.json()}, indent=1).encode()
    half = "\r\n".join(json.dumps(txn) for txn in account.json()[:8]).encode()
    for name, data in (("half.jsonl", half), ("all.json", whole), ("array.json", whole.replace(b'{\n "object": "list",\n "data": ', b"", 1).rstrip(b"}"))):  # fmt: skip
        landed = landing.land_file(
            entity=listed, data=b"\xef\xbb\xbf" + data, name=name, by=None, at=clock.now()
        )
    assert (landed.read, landed.new) == (len(account.txns), 0)
    assert without_payouts(books_of(listed)) == without_payouts(books_of(csv))

    tried = fetching.fetch(entity=fetched, first=FIRST, last=LAST, at=clock.now(), keep=False)
    assert not ImportedLine.objects.filter(entity=fetched).exists()
    out = StringIO()
    for _ in range(2):
        call_command("fetch_stripe", "qos", "--from", "2026-09-01", "--to", "2026-10-31", stdout=out)
    assert out.getvalue().startswith(f"Stripe brought {tried.new} new of {tried.new} movements and 3 payouts")
    assert f"brought 0 new of {tried.new}" in out.getvalue()
    assert books_of(fetched) == books_of(csv)
    assert StripePayout.objects.filter(entity=fetched).count() == 3
    clearing = Posting.objects.filter(entry__entity=csv, account__role="clearing")
    for day in (FIRST + dt.timedelta(days=n) for n in range(0, 16, 2)):
        held = clearing.filter(entry__on__lte=day).aggregate(held=Coalesce(Sum("amount_minor"), 0))["held"]
        assert payouts.in_transit(entity=csv, as_of=day) == held


@pytest.mark.usefixtures("db", "stripe")
def test_commands_say_in_one_sentence_what_they_cannot_do(account: fake.Account, settings: Settings) -> None:
    entity = listening_books("qos").entity
    for arguments, words in (
        (["nobody", "--from", "2026-09-01"], "no entity 'nobody'"),
        (["qos", "--from", "2026-09-02", "--to", "2026-09-01"], "lies before"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("fetch_stripe", *arguments)
    event = StripeEvent.objects.create(
        entity=entity, event_id="evt_1", type="charge.succeeded", object_id=account.txns[0], livemode=False, state="failed",
        body_hash="0", created_at=fake.BEGIN, received_at=fake.BEGIN, next_try_at=fake.BEGIN,
    )  # fmt: skip
    with pytest.raises(CommandError, match="still fail"):
        call_command("replay_stripe", "qos", stdout=StringIO(), stderr=StringIO())
    StripeEvent.objects.filter(pk=event.pk).update(object_id="ch_000001Q")
    out = StringIO()
    call_command("replay_stripe", stdout=out)
    assert out.getvalue() == "1 events succeeded, 0 still wait.\n"
    settings.STRIPE_API_KEYS = {}
    with pytest.raises(CommandError, match="STRIPE_API_KEYS"):
        call_command("fetch_stripe", "qos", "--from", "2026-09-01")
    assert api.livemode(entity) is None


@pytest.mark.usefixtures("db")
@pytest.mark.once
def test_a_booking_is_found_by_ids_of_stripe_and_never_by_an_amount() -> None:
    books = listening_books("csv", rounds=3)
    Booking.objects.filter(reference="QOS-001").update(stripe_id="pi_1")
    Booking.objects.filter(reference="QOS-002").update(stripe_id="ch_2")
    head = "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Description,charge_id,payment_intent_id"

    def row(
        number: int, kind: str, source: str, amount: int, words: str, charge: str = "", intent: str = ""
    ) -> str:
        return f"txn_{number},{kind},{source},{amount}.00,0.00,{amount}.00,usd,2026-09-0{number} 20:00,{words},{charge},{intent}"

    def bring(*rows: str) -> None:
        data = "\n".join((head, *rows)).encode()
        landing.land_file(entity=books.entity, data=data, name="x.csv", by=None, at=clock.now())

    bring(
        row(1, "charge", "ch_1", 100, "Sail", intent="pi_1"),
        row(2, "charge", "ch_2", 100, "Sail"),
        row(3, "charge", "ch_3", 100, "Deposit QOS-000"),
        row(4, "charge", "ch_4", 100, "Sail"),
    )
    bring(
        row(5, "refund", "re_1", -40, "REFUND FOR CHARGE (Deposit)", "ch_3"),
        row(6, "adjustment", "du_1", -100, "Chargeback", "ch_1"),
        row(7, "refund", "re_2", -100, "REFUND FOR CHARGE (Sail)", "ch_4"),
    )
    landed = ImportedLine.objects.order_by("external_id").values_list("booking__reference", flat=True)
    assert list(landed) == ["QOS-001", "QOS-002", "QOS-000", None, "QOS-000", "QOS-001", None]
    held = Posting.objects.filter(account__code="2150").values_list("amount_minor", flat=True)
    assert sorted(held) == [-10_000, 4_000]
    assert Posting.objects.get(account__code="5650").booking_id == Booking.objects.get(reference="QOS-001").pk


BAD = {
    "cut off": (b'{"data": [', "this is no JSON"),
    "NaN": (b'[{"id": NaN}]', "no JSON"),
    "deep": (b"[" * 5000 + b"]" * 5000, "nested too deeply"),
    "a number of 5,000 digits": (b"[" + b"9" * 5000 + b"]", "no JSON"),
    "a broken second line": (json.dumps(TXN).encode() + b"\n{", "line 2, column"),
    "data that is no list": (b'{"data": 7}', "no list of balance transactions"),
    "a list of numbers": (b"[7]", "no balance transaction"),
    "an id of another kind": (json.dumps([TXN, {**TXN, "id": 7}], indent=1).encode(), "column id: '7' is not"),
    "an id twice": (json.dumps([TXN, TXN]).encode(), "stands already"),
    "an amount with a point": (json.dumps([{**TXN, "amount": 1.5}]).encode(), "column amount: '1.5' is not"),
    "an amount that is true": (json.dumps([{**TXN, "amount": True}]).encode(), "column amount"),
    "an amount beyond the books": (json.dumps([{**TXN, "amount": 10**14}]).encode(), "column amount"),
    "a net of its own": (json.dumps([{**TXN, "net": 5}]).encode(), "column net: the net 5 is not"),
    "fees that do not add up": (json.dumps([{**TXN, "fee_details": [{"amount": 1}]}]).encode(), "column fee_details"),
    "a type nobody knows": (json.dumps([{**TXN, "type": "teleport"}]).encode(), "column type: 'teleport' is not known"),
    "a currency nobody keeps": (json.dumps([{**TXN, "currency": "xau"}]).encode(), "column currency"),
    "a charge that takes": (json.dumps([{**TXN, "type": "charge"}]).encode(), "wrong sign"),
    "a time of the last century": (json.dumps([{**TXN, "created": 5}]).encode(), "column created"),
    "half a character": (b'[{"id": "txn_\\ud800"}]', "column id"),
}  # fmt: skip


@pytest.mark.once
def test_broken_json_is_refused_by_file_line_and_reason() -> None:
    for name, (data, words) in BAD.items():
        with pytest.raises(FormatError) as refused:
            stripe_json.parse(data, name="balance.json")
        assert str(refused.value).startswith("balance.json line "), name
        assert words in str(refused.value), name
    assert refused.value.line == 1
    with pytest.raises(FormatError, match="more than 1 transactions"):
        stripe_json.parse(json.dumps([TXN, {**TXN, "id": "txn_2"}]).encode(), name="x.json", max_rows=1)
