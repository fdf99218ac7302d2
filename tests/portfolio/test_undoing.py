"""What a record of its own made is undone with that record: the journal refuses and says where."""

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from portfolio.domain import crew_pay, entries, ledger, recognition, undoing
from portfolio.domain.payables import bills, vendors
from portfolio.domain.receivables import credit
from portfolio.domain.undoing import Place
from portfolio.models import (
    BookingStage,
    CrewPayUndone,
    EntrySource,
    ImportedLine,
    ImportKind,
    JournalEntry,
)
from tests.factories.portfolio import BookingFactory
from tests.portfolio.conftest import AT, Books
from tests.portfolio.receivables.conftest import TODAY, open_office

ON = dt.date(2026, 11, 5)


def posted(books: Books, source: EntrySource, **fields: Any) -> JournalEntry:
    """Post one entry of a source, with nothing behind it."""
    lines = [books.line("6100", 500, fields.get("booking")), books.line("1010", -500, fields.get("booking"))]
    return ledger.post(entity=books.entity, on=ON, memo=f"By {source}", lines=lines, source=source, at=AT)


def made() -> tuple[Books, dict[str, tuple[JournalEntry, Place]]]:
    """Return an agency's books, and entries that its records made by what made them, each with where it is undone."""
    office = open_office()
    books, who = office.books, {"by": None, "at": AT}
    invoice = office.issued()
    payment = office.pay(30_000, to=[(invoice, 30_000)])
    note = credit.note(invoice=invoice, amount_minor=10_000, reason="Late", on=ON, today=TODAY, **who)
    off = credit.write_off(invoice=invoice, amount_minor=60_000, reason="Gone", on=ON, today=TODAY, **who)
    vendor = vendors.add(entity=books.entity, terms=vendors.VendorTerms(name="Rigger"), **who)
    bill = bills.enter(
        vendor=vendor, reference="R-1", issued_on=ON, due_on=ON,
        lines=[bills.LineDraft(books.accounts["6300"], 5_000, "Halyards")], **who,
    )  # fmt: skip
    paid = bills.pay(bill=bill, on=ON, amount_minor=5_000, account=books.accounts["1010"], key="", **who)
    booking = BookingFactory(
        entity=books.entity,
        stage=BookingStage.COMPLETED,
        completed_on=ON,
        service_on=ON,
        booked_on=ON,
        price_minor=900,
    )
    earned = recognition.recognise(booking=booking, on=ON, **who)
    assert earned is not None
    crew = {"entity": books.entity, "person": "Kit Mate", "person_key": "k", "on": ON, "amount_minor": 700}
    aboard = crew_pay.accrue(key="1", booking=booking, **crew, **who)
    ashore = crew_pay.accrue(key="2", booking=None, **crew, **who)
    (wages,) = crew_pay.pay(entity=books.entity, keys=["1", "2"], on=ON, **who)
    payout = posted(books, EntrySource.STRIPE)
    ImportedLine.objects.create(
        entity=books.entity, kind=ImportKind.STRIPE, line=1, external_id="txn_1", body_hash="", on=ON, amount_minor=-500,
        description="STRIPE PAYOUT", payout_id="po_1", entry=payout,
    )  # fmt: skip
    return books, {
        "invoice": (invoice.entry, Place.INVOICE),
        "credit note": (note.entry, Place.INVOICE),
        "write-off": (off.entry, Place.INVOICE),
        "payment": (payment.entry, Place.PAYMENT),
        "credit used": (posted(books, EntrySource.PAYMENT), Place.PAYMENTS),
        "bill": (bill.entry, Place.BILL),
        "bill payment": (paid.entry, Place.BILL),
        "recognition": (earned, Place.BOOKING),
        "crew pay": (aboard.entry, Place.BOOKING),
        "crew pay without a booking": (ashore.entry, Place.CONTRACTORS),
        "crew pay paid": (wages, Place.CONTRACTORS),
        "tax paid on": (posted(books, EntrySource.TAX), Place.TAX),
        "payout": (payout, Place.STRIPE),
        "charge of a booking": (posted(books, EntrySource.STRIPE, booking=booking), Place.STRIPE),
    }


@pytest.mark.django_db
def test_the_journal_refuses_what_a_record_made_and_reverses_the_rest() -> None:
    books, found = made()
    asked: dict[str, Any] = {"reason": "Wrong", "by": None, "at": AT}
    lines = [books.line("6200", 500), books.line("1010", -500)]
    for what, (entry, place) in found.items():
        home = undoing.home_of(entry)
        assert home is not None, what
        assert home.place == place, what
        before = JournalEntry.objects.count()
        with pytest.raises(undoing.MadeElsewhereError, match="This entry was made by"):
            entries.reverse(entry=entry, on=ON, **asked)
        with pytest.raises(undoing.MadeElsewhereError):
            entries.correct(entry=entry, reversed_on=ON, on=ON, memo="Right", lines=lines, **asked)
        assert JournalEntry.objects.count() == before
    # What undid a record is not undone either: a bill does not come back by the journal.
    undone = ledger.reverse(entry=found["bill"][0], on=ON, **asked)
    with pytest.raises(undoing.MadeElsewhereError, match="undoing bill R-1; record it anew"):
        entries.reverse(entry=undone, on=ON, **asked)
    # What an opening held is typed anew, and crew pay that was taken back is marked as paid anew: never twice.
    crew_pay.unpay(entity=books.entity, keys=["1", "2"], on=ON, came_back=False, **asked)
    for act in (CrewPayUndone.objects.all().delete, lambda: CrewPayUndone.objects.update(paid_on=ON)):
        with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
            act()
    opened = ledger.reverse(entry=posted(books, EntrySource.OPENING), on=ON, **asked)
    wages = found["crew pay paid"][0].reversed_by.get()
    for reversal, place in ((wages, Place.CONTRACTORS), (opened, Place.OPENING)):
        home = undoing.home_of(reversal)
        assert home is not None
        assert home.place == place
        with pytest.raises(undoing.MadeElsewhereError):
            entries.reverse(entry=reversal, on=ON, **asked)
    free = {
        EntrySource.MANUAL, EntrySource.BANK, EntrySource.OPENING, EntrySource.JOURNAL, EntrySource.STRIPE,
    }  # fmt: skip
    for source in free:
        assert entries.reverse(entry=posted(books, source), on=ON, **asked).reason == "Wrong"


def test_money_of_a_booking_written_by_hand_counts_as_paid_until_it_is_reversed(books: Books) -> None:
    booking = BookingFactory(entity=books.entity)
    lines = [books.line("1010", 500_00), books.line("2100", -500_00, booking)]
    entry = entries.write(
        entity=books.entity, on=ON, memo="Cash from a guest", lines=lines, key="k1", by=None, at=AT
    )
    booking.refresh_from_db()
    assert booking.paid_minor == 500_00
    entries.reverse(entry=entry, on=ON, reason="Counted twice", by=None, at=AT)
    booking.refresh_from_db()
    assert booking.paid_minor == 0
