"""The transports: the only code of mail that touches the network or the mailbox folder.

`hand_over` gives one Django message to one of them, SES in production and the mailbox folder on a laptop, and says what
came of it in the few words that `mail.domain.delivery` acts on. The rule behind the table: only an answer that rules
acceptance out may lead to a second try, there or elsewhere; silence is doubt.
"""

import datetime as dt
import enum
import logging
import os
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

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

logger = logging.getLogger(__name__)

# SES refuses these through no fault of the message: credentials, a clock that is wrong, a paused or suspended account.
DOWN_CODES = frozenset({
    "AccessDenied", "AccessDeniedException", "AccountSendingPausedException", "AccountSuspendedException",
    "ConfigurationSetSendingPausedException", "ExpiredToken", "ExpiredTokenException", "IncompleteSignatureException",
    "InvalidClientTokenId", "InvalidSignatureException", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "NotAuthorized", "OptInRequired", "RequestExpired", "SendingPausedException",
    "SignatureDoesNotMatch", "UnrecognizedClientException",
})  # fmt: skip
THROTTLED_CODES = frozenset({
    "RequestLimitExceeded", "RequestThrottled", "Throttling", "ThrottlingException", "TooManyRequestsException",
})  # fmt: skip
# Answers of a proxy on the way: it wants to know who we are, or did not get the whole request.
_STOPPED_ON_THE_WAY = (407, 408)

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
    LATER = "later"  # The transport is down or turned it away for now, acceptance ruled out: try again, or elsewhere.
    THROTTLED = "throttled"  # We were too fast: slow down and try again at once.
    USED_UP = "used up"  # The day's quota is used up: this transport takes no more mail for a while.
    REFUSED = "refused"  # Refused for good: the message or the set-up must change.
    UNKNOWN = "unknown"  # Nobody can tell whether it was accepted: in doubt.


@dataclass(frozen=True)
class Receipt:
    """The answer of ``transport``, by its name. ``at`` is when it was known; ``reason`` is a sentence unless accepted."""

    outcome: Outcome
    at: dt.datetime
    reason: str = ""
    provider_message_id: str = ""
    eml_name: str = ""
    transport: str = ""


@dataclass(frozen=True)
class Way:
    """One transport: its name as rows bear it (``ses``, ``smtp``, ``ses:us-east-1``, ``mailbox``), and its backend."""

    name: str
    backend: BaseEmailBackend


@dataclass(frozen=True)
class Account:
    """What SES says of our account; all None, and ``why``, where it could not be asked. ``daily`` is -1 without limit."""

    rate: float | None = None
    daily: float | None = None
    used: float | None = None
    production: bool | None = None
    sending: bool | None = None
    why: str = ""


@dataclass(frozen=True)
class Identity:
    """What SES says of the address we send from, or of its domain; both None, and ``why``, where it could not be asked."""

    name: str
    verified: bool | None = None
    dkim: bool | None = None
    why: str = ""
    # A domain of our own for bounces, where one is set, and whether SES found its records.
    mail_from: str = ""
    mail_from_found: bool | None = None


class TurnedDownError(Exception):
    """A transport's answer that rules acceptance out; ``passing`` where the same may be taken later."""

    def __init__(self, reason: str, *, passing: bool) -> None:
        """Take the sentence, and whether it may pass."""
        super().__init__(reason)
        self.passing = passing


def wire_bytes(email: EmailMessage) -> bytes:
    """Return the bytes of a message as they travel, lines ending in CR LF."""
    whole: bytes = email.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own keyword
    return whole


def connect() -> Way:
    """Return the house's own transport, not yet open; keep it for many messages, as opening it is dear."""
    return Way(settings.MAIL_TRANSPORT, get_connection())


def fallback() -> Way | None:
    """Return the second way out, None where there is none. The mailbox of a laptop never has one: it sends nothing."""
    if settings.MAIL_TRANSPORT != "ses" or not settings.MAIL_FALLBACK_URL:
        return None
    url = urlsplit(settings.MAIL_FALLBACK_URL)
    if url.scheme == "ses":
        region = url.hostname or ""
        return Way(f"ses:{region}", get_connection("mail.ses.SesBackend", region=region))
    backend = get_connection(
        "mail.smtp.SmtpBackend",
        host=url.hostname or "",
        port=url.port,
        username=unquote(url.username or ""),
        password=unquote(url.password or ""),
        tls=url.scheme == "smtps",
    )
    return Way("smtp", backend)


