"""One search over everything: what it finds, whose it shows, and odd questions."""

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from portfolio.domain import search
from portfolio.models import (
    Entity,
    EntityKind,
    Invoice,
    InvoiceState,
    Payment,
    StripePayout,
    Vendor,
    WorkEntry,
)
from tests.portfolio.web.conftest import AS_OF, World, post

URL = "/portfolio/search/"


@pytest.fixture
def full(world: World) -> World:
    """Both entities have one of everything that is looked for."""
    for records in (world.mine, world.other):
        entity = records.entity
        Vendor.objects.create(entity=entity, name=f"{entity.name} harbor office")
        StripePayout.objects.create(
            entity=entity, payout_id=f"po_{entity.slug}", amount_minor=77_777, arrives_on=AS_OF, state="paid"
        )
        Invoice.objects.create(
            entity=entity,
            client=records.contract.client,
            state=InvoiceState.DRAFT,
            note=f"{entity.name} note",
        )
        WorkEntry.objects.create(
            contract=records.contract,
            on=AS_OF,
            minutes=30,
            who="Jo",
            description=f"{entity.name} rigging plan",
        )
    return world


def found(world: World, who: str, text: str) -> dict[str, list[str]]:
    """Return the titles of what somebody finds, by kind."""
    context = world.client(who).get(URL, {"q": text}).context
    titles = {"Entries": [entry.memo for entry in context["entries"]]}
    return titles | {group.label: [hit.title for hit, _ in hits] for group, hits in context["groups"]}


def test_everything_is_found_by_words_and_by_amount_on_either_side(full: World) -> None:
    by_name = found(full, "owner", "queen")
    assert set(by_name) >= {
        "Entries", "Bookings", "Clients", "Invoices", "Vendors", "Lines of files", "Documents"
    }  # fmt: skip
    assert found(full, "owner", "$1,180.00")["Entries"] == ["Jazz dockage", "Queen dockage"]
    assert found(full, "owner", "1180")["Entries"] == found(full, "owner", "-1180.00")["Entries"]
    assert sorted(found(full, "owner", "777.77")["Payouts"]) == ["po_jada", "po_qos"]
    assert found(full, "owner", "qos.csv line 3")["Entries"] == ["Queen charter paid"]
    number = full.mine.entry.__class__.objects.get(pk=full.mine.entry.pk).number
    assert "Queen charter paid" in found(full, "owner", str(number))["Entries"]
    assert len(found(full, "owner", "dockage")["Accounts"]) == 2
    assert found(full, "owner", "BK-")["Bookings"]
    assert len(found(full, "owner", "rigging plan")["Work"]) == 2
    client = full.mine.contract.client
    Payment.objects.create(
        entity=full.mine.entity,
        client=client,
        on=AS_OF,
        amount_minor=4_321,
        reference="WIRE 88",
        entry=full.mine.entry,
    )
    for text in ("wire 88", "43.21"):
        assert found(full, "owner", text)["Payments"] == [f"Payment of {client}"]
    assert found(full, "owner", client.name)["Contracts"]


def test_an_amount_is_read_in_the_currency_of_each_entity(db: None) -> None:
    for slug, currency in (("qos", "USD"), ("tokyo", "JPY")):
        Entity.objects.create(slug=slug, name=slug, kind=EntityKind.CHARTER, currency=currency)
    asked = [search.ask(text) for text in ("500", "5.25")]
    assert [one.minors for one in asked if one is not None] == [{"USD": 50_000, "JPY": 500}, {"USD": 525}]


def test_a_reader_finds_only_what_is_of_their_entity(full: World) -> None:
    for text in ("jazz", "1180.00", "777.77", "harbor", "dockage", "jada"):
        titles = [title for group in found(full, "reader", text).values() for title in group]
        assert not [title for title in titles if "Jazz" in title or "jada" in title], text
    assert full.client("outsider").get(URL).status_code == 403


@pytest.mark.parametrize("text", ["", " ", "q", "%", "_", "\x00", "\x00\x00", "é"])
def test_what_is_too_short_asks_for_more(full: World, text: str) -> None:
    answer = full.client("owner").get(URL, {"q": text})
    assert answer.status_code == 200
    assert "page_obj" not in answer.context


@pytest.mark.parametrize(
    "text", ["%%", "__", "%_%", "x" * 1_000_000, "q\x00u", "\\\\", "'; --", "9" * 400, "1e400"]
)
def test_odd_questions_find_nothing_and_break_nothing(full: World, text: str) -> None:
    answer = full.client("owner").get(URL, {"q": text})
    assert answer.status_code == 200
    assert not answer.context["page_obj"].paginator.count
    assert not answer.context["groups"]


def test_a_search_takes_the_same_queries_however_much_is_found(
    full: World, django_assert_num_queries: Any
) -> None:
    client = full.client("owner")
    client.get(URL, {"q": "1180"})
    with django_assert_num_queries(23):
        assert client.get(URL, {"q": "1180"}).context["page_obj"].paginator.count == 2
    for number in range(60):
        post(full.mine, "6100", "1010", 118_000, dt.date(2026, 10, 6), f"Dock {number}")
    with django_assert_num_queries(23):
        assert client.get(URL, {"q": "1180"}).context["page_obj"].paginator.count == 62


def test_a_search_box_stands_above_the_journal(full: World) -> None:
    for name, args in (
        ("portfolio:entries", ["qos"]),
        ("portfolio:entities", []),
        ("portfolio:entity", ["qos"]),
    ):
        assert f'action="{URL}"' in full.client("owner").get(reverse(name, args=args)).content.decode()
