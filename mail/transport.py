"""The transport: the only code of mail that touches the network or the mailbox folder.

`hand_over` gives one Django message to the configured backend, ``django_ses.SESBackend`` in production and
`MailboxBackend` on a laptop, and says what came of it in four words that `mail.domain.delivery` acts on. The rule
behind the table: only an answer that rules acceptance out may lead to a second try; silence is doubt.
"""

import datetime as dt
import enum
import os
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
)
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from core import clock

# SES refuses these for now, through no fault of the message: pace, credentials, a paused account.
PASSING_CODES = frozenset({
    "AccessDenied", "AccessDeniedException", "AccountSendingPausedException", "ConfigurationSetSendingPausedException",
    "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "LimitExceededException", "RequestExpired",
    "RequestLimitExceeded", "ServiceUnavailable", "SignatureDoesNotMatch", "Throttling", "ThrottlingException",
    "TooManyRequestsException", "UnrecognizedClientException",
})  # fmt: skip

# Nothing has left the machine when one of these is raised.
BEFORE_SENDING = (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProxyConnectionError,
)


class Outcome(enum.Enum):
    """What came of handing a message over."""

    ACCEPTED = "accepted"
    LATER = "later"  # Refused or unreachable for now, acceptance ruled out: try again.
    REFUSED = "refused"  # Refused for good: the message or the set-up must change.
    UNKNOWN = "unknown"  # Nobody can tell whether it was accepted: in doubt.


@dataclass(frozen=True)
class Receipt:
    """The transport's answer. ``at`` is when it was known; ``reason`` is a sentence unless accepted."""

    outcome: Outcome
    at: dt.datetime
    reason: str = ""
    provider_message_id: str = ""
    eml_name: str = ""


def wire_bytes(email: EmailMessage) -> bytes:
    """Return the bytes of a message as they travel, lines ending in CR LF."""
    whole: bytes = email.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own keyword
    return whole


def connect() -> BaseEmailBackend:
    """Return the configured backend, not yet open; keep it for a whole batch, as opening it is dear."""
    return get_connection()


def hand_over(email: EmailMessage, *, over: BaseEmailBackend) -> Receipt:
    """Give a message to a backend, which is opened if need be, and return what came of it. Raises nothing."""
    try:
        over.open()
    except (BotoCoreError, OSError) as error:
        return Receipt(Outcome.LATER, clock.now(), f"The transport cannot be opened: {_told(error)}")
    _tag(email)
    try:
        taken = over.send_messages([email])
    except BEFORE_SENDING as error:
        return Receipt(Outcome.LATER, clock.now(), f"The transport could not be reached: {_told(error)}")
    except ParamValidationError as error:
        return Receipt(
            Outcome.REFUSED, clock.now(), f"The transport does not take this message: {_told(error)}"
        )
    except ClientError as error:
        return _answered(error)
    except MailboxError as error:
        return Receipt(Outcome.LATER, clock.now(), str(error))
    except Exception as error:  # noqa: BLE001 - whatever it was, it was after hand-over began: doubt, and say so
        return Receipt(Outcome.UNKNOWN, clock.now(), f"The answer of the transport was lost: {_told(error)}")
    if not taken:
        return Receipt(
            Outcome.REFUSED, clock.now(), "The transport took no message; its own filters dropped it."
        )
    return Receipt(
        Outcome.ACCEPTED,
        clock.now(),
        provider_message_id=str(email.extra_headers.get("message_id", "")),
        eml_name=getattr(email, "eml_name", ""),
    )


def _tag(email: EmailMessage) -> None:
    """Let SES name the row in its events. SES removes the header; without a configuration set it ignores it."""
    if settings.MAIL_TRANSPORT == "ses":
        email.extra_headers["X-SES-MESSAGE-TAGS"] = (
            f"quarterdeck={email.extra_headers['X-Quarterdeck-Message']}"
        )


def _answered(error: ClientError) -> Receipt:
    """Read an answer of SES that is not a yes."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    sentence = str(error.response.get("Error", {}).get("Message", "")) or "no reason given"
    reason = f"SES answered {status} {code}: {sentence}"
    if code in PASSING_CODES or status == 429:
        return Receipt(Outcome.LATER, clock.now(), reason)
    if 400 <= status < 500:
        return Receipt(Outcome.REFUSED, clock.now(), reason)
    return Receipt(Outcome.UNKNOWN, clock.now(), reason)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


class MailboxError(OSError):
    """The mailbox folder does not take a file."""


class MailboxBackend(BaseEmailBackend):
    """A Django mail backend that writes each message to ``MAILBOX_DIR`` as one ``.eml`` file and sends nothing.

    The file is named by the outbox row, so writing the same row twice leaves one file; it appears whole or not at
    all, and only its owner may read it, for it may bear a sign-in code.
    """

    def __init__(self, *, fail_silently: bool = False, **_: Any) -> None:
        """Take what Django passes to every backend."""
        super().__init__(fail_silently=fail_silently)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the messages; return how many.

        Raises:
            MailboxError: the folder cannot be made or written.
        """
        for email in email_messages:
            name = f"{_row_id(email)}.eml"
            _write(settings.MAILBOX_DIR, name, wire_bytes(email))
            email.eml_name = name  # type: ignore[attr-defined]
        return len(email_messages)


def read_eml(name: str) -> bytes | None:
    """Return the bytes of a file in the mailbox, or None where there is none (it was sent by SES, or tidied away)."""
    if not name or Path(name).name != name:
        return None
    try:
        return (Path(settings.MAILBOX_DIR) / name).read_bytes()
    except FileNotFoundError:
        return None


def _row_id(email: EmailMessage) -> uuid.UUID:
    """Return the row's public id; mail that did not come from the outbox gets an id of its own."""
    try:
        return uuid.UUID(str(email.extra_headers.get("X-Quarterdeck-Message", "")))
    except ValueError:
        return uuid.uuid4()


def _write(folder: Path, name: str, content: bytes) -> None:
    """Write a file such that a reader, or a crash, sees all of it or nothing."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, scratch = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(scratch).replace(folder / name)
        except OSError:
            Path(scratch).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise MailboxError(
            f"The mailbox folder {folder} does not take files ({error.strerror}). Make it writable, or set DATA_DIR."
        ) from error
