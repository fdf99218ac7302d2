"""What the pages of a rental of the matrix are about: one record of every kind."""

import datetime as dt

from portfolio.models import Booking, Entity, Stay
from tests.factories.rental import (
    BlockedNightsFactory,
    ExpiryFactory,
    MaintenanceTicketFactory,
    NightRateFactory,
)


def records(entity: Entity, booking: Booking) -> dict[str, int]:
    """Make one record of every kind for an entity; the stay is of a booking it has."""
    made = {
        "ticket": MaintenanceTicketFactory(entity=entity),
        "blocked": BlockedNightsFactory(entity=entity),
        "rate": NightRateFactory(entity=entity),
        "paper": ExpiryFactory(entity=entity),
        "stay": Stay.objects.create(
            booking=booking, check_in=dt.date(2026, 11, 20), check_out=dt.date(2026, 11, 24)
        ),
    }
    return {name: row.pk for name, row in made.items()}
