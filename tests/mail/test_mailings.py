"""Sending a campaign again to those it failed to reach, and to nobody else."""

import datetime as dt

import pytest

from core.models import AuditEvent
from crew.models import Person
from mail.domain import mailings
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
        ended_at=AT,
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


def test_a_cancelled_campaign_is_not_sent_again(owner: Person) -> None:
    autumn = campaign(CampaignState.CANCELLED)
    missed = row(autumn, "missed", State.FAILED)

    assert mailings.failed(campaign=autumn) == 0
    with pytest.raises(DecisionRefusedError, match="This campaign was cancelled"):
        mailings.resend_failed(campaign=autumn, by=owner, at=LATER)
    missed.refresh_from_db()
    assert missed.state == State.FAILED
