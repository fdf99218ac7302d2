"""What SES tells afterwards: events about accepted mail, in the shape of SES, signed and posted as SNS does it.

SNS delivers at least once and in no order; here both are asked for by a share. An answer of the 5xx or none at all is
tried again; any other refusal is final and counted.
"""

import asyncio
import base64
import contextlib
import datetime as dt
import json
import random
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from bench.ses.journal import Entry

TRIES = 60
ACCOUNT = "123456789012"


@dataclass
class Told:
    """Where events go and how. ``hard``, ``soft`` and ``complaint`` are beginnings of recipients' addresses.

    ``twice`` is the share posted a second time, ``late`` the share held back behind up to ``LATER`` others.
    """

    url: str = ""
    topic: str = f"arn:aws:sns:us-east-1:{ACCOUNT}:quarterdeck-mail"
    version: str = "1"
    posters: int = 4
    twice: float = 0.0
    late: float = 0.0
    deliveries: bool = True
    hard: tuple[str, ...] = ("hard",)
    soft: tuple[str, ...] = ("soft",)
    complaint: tuple[str, ...] = ("complain",)


LATER = 25


def stamp(at: float) -> str:
    """Return an instant as Amazon writes it."""
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _mail(entry: Entry) -> dict[str, Any]:
    common = {"messageId": entry.id, "from": [entry.header("From")], "to": [entry.header("To")]}
    return {
        "timestamp": stamp(entry.accepted),
        "source": entry.source,
        "sendingAccountId": ACCOUNT,
        "messageId": entry.id,
        "destination": entry.recipients,
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in entry.headers()],
        "commonHeaders": {**common, "subject": entry.header("Subject")},
        "tags": {
            "ses:configuration-set": [entry.configuration],
            "ses:from-domain": ["example.com"],
            **{name: [value] for name, value in entry.tags.items()},
        },
    }


def event(entry: Entry, kind: str, recipients: list[str], at: float) -> dict[str, Any]:
    """Return one event: send, delivery, hard, soft or complaint."""
    base: dict[str, Any] = {"mail": _mail(entry)}
    if kind == "send":
        return {"eventType": "Send", **base, "send": {}}
    if kind == "delivery":
        detail: dict[str, Any] = {
            "timestamp": stamp(at),
            "processingTimeMillis": 400,
            "recipients": recipients,
            "smtpResponse": "250 2.0.0 OK",
            "reportingMTA": "a8-50.smtp-out.amazonses.com",
        }
        return {"eventType": "Delivery", **base, "delivery": detail}
    if kind == "complaint":
        detail = {
            "complainedRecipients": [{"emailAddress": recipient} for recipient in recipients],
            "timestamp": stamp(at),
            "feedbackId": str(uuid.uuid4()),
            "userAgent": "Example Feedback Loop",
            "complaintFeedbackType": "abuse",
        }
        return {"eventType": "Complaint", **base, "complaint": detail}
    hard = kind == "hard"
    status = "5.1.1" if hard else "4.2.2"
    detail = {
        "bounceType": "Permanent" if hard else "Transient",
        "bounceSubType": "General" if hard else "MailboxFull",
        "bouncedRecipients": [
            {
                "emailAddress": recipient,
                "action": "failed",
                "status": status,
                "diagnosticCode": f"smtp; {'550 user unknown' if hard else '452 mailbox full'}",
            }
            for recipient in recipients
        ],
        "timestamp": stamp(at),
        "feedbackId": str(uuid.uuid4()),
        "reportingMTA": "dsn; a8-50.smtp-out.amazonses.com",
    }
    return {"eventType": "Bounce", **base, "bounce": detail}


class Signer:
    """A key and its own certificate, which is served for whoever checks."""

    def __init__(self) -> None:
        """Make both."""
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        now = dt.datetime.now(dt.UTC)
        made = x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=30))
        self.pem = made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def envelope(self, said: dict[str, str], *, version: str, certificate: str) -> bytes:
        """Return an SNS message, signed over the fields that its type signs."""
        signed = sorted(
            {"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
            & set(said)
        )
        text = "".join(f"{name}\n{said[name]}\n" for name in signed).encode()
        digest = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303 - what version 1 of SNS signs with
        signature = base64.b64encode(self.key.sign(text, padding.PKCS1v15(), digest)).decode()
        whole = {**said, "SignatureVersion": version, "Signature": signature, "SigningCertURL": certificate}
        return json.dumps(whole).encode()


@dataclass
class Count:
    """How the posting goes. ``answers`` counts by status, 599 where none came."""

    waiting: int = 0
    posted: int = 0
    again: int = 0
    refused: int = 0
    given_up: int = 0
    refusals: list[str] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)


