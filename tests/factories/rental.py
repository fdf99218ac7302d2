"""A rental's stays, nights, rates, tickets and papers."""

import datetime as dt

import factory

from portfolio.models import (
    BlockedNights,
    BlockReason,
    BookingStage,
    EntityKind,
    Expiry,
    ExpiryKind,
    MaintenanceTicket,
    NightRate,
    Stay,
    TicketPriority,
)
from tests.factories.portfolio import BookingFactory, EntityFactory


class RentalFactory(EntityFactory):
    kind = EntityKind.RENTAL


class StayFactory(factory.django.DjangoModelFactory[Stay]):
    class Meta:
        model = Stay

    booking = factory.SubFactory(
        BookingFactory,
        entity=factory.SubFactory(RentalFactory),
        kind="stay",
        stage=BookingStage.BOOKED,
        service_on=factory.SelfAttribute("..check_in"),
    )
    check_in = dt.date(2026, 11, 20)
    check_out = dt.date(2026, 11, 24)
    channel_name = "Airbnb"


class MaintenanceTicketFactory(factory.django.DjangoModelFactory[MaintenanceTicket]):
    class Meta:
        model = MaintenanceTicket

    entity = factory.SubFactory(RentalFactory)
    reference = factory.Sequence(lambda number: f"T-{number:03d}")
    what = "Gate latch"
    priority = TicketPriority.ROUTINE
    reported_on = dt.date(2026, 10, 29)


class BlockedNightsFactory(factory.django.DjangoModelFactory[BlockedNights]):
    class Meta:
        model = BlockedNights

    entity = factory.SubFactory(RentalFactory)
    first_on = dt.date(2026, 10, 14)
    last_on = dt.date(2026, 10, 20)
    reason = BlockReason.MAINTENANCE


class NightRateFactory(factory.django.DjangoModelFactory[NightRate]):
    class Meta:
        model = NightRate

    entity = factory.SubFactory(RentalFactory)
    first_on = dt.date(2026, 11, 1)
    last_on = dt.date(2027, 3, 31)
    night_minor = 19_500
    source = "Owner"


class ExpiryFactory(factory.django.DjangoModelFactory[Expiry]):
    class Meta:
        model = Expiry

    entity = factory.SubFactory(RentalFactory)
    kind = ExpiryKind.PERMIT
    name = "Short-stay permit"
    expires_on = dt.date(2027, 3, 31)
