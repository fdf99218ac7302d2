"""Fixtures of mail: a mailbox folder of its own, SES at the end of a real wire, and what the broker was told."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from celery import current_app
from moto.core import DEFAULT_ACCOUNT_ID
from moto.server import ThreadedMotoServer
from moto.ses.models import ses_backends
from pytest_django import Settings

from core import clock
from mail import certificates
from mail.domain import pacing
from mail.models import Pace
from tests.mail import letters, signing
from tests.mail.endpoint import endpoint  # noqa: F401 - a fixture

SENDER = "quarterdeck@example.com"


@pytest.fixture
def mailbox(settings: Settings, tmp_path: Path) -> Path:
    """Deliver into a fresh folder, as a laptop does. (Django's test runner puts its own backend in place.)"""
    settings.EMAIL_BACKEND = "mail.transport.MailboxBackend"
    settings.MAIL_TRANSPORT = "mailbox"
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    return settings.MAILBOX_DIR


@pytest.fixture
def wakeups(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int]]]:
    """Collect what the broker is told, as (task, arguments)."""
    told: list[tuple[str, list[int]]] = []

    def send_task(name: str, args: list[int], **_: object) -> None:
        told.append((name, args))

    monkeypatch.setattr(current_app, "send_task", send_task)
    return told


@pytest.fixture(scope="session")
def moto_address() -> Iterator[str]:
    """Run moto's server on a free port for the session; return its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def nobody_has_asked_ses() -> None:
    """Forget that another test could not ask SES for its pace."""
    pacing.forget_failures()


@pytest.fixture
def ses(settings: Settings, moto_address: str, db: None) -> Iterator[list]:
    """Deliver through the SES backend to moto's server with the sender verified; return what moto has received."""
    use_ses(settings, moto_address)
    backend = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    backend.reset()
    client = boto3.client("ses", region_name="us-east-1", endpoint_url=moto_address)
    client.verify_email_identity(EmailAddress=SENDER)
    # moto does not say what an account may send.
    Pace.objects.create(transport="ses", rate=1000, read_at=clock.now())
    yield ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
    backend.reset()


def use_ses(settings: Settings, address: str) -> None:
    """Point the production backend at an address, with the production settings otherwise."""
    settings.EMAIL_BACKEND = "mail.ses.SesBackend"
    settings.MAIL_TRANSPORT = "ses"
    settings.AWS_SES_REGION_ENDPOINT_URL = address


class FakeSes:
    """An HTTP server that speaks SES's API v2: it answers as it is told and remembers what was asked of it.

    ``address`` is its own, ``peers`` are the connections it was asked over, ``rate`` the messages a second it says it allows; None: it does not say.
    """

    def __init__(self) -> None:
        """Start on a free port of loopback."""
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.peers: set[tuple[str, int]] = set()
        self.arrived = threading.Event()
        self.answer: Callable[[], tuple[int, str, dict[str, str]] | None] = lambda: None
        self.release = threading.Event()
        self.rate: float | None = 10_000
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if outer.rate is None or self.path != "/v2/email/account":
                    self.say(403, "{}", {"x-amzn-ErrorType": "AccessDeniedException"})
                    return
                quota = {"MaxSendRate": outer.rate, "Max24HourSend": 50_000, "SentLast24Hours": 12}
                self.say(200, json.dumps({"SendQuota": quota, "ProductionAccessEnabled": True}), {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.headers.append(dict(self.headers.items()))
                outer.requests.append(json.loads(body))
                outer.peers.add(self.client_address)
                outer.arrived.set()
                answer = outer.answer()
                if answer is None:
                    outer.release.wait(30)
                    self.close_connection = True
                    return
                self.say(*answer)

            def say(self, status: int, text: str, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def reached(self) -> list[str]:
        """Return to whom it was asked to send, in order."""
        return [request["Destination"]["ToAddresses"][0] for request in self.requests]

    def says(self, status: int, text: str, **headers: str) -> None:
        """Answer every request with this from now on."""
        self.answer = lambda: (status, text, headers)

    def refuses(self, status: int, code: str, sentence: str) -> None:
        """Answer as SES does when it does not say yes."""
        self.answer = lambda: (
            status,
            json.dumps({"message": sentence}),
            {"x-amzn-ErrorType": f"{code}:http://internal.amazon.com/coral/", "x-amzn-RequestId": "r-1"},
        )

    def accepts(self, message_id: str) -> None:
        """Answer yes, with this message id."""
        self.answer = lambda: (200, json.dumps({"MessageId": message_id}), {"x-amzn-RequestId": "r-1"})

    def close(self) -> None:
        """Let hanging requests go and stop."""
        self.release.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def fake_ses(settings: Settings) -> Iterator[FakeSes]:
    """Deliver through the SES backend to a server that answers as the test says, silence by default."""
    server = FakeSes()
    use_ses(settings, server.address)
    yield server
    server.close()


@pytest.fixture
def sns_home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[signing.SnsServer]:
    """Be SNS for our topic at the endpoint of tests, at an hour that `letters` names."""
    server = signing.SnsServer()
    settings.SNS_TOPIC_ARNS = frozenset({signing.TOPIC})
    settings.AWS_SES_REGION_ENDPOINT_URL = server.address
    monkeypatch.setattr(clock, "now", lambda: letters.AT)
    certificates.forget()
    yield server
    server.close()
    certificates.forget()