class Poster:
    """Posts events with a few connections, for as long as the endpoint runs."""

    def __init__(self, *, certificate: str, seed: int) -> None:
        """Name where the certificate is to be had. Call `start` inside the loop."""
        self.told, self.count, self.signer = Told(), Count(), Signer()
        self.certificate = certificate
        self.random = random.Random(seed)
        self.queue: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self.held: list[tuple[str, str]] = []
        self.tasks: list[asyncio.Task[None]] = []

    def use(self, told: Told) -> None:
        """Post as told from now on; a new address is first asked to confirm the subscription."""
        fresh = told.url and told.url != self.told.url
        self.told = told
        for task in self.tasks:
            task.cancel()
        self.tasks = [asyncio.create_task(self._post()) for _ in range(told.posters)] if told.url else []
        if fresh:
            self._put("SubscriptionConfirmation", "You have chosen to subscribe to the topic.")

    def about(self, entry: Entry) -> None:
        """Tell what becomes of an accepted mail; SES tells nothing where no configuration set was named."""
        if not self.told.url or not entry.configuration:
            return
        self._tell(entry, "send", entry.recipients)
        for recipient in entry.recipients:
            fate = self._fate(recipient)
            if self.told.deliveries and fate not in {"hard", "soft"}:
                self._tell(entry, "delivery", [recipient])
            if fate:
                self._tell(entry, fate, [recipient])

    def tell(self, entry: Entry, kind: str) -> None:
        """Tell one thing about a mail now, because the test says so."""
        self._put(
            "Notification",
            json.dumps(event(entry, kind, entry.recipients, dt.datetime.now(dt.UTC).timestamp())),
        )

    def flush(self) -> None:
        """Let go what is held back."""
        while self.held:
            self._put(*self.held.pop(self.random.randrange(len(self.held))))

    def _fate(self, recipient: str) -> str:
        address = recipient.rpartition("<")[2].rstrip(">").lower()
        for kind in ("hard", "soft", "complaint"):
            if address.startswith(getattr(self.told, kind)):
                return kind
        return ""

    def _tell(self, entry: Entry, kind: str, recipients: list[str]) -> None:
        text = json.dumps(event(entry, kind, recipients, dt.datetime.now(dt.UTC).timestamp()))
        if self.random.random() < self.told.late:
            self.held.append(("Notification", text))
        else:
            self._put("Notification", text)
        while len(self.held) > LATER:
            self._put(*self.held.pop(self.random.randrange(len(self.held))))

    def _put(self, kind: str, message: str) -> None:
        said = {
            "Type": kind,
            "MessageId": str(uuid.uuid4()),
            "TopicArn": self.told.topic,
            "Message": message,
            "Timestamp": stamp(dt.datetime.now(dt.UTC).timestamp()),
        }
        if kind == "Notification":
            said["Subject"] = "Amazon SES Email Event Notification"
        else:
            base = self.certificate.rpartition("/")[0]
            said |= {"Token": uuid.uuid4().hex, "SubscribeURL": f"{base}/?Action=ConfirmSubscription"}
        for _ in range(2 if self.random.random() < self.told.twice else 1):
            self.count.waiting += 1
            self.queue.put_nowait((kind, json.dumps(said).encode()))

    async def _post(self) -> None:
        """Take one message after the other, sign it and post it until it is taken or refused."""
        wire = _Wire(self.told.url)
        try:
            while True:
                kind, said = await self.queue.get()
                try:
                    await self._deliver(wire, kind, json.loads(said))
                except asyncio.CancelledError:
                    self.queue.put_nowait((kind, said))
                    raise
                self.count.waiting -= 1
        finally:
            wire.close()

    async def _deliver(self, wire: "_Wire", kind: str, said: dict[str, str]) -> None:
        # Signing takes a millisecond and lets go of the interpreter meanwhile.
        body = await asyncio.to_thread(
            self.signer.envelope, said, version=self.told.version, certificate=self.certificate
        )
        headers = {
            "x-amz-sns-message-type": kind,
            "x-amz-sns-message-id": said["MessageId"],
            "x-amz-sns-topic-arn": said["TopicArn"],
            "Content-Type": "text/plain; charset=UTF-8",
            "User-Agent": "Amazon Simple Notification Service Agent",
        }
        for number in range(TRIES):
            status = await wire.post(body, headers)
            self.count.answers[status] = self.count.answers.get(status, 0) + 1
            if 200 <= status < 300:
                self.count.posted += 1
                return
            if 300 <= status < 500:
                self.count.refused += 1
                self.count.refusals.append(f"{status}: {wire.last[:300]!r}")
                return
            self.count.again += 1
            await asyncio.sleep(min(0.05 * 2**number, 1.0))
        self.count.given_up += 1


class _Wire:
    """One connection that is kept open, as SNS keeps its own."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.path, self.name = parts.path or "/", parts.netloc
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None
        self.last = b""

    async def post(self, body: bytes, headers: dict[str, str]) -> int:
        """Post once and return the status, or 599 where no answer came."""
        try:
            async with asyncio.timeout(30):
                return await self._exchange(body, headers)
        except (OSError, EOFError, ValueError, TimeoutError):
            self.close()
            return 599

    async def _exchange(self, body: bytes, headers: dict[str, str]) -> int:
        if self.writer is None or self.reader is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        lines = [f"POST {self.path} HTTP/1.1", f"Host: {self.name}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0] or 0)
        self.last = await self.reader.readexactly(length)
        if "connection: close" in head:
            self.close()
        return int(head.split(" ", 2)[1])

    def close(self) -> None:
        """Let the connection go."""
        if self.writer is not None:
            with contextlib.suppress(OSError):
                self.writer.close()
        self.reader = self.writer = None
