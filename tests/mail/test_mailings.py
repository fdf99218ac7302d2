"""Sending a campaign again to those it failed to reach, and to nobody else."""

import datetime as dt

import pytest

from core.models import AuditEvent
from crew.models import Person
from mail.domain import campaigns, mailings, states
from mail.domain.decisions import DecisionRefusedError
from mail.models import Campaign, CampaignState, Kind, MailingList, Message, State
from tests.factories import people
from tests.mail import letters
from tests.mail.letters import AT

pytestmark = pytest.mark.django_db
LATER = AT + dt.timedelta(hours=1)


@pytest.fixture
def owner() -> Person:
    return people.owner()


def campaign(state: CampaignState = CampaignState.FINISHED) -> Campaign:
    news = MailingList.objects.create(slug="news", name="News", purpose="News.", created_at=AT)
    return Campaign.objects.create(
        mailing_list=news,
        name="Autumn",
        subject="Sail",
        from_name="Q",
        body="Hello",
        state=state,
        created_at=AT,
        started_at=AT,
        ended_at=AT if state in (CampaignState.FINISHED, CampaignState.CANCELLED) else None,
        last_subscriber_id=0,
    )


def row(of: Campaign, name: str, state: State) -> Message:
    return Message.objects.create(
        dedupe_key=f"{of.pk}:{name}",
        composer=letters.LETTER,
        campaign=of,
        kind=Kind.COMMERCIAL,
        to_address=f"{name}@example.com",
        subject="Sail",
        state=state,
        created_at=AT,
        due_at=AT,
        settled_at=AT if state in (State.SENT, State.FAILED) else None,
        claimed_at=AT if state in (State.IN_DOUBT, State.FAILED) else None,
        transport="ses" if state == State.SENT else "",
        error="SES said no." if state in (State.FAILED, State.IN_DOUBT) else "",
        tries=3,
    )


def test_only_what_failed_is_queued_again_each_with_the_persons_name(
    owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailings, "_AT_ONCE", 2)
    autumn = campaign()
    missed = [row(autumn, f"missed{number}", State.FAILED) for number in range(5)]
    others = [row(autumn, state.value, state) for state in (State.SENT, State.IN_DOUBT, State.QUEUED)]
    assert mailings.failed(campaign=autumn) == 5

    assert mailings.resend_failed(campaign=autumn, by=owner, at=LATER) == 5

    again = Message.objects.filter(pk__in=[one.pk for one in missed])
    assert set(again.values_list("state", "tries", "due_at", "error", "claimed_at")) == {
        (State.QUEUED, 0, LATER, "", None)
    }
    for other in others:
        assert Message.objects.get(pk=other.pk).state == other.state
    events = AuditEvent.objects.filter(action="mail:message:retry")
    assert set(events.values_list("actor_id", "data__was")) == {(owner.pk, "SES said no.")}
    assert events.count() == 5


def test_pressed_twice_it_queues_once(owner: Person) -> None:
    autumn = campaign()
    row(autumn, "missed", State.FAILED)
    mailings.resend_failed(campaign=autumn, by=owner, at=LATER)

    assert mailings.resend_failed(campaign=autumn, by=owner, at=LATER) == 0


def test_a_finished_campaign_is_under_way_again_until_what_failed_has_gone(owner: Person) -> None:
    autumn = campaign()
    missed = row(autumn, "missed", State.FAILED)
    news = autumn.mailing_list
    news.subscribers.create(address="new@example.com", consent_source="Ticket", added_at=LATER)

    mailings.resend_failed(campaign=autumn, by=owner, at=LATER)

    autumn.refresh_from_db()
    assert (autumn.state, autumn.ended_at) == (CampaignState.SENDING, None)
    assert AuditEvent.objects.get(action="mail:campaign:reopen").actor_id == owner.pk
    assert campaigns.advance(at=LATER) == 0
    campaigns.pause(campaign=autumn, why="Look first.", by=owner, at=LATER)
    missed.refresh_from_db()
    assert missed.state == State.HELD
    campaigns.resume(campaign=autumn, by=owner, at=LATER)
    again = Message.objects.filter(pk=missed.pk)
    states.move(again, State.SENDING, claimed_at=LATER)
    states.move(again, State.SENT, settled_at=LATER, transport="ses")
    campaigns.advance(at=LATER)
    autumn.refresh_from_db()
    assert (autumn.state, autumn.ended_at) == (CampaignState.FINISHED, LATER)
    assert not Message.objects.filter(address_key="new@example.com").exists()


def test_the_rule_of_a_finished_campaign_holds_again_at_once_when_it_is_resent(owner: Person) -> None:
    autumn = campaign()
    row(autumn, "missed", State.FAILED)
    for number in range(2):
        sent = row(autumn, f"sent{number}", State.SENT)
        Message.objects.filter(pk=sent.pk).update(complained_at=AT)

    mailings.resend_failed(campaign=autumn, by=owner, at=LATER)
    campaigns.advance(at=LATER)

    autumn.refresh_from_db()
    assert (autumn.state, autumn.stopped) == (CampaignState.PAUSED, True)
    assert Message.objects.get(address_key="missed@example.com").state == State.HELD


def test_without_a_failed_mail_a_finished_campaign_stays_so(owner: Person) -> None:
    autumn = campaign()
    row(autumn, "sent", State.SENT)

    assert mailings.resend_failed(campaign=autumn, by=owner, at=LATER) == 0

    autumn.refresh_from_db()
    assert autumn.state == CampaignState.FINISHED


def test_a_cancelled_campaign_is_not_sent_again(owner: Person) -> None:
    autumn = campaign(CampaignState.CANCELLED)
    missed = row(autumn, "missed", State.FAILED)

    assert mailings.failed(campaign=autumn) == 0
    with pytest.raises(DecisionRefusedError, match="This campaign was cancelled"):
        mailings.resend_failed(campaign=autumn, by=owner, at=LATER)
    missed.refresh_from_db()
    assert missed.state == State.FAILED
