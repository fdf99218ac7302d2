"""An opening is landed once for each entity, whole, and nothing goes before it."""

import pytest

from portfolio.domain import intake, ledger
from portfolio.domain.landing import LandedFile
from portfolio.formats import FormatError
from portfolio.models import JournalEntry
from tests.portfolio.conftest import AT, Books
from tests.portfolio.test_intake import balance, nothing_written


def test_openings_post_one_entry_for_each_entity(books: Books, other_books: Books) -> None:
    text = (
        "entity,account,on,amount\nqos,1010,2025-10-31,3200.00\nqos,3000,2025-10-31,-3200.00\n"
        "qdn,1010,2025-10-31,9600.00\nqdn,3000,2025-10-31,-9600.00\n"
    )
    landed = intake.land_opening(data=text.encode(), name="opening.csv", by=None, at=AT)
    assert (landed.read, landed.new) == (4, 4)
    assert (balance(books, "1010"), balance(other_books, "1010")) == (3_200_00, 9_600_00)
    assert intake.land_opening(data=text.encode(), name="opening.csv", by=None, at=AT).new == 0
    early = b"Date,Description,Amount\n2025-10-30,ICE,-5.00\n"
    with pytest.raises(FormatError, match="it is of 30 October 2025, and the books begin with the opening"):
        intake.land_bank(entity=books.entity, data=early, name="early.csv", by=None, at=AT)
    assert JournalEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "entity,account,on,amount\nqos,1010,2025-10-31,5.00\nqos,3000,2025-10-31,-4.00\n",
            r"out of balance by \$1\.00",
        ),
        (
            "entity,account,on,amount\nnone,1010,2025-10-31,5.00\n",
            "line 2, column entity: 'none' is no entity",
        ),
        (
            "entity,account,on,amount\nqos,1010,2025-10-31,5.00\nqos,3000,2025-11-01,-5.00\n",
            "line 3, column on: 2025-11-01 is another day than 2025-10-31 on line 2",
        ),
        (
            "entity,account,on,amount\nqos,9999,2025-10-31,5.00\n",
            "line 2, column account: QueenofSanDiego has no account 9999",
        ),
    ],
)
def test_bad_openings_write_nothing(books: Books, text: str, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        intake.land_opening(data=text.encode(), name="opening.csv", by=None, at=AT)
    assert nothing_written()


def test_the_books_of_an_entity_begin_once(books: Books) -> None:
    def opening(on: str) -> LandedFile:
        text = f"entity,account,on,amount\nqos,1010,{on},7.00\nqos,3000,{on},-7.00\n"
        return intake.land_opening(data=text.encode(), name="opening.csv", by=None, at=AT)

    opening("2025-10-31")
    with pytest.raises(
        FormatError, match=r"line 2, column on: The books begin with .* 31 October 2025 already"
    ):
        opening("2025-12-31")
    entry = JournalEntry.objects.get()
    ledger.reverse(entry=entry, on=entry.on, reason="Another day", by=None, at=AT)
    assert opening("2025-12-31").new == 2
    with pytest.raises(FormatError, match="The books begin with"):
        opening("2025-10-30")
    assert balance(books, "1010") == 7_00
