"""Fixtures of mail: a mailbox folder of its own, SES at the end of a real wire, and what the broker was told."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import boto3
import pytest
from celery import current_app
from moto.core import DEFAULT_ACCOUNT_ID
from moto.server import ThreadedMotoServer
from moto.ses.models import ses_backends
from pytest_django import Settings

from core import clock
from mail import certificates
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


@pytest.fixture
def ses(settings: Settings, moto_address: str) -> Iterator[list]:
    """Deliver through django-ses to moto's server with the sender verified; return what moto has received."""
    use_ses(settings, moto_address)
    backend = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    backend.reset()
    client = boto3.client("ses", region_name="us-east-1", endpoint_url=moto_address)
    client.verify_email_identity(EmailAddress=SENDER)
    yield ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
    backend.reset()


def use_ses(settings: Settings, address: str) -> None:
    """Point the production backend at an address, with the production settings otherwise."""
    settings.EMAIL_BACKEND = "django_ses.SESBackend"
    settings.MAIL_TRANSPORT = "ses"
    settings.AWS_SES_REGION_ENDPOINT_URL = address


class FakeSes:
    """An HTTP server that answers as it is told and remembers each request. ``address`` is its own."""

    def __init__(self) -> None:
        """Start on a free port of loopback."""
        self.requests: list[dict[str, list[str]]] = []
        self.arrived = threading.Event()
        self.answer: Callable[[], tuple[int, str] | None] = lambda: None
        self.release = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.requests.append(parse_qs(body))
                outer.arrived.set()
                answer = outer.answer()
                if answer is None:
                    outer.release.wait(30)
                    return
                status, text = answer
                self.send_response(status)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def says(self, status: int, text: str) -> None:
        """Answer every request with this from now on."""
        self.answer = lambda: (status, text)

    def refuses(self, status: int, code: str, sentence: str) -> None:
        """Answer as SES does when it does not say yes."""
        self.says(
            status,
            '<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><Error><Type>Sender</Type>'
            f"<Code>{code}</Code><Message>{sentence}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>",
        )

    def accepts(self, message_id: str) -> None:
        """Answer yes, with this message id."""
        self.says(
            200,
            '<SendRawEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><SendRawEmailResult>'
            f"<MessageId>{message_id}</MessageId></SendRawEmailResult>"
            "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></SendRawEmailResponse>",
        )

    def close(self) -> None:
        """Let hanging requests go and stop."""
        self.release.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def fake_ses(settings: Settings) -> Iterator[FakeSes]:
    """Deliver through django-ses to a server that answers as the test says, silence by default."""
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
