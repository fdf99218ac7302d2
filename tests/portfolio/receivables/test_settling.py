"""Payments, credit notes and bad debts: what settles an invoice, never twice, and taken back by mirror images."""

from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client as Browser

from portfolio.domain import entries, ledger, told, undoing
from portfolio.domain.receivables import ageing, credit, paying_back, payments, queries, settling
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.domain.verification import verify_books
from portfolio.models import (
    Allocation,
    EntrySource,
    ImportedLine,
    ImportKind,
    Invoice,
    JournalEntry,
    Payment,
    PaymentRefund,
)
from tests.factories import people
from tests.portfolio.conftest import in_parallel
from tests.portfolio.receivables.conftest import AT, TODAY, Office, day, open_office

pytestmark = pytest.mark.django_db


def settled() -> list[int]:
    return list(Invoice.objects.order_by("pk").values_list("settled_minor", flat=True))


def test_a_payment_settles_the_oldest_first_and_the_rest_stands_to_the_clients_credit(office: Office) -> None:
    office.issued(100_000, "10-01")
    newer = office.issued(50_000, "11-01")
    payment = office.pay(130_000)
    assert settled() == [100_000, 30_000]

    late = office.pay(40_000, on="11-08")
    late.refresh_from_db()
    assert (settled(), late.allocated_minor) == ([100_000, 50_000], 20_000)
    assert office.balances() == {"1010": 170_000, "1200": -20_000, "4000": -150_000}
    newer.refresh_from_db()
    assert newer.settled_on == day("11-08")

    third = office.issued(60_000, "11-09")
    assert payments.allocate(payment=late, on=TODAY, by=None, at=AT) == 20_000
    with pytest.raises(RefusedError, match="Nothing of this payment is left"):
        payments.allocate(payment=late, on=TODAY, by=None, at=AT)
    with pytest.raises(RefusedError, match=r"\$400\.00 of DC-3 is open"):
        office.pay(50_000, to=[(third, 40_001)])
    with pytest.raises(RefusedError, match="11 November 2026 is ahead"):
        office.pay(1, on="11-11")
    with pytest.raises(RefusedError, match="More was allocated"):
        office.pay(10_000, to=[(third, 20_000)])
    assert payment.amount_minor == 130_000


@pytest.mark.django_db(transaction=True)
def test_two_payments_at_once_never_settle_an_invoice_twice() -> None:
    office = open_office()
    issued = office.issued(100_000)
    office.pay(70_000, to=[])
    office.pay(70_000, to=[])
    first, second = Payment.objects.order_by("pk")

    def allocate(payment: Payment) -> object:
        return payments.allocate(payment=payment, on=TODAY, by=None, at=AT)

    results = in_parallel(lambda: allocate(first), lambda: allocate(second))

    assert sorted(results) == [30_000, 70_000], results  # type: ignore[type-var]
    issued.refresh_from_db()
    assert issued.settled_minor == Allocation.objects.aggregate(total=Sum("amount_minor"))["total"] == 100_000


def test_a_form_sent_twice_is_one_payment(office: Office) -> None:
    office.issued()
    assert office.pay(100_000, key="once").pk == office.pay(100_000, key="once").pk
    assert Payment.objects.count() == 1
    payments.reverse(payment=Payment.objects.get(), on=None, reason="Bounced", by=None, at=AT)
    with pytest.raises(RefusedError, match="reversed since"):
        office.pay(100_000, key="once")


def test_an_allocation_is_taken_back_and_a_payment_reversed_by_mirror_images(office: Office) -> None:
    issued = office.issued()
    payment = office.pay(100_000)
    (allocation,) = settling.standing(payment)
    payments.take_back(allocation=allocation, on=TODAY, by=None, at=AT)
    issued.refresh_from_db()
    assert (issued.settled_minor, issued.settled_on, Allocation.objects.count()) == (0, None, 2)
    with pytest.raises(RefusedError, match="taken back already"):
        payments.take_back(allocation=allocation, on=TODAY, by=None, at=AT)

    payments.allocate(payment=payment, on=TODAY, by=None, at=AT)
    payments.reverse(payment=payment, on=TODAY, reason="Check came back", by=None, at=AT)
    payment.refresh_from_db()
    assert (settled(), payment.allocated_minor, payment.void_on) == ([0], 0, TODAY)
    assert office.balances() == {"1200": 100_000, "4000": -100_000}
    for act in (payments.reverse, payments.allocate):
        with pytest.raises(RefusedError):
            act(
                payment=payment,
                on=TODAY,
                by=None,
                at=AT,
                **({"reason": "x"} if act is payments.reverse else {}),
            )


