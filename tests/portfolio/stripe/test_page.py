"""The Stripe page: payouts with their residual, events that wait, and trying one again."""

import datetime as dt
import json

import pytest
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from core import clock
from portfolio.domain.stripe import landing, payouts, standing
from portfolio.models import StripeEvent
from tests.portfolio.stripe import fake
from tests.portfolio.stripe.test_other_ways import TXN
from tests.portfolio.web.conftest import World, world

__all__ = ["world"]


def test_it_shows_payouts_and_what_waits_in_the_same_queries_however_many(
    world: World, account: fake.Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client, entity = world.client("owner"), world.mine.entity
    landing.land_file(entity=entity, data=account.csv(0, 4), name="few.csv", by=None, at=clock.now())
    client.get("/portfolio/entities/qos/stripe/")
    with django_assert_num_queries(16):
        client.get("/portfolio/entities/qos/stripe/")
    landing.land_file(entity=entity, data=account.csv(), name="all.csv", by=None, at=clock.now())
    event = world.mine.stripe_event
    StripeEvent.objects.bulk_create(
        StripeEvent(
            entity=entity, event_id=f"evt_{n}", type="charge.succeeded", livemode=True, body_hash="0", state="failed",
            created_at=event.created_at, received_at=event.received_at, next_try_at=event.next_try_at,
        )
        for n in range(30)
    )  # fmt: skip
    with django_assert_num_queries(16):
        page = client.get("/portfolio/entities/qos/stripe/").content.decode()
    assert "po_000010Q" in page
    assert "Queen waits for a key." in page or page.count("Try again") == 25
    assert "Jazz" not in page


@pytest.mark.once
def test_a_payout_that_does_not_add_up_is_told(world: World, account: fake.Account) -> None:
    without_one = account.csv().split(b"\r\n")
    del without_one[2]
    landing.land_file(
        entity=world.mine.entity, data=b"\r\n".join(without_one), name="gap.csv", by=None, at=clock.now()
    )
    page = world.client("reader").get("/portfolio/entities/qos/stripe/").content.decode()
    assert "A payout does not add up" in page
    assert "Try again" not in page


def test_a_payout_by_hand_is_shown_and_clearing_is_explained(world: World) -> None:
    entity, day = world.mine.entity, dt.date(2026, 11, 1)
    rows = (
        ("txn_1", "charge", "ch_1", 50_000),
        ("txn_2", "charge", "ch_2", 20_000),
        ("txn_3", "payout", "po_1", -60_000),
    )
    told = [
        {**TXN, "id": txn, "type": word, "amount": amount, "fee": 0, "net": amount, "fee_details": [], "source": source,
         "created": 1793500000, "available_on": 1793500000, "description": word}
        for txn, word, source, amount in rows
    ]  # fmt: skip
    landing.land_file(entity=entity, data=json.dumps(told).encode(), name="b.json", by=None, at=clock.now())
    assert payouts.in_transit(entity=entity, as_of=day) == 0
    payout = {
        "id": "po_1",
        "amount": 60_000,
        "arrival_date": 1793500000,
        "status": "paid",
        "automatic": False,
    }
    payouts.told(entity=entity, payout=payout, at=clock.now())
    before = standing.look(entity=entity, as_of=day).clearing_minor - 10_000
    assert payouts.in_transit(entity=entity, as_of=day) == 10_000
    assert payouts.explained(entity=entity, as_of=day - dt.timedelta(days=9)).rightly_minor == 0
    assert payouts.residuals(entity=entity, as_of=day) == ()
    page = " ".join(
        strip_tags(world.client("reader").get("/portfolio/entities/qos/stripe/").content.decode()).split()
    )
    assert "movements that no payout lists, less payouts by hand$100.00" in page
    assert "by hand, Stripe lists none" in page
    assert standing.look(entity=entity, as_of=day).other_minor == before
    assert "More was paid out" not in page
    assert "do not add up$0.00" in page


@pytest.mark.once
def test_a_failed_event_is_tried_again_by_who_keeps_the_books(world: World) -> None:
    event = world.mine.stripe_event
    url = f"/portfolio/stripe-events/{event.pk}/try-again/"
    keeper = world.client("bookkeeper")
    assert "Queen waits for a key." in keeper.get(url).content.decode()
    ahead = (clock.now() + dt.timedelta(days=40)).date().isoformat()
    for day, words in ((ahead, "lies ahead"), ("2026-02-31", "not a date"), ("\x00", "not a date")):
        answer = keeper.post(url, {"post_on": day})
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert keeper.post(url, {"post_on": "2026-11-02"}).status_code == 302
    event.refresh_from_db()
    assert (event.post_on, event.state) == (dt.date(2026, 11, 2), "failed")
    assert event.next_try_at is not None
    assert event.next_try_at <= clock.now()
    StripeEvent.objects.filter(pk=event.pk).update(state="done")
    assert keeper.post(url, {}).status_code == 422
    assert world.client("reader").post(url).status_code == 403
    assert world.client("outsider").get(url).status_code == 403
