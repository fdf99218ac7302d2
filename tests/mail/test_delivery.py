"""Claim, send, settle: what each answer of the transport leads to, and what a late or lost one does not."""

import datetime as dt
import logging
from pathlib import Path

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries, Settings

from core.models import AuditEvent
from mail.domain import delivery, suppression
from mail.models import (
    EventKind,
    Kind,
    Message,
    MessageEvent,
    Notification,
    Reason,
    Scope,
    State,
)
from mail.transport import Outcome, Receipt
from tests.mail import letters
from tests.mail.letters import AT

pytestmark = pytest.mark.django_db
LATER = AT + dt.timedelta(hours=6)
MINUTE = dt.timedelta(minutes=1)


def deliver(message: Message, at: dt.datetime = AT) -> Outcome | None:
    outcome = delivery.deliver(message_id=message.pk, clock=lambda: at)
    message.refresh_from_db()
    return outcome


def settle(message: Message, outcome: Outcome, at: dt.datetime, reason: str = "A reason.") -> bool:
    settled = delivery.settle(
        message=message, receipt=Receipt(outcome, at, reason, transport="ses"), size_bytes=10
    )
    message.refresh_from_db()
    return settled


def due(at: dt.datetime) -> list[int]:
    return list(delivery.due(at=at).values_list("pk", flat=True))


def claimed(at: dt.datetime = AT) -> Message:
    message = delivery.claim(message_id=letters.enqueue().pk, at=at)
    assert message is not None
    return message


def actions(message: Message) -> list[str]:
    events = AuditEvent.objects.filter(subject_type="mail.message", subject_id=str(message.pk))
    return [event.action for event in events.order_by("id")]


def test_a_delivered_message_is_settled_with_all_that_is_known(mailbox: Path) -> None:
    message = letters.enqueue()

    assert deliver(message) is Outcome.ACCEPTED
    assert (message.state, message.tries, message.claimed_at, message.error) == (State.SENT, 1, AT, "")
    assert message.settled_at is not None
    assert (message.transport, message.eml_name, message.bcc_address) == (
        "mailbox",
        f"{message.public_id}.eml",
        "audit@example.com",
    )
    assert message.size_bytes == (mailbox / message.eml_name).stat().st_size


def test_delivery_takes_five_statements(
    mailbox: Path, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    message = letters.enqueue()
    # Is it due, read it, is it suppressed, claim, settle; and two savepoints around the writes. PostgreSQL takes the
    # fence, too.
    with django_assert_num_queries(10 if connection.vendor == "postgresql" else 9):
        delivery.deliver(message_id=message.pk, clock=lambda: AT)


def test_a_message_is_sent_once_however_often_it_is_asked_for(mailbox: Path) -> None:
    message = letters.enqueue()

    assert [deliver(message), deliver(message), deliver(message, LATER)] == [Outcome.ACCEPTED, None, None]
    assert (message.tries, len(list(mailbox.iterdir()))) == (1, 1)


def test_a_message_not_yet_due_is_left_alone(mailbox: Path) -> None:
    message = letters.enqueue(at=AT + MINUTE)

    assert due(AT) == []
    assert deliver(message, AT) is None
    assert message.state == State.QUEUED
    assert due(AT + MINUTE) == [message.pk]


def test_a_message_that_is_gone_is_nobodys(mailbox: Path) -> None:
    assert delivery.deliver(message_id=987654, clock=lambda: AT) is None


def test_due_messages_come_longest_waiting_first() -> None:
    last = letters.enqueue(dedupe_key="c", at=AT)
    first = letters.enqueue(dedupe_key="a", at=AT - 2 * MINUTE)
    second = letters.enqueue(dedupe_key="b", at=AT - MINUTE)

    assert due(AT) == [first.pk, second.pk, last.pk]


@pytest.mark.django_db(transaction=True)
def test_a_claim_inside_somebodys_transaction_is_refused() -> None:
    message = letters.enqueue()
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        delivery.claim(message_id=message.pk, at=AT)


def test_the_secret_is_in_the_mail_and_then_forgotten(mailbox: Path) -> None:
    message = letters.enqueue_code()

    assert deliver(message) is Outcome.ACCEPTED
    assert b"Your code is WDJB-MJHT." in (mailbox / message.eml_name).read_bytes()
    assert message.sealed is None
    assert (message.bears_secret, message.bcc_address) == (True, "")


@pytest.mark.parametrize(
    ("composer", "error"),
    [
        (letters.GONE, "Edition 7 no longer exists."),
        (
            letters.BROKEN,
            "The composer 'tests.broken' failed with ZeroDivisionError; the log has the details.",
        ),
    ],
)
def test_what_cannot_be_composed_fails_and_says_why(composer: str, error: str, mailbox: Path) -> None:
    message = letters.enqueue(composer=composer)

    assert deliver(message) is Outcome.REFUSED
    assert (message.state, message.error, message.settled_at) == (State.FAILED, error, AT)
    assert not mailbox.exists()
    assert actions(message) == ["mail:message:fail"]


def test_a_composer_that_vanished_with_its_app_fails_the_message(mailbox: Path) -> None:
    message = letters.enqueue()
    Message.objects.filter(pk=message.pk).update(composer="app.gone")

    assert deliver(message) is Outcome.REFUSED
    assert (
        message.error
        == "No composer is called 'app.gone': the app that wrote this message is not installed here."
    )


def test_a_secret_sealed_under_a_lost_key_fails_the_message(mailbox: Path, settings: Settings) -> None:
    message = letters.enqueue_code()
    settings.SECRET_KEY = "another-" + "y" * 50

    assert deliver(message) is Outcome.REFUSED
    assert message.error.startswith("The secret of this message cannot be opened")
    assert message.sealed is None


def test_pauses_double_from_half_a_minute_to_an_hour() -> None:
    seconds = [delivery.pause_after(tries).total_seconds() for tries in range(1, 13)]

    assert seconds == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600, 3600]
    assert delivery.pause_after(10_000) == delivery.LONGEST_PAUSE