def test_credit_notes_give_back_each_account_and_add_up_to_the_invoice_whatever_the_parts(
    office: Office,
) -> None:
    issued = office.issued(33_333, tax_bp=775)
    parts = (10_001, 7, 12_345, issued.total_minor - 22_353)
    for amount in parts:
        credit.note(invoice=issued, amount_minor=amount, reason="Slip", on=TODAY, today=TODAY, by=None, at=AT)
    assert office.balances() == {}
    assert [note.number for note in issued.credit_notes.order_by("pk")] == [1, 2, 3, 4]
    with pytest.raises(RefusedError, match=r"\$0\.00 of DC-1 is open"):
        credit.note(invoice=issued, amount_minor=1, reason="Slip", on=TODAY, today=TODAY, by=None, at=AT)


@pytest.mark.once
def test_a_list_of_invoices_says_what_became_of_each(office: Office, django_assert_num_queries: Any) -> None:
    said: dict[str, Any] = {"reason": "Closed down", "on": TODAY, "today": TODAY, "by": None, "at": AT}
    paid, credited, given_up, mixed, part = (office.issued() for _ in range(5))
    office.pay(100_000, to=[(paid, 100_000)])
    credit.note(invoice=credited, amount_minor=100_000, **said)
    credit.write_off(invoice=given_up, amount_minor=100_000, **said)
    office.pay(40_000, to=[(mixed, 40_000)])
    credit.write_off(invoice=mixed, amount_minor=60_000, **said)
    office.pay(40_000, to=[(part, 40_000)])
    rows = list(Invoice.objects.order_by("pk"))
    with django_assert_num_queries(1):
        assert queries.endings(invoices=rows) == {
            paid.pk: "Paid", credited.pk: "Credited", given_up.pk: "Written off", mixed.pk: "Paid and written off",
        }  # fmt: skip
    assert str(office.draft()) == "Draft for Harbor Dental"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": " "}, "Say why"),
        ({"amount_minor": 0}, "above zero"),
        ({"amount_minor": 100_001}, r"\$1,000\.00 of DC-1 is open"),
        ({"on": day("12-01")}, "is ahead"),
        ({"on": day("10-01")}, "cannot be written off before"),
    ],
)
def test_a_bad_debt_is_given_up_with_a_reason_and_never_beyond_what_is_open(
    office: Office, changes: dict[str, object], sentence: str
) -> None:
    issued = office.issued()
    asked: dict[str, object] = {"amount_minor": 60_000, "reason": "Closed down", "on": TODAY}
    with pytest.raises(RefusedError, match=sentence):
        credit.write_off(invoice=issued, today=TODAY, by=None, at=AT, **{**asked, **changes})  # type: ignore[arg-type]
    credit.write_off(invoice=issued, today=TODAY, by=None, at=AT, **asked)  # type: ignore[arg-type]
    assert office.balances() == {"1200": 40_000, "4000": -100_000, "6850": 60_000}


def a_line(office: Office, minor: int, words: str, entry: JournalEntry | None = None) -> ImportedLine:
    return ImportedLine.objects.create(
        entity=office.books.entity, kind=ImportKind.BANK_CSV, external_id=words, body_hash="0" * 64, on=day("11-05"),
        amount_minor=minor, description=words, entry=entry, account=office.account("1010"),
    )  # fmt: skip


