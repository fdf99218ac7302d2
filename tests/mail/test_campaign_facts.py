"""What a report reads of campaigns: whom each is for before it starts, whom it went to after, and what was told of it."""

import datetime as dt

import pytest
from pytest_django import DjangoAssertNumQueries

from mail.domain import queries, suppression
from mail.models import Campaign, CampaignState, Message, Reason, Scope, State
from tests.mail.campaigning import AT, drafted, mailing_list, minutes, queue_all, send_queued, started

pytestmark = pytest.mark.django_db


def test_a_draft_is_for_those_of_its_list_who_may_be_mailed() -> None:
    opened = mailing_list(count=4)
    suppression.add(address="guest1@example.com", scope=Scope.ALL, reason=Reason.HARD_BOUNCE, at=AT)
    drafted(opened)
    (fact,) = queries.campaign_facts()
    assert (fact.subscribers, fact.recipients, fact.started_at, fact.told) == (4, 3, None, False)


def test_one_for_a_part_of_its_list_knows_how_long_the_list_is() -> None:
    opened = mailing_list(count=4)
    part = opened.segments.create(name="Jazz")
    part.subscribers.add(opened.subscribers.first())
    drafted(opened, segment=part)
    (fact,) = queries.campaign_facts()
    assert (fact.subscribers, fact.recipients) == (4, 1)


def test_a_started_one_counts_those_it_went_to_and_those_whose_turn_has_not_come() -> None:
    opened = mailing_list(count=6)
    campaign = started(opened)
    assert queries.campaign_facts()[0].recipients == 6
    queue_all(campaign)
    send_queued(campaign, at=AT + minutes(1), limit=2)
    fact = queries.campaign_facts()[0]
    assert (fact.recipients, fact.sent, fact.delivered) == (6, 2, 0)
    Message.objects.filter(campaign=campaign, state=State.SENT).update(delivered_at=AT, complained_at=AT)
    fact = queries.campaign_facts()[0]
    assert (fact.told, fact.delivered, fact.complaints, fact.hard_bounces) == (True, 2, 2, 0)


@pytest.mark.parametrize("more", [1, 8])
def test_they_are_read_in_three_queries_however_many_there_are(
    django_assert_num_queries: DjangoAssertNumQueries, more: int
) -> None:
    opened = mailing_list(count=1)
    for number in range(more):
        started(opened, name=f"Letter {number}")
    called_off = drafted(opened, name="Called off")
    Campaign.objects.filter(pk=called_off.pk).update(state=CampaignState.CANCELLED, ended_at=AT)
    with django_assert_num_queries(3):
        facts = queries.campaign_facts()
    assert [fact.name for fact in facts] == [f"Letter {number}" for number in reversed(range(more))]


def test_without_any_there_is_one_question(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        assert queries.campaign_facts() == ()


def test_one_that_goes_on_or_ended_lately_is_read_however_many_came_after_it() -> None:
    opened = mailing_list(count=1)
    _, lately, long_ago = (started(opened, name=name) for name in ("Going", "Lately", "Long ago"))
    for campaign, days in ((lately, 30), (long_ago, 200)):
        Campaign.objects.filter(pk=campaign.pk).update(
            state=CampaignState.FINISHED, ended_at=AT - dt.timedelta(days=days)
        )
    for number in range(2):
        drafted(opened, name=f"Draft {number}")
    since = AT.date() - dt.timedelta(days=90)

    names = [fact.name for fact in queries.campaign_facts(since=since, at_most=2)]

    assert names == ["Draft 1", "Draft 0", "Lately", "Going"]
    assert len(queries.campaign_facts(at_most=2)) == 2
