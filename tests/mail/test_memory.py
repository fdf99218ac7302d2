"""Memory does not grow with a campaign: a worker that queues and sends 100,000 mails holds no more than for 2,000."""

from pathlib import Path

import pytest

from core import clock
from mail.models import Attempt, Campaign, CampaignState, MailingList, Message, Subscriber
from tests.mail import blast_campaign
from tests.mail.blast_crew import crew, until
from tests.mail.endpoint import Endpoint

pytestmark = pytest.mark.django_db(transaction=True)

MOST_MB = 150
SENT = 300


@pytest.mark.parametrize(
    "many", [pytest.param(8_000, marks=pytest.mark.once), pytest.param(100_000, marks=pytest.mark.full)]
)
def test_a_long_queue_takes_no_more_memory_than_a_short_one(
    many: int, endpoint: Endpoint, tmp_path: Path
) -> None:
    endpoint.set(bodies=False)
    peaks = {size: peak(size, endpoint, tmp_path / str(size)) for size in (2_000, many)}
    print({size: round(held) for size, held in peaks.items()})
    assert peaks[many] < MOST_MB
    assert peaks[many] < peaks[2_000] * 1.1


def peak(many: int, endpoint: Endpoint, scratch: Path) -> float:
    """Return the most memory in MB that a worker's processes took for queueing so many and sending the first of them."""
    scratch.mkdir()
    campaign_under_way(many)
    with crew(endpoint, scratch) as ship:
        ship.beat(1)
        ship.worker(1)
        until(
            lambda: endpoint.stats()["accepted"] >= SENT and Message.objects.count() == many,
            seconds=120 + many / 100,
            otherwise=ship.tails,
        )
        held = ship.peaks("worker-1")
        assert len(held) == 3
    endpoint.reset()
    for model in (Attempt, Message, Campaign, Subscriber, MailingList):
        model.objects.all().delete()
    return max(held)


def campaign_under_way(many: int) -> None:
    """Make a list of so many and a campaign to all of it, of which nothing is queued yet."""
    at = clock.now()
    mailing_list = MailingList.objects.create(slug="cruises", name="Cruises", purpose="News.", created_at=at)
    for first in range(0, many, 5_000):
        Subscriber.objects.bulk_create(
            Subscriber(
                mailing_list=mailing_list,
                address=blast_campaign.address(number),
                name=f"Guest{number} Example",
                consent_source="Sheet at the dock",
                added_at=at,
            )
            for number in range(first, min(first + 5_000, many))
        )
    Campaign.objects.create(
        mailing_list=mailing_list,
        name="Spring",
        subject="The harbor cruise is back",
        from_name="Angel Gate Charters",
        body=blast_campaign.BODY,
        state=CampaignState.SENDING,
        created_at=at,
        started_at=at,
        released_at=at,
        last_subscriber_id=Subscriber.objects.latest("pk").pk,
    )
