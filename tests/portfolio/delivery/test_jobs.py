"""Deliveries from enquiry to closed: the booking moves along, the books follow, and what cannot be is refused in words."""

import datetime as dt
from typing import Any

import pytest

from core.models import AuditEvent
from portfolio.domain import bookings
from portfolio.domain.delivery import jobs, rows
from portfolio.domain.delivery.jobs import Particulars
from portfolio.domain.delivery.refusals import JobRefusedError
from portfolio.models import (
    AccountRole,
    Booking,
    BookingCost,
    BookingStage,
    CostKind,
    DeliveryJob,
    Entity,
    GateKind,
    IncidentSeverity,
    JobCrew,
    JobRole,
    JobStage,
    Posting,
)
from tests.factories.people import owner as an_owner
from tests.portfolio.conftest import Books, open_books

pytestmark = [pytest.mark.django_db, pytest.mark.once]
AT = dt.datetime(2026, 11, 10, 18, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 10)
SAID = Particulars("47 ft ketch", "San Diego", "San Francisco", 5020, dt.date(2026, 11, 9), 3)


def day(number: int) -> dt.date:
    return dt.date(2026, 11, number)


@pytest.fixture
def books(db: None) -> Books:
    return open_books("eyd", "Expert Yacht Delivery")


@pytest.fixture
def job(books: Books) -> DeliveryJob:
    return a_job(books.entity)


def a_job(entity: Entity) -> DeliveryJob:
    booking = Booking.objects.create(
        entity=entity, reference="EYD-1", title="Ketch", kind="delivery", price_minor=100_000
    )
    return jobs.add(booking=booking, particulars=SAID, on=day(1), by=None, at=AT)


def advance(job: DeliveryJob, to: JobStage, on: int, **more: Any) -> None:
    jobs.advance(job=job, to=to, on=day(on), today=TODAY, by=None, at=AT, **more)


def to_ready(job: DeliveryJob) -> None:
    advance(job, JobStage.QUOTED, 2)
    advance(job, JobStage.CONTRACTED, 3)
    for gate in job.gates.all():
        rows.pass_gate(gate=gate, on=day(4), today=TODAY, by=None, at=AT)
    advance(job, JobStage.READY, 4)


def test_a_job_goes_from_enquiry_to_closed_and_its_booking_and_the_books_with_it(job: DeliveryJob) -> None:
    to_ready(job)
    assert Booking.objects.get(pk=job.booking_id).stage == BookingStage.BOOKED
    advance(job, JobStage.UNDER_WAY, 5)
    advance(job, JobStage.ARRIVED, 8)
    booking = Booking.objects.get(pk=job.booking_id)
    # It came a day before it was promised, so its service was on that day.
    assert (booking.stage, booking.service_on, job.actual_days) == (BookingStage.COMPLETED, day(8), 3)
    earned = Posting.objects.filter(booking=booking, account__role=AccountRole.REVENUE)
    assert [row.amount_minor for row in earned] == [-100_000]
    advance(job, JobStage.CLOSED, 9)
    jobs.rate(job=job, rating=9, on=day(10), today=TODAY, by=None, at=AT)
    assert list(job.steps.values_list("stage", "on")) == [
        ("enquiry", day(1)), ("quoted", day(2)), ("contracted", day(3)), ("ready", day(4)), ("under_way", day(5)),
        ("arrived", day(8)), ("closed", day(9)),
    ]  # fmt: skip
    told = AuditEvent.objects.filter(scope=f"job:{job.pk}").values_list("action", flat=True)
    assert set(told) == {
        "portfolio:job:add",
        "portfolio:job:move",
        "portfolio:job:rate",
        "portfolio:job_gate:pass",
    }


def test_what_cannot_be_is_refused_in_a_sentence_and_nothing_is_kept(job: DeliveryJob) -> None:
    stale = DeliveryJob.objects.select_related("booking__entity").get(pk=job.pk)
    with pytest.raises(JobRefusedError, match="EYD-1 is enquiry and cannot become ready"):
        advance(job, JobStage.READY, 2)
    with pytest.raises(JobRefusedError, match="is ahead; choose the day on which it was quoted"):
        advance(job, JobStage.QUOTED, 11)
    advance(job, JobStage.QUOTED, 3)
    with pytest.raises(JobRefusedError, match="Somebody moved EYD-1 meanwhile"):
        advance(stale, JobStage.QUOTED, 3)
    with pytest.raises(JobRefusedError, match="is before its last step on"):
        advance(job, JobStage.CONTRACTED, 2)
    advance(job, JobStage.CONTRACTED, 3)
    with pytest.raises(JobRefusedError, match="EYD-1 is not ready: Survey, Insurance names the crew"):
        advance(job, JobStage.READY, 4)
    job.refresh_from_db()
    assert job.stage == JobStage.CONTRACTED
    with pytest.raises(JobRefusedError, match="rated once it has arrived"):
        jobs.rate(job=job, rating=9, on=day(4), today=TODAY, by=None, at=AT)
    with pytest.raises(JobRefusedError, match="between 0.1 and 30,000"):
        jobs.change(
            job=job, particulars=Particulars("K", "A", "B", 0, None, None), weather_days=0, by=None, at=AT
        )
    with pytest.raises(JobRefusedError, match="has a job already"):
        jobs.add(booking=job.booking, particulars=SAID, on=day(1), by=None, at=AT)
    bookings.advance(
        booking=Booking.objects.get(pk=job.booking_id), to=BookingStage.CANCELLED, by=None, at=AT, on=day(5)
    )
    job.gates.update(passed_on=day(4))
    with pytest.raises(JobRefusedError, match="is cancelled, so its job stays where it is"):
        advance(job, JobStage.READY, 6)


