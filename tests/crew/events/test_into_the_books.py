"""Completing, cancelling and taking back an event goes into the books of its booking, and never stops a captain."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import months
from crew.domain import event_bookings, events, history, pay
from crew.models import Event, EventState, Position, PositionState
from portfolio.domain import account_changes, bookings, chart, entries, held, ledger, served, undoing
from portfolio.domain.payables import queries
from portfolio.domain.stripe import landing as stripe
from portfolio.models import (
    Account,
    AccountKind,
    AccountRole,
    Booking,
    BookingStage,
    CrewPay,
    Entity,
    EntrySource,
    ImportedLine,
    ImportKind,
    JournalEntry,
    Period,
    UnpostedDeed,
)
from tests.crew.credentials.conftest import browser as signed_in
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
        served.event_completed(entity=Entity.objects.get(), event_key="qqqqqqqq", on=TODAY, by=None, at=NOW)
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


def test_an_event_without_a_booking_owes_its_crew_and_nothing_else(db: None) -> None:
    a_world()
    Booking.objects.update(event_key="")
    for _ in range(2):
        advance(EventState.COMPLETED)
        assert (owed_to_crew(), standing()) == (350_00, {"deferred": 950_00})
        advance(EventState.UNDERWAY)
        assert owed_to_crew() == 0
    advance(EventState.COMPLETED)
    mark = {"ids": None, "on": TODAY, "today": TODAY, "by": BY, "at": NOW}
    assert pay.mark_paid(positions=[Position.objects.get().pk], **mark) == "$350.00"
    assert owed_to_crew() == 0
    assert Account.objects.get(code="1010").postings.filter(amount_minor=-350_00).count() == 1
    assert not UnpostedDeed.objects.exists()


def test_pay_marked_by_mistake_is_taken_back_and_its_bank_line_pays_it_once(db: None) -> None:
    event = a_world()
    Booking.objects.update(event_key="")
    second = PositionFactory(
        event=event,
        rate_minor=150_00,
        state=PositionState.CONFIRMED,
        station="mate",
        holder=Position.objects.get().holder,
    )
    advance(EventState.COMPLETED)
    entity = Entity.objects.get()
    savings = account_changes.add(
        entity=entity,
        code="1020",
        name="Savings",
        kind=AccountKind.ASSET,
        role=AccountRole.CASH,
        by=None,
        at=NOW,
    )
    line = ImportedLine.objects.create(
        entity=entity, kind=ImportKind.BANK_CSV, external_id="1", line=1, on=TODAY, amount_minor=-500_00,
        description="CHECK 9", waits=True, account=Account.objects.get(code="1010"),
    )  # fmt: skip
    both = [position.pk for position in Position.objects.all()]
    owner = people.owner()
    browser = signed_in(owner)
    page = browser.get("/pay/").content.decode()
    assert f'name="out_of_{entity.pk}"' in page
    mark: dict[str, Any] = {"ids": None, "on": TODAY, "today": TODAY, "by": BY, "at": NOW}
    pay.mark_paid(positions=both, apart=True, out_of={entity.pk: savings.pk}, **mark)
    assert savings.postings.get().amount_minor == -500_00
    paid = JournalEntry.objects.get(postings__account=savings)
    with pytest.raises(undoing.MadeElsewhereError, match="undo it on the page of pay"):
        entries.reverse(entry=paid, on=TODAY, reason="Wrong", by=None, at=NOW)

    assert "Undo" in browser.get("/pay/?show=paid").content.decode()
    refused = browser.post(f"/pay/{second.pk}/undo/", {"what": "wrong"})
    assert refused.status_code == 422
    done = browser.post(f"/pay/{second.pk}/undo/", {"what": "wrong", "reason": "Not paid yet"}, follow=True)
    assert "$500.00 is owed again." in done.content.decode()
    assert browser.post(f"/pay/{second.pk}/undo/", {"what": "wrong", "reason": "x"}).status_code == 422
    assert (owed_to_crew(), queries.contractor_years(entity=entity, year=2026)) == (500_00, [])

    pay.mark_paid(positions=both, told_by=[line.pk], **mark)
    line.refresh_from_db()
    assert (line.waits, owed_to_crew()) == (False, 0)
    assert [row.paid_minor for row in queries.contractor_years(entity=entity, year=2026)] == [500_00]
    position = Position.objects.get(pk=second.pk)
    later = NOW + dt.timedelta(days=60)
    back: dict[str, Any] = {"position": position, "on": None, "reason": "Returned", "by": BY, "at": later}
    pay.take_back(came_back=True, **back)
    line.refresh_from_db()
    assert line.entry is not None, "what came back keeps its line"
    years = {year: queries.contractor_years(entity=entity, year=year) for year in (2026, 2027)}
    assert [row.paid_minor for rows in years.values() for row in rows] == [500_00, -500_00]
    assert queries.paid_years(entity=entity) == [2027, 2026]
    pay.mark_paid(
        positions=both,
        apart=True,
        **{**mark, "on": TODAY + dt.timedelta(days=60), "today": TODAY + dt.timedelta(days=60), "at": later},
    )
    assert owed_to_crew() == 0


def test_pay_that_the_books_could_not_owe_is_owed_when_it_is_paid(db: None) -> None:
    a_world()
    Booking.objects.update(event_key="")
    Account.objects.filter(code="5100").update(active=False)
    assert advance(EventState.COMPLETED).state == EventState.COMPLETED
    assert not CrewPay.objects.exists()
    Account.objects.filter(code="5100").update(active=True)
    mark = {"ids": None, "on": TODAY, "today": TODAY, "by": BY, "at": NOW}
    pay.mark_paid(positions=[Position.objects.get().pk], **mark)
    assert CrewPay.objects.get().paid_on == TODAY


def test_a_completed_event_tied_to_its_booking_goes_into_the_books_and_stays_tied(db: None) -> None:
    a_world()
    Booking.objects.update(event_key="")
    event = advance(EventState.COMPLETED)
    event_bookings.tie(event=event, booking=Booking.objects.get(), by=BY, at=NOW)
    assert (standing(), owed_to_crew()) == ({"receivable": 950_00, "earned": 1_900_00}, 350_00)
    assert CrewPay.objects.get(void_on__isnull=True).booking == Booking.objects.get()
    with pytest.raises(events.EventRefusedError, match="in the books of QOS-1. Take it back"):
        event_bookings.untie(event=event, by=BY, at=NOW)
    advance(EventState.UNDERWAY)
    assert (standing(), owed_to_crew()) == ({"deferred": 950_00}, 0)
    event_bookings.untie(event=event, by=BY, at=NOW)
    assert Booking.objects.get().event_key == ""


@pytest.mark.parametrize("closed", [False, True])
def test_a_service_is_earned_on_the_day_of_its_return_where_that_is_open(db: None, closed: bool) -> None:
    event = a_world()
    Event.objects.filter(pk=event.pk).update(
        departs_on=dt.date(2026, 10, 31),
        departs_at=dt.datetime(2026, 10, 31, 15, tzinfo=dt.UTC),
        returns_at=dt.datetime(2026, 11, 1, 2, tzinfo=dt.UTC),  # Still 31 October where the books are.
    )
    Booking.objects.update(service_on=dt.date(2026, 10, 31))
    if closed:
        october = months.parse("2026-10")
        Period.objects.create(entity=Entity.objects.get(), month=october, state="closed", closed_at=NOW)
    advance(EventState.COMPLETED)
    entry = JournalEntry.objects.get(source=EntrySource.RECOGNITION)
    assert entry.on == dt.date(2026, 11, 1) if closed else dt.date(2026, 10, 31)
    assert Booking.objects.get().completed_on == dt.date(2026, 10, 31)
    assert JournalEntry.objects.get(source=EntrySource.CREW_PAY).on == entry.on
    assert not UnpostedDeed.objects.exists()


def test_what_was_completed_before_its_day_is_posted_once_the_day_has_come(db: None) -> None:
    a_world()
    tomorrow = TODAY + dt.timedelta(days=1)
    Booking.objects.update(service_on=tomorrow)
    advance(EventState.COMPLETED)
    assert "cannot be completed" in UnpostedDeed.objects.get().refusal
    assert served.post_waiting(at=NOW) == (0, 1)
    assert served.post_waiting(at=NOW + dt.timedelta(days=2)) == (1, 0)
    assert Booking.objects.get().completed_on == tomorrow


def test_rows_of_pay_are_locked_before_the_books_whoever_comes(db: None) -> None:
    """Completing, taking back and paying take them in one order; else they wait for each other."""
    a_world()
    mark = {"ids": None, "on": TODAY, "today": TODAY, "by": BY, "at": NOW}
    for act in (
        lambda: advance(EventState.COMPLETED),
        lambda: advance(EventState.UNDERWAY),
        lambda: advance(EventState.COMPLETED),
        lambda: pay.mark_paid(positions=[Position.objects.get().pk], **mark),
    ):
        with CaptureQueriesContext(connection) as seen:
            act()
        asked = [query["sql"] for query in seen]
        # The chart is read for what is posted next.
        first_pay, first_posting = (
            min(n for n, sql in enumerate(asked) if re.search(table, sql))
            for table in ("portfolio_crewpay", r'ORDER BY "portfolio_account"."code"')
        )
        assert first_pay < first_posting


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
    with pytest.raises(pay.PayRefusedError, match="books of Qos are closed for Nov 2026.*Nothing was marked"):
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
