"""Openings: the books begin on their day."""

import datetime as dt

import pytest

from portfolio.domain import ledger, verification
from portfolio.domain.payables import opening
from portfolio.models import EntryChain, EntrySource, JournalEntry
from tests.portfolio.conftest import AT, Books

YEAR_END = dt.date(2025, 12, 31)


def an_opening(books: Books, on: dt.date = YEAR_END, **held: int) -> JournalEntry:
    balances = {books.accounts[code.removeprefix("a")]: amount for code, amount in held.items()}
    return opening.post(
        entity=books.entity, on=on, balances=balances, rest=books.accounts["3000"], by=None, at=AT
    )


def test_nothing_is_posted_before_the_opening_by_hand_or_in_a_batch(books: Books) -> None:
    begun = an_opening(books, a1010=500_00)
    early, day = dt.date(2025, 12, 30), EntryChain.objects.get().opened_on
    assert day == YEAR_END
    with pytest.raises(
        ledger.BeforeOpeningError, match="“Dock fee” of 30 December 2025 is of a day before the opening"
    ):
        books.post("6100", "1010", 5_00, on=early)
    drafts = [
        ledger.Draft(on, "Dock fee", [books.line("6100", 5_00), books.line("1010", -5_00)], EntrySource.BANK)
        for on in (YEAR_END, early)
    ]
    with pytest.raises(ledger.BeforeOpeningError, match="31 December 2025, which hold it already"):
        ledger.post_many(entity=books.entity, drafts=drafts, at=AT)
    assert JournalEntry.objects.count() == 1

    books.post("6100", "1010", 5_00, on=YEAR_END)
    assert verification.verify_openings() == []
    EntryChain.objects.update(opened_on=None)
    assert verification.verify_openings() == [
        "The books of QueenofSanDiego are held to begin on no day, and their opening balances are of 31 December 2025."
    ]
    books.post("6100", "1010", 5_00, on=early)
    EntryChain.objects.update(opened_on=YEAR_END)
    assert "hold an entry of 30 December 2025" in verification.verify_openings()[0]

    ledger.reverse(entry=begun, on=YEAR_END, reason="Another day", by=None, at=AT)
    assert EntryChain.objects.get().opened_on is None
    assert books.post("6100", "1010", 5_00, on=early).pk