def test_a_bank_line_that_names_an_invoice_becomes_its_payment_without_a_second_entry(office: Office) -> None:
    issued = office.issued(100_000, "10-01")
    office.issued(100_000, "10-02")
    entry = office.books.post("1010", "1200", 40_000, on=day("11-05"), memo="RECEIVED DC-1 HARBOR")
    line = a_line(office, 40_000, "RECEIVED DC-1 HARBOR", entry)
    a_line(
        office,
        70_000,
        "SOMETHING ELSE",
        office.books.post("1010", "1200", 70_000, on=day("11-05"), memo="Else"),
    )

    assert next((one.invoice, one.sure) for one in payments.candidates(line)) == (issued, True)
    before = JournalEntry.objects.count()
    assert payments.settle_landed(entity=office.books.entity, by=None, at=AT) == 1
    assert payments.settle_landed(entity=office.books.entity, by=None, at=AT) == 0
    assert (JournalEntry.objects.count(), settled()) == (before, [40_000, 0])
    assert payments.candidates(line) == []
    # A day that was typed gives way to the entry's own, so that the payment can be reversed in its month.
    other = ImportedLine.objects.get(description="SOMETHING ELSE")
    typed = office.pay(70_000, on="11-09", line=other)
    assert typed.on == day("11-05")
    assert payments.reverse(payment=typed, on=None, reason="Wrong", by=None, at=AT).on == day("11-05")


def test_a_line_that_waits_uncategorised_is_moved_to_receivables_by_its_payment(office: Office) -> None:
    office.issued()
    line = a_line(
        office, 100_000, "HARBOR DENTAL ACH", office.books.post("1010", "4900", 100_000, on=day("11-05"))
    )
    assert [one.why for one in payments.candidates(line)] == [
        "It came from Harbor Dental and is what is open"
    ]
    payment = office.pay(100_000, line=line)
    assert payment.imported_line == line
    assert office.balances() == {"1010": 100_000, "4000": -100_000}


def test_credit_is_paid_back_out_of_the_oldest_payments_and_taken_back_whole(office: Office) -> None:
    office.issued(100_000)
    first, second = office.pay(110_000, on="11-03"), office.pay(20_000, on="11-06")
    asked: dict[str, Any] = {
        "client": office.client,
        "cash_account": office.account("1010"),
        "by": None,
        "at": AT,
    }
    with pytest.raises(RefusedError, match=r"\$100\.00 stood to the credit of Harbor Dental by 5 November"):
        paying_back.pay_back(amount_minor=25_000, on=day("11-05"), **asked)
    line = a_line(office, -25_000, "CHECK 12 HARBOR DENTAL")
    ImportedLine.objects.filter(pk=line.pk).update(waits=True)
    with pytest.raises(told.ToldError, match="CHECK 12"):
        paying_back.pay_back(amount_minor=25_000, on=day("11-07"), **asked)
    line.refresh_from_db()
    assert paying_back.candidates_of(entity=office.books.entity, lines=[line]) == {
        line.pk: [(office.client, 30_000)]
    }
    entry, again = (
        paying_back.pay_back(amount_minor=25_000, on=day("11-07"), line=line, key="k", **asked)
        for _ in range(2)
    )
    assert entry == again
    with pytest.raises(RefusedError, match="another amount, day or client"):
        paying_back.pay_back(amount_minor=1, on=day("11-07"), key="k", **asked)
    line.refresh_from_db()
    assert line.entry == entry
    assert office.balances() == {"1010": 105_000, "1200": -5_000, "4000": -100_000}
    assert [row.amount_minor for row in PaymentRefund.objects.order_by("pk")] == [10_000, 15_000]
    assert paying_back.credit_of(office.client) == 5_000
    aged = ageing.age(entity=office.books.entity, as_of=TODAY)
    assert (aged.credit_minor, aged.difference_minor) == (-5_000, 0)
    with pytest.raises(undoing.MadeElsewhereError, match="undo it on the page of the payment"):
        entries.reverse(entry=entry, on=TODAY, reason="Wrong", by=None, at=AT)
    with pytest.raises(RefusedError, match="went back, so it was one"):
        payments.reverse(payment=first, on=None, reason="Wrong", by=None, at=AT)

    refund = PaymentRefund.objects.get(payment=second)
    back: dict[str, Any] = {"refund": refund, "on": None, "reason": "Another client's", "by": None, "at": AT}
    paying_back.undo(came_back=False, **back)
    with pytest.raises(RefusedError, match="taken back already"):
        paying_back.undo(came_back=False, **back)
    with pytest.raises(RefusedError, match="undone since"):
        paying_back.pay_back(amount_minor=25_000, on=day("11-07"), key="k", **asked)
    line.refresh_from_db()
    assert (line.entry, line.waits, paying_back.credit_of(office.client)) == (None, True, 30_000)
    moves = queries.statement(client=office.client, first=day("11-01"), last=TODAY)
    assert [move.what for move in moves[-4:]] == [
        "Paid back",
        "Paid back",
        "Paid back, taken back",
        "Paid back, taken back",
    ]
    assert moves[-1].balance_minor == -30_000
    assert [said for said in verify_books() if "not what landed" not in said] == []


