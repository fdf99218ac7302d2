"""Programme 4, 5, 7 and 9: scanners consume nothing, one use is one session, no secret is kept, odd tokens end kindly."""

import io
import itertools
import json
import logging
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from celery import current_app
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core import serializers
from django.db import connection
from django.test import Client
from pytest_django import Settings

from config.logs import JsonFormatter
from core import clock
from crew.domain import link_secrets, links
from crew.domain.history import SYSTEM
from crew.models import Link, LinkEvent, LinkEventKind, LinkSecret, Role
from mail.domain import compose, delivery
from mail.models import Message
from tests.crew.links.conftest import Held, hold
from tests.factories.crew import EventFactory, EventGrantFactory
from tests.factories.people import PersonFactory


def head(client: Client, held: Held) -> None:
    client.head(held.url)
    client.head("/l/")


def double(client: Client, held: Held) -> None:
    client.get(held.url)
    client.get(held.url)


def odd_agents(client: Client, held: Held) -> None:
    for agent in (
        "",
        "Mozilla/4.0 (compatible; MSIE 7.0)",
        "BarracudaCentral",
        "\x00\x1b[31m" * 100,
        "é" * 900,
    ):
        client.get(held.url, HTTP_USER_AGENT=agent)


def follower(client: Client, held: Held) -> None:
    client.get(held.url, follow=True)
    Client().get("/l/")


def prefetch(client: Client, held: Held) -> None:
    for header in (
        {"HTTP_SEC_PURPOSE": "prefetch;prerender"},
        {"HTTP_PURPOSE": "prefetch"},
        {"HTTP_X_MOZ": "prefetch"},
    ):
        client.get(held.url, follow=True, **header)


def browser(client: Client, held: Held) -> None:
    """A headless browser: follows, fetches what the page names, by GET, and presses nothing."""
    page = client.get(held.url, follow=True).content.decode()
    addresses = [part.split('"')[0] for part in page.split('href="')[1:]]
    addresses += [part.split('"')[0] for part in page.split('action="')[1:]]
    for address in {one for one in addresses if one.startswith("/") and not one.startswith("/static/")}:
        client.get(address)


def methods(client: Client, held: Held) -> None:
    for method in ("OPTIONS", "PROPFIND", "PUT", "DELETE", "PATCH", "POST", "TRACE", "FOO"):
        client.generic(method, held.url)
    for method in ("OPTIONS", "PUT", "DELETE", "PATCH", "FOO"):
        client.generic(method, "/l/")


def wrapper(client: Client, held: Held) -> None:
    """A rewriter of mails: the address comes back with things on its end, or cut; some of them for each link."""
    token = held.secret.token
    parts = (
        token + ").",
        token + ">",
        token + ",",
        token + "%3E",
        token + "&data=05|02|x",
        token[:-5],
        token * 2,
        token.upper(),
    )
    for part in parts[held.link.pk % 3 :: 3]:
        client.get(f"/l/{part}/", follow=True)
        client.get(f"/l/{part}", follow=True)


