"""Fixtures of sign-in: a mailbox folder of its own, and a worker that is told to look into the outbox."""

import re
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from celery import current_app
from django.core.cache import cache
from pytest_django import Settings

from core import clock
from mail.domain import delivery

CODE = re.compile(r"\b[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}\b")


@pytest.fixture
def mailbox(settings: Settings, tmp_path: Path) -> Path:
    """Deliver into a fresh folder, as a laptop does. (Django's test runner puts its own backend in place.)"""
    settings.EMAIL_BACKEND = "mail.transport.MailboxBackend"
    settings.MAIL_TRANSPORT = "mailbox"
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    return settings.MAILBOX_DIR


@pytest.fixture
def letters(mailbox: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[EmailMessage]]:
    """Return a function that delivers what is due and returns every letter in the mailbox, oldest first."""
    monkeypatch.setattr(current_app, "send_task", lambda *_, **__: None)

    def deliver() -> list[EmailMessage]:
        delivery.run(clock=clock.now)
        files = sorted(mailbox.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]  # type: ignore[misc]

    return deliver


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    """Count attempts anew in each test: they are kept in the cache."""
    cache.clear()
    yield
    cache.clear()


def code_in(letter: EmailMessage) -> str:
    """Return the code a letter bears in its plain text."""
    text = letter.get_body(preferencelist=("plain",))
    assert text is not None
    found = CODE.search(text.get_content())
    assert found is not None
    return found[0]
