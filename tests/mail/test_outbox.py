"""The outbox row: written once, with what caused it, or not at all."""

import time
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from mail.domain import outbox, suppression
from mail.models import Kind, Message, Reason, Scope, State
from tests.mail import letters

pytestmark = pytest.mark.django_db


class NotToday(Exception):
    """The caller's transaction fails."""


def test_enqueue_writes_one_row_that_waits(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(4):  # what may stop it, savepoint, insert, release
        message = letters.enqueue()

    message.refresh_from_db()
    assert (message.state, message.tries, message.due_at, message.created_at) == (
        State.QUEUED,
        0,
        letters.AT,
        letters.AT,
    )
    assert (message.to_address, message.to_name, message.from_name, message.reply_to) == (
        "owner@example.com",
        "Olive Owner",
        "CEO Report",
        "ceo@example.com",
    )
    assert (message.bcc_audit, message.bears_secret, message.sealed) == (True, False, None)


def test_the_same_key_returns_the_first_row_and_changes_nothing() -> None:
    first = letters.enqueue()
    second = letters.enqueue(to_address="other@example.com", subject="Another")

    assert second.pk == first.pk
    assert (second.to_address, second.subject) == ("owner@example.com", first.subject)
    assert Message.objects.count() == 1


def test_a_taken_key_leaves_the_callers_transaction_usable() -> None:
    letters.enqueue()
    with transaction.atomic():
        letters.enqueue()
        other = letters.enqueue(dedupe_key="edition:7:to:cfo@example.com", to_address="cfo@example.com")

    assert Message.objects.filter(pk=other.pk).exists()


def test_no_mail_when_the_callers_transaction_fails(
    wakeups: list[tuple[str, list[int]]], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(NotToday), transaction.atomic():
        letters.enqueue()
        raise NotToday

    assert (Message.objects.count(), wakeups) == (0, [])


def test_a_worker_is_woken_once_and_only_after_commit(
    wakeups: list[tuple[str, list[int]]], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        message = letters.enqueue()
        letters.enqueue()
        assert wakeups == []

    assert wakeups == [("mail.tasks.deliver", [message.pk])]


def suppress(scope: Scope, reason: Reason = Reason.HARD_BOUNCE) -> None:
    suppression.add(address="owner@example.com", scope=scope, reason=reason, at=letters.AT)


def ask(key: str = "report", **changes: Any) -> Message | outbox.Skipped:
    """Put a mail to the owner into the outbox and return what the caller gets."""
    asked = {
        "dedupe_key": key,
        "composer": letters.LETTER,
        "payload": {},
        "to_address": "Owner@Example.com",
        "subject": "Hello",
        "at": letters.AT,
        **changes,
    }
    return outbox.enqueue(**asked)


def test_mail_is_service_unless_it_says_otherwise_and_a_secret_makes_it_essential() -> None:
    rows = [
        ask("report"),
        ask("safety", kind=Kind.ESSENTIAL),
        ask("test mail", kind=Kind.COMMERCIAL),
        ask("code", secret="WDJB-MJHT", kind=Kind.COMMERCIAL),
    ]

    assert [row.kind for row in rows if isinstance(row, Message)] == [
        Kind.SERVICE,
        Kind.ESSENTIAL,
        Kind.COMMERCIAL,
        Kind.ESSENTIAL,
    ]


@pytest.mark.parametrize(
    ("scope", "stopped"),
    [(Scope.ALL, {Kind.SERVICE, Kind.COMMERCIAL}), (Scope.COMMERCIAL, {Kind.COMMERCIAL})],
)
def test_mail_that_may_not_go_is_kept_as_suppressed_and_wakes_nobody(
    scope: Scope,
    stopped: set[Kind],
    wakeups: list[tuple[str, list[int]]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    suppress(scope)
    with django_capture_on_commit_callbacks(execute=True):
        answers = {kind: ask(kind.name, kind=kind) for kind in Kind}

    for kind, answer in answers.items():
        assert isinstance(answer, outbox.Skipped) is (kind in stopped), kind
    for answer in answers.values():
        if isinstance(answer, outbox.Skipped):
            answer.message.refresh_from_db()
            row = answer.message
            assert (row.state, row.settled_at, row.error) == (State.SUPPRESSED, letters.AT, answer.sentence)
            assert answer.reason == Reason.HARD_BOUNCE
            assert "because mail to this address bounced for good (10 November 2026)." in answer.sentence
    assert len(wakeups) == 3 - len(stopped)


def test_a_code_reaches_an_address_that_nothing_else_goes_to() -> None:
    suppress(Scope.ALL)

    answer = ask(secret="WDJB-MJHT")

    assert isinstance(answer, Message)
    assert answer.state == State.QUEUED


def test_asked_for_again_the_first_row_says_how_it_stands() -> None:
    first = ask()
    assert isinstance(first, Message)
    suppress(Scope.ALL)

    again = ask()

    assert isinstance(again, outbox.Skipped)
    assert (again.message.pk, Message.objects.count()) == (first.pk, 1)

    for row in suppression.live("owner@example.com"):
        suppression.lift(suppression=row, why="The box works again.", by=None, at=letters.AT)
    once_more = ask()

    # Lifting sends nothing by itself: somebody queues it again.
    assert isinstance(once_more, Message)
    assert (once_more.pk, once_more.state) == (first.pk, State.SUPPRESSED)


def test_asking_costs_a_look_at_what_stops_it_and_a_code_does_not(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(4):
        ask()
    with django_assert_num_queries(3):
        ask("code", secret="WDJB-MJHT")


def test_mail_of_a_campaign_is_never_copied() -> None:
    with pytest.raises(outbox.NeverCopiedError):
        ask(kind=Kind.COMMERCIAL, bcc_audit=True)
    assert Message.objects.count() == 0


@pytest.mark.parametrize("broker", ["redis", "folder"])
def test_a_dead_broker_loses_no_mail(
    broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    message = letters.enqueue()
    blocked = tmp_path / "queue"
    blocked.write_text("A file stands where the broker's folder should be.")
    app = Celery(
        "test",
        broker={"redis": "redis://127.0.0.1:1/0", "folder": "filesystem://"}[broker],
        set_as_current=False,
    )
    if broker == "folder":
        folders = dict.fromkeys(("data_folder_in", "data_folder_out", "control_folder"), str(blocked))
        app.conf.broker_transport_options = folders
    monkeypatch.setattr(outbox, "current_app", app)

    started = time.monotonic()
    outbox.wake(message.pk)

    assert time.monotonic() - started < 5  # A second attempt would take six. Somebody's page waits for this.
    assert f"did not take the wake-up for mail {message.pk}" in caplog.text
    message.refresh_from_db()
    assert message.state == State.QUEUED


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"to_address": "owner"},
            "The recipient 'owner' is not one mail address; write it as name@example.com.",
        ),
        ({"to_address": "a@example.com, b@example.com"}, "is not one mail address"),
        ({"to_address": "a@example.com\r\nBcc: b@example.com"}, "The recipient holds the character U\\+000D"),
        ({"reply_to": "Nobody <x@example.com>"}, "The reply-to address 'Nobody <x@example.com>' is not one"),
        ({"to_name": "Olive\nOwner"}, "The recipient's name holds the character U\\+000A at place 6"),
        ({"from_name": "CEO\x00"}, "The sender's name holds the character U\\+0000 at place 4"),
        (
            {"subject": "Report\u2028Bcc: x@example.com"},
            "The subject holds the character U\\+2028 at place 7",
        ),
        ({"subject": "x" * 251}, "The subject has 251 characters; at most 250 fit"),
        ({"subject": "  "}, "The subject is empty"),
    ],
)
def test_what_no_mail_can_bear_is_refused_and_nothing_written(changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(outbox.UnsendableError, match=sentence):
        letters.enqueue(**changes)
    assert Message.objects.count() == 0


def test_markup_and_braces_in_names_are_kept_as_they_are() -> None:
    message = letters.enqueue(to_name="<b>{{ x }}</b> {% now %}", subject="<script>alert(1)</script>")

    message.refresh_from_db()
    assert (message.to_name, message.subject) == ("<b>{{ x }}</b> {% now %}", "<script>alert(1)</script>")


def test_an_unknown_composer_is_refused_at_once() -> None:
    with pytest.raises(outbox.UnknownComposerError, match="No composer is called 'nobody.knows'"):
        letters.enqueue(composer="nobody.knows")
    assert Message.objects.count() == 0


def test_mail_with_a_secret_is_never_copied() -> None:
    with pytest.raises(outbox.NeverCopiedError):
        letters.enqueue_code(bcc_audit=True)
    assert Message.objects.count() == 0


def test_a_secret_is_nowhere_in_the_table() -> None:
    message = letters.enqueue_code()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM mail_message WHERE id = %s", [message.pk])
        stored = cursor.fetchone()

    message.refresh_from_db()
    assert message.bears_secret
    assert message.sealed is not None
    assert not any(b"WDJB" in bytes(value) for value in stored if isinstance(value, bytes | memoryview))
    assert not any("WDJB" in str(value) for value in stored)
