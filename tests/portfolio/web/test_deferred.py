"""Pages of deferred revenue, cancellation terms and tax: what they show, what they let a person decide, what they refuse."""

import datetime as dt
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from core import months
from portfolio.domain import held, tax, tax_calendar
from portfolio.models import (
    Booking,
    BookingStage,
    CancellationTerms,
    EntrySource,
    JournalEntry,
    TaxFiling,
    TaxKind,
    TaxPeriod,
    TaxRate,
    UnpostedDeed,
)
from tests.factories.portfolio import BookingFactory
from tests.portfolio.web.conftest import AS_OF, AT, World, post

TERMS = {"name": "Winter", "note": "", "days_1": "30", "share_1": "100", "days_2": "0", "share_2": "12.5"}
BAD = ("\x00", "x" * 200_000, "1e400", "-1", "abc", "9" * 400)


def paid(world: World, amount: int = 105_000, reference: str = "Q-77", **facts: object) -> Booking:
    """Return a booking of the entity with money held for it."""
    booking = BookingFactory(
        entity=world.mine.entity, reference=reference, title=f"Sail {reference}", terms=world.mine.terms,
        **{"stage": BookingStage.BOOKED, "service_on": dt.date(2026, 11, 20), "deposit_minor": 105_000, **facts},
    )  # fmt: skip
    post(world.mine, "1050", "2150", amount, dt.date(2026, 10, 2), f"Deposit {reference}", booking=booking)
    return booking


def test_the_page_ties_names_who_paid_and_costs_the_same_for_many(world: World) -> None:
    booking = paid(world)
    client = world.client("reader")
    client.get("/portfolio/entities/qos/deferred/")
    with CaptureQueriesContext(
        connection,
    ) as one:
        page = client.get("/portfolio/entities/qos/deferred/").content.decode()
    assert "It ties to the ledger to the cent" in page
    assert booking.title in page
    assert "/portfolio/entities/qos/deferred/2026-10/?kind=received" in page
    for n in range(30):
        paid(world, reference=f"R-{n}", stage=BookingStage.CANCELLED)
    with CaptureQueriesContext(connection) as many:
        page = client.get("/portfolio/entities/qos/deferred/").content.decode()
    assert page.count("Held for a booking that was called off") == 30
    assert (len(one), len(many)) == (15, 15)


def test_a_figure_opens_its_entries_and_the_files_say_the_same(world: World) -> None:
    booking = paid(world)
    client = world.client("reader")
    page = client.get("/portfolio/entities/qos/deferred/2026-10/?kind=received").content.decode()
    assert "Deposit Q-77" in page
    assert f"/portfolio/bookings/{booking.pk}/" in page
    assert "$1,050.00" in page
    csv = client.get("/portfolio/entities/qos/deferred/csv/?to=2026-10&months=2").content.decode("utf-8-sig")
    assert "Deferred revenue,2026-09,2026-10\r\n" in csv
    assert "Received,0.00,1050.00" in csv.replace(",0,", ",0.00,")
    book = load_workbook(io.BytesIO(client.get("/portfolio/entities/qos/deferred/xlsx/").content))
    assert book.sheetnames == ["Roll-forward", "Held"]
    assert book["Held"]["A2"].value == "Q-77"


@pytest.mark.parametrize(
    "odd", ["?to=2026-99", "?to=0000-01", "?to=9999-12&months=99", "?months=-4", "?page=x", "?kind=%00"]
)
def test_odd_addresses_show_what_can_be_shown(world: World, odd: str) -> None:
    client = world.client("owner")
    for page in ("", "csv/", "xlsx/", "2026-10/", "9999-12/"):
        assert client.get(f"/portfolio/entities/qos/deferred/{page}{odd}").status_code == 200


