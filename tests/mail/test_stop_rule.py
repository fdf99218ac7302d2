"""A campaign with too many complaints or hard bounces pauses by itself, and only a person lets it go on."""

import pytest
from django.db import transaction

from core.models import AuditEvent
from mail.domain import campaigns, states
from mail.domain.campaigns import CampaignRefusedError
from mail.models import Bounce, Campaign, CampaignState, Message, State
from tests.factories import people as persons
from tests.mail.campaigning import AT, mailing_list, minutes, queue_all, send_queued, started

pytestmark = pytest.mark.django_db


def complain(campaign: Campaign, count: int) -> None:
    """Let so many readers complain who have not yet."""
    sent = Message.objects.filter(campaign=campaign, state=State.SENT, complained_at__isnull=True)
    Message.objects.filter(pk__in=list(sent.values_list("pk", flat=True)[:count])).update(complained_at=AT)


def bounce(campaign: Campaign, count: int, kind: Bounce = Bounce.HARD) -> None:
    """Let so many mails bounce that have not yet."""
    sent = Message.objects.filter(campaign=campaign, state=State.SENT, bounced_at__isnull=True)
    Message.objects.filter(pk__in=list(sent.values_list("pk", flat=True)[:count])).update(
        bounced_at=AT, bounce=kind
    )


class TestStopRule:
    @pytest.fixture
    def campaign(self) -> Campaign:
        """A campaign to 400 of whom 100 were mailed."""
        campaign = started(mailing_list(count=400), first_cohort=100)
        campaigns.advance(at=AT)
        send_queued(campaign, at=AT)
        return campaign

    def test_one_complaint_is_not_enough_and_two_are(self, campaign: Campaign) -> None:
        complain(campaign, 1)
        assert not campaigns.consider_stopping(campaign_id=campaign.pk, at=AT)
        complain(campaign, 1)
        assert campaigns.consider_stopping(campaign_id=campaign.pk, at=AT)
        campaign.refresh_from_db()
        assert (campaign.state, campaign.stopped) == (CampaignState.PAUSED, True)
        assert campaign.paused_why == "2 complaints came in for 100 sent; its rule stops at 2."
        event = AuditEvent.objects.get(action="mail:campaign:stop")
        assert event.actor is None
        assert not campaigns.consider_stopping(campaign_id=campaign.pk, at=AT)

    def test_one_hard_bounce_of_a_hundred_is_not_enough_and_two_are(self, campaign: Campaign) -> None:
        bounce(campaign, 1)
        bounce(campaign, 9, Bounce.SOFT)
        assert not campaigns.consider_stopping(campaign_id=campaign.pk, at=AT)
        bounce(campaign, 1)
        assert campaigns.consider_stopping(campaign_id=campaign.pk, at=AT)
        campaign.refresh_from_db()
        assert campaign.paused_why == "2 hard bounces came in for 100 sent; its rule stops at 2 %."

    def test_bounces_are_weighed_against_all_that_were_sent(self, campaign: Campaign) -> None:
        queue_all(campaign)
        send_queued(campaign, at=AT)
        bounce(campaign, 7)
        assert not campaigns.consider_stopping(campaign_id=campaign.pk, at=AT)
        bounce(campaign, 1)
        assert campaigns.consider_stopping(campaign_id=campaign.pk, at=AT)

    def test_the_first_few_bounces_of_a_cohort_under_way_are_weighed_against_the_whole_cohort(self) -> None:
        campaign = started(mailing_list(count=400), first_cohort=100)
        campaigns.advance(at=AT)
        send_queued(campaign, at=AT, limit=5)
        bounce(campaign, 1)
        assert not campaigns.consider_stopping(campaign_id=campaign.pk, at=AT)

    def test_advance_sees_what_two_transactions_did_not_see_of_each_other(self, campaign: Campaign) -> None:
        complain(campaign, 2)
        assert campaigns.advance(at=AT + minutes(600)) == 0
        campaign.refresh_from_db()
        assert (campaign.state, campaign.released_at) == (CampaignState.PAUSED, None)

    def test_a_first_cohort_of_which_ses_told_nothing_lets_nobody_else_go_but_a_person_may(self) -> None:
        campaign = started(mailing_list(count=10))
        campaigns.advance(at=AT)
        send_queued(campaign, at=AT, told=False)
        assert campaigns.advance(at=AT + minutes(61)) == 0
        campaign.refresh_from_db()
        assert (campaign.state, campaign.stopped, campaign.released_at) == (CampaignState.PAUSED, True, None)
        assert "has told nothing of what became of it" in campaign.paused_why
        owner = persons.owner()
        campaigns.release(campaign=campaign, by=owner, at=AT + minutes(70))
        campaigns.resume(campaign=campaign, why="Its topic is mended.", by=owner, at=AT + minutes(70))
        assert campaigns.advance(at=AT + minutes(71)) == 7

    def test_going_on_needs_a_person_and_a_reason_and_counts_from_there(self, campaign: Campaign) -> None:
        complain(campaign, 2)
        bounce(campaign, 1)
        campaigns.consider_stopping(campaign_id=campaign.pk, at=AT)
        campaign.refresh_from_db()
        owner = persons.owner()
        with pytest.raises(CampaignRefusedError, match="only when a person says so"):
            campaigns.resume(campaign=campaign, why="All is well.", by=None, at=AT)
        with pytest.raises(CampaignRefusedError, match="Say why it is right to go on"):
            campaigns.resume(campaign=campaign, by=owner, at=AT)
        campaigns.resume(campaign=campaign, why="Both wrote that they erred.", by=owner, at=AT)
        assert (campaign.stopped, campaign.forgiven_complaints, campaign.forgiven_bounces) == (False, 2, 1)
        resumed = AuditEvent.objects.get(action="mail:campaign:resume")
        assert resumed.data["reason"] == "Both wrote that they erred."
        assert resumed.data["was"] == "2 complaints came in for 100 sent; its rule stops at 2."
        complain(campaign, 1)
        assert not campaigns.consider_stopping(campaign_id=campaign.pk, at=AT)
        complain(campaign, 1)
        assert campaigns.consider_stopping(campaign_id=campaign.pk, at=AT)
        campaign.refresh_from_db()
        assert (
            campaign.paused_why
            == "2 complaints came in for 0 sent since it was resumed; its rule stops at 2."
        )

    def test_what_came_in_while_a_person_paused_it_is_said_before_anything_leaves(
        self, campaign: Campaign
    ) -> None:
        owner = persons.owner()
        campaigns.pause(campaign=campaign, why="Lunch.", by=owner, at=AT)
        complain(campaign, 2)
        with pytest.raises(CampaignRefusedError, match="While it was paused, 2 complaints came in"):
            campaigns.resume(campaign=campaign, why="Lunch is over.", by=owner, at=AT)
        campaign = Campaign.objects.get(pk=campaign.pk)
        assert (campaign.state, campaign.stopped) == (CampaignState.PAUSED, True)
        assert campaign.paused_why == "2 complaints came in for 100 sent; its rule stops at 2."
        campaigns.resume(campaign=campaign, why="Both wrote that they erred.", by=owner, at=AT)
        assert (campaign.state, campaign.forgiven_complaints) == (CampaignState.SENDING, 2)
        assert list(AuditEvent.objects.filter(action="mail:campaign:stop").values_list("actor")) == [(None,)]

    def test_a_campaign_that_has_ended_is_left_alone(self, campaign: Campaign) -> None:
        complain(campaign, 5)
        Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.FINISHED, ended_at=AT)
        assert not campaigns.consider_stopping(campaign_id=campaign.pk, at=AT)

    def test_it_may_be_asked_inside_the_transaction_of_an_event(self, campaign: Campaign) -> None:
        with transaction.atomic():
            complain(campaign, 2)
            assert campaigns.consider_stopping(campaign_id=campaign.pk, at=AT)
        campaign.refresh_from_db()
        assert campaign.state == CampaignState.PAUSED