def hand_over(email: EmailMessage, *, over: Way) -> Receipt:
    """Give a message to a transport, which is opened if need be, and return what came of it. Raises nothing."""

    def receipt(outcome: Outcome, reason: str = "", **more: str) -> Receipt:
        return Receipt(outcome, clock.now(), _storable(reason), transport=over.name, **more)

    try:
        over.backend.open()
    except Exception as error:
        # Whatever it was, it was before hand-over began; the caller waits for an answer, not for an exception.
        logger.exception("The transport %s cannot be opened.", over.name)
        return receipt(Outcome.LATER, f"The transport cannot be opened: {_told(error)}")
    try:
        taken = over.backend.send_messages([email])
    except BEFORE_SENDING as error:
        return receipt(Outcome.LATER, f"The transport could not be reached: {_told(error)}")
    except ParamValidationError as error:
        return receipt(Outcome.REFUSED, f"The transport does not take this message: {_told(error)}")
    except ClientError as error:
        return receipt(*_answered(error))
    except TurnedDownError as error:
        return receipt(Outcome.LATER if error.passing else Outcome.REFUSED, str(error))
    except MailboxError as error:
        return receipt(Outcome.LATER, str(error))
    except Exception as error:  # noqa: BLE001 - whatever it was, it was after hand-over began: doubt, and say so
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return receipt(Outcome.LATER, f"The transport could not prove who it is: {_told(error)}")
        return receipt(Outcome.UNKNOWN, f"The answer of the transport was lost: {_told(error)}")
    if not taken:
        return receipt(Outcome.REFUSED, "The transport took no message; its own filters dropped it.")
    return receipt(
        Outcome.ACCEPTED,
        provider_message_id=str(email.extra_headers.get("message_id", "")),
        eml_name=getattr(email, "eml_name", ""),
    )


def account(*, over: Way | None = None) -> Account:
    """Ask SES for quota and pace of our account. Raises nothing."""
    way = over or connect()
    asked = getattr(way.backend, "account", None)
    if asked is None:
        return Account(why=f"The transport {way.name} has no quota of its own.")
    try:
        told = asked()
    except (BotoCoreError, ClientError, OSError) as error:
        return Account(why=f"SES did not say what our account may send: {_told(error)}")
    quota = told.get("SendQuota", {})
    return Account(
        rate=quota.get("MaxSendRate"),
        daily=quota.get("Max24HourSend"),
        used=quota.get("SentLast24Hours"),
        production=told.get("ProductionAccessEnabled"),
        sending=told.get("SendingEnabled"),
        why="" if quota.get("MaxSendRate") else "SES did not say how many a second our account may send.",
    )


def identity() -> Identity:
    """Ask SES whether the address we send from is verified and signed: the address itself, else its domain."""
    address = parseaddr(settings.SES_FROM_ADDRESS)[1]
    domain = address.rpartition("@")[2]
    asked = getattr(connect().backend, "identity", None)
    if asked is None:
        return Identity(address, why=f"The transport {settings.MAIL_TRANSPORT} knows no identities.")
    for name in (address, domain):
        try:
            told = asked(name)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in {"NotFoundException", "NotFound"}:
                continue
            return Identity(name, why=f"SES did not say whether {name} is verified: {_told(error)}")
        except (BotoCoreError, OSError) as error:
            return Identity(name, why=f"SES did not say whether {name} is verified: {_told(error)}")
        signed = told.get("DkimAttributes", {})
        return Identity(
            name,
            verified=bool(told.get("VerifiedForSendingStatus")),
            dkim=bool(signed.get("SigningEnabled")) and signed.get("Status") == "SUCCESS",
            mail_from=told.get("MailFromAttributes", {}).get("MailFromDomain", ""),
            mail_from_found=told.get("MailFromAttributes", {}).get("MailFromDomainStatus") == "SUCCESS",
        )
    return Identity(domain, verified=False, dkim=False)


def _answered(error: ClientError) -> tuple[Outcome, str]:
    """Read an answer of SES that is not a yes."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    sentence = str(error.response.get("Error", {}).get("Message", "")) or "no reason given"
    reason = f"SES answered {status} {code}: {sentence}"
    if not 400 <= status < 500:
        return Outcome.UNKNOWN, reason
    if code == "LimitExceededException" or "daily message quota" in sentence.lower():
        return Outcome.USED_UP, reason
    if code in THROTTLED_CODES or status == 429:
        return Outcome.THROTTLED, reason
    if code in DOWN_CODES or status in _STOPPED_ON_THE_WAY:
        return Outcome.LATER, reason
    return Outcome.REFUSED, reason


def _storable(text: str) -> str:
    """Return what a server said as the database can hold it: no NUL and no lone surrogate, which JSON may bear."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


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