def test_the_booking_says_before_the_press_what_cancelling_would_do(world: World) -> None:
    booking = paid(world)
    client = world.client("owner")
    page = client.get(f"/portfolio/bookings/{booking.pk}/").content.decode()
    assert "10 days before, “Queen terms” from 7 days: 50 % goes back" in page
    assert page.count("$525.00") == 2
    moved = client.post(f"/portfolio/bookings/{booking.pk}/advance/", {"to": "cancelled", "on": "2026-11-10"})
    assert moved.status_code == 302
    money = held.of(Booking.objects.get(pk=booking.pk))
    assert (money.refunds_due, money.kept, money.held) == (52_500, 52_500, 0)

    address = f"/portfolio/bookings/{booking.pk}/decide/"
    assert "$1,050.00" in client.get(address).content.decode()
    more = client.post(address, {"refund": "1,050.01", "on": "2026-11-10", "reason": "Gale"})
    assert more.status_code == 422
    assert "1,050.01" in more.content.decode()
    assert client.post(address, {"refund": "1050", "on": "2026-11-10", "reason": "Gale"}).status_code == 302
    assert held.of(Booking.objects.get(pk=booking.pk)).refunds_due == 105_000


def test_a_completed_booking_is_taken_back_and_repriced_with_a_reason(world: World) -> None:
    booking = paid(world, stage=BookingStage.PAID, service_on=dt.date(2026, 11, 1))
    client = world.client("owner")
    here = f"/portfolio/bookings/{booking.pk}"
    client.post(f"{here}/advance/", {"to": "completed", "on": "2026-11-10"})
    assert (
        client.post(f"{here}/price/", {"price": "2200", "on": "2026-11-10", "reason": ""}).status_code == 422
    )
    assert (
        client.post(f"{here}/price/", {"price": "2200", "on": "2026-11-10", "reason": "An hour"}).status_code
        == 302
    )
    assert held.of(Booking.objects.get(pk=booking.pk)).receivable == 220_000 - 105_000
    assert client.post(f"{here}/take-back/", {"on": "2026-11-10", "reason": "A slip"}).status_code == 302
    assert Booking.objects.get(pk=booking.pk).stage == BookingStage.BOOKED
    assert client.post(f"{here}/take-back/", {"on": "2026-11-10", "reason": "A slip"}).status_code == 422


def test_terms_are_added_chosen_and_retired_and_never_change(world: World) -> None:
    client = world.client("owner")
    assert client.post("/portfolio/entities/qos/terms/add/", TERMS).status_code == 302
    made = CancellationTerms.objects.get(name="Winter")
    assert list(made.steps.values_list("days_before", "refund_bp")) == [(30, 10_000), (0, 1_250)]
    for change, why in (
        ({}, "already"),
        ({"name": "B", "days_2": "40"}, "calling off later"),
        ({"name": "B", "days_2": "30"}, "same day"),
        ({"name": "B", "share_2": ""}, "both halves"),
        ({"name": "B", "share_2": "101"}, "less than or equal to 100"),
    ):
        answer = client.post("/portfolio/entities/qos/terms/add/", {**TERMS, **change})
        assert answer.status_code == 422
        assert why in answer.content.decode()
    client.post(f"/portfolio/terms/{made.pk}/standard/")
    assert CancellationTerms.objects.get(standard=True, entity=world.mine.entity) == made
    add = {"entity": "qos", "title": "Sail", "kind": "charter", "party_size": "2", "service_on": "2026-12-12", "price": "100", "deposit": "", "enquired_on": "2026-11-09", "stage": "enquiry", "on": "2026-11-10"}  # fmt: skip
    for chosen, expected in (("", made), ("none", None), (str(world.mine.terms.pk), world.mine.terms)):
        client.post("/portfolio/bookings/add/", {**add, "terms": chosen})
        assert Booking.objects.latest("pk").terms == expected
    foreign = client.post("/portfolio/bookings/add/", {**add, "terms": str(world.other.terms.pk)})
    assert foreign.status_code == 422
    assert "terms of another entity" in foreign.content.decode()
    client.post(f"/portfolio/terms/{made.pk}/retire/")
    assert "Retired" in client.get("/portfolio/entities/qos/terms/").content.decode()
    assert not CancellationTerms.objects.filter(entity=world.mine.entity, standard=True).exists()


