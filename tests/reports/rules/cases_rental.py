"""A rental's live checks: repairs, papers, open nights, money, and a note that lags behind."""

import datetime as dt

from portfolio.domain import bookings
from portfolio.domain.rental import nights, papers, tickets
from portfolio.models import (
    BlockedNights,
    BlockReason,
    Booking,
    BookingStage,
    Expiry,
    MaintenanceTicket,
    Stay,
    TicketState,
)
from tests.reports.rules.cases import Case, World, appears_and_clears
from tests.reports.sample_case import AS_OF, AT

RENTAL = "rental-3028"


def _book(world: World, check_in: dt.date, check_out: dt.date, **facts: object) -> Booking:
    booking = Booking.objects.create(
        **{
            "entity": world.entity(RENTAL), "reference": f"RS-{check_in:%m%d}", "title": "Stay", "kind": "stay",
            "stage": BookingStage.BOOKED, "booked_on": AS_OF, "service_on": check_in, "price_minor": 100_000, **facts,
        }
    )  # fmt: skip
    Stay.objects.create(booking=booking, check_in=check_in, check_out=check_out, channel_name="Direct")
    return booking


def _call_off(world: World, booking: Booking) -> None:
    bookings.advance(booking=booking, to=BookingStage.CANCELLED, by=world.by, at=AT, on=AS_OF)


@appears_and_clears("ticket-over-sla")
def somebody_mends_what_waited(world: World) -> Case:
    alarm = MaintenanceTicket.objects.get(what="Smoke alarm chirps")
    yield f"{RENTAL}:ticket:{alarm.pk}"
    tickets.move(ticket=alarm, to=TicketState.TRIAGED, on=AS_OF, today=AS_OF, by=world.by, at=AT)
    latch = MaintenanceTicket.objects.get(what="Gate latch")
    MaintenanceTicket.objects.filter(pk=latch.pk).update(reported_on=AS_OF - dt.timedelta(days=31))
    yield f"{RENTAL}:ticket:{latch.pk}"
    latch.refresh_from_db()
    tickets.move(
        ticket=latch, to=TicketState.DONE, on=AS_OF, today=AS_OF, amount_minor=14_000, by=world.by, at=AT
    )


@appears_and_clears("paper-expiring")
def the_insurance_is_renewed(world: World) -> Case:
    policy = Expiry.objects.get(name="Landlord insurance policy")
    yield f"{RENTAL}:expiry:{policy.pk}"
    papers.renew(paper=policy, expires_on=dt.date(2027, 12, 31), by=world.by, at=AT)


@appears_and_clears("gap-between-stays")
def somebody_books_into_the_gap(world: World) -> Case:
    yield f"{RENTAL}:gap:2026-11-24"
    _book(world, dt.date(2026, 12, 4), dt.date(2026, 12, 14))


@appears_and_clears("occupancy-low")
def a_forgotten_stay_fills_the_month(world: World) -> Case:
    yield RENTAL
    _book(world, dt.date(2026, 10, 2), dt.date(2026, 10, 6), booked_on=dt.date(2026, 9, 20))


@appears_and_clears("pace-behind")
def the_books_fill_up(world: World) -> Case:
    yield RENTAL
    _book(world, dt.date(2027, 1, 4), dt.date(2027, 1, 14))


@appears_and_clears("stay-unpaid")
def the_payout_of_a_stay_comes(world: World) -> Case:
    stay = Stay.objects.get(booking__reference="RS-028")
    Booking.objects.filter(pk=stay.booking_id).update(paid_minor=0)
    yield f"{RENTAL}:stay:{stay.pk}"
    Booking.objects.filter(pk=stay.booking_id).update(paid_minor=147_000)


@appears_and_clears("double-booked")
def one_of_two_is_called_off(world: World) -> Case:
    taken = _book(world, dt.date(2026, 11, 22), dt.date(2026, 11, 26))
    yield f"{RENTAL}:stay:{taken.stay.pk}"
    _call_off(world, taken)
    blocked = BlockedNights.objects.get(first_on=dt.date(2026, 12, 23))
    over = _book(world, dt.date(2026, 12, 27), dt.date(2026, 12, 30))
    yield f"{RENTAL}:stay:{over.stay.pk}"
    nights.unblock(row=blocked, by=world.by, at=AT)
    nights.block(
        entity=world.entity(RENTAL), first_on=dt.date(2026, 12, 23), last_on=dt.date(2026, 12, 26),
        reason=BlockReason.OWNER, note="", ticket=None, by=world.by, at=AT,
    )  # fmt: skip


@appears_and_clears("rental-note-contradicts")
def the_record_says_again_what_the_note_says(world: World) -> Case:
    stay = Stay.objects.get(booking__reference="RS-029")
    Stay.objects.filter(pk=stay.pk).update(check_out=dt.date(2026, 11, 25))
    yield f"{RENTAL}:stay"
    Stay.objects.filter(pk=stay.pk).update(check_out=dt.date(2026, 11, 24))
    permit = Expiry.objects.get(name="Short-stay permit")
    Expiry.objects.filter(pk=permit.pk).update(expires_on=dt.date(2028, 3, 31))
    yield f"{RENTAL}:expiry"
    Expiry.objects.filter(pk=permit.pk).update(expires_on=dt.date(2027, 3, 31))
    latch = MaintenanceTicket.objects.get(what="Gate latch")
    MaintenanceTicket.objects.filter(pk=latch.pk).update(state=TicketState.DONE, done_on=AS_OF)
    yield f"{RENTAL}:ticket"
    MaintenanceTicket.objects.filter(pk=latch.pk).update(state=TicketState.SCHEDULED, done_on=None)
