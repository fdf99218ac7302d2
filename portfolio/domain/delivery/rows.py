"""The rows of a delivery: what must be ready, who sails and for how long, what goes wrong, what it is to cost."""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from portfolio.domain.delivery.jobs import MOST_DAYS, record
from portfolio.domain.delivery.refusals import JobRefusedError
from portfolio.models import (
    BookingCost,
    CostKind,
    DeliveryJob,
    GateKind,
    IncidentSeverity,
    JobCrew,
    JobGate,
    JobIncident,
    JobRole,
    JobStage,
)

_LEFT = (JobStage.UNDER_WAY, JobStage.ARRIVED, JobStage.CLOSED)


def add_gate(
    *, job: DeliveryJob, kind: GateKind, name: str, by: AbstractBaseUser | None, at: dt.datetime
) -> JobGate:
    """Write down another thing that must be ready before a job leaves.

    Raises:
        JobRefusedError: it has left, or that name stands on its list already.
    """
    if job.stage in _LEFT:
        raise JobRefusedError(f"{job.booking.reference} has left; nothing more is to be ready for it.")
    try:
        with transaction.atomic():
            gate = JobGate.objects.create(
                job=job, kind=kind, name=name.strip(), source=f"entered by {by}"[:120]
            )
            record("job_gate:add", gate, job, by, at, {"name": gate.name})
    except IntegrityError as error:
        raise JobRefusedError(f"{name.strip()} stands on the list already.") from error
    return gate


def pass_gate(
    *, gate: JobGate, on: dt.date, today: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> None:
    """Say that something is ready since a local day.

    Raises:
        JobRefusedError: the day is ahead, or it is ready already.
    """
    if on > today:
        raise JobRefusedError(f"{gate.name} cannot be ready on a day that is ahead.")
    with transaction.atomic():
        if not JobGate.objects.filter(pk=gate.pk, passed_on__isnull=True).update(passed_on=on):
            raise JobRefusedError(f"{gate.name} is ready already.")
        record("job_gate:pass", gate, gate.job, by, at, {"on": on.isoformat()})
    gate.refresh_from_db()


def open_gate(*, gate: JobGate, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Say that something is not ready after all.

    Raises:
        JobRefusedError: it is open already.
    """
    with transaction.atomic():
        if not JobGate.objects.filter(pk=gate.pk, passed_on__isnull=False).update(passed_on=None):
            raise JobRefusedError(f"{gate.name} is open already.")
        was = gate.passed_on.isoformat() if gate.passed_on else None
        record("job_gate:open", gate, gate.job, by, at, {"on": [was, None]})
    gate.refresh_from_db()


def put_aboard(
    *,
    job: DeliveryJob,
    role: JobRole,
    who: str,
    days_tenths: int,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> JobCrew:
    """Write down who sails on a job and how many days, in tenths; said again of the same person, the later stands.

    Raises:
        JobRefusedError: more days than a passage can take.
    """
    if not 0 <= days_tenths <= MOST_DAYS * 10:
        raise JobRefusedError(f"Somebody sails between none and {MOST_DAYS} days.")
    with transaction.atomic():
        aboard, _ = JobCrew.objects.update_or_create(
            job=job, who=who.strip(), defaults={"role": role, "days_tenths": days_tenths}
        )
        record("job_crew:set", aboard, job, by, at, {"role": role.value, "days": days_tenths / 10})
    return aboard


def add_incident(
    *,
    job: DeliveryJob,
    on: dt.date,
    severity: IncidentSeverity,
    what: str,
    today: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> JobIncident:
    """Write down something that went wrong on a job.

    Raises:
        JobRefusedError: the day is ahead.
    """
    if on > today:
        raise JobRefusedError("What went wrong went wrong on a day up to today.")
    with transaction.atomic():
        incident = JobIncident.objects.create(
            job=job, on=on, severity=severity, what=what.strip(), source=f"entered by {by}"[:120]
        )
        record("job_incident:add", incident, job, by, at, {"severity": severity.value, "on": on.isoformat()})
    return incident


def estimate(
    *,
    job: DeliveryJob,
    kind: CostKind,
    amount_minor: int,
    rebillable: bool,
    recovered_minor: int,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> BookingCost:
    """Say what a job is to cost of one kind, whether the client pays it, and what he paid of it; minor units.

    Raises:
        JobRefusedError: an amount is below zero, or something came back that is not passed on.
    """
    if amount_minor < 0 or recovered_minor < 0:
        raise JobRefusedError("What a job costs and what came back is never below zero.")
    if recovered_minor and not rebillable:
        raise JobRefusedError("Only a cost that is passed on to the client comes back; say that it is.")
    with transaction.atomic():
        cost, _ = BookingCost.objects.update_or_create(
            booking=job.booking,
            kind=kind,
            defaults={
                "amount_minor": amount_minor,
                "rebillable": rebillable,
                "recovered_minor": recovered_minor,
            },
        )
        record(
            "job:estimate", job, job, by, at,
            {"kind": kind.value, "amount_minor": amount_minor, "recovered_minor": recovered_minor},
        )  # fmt: skip
    return cost
