"""What needs a person is found, once, and clears itself; every month of what is held ties to the ledger."""

import datetime as dt

from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import months
from portfolio.domain import bookings, ledger, recognition, roll_forward
from portfolio.domain.exceptions import Trouble, exceptions
from portfolio.models import Booking, BookingStage, EntrySource, JournalEntry, UnpostedDeed
from reports.lenses import frame
from reports.metrics.facts import Facts
from reports.rules import HELD_RULES, run
from tests.portfolio.conftest import AT, Books
from tests.portfolio.recognition.conftest import SERVED, Charter, a_charter

AS_OF = dt.date(2026, 11, 10)


def found(books: Books, as_of: dt.date = AS_OF) -> list[tuple[str, str]]:
    rows = exceptions(entity_ids=[books.entity.pk], as_of=as_of)
    return [(row.trouble.value, row.subject) for row in rows]


def test_each_trouble_is_found_and_clears_itself(books: Books) -> None:
    def charter(reference: str, stage: BookingStage = BookingStage.BOOKED, **facts: object) -> Charter:
        made = a_charter(books, **{"reference": reference, "stage": stage, "service_on": AS_OF, **facts})
        return Charter(books, made)

    fine = charter("FINE")
    fine.pay(950_00)
    assert found(books) == []
    done = charter("DONE", BookingStage.COMPLETED, completed_on=SERVED)
    done.pay(2_000_00)
    off = charter("OFF", BookingStage.CANCELLED)
    off.pay(100_00)
    under = charter("UNDER")
    under.refund(50_00)
    late = charter("LATE", service_on=dt.date(2026, 11, 6))
    old = charter("OLD", service_on=dt.date(2026, 12, 1))
    old.pay(1_00, on=dt.date(2026, 5, 1))
    due = charter("DUE", BookingStage.CANCELLED)
    books.post("1050", "2170", 70_00, booking=due.booking, on=dt.date(2026, 10, 26))
    books.post("1050", "2100", 33_00)
    waits = charter("WAITS")
    UnpostedDeed.objects.create(
        booking=waits.booking, deed="completed", on=SERVED, refusal="The books are closed.", since=AT, tried_at=AT
    )  # fmt: skip
    everything = [
        ("unposted", "WAITS"), ("negative", "UNDER"), ("completed", "DONE"), ("cancelled", "OFF"), ("refund", "DUE"),
        ("unnamed", "qos"), ("late", "LATE"), ("old", "OLD"),
    ]  # fmt: skip
    assert found(books) == everything
    assert ("refund", "DUE") not in found(books, dt.date(2026, 11, 9))
    desk = frame.desk_for(Facts(as_of=AS_OF))
    notes = run(HELD_RULES, desk)
    assert len(notes) == len(everything)
    assert {note.rule for note in notes} <= {rule.name for rule in HELD_RULES}
    assert len({(note.rule, note.subject) for note in notes}) == len(notes)

    recognition.recognise_due(entity=books.entity, by=None, at=AT)
    done.refund(100_00)
    recognition.overrule(booking=off.fresh(), refund_minor=0, on=AS_OF, reason="No show", by=None, at=AT)
    under.pay(50_00)
    bookings.advance(booking=late.fresh(), to=BookingStage.CANCELLED, on=dt.date(2026, 11, 6), by=None, at=AT)
    bookings.advance(booking=old.fresh(), to=BookingStage.CANCELLED, on=dt.date(2026, 11, 1), by=None, at=AT)
    books.post("2170", "1050", 70_00, booking=due.booking)
    books.post("2170", "1050", 1_00, booking=old.booking, on=AS_OF)
    books.post("2100", "1050", 33_00)
    UnpostedDeed.objects.all().delete()
    assert found(books) == []


def test_many_bookings_cost_no_more_queries_than_one(books: Books) -> None:
    counts = []
    for n in range(12):
        Charter(books, a_charter(books, reference=f"Q-{n}", stage=BookingStage.CANCELLED)).pay(1_00)
        if n in (0, 11):
            with CaptureQueriesContext(connection) as queries:
                assert len(found(books)) == n + 1
            counts.append(len(queries))
    assert counts == [2, 2]


def test_a_month_rolls_forward_whatever_was_posted_by_hand(books: Books) -> None:
    sail = Charter(books, a_charter(books))
    sail.pay(950_00, deposit=True, on=dt.date(2026, 9, 2))
    lost = Charter(books, a_charter(books, reference="QOS-2"))
    lost.pay(400_00, on=dt.date(2026, 9, 3))
    by_hand = books.post("2100", "4000", 30_00, on=dt.date(2026, 9, 9), memo="Gift")
    ledger.reverse(entry=by_hand, on=dt.date(2026, 9, 10), reason="Twice", by=None, at=AT)
    books.post("6300", "2100", 5_00, on=dt.date(2026, 9, 11), memo="Odd")
    charge = books.post("1050", "2100", 60_00, on=dt.date(2026, 9, 12), memo="Wrong charge")
    ledger.reverse(entry=charge, on=dt.date(2026, 9, 13), reason="Wrong", by=None, at=AT)
    books.post("2150", "2100", 10_00, on=dt.date(2026, 9, 14), memo="From one to the other")
    lost.move(BookingStage.CANCELLED, dt.date(2026, 10, 13))
    sail.move(BookingStage.COMPLETED)
    bookings.take_back(booking=sail.fresh(), reason="A slip", on=dt.date(2026, 11, 2), by=None, at=AT)
    sail.refund(50_00, on=dt.date(2026, 11, 3))
    september = months.parse("2026-09")
    roll = roll_forward.roll_forward(entity=books.entity, first=september, last=september + 2)
    names = ("opening", "received", "recognised", "refunded", "kept", "other", "closing", "ledger")
    assert [tuple(getattr(row, f"{name}_minor") for name in names) for row in roll.months] == [
        (0, 1_350_00, 0, 0, 0, 5_00, 1_355_00, 1_355_00),
        (1_355_00, 0, 950_00, 200_00, 200_00, 0, 5_00, 5_00),
        (5_00, 0, -950_00, 50_00, 0, 0, 905_00, 905_00),
    ]
    assert roll.ties
    now = roll_forward.held_now(entity=books.entity, month=september + 2, as_of=AS_OF)
    assert (now.named_minor, now.unnamed_minor, now.off_minor) == (900_00, 5_00, 0)
    assert [(row.booking.reference, row.days) for row in now.rows] == [("QOS-0001", 69)]
    assert JournalEntry.objects.filter(source=EntrySource.RECOGNITION).count() == 2
    assert Trouble.UNNAMED in [row.trouble for row in exceptions(entity_ids=[books.entity.pk], as_of=AS_OF)]
    assert Booking.objects.filter(stage=BookingStage.COMPLETED).count() == 0
