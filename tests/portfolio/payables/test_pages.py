"""The pages of payables: nothing typed is lost, a press posts once, lists cost the same however long."""

import datetime as dt
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from portfolio.domain.payables import bills, queries, vendors
from portfolio.models import Assumption, Bill, BillPayment, JournalEntry, Vendor
from tests.portfolio.web.conftest import AT, World, account_of, world  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db
ROOT = "/portfolio/entities/qos/payables/"


def a_bill_form(world: World, **changes: str) -> dict[str, str]:  # noqa: F811
    return {
        "vendor": str(world.mine.vendor.pk),
        "reference": "R-9",
        "issued_on": "2026-11-02",
        "due_on": "2026-12-02",
        "lines": "4",
        "0-account": str(account_of(world.mine, "6300").pk),
        "0-amount": "1,250.00",
        "0-description": "New jib",
        "1-account": str(account_of(world.mine, "5100").pk),
        "1-amount": "50",
        "1-booking": world.mine.booking.reference.lower(),
        **changes,
    }


def test_a_bill_is_entered_line_by_line(world: World) -> None:  # noqa: F811
    client = world.client("bookkeeper")

    more = client.post(f"{ROOT}bills/add/", a_bill_form(world, more="1")).content.decode()
    answer = client.post(f"{ROOT}bills/add/", a_bill_form(world))

    assert 'value="8"' in more
    assert "1,250.00" in more
    assert "New jib" in more
    bill = Bill.objects.get(reference="R-9")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/portfolio/bills/{bill.pk}/")
    assert bill.total_minor == 130_000
    assert list(bill.lines.values_list("amount_minor", "booking")) == [
        (125_000, None),
        (5_000, world.mine.booking.pk),
    ]
    proposed = client.get(f"{ROOT}bills/add/?vendor={world.mine.vendor.pk}").context["form"]
    terms = dt.timedelta(days=world.mine.vendor.terms_days)
    assert proposed.initial["due_on"] == proposed.initial["issued_on"] + terms
    client.post(f"{ROOT}bills/add/", a_bill_form(world, reference="R-10", due_on=""))
    assert Bill.objects.get(reference="R-10").due_on == dt.date(2026, 11, 2) + terms
    page = client.get(f"/portfolio/bills/{bill.pk}/").content.decode()
    assert "$1,300.00 is to be paid, due on 2 December 2026" in page
    assert "New jib" in page
    assert f"Bill entered: {world.mine.vendor} R-9" in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"0-account": ""}, "Choose where this line goes."),
        ({"0-amount": ""}, "Enter what this line costs; it is not zero."),
        ({"0-amount": "1e400"}, "is not an amount"),
        ({"1-booking": "NONE-1"}, "There is no booking NONE-1"),
        ({"1-booking": "\x00"}, "Null characters are not allowed"),
        ({"vendor": "999999"}, "Select a valid choice"),
        ({"due_on": "2026-11-01"}, "before it was written"),
        ({"0-account": "", "0-amount": "", "0-description": "", "1-account": "", "1-amount": "", "1-booking": ""}, "more than nothing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    world: World,  # noqa: F811
    changes: dict[str, str],
    sentence: str,
) -> None:
    answer = world.client("bookkeeper").post(f"{ROOT}bills/add/", a_bill_form(world, **changes))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert 'value="R-9"' in page
    assert not Bill.objects.filter(reference="R-9").exists()


def test_a_payment_pressed_twice_is_posted_once(world: World) -> None:  # noqa: F811
    client = world.client("bookkeeper")
    typed = {
        "amount": "500", "on": "2026-11-09", "account": str(account_of(world.mine, "1010").pk), "key": "k1",
    }  # fmt: skip
    for _ in range(2):
        assert client.post(f"/portfolio/bills/{world.mine.bill.pk}/pay/", typed).status_code == 302
    assert Bill.objects.get(pk=world.mine.bill.pk).settled_minor == 68_000
    too_much = client.post(
        f"/portfolio/bills/{world.mine.bill.pk}/pay/", {**typed, "amount": "501", "key": "k2"}
    )
    assert too_much.status_code == 422
    assert "$500.00 of bill Queen-77 is open; $501.00 is more than that." in too_much.content.decode()


