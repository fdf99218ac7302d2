"""What the endpoint accepted: one entry for each message, read from the request as SES would read it."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from typing import Any
from urllib.parse import parse_qsl

# Headers of our own mail take less; the rest of a body need not be decoded to be counted.
HEAD = 16 * 1024
_OWN = re.compile(rb"^(x-ses-[a-z-]+):((?:[^\r\n]|\r\n[ \t])*)", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True)
class Asked:
    """A request to send: its envelope, and its bytes still in base64."""

    source: str
    recipients: list[str]
    data: str
    tags: dict[str, str]
    configuration: str


@dataclass(slots=True)
class Entry:
    """One accepted message. Instants are seconds since 1970; ``answered`` says what the client was told of it."""

    id: str
    source: str
    recipients: list[str]
    tags: dict[str, str]
    configuration: str
    head: bytes
    arrived: float
    accepted: float
    answered: str
    size: int
    data: str

    def headers(self) -> list[tuple[str, str]]:
        """Return the headers its reader sees; those for SES itself are taken out."""
        found = message_from_bytes(self.head + b"\r\n\r\n").items()
        return [(name, str(value)) for name, value in found if not name.lower().startswith("x-ses-")]

    def header(self, name: str) -> str:
        """Return a header's words, or nothing."""
        found = next((value for key, value in self.headers() if key.lower() == name.lower()), "")
        return str(make_header(decode_header(found)))

    def told(self, *, bodies: bool) -> dict[str, Any]:
        """Return the entry as JSON, with the whole mail as base64 where asked."""
        return {
            "id": self.id,
            "recipients": self.recipients,
            "tag": self.tags.get("quarterdeck", ""),
            "configuration": self.configuration,
            "subject": self.header("Subject"),
            "arrived": self.arrived,
            "accepted": self.accepted,
            "answered": self.answered,
            "size": self.size,
            **({"body": self.data} if bodies else {}),
        }


class UnreadableError(Exception):
    """The request is none that SES would take; the message says why."""


def read_v2(body: bytes) -> Asked:
    """Read the JSON of SendEmail.

    Raises:
        UnreadableError: it is no raw message with recipients.
    """
    try:
        said = json.loads(body)
        to = said.get("Destination") or {}
        return Asked(
            source=said.get("FromEmailAddress", ""),
            recipients=[
                address for key in ("To", "Cc", "Bcc") for address in to.get(f"{key}Addresses") or []
            ],
            data=said["Content"]["Raw"]["Data"],
            tags={tag["Name"]: tag["Value"] for tag in said.get("EmailTags") or []},
            configuration=said.get("ConfigurationSetName") or "",
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(f"This is no SendEmail with raw content: {error!r}") from error


def read_v1(body: bytes) -> Asked:
    """Read the form of SendRawEmail.

    Raises:
        UnreadableError: it bears no raw message.
    """
    said = dict(parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True))
    if "RawMessage.Data" not in said:
        raise UnreadableError("This is no SendRawEmail.")
    return Asked(
        source=said.get("Source", ""),
        recipients=[said[key] for key in said if key.startswith("Destinations.member.")],
        data=said["RawMessage.Data"],
        tags={},
        configuration=said.get("ConfigurationSetName", ""),
    )


def enter(asked: Asked, *, id: str, arrived: float, accepted: float, answered: str, keep: bool) -> Entry:
    """Return the entry of an accepted request; what stands in the mail's own SES headers counts as asked.

    Raises:
        UnreadableError: the content is not base64, or there is no recipient.
    """
    try:
        raw = base64.b64decode(asked.data[:HEAD], validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableError("The raw content is not base64.") from error
    head, _, _ = raw.partition(b"\r\n\r\n")
    own = {name.lower(): value.decode("ascii", "replace").strip() for name, value in _OWN.findall(head)}
    tags = dict(asked.tags)
    for pair in own.get(b"x-ses-message-tags", "").split(","):
        name, equals, value = pair.strip().partition("=")
        if equals:
            tags.setdefault(name, value)
    if not asked.recipients:
        raise UnreadableError("The message has no recipient.")
    return Entry(
        id=id,
        source=asked.source,
        recipients=asked.recipients,
        tags=tags,
        configuration=asked.configuration or own.get(b"x-ses-configuration-set", ""),
        head=head,
        arrived=arrived,
        accepted=accepted,
        answered=answered,
        size=len(asked.data) * 3 // 4,
        data=asked.data if keep else "",
    )
