"""The endpoint that stands for SES: as strict as SES where our claims depend on it, and honest about what it took."""

import base64
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.request import urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.mail.endpoint import CONFIGURATION, TOPIC, Endpoint

pytestmark = pytest.mark.once

RAW = (
    b"From: quarterdeck@example.com\r\nTo: ann@example.com\r\nSubject: =?utf-8?q?H=C3=A9?=\r\n"
    b"X-SES-CONFIGURATION-SET: quarterdeck\r\nX-SES-MESSAGE-TAGS: quarterdeck=7\r\n\r\nAhoy.\r\n"
)


def client(endpoint: Endpoint, kind: str = "sesv2") -> Any:
    return boto3.client(
        kind,
        region_name="us-east-1",
        endpoint_url=endpoint.address,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}),
    )


def send(ses: Any, *recipients: str) -> str:
    to = list(recipients) or ["ann@example.com"]
    answer = ses.send_email(
        FromEmailAddress="quarterdeck@example.com",
        Destination={"ToAddresses": to},
        Content={"Raw": {"Data": RAW}},
    )
    return str(answer["MessageId"])


def test_what_it_accepts_is_in_the_journal_once_with_our_tag(endpoint: Endpoint) -> None:
    first = send(client(endpoint))
    second = client(endpoint, "ses").send_raw_email(
        Source="quarterdeck@example.com", Destinations=["bob@example.com"], RawMessage={"Data": RAW}
    )["MessageId"]
    ann, bob = endpoint.journal(bodies=True)
    assert (ann.id, bob.id) == (first, second)
    assert (ann.recipients, bob.recipients) == (("ann@example.com",), ("bob@example.com",))
    assert (ann.tag, ann.configuration, ann.subject, ann.answered) == ("7", CONFIGURATION, "Hé", "yes")
    assert base64.b64decode(ann.body) == RAW
    assert endpoint.stats()["accepted"] == 2


def test_each_recipient_takes_from_the_second_and_beyond_it_is_refused(endpoint: Endpoint) -> None:
    endpoint.set(rate=3)
    ses = client(endpoint)
    assert ses.get_account()["SendQuota"]["MaxSendRate"] == 3
    assert client(endpoint, "ses").get_send_quota()["MaxSendRate"] == 3
    for _ in range(2):
        send(ses, "ann@example.com", "audit@example.com")
    with pytest.raises(ClientError) as told:
        send(ses)
    assert told.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert told.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert len(endpoint.stats()["throttled"]) == 1
    assert len(endpoint.journal()) == 2


def test_an_answer_that_is_lost_is_accepted_all_the_same(endpoint: Endpoint) -> None:
    endpoint.set(lost=1)
    with pytest.raises(ConnectionClosedError):
        send(client(endpoint))
    assert [entry.answered for entry in endpoint.journal()] == ["lost"]


def test_what_it_refuses_it_does_not_keep(endpoint: Endpoint) -> None:
    ses = client(endpoint)
    endpoint.set(errors=1)
    with pytest.raises(ClientError, match="InternalServiceErrorException"):
        send(ses)
    endpoint.set(errors=0, down=True)
    with pytest.raises(EndpointConnectionError):
        send(ses)
    endpoint.set(down=False, daily=1)
    send(ses)
    with pytest.raises(ClientError, match="Daily message quota exceeded"):
        send(ses)
    endpoint.set(sandbox=True, unverified=["ann@example.com"])
    with pytest.raises(ClientError, match="MessageRejected"):
        send(ses)
    assert not ses.get_account()["ProductionAccessEnabled"]
    assert not ses.get_email_identity(EmailIdentity="ann@example.com")["VerifiedForSendingStatus"]
    assert len(endpoint.journal()) == 1


@pytest.fixture
def listener() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Take SNS posts, every fifth not at the first time; return where, and what was taken."""
    came: list[int] = []
    taken: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            came.append(1)
            if len(came) % 5 == 0:
                self.send_response(503)
            else:
                taken.append(body)
                self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/mail/sns", taken
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("version", ["1", "2"])
def test_events_are_signed_repeated_and_told_of_each_recipient(
    endpoint: Endpoint, listener: tuple[str, list[dict[str, str]]], version: str
) -> None:
    url, taken = listener
    endpoint.tell(url=url, topic=TOPIC, version=version, twice=0.5, late=0.5)
    ses = client(endpoint)
    ids = [
        send(ses, f"{name}{number}@example.com")
        for name in ("ann", "hard", "complain")
        for number in range(5)
    ]
    told = endpoint.all_told()
    assert (told["refused"], told["given_up"]) == (0, 0)
    assert told["again"] > 0
    assert len({body["MessageId"] for body in taken}) < len(taken)
    assert taken[0]["Type"] == "SubscriptionConfirmation"

    events = {
        body["MessageId"]: json.loads(body["Message"]) for body in taken if body["Type"] == "Notification"
    }
    kinds = sorted((event["mail"]["destination"][0][:3], event["eventType"]) for event in events.values())
    wanted = [("ann", "Send"), ("ann", "Delivery"), ("har", "Send"), ("har", "Bounce")]
    wanted += [("com", "Send"), ("com", "Delivery"), ("com", "Complaint")]
    assert kinds == sorted(wanted * 5)
    assert {event["mail"]["messageId"] for event in events.values()} == set(ids)
    assert {event["mail"]["tags"]["quarterdeck"][0] for event in events.values()} == {"7"}
    names = [header["name"] for event in events.values() for header in event["mail"]["headers"]]
    assert not [name for name in names if name.startswith("X-SES")]

    with urlopen(endpoint.certificate) as answer:
        key = x509.load_pem_x509_certificate(answer.read()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    for body in taken:
        signed = [
            name
            for name in ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token")
            if name in body
        ]
        text = "".join(f"{name}\n{body[name]}\n" for name in [*signed, "TopicArn", "Type"])
        digest = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303 - what version 1 signs with
        key.verify(base64.b64decode(body["Signature"]), text.encode(), padding.PKCS1v15(), digest)
        assert body["SignatureVersion"] == version
