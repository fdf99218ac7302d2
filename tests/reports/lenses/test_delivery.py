"""The report on deliveries: what the six jobs of the sample come to, and what it says where there is nothing."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portfolio.models import Booking, DeliveryJob, Entity, JobStage
from reports.document import Document, Table
from reports.lenses import LENSES
from reports.metrics import Desk, Facts
from reports.rules import run
from reports.rules.delivery import DELIVERY_RULES
from tests.factories.delivery import DeliveryJobFactory, JobStepFactory
from tests.factories.portfolio import EntityFactory
from tests.reports.sample_case import AS_OF, figure, first_edition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sample")]
NAME = "Expert Yacht Delivery"
QUERIES = 16


def value(metric: str, period: str = "Oct 2026") -> int | None:
    return figure(first_edition("eyd"), metric, NAME, period).value


def rows_of(document: Document, anchor: str, place: int = 0) -> list[list[str]]:
    section = next(entry for entry in document.sections if entry.anchor == anchor)
    table = [block for block in section.blocks if isinstance(block, Table)][place]
    return [[cell.text or cell.figure for cell in row.cells] for row in table.rows]


@pytest.mark.once
def test_the_six_jobs_come_to_what_the_note_and_the_books_say() -> None:
    said = {
        # 032 came in three days late, of which the weather explains two.
        "jobs_arrived": 2, "on_time_rate": 5_000, "on_time_but_weather": 5_000, "slip_days": 15, "slip_without_weather": 5,
        # 11 days of 8, $7,696.80 of $6,830, 570 miles in 11 days.
        "days_ratio": 13_750, "cost_ratio": 11_269, "made_good_a_day": 518,
        # 11 of 30 and 25 days since September, 9 of 11 without the gale.
        "captain_use": 3_667, "crew_use": 4_400, "vessel_use": 8_182,
        "pass_through_spent": 46_200, "pass_through_recovered": 0, "pass_through_recovery": 0,
        # $865.20 less $262.
        "job_margin": 60_320, "margin_a_job": 30_160, "margin_a_day": 5_484, "margin_a_mile": 106,
        "quote_to_cash": 320, "csat": 900, "nps": 50, "response_rate": 10_000, "incidents": 2, "incidents_per_1000": 351,
    }  # fmt: skip
    assert {metric: value(metric) for metric in said} == said
    today = {
        "jobs_open": 4,
        "gates_open": 3,
        "deposit_received": 710_000,
        "deposit_needed": 1_530_000,
        "deposit_cover": 4_641,
    }
    assert {metric: value(metric, "10 Nov 2026") for metric in today} == today


@pytest.mark.once
def test_the_queue_stands_by_stage_with_ages_and_the_routes_by_length() -> None:
    document = first_edition("eyd")
    ages = {
        stage: document.figures[f"stage.{stage}.age"].value
        for stage in ("enquiry", "quoted", "contracted", "ready", "under_way")
    }
    assert ages == {"enquiry": 50, "quoted": 80, "contracted": 110, "ready": None, "under_way": 40}
    assert [row[0] for row in rows_of(document, "routes")] == [
        "San Diego to Seattle", "San Diego to La Paz", "Cabo San Lucas to San Diego", "San Diego to San Francisco",
        "Marina del Rey to San Diego", "San Diego to Ensenada",
    ]  # fmt: skip
    expected = {row[0].split(" ")[0]: row[5] for row in rows_of(document, "queue", 1)}
    assert expected["EYD-033"] == "Sun 15 Nov 2026"
    assert [note.rule for note in document.findings] == [
        "job-not-ready", "deposit-short", "expense-not-recovered", "job-late", "job-over-days", "job-over-cost",
    ]  # fmt: skip
    assert "1 day late" in next(note.title for note in document.findings if note.rule == "job-late")


@pytest.mark.once
def test_an_edition_of_an_earlier_day_knows_only_what_was_known_then() -> None:
    desk = Desk(Facts(as_of=dt.date(2026, 10, 1)), month=2026 * 12 + 8, kinds=("delivery",))
    open_jobs = {row.label[:7] for row in desk.get("jobs_open").trace.rows}  # type: ignore[union-attr]
    assert open_jobs == {"EYD-032"}
    assert desk.get("jobs_arrived").value == 1
    assert desk.get("deposit_cover").value == 10_000
    assert desk.get("quote_to_cash").value == 150


def test_a_lens_reads_deliveries_in_as_many_queries_whatever_there_are() -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as caught:
            LENSES["eyd"](Facts(as_of=AS_OF), zone="America/Los_Angeles")
        return len(caught)

    assert count() == QUERIES
    eyd = Entity.objects.get(slug="eyd")
    for number in range(25):
        booking = Booking.objects.create(
            entity=eyd, reference=f"MANY-{number}", title="One of many", kind="delivery", price_minor=100_000
        )
        job = DeliveryJobFactory(booking=booking, promised_on=AS_OF, estimated_days=2)
        JobStepFactory(job=job, stage=JobStage.ENQUIRY, on=AS_OF)
    assert count() == QUERIES


@pytest.mark.once
def test_without_jobs_everything_says_what_is_missing_and_nothing_is_zero() -> None:
    DeliveryJob.objects.all().delete()
    document = LENSES["eyd"](Facts(as_of=AS_OF), zone="America/Los_Angeles")
    kpis = [document.figures[entry.figure] for entry in document.kpis]
    assert {entry.metric for entry in kpis if entry.value is not None} == {"jobs_open"}
    assert all(entry.missing.startswith(("n/a", "not tracked")) for entry in kpis if entry.value is None)
    assert {note.rule for note in document.findings} == {"delivery-without-job"}


@pytest.mark.once
def test_without_a_delivery_business_there_is_an_edition_that_finds_nothing() -> None:
    Entity.objects.filter(kind="delivery").update(active=False)
    empty = LENSES["eyd"](Facts(as_of=AS_OF), zone="America/Los_Angeles")
    assert empty.findings == ()
    EntityFactory(slug="second", kind="delivery")
    alone = LENSES["eyd"](Facts(as_of=AS_OF), zone="America/Los_Angeles")
    assert (
        alone.figures["on_time_rate.second.2026-10"].missing == "n/a: no job arrived in these twelve months"
    )


@pytest.mark.once
def test_two_delivery_businesses_add_up_and_a_job_called_off_waits_for_nothing() -> None:
    other = EntityFactory.create(slug="second", name="Second Delivery", kind="delivery")
    job = DeliveryJobFactory.create(
        booking=Booking.objects.create(
            entity=other, reference="SD-1", title="Ketch", kind="delivery", price_minor=100_000, stage="lost",
            ended_on=dt.date(2026, 11, 1),
        ),
    )  # fmt: skip
    desk = Desk(Facts(as_of=AS_OF), month=2026 * 12 + 9, kinds=("delivery",))
    assert desk.get("jobs_open").value == 4
    assert desk.get("jobs_open", desk.scope("second")).value == 0
    assert run(DELIVERY_RULES, desk)
    Booking.objects.filter(pk=job.booking_id).update(ended_on=AS_OF + dt.timedelta(days=1))
    later = Desk(Facts(as_of=AS_OF), month=2026 * 12 + 9, kinds=("delivery",))
    assert later.get("jobs_open").value == 5


@pytest.mark.once
def test_a_fee_a_mile_is_of_jobs_with_both_and_a_completed_delivery_asks_for_no_job() -> None:
    DeliveryJob.objects.all().delete()
    Booking.objects.filter(kind="delivery").update(stage="completed", completed_on=AS_OF, service_on=AS_OF)
    entity = Entity.objects.get(slug="eyd")
    for number, miles in enumerate((1_000, None)):
        booking = Booking.objects.create(
            entity=entity, reference=f"N-{number}", title="Ketch", kind="delivery", price_minor=100_000
        )
        DeliveryJobFactory(
            booking=booking, from_place="A", to_place="B", miles_tenths=miles, promised_on=None
        )
    document = LENSES["eyd"](Facts(as_of=AS_OF), zone="America/Los_Angeles")
    (route,) = rows_of(document, "routes")
    assert [document.figures[key].value for key in (route[3], route[4])] == [200_000, 1_000]
    assert "delivery-without-job" not in {note.rule for note in document.findings}
