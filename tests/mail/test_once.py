"""Once: senders that race, and senders that are killed, on real connections and in real processes."""

import datetime as dt
import threading
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from core import clock
from mail import tasks
from mail.domain import delivery, routes
from mail.models import Message, Pace, State
from tests.mail import letters
from tests.mail.conftest import FakeSes
from tests.mail.processes import start
from tests.nursery import Process

pytestmark = pytest.mark.django_db(transaction=True)


def reload(message: Message) -> Message:
    message.refresh_from_db()
    return message


def test_of_threads_that_claim_one_message_exactly_one_wins() -> None:
    message = letters.enqueue(at=clock.now())
    threads, gate, won, failures = 8, threading.Barrier(8), [], []

    def claim() -> None:
        try:
            connection.ensure_connection()
            gate.wait()
            if delivery.claim(message_id=message.pk, at=clock.now()) is not None:
                won.append(threading.get_ident())
        except Exception as error:  # noqa: BLE001 - told by the assertion below
            failures.append(error)
        finally:
            connection.close()

    running = [threading.Thread(target=claim) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()

    assert (len(won), failures) == (1, [])
    assert (reload(message).state, message.tries) == (State.SENDING, 1)


def test_of_processes_that_claim_forty_messages_each_has_one_winner(tmp_path: Path) -> None:
    ids = [letters.enqueue(dedupe_key=str(number), at=clock.now()).pk for number in range(40)]
    racers = [start("race", *ids, scratch=tmp_path) for _ in range(3)]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n", racer.communicate()[1]
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=60) for racer in racers]

    assert [racer.returncode for racer in racers] == [0, 0, 0], said
    winners = Counter(int(pk) for out, _ in said for pk in out.split())
    assert winners == dict.fromkeys(ids, 1)
    assert set(Message.objects.values_list("state", "tries")) == {(State.SENDING, 1)}


def test_two_sweeps_at_once_send_each_message_once(tmp_path: Path, fake_ses: FakeSes) -> None:
    fake_ses.accepts("m-1")
    for number in range(20):
        letters.enqueue(dedupe_key=str(number), to_address=f"reader{number}@example.com", at=clock.now())
    environment = {"MAIL_TRANSPORT": "ses", "AWS_SES_ENDPOINT_URL": fake_ses.address}
    sweeps = [start("sweep", scratch=tmp_path, **environment) for _ in range(2)]
    said = [sweep.communicate(timeout=60) for sweep in sweeps]

    assert [sweep.returncode for sweep in sweeps] == [0, 0], said
    assert set(Message.objects.values_list("state", "tries")) == {(State.SENT, 1)}
    reached = Counter(fake_ses.reached())
    assert reached == {f"Olive Owner <reader{number}@example.com>": 1 for number in range(20)}


def kill(process: Process) -> None:
    process.kill()
    process.communicate(timeout=30)


def test_a_sender_killed_after_ses_got_the_mail_leaves_doubt_and_no_second_mail(
    tmp_path: Path, fake_ses: FakeSes
) -> None:
    message = letters.enqueue(at=clock.now())
    sender = start(
        "deliver", message.pk, scratch=tmp_path, MAIL_TRANSPORT="ses", AWS_SES_ENDPOINT_URL=fake_ses.address
    )
    arrived = fake_ses.arrived.wait(30)
    kill(sender)
    assert arrived, "The sender never reached SES."
    assert reload(message).state == State.SENDING

    # Sweeps of the next minutes leave it alone; the one after ten puts it in doubt; none sends it again.
    fake_ses.accepts("m-2")
    tasks.sweep()
    assert reload(message).state == State.SENDING
    assert message.claimed_at is not None
    assert delivery.doubt_stale(at=message.claimed_at + dt.timedelta(minutes=10)) == 1
    tasks.sweep()
    assert (reload(message).state, message.tries) == (State.IN_DOUBT, 1)
    assert len(fake_ses.requests) == 1


def test_a_sender_killed_before_ses_saw_anything_is_doubted_too(tmp_path: Path, mailbox: Path) -> None:
    message = letters.enqueue(at=clock.now())
    Message.objects.filter(pk=message.pk).update(composer="tests.hang")
    sender = start("deliver", message.pk, scratch=tmp_path)
    line = sender.stdout.readline()
    kill(sender)
    assert line == "composing\n"

    assert reload(message).claimed_at is not None
    delivery.doubt_stale(at=message.claimed_at + dt.timedelta(minutes=10))
    tasks.sweep()
    assert reload(message).state == State.IN_DOUBT
    assert not mailbox.exists()


def test_what_a_killed_sender_had_not_claimed_goes_out_with_the_next_sweep(
    tmp_path: Path, mailbox: Path
) -> None:
    messages = [letters.enqueue(dedupe_key=str(number), at=clock.now()) for number in range(6)]
    Message.objects.filter(pk=messages[0].pk).update(composer="tests.hang")
    sender = start("sweep", scratch=tmp_path)
    line = sender.stdout.readline()
    kill(sender)
    assert line == "composing\n"

    # The dead one's lead has not ended yet.
    tasks.sweep()
    states = Message.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == [State.SENDING] * routes.UNPROVEN + [State.QUEUED] * 2
    Pace.objects.update(leader_until=clock.now())
    tasks.sweep()
    assert list(states.all()) == [State.SENDING] * routes.UNPROVEN + [State.SENT] * 2
