"""A campaign is copied as a new draft, to everybody or to those whom the old one did not reach."""

import pytest

from mail.domain import campaign_copies, campaign_queue, campaigns, lists, states
from mail.domain.campaign_drafts import CampaignRefusedError, Draft
from mail.models import Campaign, CampaignState, Message, State
from tests.mail.campaigning import AT, drafted, mailing_list, minutes, people, send_queued, started, states_of

pytestmark = pytest.mark.django_db


def stopped_after_three() -> Campaign:
    """Return a cancelled campaign to eight, of whom one got it, one is in doubt and one has it on the way."""
    campaign = started(mailing_list(count=8))
    campaigns.advance(at=AT)
    send_queued(campaign, at=AT, limit=1)
    first, second = campaign.messages.filter(state=State.QUEUED).order_by("pk")[:2]
    for row in (first, second):
        states.move(Message.objects.filter(pk=row.pk), State.SENDING, claimed_at=AT, tries=1)
    states.move(Message.objects.filter(pk=second.pk), State.IN_DOUBT, error="No answer was heard.")
    return campaigns.cancel(campaign=campaign, why="The day is wrong.", by=None, at=AT)


def test_a_copy_has_the_same_words_list_rule_and_model() -> None:
    old = started(mailing_list(count=3), model_low_minor=100, model_high_minor=200, stop_complaints=4)
    new = campaign_copies.copy(campaign=old, leave_out=False, by=None, at=AT)

    assert (new.state, new.name) == (CampaignState.DRAFT, "Copy of Autumn concerts")
    for name in set(Draft.__dataclass_fields__) - {"name"}:
        assert getattr(new, name) == getattr(old, name), name


def test_those_who_got_it_or_may_have_are_left_out_and_the_others_get_it_once() -> None:
    old = stopped_after_three()
    new = campaign_copies.copy(campaign=old, leave_out=True, by=None, at=AT)
    assert str(new.segment) == "Did not get Autumn concerts"
    assert lists.reachable(mailing_list=new.mailing_list, segment=new.segment).mailable == 5

    campaigns.start(campaign=new, by=None, at=AT)
    campaigns.release(campaign=new, by=None, at=AT)
    campaigns.advance(at=AT + minutes(1))
    assert states_of(new) == {"queued": 5}
    keys = set(new.messages.values_list("address_key", flat=True))
    assert keys == {f"guest{number}@example.com" for number in range(3, 8)}


def test_a_second_copy_has_a_segment_of_its_own() -> None:
    old = stopped_after_three()
    campaign_copies.copy(campaign=old, leave_out=True, by=None, at=AT)
    people(old.mailing_list, 1, start=50)
    second = campaign_copies.copy(campaign=old, leave_out=True, by=None, at=AT)
    assert str(second.segment) == "Did not get Autumn concerts (2)"
    assert campaign_queue.audience(second).count() == 6


def test_a_long_name_is_cut_and_stays_apart() -> None:
    old = started(mailing_list(count=2), name="x" * 120)
    campaigns.cancel(campaign=old, by=None, at=AT)
    copies = [campaign_copies.copy(campaign=old, leave_out=True, by=None, at=AT) for _ in range(2)]
    assert len(copies[0].name) == 120
    assert [len(str(row.segment)) for row in copies] == [60, 60]


def test_what_makes_no_sense_is_refused_and_leaves_no_trace() -> None:
    opened = mailing_list(count=1)
    with pytest.raises(CampaignRefusedError, match="is a draft"):
        campaign_copies.copy(campaign=drafted(opened), leave_out=False, by=None, at=AT)
    under_way = started(opened)
    with pytest.raises(CampaignRefusedError, match="once it has ended"):
        campaign_copies.copy(campaign=under_way, leave_out=True, by=None, at=AT)
    campaigns.advance(at=AT)
    send_queued(under_way, at=AT)
    campaigns.cancel(campaign=under_way, by=None, at=AT)
    with pytest.raises(CampaignRefusedError, match="nobody would be left"):
        campaign_copies.copy(campaign=under_way, leave_out=True, by=None, at=AT)
    assert Campaign.objects.count() == 2
    assert not opened.segments.exists()
