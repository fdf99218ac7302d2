"""Whatever the sample's people are offered opens: each link on each page that they can reach is followed."""

import collections
import datetime as dt
import re
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
import time_machine
from django.conf import settings
from django.db import transaction
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker

from crew.domain import sample, sample_charters
from crew.models import Person
from tests import databases

AT = dt.datetime(2026, 11, 21, 20, 0, tzinfo=dt.UTC)
OF_EACH_SHAPE = 2
LINK = re.compile(r'<a\b[^>]*\bhref="([^"#]+)')
# The pages of the other apps are followed in their own tests.
ELSEWHERE = re.compile(r"/(?:admin|static|reports|portfolio|mail|account)\b|[a-z]+:|//")

# The pages are walked for their links; what they ask of an engine is tested with each.
pytestmark = [pytest.mark.django_db, pytest.mark.once_postgresql]


@pytest.fixture(scope="module")
def sailing(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Load the sample once for this module, seen on the day of loading."""
    with (
        override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")),
        django_db_blocker.unblock(),
        databases.with_the_sample(),
        transaction.atomic(),
        time_machine.travel(AT, tick=False),
    ):
        sample.load(at=AT)
        sample_charters.load(folder=settings.BASE_DIR / "demo", at=AT)
        yield
        transaction.set_rollback(True)


def shape(address: str) -> str:
    """Return what an address is of: keys, months and numbers left out."""
    path = re.sub(r"/events/[a-z0-9]{8}/", "/events/KEY/", address.split("?", maxsplit=1)[0])
    return re.sub(r"/[0-9-]+/", "/N/", path)


def walk(client: Client) -> dict[str, int]:
    """Follow links from the first page, a few of each shape, and return how each address answered."""
    answers: dict[str, int] = {}
    seen: collections.Counter[str] = collections.Counter()
    todo = collections.deque(["/"])
    while todo:
        address = todo.popleft()
        if address in answers or seen[shape(address)] >= OF_EACH_SHAPE:
            continue
        seen[shape(address)] += 1
        answer = client.get(address)
        answers[address] = answer.status_code
        if answer.status_code == 302:
            todo.append(urljoin(address, answer.headers["Location"]))
        elif not answer.streaming and answer.headers.get("Content-Type", "").startswith("text/html"):
            todo.extend(
                urljoin(address, found.replace("&amp;", "&"))
                for found in LINK.findall(answer.content.decode())
                if not ELSEWHERE.match(found)
            )
    return answers


@pytest.mark.parametrize(
    ("email", "least"),
    [
        ("owner@example.com", 30),
        ("books@example.com", 15),
        ("skipper@example.com", 15),
        ("captain@example.com", 20),
        ("mate@example.com", 15),
        ("deckhand@example.com", 15),
        ("deckhand2@example.com", 15),
        ("host@example.com", 15),
        ("guest@example.com", 2),
        ("guest2@example.com", 2),
        ("charterer@example.com", 5),
    ],
)
def test_every_link_on_every_page_opens(sailing: None, client: Client, email: str, least: int) -> None:
    client.force_login(
        Person.objects.get(email=email), backend="allauth.account.auth_backends.AuthenticationBackend"
    )

    answers = walk(client)

    assert {address: status for address, status in answers.items() if status not in {200, 302}} == {}
    assert len(answers) >= least, sorted(answers)
