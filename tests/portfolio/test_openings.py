"""An opening is landed once for each entity, whole, and nothing goes before it."""

import datetime as dt

import pytest
from django.db.models import QuerySet

from portfolio.domain import intake, journals, ledger
from portfolio.domain.landing import LandedFile
from portfolio.domain.payables import opening as openings
from portfolio.domain.receivables.landing import land_invoices
from portfolio.domain.stripe import landing, payouts
from portfolio.domain.verification import verify_books
from portfolio.formats import FormatError, stripe
from portfolio.models import AccountRole, Entity, EntrySource, ImportedLine, JournalEntry, StripePayout
from tests.portfolio.conftest import AT, Books
from tests.portfolio.test_intake import PAYOUT, STRIPE_HEADER, balance, nothing_written, stripe_row


def openings_of(entity: Entity) -> QuerySet[JournalEntry]:
    return JournalEntry.objects.filter(entity=entity, source=EntrySource.OPENING)


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
    # On its own day it may begin anew, too, by the same file and by another.
    entry = openings_of(books.entity).get(reversed_by=None)
    undone = ledger.reverse(entry=entry, on=entry.on, reason="Typed wrong", by=None, at=AT)
    with pytest.raises(ledger.ReversedOpeningError, match="undid the opening balances; post them anew"):
        ledger.reverse(entry=undone, on=undone.on, reason="After all", by=None, at=AT)
    assert [opening("2025-12-31").new, opening("2025-12-31").new] == [2, 0]
    assert balance(books, "1010") == 7_00
    assert verify_books() == []


OPENED = dt.date(2026, 10, 5)
# A payout after the opening carries a charge of before it, which the clearing account was opened with.
CARRIED = (
    stripe_row(2, "charge", "ch_1", "100.00", "3.00", "97.00", "Sail"),
    stripe_row(6, "charge", "ch_2", "50.00", "0.00", "50.00", "Sail"),
    stripe_row(7, "payout", PAYOUT, "-147.00", "0.00", "-147.00", "STRIPE PAYOUT"),
)


def begin(books: Books, **balances: int) -> None:
    openings.post(
        entity=books.entity, on=OPENED, rest=books.accounts["3000"], by=None, at=AT,
        balances={books.accounts[code.removeprefix("a")]: minor for code, minor in balances.items()},
    )  # fmt: skip


@pytest.mark.parametrize("by_file", [True, False])
def test_a_payout_that_carries_charges_of_before_the_opening_empties_clearing(
    books: Books, by_file: bool
) -> None:
    (clearing,) = books.entity.accounts.filter(role=AccountRole.CLEARING)
    begin(books, **{f"a{clearing.code}": 97_00})
    for _ in range(2):
        data = (STRIPE_HEADER + "".join(CARRIED)).encode()
        if by_file:
            landed = landing.land_file(entity=books.entity, data=data, name="stripe.csv", by=None, at=AT)
            assert landed.known or landed.told == (
                "Of 3 lines: 2 posted as new (1 without a category), 1 of before the opening balances, which hold them."
            )
        else:
            landing.land(
                entity=books.entity, rows=stripe.parse(data, name="x"), name="payout.paid evt_1", at=AT
            )
    assert (balance(books, clearing.code), balance(books, "1010")) == (0, 147_00)
    assert StripePayout.objects.get().residual_minor == 0
    assert ImportedLine.objects.get(entry=None).external_id == "txn_0002"
    # Until the payout arrives it is on its way, as what the opening brought.
    held = [payouts.in_transit(entity=books.entity, as_of=OPENED + dt.timedelta(days=n)) for n in range(3)]
    assert held == [97_00, 147_00, 0]
    assert verify_books() == []


def test_a_line_of_before_the_opening_is_refused_by_its_own_line_and_column(books: Books) -> None:
    begin(books, a1010=5_00)
    said = "line 3, column {}: it is of 1 October 2026, and the books begin with"
    journal = b"\n\n2026-10-01 Ice\n    1010  -5 USD\n    6100\n"
    with pytest.raises(FormatError, match=said.format("date")):
        journals.land_journal(entity=books.entity, data=journal, name="x.j", by=None, at=AT)
    invoices = (
        b"entity,number,client,issued_on,terms_days,amount,paid_on\nqos,Q-1,Harbor,2026-10-06,30,9.00,\n"
        b"qos,Q-2,Harbor,2026-10-01,30,9.00,\n"
    )
    with pytest.raises(FormatError, match=said.format("issued_on")):
        land_invoices(data=invoices, name="invoices.csv", by=None, at=AT)
