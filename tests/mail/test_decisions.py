"""What a person decides about failed and doubtful mail."""

import datetime as dt
from pathlib import Path

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from core.models import AuditEvent
from crew.models import Person
from mail.domain import campaigns, decisions, delivery, suppression
from mail.models import CampaignState, Message, Reason, Scope, State
from mail.transport import Outcome, Receipt
from tests.factories import people
from tests.mail import campaigning, letters
from tests.mail.letters import AT

pytestmark = pytest.mark.django_db
LATER = AT + dt.timedelta(hours=1)


@pytest.fixture
def owner() -> Person:
    return people.owner()


def left(outcome: Outcome, message: Message | None = None) -> Message:
    message = message or letters.enqueue()
    claimed = delivery.claim(message_id=message.pk, at=AT)
    assert claimed is not None
    delivery.settle(
        message=claimed, receipt=Receipt(outcome, AT, "SES said no.", transport="ses"), size_bytes=None
    )
    claimed.refresh_from_db()
    return claimed


def last_event() -> tuple[str, int | None]:
    event = AuditEvent.objects.order_by("-id")[0]
    return event.action, event.actor_id


def test_a_failed_message_tried_again_goes_out(
    owner: Person,
    mailbox: Path,
    wakeups: list[tuple[str, list[int]]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    message = left(Outcome.REFUSED)
    with django_capture_on_commit_callbacks(execute=True):
        decisions.retry(message=message, by=owner, at=LATER)

    message.refresh_from_db()
    assert (message.state, message.tries, message.due_at, message.error) == (State.QUEUED, 0, LATER, "")
    assert last_event() == ("mail:message:retry", owner.pk)
    assert wakeups == [("mail.tasks.deliver", [message.pk])]
    assert delivery.deliver(message_id=message.pk, clock=lambda: LATER) is Outcome.ACCEPTED


def test_a_message_in_doubt_that_arrived_is_settled_and_never_sent(owner: Person, mailbox: Path) -> None:
    message = left(Outcome.UNKNOWN)
    decisions.confirm_arrival(message=message, by=owner, at=LATER)

    message.refresh_from_db()
    assert (message.state, message.settled_at, message.transport) == (State.SENT, LATER, "person")
    assert last_event() == ("mail:message:arrived", owner.pk)
    assert delivery.run(clock=lambda: LATER) == 0


def test_a_message_in_doubt_that_did_not_arrive_is_sent_again(owner: Person, mailbox: Path) -> None:
    message = left(Outcome.UNKNOWN)
    decisions.send_again(message=message, by=owner, at=LATER)

    assert last_event() == ("mail:message:again", owner.pk)
    assert delivery.run(clock=lambda: LATER) == 1


@pytest.mark.parametrize(
    ("outcome", "decision", "word"),
    [
        (Outcome.UNKNOWN, decisions.retry, "failed"),
        (Outcome.ACCEPTED, decisions.retry, "failed"),
        (Outcome.LATER, decisions.retry, "failed"),
        (Outcome.REFUSED, decisions.send_again, "in doubt"),
        (Outcome.ACCEPTED, decisions.send_again, "in doubt"),
        (Outcome.REFUSED, decisions.confirm_arrival, "in doubt"),
    ],
)
def test_a_decision_about_another_state_is_refused_and_changes_nothing(
    outcome: Outcome, decision: object, word: str, owner: Person
) -> None:
    message = left(outcome)
    before = Message.objects.filter(pk=message.pk).values().get()
    events = AuditEvent.objects.count()

    with pytest.raises(decisions.DecisionRefusedError, match=f"This mail is no longer {word}"):
        decision(message=message, by=owner, at=LATER)
    assert Message.objects.filter(pk=message.pk).values().get() == before
    assert AuditEvent.objects.count() == events


def test_two_people_who_decide_at_once_get_one_effect(owner: Person) -> None:
    message = left(Outcome.UNKNOWN)
    decisions.confirm_arrival(message=message, by=owner, at=LATER)

    with pytest.raises(decisions.DecisionRefusedError):
        decisions.send_again(message=message, by=owner, at=LATER)
    message.refresh_from_db()
    assert message.state == State.SENT


@pytest.mark.parametrize(
    ("outcome", "decision"), [(Outcome.REFUSED, decisions.retry), (Outcome.UNKNOWN, decisions.send_again)]
)
def test_mail_whose_code_is_gone_is_not_sent_again(outcome: Outcome, decision: object, owner: Person) -> None:
    message = left(outcome, letters.enqueue_code())

    with pytest.raises(decisions.DecisionRefusedError, match="Let the person ask for a new one"):
        decision(message=message, by=owner, at=LATER)


def test_suppressed_mail_is_sent_again_only_once_nothing_holds_it(owner: Person, mailbox: Path) -> None:
    message = letters.enqueue()
    held = suppression.add(address=message.to_address, scope=Scope.ALL, reason=Reason.HARD_BOUNCE, at=AT)
    assert held is not None
    message.refresh_from_db()
    assert message.state == State.SUPPRESSED
    with pytest.raises(decisions.DecisionRefusedError, match="Lift the suppression first"):
        decisions.retry(message=message, by=owner, at=LATER)

    suppression.lift(suppression=held, why="She gave us the address again.", by=owner, at=LATER)
    decisions.retry(message=message, by=owner, at=LATER)
    assert last_event() == ("mail:message:retry", owner.pk)
    assert delivery.run(clock=lambda: LATER) == 1


def test_what_is_suppressed_after_a_person_queued_it_again_does_not_go(owner: Person, mailbox: Path) -> None:
    message = left(Outcome.REFUSED)
    suppression.add(address=message.to_address, scope=Scope.ALL, reason=Reason.HARD_BOUNCE, at=AT)
    decisions.retry(message=message, by=owner, at=LATER)

    assert delivery.run(clock=lambda: LATER) == 0
    message.refresh_from_db()
    assert message.state == State.SUPPRESSED


def test_a_finished_campaign_whose_mail_is_sent_again_is_under_way_again(owner: Person) -> None:
    campaign = campaigning.started(campaigning.mailing_list(count=1))
    campaigning.queue_all(campaign)
    message = left(Outcome.UNKNOWN, Message.objects.get(campaign=campaign))
    campaigns.advance(at=AT)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.FINISHED

    decisions.send_again(message=Message.objects.get(pk=message.pk), by=owner, at=LATER)

    campaign.refresh_from_db()
    assert (campaign.state, campaign.ended_at) == (CampaignState.SENDING, None)
    campaigns.pause(campaign=campaign, why="Look first.", by=owner, at=LATER)
    assert Message.objects.get(pk=message.pk).state == State.HELD


def test_mail_of_a_cancelled_campaign_is_not_sent_again(owner: Person) -> None:
    campaign = campaigning.started(campaigning.mailing_list(count=1))
    campaigning.queue_all(campaign)
    message = left(Outcome.UNKNOWN, Message.objects.get(campaign=campaign))
    campaigns.cancel(campaign=campaign, why="The date is wrong.", by=owner, at=AT)

    with pytest.raises(decisions.DecisionRefusedError, match="Its campaign was cancelled"):
        decisions.send_again(message=Message.objects.get(pk=message.pk), by=owner, at=LATER)


@pytest.mark.parametrize(
    ("verdict", "state", "action"),
    [
        (decisions.Verdict.ARRIVED, State.SENT, "mail:message:arrived"),
        (decisions.Verdict.AGAIN, State.QUEUED, "mail:message:again"),
    ],
)
def test_many_are_decided_about_at_once_each_for_itself(
    verdict: decisions.Verdict, state: State, action: str, owner: Person
) -> None:
    doubtful = [left(Outcome.UNKNOWN, letters.enqueue(dedupe_key=str(number))) for number in range(3)]
    decisions.confirm_arrival(message=doubtful[1], by=owner, at=AT)

    decided = decisions.decide_many(messages=doubtful, verdict=verdict, by=owner, at=LATER)
    assert [message.pk for message in decided.done] == [doubtful[0].pk, doubtful[2].pk]
    ((refused, sentence),) = decided.refused
    assert (refused.pk, sentence.startswith("This mail is no longer in doubt")) == (doubtful[1].pk, True)
    states = Message.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == [state, State.SENT, state]
    told = AuditEvent.objects.filter(action=action, at=LATER).values_list("subject_id", "actor_id")
    assert sorted(told) == sorted((str(message.pk), owner.pk) for message in decided.done)
