"""The database keeps what is known of deliveries in bounds."""

import pytest

from portfolio.models import BookingCost, CostKind, DeliveryJob, JobCrew, JobGate, JobStage, JobStep
from tests.factories.delivery import DeliveryJobFactory, JobCrewFactory, JobGateFactory, JobStepFactory
from tests.portfolio.refusals import each_is_refused


@pytest.mark.django_db
def test_rows_of_a_delivery_out_of_bounds_are_refused() -> None:
    step, gate, crew = JobStepFactory(), JobGateFactory(), JobCrewFactory()
    each_is_refused(
        {
            "job_rating_up_to_ten": lambda: DeliveryJobFactory(rating=11),
            "arrived_job_has_a_date": lambda: DeliveryJobFactory(stage=JobStage.CLOSED),
        },
        DeliveryJob,
    )
    each_is_refused({"step_once_per_stage": lambda: JobStepFactory(job=step.job)}, JobStep)
    each_is_refused({"gate_once_per_job": lambda: JobGateFactory(job=gate.job)}, JobGate)
    each_is_refused({"crew_once_per_job": lambda: JobCrewFactory(job=crew.job)}, JobCrew)


@pytest.mark.django_db
def test_a_cost_of_a_booking_is_recovered_only_where_it_is_passed_on() -> None:
    booking = DeliveryJobFactory().booking
    BookingCost.objects.create(
        booking=booking, kind=CostKind.FUEL, amount_minor=90_00, rebillable=True, recovered_minor=90_00
    )

    def cost(**values: int) -> BookingCost:
        return BookingCost.objects.create(
            booking=booking, **{"kind": CostKind.DOCK, "amount_minor": 1, **values}
        )

    each_is_refused(
        {
            "cost_once_per_kind": lambda: cost(kind=CostKind.FUEL),
            "cost_not_negative": lambda: cost(amount_minor=-1),
            "only_rebillable_cost_is_recovered": lambda: cost(recovered_minor=1),
        },
        BookingCost,
    )
