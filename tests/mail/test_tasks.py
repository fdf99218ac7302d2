"""The tasks, and that the timetable and the wake-up call them by their names."""

import contextlib
import sqlite3
import time
from pathlib import Path

import pytest
from django.db import connection

from config.celery import app, hold_little_of_the_file
from core import clock
from mail import tasks
from mail.domain import campaigns, pacing
from mail.models import Message, State
from tests.mail import campaigning, letters
from tests.mail.processes import run, start


def test_the_timetable_names_the_sweep() -> None:
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} >= {tasks.sweep.name}
    assert (tasks.sweep.name, tasks.deliver.name) == ("mail.tasks.sweep", "mail.tasks.deliver")
    assert {"mail.tasks.sweep", "mail.tasks.deliver"} <= set(app.tasks)


def test_a_workers_claim_is_on_the_disk_before_the_mail_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL writes each commit to the disk by itself.")
    options = {"init_command": connection.settings_dict["OPTIONS"]["init_command"]}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    hold_little_of_the_file()
    with contextlib.closing(sqlite3.connect(":memory:")) as scratch:
        scratch.executescript(options["init_command"])
        # 2 is FULL: with less, a power cut may take a claim back whose mail has left.
        assert scratch.execute("PRAGMA synchronous").fetchone() == (2,)


@pytest.mark.django_db
def test_deliver_sends_the_one_it_is_given(mailbox: Path) -> None:
    one, other = letters.enqueue(dedupe_key="1"), letters.enqueue(dedupe_key="2")
    tasks.deliver(one.pk)

    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.state, other.state) == (State.SENT, State.QUEUED)


@pytest.mark.django_db
def test_deliver_of_a_row_that_is_gone_does_nothing(mailbox: Path) -> None:
    tasks.deliver(987654)

    assert not mailbox.exists()


@pytest.mark.django_db
def test_sweep_sends_what_is_due_and_nothing_else(mailbox: Path) -> None:
    due, early = (
        letters.enqueue(dedupe_key="1"),
        letters.enqueue(dedupe_key="2", at=clock.now().replace(year=2099)),
    )
    tasks.sweep()

    due.refresh_from_db()
    early.refresh_from_db()
    assert (due.state, early.state) == (State.SENT, State.QUEUED)


@pytest.mark.django_db
def test_a_sweep_leaves_sending_to_the_process_that_leads(mailbox: Path) -> None:
    message = letters.enqueue(at=clock.now())
    lead = pacing.lead(transport="mailbox", at=clock.now())
    assert lead is not None
    tasks.sweep()
    message.refresh_from_db()
    assert message.state == State.QUEUED

    pacing.resign(lead)
    tasks.sweep()
    message.refresh_from_db()
    assert message.state == State.SENT
    # It does not keep the lead to itself.
    assert pacing.lead(transport="mailbox", at=clock.now()) is not None


@pytest.mark.django_db
def test_a_long_sweep_gives_way_and_wakes_the_next(mailbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "LONGEST", -1.0)
    woken: list[dict[str, object]] = []
    monkeypatch.setattr(tasks.sweep, "apply_async", lambda **options: woken.append(options))
    message = letters.enqueue(at=clock.now())
    tasks.sweep()

    message.refresh_from_db()
    assert (message.state, woken) == (State.QUEUED, [{"expires": 5, "retry": False}])


@pytest.mark.django_db
def test_a_broker_that_is_gone_does_not_end_a_sweep(
    mailbox: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone(**_: object) -> None:
        raise OSError("Connection refused")

    monkeypatch.setattr(tasks, "LONGEST", -1.0)
    monkeypatch.setattr(tasks.sweep, "apply_async", gone)
    letters.enqueue(at=clock.now())
    tasks.sweep()

    assert "The broker did not take the wake-up of the next sweep" in caplog.text


@pytest.mark.django_db
def test_a_sweep_takes_campaigns_further_and_sends_what_they_queue(mailbox: Path) -> None:
    campaign = campaigning.started(campaigning.mailing_list(count=5))
    tasks.sweep()

    # The first cohort; the rest waits for what becomes of it.
    assert campaigning.states_of(campaign) == {State.SENT: 3}


@pytest.mark.django_db
def test_a_campaign_that_cannot_go_on_keeps_no_other_mail_from_leaving(
    mailbox: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(campaigns, "advance", broken)
    message = letters.enqueue(at=clock.now())
    tasks.sweep()

    message.refresh_from_db()
    assert message.state == State.SENT
    assert "The campaigns could not be taken further" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_sends_what_another_process_has_committed(tmp_path: Path) -> None:
    worker = run(
        "celery", "-A", "config", "worker", "-P", "solo", "-I", "tests.mail.letters", scratch=tmp_path
    )
    try:
        writer = start("enqueue", scratch=tmp_path)
        said = writer.communicate(timeout=60)
        assert writer.returncode == 0, said
        deadline = time.monotonic() + 40
        while Message.objects.get().state != State.SENT and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        worker.terminate()
        _, err = worker.communicate(timeout=30)

    message = Message.objects.get()
    assert (message.state, message.tries) == (State.SENT, 1), err
    assert (tmp_path / "mailbox" / f"{message.public_id}.eml").exists()