def test_tax_rates_and_payments_have_a_page(world: World) -> None:
    client = world.client("owner")
    rate = {"kind": "occupancy", "applies_to": "stay", "rate": "10.5", "effective_on": "2026-01-01", "source": "City, page of 2 Jan 2026"}  # fmt: skip
    assert client.post("/portfolio/entities/qos/tax/rates/add/", rate).status_code == 302
    assert client.post("/portfolio/entities/qos/tax/rates/add/", rate).status_code == 422
    assert TaxRate.objects.get().rate_bp == 1_050
    stay = paid(world, 110_500, kind="stay", price_minor=110_500, stage=BookingStage.PAID, service_on=AS_OF)
    client.post(f"/portfolio/bookings/{stay.pk}/advance/", {"to": "completed", "on": "2026-11-10"})
    page = client.get("/portfolio/entities/qos/tax/").content.decode()
    assert "$105.00" in page
    cash = [str(row.pk) for row in world.mine.accounts.values() if row.role == "cash"]
    pay = {"kind": "occupancy", "amount": "105", "on": "2026-11-10", "cash_account": cash[0]}
    assert client.post("/portfolio/entities/qos/tax/remit/", {**pay, "amount": "105.01"}).status_code == 422
    for _ in range(2):
        assert client.post("/portfolio/entities/qos/tax/remit/", pay).status_code == 302
    (owed,) = tax.owed(entity=world.mine.entity, as_of=AS_OF)
    assert (owed.kind, owed.owed_minor) == (TaxKind.OCCUPANCY, 0)
    # Undone from its page, with a reason, it is owed again; once.
    entry = JournalEntry.objects.get(source=EntrySource.TAX)
    undo = f"/portfolio/tax-payments/{entry.pk}/undo/"
    assert undo in client.get("/portfolio/entities/qos/tax/").content.decode()
    assert client.post(undo, {"on": "2026-11-10", "reason": ""}).status_code == 422
    for status in (302, 422):
        said = {"what": "wrong", "on": "2026-11-10", "reason": "Wrong tax"}
        assert client.post(undo, said).status_code == status
    (owed,) = tax.owed(entity=world.mine.entity, as_of=AS_OF)
    assert owed.owed_minor == 105_00
    page = client.get("/portfolio/entities/qos/tax/").content.decode()
    assert "undone 10 Nov 2026" in page
    assert "Nobody has said yet to whom occupancy tax is paid" in page
    foreign = JournalEntry.objects.filter(entity=world.mine.entity).exclude(source=EntrySource.TAX)[0]
    answer = client.post(f"/portfolio/tax-payments/{foreign.pk}/undo/", {"on": "2026-11-10", "reason": "No"})
    assert answer.status_code == 404
    filing = {"kind": "occupancy", "jurisdiction": "City of San Diego", "every": "month", "due_day": "31", "first_on": "2026-10-01", "source": "City"}  # fmt: skip
    assert client.post("/portfolio/entities/qos/tax/due/", {**filing, "due_day": "32"}).status_code == 422
    assert client.post("/portfolio/entities/qos/tax/due/", filing).status_code == 302
    page = client.get("/portfolio/entities/qos/tax/").content.decode()
    assert "31 Dec 2026" in page
    assert "Still running" in page
    assert "Nobody has said yet" not in page
    assert 'value="City of San Diego"' in client.get("/portfolio/entities/qos/tax/due/?kind=occupancy").content.decode()  # fmt: skip