def test_a_cohort_that_came_to_nothing_goes_on_once_its_mail_is_tried_again_or_the_rest_is_let_go() -> None:
    owner = persons.owner()
    for numbered, lets_go in enumerate((False, True)):
        campaign = started(mailing_list(f"List {numbered}", count=10), wait_minutes=0)
        campaigns.advance(at=AT)
        states.move(
            Message.objects.filter(campaign=campaign), State.FAILED, settled_at=AT, error="Not verified."
        )
        campaigns.advance(at=AT)
        campaign.refresh_from_db()
        assert (campaign.state, campaign.stopped) == (CampaignState.PAUSED, True)
        if lets_go:
            campaigns.release(campaign=campaign, by=owner, at=AT)
        else:
            states.move(Message.objects.filter(campaign=campaign), State.QUEUED, settled_at=None, error="")
        campaigns.resume(campaign=campaign, why="The sender is verified now.", by=owner, at=AT)
        campaigns.advance(at=AT)
        send_queued(campaign, at=AT)
        for _ in range(3):
            campaigns.advance(at=AT + minutes(1))
            send_queued(campaign, at=AT + minutes(1))
        campaign.refresh_from_db()
        assert campaign.state == CampaignState.FINISHED


def test_a_first_cohort_larger_than_the_list_does_not_blind_the_rule() -> None:
    campaign = started(mailing_list(count=60), first_cohort=100_000)
    campaigns.advance(at=AT)
    send_queued(campaign, at=AT)
    bounced = Message.objects.filter(pk__in=[row.pk for row in campaign.messages.all()[:2]])
    bounced.update(bounced_at=AT, bounce=Bounce.HARD)
    assert campaigns.consider_stopping(campaign_id=campaign.pk, at=AT)
