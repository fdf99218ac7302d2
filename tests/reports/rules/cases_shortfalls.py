"""The CEO's eight shortfalls, and the notes that contradict a record."""

import datetime as dt

from django.conf import settings

from portfolio.domain import bookings, channels, handoffs, plans, reconciliation, stakes
from portfolio.domain.receivables.contracts import set_billing_model
from portfolio.domain.responsibilities import move_handover
from portfolio.models import (
    BillingModel,
    Booking,
    BookingStage,
    Channel,
    ChannelStatus,
    ClientContract,
    Handover,
    ProfitabilityModel,
    Responsibility,
    Stake,
)
from tests.reports.rules.cases import Case, World, appears_and_clears
from tests.reports.sample_case import AS_OF, AT, OCTOBER


def _booked(world: World, slug: str, **facts: object) -> None:
    """Enter a booking that is held, and book it."""
    booking = Booking.objects.create(
        **{
            "entity": world.entity(slug), "reference": f"{slug.upper()}-9001", "title": "Winter sunset sail",
            "kind": "charter", "stage": BookingStage.HELD, "enquired_on": AS_OF, "price_minor": 230_000, **facts,
        }
    )  # fmt: skip
    bookings.advance(booking=booking, to=BookingStage.BOOKED, by=world.by, at=AT, on=AS_OF)


@appears_and_clears("pipeline-empty")
def a_charter_in_the_window_is_paid(world: World) -> Case:
    _booked(world, "qdn", service_on=dt.date(2026, 12, 12))
    yield "portfolio"
    _booked(
        world, "qos", service_on=dt.date(2026, 12, 12), deposit_minor=115_000, paid_minor=115_000
    )  # fmt: skip


@appears_and_clears("revenue-not-tracked")
def a_month_is_reconciled(world: World) -> Case:
    yield "portfolio"
    reconciliation.reconcile_month(
        entity=world.entity("qos"), month=OCTOBER, statement_minor=world.cash("qos", OCTOBER), by=world.by, at=AT
    )  # fmt: skip


def _sign(world: World) -> None:
    stakes.sign_agreement(
        stake=Stake.objects.get(holder="Sailing partner"), signed_on=AS_OF, today=AS_OF, at=AT, by=world.by
    )


@appears_and_clears("partner-unsigned")
def the_partner_signs(world: World) -> Case:
    yield "qos:stake"
    _sign(world)


@appears_and_clears("no-live-listing")
def a_marketplace_goes_live(world: World) -> Case:
    yield "qos"
    for to in (ChannelStatus.LIVE, ChannelStatus.NOT_LISTED, ChannelStatus.LIVE):
        channels.move_channel(
            channel=Channel.objects.get(slug="sailo"), to=to, on=AS_OF, today=AS_OF, at=AT, by=world.by
        )
        if to == ChannelStatus.NOT_LISTED:
            yield "qos"


@appears_and_clears("billing-undefined")
def every_client_has_a_billing_model(world: World) -> Case:
    yield "dc-clients"
    set_billing_model(
        contract=ClientContract.objects.get(client__name="Tide Yoga"),
        billing_model=BillingModel.HOURLY,
        rate_minor=8500,
        at=AT,
        by=world.by,
    )


@appears_and_clears("funnel-broken")
def the_funnel_brings_a_booking(world: World) -> Case:
    yield "qdn"
    _booked(world, "qdn", kind="haul", service_on=AS_OF + dt.timedelta(days=5))


@appears_and_clears("handover-open")
def what_one_did_alone_is_written_down(world: World) -> Case:
    lead = Responsibility.objects.get(role="Operations lead")
    yield f"qos:responsibility:{lead.pk}"
    move_handover(responsibility=lead, to=Handover.IN_PROGRESS, at=AT, by=world.by)
    yield f"qos:responsibility:{lead.pk}"
    move_handover(responsibility=lead, to=Handover.COMPLETE, at=AT, by=world.by)


@appears_and_clears("model-missing")
def the_owner_adopts_the_model(world: World) -> Case:
    yield "qos"
    plans.adopt_model(
        model=ProfitabilityModel.objects.get(entity__slug="qos"), today=AS_OF, at=AT, by=world.by
    )


@appears_and_clears("note-contradicts")
def the_note_is_brought_up_to_date(world: World) -> Case:
    _sign(world)
    yield "qos:stake"
    note = (settings.BASE_DIR / "demo" / "handoffs" / "qos.md").read_bytes()
    told = note.replace(b"agreement: **unsigned**", b"agreement: **signed**")
    handoffs.land(files=[("qos.md", told)], at=AT, by=world.by)
