"""The address Stripe posts to: it believes a signature and nothing else, and writes each event down once."""

import json
import time
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from core import clock
from core.models import AuditEvent
from portfolio.domain.stripe import events
from portfolio.models import ImportedLine, Period, PeriodState, StripeEvent, StripePayout
from tests.portfolio.stripe import fake
from tests.portfolio.stripe.conftest import SECRET, listening_books


def event(**changes: Any) -> str:
    """Return the body of an event that is fine, but for what a test changes."""
    charge = {**fake.SAMPLES["charge"], "id": "ch_000001Q"}
    return json.dumps({**fake.SAMPLES["event"], "id": "evt_1", "type": "charge.succeeded", "data": {"object": charge}, **changes})  # fmt: skip


def post(body: str | bytes, header: str | None = None, slug: str = "qos") -> int:
    """Post a body, signed unless a header is given."""
    raw = body.encode() if isinstance(body, str) else body
    if header is None:
        header = fake.signed(raw.decode("utf-8", "replace"), SECRET)
    client = Client(enforce_csrf_checks=True, raise_request_exception=True)
    answer = client.post(
        f"/stripe/{slug}/", raw, content_type="application/json", headers={"Stripe-Signature": header} if header else {}
    )  # fmt: skip
    assert "set-cookie" not in answer.headers
    return answer.status_code


GOOD = event()
NOW = int(time.time())
UNSIGNED: dict[str, tuple[str | bytes, str]] = {
    "no signature": (GOOD, ""),
    "another secret": (GOOD, fake.signed(GOOD, "whsec_other")),
    "an old signature": (GOOD, fake.signed(GOOD, SECRET, NOW - 3600)),
    "a signature of another body": (GOOD + " ", fake.signed(GOOD, SECRET)),
    "a header of another shape": (GOOD, "t=x,v1"),
    "a time without end": (GOOD, f"t={'9' * 400},v1=00"),
    "a long header": (GOOD, "v1=" + "0," * 2000),
    "ten megabytes": ("x" * 10_000_000, "t=1,v1=00"),
    "bytes that are no text": (b"\xff\xfe\x00", "t=1,v1=00"),
}
MALFORMED = {
    "no JSON": "{",
    "nothing": "",
    "NaN": event(created=float("nan")),
    "5,000 deep": "[" * 5000 + "]" * 5000,
    "950 deep": GOOD.replace('"evt_1"', '"evt_1", "x": ' + "[" * 950 + "]" * 950),
    "a list": "[]",
    "a number": "7",
    "no object": event(object="charge"),
    "an id that is a number": event(id=7),
    "an id with a path in it": event(id="evt_/../x"),
    "a type that is a list": event(type=["charge.succeeded"]),
    "a type with half a character": event(type="charge.\ud800"),
    "a time that is text": event(created="1234567890"),
    "a time that is true": event(created=True),
    "a time beyond time": event(created=10**18),
    "a huge number": GOOD.replace("1234567890", "9" * 5000),
    "a mode that is text": event(livemode="false"),
    "data that is a list": event(data=[]),
    "an object without a shape": event(data={"object": "ch_1"}),
    "an object's id with a path in it": event(data={"object": {"id": "ch_1/../../v1/keys"}}),
}


@pytest.mark.usefixtures("db", "stripe")
class TestHostile:
    """Nothing of this is written down, and nothing is a 500."""

    @pytest.fixture(autouse=True)
    def nothing_is_written(self, db: None) -> Any:
        listening_books("qos")
        yield
        assert not StripeEvent.objects.exists()
        assert not AuditEvent.objects.filter(action__startswith="portfolio:stripe").exists()

    @pytest.mark.once
    def test_what_is_not_signed_is_refused_and_forgers_are_counted(self) -> None:
        for name, (body, header) in UNSIGNED.items():
            assert post(body, header) == 400, name
        for _ in range(30):
            status = post(GOOD, "t=1,v1=00")
        assert status == 429
        # Whoever signs is heard all the same: only forgeries are counted.
        assert post("{}") == 400

    @pytest.mark.once
    def test_what_is_signed_and_is_no_event_is_refused(self) -> None:
        for name, body in MALFORMED.items():
            assert post(body) == 400, name

    @pytest.mark.once
    def test_entities_that_do_not_listen_are_unknown(self, settings: Settings) -> None:
        assert post(GOOD, slug="nobody") == 404
        settings.STRIPE_WEBHOOK_SECRETS = {"jada": SECRET}
        assert post(GOOD) == 404
        assert Client().get("/stripe/qos/").status_code == 405


