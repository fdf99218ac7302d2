"""Payments, credit notes and bad debts: what settles an invoice, never twice, and taken back by mirror images."""

import pytest
from django.db.models import Sum

from portfolio.domain.receivables import credit, payments, settling
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.models import Allocation, ImportedLine, ImportKind, Invoice, JournalEntry, Payment
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
