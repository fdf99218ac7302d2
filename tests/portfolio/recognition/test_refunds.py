"""What goes back to a client clears what is owed back, whether the card company's file or the bank's tells of it."""

import datetime as dt

import pytest

from portfolio.domain import bank_files
from portfolio.models import BookingStage, ImportedLine, JournalEntry
from tests.portfolio.conftest import AT
from tests.portfolio.recognition.conftest import SERVED, Charter
from tests.portfolio.test_intake import STRIPE_HEADER, balance, bank, card, stripe_row

TEN_DAYS_BEFORE = SERVED - dt.timedelta(days=10)  # Half goes back.


def call_off(charter: Charter) -> None:
    charter.pay(1_000_00)
    charter.move(BookingStage.CANCELLED, TEN_DAYS_BEFORE)
    assert charter.standing() == {"refunds_due": 500_00, "kept": 500_00}


def test_a_refund_by_card_clears_what_is_owed_back_and_no_more(charter: Charter) -> None:
    call_off(charter)
    rows = [
        stripe_row(4, "refund", "re_1", "-300.00", "0.00", "-300.00", "Refund QOS-0001", "QOS-0001"),
        stripe_row(5, "refund", "re_2", "-250.00", "0.00", "-250.00", "Refund QOS-0001", "QOS-0001"),
    ]
    card(charter.books, STRIPE_HEADER + rows[0])
    assert charter.standing() == {"refunds_due": 200_00, "kept": 500_00}
    card(charter.books, STRIPE_HEADER + rows[1], name="next.csv")
    assert (balance(charter.books, "2170"), balance(charter.books, "2100")) == (0, 50_00)
    assert charter.fresh().paid_minor == 450_00


@pytest.mark.parametrize(
    ("words", "amount", "standing"),
    [
        ("ZELLE TO CLIENT QOS-0001", "-500.00", {"kept": 500_00}),
        ("PART REFUND QOS-0001", "-200.00", {"refunds_due": 300_00, "kept": 500_00}),
        ("FUEL FOR QOS-0001", "-45.00", {"refunds_due": 500_00, "kept": 500_00}),
    ],
)
def test_a_refund_by_the_bank_clears_it_by_its_amount_or_its_words(
    charter: Charter, words: str, amount: str, standing: dict[str, int]
) -> None:
    call_off(charter)
    bank(charter.books, f"Date,Description,Amount\n2026-10-12,{words},{amount}\n")
    assert charter.standing() == standing


def test_a_line_that_waited_and_is_posted_clears_it_too(charter: Charter) -> None:
    call_off(charter)
    for memo in ("One client", "Another client"):  # Two could be the line, so it waits.
        charter.books.post("6900", "1010", 500_00, on=dt.date(2026, 10, 12), memo=memo)
    bank(charter.books, "Date,Description,Amount\n2026-10-12,TO CLIENT QOS-0001,-500.00\n")
    line = ImportedLine.objects.get(waits=True)
    entry = bank_files.post_waiting(line=line, account=None, by=None, at=AT)
    assert JournalEntry.objects.get(pk=entry.pk).postings.filter(account__code="2170").exists()
    assert charter.standing() == {"kept": 500_00}
