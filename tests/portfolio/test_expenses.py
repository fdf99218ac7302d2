"""The expense audit: what looks paid twice, what lacks its receipt, and what is said of it."""

import datetime as dt

import pytest

from core.models import AuditEvent
from portfolio.domain import documents, expenses, ledger
from portfolio.models import EntrySource, ExpenseFlag, FlagKind, JournalEntry
from tests.portfolio.conftest import AT, Books
from tests.portfolio.test_intake import a_booking

pytestmark = pytest.mark.django_db

FIRST, LAST = dt.date(2026, 10, 1), dt.date(2026, 10, 31)


def _paid(books: Books, words: str, cents: int, day: int, **more: object) -> JournalEntry:
    return books.post("6300", "1010", cents, on=dt.date(2026, 10, day), memo=words, **more)  # type: ignore[arg-type]


def _lines(books: Books) -> tuple[expenses.ExpenseLine, ...]:
    return expenses.lines(entity_ids=[books.entity.pk], first=FIRST, last=LAST)


def _doubles(books: Books) -> list[tuple[int, int]]:
    return [(pair.first.entry_id, pair.second.entry_id) for pair in expenses.duplicates(_lines(books))]


def test_the_same_payee_and_amount_within_three_days_looks_paid_twice(books: Books) -> None:
    one, two = _paid(books, "WEST MARINE 0411", 64_20, 5), _paid(books, "West Marine 0412", 64_20, 8)
    _paid(books, "WEST MARINE 0413", 64_20, 12)
    _paid(books, "WEST MARINE", 64_21, 8)
    _paid(books, "HARBOR RIGGING", 64_20, 8)
    assert _doubles(books) == [(one.pk, two.pk)]


def test_payments_for_two_bookings_are_two_and_what_was_reversed_was_not_paid(books: Books) -> None:
    for number in (1, 2):
        booking = a_booking(books, reference=f"QOS-000{number}")
        _paid(books, f"FUEL DOCK QOS-000{number}", 45_00, 5, booking=booking)
    _paid(books, "PARKING", 12_00, 5)
    again = _paid(books, "PARKING", 12_00, 5)
    assert len(_doubles(books)) == 1
    ledger.reverse(entry=again, on=again.on, reason="Slip", by=None, at=AT)
    assert _doubles(books) == []
    assert again.pk not in {line.entry_id for line in _lines(books)}


def test_a_card_processor_s_fee_is_nothing_that_somebody_looks_for_a_receipt_of(books: Books) -> None:
    lines = [books.line("5600", 300_00), books.line("1050", -300_00)]
    ledger.post(
        entity=books.entity,
        on=FIRST,
        memo="Fee",
        lines=lines,
        source=EntrySource.STRIPE,
        external_id="x",
        at=AT,
    )
    books.post("7200", "1590", 300_00, on=FIRST, memo="Depreciation of the vessel")
    assert _lines(books) == ()


def test_a_larger_payment_needs_a_document_or_somebody_s_word(books: Books) -> None:
    large, larger = _paid(books, "SAIL LOFT", 250_00, 5), _paid(books, "LENDER", 900_00, 6)
    _paid(books, "PARKING", 249_99, 6)
    assert [line.entry_id for line in expenses.without_receipt(_lines(books))] == [large.pk, larger.pk]
    documents.attach(entry=large, content=b"Paid", name="loft.txt", by=None, at=AT)
    expenses.flag(entry=larger, kind=FlagKind.RECEIPT_NOT_NEEDED, note="Yearly statement", by=None, at=AT)
    assert expenses.without_receipt(_lines(books)) == ()


def test_a_word_is_said_once_with_its_reason_and_is_taken_back_on_the_record(books: Books) -> None:
    paid = _paid(books, "CAFE", 9_80, 5)
    flag = expenses.flag(entry=paid, kind=FlagKind.PERSONAL, note="  A private   lunch ", by=None, at=AT)
    assert flag.note == "A private lunch"
    assert _lines(books)[0].flags == {"personal": "A private lunch"}
    with pytest.raises(expenses.FlagRefusedError, match="said of this entry already"):
        expenses.flag(entry=paid, kind=FlagKind.PERSONAL, note="Again", by=None, at=AT)
    expenses.unflag(flag=ExpenseFlag.objects.get(), by=None, at=AT)
    assert _lines(books)[0].flags == {}
    with pytest.raises(expenses.FlagRefusedError, match="meanwhile"):
        expenses.unflag(flag=flag, by=None, at=AT)
    said = AuditEvent.objects.filter(action__startswith="portfolio:expense:")
    assert sorted(said.values_list("action", flat=True)) == [
        "portfolio:expense:flag",
        "portfolio:expense:unflag",
    ]


@pytest.mark.parametrize("note", ["", " \n ", "x" * 201, "two\x00"])
def test_a_word_without_a_reason_is_refused(books: Books, note: str) -> None:
    with pytest.raises(expenses.FlagRefusedError):
        expenses.flag(entry=_paid(books, "CAFE", 9_80, 5), kind=FlagKind.PERSONAL, note=note, by=None, at=AT)


def test_only_what_pays_for_something_is_spoken_of(books: Books) -> None:
    sale = books.post("1010", "4000", 500_00)
    with pytest.raises(expenses.FlagRefusedError, match="pays for something"):
        expenses.flag(entry=sale, kind=FlagKind.PERSONAL, note="No", by=None, at=AT)
