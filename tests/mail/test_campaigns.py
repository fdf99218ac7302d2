"""A campaign goes to a few first and then to the rest, stops by its rule, and every move of it is legal and traced."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connections
from pytest_django import Settings

from core.models import Announcement, AuditEvent
from mail.domain import campaign_drafts, campaigns, lists, states, suppression
from mail.domain.campaigns import CampaignRefusedError
from mail.models import Campaign, CampaignState, Kind, Message, Reason, Scope, State
from tests.factories import people as persons
from tests.mail.campaigning import (
    AT,
    draft,
    drafted,
    mailing_list,
    minutes,
    people,
    queue_all,
    send_queued,
    started,
    states_of,
)

pytestmark = pytest.mark.django_db


class TestDrafting:
    def test_a_draft_is_written_down_and_changed_with_a_trace_that_holds_no_text(self) -> None:
        opened = mailing_list()
        campaign = drafted(opened)
        campaigns.change(
            campaign=campaign, draft=draft(opened, subject="New", body="Other text"), by=None, at=AT
        )
        assert (campaign.subject, campaign.body, campaign.state) == ("New", "Other text", "draft")
        changed = AuditEvent.objects.get(action="mail:campaign:change")
        assert changed.data == {"subject": ["Four evenings of jazz", "New"], "body": [None, None]}

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"name": " "}, "The name is empty"),
            ({"subject": ""}, "The subject is empty"),
            ({"subject": "a\nb"}, "U+000A"),
            ({"subject": "Dear {{ name }}"}, "template braces"),
            ({"from_name": "x" * 121}, "at most 120"),
            ({"reply_to": "nobody"}, "not one mail address"),
            ({"body": "![x](https://a.example.com/x.png)"}, "Line 1 holds an image"),
            ({"body": "a\n{{ phone }}"}, "Line 2 holds {{ phone }}"),
            ({"first_cohort": 0}, "first cohort must be from 1"),
            ({"wait_minutes": -1}, "minutes to wait must be from 0"),
            ({"stop_complaints": 0}, "complaints that stop it must be from 1"),
            ({"stop_bounce_percent": 101}, "must be from 1 to 100"),
            ({"model_low_minor": 5}, "a low and a high figure"),
            ({"model_low_minor": 5, "model_high_minor": 4}, "a low and a high figure"),
            ({"model_low_minor": 5, "model_high_minor": 10**19}, "beyond ten billion"),
            ({"model_booking_minor": 0}, "more than nothing"),
        ],
    )
    def test_what_cannot_be_mailed_is_refused_in_a_sentence(
        self, changes: dict[str, Any], words: str
    ) -> None:
        opened = mailing_list()
        with pytest.raises(CampaignRefusedError) as refused:
            drafted(opened, **changes)
        assert words in str(refused.value)
        assert not Campaign.objects.exists()

    def test_all_reasons_are_told_at_once(self) -> None:
        with pytest.raises(CampaignRefusedError) as refused:
            drafted(mailing_list(), subject="", body="", first_cohort=0)
        assert len(refused.value.problems) == 3

    def test_the_segment_of_another_list_is_refused(self) -> None:
        other = mailing_list("Others")
        lists.subscribe(
            mailing_list=other, address="a@example.com", consent_source="x", segments=["Jazz"], by=None, at=AT
        )
        with pytest.raises(CampaignRefusedError, match="belongs to another list"):
            drafted(mailing_list(), segment=other.segments.get())

    def test_only_a_draft_can_be_changed(self) -> None:
        opened = mailing_list(count=2)
        campaign = started(opened)
        with pytest.raises(CampaignRefusedError, match="Only a draft can be changed"):
            campaigns.change(campaign=campaign, draft=draft(opened), by=None, at=AT)


class TestStarting:
    def test_it_fixes_the_list_as_it_is_now(self) -> None:
        opened = mailing_list(count=5)
        campaign = started(opened, first_cohort=100)
        people(opened, 3, start=5)
        campaigns.advance(at=AT)
        assert states_of(campaign) == {"queued": 5}

    def test_a_list_that_nobody_can_be_mailed_of_is_refused(self) -> None:
        opened = mailing_list(count=1)
        suppression.add(address="guest0@example.com", scope=Scope.ALL, reason=Reason.HARD_BOUNCE, at=AT)
        with pytest.raises(CampaignRefusedError, match="Nobody may be mailed"):
            started(opened)

    def test_a_check_that_fails_keeps_it_from_starting(self, settings: Settings) -> None:
        settings.POSTAL_ADDRESS = ""
        campaign = drafted(mailing_list(count=1))
        with pytest.raises(CampaignRefusedError, match="Set POSTAL_ADDRESS"):
            campaigns.start(campaign=campaign, by=None, at=AT)
        assert Campaign.objects.get().state == CampaignState.DRAFT

    def test_the_text_that_was_checked_is_the_text_that_goes(self) -> None:
        opened = mailing_list(count=1)
        campaign = drafted(opened)
        campaigns.change(
            campaign=Campaign.objects.get(), draft=draft(opened, body="Changed meanwhile"), by=None, at=AT
        )
        with pytest.raises(CampaignRefusedError, match="somebody changed it"):
            campaigns.start(campaign=campaign, by=None, at=AT)

    def test_it_starts_once(self) -> None:
        opened = mailing_list(count=1)
        campaign = drafted(opened)
        second = Campaign.objects.get()
        campaigns.start(campaign=campaign, by=None, at=AT)
        with pytest.raises(CampaignRefusedError, match="no longer draft"):
            campaigns.start(campaign=second, by=None, at=AT)
        assert AuditEvent.objects.filter(action="mail:campaign:start").count() == 1


class TestCohorts:
    def test_the_first_few_go_first_and_the_rest_after_the_wait(self) -> None:
        campaign = started(mailing_list(count=10))
        assert campaigns.advance(at=AT) == 3
        assert campaigns.advance(at=AT) == 0
        assert states_of(campaign) == {"queued": 3}
        send_queued(campaign, at=AT + minutes(2))
        campaigns.advance(at=AT + minutes(61))
        campaign.refresh_from_db()
        assert campaign.released_at is None
        campaigns.advance(at=AT + minutes(62))
        campaign.refresh_from_db()
        assert campaign.released_at == AT + minutes(62)
        assert campaigns.advance(at=AT + minutes(62)) == 7
        send_queued(campaign, at=AT + minutes(63))
        campaigns.advance(at=AT + minutes(64))
        campaign.refresh_from_db()
        assert (campaign.state, campaign.ended_at) == (CampaignState.FINISHED, AT + minutes(64))
        assert states_of(campaign) == {"sent": 10}

    def test_the_rest_waits_for_every_one_of_the_first(self) -> None:
        campaign = started(mailing_list(count=10), wait_minutes=0)
        campaigns.advance(at=AT)
        send_queued(campaign, at=AT, limit=2)
        campaigns.advance(at=AT + minutes(600))
        campaign.refresh_from_db()
        assert campaign.released_at is None

    def test_those_in_doubt_or_failed_do_not_hold_the_rest_up(self) -> None:
        campaign = started(mailing_list(count=10), wait_minutes=0)
        campaigns.advance(at=AT)
        send_queued(campaign, at=AT, limit=1)
        waiting = Message.objects.filter(campaign=campaign, state=State.QUEUED)
        first, second = waiting
        states.move(Message.objects.filter(pk=first.pk), State.SENDING, claimed_at=AT)
        states.move(Message.objects.filter(pk=first.pk), State.IN_DOUBT, error="Lost.")
        states.move(Message.objects.filter(pk=second.pk), State.FAILED, settled_at=AT, error="Refused.")
        campaigns.advance(at=AT + minutes(1))
        assert campaigns.advance(at=AT + minutes(1)) == 7

    def test_the_first_cohort_counts_those_who_are_mailed(self) -> None:
        opened = mailing_list(count=6)
        for number in (0, 2):
            suppression.add(
                address=f"guest{number}@example.com", scope=Scope.ALL, reason=Reason.HARD_BOUNCE, at=AT
            )
        campaign = started(opened)
        campaigns.advance(at=AT)
        assert states_of(campaign) == {"queued": 3, "suppressed": 2}
        kept = Message.objects.get(address_key="guest0@example.com")
        assert "bounced for good" in kept.error
        assert (kept.kind, kept.settled_at) == (Kind.COMMERCIAL, AT)

    def test_a_list_smaller_than_the_cohort_is_finished_without_a_wait(self) -> None:
        campaign = started(mailing_list(count=2))
        campaigns.advance(at=AT)
        send_queued(campaign, at=AT)
        campaigns.advance(at=AT)
        campaign.refresh_from_db()
        assert (campaign.state, campaign.released_at) == (CampaignState.FINISHED, None)
        said = Announcement.objects.get()
        assert (said.kind, said.subject_id) == ("mail:campaign:finished", str(campaign.pk))

    def test_a_person_lets_the_rest_go_sooner_and_once(self) -> None:
        campaign = started(mailing_list(count=10))
        campaigns.advance(at=AT)
        campaigns.release(campaign=campaign, by=persons.owner(), at=AT + minutes(1))
        assert campaigns.advance(at=AT + minutes(1)) == 7
        with pytest.raises(CampaignRefusedError, match="let go already"):
            campaigns.release(campaign=campaign, by=None, at=AT)
        assert AuditEvent.objects.get(action="mail:campaign:release").actor is not None

    def test_a_cohort_of_which_nothing_got_through_pauses_it(self) -> None:
        campaign = started(mailing_list(count=10), wait_minutes=0)
        campaigns.advance(at=AT)
        states.move(
            Message.objects.filter(campaign=campaign), State.FAILED, settled_at=AT, error="Not verified."
        )
        campaigns.advance(at=AT)
        campaign.refresh_from_db()
        assert (campaign.state, campaign.stopped) == (CampaignState.PAUSED, True)
        assert "3 failed and 0 are in doubt" in campaign.paused_why

    def test_a_segment_is_mailed_and_nobody_else(self) -> None:
        opened = mailing_list(count=4)
        for number in (1, 3):
            lists.subscribe(
                mailing_list=opened, address=f"guest{number}@example.com", consent_source="Ticket", segments=["Jazz"],
                by=None, at=AT,
            )  # fmt: skip
        campaign = started(opened, segment=opened.segments.get())
        campaigns.advance(at=AT)
        addresses = set(Message.objects.values_list("to_address", flat=True))
        assert addresses == {"guest1@example.com", "guest3@example.com"}
        send_queued(campaign, at=AT)
        campaigns.advance(at=AT)
        campaign.refresh_from_db()
        assert campaign.state == CampaignState.FINISHED


class TestPausing:
    def test_pausing_holds_what_is_queued_and_resuming_lets_it_go(self) -> None:
        campaign = started(mailing_list(count=10))
        queue_all(campaign)
        send_queued(campaign, at=AT, limit=4)
        campaigns.pause(campaign=campaign, why="The date was wrong.", by=None, at=AT)
        assert states_of(campaign) == {"sent": 4, "held": 6}
        assert campaigns.advance(at=AT) == 0
        campaigns.resume(campaign=campaign, by=None, at=AT)
        assert states_of(campaign) == {"sent": 4, "queued": 6}
        assert (campaign.state, campaign.paused_why) == (CampaignState.SENDING, "")

    def test_what_is_on_its_way_stays_so(self) -> None:
        campaign = started(mailing_list(count=2))
        queue_all(campaign)
        flying = Message.objects.filter(pk=Message.objects.first().pk)  # type: ignore[union-attr]
        states.move(flying, State.SENDING, claimed_at=AT)
        campaigns.pause(campaign=campaign, why="Wait.", by=None, at=AT)
        assert states_of(campaign) == {"sending": 1, "held": 1}

    def test_who_unsubscribed_meanwhile_stays_out(self) -> None:
        campaign = started(mailing_list(count=3))
        queue_all(campaign)
        campaigns.pause(campaign=campaign, why="Wait.", by=None, at=AT)
        suppression.add(
            address="guest1@example.com", scope=Scope.COMMERCIAL, reason=Reason.UNSUBSCRIBED, at=AT
        )
        campaigns.resume(campaign=campaign, by=None, at=AT)
        assert states_of(campaign) == {"queued": 2, "suppressed": 1}

    def test_a_reason_is_needed(self) -> None:
        campaign = started(mailing_list(count=3))
        with pytest.raises(CampaignRefusedError, match="Say why it is paused"):
            campaigns.pause(campaign=campaign, why=" ", by=None, at=AT)

    def test_cancelling_says_of_each_mail_that_it_never_left(self) -> None:
        campaign = started(mailing_list(count=5))
        queue_all(campaign)
        send_queued(campaign, at=AT, limit=2)
        campaigns.pause(campaign=campaign, why="Wait.", by=None, at=AT)
        campaigns.cancel(campaign=campaign, why="The hall burnt down.", by=None, at=AT)
        assert states_of(campaign) == {"sent": 2, "failed": 3}
        never = (
            Message.objects.filter(state=State.FAILED)
            .order_by()
            .values_list("error", "settled_at")
            .distinct()
        )
        assert list(never) == [(states.CANCELLED, AT)]
        assert (campaign.state, campaign.ended_at) == (CampaignState.CANCELLED, AT)

    def test_stragglers_follow_their_campaign(self) -> None:
        campaign = started(mailing_list(count=3))
        queue_all(campaign)
        campaigns.pause(campaign=campaign, why="Wait.", by=None, at=AT)
        # A sender's late answer put one back after the pause.
        states.move(Message.objects.filter(address_key="guest0@example.com"), State.QUEUED)
        campaigns.advance(at=AT)
        assert states_of(campaign) == {"held": 3}
        campaigns.resume(campaign=campaign, by=None, at=AT)
        states.move(Message.objects.filter(address_key="guest0@example.com", state=State.QUEUED), State.HELD)
        campaigns.advance(at=AT)
        assert states_of(campaign) == {"queued": 3}
        campaigns.cancel(campaign=campaign, by=None, at=AT)
        failed = Message.objects.filter(address_key="guest0@example.com", state=State.FAILED)
        states.move(failed, State.QUEUED, settled_at=None, error="")
        campaigns.advance(at=AT)
        assert states_of(campaign) == {"failed": 3}


DEEDS: dict[str, Any] = {
    "start": lambda c: campaigns.start(campaign=c, by=None, at=AT),
    "pause": lambda c: campaigns.pause(campaign=c, why="Wait.", by=None, at=AT),
    "resume": lambda c: campaigns.resume(campaign=c, by=None, at=AT),
    "release": lambda c: campaigns.release(campaign=c, by=None, at=AT),
    "cancel": lambda c: campaigns.cancel(campaign=c, by=None, at=AT),
}
LEGAL = {
    "draft": {"start", "cancel"},
    "sending": {"pause", "release", "cancel"},
    "paused": {"resume", "release", "cancel"},
    "finished": set(),
    "cancelled": set(),
}


@pytest.mark.parametrize("state", CampaignState.values)
@pytest.mark.parametrize("deed", DEEDS)
def test_each_state_allows_its_own_moves_and_no_others(state: str, deed: str) -> None:
    opened = mailing_list(count=2)
    campaign = drafted(opened) if state == "draft" else started(opened)
    if state in ("finished", "cancelled"):
        Campaign.objects.filter(pk=campaign.pk).update(state=state, ended_at=AT)
    elif state == "paused":
        Campaign.objects.filter(pk=campaign.pk).update(state=state, paused_why="Wait.")
    campaign.refresh_from_db()
    before = AuditEvent.objects.count()
    if deed in LEGAL[state]:
        DEEDS[deed](campaign)
        assert AuditEvent.objects.count() == before + 1
        return
    with pytest.raises(CampaignRefusedError):
        DEEDS[deed](campaign)
    assert Campaign.objects.get().state == state
    assert AuditEvent.objects.count() == before


class TestTests:
    def test_a_test_goes_to_one_address_and_counts_nowhere(self) -> None:
        campaign = drafted(mailing_list(count=2))
        message = campaigns.send_test(campaign=campaign, address="me@example.com", name="Me", by=None, at=AT)
        assert (message.subject, message.kind) == ("[Test] Four evenings of jazz", Kind.COMMERCIAL)
        assert (message.campaign, message.composer) == (None, "mail.campaign_test")
        assert states_of(campaign) == {}

    def test_two_tests_to_one_address_are_two_mails(self) -> None:
        campaign = drafted(mailing_list(count=2))
        for second in range(2):
            campaigns.send_test(
                campaign=campaign, address="me@example.com", by=None, at=AT + dt.timedelta(seconds=second)
            )
        assert Message.objects.count() == 2

    def test_a_suppressed_address_gets_no_test(self) -> None:
        campaign = drafted(mailing_list(count=2))
        suppression.add(address="me@example.com", scope=Scope.ALL, reason=Reason.HARD_BOUNCE, at=AT)
        with pytest.raises(CampaignRefusedError, match="bounced for good"):
            campaigns.send_test(campaign=campaign, address="Me@example.com", by=None, at=AT)
        assert not Message.objects.exists()

    def test_whoever_left_the_list_gets_no_test_of_its_campaigns_but_of_others(self) -> None:
        opened, other = mailing_list(count=2), mailing_list("Whale watchers", count=1)
        suppression.add(
            address="me@example.com", scope=Scope.LIST, mailing_list=opened, reason=Reason.UNSUBSCRIBED, at=AT
        )
        with pytest.raises(CampaignRefusedError, match="unsubscribed"):
            campaigns.send_test(campaign=drafted(opened), address="ME@example.com", by=None, at=AT)
        assert not Message.objects.exists()
        assert campaigns.send_test(campaign=drafted(other), address="me@example.com", by=None, at=AT)

    def test_an_address_that_is_none_is_refused(self) -> None:
        campaign = drafted(mailing_list(count=2))
        with pytest.raises(CampaignRefusedError, match="not one mail address"):
            campaigns.send_test(campaign=campaign, address="me", by=None, at=AT)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_pause_at_once_one_is_told_that_it_is_done() -> None:
    campaign = started(mailing_list(count=3))
    queue_all(campaign)
    start, told = threading.Barrier(2), []

    def work() -> None:
        try:
            mine = Campaign.objects.get(pk=campaign.pk)
            start.wait(10)
            try:
                campaigns.pause(campaign=mine, why="Wait.", by=None, at=AT)
                told.append("paused")
            except CampaignRefusedError:
                told.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(told) == ["paused", "refused"]
    assert AuditEvent.objects.filter(action="mail:campaign:pause").count() == 1


def test_the_columns_of_a_draft_are_those_of_a_campaign() -> None:
    columns = {field.name for field in Campaign._meta.get_fields()}
    assert set(campaign_drafts.Draft.__dataclass_fields__) <= columns