SCANNERS = (
    double, odd_agents, browser,
    # What they send never reaches a query, or reaches the one that these three ask.
    *(pytest.param(one, marks=pytest.mark.once) for one in (head, follower, prefetch, methods, wrapper)),
)  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("scanner", SCANNERS)
def test_a_scanner_consumes_none_of_fifty_links_and_fifty_people_get_in_once(
    scanner: Callable[[Client, Held], None], pytestconfig: pytest.Config
) -> None:
    event = EventFactory()
    # The one that does the most meets all fifty; of the others four tell as much, unless everything is asked for.
    links = 50 if scanner is browser or pytestconfig.getoption("--full") else 4
    held = [hold(event=event, uses_allowed=1) for _ in range(links)]
    for one in held:
        # A scanner that keeps its session, which is the worst of them: it comes as near as can be without pressing.
        client = Client(enforce_csrf_checks=True)
        scanner(client, one)
        assert SESSION_KEY not in client.session
    assert list(Link.objects.values_list("uses", flat=True)) == [0] * links
    assert not LinkEvent.objects.filter(kind=LinkEventKind.USED).exists()
    entered = 0
    for one in held:
        client, late = Client(), Client()
        client.get(one.url)
        entered += client.post("/l/").headers["Location"] == one.event_url
        late.get(one.url)
        assert late.post("/l/").status_code == 410
    assert entered == links
    assert list(Link.objects.values_list("uses", flat=True)) == [1] * links


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("links_pressed", [1, pytest.param(50, marks=pytest.mark.full)])
def test_a_hundred_who_press_at_once_on_a_single_use_are_one_session(links_pressed: int) -> None:
    held = [hold(uses_allowed=1) for _ in range(links_pressed)]
    for one in held:
        clients = [Client() for _ in range(100)]
        for client in clients:
            client.get(one.url)
        answers: list[int] = []
        failures: list[str] = []
        start = threading.Barrier(10)

        def press(
            mine: list[Client],
            start: threading.Barrier = start,
            answers: list[int] = answers,
            failures: list[str] = failures,
        ) -> None:
            try:
                start.wait(timeout=30)
                answers.extend(client.post("/l/").status_code for client in mine)
            except Exception as error:  # noqa: BLE001 - a thread's failure is the test's
                failures.append(repr(error))
            finally:
                connection.close()

        threads = [threading.Thread(target=press, args=(clients[first::10],)) for first in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert sorted(answers) == [302] + [410] * 99
        assert sum(SESSION_KEY in client.session for client in clients) == 1
    assert Link.objects.filter(uses=1).count() == links_pressed
    assert LinkEvent.objects.filter(kind=LinkEventKind.USED).count() == links_pressed


TOKEN = "q7Zr0V3mB8sT5yXwKc2NfLhJdPgAeUoI1nRk4tEvYxQ"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "part",
    [
        TOKEN, TOKEN[:20], TOKEN * 2, TOKEN.upper(), TOKEN + "%00", "%00", "%00" + TOKEN, TOKEN + "/" + TOKEN, "A" * 10_000,
        "..%2F..%2Fetc", "%E2%9B%B5", "%ED%A0%80", "%FF%FE", "//evil.example", "https:%2F%2Fevil.example", "'%20OR%201=1--",
        "{{7*7}}", "%0d%0aSet-Cookie:x=1", "null", "-1",
    ],
)  # fmt: skip
def test_odd_tokens_get_a_page_that_says_what_to_do(part: str) -> None:
    for address in (f"/l/{part}/", f"/l/{part}/?next=//evil.example", f"/q/{part}/"):
        client = Client(raise_request_exception=True)
        response = client.get(address)
        assert response.status_code in {404, 410}
        assert "<h1>" in response.content.decode()
        assert SESSION_KEY not in client.session


@pytest.mark.django_db
@pytest.mark.parametrize(
    "around", ["{}).", "{}>", "{},", "<{}>", "{}.", "%22{}%22", "{}%20", "{}&data=05|02|x", "{}=", "{}%C2%BB"]
)
def test_what_a_sentence_or_a_scanner_put_around_a_token_is_left_out(around: str) -> None:
    held = hold()
    assert Client().get(f"/l/{around.format(held.secret.token)}/")["Location"] == "/l/"


@pytest.mark.django_db
def test_a_session_that_names_a_link_that_is_not_there_shows_no_link() -> None:
    held, other = hold(), hold()
    client = Client()
    client.get(held.url)
    for odd in ([0, 0], [held.link.pk, LinkSecret.objects.get(link=other.link).pk]):
        session = client.session
        session["link_pending"] = odd
        session.save()
        assert "No link is open here" in client.get("/l/").content.decode()


@pytest.mark.django_db
def test_a_scanner_that_looks_all_day_fills_sixty_lines_an_hour() -> None:
    held, client = hold(), Client()
    for _ in range(80):
        client.get(held.url)
    assert LinkEvent.objects.filter(kind=LinkEventKind.VIEWED).count() == 60