@pytest.mark.once
def test_a_period_is_due_the_month_after_and_overdue_while_something_is_owed() -> None:
    row = tax.TaxOwed(
        "sales", "Sales tax", tuple(tax.TaxMonth(2026 * 12 + n, 100, paid) for n, paid in ((2, 100), (5, 100), (8, 40))),
        300, 240,
    )  # fmt: skip
    for every, day, as_of, expected in (
        (TaxPeriod.QUARTER, 31, dt.date(2026, 10, 31), [("Q3 2026", "31 October 2026", 60, "due"), ("Q4 2026", "31 January 2027", 0, "running")]),
        (TaxPeriod.QUARTER, 20, dt.date(2026, 10, 21), [("Q3 2026", "20 October 2026", 60, "overdue"), ("Q4 2026", "20 January 2027", 0, "running")]),
        (TaxPeriod.MONTH, 31, dt.date(2027, 2, 1), [("Sep 2026", "31 October 2026", 60, "overdue"), ("Jan 2027", "28 February 2027", 0, "due"), ("Feb 2027", "31 March 2027", 0, "running")]),
        (TaxPeriod.QUARTER, 31, dt.date(2026, 9, 30), [("Q2 2026", "31 July 2026", 0, "paid"), ("Q3 2026", "31 October 2026", 60, "running")]),
    ):  # fmt: skip
        filing = TaxFiling(kind="sales", every=every, due_day=day, first_on=dt.date(2026, 2, 10))
        found = tax_calendar.periods(filing=filing, as_of=as_of, owed=[row])
        assert [
            (due.label, months.spelled(due.due_on), due.owed_minor, due.standing) for due in found
        ] == expected


@pytest.mark.once
def test_a_month_that_gave_tax_back_covers_others_and_one_before_the_first_period_stays() -> None:
    aside = {2026 * 12 + n: amount for n, amount in ((5, 100), (6, 300), (7, -50), (8, 40))}
    for paid, left in ((350, [0, 0, 0, 40]), (390, [0, 0, 0, 0]), (60, [0, 290, 0, 40])):
        found = tax._oldest_first(aside, paid)
        assert [row.owed_minor for row in found] == left
    filing = TaxFiling(kind="sales", every=TaxPeriod.MONTH, due_day=31, first_on=dt.date(2026, 8, 1))
    owed = [tax.TaxOwed("sales", "Sales tax", found, 390, 60)]
    dues = tax_calendar.periods(filing=filing, as_of=dt.date(2026, 9, 30), owed=owed)
    assert [(due.label, due.owed_minor) for due in dues] == [("Aug 2026", 290), ("Sep 2026", 40)]
    filing.first_on = dt.date(2026, 11, 1)
    (due,) = tax_calendar.periods(filing=filing, as_of=dt.date(2026, 9, 30), owed=owed)
    assert (due.label, due.owed_minor, due.standing) == ("Nov 2026", 330, "running")


def test_what_waits_is_shown_and_put_aside_with_a_reason(world: World) -> None:
    booking = paid(world)
    UnpostedDeed.objects.create(
        booking=booking, deed="completed", on=AS_OF, refusal="The books are closed.", since=AT, tried_at=AT
    )
    client = world.client("bookkeeper")
    assert "The books are closed." in client.get("/portfolio/entities/qos/deferred/").content.decode()
    assert "The books are closed." in client.get(f"/portfolio/bookings/{booking.pk}/").content.decode()
    address = f"/portfolio/bookings/{booking.pk}/put-aside/"
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "Posted by hand"}).status_code == 302
    assert not UnpostedDeed.objects.exists()


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_bad_input_is_a_refusal_and_writes_nothing(world: World, bad: str) -> None:
    booking = paid(world, stage=BookingStage.CANCELLED)
    before = JournalEntry.objects.count()
    client = world.client("owner")
    for address, fields in (
        (f"/portfolio/bookings/{booking.pk}/decide/", ("refund", "on", "reason")),
        (f"/portfolio/bookings/{booking.pk}/price/", ("price", "on", "reason")),
        (f"/portfolio/bookings/{booking.pk}/take-back/", ("on", "reason")),
        ("/portfolio/entities/qos/terms/add/", ("name", "days_1", "share_1")),
        ("/portfolio/entities/qos/tax/rates/add/", ("kind", "rate", "effective_on", "source")),
        ("/portfolio/entities/qos/tax/remit/", ("kind", "amount", "on", "reference")),
        (
            "/portfolio/entities/qos/tax/due/",
            ("kind", "jurisdiction", "every", "due_day", "first_on", "source"),
        ),
    ):
        assert client.post(address, dict.fromkeys(fields, bad)).status_code == 422, address
    assert JournalEntry.objects.count() == before
