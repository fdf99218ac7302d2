"""Whatever a figure's rows name leads to the page that shows it, for those who may see that page."""

import pytest
from django.test import Client
from django.urls import reverse

from portfolio.domain.queries import REFERENCED
from portfolio.web.records import PAGES, PAPERS, SECTIONS, SHOWN_WITH
from tests.factories.channels import ChannelSpendFactory
from tests.factories.delivery import JobGateFactory
from tests.factories.portfolio import PlanMilestoneFactory
from tests.factories.rental import MaintenanceTicketFactory, StayFactory
from tests.portfolio.web.conftest import World

pytestmark = pytest.mark.once


def leads_to(client: Client, model: str, pk: int) -> str:
    """Return where the address of a record leads, or its status."""
    answer = client.get(f"/portfolio/records/{model}/{pk}/")
    return str(answer.headers.get("Location", answer.status_code))


def test_every_reference_is_known_to_the_pages() -> None:
    # Scenarios stand on a page of reports, which knows them itself.
    known = set(PAGES) | set(PAPERS) | set(SECTIONS) | set(SHOWN_WITH)
    assert set(REFERENCED) - {"scenario"} == known - {"entry", "import", "handoff"}
    assert {owner for *_, owner in SHOWN_WITH.values()} <= set(PAGES) | set(SECTIONS)


def test_records_without_a_page_are_shown_with_another(world: World) -> None:
    client = world.client("owner")
    mine = world.mine
    stay, gate = StayFactory(booking=mine.booking), JobGateFactory(job__booking=mine.booking)
    booking = reverse("portfolio:booking", args=[mine.booking.pk])
    entity = reverse("portfolio:entity", args=[mine.entity.slug])
    ticket = MaintenanceTicketFactory(entity=mine.entity)
    spend = ChannelSpendFactory(channel=mine.channel)
    assert leads_to(client, "stay", stay.pk) == leads_to(client, "gate", gate.pk) == booking
    assert leads_to(client, "spend", spend.pk) == f"/portfolio/channels/{mine.channel.pk}/"
    assert leads_to(client, "ticket", ticket.pk) == f"{entity}rental/#repairs"
    assert leads_to(client, "milestone_plan", PlanMilestoneFactory().pk) == reverse("portfolio:milestones")
    other = world.other
    theirs = [
        ("stay", StayFactory(booking=other.booking)),
        ("spend", ChannelSpendFactory(channel=other.channel)),
        ("ticket", MaintenanceTicketFactory(entity=other.entity)),
    ]
    reader = world.client("reader")
    assert {leads_to(reader, name, row.pk) for name, row in theirs} == {"404"}
    assert leads_to(reader, "stay", 0) == "404"
