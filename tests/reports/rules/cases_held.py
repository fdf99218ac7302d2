"""Money held for clients that needs a person."""

import datetime as dt

from portfolio.domain import bookings, recognition
from portfolio.models import Booking, BookingStage, StripePayout, UnpostedDeed
from tests.portfolio.recognition.conftest import SERVED, Charter
from tests.portfolio.test_intake import a_booking
from tests.reports.rules.cases import Case, World, appears_and_clears
from tests.reports.sample_case import AS_OF, AT


def _charter(world: World, stage: BookingStage = BookingStage.BOOKED, **facts: object) -> Charter:
    """Return a charter of the charter business under its own terms."""
    books = world.books("qos")
    terms = Booking.objects.filter(entity=books.entity, terms__isnull=False).first()
    assert terms is not None
    wanted = {"reference": "QOS-9001", "stage": stage, "service_on": AS_OF, "terms": terms.terms, **facts}
    return Charter(books, a_booking(books, **{"deposit_minor": 950_00, **wanted}))


def _subject(charter: Charter) -> str:
    return f"qos:{charter.booking.pk}"


@appears_and_clears("event-not-posted")
def an_event_gets_into_the_books(world: World) -> Case:
    waits = _charter(world)
    deed = UnpostedDeed.objects.create(
        booking=waits.booking, deed="completed", on=SERVED, refusal="The books are closed.", since=AT, tried_at=AT
    )  # fmt: skip
    yield _subject(waits)
    deed.delete()


@appears_and_clears("held-negative")
def what_went_back_too_far_comes_in_again(world: World) -> Case:
    under = _charter(world)
    under.refund(50_00)
    yield _subject(under)
    under.pay(50_00)


@appears_and_clears("held-after-completion")
def what_is_left_of_a_completed_charter_goes_back(world: World) -> Case:
    done = _charter(world, BookingStage.COMPLETED, completed_on=SERVED)
    done.pay(2_000_00)
    yield _subject(done)
    recognition.recognise_due(entity=done.books.entity, by=world.by, at=AT)
    yield _subject(done)
    done.refund(100_00)


@appears_and_clears("cancellation-undecided")
def the_owner_decides_what_goes_back(world: World) -> Case:
    off = _charter(world, BookingStage.CANCELLED)
    off.pay(100_00)
    yield _subject(off)
    recognition.overrule(booking=off.fresh(), refund_minor=0, on=AS_OF, reason="No show", by=world.by, at=AT)


@appears_and_clears("refund-overdue")
def the_refund_is_paid(world: World) -> Case:
    due = _charter(world, BookingStage.CANCELLED)
    due.books.post("1050", "2170", 70_00, booking=due.booking, on=dt.date(2026, 10, 26))
    yield _subject(due)
    due.books.post("2170", "1050", 70_00, booking=due.booking, on=AS_OF)


@appears_and_clears("held-unnamed")
def what_is_held_gets_its_booking(world: World) -> Case:
    named = _charter(world)
    named.books.post("1050", "2100", 33_00)
    yield "qos"
    named.books.post("2100", "1050", 33_00)
    named.pay(33_00)


@appears_and_clears("service-not-completed")
def a_late_charter_is_called_off(world: World) -> Case:
    late = _charter(world, service_on=dt.date(2026, 11, 6))
    yield _subject(late)
    bookings.advance(
        booking=late.fresh(), to=BookingStage.CANCELLED, on=dt.date(2026, 11, 6), by=world.by, at=AT
    )


@appears_and_clears("deposit-old")
def an_old_deposit_is_settled(world: World) -> Case:
    old = _charter(world, service_on=dt.date(2026, 12, 1))
    old.pay(1_00, on=dt.date(2026, 5, 1))
    yield _subject(old)
    old.refund(1_00, on=AS_OF)


@appears_and_clears("clearing-residual")
def a_payout_adds_up(world: World) -> Case:
    payout = StripePayout.objects.create(
        entity=world.entity("qos"), payout_id="po_short", amount_minor=500_00, arrives_on=AS_OF, state="paid",
        residual_minor=3_00,
    )  # fmt: skip
    yield "qos:po_short"
    StripePayout.objects.filter(pk=payout.pk).update(residual_minor=0)