class TestSecretsAtRest:
    """Programme 7: what is kept of links gives none of them away."""

    @pytest.fixture
    def lines(self) -> Iterator[io.StringIO]:
        """Collect everything that any logger says, in the form it has on standard error."""
        out = io.StringIO()
        handler = logging.StreamHandler(out)
        handler.setFormatter(JsonFormatter())
        handler.setLevel(logging.DEBUG)
        loggers = [logging.getLogger(name) for name in ("", "django", "django.request")]
        levels = [logger.level for logger in loggers]
        loggers[0].addHandler(handler)
        for logger in loggers:
            logger.setLevel(logging.INFO)
        yield out
        loggers[0].removeHandler(handler)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("many", [30, pytest.param(1_000, marks=pytest.mark.full)])
    def test_no_token_and_no_code_stands_anywhere_but_in_the_mails(
        self,
        many: int,
        settings: Settings,
        tmp_path: Path,
        lines: io.StringIO,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        settings.EMAIL_BACKEND, settings.MAIL_TRANSPORT = "mail.transport.MailboxBackend", "mailbox"
        settings.MAILBOX_DIR = tmp_path
        sent: list[object] = []
        monkeypatch.setattr(current_app, "send_task", lambda *said, **more: sent.append((said, more)))
        event = EventFactory()
        roles = itertools.cycle((Role.GUEST, Role.CREW, Role.CAPTAIN))
        for _, role in zip(range(many), roles, strict=False):
            links.issue(
                grant=EventGrantFactory(event=event, person=PersonFactory(), role=role),
                by=SYSTEM,
                at=clock.now(),
            )
        while delivery.run(clock=clock.now):
            pass
        tokens, codes = [], []
        for letter in tmp_path.glob("*.eml"):
            mail = message_from_bytes(letter.read_bytes(), policy=policy.default)
            text = mail.get_body(preferencelist=("plain",))  # type: ignore[attr-defined]
            words = text.get_content().split()
            token = (
                next(word for word in words if "/l/" in word and not word.endswith("/code/"))
                .split("/l/")[1]
                .strip("/")
            )
            code = words[words.index("code:") + 1]
            tokens.append(token)
            codes.append(code)
            image = next(part for part in mail.walk() if part.get_content_type() == "image/png")
            assert image["Content-ID"] == "<link-qr>"
            assert mail["Bcc"] is None
        assert (len(set(tokens)), len(set(codes))) == (many, many)
        client = Client()
        for token, code in zip(tokens[:40], codes, strict=False):
            client.get(f"/l/{token}/")
            client.post("/l/")
            Client().get(f"/l/{token}x/")
            Client().get(f"/l/{token}).&x=1/nothing")
            Client().post("/l/code/", {"code": code}, REMOTE_ADDR=f"198.51.100.{len(code)}")
        minted = LinkSecret.objects.count()
        composed = [compose.compose(row) for row in Message.objects.filter(composer="crew.link")[:40]]
        assert LinkSecret.objects.count() == minted
        assert all("no copy is kept" in mail.text and "no copy is kept" in mail.html for mail in composed)
        sessions = [session.get_decoded() for session in Session.objects.all()]
        assert any("link_pending" in session for session in sessions)
        told = lines.getvalue()
        assert "/l/[secret]" in told
        kept = "\n".join(
            [
                *(serializers.serialize("json", model.objects.all()) for model in _models()),
                told,
                json.dumps(sent, default=str),
                repr(composed),
                repr(sessions),
            ]
        )
        bare = [code.replace("-", "") for code in codes]
        assert [secret for secret in (*tokens, *codes, *bare) if secret in kept] == []
        assert link_secrets.token_hash(tokens[0]) in kept


def _models():  # type: ignore[no-untyped-def]
    """Return the model of every table, sessions and the outbox too."""
    from django.apps import apps  # noqa: PLC0415

    return apps.get_models(include_auto_created=True)