def test_a_passing_refusal_queues_it_again_with_a_pause() -> None:
    message = claimed()

    assert settle(message, Outcome.LATER, AT + MINUTE, "SES answered 400 Throttling: slow down.")
    assert (message.state, message.claimed_at, message.tries) == (State.QUEUED, None, 1)
    assert message.due_at == AT + MINUTE + dt.timedelta(seconds=30)
    assert message.error == "SES answered 400 Throttling: slow down."
    assert actions(message) == []


def test_after_the_last_try_it_fails() -> None:
    message = claimed()
    for _ in range(delivery.TRIES - 1):
        settle(message, Outcome.LATER, message.claimed_at)
        message = delivery.claim(message_id=message.pk, at=message.due_at)
        assert message is not None
    assert message.tries == delivery.TRIES

    settle(message, Outcome.LATER, LATER, "SES answered 400 Throttling: slow down.")
    assert (message.state, message.settled_at) == (State.FAILED, LATER)
    assert message.error == "SES answered 400 Throttling: slow down."


def test_a_refusal_for_good_fails_it_at_once() -> None:
    message = claimed()

    settle(message, Outcome.REFUSED, AT, "SES answered 400 MessageRejected: no.")
    assert (message.state, message.error) == (State.FAILED, "SES answered 400 MessageRejected: no.")
    assert actions(message) == ["mail:message:fail"]


def test_a_lost_answer_puts_it_in_doubt_and_nothing_resends_it(mailbox: Path) -> None:
    message = claimed()

    settle(message, Outcome.UNKNOWN, AT, "The answer of the transport was lost.")
    assert (message.state, message.settled_at, message.claimed_at) == (State.IN_DOUBT, None, AT)
    assert actions(message) == ["mail:message:doubt"]
    assert due(LATER) == []
    assert deliver(message, LATER) is None
    assert delivery.doubt_stale(at=LATER) == 0
    assert not mailbox.exists()


def test_a_reason_longer_than_its_column_is_cut() -> None:
    message = claimed()

    settle(message, Outcome.REFUSED, AT, "x" * 3000)
    assert message.error == "x" * 500


def test_a_claim_goes_stale_after_ten_minutes_and_not_before() -> None:
    message = claimed()

    assert delivery.doubt_stale(at=AT + delivery.STALE_AFTER - dt.timedelta(microseconds=1)) == 0
    assert delivery.doubt_stale(at=AT + delivery.STALE_AFTER) == 1
    message.refresh_from_db()
    assert message.state == State.IN_DOUBT
    assert message.error.startswith("The process that was sending this died")
    assert actions(message) == ["mail:message:doubt"]


def test_a_stale_claim_loses_its_secret() -> None:
    message = letters.enqueue_code()
    delivery.claim(message_id=message.pk, at=AT)
    delivery.doubt_stale(at=LATER)

    message.refresh_from_db()
    assert (message.state, message.sealed) == (State.IN_DOUBT, None)


