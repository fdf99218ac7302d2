"""Messages of Amazon SNS, from the bytes posted to us to a verdict: what it says, whether it is one, and from whom.

Pure: no network and no database. `read` takes bytes apart, `admit` asks whether the message is meant for us and where its
certificate lies, `verify` whether the signature holds. Whatever anybody posts ends in one of two refusals, whose sentences
repeat nothing of it. After AWS's "Verifying the signatures of Amazon SNS messages".
"""

import base64
import binascii
import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.conf import settings

# SNS carries 256 kB at most, an event of SES a few.
LARGEST = 256 * 1024
# SNS itself gives up after an hour at most; a dead-letter queue, from which somebody may post again, keeps two weeks.
STALE_AFTER = dt.timedelta(days=14)
SMALLEST_KEY = 2048

NOTIFICATION = "Notification"
SUBSCRIBED = "SubscriptionConfirmation"
UNSUBSCRIBED = "UnsubscribeConfirmation"

_OF_SUBSCRIPTION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
# What is signed, in this order; a field that is not there (Subject) is left out.
SIGNED: Mapping[str, tuple[str, ...]] = MappingProxyType({
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIBED: _OF_SUBSCRIPTION,
    UNSUBSCRIBED: _OF_SUBSCRIPTION,
})  # fmt: skip
_OPTIONAL = frozenset({"Subject"})
_DIGESTS: Mapping[str, hashes.HashAlgorithm] = MappingProxyType({
    "1": hashes.SHA1(),  # noqa: S303 - what version 1 of SNS signs with  # nosec B303
    "2": hashes.SHA256(),
})  # fmt: skip
# The longest value that each field may have, in characters.
_LONGEST: Mapping[str, int] = MappingProxyType({
    "Message": LARGEST, "MessageId": 100, "Signature": 2_000, "SignatureVersion": 1, "SigningCertURL": 300,
    "Subject": 1_000, "SubscribeURL": 4_000, "Timestamp": 40, "TopicArn": 256, "Type": 40,
    "Token": 3_000,  # how long, and no token  # nosec B105
})  # fmt: skip

_MESSAGE_ID = re.compile(r"[A-Za-z0-9-]+", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9]+", re.ASCII)
_TOPIC = re.compile(r"arn:aws(-cn|-us-gov)?:sns:([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_.-]+", re.ASCII)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})",
    re.ASCII,
)
_CERTIFICATE_FILE = re.compile(r"/[A-Za-z0-9_-]{1,200}\.pem", re.ASCII)
_AWS_HOST = re.compile(r"(.+\.)?(amazonaws\.com(\.cn)?|api\.aws)", re.ASCII)


class MalformedMessageError(ValueError):
    """Nothing that SNS or SES would post; the message is a sentence and repeats nothing of it."""


class RefusedMessageError(ValueError):
    """A message that is not believed; the message is a sentence and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message of SNS, well formed and not yet believed. ``signed`` are the bytes that ``signature`` is of."""

    kind: str
    sns_id: str
    topic_arn: str
    at: dt.datetime
    message: str
    token: str
    certificate_url: str
    signature_version: str
    signature: bytes
    signed: bytes


