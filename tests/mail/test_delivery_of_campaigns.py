"""A campaign's mail that comes back, or is queued astray, goes where its campaign stands."""

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from mail.domain import campaigns, delivery
from mail.models import Campaign, CampaignState, Message, State
from mail.transport import Outcome, Receipt
from tests.mail import campaigning
from tests.mail.letters import AT

pytestmark = pytest.mark.django_db


def of_campaign(state: CampaignState) -> Message:
    """Return a claimed message of a campaign that has come to this state since."""
    campaign = campaigning.started(campaigning.mailing_list(count=1))
    campaigning.queue_all(campaign)
    (message,) = delivery.claim_batch(limit=5, at=AT)
    if state == CampaignState.PAUSED:
        campaigns.pause(campaign=campaign, why="The date is wrong.", by=None, at=AT)
    if state == CampaignState.CANCELLED:
        campaigns.cancel(campaign=campaign, why="The date is wrong.", by=None, at=AT)
    return message


@pytest.mark.parametrize(
    ("campaign", "state"),
    [
        (CampaignState.SENDING, State.QUEUED),
        (CampaignState.PAUSED, State.HELD),
        (CampaignState.CANCELLED, State.FAILED),
    ],
)
@pytest.mark.parametrize("outcome", [Outcome.LATER, Outcome.THROTTLED, Outcome.USED_UP])
def test_what_comes_back_goes_where_its_campaign_stands(
    campaign: CampaignState, state: State, outcome: Outcome
) -> None:
    message = of_campaign(campaign)

    receipt = Receipt(outcome, AT, "A reason.", transport="ses")
    assert delivery.settle(message=message, receipt=receipt, size_bytes=10)
    message.refresh_from_db()
    assert (message.state, message.claimed_at is None) == (state, state != State.FAILED)


def test_what_is_queued_astray_in_a_paused_campaign_is_held_and_never_claimed() -> None:
    message = of_campaign(CampaignState.PAUSED)
    Message.objects.filter(pk=message.pk).update(state=State.QUEUED, claimed_at=None)

    assert delivery.claim_batch(limit=5, at=AT) == []
    message.refresh_from_db()
    assert message.state == State.HELD


def test_a_run_that_keeps_its_campaigns_reads_anew_where_they_stand() -> None:
    campaign = campaigning.started(campaigning.mailing_list(count=3))
    campaigning.queue_all(campaign)
    known: dict[int, Campaign] = {}
    (first,) = delivery.claim_batch(limit=1, at=AT, known=known)
    assert known == {campaign.pk: campaign}
    # Paused by somebody else, and its mail queued astray.
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.PAUSED, paused_why="No.")

    assert delivery.claim_batch(limit=5, at=AT, known=known) == []
    assert set(Message.objects.exclude(pk=first.pk).values_list("state", flat=True)) == {State.HELD}


def test_a_run_that_keeps_its_campaigns_claims_by_a_handful_of_statements(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    campaigning.queue_all(campaigning.started(campaigning.mailing_list(count=30)))
    known: dict[int, Campaign] = {}

    for limit in (1, 20):
        # Read them, their campaign (then only its state), who is suppressed, claim them; and a savepoint around.
        with django_assert_num_queries(7 if connection.vendor == "postgresql" else 6):
            assert len(delivery.claim_batch(limit=limit, at=AT, known=known)) == limit
