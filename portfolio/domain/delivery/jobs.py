"""A delivery from enquiry to closed: one table of legal moves, one door, and the booking that moves along with it."""

import datetime as dt
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from core import audit, months
from portfolio.domain import bookings
from portfolio.domain.delivery.refusals import JobRefusedError
from portfolio.models import Booking, BookingStage, DeliveryJob, GateKind, JobGate, JobStage, JobStep

# A deposit is passed over where the client pays another way; what is wrong with that, the report says.
MOVES = MappingProxyType(
    {
        JobStage.ENQUIRY: frozenset({JobStage.QUOTED}),
        JobStage.QUOTED: frozenset({JobStage.CONTRACTED}),
        JobStage.CONTRACTED: frozenset({JobStage.DEPOSIT, JobStage.READY}),
        JobStage.DEPOSIT: frozenset({JobStage.READY}),
        JobStage.READY: frozenset({JobStage.UNDER_WAY}),
        JobStage.UNDER_WAY: frozenset({JobStage.ARRIVED}),
        JobStage.ARRIVED: frozenset({JobStage.CLOSED}),
        JobStage.CLOSED: frozenset(),
    }
)
# What the booking becomes with its job, and from where; standing further along already, it stays.
_BOOKED_AS = MappingProxyType(
    {
        JobStage.QUOTED: (BookingStage.QUOTED, (BookingStage.ENQUIRY,)),
        JobStage.CONTRACTED: (BookingStage.BOOKED, (BookingStage.QUOTED, BookingStage.HELD)),
        JobStage.ARRIVED: (BookingStage.COMPLETED, (BookingStage.BOOKED, BookingStage.PAID)),
    }
)
_ENDED = (BookingStage.CANCELLED, BookingStage.LOST)
# What every delivery must have before it leaves.
STANDARD_GATES = (GateKind.SURVEY, GateKind.INSURANCE, GateKind.DOCUMENTS, GateKind.WEATHER)
MOST_DAYS = 400


@dataclass(frozen=True, slots=True)
class Particulars:
    """What is agreed about a passage; miles in tenths of a nautical mile."""

    vessel: str
    from_place: str
    to_place: str
    miles_tenths: int | None
    promised_on: dt.date | None
    estimated_days: int | None


def add(
    *, booking: Booking, particulars: Particulars, by: AbstractBaseUser | None, at: dt.datetime, on: dt.date
) -> DeliveryJob:
    """Write down the job of a booking of kind delivery, with what must be ready for it; ``on`` is the local date.

    Raises:
        JobRefusedError: the booking is no delivery, is called off, or has a job already.
    """
    _check(particulars)
    if booking.kind != "delivery" or booking.stage in _ENDED:
        raise JobRefusedError(f"{booking.reference} is no delivery that goes on; choose another booking.")
    stage = _stage_of(BookingStage(booking.stage))
    try:
        with transaction.atomic():
            job = DeliveryJob.objects.create(
                booking=booking, stage=stage, source=f"entered by {by}"[:120], **asdict(particulars)
            )
            JobStep.objects.create(job=job, stage=stage, on=on)
            JobGate.objects.bulk_create(
                JobGate(job=job, kind=kind, name=kind.label) for kind in STANDARD_GATES
            )
            record("job:add", job, job, by, at, {"stage": stage.value, "on": on.isoformat()})
    except IntegrityError as error:
        raise JobRefusedError(f"{booking.reference} has a job already; look at it.") from error
    return job


def _stage_of(stage: BookingStage) -> JobStage:
    if stage == BookingStage.ENQUIRY:
        return JobStage.ENQUIRY
    if stage in (BookingStage.QUOTED, BookingStage.HELD):
        return JobStage.QUOTED
    if stage == BookingStage.COMPLETED:
        raise JobRefusedError("The booking is completed, so its job cannot be written down from the start.")
    return JobStage.CONTRACTED


