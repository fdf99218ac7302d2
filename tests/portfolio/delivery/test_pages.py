"""Pages of deliveries: a job written down and moved on in the browser, refusals with nothing lost, and bad input."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portfolio.models import BookingStage, DeliveryJob, Entity, JobGate, JobStage
from tests.factories import people
from tests.factories.delivery import DeliveryFactory, DeliveryJobFactory, JobCrewFactory, JobGateFactory
from tests.factories.portfolio import BookingFactory

pytestmark = [pytest.mark.django_db, pytest.mark.once]
BAD = ("\x00", "x" * 100_000, "9" * 400, "2026-13-40", "−1", "1e9", "<b>")


@pytest.fixture
def entity(db: None) -> Entity:
    return DeliveryFactory.create(slug="eyd", name="Expert Yacht Delivery")


@pytest.fixture
def browser(entity: Entity) -> Client:
    client = Client()
    client.force_login(people.owner(email="owner@example.com"))
    return client


def booked(entity: Entity, reference: str = "EYD-1") -> DeliveryJob:
    booking = BookingFactory(
        entity=entity, reference=reference, kind="delivery", stage=BookingStage.ENQUIRY, service_on=None
    )
    return DeliveryJobFactory.create(booking=booking, estimated_days=7)


def test_a_delivery_is_written_down_made_ready_and_moved_on(entity: Entity, browser: Client) -> None:
    booking = BookingFactory(
        entity=entity, reference="EYD-7", kind="delivery", stage=BookingStage.ENQUIRY, service_on=None
    )
    add = reverse("portfolio:add_job", args=["eyd"])
    assert "EYD-7" in browser.get(add).content.decode()
    said = {
        "booking": booking.pk, "vessel": "36 ft sloop", "from_place": "Marina del Rey", "to_place": "San Diego",
        "miles_tenths": "98.5", "promised_on": "2026-12-10", "estimated_days": "2",
    }  # fmt: skip
    answer = browser.post(add, said | {"miles_tenths": "far"})
    assert answer.status_code == 422
    assert "36 ft sloop" in answer.content.decode()
    assert browser.post(add, said).status_code == 302
    job = DeliveryJob.objects.get()
    assert (job.miles_tenths, job.gates.count()) == (985, 4)
    assert "Every delivery that is booked has its job" in browser.get(add).content.decode()

    today = job.steps.get().on.isoformat()
    gate = job.gates.get(kind="survey")
    browser.post(reverse("portfolio:pass_job_gate", args=[gate.pk]), {"on": today})
    browser.post(
        reverse("portfolio:put_aboard", args=[job.pk]), {"role": "captain", "who": "Ines", "days": "2.5"}
    )
    browser.post(
        reverse("portfolio:estimate_cost", args=[job.pk]),
        {"kind": "fuel", "amount": "350", "rebillable": "on"},
    )
    browser.post(
        reverse("portfolio:add_incident", args=[job.pk]), {"on": today, "severity": "low", "what": "Filter"}
    )
    move = reverse("portfolio:move_job", args=[job.pk])
    assert browser.post(move, {"to": "quoted", "on": today}).status_code == 302
    page = browser.get(reverse("portfolio:job", args=[job.pk])).content.decode()
    for words in ("98.5", "Ines", "2.5", "$350.00", "Filter", "ready on", "Delivery moved"):
        assert words in page
    refused = browser.post(move, {"to": "contracted", "on": "2026-01-01"})
    assert refused.status_code == 422
    assert "is before its last step" in refused.content.decode()


def test_nothing_typed_breaks_a_page(entity: Entity, browser: Client) -> None:
    job = booked(entity)
    gate = JobGateFactory.create(job=job)
    fields = ("booking", "vessel", "from_place", "to_place", "miles_tenths", "promised_on", "estimated_days", "weather_days",
              "to", "on", "actual_days", "reason", "rating", "kind", "name", "role", "who", "days", "severity", "what",
              "amount", "recovered")  # fmt: skip
    addresses = [
        reverse("portfolio:add_job", args=["eyd"]),
        reverse("portfolio:pass_job_gate", args=[gate.pk]),
        *(
            reverse(f"portfolio:{name}", args=[job.pk])
            for name in ("change_job", "move_job", "step_job_back", "rate_job", "add_job_gate", "put_aboard",
                         "add_incident", "estimate_cost")
        ),
    ]  # fmt: skip
    for bad in BAD:
        for address in addresses:
            assert browser.post(address, dict.fromkeys(fields, bad)).status_code in (302, 422), (
                address,
                bad[:9],
            )
    assert (DeliveryJob.objects.get().stage, JobGate.objects.get().passed_on) == (JobStage.ENQUIRY, None)


def test_lists_and_pages_take_as_many_queries_whatever_there_is(entity: Entity, browser: Client) -> None:
    job = booked(entity)
    there = reverse("portfolio:jobs", args=["eyd"]), reverse("portfolio:job", args=[job.pk])

    def counts() -> list[int]:
        found = []
        for address in there:
            with CaptureQueriesContext(connection) as caught:
                assert browser.get(address).status_code == 200
            found.append(len(caught))
        return found

    counts()
    assert counts() == QUERIES
    for number in range(3):
        booked(entity, f"EYD-{number + 2}")
        JobGateFactory(job=job, name=f"Gate {number}")
        JobCrewFactory(job=job, who=f"Hand {number}")
    assert counts() == QUERIES


QUERIES = [7, 13]


def test_the_list_shows_the_queue_and_what_arrived(entity: Entity, browser: Client) -> None:
    booked(entity)
    DeliveryJob.objects.update(stage=JobStage.ARRIVED, arrived_on=dt.date(2026, 11, 1), rating=9)
    address = reverse("portfolio:jobs", args=["eyd"])
    assert "No job waits" in browser.get(address).content.decode()
    assert "1 Nov 2026" in browser.get(f"{address}?view=arrived").content.decode()
    page = browser.get(reverse("portfolio:entity", args=["eyd"])).content.decode()
    assert address in page
