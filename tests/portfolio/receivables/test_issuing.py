"""Issuing: numbers without gaps, what is posted, and what the database keeps of an issued invoice."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser

from portfolio.domain import bookings, ledger, tax
from portfolio.domain.receivables import credit, drafting, invoices, measures, numbers, payments, work
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.domain.receivables.work import Stretch
from portfolio.domain.verification import verify_books
from portfolio.models import (
    Allocation,
    BookingStage,
    CreditNote,
    EntrySource,
    Invoice,
    InvoiceLine,
    JournalEntry,
    NumberSeries,
    Payment,
    SeriesKind,
    WorkEntry,
)
from tests.factories import people
from tests.factories.portfolio import BookingFactory
from tests.portfolio.conftest import in_parallel
from tests.portfolio.receivables.conftest import AT, TODAY, Office, day, open_office

pytestmark = pytest.mark.django_db


def test_an_invoice_debits_the_receivable_and_credits_each_account_and_tax_to_the_cent(
    office: Office,
) -> None:
    # 1.333 h at 95.00 = 126.635 -> 126.64; 7.75 % of it = 9.8146 -> 9.81; half a cent goes away from zero.
    lines = [
        office.line(9_500, quantity_milli=1_333, tax_bp=775),
        office.line(30_001, account=office.account("4100")),
        office.line(-1_000),
    ]
    draft = invoices.draft(client=office.client, lines=lines, by=None, at=AT)
    issued = invoices.issue(invoice=draft, on=TODAY, today=TODAY, by=None, at=AT)

    assert office.balances() == {"1200": 42_646, "4000": -11_664, "4100": -30_001, "2400": -981}
    assert (issued.reference, issued.total_minor, issued.due_on) == ("DC-1", 42_646, day("12-10"))
    assert issued.billed_to == "Harbor Dental\n1 Main St"

    entity = office.books.entity
    assert [(row.kind, row.owed_minor) for row in tax.owed(entity=entity, as_of=TODAY)] == [("sales", 981)]
    asked = {"reason": "Slip", "on": TODAY, "today": TODAY, "by": None, "at": AT}
    credit.note(invoice=issued, amount_minor=42_646, **asked)  # type: ignore[arg-type]
    assert [(row.kind, row.owed_minor) for row in tax.owed(entity=entity, as_of=TODAY)] == [("sales", 0)]


def test_a_number_is_not_lost_when_the_transaction_that_took_it_fails(office: Office) -> None:
    draft = office.draft()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        invoices.issue(invoice=draft, on=TODAY, today=TODAY, by=None, at=AT)
        raise ZeroDivisionError
    # The books refuse the day, after the number was taken.
    with pytest.raises(ledger.FarDateError):
        invoices.issue(invoice=draft, on=day("11-01").replace(year=1999), today=TODAY, by=None, at=AT)

    assert [office.issued().number for _ in range(3)] == [1, 2, 3]
    note = credit.note(
        invoice=Invoice.objects.get(number=2),
        amount_minor=1,
        reason="Slip",
        on=TODAY,
        today=TODAY,
        by=None,
        at=AT,
    )
    assert (note.number, note.reference) == (1, "DC-CN-1")


@pytest.mark.django_db(transaction=True)
def test_two_that_issue_at_once_get_two_numbers_and_one_draft_is_issued_once() -> None:
    office = open_office()
    numbers.open_series(entity=office.books.entity, kind=SeriesKind.INVOICE)
    first, second = office.draft(), office.draft()

    def issue(draft: Invoice) -> object:
        return invoices.issue(invoice=draft, on=TODAY, today=TODAY, by=None, at=AT)

    results = in_parallel(lambda: issue(first), lambda: issue(second), lambda: issue(first))

    refused = [row for row in results if isinstance(row, RefusedError)]
    assert len(refused) == 1, results
    assert sorted(row.number for row in results if isinstance(row, Invoice)) == [1, 2]
    assert NumberSeries.objects.get().last == JournalEntry.objects.count() == 2


def test_the_database_refuses_every_change_of_what_was_issued(office: Office) -> None:
    issued, payment = office.issued(), office.pay(40_000)
    allocation = Allocation.objects.get()
    credit.note(invoice=issued, amount_minor=10_000, reason="Slip", on=TODAY, today=TODAY, by=None, at=AT)
    a, b, c = "portfolio_invoice", "portfolio_invoiceline", "portfolio_payment"
    attacks = [
        f"UPDATE {a} SET total_minor = 1",
        f"UPDATE {a} SET reference = 'X'",
        f"UPDATE {a} SET state = 'draft', number = NULL, entry_id = NULL",
        f"UPDATE {a} SET settled_minor = 0",
        f"UPDATE {a} SET settled_minor = total_minor",
        f"DELETE FROM {a}",
        f"UPDATE {b} SET amount_minor = 1",
        f"DELETE FROM {b}",
        f"INSERT INTO {b} (invoice_id, position, description, quantity_milli, unit_minor, amount_minor, account_id, "
        f"tax_bp, tax_minor) SELECT invoice_id, 9, 'x', 1, 1, 1, account_id, 0, 0 FROM {b}",
        "UPDATE portfolio_creditnote SET amount_minor = 1",
        "DELETE FROM portfolio_creditnote",
        "UPDATE portfolio_allocation SET amount_minor = 1",
        "DELETE FROM portfolio_allocation",
        f"UPDATE {c} SET amount_minor = 1",
        f"UPDATE {c} SET allocated_minor = 0",
        f"DELETE FROM {c}",
    ]
    for attack in attacks:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attack)
            pytest.fail(attack)
    for act in (
        issued.delete,
        allocation.delete,
        payment.delete,
        issued.save,
        CreditNote.objects.get().delete,
    ):
        issued.total_minor = 5
        with (
            pytest.raises(Exception, match=r"never changed|protected|sum of its"),
            transaction.atomic(),
        ):
            act()
    with pytest.raises(DatabaseError), transaction.atomic():
        InvoiceLine.objects.bulk_create(
            [InvoiceLine(invoice=issued, position=5, description="x", unit_minor=1, amount_minor=1, account=office.account("4000"))]
        )  # fmt: skip
    with pytest.raises(DatabaseError, match="written as a draft"), transaction.atomic():
        Invoice.objects.create(
            entity=office.books.entity,
            client=office.client,
            state="issued",
            reference="X",
            issued_on=TODAY,
            due_on=TODAY,
            entry=JournalEntry.objects.first(),
        )


def test_a_draft_is_changed_and_thrown_away_and_its_work_waits_again(office: Office) -> None:
    stretch = Stretch(day("11-02"), 90, "Form", "Jo")
    entry = work.add(contract=office.contract, stretch=stretch, today=TODAY, by=None, at=AT)
    draft = drafting.from_time(contract=office.contract, up_to=TODAY, by=None, at=AT)
    assert draft.total_minor == 14_250
    with pytest.raises(RefusedError, match="no unbilled time"):
        drafting.from_time(contract=office.contract, up_to=TODAY, by=None, at=AT)
    with pytest.raises(RefusedError, match="stands on"):
        work.change(entry=entry, stretch=stretch, today=TODAY, by=None, at=AT)

    invoices.change(invoice=draft, lines=[office.line(100)], note="", by=None, at=AT)
    assert WorkEntry.objects.get().invoice_line is None
    invoices.discard(invoice=draft, by=None, at=AT)
    issued = invoices.issue(
        invoice=drafting.from_time(contract=office.contract, up_to=TODAY, by=None, at=AT), on=TODAY, today=TODAY, by=None, at=AT
    )  # fmt: skip
    assert issued.number == 1
    for act in (invoices.discard, lambda **more: invoices.change(lines=[office.line()], note="", **more)):
        with pytest.raises(RefusedError, match="never changes"):
            act(invoice=issued, by=None, at=AT)


def test_undefined_billing_is_never_invoiced_and_a_retainer_month_once(office: Office) -> None:
    office.contract.billing_model = ""
    with pytest.raises(RefusedError, match="undefined"):
        drafting.from_time(contract=office.contract, up_to=TODAY, by=None, at=AT)
    office.contract.billing_model, office.contract.rate_minor = "retainer", 90_000
    assert (
        drafting.from_retainer(contract=office.contract, month=2026 * 12 + 10, by=None, at=AT).total_minor
        == 90_000
    )
    with pytest.raises(RefusedError, match="Nov 2026 stands on an invoice"):
        drafting.from_retainer(contract=office.contract, month=2026 * 12 + 10, by=None, at=AT)


def test_a_bookings_invoice_holds_revenue_until_the_service_and_counts_as_paid_when_paid(
    office: Office,
) -> None:
    booking = BookingFactory(
        entity=office.books.entity, stage=BookingStage.BOOKED, booked_on=day("11-01"), service_on=day("12-01"), price_minor=50_000
    )  # fmt: skip
    draft = drafting.from_booking(booking=booking, client=office.client, by=None, at=AT)
    issued = invoices.issue(invoice=draft, on=TODAY, today=TODAY, by=None, at=AT)
    booking.refresh_from_db()
    assert (office.balances(), booking.paid_minor) == ({"1200": 50_000, "2100": -50_000}, 0)
    with pytest.raises(RefusedError, match="left to invoice"):
        drafting.from_booking(booking=booking, client=office.client, by=None, at=AT)

    credit_first = office.pay(50_000, on="11-10", to=[])
    payments.allocate(payment=credit_first, on=TODAY, by=None, at=AT)
    booking.refresh_from_db()
    assert booking.paid_minor == 50_000
    issued.refresh_from_db()
    assert issued.settled_on == TODAY
    assert Payment.objects.get().allocated_minor == 50_000

    payments.reverse(payment=credit_first, on=TODAY, reason="Check came back", by=None, at=AT)
    booking.refresh_from_db()
    assert (office.balances(), booking.paid_minor) == ({"1200": 50_000, "2100": -50_000}, 0)
    owed = booking.postings.filter(account__code="1200").values_list("amount_minor", flat=True)
    assert sum(owed) == 50_000


def test_what_stripe_brought_is_not_reversed_and_a_booking_gives_it_back(office: Office) -> None:
    entry = ledger.post(
        entity=office.books.entity, on=day("11-05"), memo="Charge", source=EntrySource.STRIPE, at=AT,
        lines=[office.books.line("1050", 50_000), office.books.line("1200", -50_000)],
    )  # fmt: skip
    payment = Payment.objects.create(
        entity=office.books.entity, client=office.client, on=entry.on, amount_minor=50_000, entry=entry
    )
    booking = BookingFactory(
        entity=office.books.entity, stage=BookingStage.BOOKED, booked_on=day("11-01"), service_on=day("12-01"), price_minor=50_000
    )  # fmt: skip
    draft = drafting.from_booking(booking=booking, client=office.client, by=None, at=AT)
    issued = invoices.issue(invoice=draft, on=TODAY, today=TODAY, by=None, at=AT)
    payments.allocate(payment=payment, on=TODAY, by=None, at=AT)
    with pytest.raises(RefusedError, match="Stripe did bring this money"):
        payments.reverse(payment=payment, on=None, reason="Wrong", by=None, at=AT)
    payments.take_back(allocation=issued.allocations.get(), on=TODAY, by=None, at=AT)
    booking.refresh_from_db()
    payment.refresh_from_db()
    assert (booking.paid_minor, payment.allocated_minor) == (0, 0)
    owed = booking.postings.filter(account__code="1200").values_list("amount_minor", flat=True)
    assert sum(owed) == 50_000
    browser = Browser()
    browser.force_login(people.owner())
    page = browser.get(f"/portfolio/payments/{payment.pk}/").content.decode()
    assert f"/portfolio/payments/{payment.pk}/reverse/" not in page
    assert [said for said in verify_books() if "Stripe" not in said] == []


def test_time_is_billed_by_the_minute_however_an_hour_divides_and_time_without_a_rate_is_no_obstacle(
    office: Office,
) -> None:
    for minutes, rate, count in ((60, 0, invoices.LINES_AT_MOST), (20, 15_000, 3)):
        WorkEntry.objects.bulk_create(
            WorkEntry(
                contract=office.contract, on=day("11-03"), minutes=minutes, who="Jo", description="Form", rate_minor=rate
            )
            for _ in range(count)
        )  # fmt: skip
    draft = drafting.from_time(contract=office.contract, up_to=TODAY, by=None, at=AT)
    assert (draft.total_minor, draft.lines.count()) == (15_000, 3)
    (gap,) = measures.billing_gap(entity=office.books.entity, as_of=TODAY)
    assert gap.total_minor == 15_000


def test_what_a_booking_has_not_earned_yet_is_no_bad_debt(office: Office) -> None:
    booking = BookingFactory(
        entity=office.books.entity, price_minor=50_000, stage=BookingStage.BOOKED, service_on=TODAY
    )
    draft = drafting.from_booking(booking=booking, client=office.client, by=None, at=AT)
    issued = invoices.issue(invoice=draft, on=TODAY, today=TODAY, by=None, at=AT)
    asked = {"amount_minor": 50_000, "reason": "Gone", "on": TODAY, "today": TODAY, "by": None, "at": AT}
    with pytest.raises(RefusedError, match="is booked, so .* is not earned .*credit note"):
        credit.write_off(invoice=issued, **asked)  # type: ignore[arg-type]
    bookings.advance(booking=booking, to=BookingStage.COMPLETED, by=None, at=AT, on=TODAY)
    credit.write_off(invoice=issued, **asked)  # type: ignore[arg-type]
    assert office.balances() == {"4000": -50_000, "6850": 50_000}