def change(
    *,
    job: DeliveryJob,
    particulars: Particulars,
    weather_days: int,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Change what is agreed about a passage, or how many days the weather cost it.

    Raises:
        JobRefusedError: what is said cannot be, or somebody moved the job meanwhile.
    """
    _check(particulars)
    if not 0 <= weather_days <= MOST_DAYS:
        raise JobRefusedError(f"Weather cost between none and {MOST_DAYS} days.")
    values: dict[str, Any] = {**asdict(particulars), "weather_days": weather_days}
    old = {name: getattr(job, name) for name in values}
    with transaction.atomic():
        if not DeliveryJob.objects.filter(pk=job.pk, stage=job.stage).update(**values):
            raise _moved_meanwhile(job)
        changed = {
            name: [_plain(old[name]), _plain(value)] for name, value in values.items() if old[name] != value
        }
        record("job:change", job, job, by, at, changed)
    job.refresh_from_db()


def advance(
    *,
    job: DeliveryJob,
    to: JobStage,
    on: dt.date,
    today: dt.date,
    actual_days: int | None = None,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Move a job on as of a local day; its booking is quoted, booked or completed with it, and the books follow.

    ``actual_days`` are those the passage took; without them an arrival counts the days since it left.

    Raises:
        JobRefusedError: the move is not in `MOVES`, the day cannot be, something is not ready, or somebody moved it.
        portfolio.domain.bookings.BookingError: the booking cannot follow.
        portfolio.domain.ledger.LedgerError: the month of the day is closed.
    """
    before = JobStage(job.stage)
    if to not in MOVES[before]:
        raise JobRefusedError(
            f"{job.booking.reference} is {before.label.lower()} and cannot become {to.label.lower()}."
        )
    last = max(job.steps.values_list("on", flat=True), default=None)
    if on > today or (last is not None and on < last):
        when = (
            "is ahead" if on > today else f"is before its last step on {months.spelled(last)}" if last else ""
        )
        raise JobRefusedError(
            f"{months.spelled(on)} {when}; choose the day on which it was {to.label.lower()}."
        )
    changes: dict[str, Any] = {"stage": to}
    if to == JobStage.ARRIVED:
        changes |= {"arrived_on": on, "actual_days": _days(job, on, actual_days)}
    with transaction.atomic():
        if not DeliveryJob.objects.filter(pk=job.pk, stage=before).update(**changes):
            raise _moved_meanwhile(job)
        if to == JobStage.READY:
            _check_ready(job)
        JobStep.objects.create(job=job, stage=to, on=on)
        record("job:move", job, job, by, at, {"stage": [before.value, to.value], "on": on.isoformat()})
        _move_booking(job, to, on, by, at)
    job.refresh_from_db()


def _check_ready(job: DeliveryJob) -> None:
    still = list(job.gates.filter(passed_on__isnull=True).values_list("name", flat=True))
    if still:
        raise JobRefusedError(f"{job.booking.reference} is not ready: {', '.join(still)}.")


def _days(job: DeliveryJob, on: dt.date, said: int | None) -> int:
    if said is not None:
        if not 1 <= said <= MOST_DAYS:
            raise JobRefusedError(f"A passage takes between 1 and {MOST_DAYS} days.")
        return said
    left = job.steps.filter(stage=JobStage.UNDER_WAY).values_list("on", flat=True).first()
    if left is None:
        raise JobRefusedError("Say how many days the passage took; the day it left is not written down.")
    return max((on - left).days, 1)


def _move_booking(
    job: DeliveryJob, to: JobStage, on: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> None:
    booking = Booking.objects.select_related("entity").get(pk=job.booking_id)
    if booking.stage in _ENDED:
        raise JobRefusedError(
            f"{booking.reference} is {booking.get_stage_display().lower()}, so its job stays where it is."
        )
    stage, starts = _BOOKED_AS.get(to, (None, ()))
    if stage is None or booking.stage not in starts:
        return
    service_on = on if to == JobStage.ARRIVED else booking.service_on or job.promised_on
    if service_on != booking.service_on:
        Booking.objects.filter(pk=booking.pk, stage=booking.stage).update(service_on=service_on)
        booking.refresh_from_db()
    bookings.advance(booking=booking, to=stage, by=by, at=at, on=on)


def step_back(*, job: DeliveryJob, reason: str, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Take a job back to the stage before, because it was moved by mistake; a booking that moved with it goes back too.

    Raises:
        JobRefusedError: no reason is given, there is no step before, its booking was completed with it and must be taken
            back first, or somebody moved it meanwhile.
        portfolio.domain.bookings.BookingError: its booking moved with it, and was paid or invoiced since.
    """
    reason = reason.strip()
    if not reason:
        raise JobRefusedError("Say why it is moved back; the reason stays in its trail.")
    before = JobStage(job.stage)
    steps = list(job.steps.order_by("-on", "-id").values_list("stage", flat=True))
    if len(steps) < 2 or steps[0] != before:
        raise JobRefusedError(f"{job.booking.reference} has no step before this one to go back to.")
    stage, _ = _BOOKED_AS.get(before, (None, ()))
    changes: dict[str, Any] = {"stage": steps[1]}
    if before == JobStage.ARRIVED:
        changes |= {"arrived_on": None, "actual_days": None, "rating": None, "rated_on": None}
    with transaction.atomic():
        if not DeliveryJob.objects.filter(pk=job.pk, stage=before).update(**changes):
            raise _moved_meanwhile(job)
        booking = Booking.objects.select_related("entity").get(pk=job.booking_id)
        if booking.stage == stage == BookingStage.COMPLETED:
            raise JobRefusedError(
                "The booking was completed with it; take that back on the booking’s page first."
            )
        if booking.stage == stage:
            bookings.step_back(booking=booking, reason=reason, by=by, at=at)
        job.steps.filter(stage=before).delete()
        record("job:step_back", job, job, by, at, {"stage": [before.value, steps[1]], "reason": reason[:250]})
    job.refresh_from_db()


def rate(
    *,
    job: DeliveryJob,
    rating: int,
    on: dt.date,
    today: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> None:
    """Write down what the client gave a job that arrived, 0 to 10; said again, the later one stands.

    Raises:
        JobRefusedError: it has not arrived, or the rating or its day cannot be.
    """
    if not 0 <= rating <= 10:
        raise JobRefusedError("A rating is a whole number from 0 to 10.")
    if job.arrived_on is None or not job.arrived_on <= on <= today:
        raise JobRefusedError("A job is rated once it has arrived, on a day up to today.")
    old = job.rating
    with transaction.atomic():
        if not DeliveryJob.objects.filter(pk=job.pk, arrived_on=job.arrived_on).update(
            rating=rating, rated_on=on
        ):
            raise _moved_meanwhile(job)
        record("job:rate", job, job, by, at, {"rating": [old, rating], "on": on.isoformat()})
    job.refresh_from_db()


def record(
    what: str,
    subject: Any,
    job: DeliveryJob,
    by: AbstractBaseUser | None,
    at: dt.datetime,
    data: dict[str, Any],
) -> None:
    """Put a change of a job, or of a row of it, into the trail."""
    audit.record(
        action=f"portfolio:{what}", subject=subject, by=by, at=at, entity=job.booking.entity.slug,
        scope=f"job:{job.pk}", data={"job": job.booking.reference, **data},
    )  # fmt: skip


def _check(particulars: Particulars) -> None:
    for name, text in (
        ("vessel", particulars.vessel),
        ("start", particulars.from_place),
        ("end", particulars.to_place),
    ):
        if not text.strip() or len(text) > 80:
            raise JobRefusedError(f"The {name} of a passage has a name of up to 80 characters.")
    if particulars.estimated_days is not None and not 1 <= particulars.estimated_days <= MOST_DAYS:
        raise JobRefusedError(f"A passage is estimated at 1 to {MOST_DAYS} days.")
    if particulars.miles_tenths is not None and not 0 < particulars.miles_tenths <= 300_000:
        raise JobRefusedError("A passage is between 0.1 and 30,000 nautical miles.")


def _moved_meanwhile(job: DeliveryJob) -> JobRefusedError:
    return JobRefusedError(f"Somebody moved {job.booking.reference} meanwhile; look at it again.")


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value