def read(raw: bytes) -> Envelope:
    """Return the message that these bytes are.

    Raises:
        MalformedMessageError: they are none.
    """
    try:
        said = json_object(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise MalformedMessageError("This is not UTF-8.") from error
    kind = _field(said, "Type")
    if kind not in SIGNED:
        raise MalformedMessageError("This is no type of message that SNS posts.")
    needed = (*SIGNED[kind], "Signature", "SignatureVersion", "SigningCertURL")
    given = {name: _field(said, name) for name in needed if name in said or name not in _OPTIONAL}
    if not _MESSAGE_ID.fullmatch(given["MessageId"]):
        raise MalformedMessageError("The MessageId is none that SNS gives.")
    if not _TOKEN.fullmatch(given.get("Token", "0")):
        raise MalformedMessageError("The Token is none that SNS gives.")
    try:
        signature = base64.b64decode(given["Signature"].encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise MalformedMessageError("The Signature is not base64.") from error
    return Envelope(
        kind=kind,
        sns_id=given["MessageId"],
        topic_arn=given["TopicArn"],
        at=instant(given["Timestamp"]),
        message=given["Message"],
        token=given.get("Token", ""),
        certificate_url=given["SigningCertURL"],
        signature_version=given["SignatureVersion"],
        signature=signature,
        signed="".join(f"{name}\n{given[name]}\n" for name in SIGNED[kind] if name in given).encode(),
    )


def admit(envelope: Envelope, *, at: dt.datetime) -> str:
    """Let a message through whose topic is ours, that is of late, and whose certificate lies with SNS; return SNS's origin.

    Nothing may be fetched for a message that has not passed here.

    Raises:
        RefusedMessageError: it is another's, old, or signed by nobody knows whom.
    """
    if envelope.topic_arn not in settings.SNS_TOPIC_ARNS:
        raise RefusedMessageError("This topic is not in SNS_TOPIC_ARNS.")
    if envelope.at < at - STALE_AFTER:
        raise RefusedMessageError("This message is too old to be SNS's own sending.")
    if envelope.signature_version not in _DIGESTS:
        raise RefusedMessageError("This version of signatures is unknown.")
    for home in homes(envelope.topic_arn):
        path = envelope.certificate_url.removeprefix(home)
        if path != envelope.certificate_url and _CERTIFICATE_FILE.fullmatch(path):
            return home
    raise RefusedMessageError("The certificate does not lie with SNS in the topic's region.")


def verify(envelope: Envelope, certificate: x509.Certificate, *, at: dt.datetime) -> None:
    """Check that the holder of the certificate signed this message.

    Raises:
        RefusedMessageError: somebody else did, or the certificate is not valid now.
    """
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < SMALLEST_KEY:
        raise RefusedMessageError("The certificate's key is none that SNS signs with.")
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise RefusedMessageError("The certificate is not valid now.")
    try:
        key.verify(
            envelope.signature, envelope.signed, padding.PKCS1v15(), _DIGESTS[envelope.signature_version]
        )
    except InvalidSignature as error:
        raise RefusedMessageError("The signature does not hold.") from error


def homes(topic_arn: str) -> tuple[str, ...]:
    """Return the origins that are believed to be SNS for a topic: its region's own, and the endpoint of tests.

    Where ``AWS_SES_ENDPOINT_URL`` names an endpoint that is not AWS's, mail goes to nobody but that endpoint, so that its
    word about it is as good.
    """
    topic = _TOPIC.fullmatch(topic_arn)
    if topic is None:
        return ()
    suffix = ".cn" if topic[1] == "-cn" else ""
    own = f"https://sns.{topic[2]}.amazonaws.com{suffix}"
    endpoint = urlsplit(settings.AWS_SES_REGION_ENDPOINT_URL)
    if _AWS_HOST.fullmatch(endpoint.hostname or ""):
        return (own,)
    return (own, f"{endpoint.scheme}://{endpoint.netloc}")


def json_object(text: str) -> dict[str, Any]:
    """Return a JSON object, strictly: no name twice, no NaN, no bottomless nesting.

    Raises:
        MalformedMessageError: it is none.
    """
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    # Nesting ends in a RecursionError, a number of 5,000 digits in a ValueError.
    except (ValueError, RecursionError) as error:
        raise MalformedMessageError("This is not JSON as SNS and SES write it.") from error
    if not isinstance(found, dict):
        raise MalformedMessageError("This is JSON, but no object.")
    return found


def instant(text: str) -> dt.datetime:
    """Return the instant that SNS or SES wrote, in UTC.

    Raises:
        MalformedMessageError: it is none, or names no zone.
    """
    try:
        if _INSTANT.fullmatch(text):
            return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedMessageError("A time is no time.") from error
    raise MalformedMessageError("A time is not written as SNS and SES write it.")


def _field(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value or len(value) > _LONGEST[name]:
        raise MalformedMessageError(f"The field {name} is missing, no text, or too long.")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise MalformedMessageError(f"The field {name} is not text.") from error
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("A name stands twice in one object.")
    return found


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON.")
