"""Completing, cancelling and taking back an event goes into the books of its booking, and never stops a captain."""

import datetime as dt

import pytest

from core import months
from crew.domain import events, history, pay
from crew.models import Event, EventState, Position, PositionState
from portfolio.domain import bookings, chart, held, ledger, served
from portfolio.domain.stripe import landing as stripe
from portfolio.models import (
    Account,
    Booking,
    BookingStage,
    CrewPay,
    Entity,
    EntrySource,
    JournalEntry,
    Period,
    UnpostedDeed,
)
from tests.factories import people
from tests.factories.crew import EventFactory, PositionFactory
from tests.factories.portfolio import BookingFactory, EntityFactory
from tests.portfolio.conftest import in_parallel
from tests.portfolio.test_intake import STRIPE_HEADER, stripe_row

NOW = dt.datetime(2026, 11, 10, 18, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 10)
BY = history.SYSTEM


def a_world(state: EventState = EventState.UNDERWAY, stage: BookingStage = BookingStage.BOOKED) -> Event:
    """Return an event under way for a booking of 1,900.00 of which half is paid, with a captain at 350.00."""
    entity = EntityFactory(slug="qos", zone="America/Los_Angeles")
    accounts = chart.open_chart(entity=entity)
    left = NOW - dt.timedelta(hours=5)
    event = EventFactory(
        entity=entity, state=state, departs_at=left, returns_at=NOW, departs_on=TODAY, key="qqqqqqqq"
    )
    PositionFactory(
        event=event, rate_minor=350_00, state=PositionState.CONFIRMED, holder=people.PersonFactory(name="Cap")
    )
    booking = BookingFactory(
        entity=entity, reference="QOS-1", stage=stage, service_on=TODAY, booked_on=TODAY,
        price_minor=1_900_00, event_key=event.key,
    )  # fmt: skip
    ledger.post(
        entity=entity, on=dt.date(2026, 10, 1), memo="Deposit", source=EntrySource.MANUAL, at=NOW,
        lines=[ledger.Line(accounts["1010"], 950_00), ledger.Line(accounts["2100"], -950_00, booking)],
    )  # fmt: skip
    return event


def advance(to: EventState) -> Event:
    return events.advance(event=Event.objects.get(), to=to, by=BY, at=NOW, early=True)


def standing() -> dict[str, int]:
    money = held.of(Booking.objects.select_related("entity").get())
    names = ("deferred", "refunds_due", "receivable", "earned", "kept")
    return {name: getattr(money, name) for name in names if getattr(money, name)}


def owed_to_crew() -> int:
    return -sum(
        posting.amount_minor
        for account in Account.objects.filter(role="crew_pay")
        for posting in account.postings.filter(entry__state="posted")
    )


def test_a_completed_event_earns_its_booking_and_owes_its_crew_and_is_taken_back(db: None) -> None:
    a_world()
    for _ in range(2):
        advance(EventState.COMPLETED)
        assert standing() == {"receivable": 950_00, "earned": 1_900_00}
        assert (owed_to_crew(), Booking.objects.get().stage) == (350_00, BookingStage.COMPLETED)
        served.event_completed(event_key="qqqqqqqq", on=TODAY, by=None, at=NOW)
        assert owed_to_crew() == 350_00
        advance(EventState.UNDERWAY)
        assert standing() == {"deferred": 950_00}
        assert (owed_to_crew(), Booking.objects.get().stage) == (0, BookingStage.BOOKED)
    assert CrewPay.objects.filter(void_on__isnull=True).count() == 0


def test_a_cancelled_event_calls_its_booking_off(db: None) -> None:
    event = a_world(EventState.CONFIRMED)
    events.cancel(event=event, reason="Gale warning", by=BY, at=NOW)
    assert Booking.objects.get().stage == BookingStage.CANCELLED
    assert standing() == {"deferred": 950_00}  # It has no terms, so nobody decided yet.


def test_an_event_without_a_booking_posts_nothing(db: None) -> None:
    a_world()
    Booking.objects.update(event_key="")
    before = JournalEntry.objects.count()
    advance(EventState.COMPLETED)
    assert JournalEntry.objects.count() == before
    assert not UnpostedDeed.objects.exists()


