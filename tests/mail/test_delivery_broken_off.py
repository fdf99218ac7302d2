"""Sending that stands still or breaks off: what surely has not left goes again, and no answer in hand is lost."""

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import OperationalError

from mail.domain import compose, delivery, pacing
from mail.models import Attempt, Message, Pace, State
from mail.transport import Outcome, Receipt, Way
from tests.mail import letters
from tests.mail.letters import AT

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
INTERRUPTED = "tests.interrupted"


def compose_interrupted(message: Message, secret: str | None) -> compose.Composed:
    """Compose while somebody stops the process."""
    raise KeyboardInterrupt


compose.register(INTERRUPTED, compose_interrupted)


def state_of(message: Message) -> tuple[str, int, dt.datetime | None]:
    message.refresh_from_db()
    return message.state, message.tries, message.claimed_at


def asleep_in_the_threads() -> dt.datetime:
    """Be the clock of a machine that slept between the claim and the hand-over."""
    here = threading.current_thread().name.startswith("mail")
    return AT + delivery.HAND_OVER_WITHIN + MINUTE if here else AT


def test_who_slept_after_the_claim_hands_nothing_over(mailbox: Path) -> None:
    message = letters.enqueue()

    assert delivery.HAND_OVER_WITHIN < delivery.STALE_AFTER / 2
    assert delivery.run(clock=asleep_in_the_threads) == 0
    assert state_of(message) == (State.QUEUED, 0, None)
    assert message.due_at == AT + delivery.HAND_OVER_WITHIN + MINUTE
    assert message.error == "Its sender stood still after it took the message; it goes again."
    # No transport said so: none is the worse for it.
    assert not mailbox.exists()
    assert not Attempt.objects.exists()
    assert not Pace.objects.filter(closed_until__isnull=False).exists()


def test_a_wake_up_that_slept_after_the_claim_hands_nothing_over(mailbox: Path) -> None:
    message = letters.enqueue()
    instants = iter([AT, AT, AT + delivery.HAND_OVER_WITHIN + MINUTE])

    assert delivery.deliver(message_id=message.pk, clock=lambda: next(instants)) is Outcome.LATER
    assert state_of(message) == (State.QUEUED, 0, None)
    assert not mailbox.exists()


def test_a_wake_up_claims_at_the_instant_of_its_claim(mailbox: Path) -> None:
    message = letters.enqueue()
    # Asking SES for its pace may take half a minute, and that is before the claim.
    instants: Iterator[dt.datetime] = iter([AT, AT + MINUTE, AT + MINUTE])

    assert delivery.deliver(message_id=message.pk, clock=lambda: next(instants)) is Outcome.ACCEPTED
    assert state_of(message) == (State.SENT, 1, AT + MINUTE)


def test_a_yes_in_hand_is_written_down_before_the_pace_is(
    mailbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        letters.enqueue(dedupe_key=str(number))
    slow, taken, late = delivery.claim_batch(limit=3, at=AT)
    run = delivery._Run(lambda: AT, lambda: False, lambda: None)
    for message, outcome in (
        (slow, Outcome.THROTTLED),
        (taken, Outcome.ACCEPTED),
        (late, Outcome.LATER),
    ):
        prepared = delivery.prepare(message)
        assert not isinstance(prepared, str)
        run.done.put(
            (
                delivery._Job(message, *prepared, Way("ses", run.routes.first.backend)),
                Receipt(outcome, AT, "A reason.", transport="ses"),
            )
        )
    run.under_way = 3

    def breaks(**_: object) -> None:
        raise OperationalError("the database went away")

    monkeypatch.setattr(pacing, "throttled", breaks)
    with pytest.raises(OperationalError, match="went away"):
        run._settle(wait=0)
    assert [state_of(message)[0] for message in (slow, taken, late)] == [
        State.QUEUED,
        State.SENT,
        State.QUEUED,
    ]
    run.pool.shutdown()


def test_where_no_thread_can_be_started_nothing_hangs_and_all_goes_again(
    mailbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = [letters.enqueue(dedupe_key=str(number)) for number in range(3)]

    def full(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as machine:
        machine.setattr(threading.Thread, "start", full)
        with pytest.raises(delivery.NoThreadError):
            delivery.run(clock=lambda: AT)
    assert [state_of(message) for message in messages] == [(State.QUEUED, 0, None)] * 3
    assert not mailbox.exists()
    assert delivery.run(clock=lambda: AT) == 3


def test_where_a_thread_took_the_mail_though_no_other_could_be_started_it_is_sent_once(
    mailbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = [letters.enqueue(dedupe_key=str(number)) for number in range(12)]
    start, started = threading.Thread.start, []

    def one_at_most(thread: threading.Thread) -> None:
        if started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    with monkeypatch.context() as machine:
        machine.setattr(threading.Thread, "start", one_at_most)
        while Message.objects.exclude(state=State.SENT).exists():
            started.clear()
            try:
                delivery.run(clock=lambda: AT)
            except delivery.NoThreadError:
                continue
    assert {state_of(message)[:2] for message in messages} == {(State.SENT, 1)}


def test_a_batch_that_breaks_off_gives_back_what_has_not_left(mailbox: Path) -> None:
    for number in range(5):
        letters.enqueue(dedupe_key=str(number), composer=INTERRUPTED if number == 2 else letters.LETTER)

    with pytest.raises(KeyboardInterrupt):
        delivery.run(clock=lambda: AT)
    states = Message.objects.order_by("id").values_list("state", "tries", "claimed_at")
    assert list(states) == [(State.SENT, 1, AT)] * 2 + [(State.QUEUED, 0, None)] * 3
    assert len(list(mailbox.iterdir())) == 2


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Outcome.LATER, State.QUEUED), (Outcome.REFUSED, State.FAILED), (Outcome.UNKNOWN, State.IN_DOUBT)],
)
def test_an_answer_in_words_no_database_holds_is_kept_all_the_same(outcome: Outcome, state: State) -> None:
    message = delivery.claim(message_id=letters.enqueue().pk, at=AT)
    assert message is not None
    receipt = Receipt(outcome, AT, "550 No\x00body \ud800 here.", transport="smtp")

    assert delivery.settle(message=message, receipt=receipt, size_bytes=10)
    assert state_of(message)[0] == state
    assert message.error == "550 Nobody ? here."
    assert list(Attempt.objects.values_list("reason", flat=True)) == ["550 Nobody ? here."]


def test_a_yes_under_a_name_no_database_holds_is_a_yes() -> None:
    message = delivery.claim(message_id=letters.enqueue().pk, at=AT)
    assert message is not None
    receipt = Receipt(Outcome.ACCEPTED, AT, provider_message_id="m\x00-\ud800" + "x" * 200, transport="ses")

    delivery.settle_accepted([delivery.Handed(message, receipt, 10)])
    assert state_of(message)[0] == State.SENT
    assert message.provider_message_id == "m-?" + "x" * 117