def test_money_that_went_back_is_recorded_undone_and_tied_on_the_pages(office: Office) -> None:
    payment = office.pay(30_000, to=[])
    browser = Browser()
    browser.force_login(people.owner())
    assert "Pay credit back" in browser.get(f"/portfolio/clients/{office.client.pk}/").content.decode()
    form = f"/portfolio/clients/{office.client.pk}/pay-back/"
    typed = {"amount": "100", "on": "2026-11-08", "cash_account": office.account("1010").pk, "once": "one"}
    assert browser.get(form).context["form"]["amount"].value() == "$300.00"
    assert browser.post(form, {**typed, "amount": "301"}).status_code == 422
    assert browser.post(form, typed).status_code == 302
    page = f"/portfolio/payments/{payment.pk}/"
    undo = f"/portfolio/refunds/{PaymentRefund.objects.get().pk}/undo/"
    assert undo in browser.get(page).content.decode()
    assert browser.post(undo, {"what": "came_back", "reason": "Never cashed"}).status_code == 302
    assert undo not in browser.get(page).content.decode()

    entry = ledger.post(
        entity=office.books.entity, on=day("11-09"), memo="Refund", source=EntrySource.STRIPE, at=AT,
        lines=[office.books.line("1200", 4_000), office.books.line("1050", -4_000)],
    )  # fmt: skip
    line = a_line(office, -4_000, "REFUND", entry)
    ImportedLine.objects.filter(pk=line.pk).update(
        kind=ImportKind.STRIPE, reference="re_9", account=None, on=day("11-09")
    )
    tie = f"/portfolio/refund-lines/{line.pk}/tie/"
    assert tie in browser.get("/portfolio/entities/dc/receivables/payments/").content.decode()
    assert browser.post(tie, {"payment": "x"}).status_code == 422
    assert browser.post(tie, {"payment": payment.pk}).status_code == 422
    for status in (302, 422):
        assert browser.post(tie, {"payment": payment.pk, "sure": "on"}).status_code == status
    payment.refresh_from_db()
    assert payment.refunded_minor == 4_000


def test_a_paid_invoice_is_credited_and_what_was_paid_of_it_stands_to_the_clients_credit(
    office: Office,
) -> None:
    issued = office.issued()
    first, second = office.pay(60_000), office.pay(30_000, on="11-06")
    browser = Browser()
    browser.force_login(people.owner())
    form = f"/portfolio/invoices/{issued.pk}/credit/"
    assert form in browser.get(f"/portfolio/invoices/{issued.pk}/").content.decode()
    asked = {"amount": "550", "on": "2026-11-10", "reason": "Half of it was not done"}
    assert browser.post(form, {**asked, "amount": "1000.01"}).status_code == 422
    assert browser.post(form, asked).status_code == 302

    issued.refresh_from_db()
    for payment in (first, second):
        payment.refresh_from_db()
    assert (issued.settled_minor, first.allocated_minor, second.allocated_minor) == (100_000, 45_000, 0)
    assert paying_back.credit_of(office.client) == 45_000
    assert office.balances() == {"1010": 90_000, "1200": -45_000, "4000": -45_000}
    assert "Credit</a>" in browser.get(f"/portfolio/invoices/{issued.pk}/").content.decode()
    assert verify_books() == []
