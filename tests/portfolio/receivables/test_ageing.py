"""Ageing and its kin: dated back, tied to the books, and no data instead of 0."""

import datetime as dt
import random

import pytest

from core import months
from portfolio.domain import recognition
from portfolio.domain.receivables import ageing, clients, credit, drafting, invoices, measures, payments, work
from portfolio.domain.receivables.clients import Particulars
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.domain.receivables.work import Stretch
from portfolio.models import BillingModel, BookingStage, ClientContract, ContractState, Payment
from tests.factories.portfolio import BookingFactory
from tests.portfolio.receivables.conftest import AT, TODAY, Office, day

pytestmark = pytest.mark.django_db


def test_each_basis_puts_an_invoice_by_its_own_date_and_any_day_is_told_as_it_stood(office: Office) -> None:
    office.issued(10_000, "07-01")  # due 31 July: 102 days overdue on 10 November
    office.issued(20_000, "09-25")  # due 25 October: 16 days
    office.issued(40_000, "11-01")  # due 1 December: current
    office.pay(4_000, on="10-20")
    entity = office.books.entity

    by_due = ageing.age(entity=entity, as_of=TODAY)
    assert (by_due.buckets, by_due.difference_minor) == ((40_000, 20_000, 0, 0, 6_000), 0)
    assert ageing.age(entity=entity, as_of=TODAY, basis=ageing.BY_ISSUE).buckets == (
        0,
        40_000,
        20_000,
        0,
        6_000,
    )
    before = ageing.age(entity=entity, as_of=day("10-19"))
    assert (before.buckets, before.ledger_minor) == ((20_000, 0, 0, 10_000, 0), 30_000)
    assert ageing.age(entity=entity, as_of=day("06-30")).clients == ()
    edges = [(0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4)]
    row = before.clients[0].rows[0]
    for days, bucket in edges:
        assert ageing.Row(1, "x", "x", row.issued_on, row.due_on, 1, days).bucket == bucket


def test_bookings_owe_in_rows_of_their_own_credits_stand_apart_and_a_stray_entry_is_the_difference(
    office: Office,
) -> None:
    booking = BookingFactory(
        entity=office.books.entity, stage=BookingStage.COMPLETED, booked_on=day("10-01"), service_on=day("10-30"),
        completed_on=day("10-30"), price_minor=21_000, client_name="Ada Guest",
    )  # fmt: skip
    recognition.recognise(booking=booking, on=day("10-30"), by=None, at=AT)
    office.pay(5_000)
    office.books.post("1200", "3000", 777, on=day("11-02"))

    aged = ageing.age(entity=office.books.entity, as_of=TODAY)
    assert [(row.client, row.total_minor) for row in aged.clients] == [
        ("Ada Guest", 21_000),
        ("Harbor Dental", -5_000),
    ]
    assert (aged.total_minor, aged.ledger_minor, aged.difference_minor) == (16_000, 16_777, 777)


def test_after_any_walk_the_ageing_of_every_day_ties_to_the_books(office: Office) -> None:
    chance = random.Random(7)  # noqa: S311
    for _ in range(40):
        on = day("09-01") + dt.timedelta(days=chance.randrange(70))
        deed = chance.randrange(5)
        try:
            if deed < 2:
                office.issued(chance.randrange(1, 50_000), f"{on:%m-%d}", tax_bp=chance.choice((0, 775)))
            elif deed == 2:
                office.pay(chance.randrange(1, 60_000), on=f"{on:%m-%d}", to=chance.choice((None, [])))
            elif deed == 3 and (found := ageing.open_invoices(entity=office.books.entity, as_of=TODAY)):
                invoice, left = chance.choice(found)
                act = chance.choice((credit.note, credit.write_off))
                act(
                    invoice=invoice,
                    amount_minor=chance.randrange(1, left + 1),
                    reason="x",
                    on=TODAY,
                    today=TODAY,
                    by=None,
                    at=AT,
                )
            elif payment := Payment.objects.filter(void_on=None, on__lte=on).order_by("pk").first():
                payments.reverse(payment=payment, on=on, reason="Came back", by=None, at=AT)
        except RefusedError:
            continue
    assert Payment.objects.exclude(void_on=None).exists()
    for back in range(0, 75, 5):
        aged = ageing.age(entity=office.books.entity, as_of=day("11-12") - dt.timedelta(days=back))
        assert aged.difference_minor == 0, aged.as_of