@pytest.mark.usefixtures("db", "stripe")
def test_an_event_is_kept_once_and_another_body_under_its_id_is_refused() -> None:
    listening_books("qos")
    listening_books("jada")
    assert post(GOOD) == 200
    assert post(event(pending_webhooks=3)) == 200
    assert post(GOOD, fake.signed(GOOD, "whsec_former")) == 200
    assert post(event(created=1234567891)) == 409
    assert post(GOOD, slug="jada") == 409
    assert post(event(id="evt_2", type="customer.created")) == 200
    assert post(event(id="evt_3", account="acct_1")) == 200
    assert sorted(StripeEvent.objects.values_list("event_id", "state")) == [
        ("evt_1", "received"), ("evt_2", "ignored"), ("evt_3", "ignored"),
    ]  # fmt: skip


@pytest.mark.usefixtures("db", "stripe")
def test_events_that_cannot_be_carried_out_say_why_and_are_tried_again(
    account: fake.Account, settings: Settings
) -> None:
    entity = listening_books("qos").entity
    bodies = account.bodies("qos")
    charge, paid = bodies[1], next(body for body in bodies if '"payout.paid"' in body)

    def tried(body: str) -> StripeEvent:
        assert post(body) == 200
        events.process(pk=StripeEvent.objects.latest("pk").pk, at=clock.now())
        return StripeEvent.objects.latest("pk")

    keys = settings.STRIPE_API_KEYS
    settings.STRIPE_API_KEYS = {}
    assert "STRIPE_API_KEYS" in tried(charge).error
    settings.STRIPE_API_KEYS = {"qos": "sk_live_qos"}
    assert "test mode" in tried(charge.replace("evt_qos", "evt_mode")).error
    settings.STRIPE_API_KEYS = {"qos": "qos"}
    refused = tried(charge.replace("evt_qos", "evt_key"))
    assert refused.error.startswith("Stripe answered 401")
    settings.STRIPE_API_KEYS = keys
    gone = tried(charge.replace("evt_qos", "evt_gone").replace("ch_000001Q", "ch_GONE"))
    assert gone.error.startswith("Stripe answered 404")
    settings.STRIPE_API_BASE, base = "http://127.0.0.1:9", settings.STRIPE_API_BASE
    assert "cannot be reached" in tried(charge.replace("evt_qos", "evt_away")).error
    settings.STRIPE_API_BASE = base
    type(entity).objects.filter(pk=entity.pk).update(currency="EUR")
    assert "in USD" in tried(charge.replace("evt_qos", "evt_euro")).error
    type(entity).objects.filter(pk=entity.pk).update(currency="USD")
    assert not ImportedLine.objects.exists()

    period = Period.objects.create(
        entity=entity, month=2026 * 12 + 8, state=PeriodState.CLOSED, statement_minor=0, closed_at=clock.now()
    )
    closed = tried(paid)
    assert "closed for Sep 2026" in closed.error
    assert closed.next_try_at is not None
    assert closed.next_try_at > clock.now()
    assert not ImportedLine.objects.exists()
    with pytest.raises(events.ClosedDateError):
        events.try_again(event=closed, by=None, at=clock.now(), post_on=fake.BEGIN.date())
    events.try_again(event=closed, by=None, at=clock.now(), post_on=fake.BEGIN.date().replace(month=10))
    events.process(pk=closed.pk, at=clock.now())
    closed.refresh_from_db()
    assert (closed.state, closed.error) == ("done", "")
    lines = ImportedLine.objects.filter(entity=entity)
    assert {line.on.isoformat() for line in lines} == {"2026-10-01"}
    assert StripePayout.objects.get().residual_minor == 0

    Period.objects.filter(pk=period.pk).update(state=PeriodState.OPEN, closed_at=None)
    refused.refresh_from_db()
    events.try_again(event=refused, by=None, at=clock.now())
    assert events.process(pk=refused.pk, at=clock.now()) == "done"
    assert events.process(pk=refused.pk, at=clock.now()) is None
    with pytest.raises(events.EventStateError):
        events.try_again(event=refused, by=None, at=clock.now())
