"""Yacht deliveries as they stood on a date: a job with its steps, gates, people, incidents and estimates; what notes say of it."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, Sum

from portfolio.domain import held
from portfolio.domain.queries.notes import Contradiction, note_rows
from portfolio.models import (
    Booking,
    BookingCost,
    BookingStage,
    DeliveryJob,
    EntryState,
    HandoffRow,
    JobCrew,
    JobGate,
    JobIncident,
    JobStage,
    JobStep,
    Posting,
)

# Over accounts of these roles the postings of a booking add up to what its client has paid.
PAID_ROLES = held.PAID_ROLES
_ENDED = (BookingStage.CANCELLED, BookingStage.LOST)
_ORDER = {stage: place for place, stage in enumerate(JobStage)}


@dataclass(frozen=True, slots=True)
class GateFact:
    """One thing that must be ready; open while it has no date."""

    id: int
    name: str
    passed_on: dt.date | None


@dataclass(frozen=True, slots=True)
class CrewFact:
    """Who worked a job, as what, in tenths of a day."""

    id: int
    role: str
    who: str
    days_tenths: int


@dataclass(frozen=True, slots=True)
class IncidentFact:
    """Something that went wrong on a job."""

    id: int
    on: dt.date
    severity: str
    what: str


@dataclass(frozen=True, slots=True)
class CostFact:
    """An estimated cost of a job, in minor units; ``recovered_minor`` is what the client paid of one that is passed on."""

    id: int
    kind: str
    amount_minor: int
    rebillable: bool
    recovered_minor: int


@dataclass(frozen=True, slots=True)
class JobFact:
    """A job as it stood: ``stage`` by its steps up to the date, ``arrived_on`` and ``rating`` only where known by then.

    ``paid_on`` is the day on which the books had the whole fee. ``steps`` are the days its stages were reached.
    """

    id: int
    booking_id: int
    entity_id: int
    reference: str
    vessel: str
    from_place: str
    to_place: str
    miles_tenths: int | None
    stage: JobStage
    fee_minor: int
    promised_on: dt.date | None
    arrived_on: dt.date | None
    weather_days: int
    estimated_days: int | None
    actual_days: int | None
    rating: int | None
    rated_on: dt.date | None
    paid_on: dt.date | None
    steps: Mapping[JobStage, dt.date]
    gates: tuple[GateFact, ...]
    crew: tuple[CrewFact, ...]
    incidents: tuple[IncidentFact, ...]
    costs: tuple[CostFact, ...]

    @property
    def route(self) -> str:
        """From where to where."""
        return f"{self.from_place} to {self.to_place}"

    @property
    def title(self) -> str:
        """What a row of the job is called."""
        return f"{self.reference} {self.vessel}, {self.route}"

    @property
    def since(self) -> dt.date | None:
        """The day it reached its stage, or None where nobody wrote it down."""
        return self.steps.get(self.stage)


def jobs(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[JobFact, ...]:
    """Return the jobs known on a date as they stood then, by reference; those called off by then are left out."""
    mine = {"job__booking__entity_id__in": entity_ids}
    steps: dict[int, dict[JobStage, dt.date]] = defaultdict(dict)
    first: set[int] = set()
    for job, stage, on in JobStep.objects.filter(**mine).values_list("job_id", "stage", "on"):
        first.add(job)
        if on <= as_of:
            steps[job][JobStage(stage)] = on
    gates: dict[int, list[GateFact]] = defaultdict(list)
    for job, pk, name, passed_on in JobGate.objects.filter(**mine).values_list(
        "job_id", "id", "name", "passed_on"
    ):
        passed = passed_on is not None and passed_on <= as_of
        gates[job].append(GateFact(pk, name, passed_on if passed else None))
    crew: dict[int, list[CrewFact]] = defaultdict(list)
    for job, pk, role, who, days in JobCrew.objects.filter(**mine).values_list(
        "job_id", "id", "role", "who", "days_tenths"
    ):
        crew[job].append(CrewFact(pk, role, who, days))
    incidents: dict[int, list[IncidentFact]] = defaultdict(list)
    for job, pk, on, severity, what in JobIncident.objects.filter(on__lte=as_of, **mine).values_list(
        "job_id", "id", "on", "severity", "what"
    ):
        incidents[job].append(IncidentFact(pk, on, severity, what))
    costs: dict[int, list[CostFact]] = defaultdict(list)
    for booking_id, pk, kind, amount, rebillable, recovered in BookingCost.objects.filter(
        booking__job__isnull=False, booking__entity_id__in=entity_ids
    ).values_list("booking_id", "id", "kind", "amount_minor", "rebillable", "recovered_minor"):
        costs[booking_id].append(CostFact(pk, kind, amount, rebillable, recovered))
    paid = _paid(entity_ids, as_of)
    found = []
    for row in (
        DeliveryJob.objects.filter(booking__entity_id__in=entity_ids)
        .exclude(Q(booking__ended_on__lte=as_of) | Q(booking__ended_on=None), booking__stage__in=_ENDED)
        .select_related("booking")
        .order_by("booking__reference")
    ):
        if row.pk in first and not steps[row.pk]:
            continue  # It was first heard of after the date.
        booking = row.booking
        arrived_on = row.arrived_on if row.arrived_on is not None and row.arrived_on <= as_of else None
        rated = row.rated_on is None or row.rated_on <= as_of
        found.append(
            JobFact(
                id=row.pk,
                booking_id=booking.pk,
                entity_id=booking.entity_id,
                reference=booking.reference,
                vessel=row.vessel,
                from_place=row.from_place,
                to_place=row.to_place,
                miles_tenths=row.miles_tenths,
                stage=_stage(row, steps[row.pk], arrived_on),
                fee_minor=booking.price_minor,
                promised_on=row.promised_on,
                arrived_on=arrived_on,
                weather_days=row.weather_days,
                estimated_days=row.estimated_days,
                actual_days=row.actual_days if arrived_on else None,
                rating=row.rating if arrived_on and rated else None,
                rated_on=row.rated_on if arrived_on and rated else None,
                paid_on=paid.get(booking.pk),
                steps=steps[row.pk],
                gates=tuple(gates[row.pk]),
                crew=tuple(crew[row.pk]),
                incidents=tuple(incidents[row.pk]),
                costs=tuple(costs[booking.pk]),
            )
        )
    return tuple(found)


def _stage(job: DeliveryJob, steps: Mapping[JobStage, dt.date], arrived_on: dt.date | None) -> JobStage:
    """Return the furthest stage reached, by its steps where they were written down."""
    if steps:
        return max(steps, key=_ORDER.__getitem__)
    stage = JobStage(job.stage)
    return JobStage.UNDER_WAY if stage in (JobStage.ARRIVED, JobStage.CLOSED) and not arrived_on else stage


def _paid(entity_ids: Collection[int], as_of: dt.date) -> dict[int, dt.date]:
    """Return by booking the day on which the books first held the whole price, and have done so since."""
    rows = (
        Posting.objects.filter(
            booking__job__isnull=False,
            booking__entity_id__in=entity_ids,
            entry__state=EntryState.POSTED,
            entry__on__lte=as_of,
            account__role__in=PAID_ROLES,
        )
        .values("booking_id", "booking__price_minor", "entry__on")
        .annotate(moved=Sum("amount_minor"))
        .order_by("booking_id", "entry__on")
        .values_list("booking_id", "booking__price_minor", "entry__on", "moved")
    )
    received: dict[int, int] = defaultdict(int)
    found: dict[int, dt.date] = {}
    for booking, price, on, moved in rows:
        received[booking] -= moved
        if price and received[booking] >= price:
            found.setdefault(booking, on)
        else:
            found.pop(booking, None)
    return found


def jobless(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[Booking, ...]:
    """Return bookings of kind delivery that have no job, and are neither completed nor called off."""
    return tuple(
        Booking.objects.filter(
            Q(enquired_on__isnull=True) | Q(enquired_on__lte=as_of),
            entity_id__in=entity_ids,
            kind="delivery",
            job__isnull=True,
        ).exclude(stage__in=(*_ENDED, BookingStage.COMPLETED))
    )


def job_notes(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[HandoffRow, ...]:
    """Return what current notes say of deliveries, and of what must be ready for them."""
    return note_rows(entity_ids=entity_ids, kinds=("job", "readiness"))


def job_contradictions(*, rows: Iterable[HandoffRow], jobs: Iterable[JobFact]) -> tuple[Contradiction, ...]:
    """Return the statements of notes on deliveries that the records deny."""
    known = {(job.entity_id, job.reference): job for job in jobs}
    found = []
    for row in rows:
        ready = row.kind == "readiness"
        reference = row.section.rpartition(" ")[2] if ready else row.label
        job = known.get((row.file.entity_id, reference))
        if job is None:
            continue
        where = f"{row.file.name} line {row.line}"
        for says, record, ref in _gate(row, job) if ready else _told(row, job):
            found.append(Contradiction(row.file.entity_id, where, f"{row.label}: {says}", record, ref))
    return tuple(found)


def _gate(row: HandoffRow, job: JobFact) -> Iterable[tuple[str, str, str]]:
    for gate in job.gates:
        ready = gate.passed_on is not None
        if gate.name.casefold() == row.label.casefold() and row.done is not None and row.done != ready:
            yield (
                "ready" if row.done else "not ready",
                "it is open" if gate.passed_on is None else f"it was ready on {gate.passed_on:%-d %b %Y}",
                f"gate:{gate.id}",
            )


def _told(row: HandoffRow, job: JobFact) -> Iterable[tuple[str, str, str]]:
    cells: Mapping[str, Mapping[str, Any]] = row.cells
    for header, record in (
        ("Stage", job.stage.replace("_", " ")),
        ("Promised", job.promised_on and job.promised_on.isoformat()),
        ("Arrived", job.arrived_on and job.arrived_on.isoformat()),
        ("Rating", None if job.rating is None else str(job.rating)),
    ):
        cell = cells.get(header, {})
        said = str(cell.get("on") or cell.get("text") or "").casefold()
        if said and said != (record or ""):
            yield f"{header.lower()} {said}", f"{header.lower()} {record or 'not known'}", f"job:{job.id}"
