"""What the rental's page shows: stays around a day, what is blocked, repairs, the rate card and papers."""

import datetime as dt
from dataclasses import dataclass

from portfolio.models import (
    BlockedNights,
    BookingStage,
    Entity,
    Expiry,
    MaintenanceTicket,
    NightRate,
    Stay,
    TicketState,
)

BACK_DAYS = 60
MOST = 60
DONE_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on one page, each list bounded."""

    stays: list[Stay]
    blocked: list[BlockedNights]
    open_tickets: list[MaintenanceTicket]
    done_tickets: list[MaintenanceTicket]
    rates: list[NightRate]
    papers: list[Expiry]


def overview(*, entity: Entity, as_of: dt.date) -> Overview:
    """Return what is going on around a day, and all that lies ahead of it; one query a list."""
    since = as_of - dt.timedelta(days=BACK_DAYS)
    tickets = MaintenanceTicket.objects.filter(entity=entity)
    return Overview(
        stays=list(
            Stay.objects.filter(booking__entity=entity, check_out__gte=since)
            .exclude(booking__stage=BookingStage.LOST)
            .select_related("booking")
            .order_by("check_in", "id")[:MOST]
        ),
        blocked=list(
            BlockedNights.objects.filter(entity=entity, last_on__gte=since)
            .select_related("ticket")
            .order_by("first_on")[:MOST]
        ),
        open_tickets=list(tickets.exclude(state=TicketState.DONE).order_by("reported_on", "id")[:MOST]),
        done_tickets=list(tickets.filter(state=TicketState.DONE).order_by("-done_on", "-id")[:DONE_SHOWN]),
        rates=list(NightRate.objects.filter(entity=entity, last_on__gte=since).order_by("first_on")[:MOST]),
        papers=list(Expiry.objects.filter(entity=entity).order_by("expires_on", "name")[:MOST]),
    )