def test_a_card_said_to_be_one_pays_a_bill_and_a_wrong_payment_is_taken_back(world: World) -> None:  # noqa: F811
    card, client = account_of(world.mine, "2500"), world.client("bookkeeper")
    page = f"/portfolio/bills/{world.mine.bill.pk}/"
    assert str(card) not in client.get(page).content.decode()
    owner = world.client("owner")
    change = f"/portfolio/accounts/{card.pk}/change/"
    assert "credit card" in owner.get(change).content.decode()
    owner.post(change, {"name": card.name, "active": "on", "card": "on"})
    typed = {"amount": "5", "on": "2026-11-09", "account": str(card.pk), "key": "k9"}
    assert client.post(f"{page}pay/", typed).status_code == 302
    assert "By card" in client.get(page).content.decode()
    back = f"/portfolio/bill-payments/{BillPayment.objects.get(amount_minor=500).pk}/reverse/"
    assert client.post(back, {"reason": "Wrong"}).status_code == 422
    assert client.post(back, {"what": "wrong", "reason": "Wrong"}).status_code == 302
    assert BillPayment.objects.get(amount_minor=500).void_on == dt.date(2026, 11, 9)


def test_a_vendor_is_kept_changed_and_called_once(world: World) -> None:  # noqa: F811
    client = world.client("bookkeeper")
    typed = {
        "name": "Sail loft",
        "terms_days": "14",
        "active": "on",
        "contractor": "on",
        "tax_form_on": "2026-02-01",
    }
    client.post(f"{ROOT}vendors/add/", typed)
    again = client.post(f"{ROOT}vendors/add/", typed)
    vendor = Vendor.objects.get(name="Sail loft")
    client.post(f"/portfolio/vendors/{vendor.pk}/change/", {**typed, "email": "loft@example.com"})
    vendor.refresh_from_db()
    assert again.status_code == 422
    assert "has a vendor called Sail loft already" in again.content.decode()
    assert (vendor.email, vendor.terms_days, vendor.contractor) == ("loft@example.com", 14, True)


def test_contractors_come_as_a_file_too(world: World) -> None:  # noqa: F811
    Assumption.objects.create(
        key=queries.THRESHOLD,
        effective_on=dt.date(2026, 1, 1),
        value=10_000,
        unit="cents",
        note="x",
        source="y",
    )
    client = world.client("reader")
    answer = client.get(f"{ROOT}contractors/?year=2026&format=csv")
    assert "Queen rigging,vendor,1,180.00,0.00,yes," in answer.content.decode("utf-8-sig")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="qos-contractors-2026.csv"'
    assert client.get(f"{ROOT}contractors/?format=xlsx").content[:2] == b"PK"
    assert client.get(f"{ROOT}contractors/?format=exe").status_code == 404
    assert client.get(f"{ROOT}contractors/?year=%00").status_code == 200


def test_opening_balances_are_posted_from_a_page(world: World) -> None:  # noqa: F811
    client = world.client("bookkeeper")
    path = "/portfolio/entities/qos/opening/"
    typed: dict[str, Any] = {
        "on": "2025-12-31",
        f"balance_{account_of(world.mine, '1010').pk}": "1,000.00",
        f"balance_{account_of(world.mine, '2500').pk}": "400",
    }
    refused = client.post(path, typed)
    assert refused.status_code == 422
    assert "out of balance by $600.00" in refused.content.decode()
    assert 'value="1,000.00"' in refused.content.decode()
    answer = client.post(path, {**typed, "rest": str(account_of(world.mine, "3000").pk)})
    entry = JournalEntry.objects.get(source="opening")
    assert answer.headers["Location"] == f"/portfolio/entries/{entry.pk}/"


def test_lists_take_the_same_queries_however_long(
    world: World,  # noqa: F811
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client = world.client("reader")
    pages = {"": 8, "bills/": 7, "vendors/": 7, "contractors/": 15}
    for page in pages:
        client.get(ROOT + page)
    for round_ in range(2):
        for page, count in pages.items():
            with django_assert_num_queries(count):
                assert client.get(ROOT + page).status_code == 200
        if round_ == 0:
            _many(world)


def _many(world: World) -> None:  # noqa: F811
    entity = world.mine.entity
    for number in range(4):
        vendor = vendors.add(
            entity=entity,
            terms=vendors.VendorTerms(
                name=f"Vendor {number}", contractor=True, account_id=account_of(entity, "6300").pk
            ),
            by=None,
            at=AT,
        )
        for reference in ("1", "2"):
            bill = bills.enter(
                vendor=vendor, reference=reference, issued_on=dt.date(2026, 10, 1), due_on=dt.date(2026, 10, 9),
                lines=[bills.LineDraft(account_of(entity, "6300"), 1_000)], by=None, at=AT,
            )  # fmt: skip
            bills.pay(
                bill=bill,
                on=dt.date(2026, 10, 9),
                amount_minor=400,
                account=account_of(entity, "1010"),
                by=None,
                at=AT,
            )
    assert BillPayment.objects.count() == 10
