"""What a delivery business has to look after, job by job."""

import datetime as dt

from portfolio.domain.delivery import jobs, rows
from portfolio.domain.delivery.jobs import Particulars
from portfolio.models import (
    Booking,
    BookingCost,
    BookingStage,
    CostKind,
    DeliveryJob,
    JobGate,
)
from tests.reports.rules.cases import CASES, Case, World, appears_and_clears, seen
from tests.reports.sample_case import AS_OF, AT


def job(reference: str) -> DeliveryJob:
    return DeliveryJob.objects.select_related("booking__entity").get(booking__reference=reference)


def particulars(found: DeliveryJob, **changed: object) -> Particulars:
    names = ("vessel", "from_place", "to_place", "miles_tenths", "promised_on", "estimated_days")
    return Particulars(**{name: getattr(found, name) for name in names} | changed)


@appears_and_clears("job-not-ready")
def everything_is_found_ready(world: World) -> Case:
    yield "eyd:EYD-034"
    for gate in JobGate.objects.filter(job=job("EYD-034"), passed_on__isnull=True):
        rows.pass_gate(gate=gate, on=AS_OF, today=AS_OF, by=world.by, at=AT)


@appears_and_clears("deposit-short")
def the_deposit_comes_in(world: World) -> Case:
    yield "eyd:EYD-034"
    booking = Booking.objects.get(reference="EYD-034")
    world.books("eyd").post("1010", "2100", 8_200_00, on=AS_OF, memo="Deposit EYD-034", booking=booking)


@appears_and_clears("job-incomplete")
def what_is_missing_is_written_down(world: World) -> Case:
    agreed = job("EYD-034")
    assert "eyd:EYD-034" not in seen(CASES["job-incomplete"])
    kept = particulars(agreed)
    jobs.change(
        job=agreed, particulars=particulars(agreed, promised_on=None), weather_days=0, by=world.by, at=AT
    )
    yield "eyd:EYD-034"
    estimates = list(BookingCost.objects.filter(booking=agreed.booking))
    BookingCost.objects.filter(booking=agreed.booking).delete()
    jobs.change(job=agreed, particulars=kept, weather_days=0, by=world.by, at=AT)
    yield "eyd:EYD-034"
    BookingCost.objects.bulk_create(estimates)


@appears_and_clears("job-late")
def the_weather_explains_it(world: World) -> Case:
    yield "eyd:EYD-032"
    late, agreed = job("EYD-032"), job("EYD-033")
    jobs.change(job=late, particulars=particulars(late), weather_days=3, by=world.by, at=AT)
    jobs.change(job=agreed, particulars=particulars(agreed), weather_days=2, by=world.by, at=AT)
    yield "eyd:EYD-033"
    jobs.change(
        job=agreed, particulars=particulars(agreed, promised_on=dt.date(2026, 11, 17)), weather_days=2, by=world.by, at=AT
    )  # fmt: skip


@appears_and_clears("job-over-days")
def the_estimate_is_corrected(world: World) -> Case:
    yield "eyd:EYD-032"
    found = job("EYD-032")
    jobs.change(
        job=found, particulars=particulars(found, estimated_days=10), weather_days=2, by=world.by, at=AT
    )


@appears_and_clears("job-over-cost")
def the_cost_is_estimated_anew(world: World) -> Case:
    yield "eyd:EYD-032"
    rows.estimate(job=job("EYD-032"), kind=CostKind.CREW, amount_minor=6_200_00, rebillable=False, recovered_minor=0,
                  by=world.by, at=AT)  # fmt: skip


@appears_and_clears("expense-not-recovered")
def the_client_pays_the_expenses(world: World) -> Case:
    yield "eyd:EYD-032"
    rows.estimate(job=job("EYD-032"), kind=CostKind.FUEL, amount_minor=900_00, rebillable=True, recovered_minor=462_00,
                  by=world.by, at=AT)  # fmt: skip


@appears_and_clears("rating-low")
def the_client_thinks_better_of_it(world: World) -> Case:
    found = job("EYD-032")
    jobs.rate(job=found, rating=5, on=AS_OF, today=AS_OF, by=world.by, at=AT)
    yield "eyd:EYD-032"
    jobs.rate(job=found, rating=9, on=AS_OF, today=AS_OF, by=world.by, at=AT)


@appears_and_clears("no-rating")
def the_client_is_asked(world: World) -> Case:
    DeliveryJob.objects.filter(booking__reference="EYD-032").update(rating=None, rated_on=None)
    yield "eyd:EYD-032"
    jobs.rate(job=job("EYD-032"), rating=8, on=AS_OF, today=AS_OF, by=world.by, at=AT)


@appears_and_clears("delivery-without-job")
def the_job_is_written_down(world: World) -> Case:
    booking = Booking.objects.create(
        entity=world.entity("eyd"), reference="EYD-037", title="30 ft sloop", kind="delivery",
        stage=BookingStage.QUOTED, price_minor=90_000,
    )  # fmt: skip
    yield "eyd:EYD-037"
    said = Particulars("30 ft sloop", "Oceanside", "San Diego", 320, None, 1)
    jobs.add(booking=booking, particulars=said, on=AS_OF, by=world.by, at=AT)


@appears_and_clears("delivery-note-differs")
def the_record_is_what_the_note_says(world: World) -> Case:
    gate = JobGate.objects.select_related("job__booking__entity").get(
        job=job("EYD-034"), name="Weather window"
    )
    rows.pass_gate(gate=gate, on=AS_OF, today=AS_OF, by=world.by, at=AT)
    yield "eyd:eyd.md line 23"
    rows.open_gate(gate=gate, by=world.by, at=AT)
