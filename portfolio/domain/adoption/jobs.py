"""Deliveries, and what must be ready before one leaves, as a note's queue says."""

import re
from typing import Any

from portfolio.domain.adoption import reading
from portfolio.domain.adoption.reading import Adopter
from portfolio.formats.handoff import Handoff
from portfolio.formats.handoff_rows import HandoffRow, RowKind
from portfolio.models import Booking, BookingStage, DeliveryJob, Entity, GateKind, JobGate, JobStage

# What a booking stands at while its job is there.
_BOOKED_AS = {
    JobStage.ENQUIRY: BookingStage.ENQUIRY,
    JobStage.QUOTED: BookingStage.QUOTED,
    JobStage.CONTRACTED: BookingStage.BOOKED,
    JobStage.DEPOSIT: BookingStage.BOOKED,
    JobStage.READY: BookingStage.BOOKED,
    JobStage.UNDER_WAY: BookingStage.BOOKED,
    JobStage.ARRIVED: BookingStage.COMPLETED,
    JobStage.CLOSED: BookingStage.COMPLETED,
}
_FIRM = (BookingStage.BOOKED, BookingStage.COMPLETED)
_GATE_WORDS = (
    ("insurance", GateKind.INSURANCE),
    ("survey", GateKind.SURVEY),
    ("document", GateKind.DOCUMENTS),
    ("weather", GateKind.WEATHER),
)
_WEATHER = re.compile(r"weather ([0-9]{1,2}) d\b", re.ASCII | re.IGNORECASE)
_BEST_RATING = 10


def _adopt_job(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    reached = reading.text(row, "Stage").replace(" ", "_")
    job_stage = JobStage(reached) if reached in JobStage.values else JobStage.ENQUIRY
    promised, arrived = row.cell("Promised"), row.cell("Arrived")
    promised_on, arrived_on = (cell.on if cell else None for cell in (promised, arrived))
    service_on = arrived_on or promised_on
    if job_stage in (JobStage.ARRIVED, JobStage.CLOSED) and arrived_on is None:
        job_stage = JobStage.UNDER_WAY
    if service_on is None and _BOOKED_AS[job_stage] in _FIRM:
        job_stage = JobStage.QUOTED
    vessel, start, end = (cell.text if cell else "" for cell in map(row.cell, ("Vessel", "From", "To")))
    route = " to ".join(place for place in (start, end) if place)
    stage = _BOOKED_AS[job_stage]
    booking, made = Booking.objects.get_or_create(
        entity=entity,
        reference=row.label[:40],
        defaults={
            "title": f"{vessel or 'Delivery'}, {route}"[:160],
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
    _, noted = DeliveryJob.objects.get_or_create(
        booking=booking,
        defaults={
            "vessel": (vessel or "Not named")[:80],
            "from_place": (start or "Not named")[:80],
            "to_place": (end or "Not named")[:80],
            "stage": job_stage,
            "promised_on": promised_on,
            "arrived_on": arrived_on,
            **_sailed(row, arrived.note if arrived else ""),
            "source": reading.source(note, row),
        },
    )
    return int(made) + int(noted)


def _sailed(row: HandoffRow, weather: str) -> dict[str, Any]:
    """Return what a row says of miles, days and the client's rating."""
    miles, days = row.cell("nm"), row.cell("Days est/act")
    rating = reading.whole(row.cell("Rating"))
    lost = _WEATHER.search(weather)
    return {
        "miles_tenths": int(miles.number * 10) if miles is not None and miles.number is not None else None,
        "weather_days": int(lost[1]) if lost else 0,
        "estimated_days": reading.whole(days),
        "actual_days": int(days.second) if days is not None and days.second is not None else None,
        "rating": rating if rating is not None and 0 <= rating <= _BEST_RATING else None,
    }


def _adopt_gate(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    """Write down what must be ready; what is ticked without a day was ready by the note's own."""
    job = DeliveryJob.objects.filter(booking__entity=entity, booking__reference=row.subject).first()
    if job is None:
        return 0
    words = row.label.casefold()
    _, made = JobGate.objects.get_or_create(
        job=job,
        name=row.label[:120],
        defaults={
            "kind": next((kind for word, kind in _GATE_WORDS if word in words), GateKind.OTHER),
            "passed_on": (row.done_on or note.updated_on) if row.done else None,
            "source": reading.source(note, row),
        },
    )
    return int(made)


ADOPTERS: dict[RowKind, Adopter] = {
    RowKind.JOB: _adopt_job,
    RowKind.READINESS: _adopt_gate,
}