def test_a_mail_whose_secret_was_forgotten_never_leaves_without_it(mailbox: Path) -> None:
    message = letters.enqueue_code()
    held = delivery.claim(message_id=message.pk, at=AT)
    assert held is not None
    delivery.doubt_stale(at=LATER)
    assert settle(held, Outcome.LATER, LATER)

    assert deliver(message, LATER + dt.timedelta(hours=1)) is Outcome.REFUSED
    assert message.state == State.FAILED
    assert message.error.startswith("The code this mail bore was forgotten")
    assert not mailbox.exists()


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Outcome.ACCEPTED, State.SENT), (Outcome.REFUSED, State.FAILED), (Outcome.LATER, State.QUEUED)],
)
def test_a_sender_that_answers_late_settles_its_own_doubt(outcome: Outcome, state: State) -> None:
    message = claimed()
    delivery.doubt_stale(at=LATER)

    assert settle(message, outcome, LATER)
    assert message.state == state


def test_a_sender_whose_message_was_sent_on_its_way_again_settles_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    mine = claimed()
    delivery.doubt_stale(at=LATER)
    Message.objects.filter(pk=mine.pk).update(state=State.QUEUED, claimed_at=None, error="")
    other = delivery.claim(message_id=mine.pk, at=LATER)
    assert other is not None

    with caplog.at_level(logging.ERROR):
        settled = delivery.settle(
            message=mine, receipt=Receipt(Outcome.ACCEPTED, LATER, transport="ses"), size_bytes=1
        )
    other.refresh_from_db()
    assert not settled
    assert (other.state, other.claimed_at) == (State.SENDING, LATER)
    assert "its claim was no longer ours" in caplog.text


def test_a_batch_goes_over_one_connection(mailbox: Path) -> None:
    for number in range(3):
        letters.enqueue(dedupe_key=str(number), to_address=f"reader{number}@example.com")

    assert delivery.run(clock=lambda: AT) == 3
    assert len(list(mailbox.iterdir())) == 3
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}
    assert delivery.run(clock=lambda: AT) == 0


def test_one_message_that_cannot_be_composed_does_not_stop_the_others(mailbox: Path) -> None:
    letters.enqueue(dedupe_key="1", composer=letters.BROKEN)
    letters.enqueue(dedupe_key="2")

    assert delivery.run(clock=lambda: AT) == 1
    assert sorted(Message.objects.values_list("state", flat=True)) == [State.FAILED, State.SENT]


# What puts a message aside, and what proves it sent


def test_what_somebody_waits_for_is_claimed_first() -> None:
    campaign = letters.enqueue(dedupe_key="1", bcc_audit=False)
    Message.objects.filter(pk=campaign.pk).update(kind=Kind.COMMERCIAL, due_at=AT - 5 * MINUTE)
    report = letters.enqueue(dedupe_key="2", at=AT - MINUTE)
    code = letters.enqueue_code()

    claimed = [delivery.claim_batch(limit=1, at=AT)[0].pk for _ in range(3)]
    assert claimed == [code.pk, report.pk, campaign.pk]


