"""Sample deliveries: the job log of the six jobs of the queue, who sailed, what went wrong, and what each was to cost.

The queue and the readiness list themselves come from the handoff note, what was paid and spent from the bank's lines.
"""

import datetime as dt

from portfolio.models import (
    Basis,
    BookingCost,
    CostKind,
    DeliveryJob,
    Entity,
    GateKind,
    IncidentSeverity,
    JobCrew,
    JobGate,
    JobIncident,
    JobRole,
    JobStage,
    JobStep,
    KpiValue,
)

_LOG = "Sample: job log of the office"
_CAPTAIN, _CREW = "Ines Calder", "Rob Tanaka"
# Day rates of the note's financial baseline, in cents.
_CAPTAIN_DAY, _CREW_DAY = 40_000, 22_000
# The days of 2026 on which each stage was reached.
_STEPS: dict[str, dict[JobStage, tuple[int, int]]] = {
    "EYD-031": {
        JobStage.ENQUIRY: (8, 18), JobStage.QUOTED: (8, 20), JobStage.CONTRACTED: (8, 27), JobStage.DEPOSIT: (9, 4),
        JobStage.READY: (9, 12), JobStage.UNDER_WAY: (9, 14), JobStage.ARRIVED: (9, 14), JobStage.CLOSED: (9, 18),
    },
    "EYD-032": {
        JobStage.ENQUIRY: (8, 22), JobStage.QUOTED: (8, 26), JobStage.CONTRACTED: (9, 8), JobStage.DEPOSIT: (9, 15),
        JobStage.READY: (9, 26), JobStage.UNDER_WAY: (9, 28), JobStage.ARRIVED: (10, 8), JobStage.CLOSED: (10, 14),
    },
    "EYD-033": {
        JobStage.ENQUIRY: (10, 6), JobStage.QUOTED: (10, 9), JobStage.CONTRACTED: (10, 22), JobStage.DEPOSIT: (11, 3),
        JobStage.READY: (11, 5), JobStage.UNDER_WAY: (11, 6),
    },
    "EYD-034": {JobStage.ENQUIRY: (10, 12), JobStage.QUOTED: (10, 16), JobStage.CONTRACTED: (10, 30)},
    "EYD-035": {JobStage.ENQUIRY: (10, 28), JobStage.QUOTED: (11, 2)},
    "EYD-036": {JobStage.ENQUIRY: (11, 5)},
}  # fmt: skip
# What each job is to lay out beside pay, in cents; all but the short one pass it on to the client at cost.
_EXPENSES: dict[str, dict[CostKind, int]] = {
    "EYD-031": {CostKind.FUEL: 42_000},
    "EYD-032": {CostKind.FUEL: 90_000, CostKind.DOCK: 25_000, CostKind.FOOD: 30_000},
    "EYD-033": {CostKind.FUEL: 125_000, CostKind.FOOD: 31_000, CostKind.OTHER: 64_000},
    "EYD-034": {CostKind.FUEL: 140_000, CostKind.DOCK: 35_000, CostKind.FOOD: 45_000, CostKind.OTHER: 40_000},
    "EYD-035": {CostKind.FUEL: 35_000},
}
_ALL_IN = frozenset({"EYD-031"})
_RATED = {"EYD-031": (9, 20), "EYD-032": (10, 17)}
_GATES = (
    (GateKind.SURVEY, "Survey"),
    (GateKind.INSURANCE, "Insurance names the crew"),
    (GateKind.DOCUMENTS, "Papers of the vessel and the crew"),
    (GateKind.WEATHER, "Weather window"),
)
_INCIDENTS = (
    ("EYD-032", (9, 30), IncidentSeverity.LOW, "Fuel filter clogged off Point Conception and was changed under way"),
    ("EYD-032", (10, 2), IncidentSeverity.MEDIUM, "Dock line chafed through in the gale at Morro Bay; a fender was lost"),
)  # fmt: skip
_SAILING_DAYS = (
    ("captain-days-a-year", "Days a year the captain can sail", 180),
    ("crew-days-a-year", "Days a year the crew can sail", 150),
)


def load(*, at: dt.datetime) -> None:
    """Load it; inside the caller's transaction."""
    entity = Entity.objects.get(slug="eyd")
    jobs = {
        job.booking.reference: job
        for job in DeliveryJob.objects.filter(booking__entity=entity).select_related("booking")
    }
    JobStep.objects.bulk_create(
        JobStep(job=jobs[reference], stage=stage, on=_day(on))
        for reference, steps in _STEPS.items()
        for stage, on in steps.items()
    )
    BookingCost.objects.bulk_create(
        BookingCost(
            booking=jobs[reference].booking,
            kind=kind,
            amount_minor=amount,
            rebillable=kind != CostKind.CREW and reference not in _ALL_IN,
        )
        for reference, expenses in _EXPENSES.items()
        for kind, amount in [(CostKind.CREW, _pay(jobs[reference])), *expenses.items()]
    )
    left = [reference for reference, steps in _STEPS.items() if JobStage.UNDER_WAY in steps]
    JobGate.objects.bulk_create(
        JobGate(
            job=jobs[reference],
            kind=kind,
            name=name,
            passed_on=_day(_STEPS[reference][JobStage.READY]),
            source=_LOG,
        )
        for reference in left
        for kind, name in _GATES
    )
    JobCrew.objects.bulk_create(
        JobCrew(job=jobs[reference], role=role, who=who, days_tenths=(jobs[reference].actual_days or 0) * 10)
        for reference in left
        for role, who in ((JobRole.CAPTAIN, _CAPTAIN), (JobRole.CREW, _CREW))
    )
    JobIncident.objects.bulk_create(
        JobIncident(job=jobs[reference], on=_day(on), severity=severity, what=what, source=_LOG)
        for reference, on, severity, what in _INCIDENTS
    )
    for reference, on in _RATED.items():
        DeliveryJob.objects.filter(pk=jobs[reference].pk).update(rated_on=_day(on))
    KpiValue.objects.bulk_create(
        KpiValue(
            entity=entity, key=key, label=label, as_of=dt.date(2026, 1, 1), value=days, unit="days",
            basis=Basis.ENTERED, source="Sample: Owner, planning session of 2025-12-15",
        )
        for key, label, days in _SAILING_DAYS
    )  # fmt: skip


def _pay(job: DeliveryJob) -> int:
    return (job.estimated_days or 0) * (_CAPTAIN_DAY + _CREW_DAY)


def _day(on: tuple[int, int]) -> dt.date:
    return dt.date(2026, *on)
