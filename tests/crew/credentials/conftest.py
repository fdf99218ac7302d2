"""Browsers, a folder for files that goes with the test, and files good and bad."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image
from pytest_django import Settings

from core import clock
from crew import sessions
from crew.models import EventGrant, Person
from tests.factories.crew import NOW


@pytest.fixture(autouse=True)
def _monday(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    settings.MEDIA_ROOT = tmp_path


def browser(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def by_link(grant: EventGrant) -> Client:
    """Return a browser whose session a link to this grant opened."""
    client = Client()
    client.force_login(grant.person, backend=sessions.BACKEND)
    session = client.session
    session[sessions.ACTIVE] = grant.pk
    session[sessions.OPENED] = session[sessions.PROVED] = [grant.pk]
    session.save()
    return client


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 30), **saved: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "navy").save(out, kind, **saved)
    return out.getvalue()


def stored(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


@pytest.fixture
def files(tmp_path: Path) -> Callable[[], list[Path]]:
    return lambda: stored(tmp_path)


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