def test_the_measures_follow_their_formulas_and_say_no_data(office: Office) -> None:
    entity = office.books.entity
    assert {row.tenths for row in measures.measures(entity=entity, as_of=TODAY)} == {None}

    paid = office.issued(90_000, "08-20")
    office.pay(90_000, on="09-29", to=[(paid, 90_000)])
    office.issued(30_000, "09-10")  # overdue since 10 October
    office.issued(60_000, "11-01")  # not due
    found = {row.key: row.tenths for row in measures.measures(entity=entity, as_of=TODAY)}
    # 90,000 open of 180,000 invoiced in 90 days.
    assert found["dso-simple"] == 450
    # Counted back: 60,000 of November uses its 10 days up, October sold nothing (31 days), September's 30,000 its 30.
    assert found["dso"] == 710
    assert found["dso-best"] == 300
    assert found["add"] == 150
    # 90,000 collected of the 120,000 that could be.
    assert found["cei"] == 750
    assert found["velocity"] == 400


def test_the_billing_gap_is_work_by_age_and_a_draft_is_no_invoice(office: Office) -> None:
    for on, minutes in (("11-10", 60), ("10-20", 90), ("07-01", 30)):
        stretch = Stretch(day(on), minutes, "Form", "Jo")
        work.add(contract=office.contract, stretch=stretch, today=TODAY, by=None, at=AT)
    unpaid = Stretch(day("11-09"), 600, "Own mistake", "Jo", billable=False)
    work.add(contract=office.contract, stretch=unpaid, today=TODAY, by=None, at=AT)
    (gap,) = measures.billing_gap(entity=office.books.entity, as_of=TODAY)
    assert (gap.buckets, gap.minutes) == ((9_500, 14_250, 0, 0, 4_750), 180)

    draft = drafting.from_time(contract=office.contract, up_to=TODAY, by=None, at=AT)
    invoices.issue(invoice=draft, on=TODAY, today=TODAY, by=None, at=AT)
    assert measures.billing_gap(entity=office.books.entity, as_of=TODAY) == []
    (before,) = measures.billing_gap(entity=office.books.entity, as_of=day("11-09"))
    assert before.total_minor == 19_000, "on the day before, none of it was invoiced"


def test_months_of_a_retainer_that_are_over_and_not_billed_are_in_the_gap(office: Office) -> None:
    contract = ClientContract.objects.create(
        entity=office.books.entity, client=office.client, state=ContractState.SIGNED, title="Care", rate_minor=90_000,
        billing_model=BillingModel.RETAINER, starts_on=day("08-15"),
    )  # fmt: skip
    draft = drafting.from_retainer(contract=contract, month=months.month_of(day("09-01")), by=None, at=AT)
    invoices.issue(invoice=draft, on=day("10-01"), today=TODAY, by=None, at=AT)

    def gaps(on: str) -> list[tuple[int, ...]]:
        return [gap.buckets for gap in measures.billing_gap(entity=office.books.entity, as_of=day(on))]

    assert gaps("11-10") == [(0, 90_000, 0, 90_000, 0)], "August and October; November is not over"
    assert gaps("09-30") == [(90_000, 90_000, 0, 0, 0)], "September was not invoiced yet"
    assert gaps("08-30") == []
    ClientContract.objects.filter(pk=contract.pk).update(starts_on=None, signed_on=day("08-20"))
    assert gaps("11-10") == [(0, 90_000, 0, 90_000, 0)], "without a start it runs from its signature"


@pytest.mark.parametrize("many", [1, 30])
def test_ageing_costs_the_same_queries_for_one_invoice_and_many(
    office: Office, many: int, django_assert_num_queries: object
) -> None:
    for number in range(many):
        client = clients.add(
            entity=office.books.entity, particulars=Particulars(f"C {number}"), by=None, at=AT
        )
        office.issued(1_000, "10-01", client=client)
    with django_assert_num_queries(5):  # type: ignore[operator]
        ageing.age(entity=office.books.entity, as_of=TODAY)
    with django_assert_num_queries(5):  # type: ignore[operator]
        measures.measures(entity=office.books.entity, as_of=TODAY)
