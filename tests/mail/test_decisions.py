"""What a person decides about failed and doubtful mail."""

import datetime as dt
from pathlib import Path

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from core.models import AuditEvent
from crew.models import Person
from mail.domain import decisions, delivery
from mail.models import Message, State
from mail.transport import Outcome, Receipt
from tests.factories import people
from tests.mail import letters
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
    assert delivery.deliver(message_id=message.pk, at=LATER) is Outcome.ACCEPTED


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
