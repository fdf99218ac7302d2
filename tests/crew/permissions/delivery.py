"""What the pages of deliveries of the matrix are about: a job with something to be ready."""

import datetime as dt

from portfolio.domain.delivery import jobs
from portfolio.domain.delivery.jobs import Particulars
from portfolio.models import Booking, BookingStage, Entity
from tests.factories.crew import NOW

_ON = dt.date(2026, 11, 1)


def records(entity: Entity) -> dict[str, int]:
    """Make a job of an entity, with what must be ready for it."""
    booking = Booking.objects.create(
        entity=entity, reference="DELIVERY-1", title="Ketch", kind="delivery", stage=BookingStage.QUOTED
    )
    said = Particulars("47 ft ketch", "San Diego", "San Francisco", 5020, None, 7)
    job = jobs.add(booking=booking, particulars=said, on=_ON, by=None, at=NOW)
    return {"job": job.pk, "gate": job.gates.values_list("pk", flat=True)[0]}
