"""What SES says happened to a mail: its events, from JSON to one frozen value. Pure.

Two shapes: event publishing (``eventType``, what a configuration set sends) and the older feedback notifications
(``notificationType``, what an identity sends). What either says about one thing becomes one and the same `Told`.
"""

import datetime as dt
import enum
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from mail.domain import fields
from mail.domain.sns import MalformedMessageError, instant, json_object
from mail.models import Bounce, EventKind

TAG = "quarterdeck"
HEADER = "x-quarterdeck-message"
# SES takes fifty recipients a message.
MOST_RECIPIENTS = 50
LONGEST_DETAIL = 500
# SES is no older; a receiving server's clock, which bounces and complaints bear, may be.
EARLIEST = dt.datetime(2011, 1, 1, tzinfo=dt.UTC)

# What SES posts once when a topic is set up.
_GREETING = "Successfully validated SNS topic for Amazon SES"
# SES's name of an event: its kind, the object that tells more, the recipients in it.
_KINDS: Mapping[str, tuple[EventKind, str, str]] = MappingProxyType({
    "Send": (EventKind.SEND, "send", ""),
    "Delivery": (EventKind.DELIVERY, "delivery", "recipients"),
    "DeliveryDelay": (EventKind.DELAY, "deliveryDelay", "delayedRecipients"),
    "Bounce": (EventKind.BOUNCE, "bounce", "bouncedRecipients"),
    "Complaint": (EventKind.COMPLAINT, "complaint", "complainedRecipients"),
    "Open": (EventKind.OPEN, "open", ""),
    "Click": (EventKind.CLICK, "click", ""),
    "Reject": (EventKind.REJECT, "reject", ""),
})  # fmt: skip
# SES manages no list for us, and renders no template.
_NOTHING_TO_US = frozenset({
    "AmazonSnsSubscriptionSucceeded", "Rendering Failure", "RenderingFailure", "Subscription",
})  # fmt: skip
_PROVIDER_ID = re.compile(r"[\x21-\x7e]{1,120}", re.ASCII)
_UNSTORABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]+")


# As an event's detail says it, which is all that is kept of it.
NO_SPAM = "not-spam"
ON_ITS_LIST = "OnAccountSuppressionList"


class Complaint(enum.Enum):
    """What an event that SES calls a complaint is.

    A reader's complaint; the word of a reader, or their provider, that the mail is no spam after all; or that SES took the
    mail and did not try to deliver it, because the address is on the account's own suppression list.
    """

    FRESH = "fresh"
    TAKEN_BACK = "taken back"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Told:
    """One event: what happened, to whom, when, and to which mail.

    ``public_id`` is the outbox row that the mail itself names, None where it names none. ``details`` says, by address in
    lower case, what the other server had to say. ``bounce`` is set where ``kind`` is a bounce, ``complaint`` where it is one.
    """

    kind: EventKind
    at: dt.datetime
    provider_message_id: str
    public_id: uuid.UUID | None
    details: Mapping[str, str]
    destinations: int
    bounce: Bounce | None = None
    complaint: Complaint | None = None


def read(message: str, *, sent_at: dt.datetime) -> Told | None:
    """Return what an SNS message of SES tells, or None where that is nothing to us. ``sent_at`` is the SNS message's.

    Raises:
        MalformedMessageError: SES writes no such thing.
    """
    if message.startswith(_GREETING):
        return None
    said = json_object(message)
    name = _text(said, "eventType" if "eventType" in said else "notificationType")
    if name in _NOTHING_TO_US:
        return None
    if name not in _KINDS:
        raise MalformedMessageError("SES tells of no such event.")
    kind, where, recipients = _KINDS[name]
    mail, more = _object(said, "mail"), _object(said, where)
    provider_message_id = _text(mail, "messageId")
    if not _PROVIDER_ID.fullmatch(provider_message_id):
        raise MalformedMessageError("The mail's messageId is none that SES gives.")
    # Who got it is told by some events; the others are about all it was sent to.
    told_of = _list(more, recipients) if recipients else _list(mail, "destination")
    details: dict[str, str] = {}
    for recipient in told_of:
        entry = recipient if isinstance(recipient, dict) else {"emailAddress": recipient}
        details.setdefault(_address(_text(entry, "emailAddress")), _detail(kind, more, entry))
    at = instant(_text(more if "timestamp" in more else mail, "timestamp"))
    return Told(
        kind=kind,
        at=at if EARLIEST <= at <= sent_at else sent_at,
        provider_message_id=provider_message_id,
        public_id=_row(mail),
        details=MappingProxyType(details),
        destinations=len(_list(mail, "destination")),
        bounce=_bounce(more) if kind == EventKind.BOUNCE else None,
        complaint=_complaint(more) if kind == EventKind.COMPLAINT else None,
    )


