"""SNS as our endpoint meets it: a certificate, messages signed as SNS signs them, and a server that hands both out.

The signature follows AWS's "Verifying the signatures of Amazon SNS messages": the named fields of a type in order, each
as name, line feed, value, line feed; RSA with PKCS #1 v1.5 over SHA-1 (version 1) or SHA-256 (version 2); base64.
"""

import base64
import datetime as dt
import functools
import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

REGION = "us-west-2"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:quarterdeck-mail"
PEM_PATH = "/SimpleNotificationService-7506a1e35b36ef5a444dd1a8e7cc3ed8.pem"
AWS_PEM = f"https://sns.{REGION}.amazonaws.com{PEM_PATH}"
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
    "UnsubscribeConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip
DIGESTS: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303
LIFE = (dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2045, 1, 1, tzinfo=dt.UTC))


class Signer:
    """A key and its certificate. Making one takes a tenth of a second; `signer` keeps one for the process."""

    def __init__(self, *, life: tuple[dt.datetime, dt.datetime] = LIFE, bits: int = 2048) -> None:
        """Make the key, and a certificate that it signed itself."""
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(life[0])
            .not_valid_after(life[1])
            .sign(self.key, hashes.SHA256())
        )
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM)

    def sign(self, envelope: dict[str, Any], *, version: str = "2") -> dict[str, Any]:
        """Return the envelope with SignatureVersion and Signature."""
        signature = self.key.sign(canonical(envelope), padding.PKCS1v15(), DIGESTS[version])
        return {
            **envelope,
            "SignatureVersion": version,
            "Signature": base64.b64encode(signature).decode("ascii"),
        }


def canonical(envelope: dict[str, Any]) -> bytes:
    """Return the bytes that are signed."""
    return "".join(
        f"{name}\n{envelope[name]}\n" for name in SIGNED[envelope["Type"]] if name in envelope
    ).encode()


@functools.cache
def signer() -> Signer:
    """Return this process's own signer."""
    return Signer()


def stamp(at: dt.datetime) -> str:
    """Return an instant as SNS and SES write it."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def notification(
    body: dict[str, Any] | str,
    *,
    at: dt.datetime,
    topic: str = TOPIC,
    pem_url: str = AWS_PEM,
    version: str = "2",
    by: Signer | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Return a signed Notification with a body of SES; ``changes`` are made before it is signed."""
    envelope = {
        "Type": "Notification",
        "MessageId": str(uuid.uuid4()),
        "TopicArn": topic,
        "Subject": "Amazon SES Email Event Notification",
        "Message": body if isinstance(body, str) else json.dumps(body),
        "Timestamp": stamp(at),
        "SigningCertURL": pem_url,
        "UnsubscribeURL": f"https://sns.{REGION}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={topic}:0",
        **changes,
    }
    return (by or signer()).sign(envelope, version=version)


def confirmation(
    *,
    at: dt.datetime,
    topic: str = TOPIC,
    pem_url: str = AWS_PEM,
    version: str = "2",
    kind: str = "SubscriptionConfirmation",
    by: Signer | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Return a signed SubscriptionConfirmation, or UnsubscribeConfirmation."""
    token = uuid.uuid4().hex * 4
    envelope = {
        "Type": kind,
        "MessageId": str(uuid.uuid4()),
        "Token": token,
        "TopicArn": topic,
        "Message": f"You have chosen to subscribe to the topic {topic}.",
        "SubscribeURL": f"https://sns.{REGION}.amazonaws.com/?Action=ConfirmSubscription&TopicArn={topic}&Token={token}",
        "Timestamp": stamp(at),
        "SigningCertURL": pem_url,
        **changes,
    }
    return (by or signer()).sign(envelope, version=version)


def wire(envelope: dict[str, Any]) -> bytes:
    """Return the body that SNS posts."""
    return json.dumps(envelope, indent=2).encode()


class SnsServer:
    """Hands out certificates by path and takes confirmations, on a free port of loopback; ``address`` is its own."""

    def __init__(self) -> None:
        """Start."""
        self.pages: dict[str, tuple[int, bytes]] = {PEM_PATH: (200, signer().pem)}
        self.asked: list[str] = []
        self.confirmed: list[dict[str, list[str]]] = []
        self.confirms = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                question = parse_qs(urlsplit(self.path).query)
                if question.get("Action") == ["ConfirmSubscription"]:
                    outer.confirmed.append(question)
                    status, content = outer.confirms, b"<ConfirmSubscriptionResponse/>"
                else:
                    status, content = outer.pages.get(self.path, (404, b"no such page"))
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", content.decode())
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.pem_url = self.address + PEM_PATH
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