@pytest.mark.parametrize("obstacle", ["closed month", "missing account", "not firm"])
def test_a_captain_is_never_refused_and_it_is_posted_later(db: None, obstacle: str) -> None:
    a_world(stage=BookingStage.QUOTED if obstacle == "not firm" else BookingStage.BOOKED)
    if obstacle == "closed month":
        Period.objects.create(
            entity=Entity.objects.get(), month=months.month_of(TODAY), state="closed", closed_at=NOW
        )
    if obstacle == "missing account":
        Account.objects.filter(code="5100").update(active=False)
    assert advance(EventState.COMPLETED).state == EventState.COMPLETED
    waiting = UnpostedDeed.objects.get()
    assert standing() == {"deferred": 950_00}
    assert served.post_waiting(at=NOW) == (0, 1)
    assert Booking.objects.get().stage != BookingStage.COMPLETED
    if obstacle == "not firm":
        assert "is quoted and cannot become completed" in waiting.refusal
        bookings.advance(booking=Booking.objects.get(), to=BookingStage.BOOKED, by=None, at=NOW, on=TODAY)
    Account.objects.filter(code="5100").update(active=True)
    later = NOW + dt.timedelta(days=30)
    assert served.post_waiting(at=later) == (1, 0)
    assert served.post_waiting(at=later) == (0, 0)
    assert standing() == {"receivable": 950_00, "earned": 1_900_00}
    entry = JournalEntry.objects.get(source=EntrySource.RECOGNITION)
    expected = dt.date(2026, 12, 1) if obstacle == "closed month" else TODAY
    assert (entry.on, Booking.objects.get().completed_on) == (expected, TODAY)
    assert ("whose month is closed" in entry.memo) == (obstacle == "closed month")


def test_what_waits_is_gone_when_the_event_is_taken_back(db: None) -> None:
    a_world(stage=BookingStage.QUOTED)
    advance(EventState.COMPLETED)
    advance(EventState.UNDERWAY)
    assert not UnpostedDeed.objects.exists()


def test_pay_marked_as_paid_is_one_payment_a_person_at_the_rate_it_then_has(db: None) -> None:
    event = a_world()
    PositionFactory(
        event=event, rate_minor=50_00, state=PositionState.CONFIRMED, holder=Position.objects.get().holder
    )
    advance(EventState.COMPLETED)
    first, second = Position.objects.order_by("pk")
    Position.objects.filter(pk=second.pk).update(rate_minor=80_00)
    Position.objects.filter(pk=first.pk).update(holder=people.PersonFactory(name="Stand-in"))
    mark = {"ids": None, "on": TODAY, "today": TODAY, "by": BY, "at": NOW}
    assert pay.mark_paid(positions=[first.pk, second.pk], **mark) == "$430.00"
    assert owed_to_crew() == 0
    paid = CrewPay.objects.filter(paid_on=TODAY)
    assert sorted(paid.values_list("person", "amount_minor")) == [("Cap", 80_00), ("Stand-in", 350_00)]
    cash = Account.objects.get(code="1010").postings.filter(amount_minor__lt=0)
    assert sorted(cash.values_list("amount_minor", flat=True)) == [-350_00, -80_00]
    with pytest.raises(events.EventRefusedError, match="marked as paid"):
        advance(EventState.UNDERWAY)


def test_pay_is_not_marked_where_the_books_cannot_take_it(db: None) -> None:
    a_world()
    advance(EventState.COMPLETED)
    Period.objects.create(
        entity=Entity.objects.get(), month=months.month_of(TODAY), state="closed", closed_at=NOW
    )
    with pytest.raises(pay.PayRefusedError, match="books of qos are closed for Nov 2026.*Nothing was marked"):
        pay.mark_paid(positions=[Position.objects.get().pk], ids=None, on=TODAY, today=TODAY, by=BY, at=NOW)
    assert Position.objects.get().paid_on is None


@pytest.mark.django_db(transaction=True)
def test_an_event_completed_twice_while_a_payment_lands_is_earned_once() -> None:
    a_world()
    entity = Entity.objects.get()

    paid = STRIPE_HEADER + stripe_row(
        2, "charge", "ch_1", "950.00", "0.00", "950.00", "Balance QOS-1", "QOS-1"
    )

    def land() -> int:
        return stripe.land_file(entity=entity, data=paid.encode(), name="stripe.csv", by=None, at=NOW).new

    acts = [
        lambda: advance(EventState.COMPLETED).state,
        lambda: advance(EventState.COMPLETED).state,
        lambda: events.cancel(event=Event.objects.get(), reason="Gale", by=BY, at=NOW),
        land,
    ]
    found = in_parallel(*acts)
    assert [type(outcome).__name__ for outcome in found if isinstance(outcome, Exception)] == [
        "EventRefusedError"
    ] * 2
    assert standing() == {"earned": 1_900_00}
    assert JournalEntry.objects.filter(source=EntrySource.RECOGNITION).count() == 1
    assert (owed_to_crew(), Booking.objects.get().paid_minor) == (350_00, 1_900_00)
