"""The transport: what each kind of answer, silence and broken folder is taken for."""

import os
import socket
import stat
from email import message_from_bytes
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.mail import EmailMessage, get_connection, send_mail
from django.core.mail.backends.base import BaseEmailBackend
from pytest_django import Settings

from mail import transport
from mail.domain import compose
from mail.models import Message
from mail.transport import Outcome, Receipt, Way
from tests.mail import letters
from tests.mail.conftest import FakeSes, use_ses

pytestmark = pytest.mark.once


def letter() -> tuple[Message, EmailMessage]:
    message = Message(
        composer=letters.LETTER,
        to_address="owner@example.com",
        subject="Edition 7",
        bcc_audit=True,
        payload={"edition": 7},
    )
    return message, compose.build(message, compose.compose(message))


def hand_over(email: EmailMessage | None = None, over: BaseEmailBackend | None = None) -> Receipt:
    way = transport.connect() if over is None else Way("other", over)
    return transport.hand_over(email or letter()[1], over=way)


# SES, over a real wire


def test_a_yes_brings_the_message_id(fake_ses: FakeSes) -> None:
    fake_ses.accepts("0100019a-abc")

    receipt = hand_over()
    assert (receipt.outcome, receipt.provider_message_id, receipt.reason) == (
        Outcome.ACCEPTED,
        "0100019a-abc",
        "",
    )


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (429, "TooManyRequestsException", Outcome.THROTTLED),
        (400, "Throttling", Outcome.THROTTLED),
        (429, "SomethingNew", Outcome.THROTTLED),
        (400, "LimitExceededException", Outcome.USED_UP),
        (403, "SignatureDoesNotMatch", Outcome.LATER),
        (403, "InvalidSignatureException", Outcome.LATER),
        (403, "UnrecognizedClientException", Outcome.LATER),
        (403, "ExpiredTokenException", Outcome.LATER),
        (400, "SendingPausedException", Outcome.LATER),
        (400, "AccountSuspendedException", Outcome.LATER),
        (407, "ProxyAuthenticationRequired", Outcome.LATER),
        (400, "MessageRejected", Outcome.REFUSED),
        (400, "MailFromDomainNotVerifiedException", Outcome.REFUSED),
        (400, "BadRequestException", Outcome.REFUSED),
        (404, "NotFoundException", Outcome.REFUSED),
        (500, "InternalFailure", Outcome.UNKNOWN),
        (502, "BadGateway", Outcome.UNKNOWN),
        (503, "ServiceUnavailable", Outcome.UNKNOWN),
        (504, "GatewayTimeout", Outcome.UNKNOWN),
        (302, "Found", Outcome.UNKNOWN),
    ],
)
def test_each_refusal_is_taken_for_what_it_rules_out(
    fake_ses: FakeSes, status: int, code: str, outcome: Outcome
) -> None:
    fake_ses.refuses(status, code, "A sentence.")

    receipt = hand_over()
    assert (receipt.outcome, receipt.reason) == (outcome, f"SES answered {status} {code}: A sentence.")
    assert len(fake_ses.requests) == 1


def test_a_used_up_day_is_told_from_a_moment_too_fast(fake_ses: FakeSes) -> None:
    fake_ses.refuses(429, "TooManyRequestsException", "Daily message quota exceeded.")

    assert hand_over().outcome is Outcome.USED_UP


def test_an_error_named_in_the_body_is_read_too(fake_ses: FakeSes) -> None:
    fake_ses.says(400, '{"__type": "com.amazonaws.ses#MessageRejected", "Message": "No."}')

    assert hand_over().reason == "SES answered 400 MessageRejected: No."


def test_a_gateway_that_answers_in_html_leaves_doubt(fake_ses: FakeSes) -> None:
    fake_ses.says(503, "<html><body>Bad day</body></html>")

    assert hand_over().outcome is Outcome.UNKNOWN


def test_a_yes_that_cannot_be_read_leaves_doubt(fake_ses: FakeSes) -> None:
    fake_ses.says(200, "not JSON")

    receipt = hand_over()
    assert receipt.outcome is Outcome.UNKNOWN
    assert receipt.reason.startswith("The answer of the transport was lost: ")


def test_silence_after_the_request_leaves_doubt_and_is_not_repeated(
    fake_ses: FakeSes, settings: Settings
) -> None:
    settings.EMAIL_TIMEOUT = 0.3

    receipt = hand_over()
    assert receipt.outcome is Outcome.UNKNOWN
    assert "ReadTimeoutError" in receipt.reason
    assert len(fake_ses.requests) == 1


