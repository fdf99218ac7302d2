"""Deliveries, as a note's queue says."""

from portfolio.domain.adoption import reading
from portfolio.domain.adoption.reading import Adopter
from portfolio.formats.handoff import Handoff
from portfolio.formats.handoff_rows import HandoffRow, RowKind
from portfolio.models import Booking, BookingStage, Entity

_JOB_STAGES = {
    "enquiry": BookingStage.ENQUIRY,
    "quoted": BookingStage.QUOTED,
    "contracted": BookingStage.BOOKED,
    "deposit": BookingStage.BOOKED,
    "ready": BookingStage.BOOKED,
    "under way": BookingStage.BOOKED,
    "arrived": BookingStage.COMPLETED,
    "closed": BookingStage.COMPLETED,
}


def _adopt_job(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    stage = _JOB_STAGES.get(reading.text(row, "Stage"), BookingStage.ENQUIRY)
    promised, arrived = row.cell("Promised"), row.cell("Arrived")
    service_on = (arrived.on if arrived else None) or (promised.on if promised else None)
    if service_on is None and stage in (BookingStage.BOOKED, BookingStage.COMPLETED):
        stage = BookingStage.QUOTED
    vessel, start, end = (row.cell(header) for header in ("Vessel", "From", "To"))
    route = " to ".join(cell.text for cell in (start, end) if cell and cell.text)
    _, made = Booking.objects.get_or_create(
        entity=entity,
        reference=row.label[:40],
        defaults={
            "title": f"{vessel.text if vessel else 'Delivery'}, {route}"[:160],
            "kind": "delivery",
            "stage": stage,
            "service_on": service_on,
            "completed_on": service_on if stage == BookingStage.COMPLETED else None,
            "price_minor": reading.minor(row, "Quoted"),
            "deposit_minor": reading.minor(row, "Deposit"),
            "paid_minor": reading.minor(row, "Deposit"),
            "source": reading.source(note, row),
        },
    )
    return int(made)


ADOPTERS: dict[RowKind, Adopter] = {
    RowKind.JOB: _adopt_job,
}