def test_a_batch_is_claimed_by_a_handful_of_statements(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(30):
        letters.enqueue(dedupe_key=str(number))

    for limit in (1, 20):
        # Read them, who is suppressed, claim them; and a savepoint around. PostgreSQL takes the fence, too.
        with django_assert_num_queries(6 if connection.vendor == "postgresql" else 5):
            assert len(delivery.claim_batch(limit=limit, at=AT)) == limit


def test_what_was_suppressed_meanwhile_is_put_aside_and_the_next_is_claimed() -> None:
    first, second = (
        letters.enqueue(dedupe_key="1", to_address="Gone@example.com"),
        letters.enqueue(dedupe_key="2"),
    )
    suppression.add(address="gone@example.com", scope=Scope.ALL, reason=Reason.HARD_BOUNCE, at=AT)
    # As if it had been queued just before, by a transaction that was slower.
    Message.objects.filter(pk=first.pk).update(state=State.QUEUED, settled_at=None, error="")

    assert [message.pk for message in delivery.claim_batch(limit=1, at=AT)] == [second.pk]
    first.refresh_from_db()
    assert (first.state, first.settled_at, first.claimed_at) == (State.SUPPRESSED, AT, None)
    assert first.error.startswith("This address gets no mail but codes and links")


@pytest.mark.parametrize(
    ("outcome", "tries"), [(Outcome.THROTTLED, 0), (Outcome.USED_UP, 0), (Outcome.LATER, 1)]
)
def test_only_what_may_be_its_own_fault_costs_a_message_a_try(outcome: Outcome, tries: int) -> None:
    message = claimed()

    settle(message, outcome, AT)
    assert (message.state, message.tries) == (State.QUEUED, tries)
    assert message.due_at - AT <= (MINUTE if tries else dt.timedelta(seconds=1))


def event(message: Message, kind: EventKind = EventKind.DELIVERY) -> MessageEvent:
    notification = Notification.objects.create(sns_id="n-1", topic_arn="arn", received_at=AT)
    return MessageEvent.objects.create(
        notification=notification,
        message=message,
        provider_message_id="0100-abc",
        recipient="owner@example.com",
        kind=kind,
        at=AT,
    )


def test_an_event_of_ses_settles_doubt() -> None:
    message = claimed()
    settle(message, Outcome.UNKNOWN, AT)

    assert delivery.proven(message=message, provider_message_id="0100-abc", at=LATER)
    message.refresh_from_db()
    assert (message.state, message.transport, message.provider_message_id) == (State.SENT, "ses", "0100-abc")
    assert (message.settled_at, message.error, message.bcc_address) == (LATER, "", "audit@example.com")
    assert actions(message) == ["mail:message:doubt", "mail:message:proven"]
    assert not delivery.proven(message=message, provider_message_id="0100-abc", at=LATER)


def test_an_event_that_came_before_the_doubt_settles_it_with_the_next_sweep() -> None:
    message = claimed()
    event(message)
    settle(message, Outcome.UNKNOWN, AT)

    assert delivery.doubt_stale(at=AT) == 0
    message.refresh_from_db()
    assert (message.state, message.provider_message_id) == (State.SENT, "0100-abc")


def test_a_dead_senders_message_that_ses_told_of_is_sent_and_not_in_doubt() -> None:
    message = claimed()
    event(message)

    assert delivery.doubt_stale(at=AT) == 0
    message.refresh_from_db()
    assert message.state == State.SENDING
    assert delivery.doubt_stale(at=LATER) == 0
    message.refresh_from_db()
    assert message.state == State.SENT


def test_a_rejection_by_ses_proves_nothing() -> None:
    message = claimed()
    event(message, EventKind.REJECT)

    assert delivery.doubt_stale(at=LATER) == 1


# Many at once


def test_many_accepted_are_settled_in_two_statements(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(30):
        letters.enqueue(dedupe_key=str(number))
    handed = [
        delivery.Handed(
            message,
            Receipt(Outcome.ACCEPTED, LATER, provider_message_id=f"m-{message.pk}", transport="ses"),
            10,
        )
        for message in delivery.claim_batch(limit=30, at=AT)
    ]

    for some in (handed[:1], handed[1:]):
        with django_assert_num_queries(3):  # a savepoint around one statement
            delivery.settle_accepted(some)
    assert {
        (state, sent_at, f"m-{pk}" == name)
        for pk, state, sent_at, name in Message.objects.values_list(
            "pk", "state", "settled_at", "provider_message_id"
        )
    } == {(State.SENT, LATER, True)}


def test_of_many_accepted_one_whose_claim_is_lost_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    for number in range(3):
        letters.enqueue(dedupe_key=str(number))
    messages = delivery.claim_batch(limit=3, at=AT)
    lost, doubtful = messages[0], messages[1]
    Message.objects.filter(pk=lost.pk).update(claimed_at=LATER)
    Message.objects.filter(pk=doubtful.pk).update(state=State.IN_DOUBT, error="Silence.")
    receipt = Receipt(Outcome.ACCEPTED, LATER, transport="ses")
    with caplog.at_level(logging.ERROR):
        delivery.settle_accepted([delivery.Handed(message, receipt, 10) for message in messages])

    states = Message.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == [State.SENDING, State.SENT, State.SENT]
    assert f"Mail {lost.public_id} was accepted, but its claim was no longer ours" in caplog.text


def test_a_run_stops_when_it_is_told_to_and_leaves_nothing_under_way(mailbox: Path) -> None:
    for number in range(60):
        letters.enqueue(dedupe_key=str(number))
    turns = iter([False, False, True])

    accepted = delivery.run(clock=lambda: AT, stop=lambda: next(turns))
    assert 0 < accepted < 60
    assert Message.objects.filter(state=State.SENT).count() == accepted
    assert not Message.objects.filter(state=State.SENDING).exists()