def test_a_port_nobody_listens_on_means_later(settings: Settings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        use_ses(settings, f"http://127.0.0.1:{free.getsockname()[1]}")
    receipt = hand_over()

    assert receipt.outcome is Outcome.LATER
    assert receipt.reason.startswith("The transport could not be reached: EndpointConnectionError")


def test_missing_credentials_mean_later(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    use_ses(settings, "http://127.0.0.1:1")

    receipt = hand_over()
    assert (receipt.outcome, "NoCredentialsError" in receipt.reason) == (Outcome.LATER, True)


def test_an_unknown_profile_means_later(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.AWS_SESSION_PROFILE = "nobody"
    use_ses(settings, "http://127.0.0.1:1")

    receipt = hand_over()
    assert (receipt.outcome, receipt.reason) == (
        Outcome.LATER,
        "The transport cannot be opened: ProfileNotFound: The config profile (nobody) could not be found",
    )


# The mailbox folder


def test_the_mailbox_holds_one_private_file_named_by_the_row(mailbox: Path) -> None:
    message, email = letter()

    receipt = hand_over(email)
    (file,) = mailbox.iterdir()
    assert (receipt.outcome, receipt.eml_name, file.name) == (
        Outcome.ACCEPTED,
        f"{message.public_id}.eml",
        f"{message.public_id}.eml",
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert message_from_bytes(file.read_bytes())["X-Quarterdeck-Message"] == str(message.public_id)


def test_writing_a_row_twice_leaves_one_file(mailbox: Path) -> None:
    message, email = letter()
    hand_over(email)
    hand_over(compose.build(message, compose.compose(message)))

    assert len(list(mailbox.iterdir())) == 1


@pytest.mark.parametrize("header", ["../../etc/passwd", "/etc/passwd", "a/b", "", "x" * 300, "..\\x"])
def test_a_header_never_chooses_the_path(mailbox: Path, header: str) -> None:
    email = EmailMessage("Hello", "Body", to=["owner@example.com"], headers={"X-Quarterdeck-Message": header})

    hand_over(email)
    (file,) = mailbox.iterdir()
    assert file.suffix == ".eml"
    assert file.parent == mailbox


@pytest.mark.django_db
def test_mail_of_django_itself_lands_there_too(mailbox: Path) -> None:
    assert send_mail("Hello", "Body", None, ["owner@example.com"]) == 1
    assert len(list(mailbox.iterdir())) == 1


def test_a_folder_that_takes_no_files_means_later_and_leaves_nothing(mailbox: Path) -> None:
    mailbox.write_text("A file stands where the folder should be.")

    receipt = hand_over()
    assert receipt.outcome is Outcome.LATER
    assert receipt.reason.startswith(f"The mailbox folder {mailbox} does not take files (")
    assert mailbox.read_text() == "A file stands where the folder should be."


def test_a_full_disk_leaves_no_half_a_file(mailbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    receipt = hand_over()
    assert (receipt.outcome, "No space left on device" in receipt.reason) == (Outcome.LATER, True)
    assert list(mailbox.iterdir()) == []


def test_the_backend_takes_what_django_passes(mailbox: Path) -> None:
    backend = get_connection(fail_silently=True, username="x", password="y")

    assert backend.send_messages([letter()[1]]) == 1


@pytest.mark.parametrize("name", ["", "../secret", "/etc/passwd", "a/../b.eml", f"{uuid4()}.eml"])
def test_reading_finds_nothing_outside_or_unknown(mailbox: Path, name: str) -> None:
    mailbox.mkdir()
    (mailbox.parent / "secret").write_text("secret")

    assert transport.read_eml(name) is None


# Backends that do as they please


class Dropping(BaseEmailBackend):
    """Takes nothing and says so, as django-ses does with addresses it has blacklisted."""

    def send_messages(self, email_messages: object) -> int:
        return 0


class Falling(BaseEmailBackend):
    """Falls over after it may have sent."""

    def send_messages(self, email_messages: object) -> int:
        raise ConnectionResetError("Connection reset by peer")


def test_a_backend_that_took_nothing_refused() -> None:
    assert hand_over(over=Dropping()).outcome is Outcome.REFUSED


def test_a_backend_that_fell_over_leaves_doubt() -> None:
    receipt = hand_over(over=Falling())

    assert (receipt.outcome, receipt.reason) == (
        Outcome.UNKNOWN,
        "The answer of the transport was lost: ConnectionResetError: Connection reset by peer",
    )


class Shut(BaseEmailBackend):
    """Cannot be opened, for a reason nobody thought of."""

    def open(self) -> bool:
        raise LookupError("no such region")


def test_a_backend_that_cannot_be_opened_for_whatever_reason_is_tried_again_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    receipt = hand_over(over=Shut())

    assert (receipt.outcome, receipt.reason) == (
        Outcome.LATER,
        "The transport cannot be opened: LookupError: no such region",
    )
    assert "cannot be opened" in caplog.text
