"""A booking moves through its stages by one door, and is earned when it is served."""

import datetime as dt

import pytest

from core import months
from core.models import AuditEvent
from portfolio.domain import bookings, ledger, recognition
from portfolio.models import (
    Booking,
    BookingStage,
    EntrySource,
    JournalEntry,
    Period,
)
from tests.portfolio.conftest import AT, Books, in_parallel, open_books
from tests.portfolio.test_intake import a_booking, balance

ON = dt.date(2026, 10, 20)


def move(booking: Booking, to: BookingStage, on: dt.date = ON) -> Booking:
    return bookings.advance(booking=booking, to=to, by=None, at=AT, on=on)


def test_the_whole_walk_sets_its_dates_and_leaves_a_trail(books: Books) -> None:
    booking = a_booking(books, stage=BookingStage.ENQUIRY)
    steps = ["quoted", "held", "booked", "paid", "completed"]
    for day, stage in enumerate(steps, start=20):
        booking = move(booking, BookingStage(stage), dt.date(2026, 10, day))
    assert (booking.quoted_on, booking.booked_on, booking.completed_on) == (
        dt.date(2026, 10, 20), dt.date(2026, 10, 22), dt.date(2026, 10, 24),
    )  # fmt: skip
    trail = AuditEvent.objects.filter(action__startswith="portfolio:booking:").order_by("id")
    assert [event.data["stage"] for event in trail] == [
        list(pair) for pair in zip(["enquiry", *steps], steps, strict=False)
    ]


@pytest.mark.parametrize("stage", BookingStage)
@pytest.mark.parametrize("to", BookingStage)
def test_only_legal_moves_are_made(books: Books, stage: BookingStage, to: BookingStage) -> None:
    booking = a_booking(books, stage=stage, completed_on=ON)
    if to in bookings.MOVES[stage]:
        assert move(booking, to).stage == to
        return
    with pytest.raises(bookings.IllegalMoveError, match=f"cannot become {to.label.lower()}"):
        move(booking, to)
    booking.refresh_from_db()
    assert booking.stage == stage
    assert not AuditEvent.objects.exists()


def test_a_firm_booking_needs_its_day_and_is_not_completed_before_it(books: Books) -> None:
    quoted = a_booking(books, stage=BookingStage.QUOTED, service_on=None)
    with pytest.raises(bookings.MissingDateError, match="has no service date"):
        move(quoted, BookingStage.BOOKED)
    booked = a_booking(books, reference="QOS-0002")
    with pytest.raises(bookings.MissingDateError, match="is served on 20 October 2026"):
        move(booked, BookingStage.COMPLETED, dt.date(2026, 10, 19))


@pytest.mark.parametrize(
    ("to", "on", "said"),
    [
        (BookingStage.COMPLETED, dt.date(2026, 11, 11), "which is ahead"),
        (BookingStage.CANCELLED, dt.date(2026, 11, 11), "which is ahead"),
        (BookingStage.CANCELLED, dt.date(2026, 9, 30), "before it was booked on 1 October 2026"),
    ],
)
def test_the_day_that_decides_on_money_is_one_that_can_be(
    books: Books, to: BookingStage, on: dt.date, said: str
) -> None:
    booking = a_booking(books, booked_on=dt.date(2026, 10, 1))
    with pytest.raises(bookings.WrongDayError, match=said):
        move(booking, to, on)
    assert Booking.objects.get().stage == BookingStage.BOOKED


def test_a_stale_page_does_not_move_a_booking_twice(books: Books) -> None:
    booking = a_booking(books)
    stale = Booking.objects.get()
    move(booking, BookingStage.CANCELLED)
    with pytest.raises(bookings.StaleStageError, match="no longer booked"):
        move(stale, BookingStage.PAID)


def test_completing_earns_what_is_held_and_bills_the_rest(books: Books) -> None:
    booking = a_booking(books, stage=BookingStage.PAID, deposit_minor=950_00)
    books.post("1050", "2150", 950_00, booking=booking)
    books.post("1050", "2100", 450_00, booking=booking)
    move(booking, BookingStage.COMPLETED)
    entry = JournalEntry.objects.get(source=EntrySource.RECOGNITION)
    assert entry.external_id == "booking:QOS-0001:completed"
    assert sorted(entry.postings.values_list("account__code", "amount_minor", "booking")) == [
        ("1200", 500_00, booking.pk),
        ("2100", 450_00, booking.pk),
        ("2150", 950_00, booking.pk),
        ("4000", -1_900_00, booking.pk),
    ]


def test_a_security_deposit_beyond_the_price_stays_held_until_it_goes_back(books: Books) -> None:
    booking = a_booking(books, stage=BookingStage.PAID)
    books.post("1050", "2100", 1_900_00, booking=booking)
    books.post("1050", "2150", 500_00, booking=booking)
    move(booking, BookingStage.COMPLETED)
    assert (balance(books, "4000"), balance(books, "2100")) == (-1_900_00, 0)
    assert balance(books, "2150") == -500_00

    assert recognition.recognise_due(entity=books.entity, by=None, at=AT) == 0
    books.post("2150", "1050", 500_00, booking=booking)
    assert recognition.recognise_due(entity=books.entity, by=None, at=AT) == 0
    assert (balance(books, "4000"), balance(books, "2150")) == (-1_900_00, 0)


def test_completing_a_gift_posts_nothing(books: Books) -> None:
    booking = a_booking(books, price_minor=0)
    move(booking, BookingStage.COMPLETED)
    assert not JournalEntry.objects.exists()


def test_completing_into_a_closed_month_moves_nothing(books: Books) -> None:
    Period.objects.create(entity=books.entity, month=months.month_of(ON), state="closed", closed_at=AT)
    booking = a_booking(books)
    with pytest.raises(ledger.ClosedPeriodError):
        move(booking, BookingStage.COMPLETED)
    booking.refresh_from_db()
    assert booking.stage == BookingStage.BOOKED
    assert not AuditEvent.objects.exists()


def test_cancelling_leaves_what_is_held_until_it_is_forfeited(books: Books) -> None:
    booking = a_booking(books)
    books.post("1050", "2150", 950_00, booking=booking)
    with pytest.raises(recognition.NotCancelledError):
        recognition.forfeit(booking=booking, on=ON, reason="Late", by=None, at=AT)
    booking = move(booking, BookingStage.CANCELLED)
    assert (booking.ended_on, balance(books, "2150")) == (ON, -950_00)
    recognition.forfeit(booking=booking, on=ON, reason="Cancelled four days before", by=None, at=AT)
    assert (balance(books, "2150"), balance(books, "4100")) == (0, -950_00)
    with pytest.raises(recognition.NothingHeldError):
        recognition.forfeit(booking=booking, on=ON, reason="Again", by=None, at=AT)


@pytest.mark.django_db(transaction=True)
def test_two_people_complete_a_booking_once() -> None:
    books = open_books()
    for number in range(10):
        booking = a_booking(books, reference=f"QOS-{number:04d}")
        found = in_parallel(
            *[lambda pk=booking.pk: move(Booking.objects.get(pk=pk), BookingStage.COMPLETED).stage] * 3
        )
        kinds = [type(outcome) for outcome in found]
        assert found.count("completed") == 1
        assert set(kinds) <= {str, bookings.StaleStageError, bookings.IllegalMoveError}
    assert JournalEntry.objects.count() == 10
    assert balance(books, "4000") == -19_000_00