def test_a_step_by_mistake_is_taken_back_with_a_reason_once_its_booking_is(job: DeliveryJob) -> None:
    to_ready(job)
    advance(job, JobStage.UNDER_WAY, 5)
    advance(job, JobStage.ARRIVED, 8, actual_days=2)

    def back(reason: str) -> None:
        jobs.step_back(job=job, reason=reason, by=None, at=AT)

    with pytest.raises(JobRefusedError, match="Say why"):
        back(" ")
    with pytest.raises(JobRefusedError, match="take that back on the booking’s page first"):
        back("It is still at sea")
    bookings.take_back(
        booking=Booking.objects.get(pk=job.booking_id), reason="At sea", by=an_owner(), at=AT, on=day(9)
    )
    back("It is still at sea")
    assert (job.stage, job.arrived_on, job.actual_days) == (JobStage.UNDER_WAY, None, None)
    advance(job, JobStage.ARRIVED, 9)
    assert job.actual_days == 4


def test_a_job_contracted_by_mistake_goes_back_with_its_booking_until_money_names_it(
    books: Books, job: DeliveryJob
) -> None:
    def back() -> Booking:
        jobs.step_back(job=job, reason="Nobody signed", by=None, at=AT)
        return Booking.objects.get(pk=job.booking_id)

    advance(job, JobStage.QUOTED, 2)
    advance(job, JobStage.CONTRACTED, 3)
    booking = back()
    assert (job.stage, booking.stage, booking.booked_on) == (JobStage.QUOTED, BookingStage.QUOTED, None)
    booking = back()
    assert (job.stage, booking.stage, booking.quoted_on) == (JobStage.ENQUIRY, BookingStage.ENQUIRY, None)
    assert AuditEvent.objects.filter(action="portfolio:booking:step_back").count() == 2
    advance(job, JobStage.QUOTED, 4)
    advance(job, JobStage.CONTRACTED, 5)
    books.post("1010", "2100", 500, on=day(6), booking=booking)
    with pytest.raises(bookings.MoneyMovedError, match="EYD-1 was paid or invoiced since"):
        back()
    job.refresh_from_db()
    assert (job.stage, job.steps.count()) == (JobStage.CONTRACTED, 3)


def test_the_rows_of_a_job_are_written_down_and_said_again(job: DeliveryJob) -> None:
    gate = rows.add_gate(job=job, kind=GateKind.OTHER, name="Flares", by=None, at=AT)
    with pytest.raises(JobRefusedError, match="Flares stands on the list already"):
        rows.add_gate(job=job, kind=GateKind.OTHER, name="Flares", by=None, at=AT)
    rows.pass_gate(gate=gate, on=day(4), today=TODAY, by=None, at=AT)
    with pytest.raises(JobRefusedError, match="Flares is ready already"):
        rows.pass_gate(gate=gate, on=day(4), today=TODAY, by=None, at=AT)
    rows.open_gate(gate=gate, by=None, at=AT)
    with pytest.raises(JobRefusedError, match="Flares is open already"):
        rows.open_gate(gate=gate, by=None, at=AT)
    for days in (0, 45):
        rows.put_aboard(job=job, role=JobRole.CAPTAIN, who="Ines Calder", days_tenths=days, by=None, at=AT)
    assert list(JobCrew.objects.values_list("who", "days_tenths")) == [("Ines Calder", 45)]
    for recovered in (0, 5_000):
        rows.estimate(job=job, kind=CostKind.FUEL, amount_minor=9_000, rebillable=True, recovered_minor=recovered,
                      by=None, at=AT)  # fmt: skip
    assert list(BookingCost.objects.values_list("amount_minor", "recovered_minor")) == [(9_000, 5_000)]
    with pytest.raises(JobRefusedError, match="Only a cost that is passed on"):
        rows.estimate(
            job=job, kind=CostKind.DOCK, amount_minor=1, rebillable=False, recovered_minor=1, by=None, at=AT
        )
    with pytest.raises(JobRefusedError, match="up to today"):
        rows.add_incident(
            job=job, on=day(11), severity=IncidentSeverity.LOW, what="Filter", today=TODAY, by=None, at=AT
        )
