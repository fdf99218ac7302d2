"""The database keeps what is known of a rental in bounds."""

import datetime as dt

import pytest

from portfolio.models import BlockedNights, Expiry, MaintenanceTicket, NightRate, Stay, TicketState
from tests.factories.rental import (
    BlockedNightsFactory,
    ExpiryFactory,
    MaintenanceTicketFactory,
    NightRateFactory,
    StayFactory,
)
from tests.portfolio.refusals import each_is_refused

EARLY = dt.date(2026, 1, 2)


@pytest.mark.django_db
def test_rows_of_a_rental_out_of_bounds_are_refused() -> None:
    ticket, blocked = MaintenanceTicketFactory(), BlockedNightsFactory()
    rate, paper = NightRateFactory(), ExpiryFactory()
    each_is_refused(
        {"stay_lasts_a_night": lambda: StayFactory(check_in=EARLY, check_out=EARLY)},
        Stay,
    )
    each_is_refused(
        {
            "ticket_once_per_reference": lambda: MaintenanceTicketFactory(
                entity=ticket.entity, reference=ticket.reference
            ),
            "ticket_is_done_on_a_date": lambda: MaintenanceTicketFactory(state=TicketState.DONE),
            "scheduled_ticket_has_a_day": lambda: MaintenanceTicketFactory(state=TicketState.SCHEDULED),
            "quoted_ticket_has_a_quote": lambda: MaintenanceTicketFactory(state=TicketState.QUOTED),
            "ticket_amounts_not_negative": lambda: MaintenanceTicketFactory(cost_minor=-1),
            "ticket_done_after_it_was_reported": lambda: MaintenanceTicketFactory(
                state=TicketState.DONE, done_on=EARLY
            ),
        },
        MaintenanceTicket,
    )
    each_is_refused(
        {
            "nights_blocked_once": lambda: BlockedNightsFactory(entity=blocked.entity),
            "block_ends_after_it_begins": lambda: BlockedNightsFactory(last_on=EARLY),
        },
        BlockedNights,
    )
    each_is_refused(
        {
            "night_rate_once": lambda: NightRateFactory(entity=rate.entity),
            "rate_ends_after_it_begins": lambda: NightRateFactory(last_on=EARLY),
            "night_rate_is_positive": lambda: NightRateFactory(night_minor=0),
        },
        NightRate,
    )
    each_is_refused({"expiry_once_per_name": lambda: ExpiryFactory(entity=paper.entity)}, Expiry)