def _bounce(more: Mapping[str, Any]) -> Bounce:
    # What SES could not make out may pass, as far as anybody knows.
    return Bounce.HARD if _text(more, "bounceType") == "Permanent" else Bounce.SOFT


def _complaint(more: Mapping[str, Any]) -> Complaint:
    if more.get("complaintSubType") == ON_ITS_LIST:
        return Complaint.NOT_TRIED
    return Complaint.TAKEN_BACK if more.get("complaintFeedbackType") == NO_SPAM else Complaint.FRESH


def _row(mail: Mapping[str, Any]) -> uuid.UUID | None:
    """Return the outbox row that a mail names in its tag, else in its header."""
    tags = mail.get("tags")
    names = tags.get(TAG) if isinstance(tags, dict) else None
    if not names and isinstance(mail.get("headers"), list):
        names = [
            header.get("value")
            for header in mail["headers"]
            if isinstance(header, dict) and str(header.get("name")).lower() == HEADER
        ]
    try:
        return uuid.UUID(names[0]) if isinstance(names, list) and isinstance(names[0], str) else None
    except (IndexError, ValueError):
        return None


def _address(text: str) -> str:
    """Return an address as the outbox compares them: bare, the domain in ASCII, lower case."""
    bare = parseaddr(text)[1] if "<" in text else text.strip()
    try:
        return fields.address(bare, what="recipient").lower()
    except fields.UnsendableError as error:
        raise MalformedMessageError("A recipient is not one mail address.") from error


def _detail(kind: EventKind, more: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    """Return in a line what the other server, or SES, had to say."""
    if kind == EventKind.BOUNCE:
        parts = [more.get("bounceType"), more.get("bounceSubType"), _diagnosis(entry)]
    elif kind == EventKind.DELAY:
        parts = [more.get("delayType"), _diagnosis(entry)]
    elif kind == EventKind.COMPLAINT:
        parts = [more.get("complaintFeedbackType"), more.get("complaintSubType")]
    elif kind == EventKind.DELIVERY:
        parts = [more.get("smtpResponse")]
    elif kind == EventKind.CLICK:
        # Never the whole link: it may bear a token.
        parts = [_host(more.get("link"))]
    else:
        parts = [more.get("reason")]
    line = ": ".join(part.strip() for part in parts if isinstance(part, str) and part.strip())
    return " ".join(_UNSTORABLE.sub(" ", line).split())[:LONGEST_DETAIL]


def _diagnosis(entry: Mapping[str, Any]) -> Any:
    return entry.get("diagnosticCode") or entry.get("status")


def _host(link: Any) -> str:
    try:
        return urlsplit(link).hostname or "" if isinstance(link, str) else ""
    except ValueError:
        return ""


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedMessageError(f"The event's {name} is missing or no text.")
    return value


def _object(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = said.get(name)
    if not isinstance(value, dict):
        raise MalformedMessageError(f"The event's {name} is missing or no object.")
    return value


def _list(said: Mapping[str, Any], name: str) -> list[Any]:
    value = said.get(name)
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_RECIPIENTS:
        raise MalformedMessageError(f"The event's {name} is missing, or no list of recipients.")
    return value
