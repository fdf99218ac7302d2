"""The rental's page and its forms."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portfolio.models import BlockedNights, Entity, Expiry, MaintenanceTicket, NightRate, Stay, TicketState
from tests.factories import people
from tests.factories.rental import (
    BlockedNightsFactory,
    ExpiryFactory,
    MaintenanceTicketFactory,
    NightRateFactory,
    RentalFactory,
    StayFactory,
)

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def place() -> Entity:
    entity: Entity = RentalFactory(slug="rental-3028", name="3028 51st St")
    return entity


@pytest.fixture
def client() -> Client:
    found = Client()
    found.force_login(people.owner())
    return found


def fill(place: Entity, rows: int) -> None:
    """Make some of everything, all ahead of any day on which this may run."""
    start = dt.date(2030, 1, 1)
    for number in range(rows):
        first = start + DAY * 10 * number
        StayFactory(booking__entity=place, check_in=first, check_out=first + DAY * 3)
        BlockedNightsFactory(entity=place, first_on=first + DAY * 4, last_on=first + DAY * 5)
        NightRateFactory(entity=place, first_on=first, last_on=first + DAY * 9)
        ExpiryFactory(entity=place, name=f"Paper {number}")
        MaintenanceTicketFactory(entity=place)
        MaintenanceTicketFactory(entity=place, state=TicketState.DONE, done_on=dt.date(2026, 11, 1))


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_costs_the_same_for_one_row_as_for_three(client: Client, place: Entity, rows: int) -> None:
    fill(place, rows)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(reverse("portfolio:rental", args=[place.slug])).status_code == 200
    assert len(caught) == 12


def test_a_repair_is_reported_moved_and_done(client: Client, place: Entity) -> None:
    url = reverse("portfolio:report_ticket", args=[place.slug])
    said = {"what": "Gate latch", "priority": "routine", "on": "2026-10-29"}
    assert client.post(url, said).status_code == 302
    ticket = MaintenanceTicket.objects.get()
    move = reverse("portfolio:move_ticket", args=[ticket.pk])
    refused = client.post(move, {"to": "scheduled", "on": "2026-11-01", "scheduled_for": ""})
    assert refused.status_code == 422
    body = refused.content.decode()
    assert "Say for which day the repair is arranged" in body
    assert 'value="2026-11-01"' in body
    assert client.post(move, {"to": "done", "on": "2026-11-02", "amount": "$140.00"}).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.state, ticket.cost_minor) == (TicketState.DONE, 140_00)
    assert client.get(move).status_code == 200


def test_nights_are_sold_blocked_offered_and_given_back(client: Client, place: Entity) -> None:
    slug = [place.slug]
    said = {
        "check_in": "2030-01-10", "check_out": "2030-01-14", "price": "940", "fee": "28.20", "booked_on": "2026-11-01",
    }  # fmt: skip
    assert client.post(reverse("portfolio:add_stay", args=slug), said).status_code == 302
    stay = Stay.objects.get()
    nights = {"check_in": "2030-01-11", "check_out": "2030-01-15"}
    assert client.post(reverse("portfolio:move_stay", args=[stay.pk]), nights).status_code == 302
    taken = {"first_on": "2030-01-14", "last_on": "2030-01-16", "reason": "owner"}
    block = reverse("portfolio:block_nights", args=slug)
    assert client.post(block, taken).status_code == 422
    assert client.post(block, {**taken, "first_on": "2030-01-15"}).status_code == 302
    rate = {"first_on": "2030-01-01", "last_on": "2030-01-31", "night": "205", "source": "Owner"}
    assert client.post(reverse("portfolio:offer_rate", args=slug), rate).status_code == 302
    paper = {"name": "Permit", "kind": "permit", "expires_on": "2027-03-31"}
    assert client.post(reverse("portfolio:enter_paper", args=slug), paper).status_code == 302
    page = client.get(reverse("portfolio:rental", args=slug)).content.decode()
    assert all(words in page for words in ("$205.00", "Permit", "15 Jan 2030", "Other nights"))
    row = BlockedNights.objects.get()
    assert client.post(reverse("portfolio:unblock_nights", args=[row.pk])).status_code == 302
    offered = NightRate.objects.get()
    assert client.post(reverse("portfolio:take_rate_back", args=[offered.pk])).status_code == 302
    renew = reverse("portfolio:renew_paper", args=[Expiry.objects.get().pk])
    assert client.post(renew, {"expires_on": "2027-03-31"}).status_code == 422
    assert client.post(renew, {"expires_on": "2028-03-31"}).status_code == 302


@pytest.mark.once
@pytest.mark.parametrize("bad", ["\x00", "9" * 400, "\ud800", "2026-13-45", "x" * 5_000])
def test_bad_input_is_refused_and_never_breaks_a_form(client: Client, place: Entity, bad: str) -> None:
    bad = bad.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    ticket, slug = MaintenanceTicketFactory(entity=place), [place.slug]
    for name, args in (
        ("add_stay", slug), ("report_ticket", slug), ("block_nights", slug), ("offer_rate", slug),
        ("enter_paper", slug), ("move_ticket", [ticket.pk]),
    ):  # fmt: skip
        fields = (
            "check_in", "check_out", "price", "guests", "what", "priority", "on", "to", "amount", "scheduled_for",
            "first_on", "last_on", "reason", "ticket", "night", "source", "name", "kind", "expires_on", "booked_on",
        )  # fmt: skip
        answer = client.post(reverse(f"portfolio:{name}", args=args), dict.fromkeys(fields, bad))
        assert answer.status_code == 422, (name, bad[:20])
