"""Hostile posts to /mail/sns: each is refused in a word and leaves no trace."""

import base64
import datetime as dt
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from django.test import Client

from mail.domain import sns
from mail.models import Message
from tests.mail import ses_told, signing
from tests.mail.signing import SnsServer
from tests.mail.sns_posts import AT, bounce, everything, notification, post

pytestmark = [pytest.mark.django_db, pytest.mark.once]
TOPIC = signing.TOPIC
AWS = f"https://sns.{signing.REGION}.amazonaws.com"
PEM = signing.PEM_PATH


@pytest.fixture
def message() -> Message:
    """Return a message whose hard bounce would suppress its address."""
    return ses_told.row()


# Hostile posts: each is the bounce above, believed as it stands, with one thing changed.

Change = Callable[[Message, SnsServer], bytes]
WEAK = signing.Signer(bits=1024)
EXPIRED = signing.Signer(
    life=(dt.datetime(2019, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 11, 10, 16, tzinfo=dt.UTC))
)
EARLY = signing.Signer(
    life=(dt.datetime(2026, 11, 11, tzinfo=dt.UTC), dt.datetime(2030, 1, 1, tzinfo=dt.UTC))
)
OTHER = signing.Signer()


def raw(content: bytes) -> Change:
    return lambda message, server: content


def text(change: Callable[[str], str]) -> Change:
    """Change the JSON of a good post."""
    return lambda message, server: change(signing.wire(notification(message, server)).decode()).encode()


def after(**changes: Any) -> Change:
    """Change fields after it was signed; None takes one away."""

    def made(message: Message, server: SnsServer) -> bytes:
        envelope = {**notification(message, server), **changes}
        return signing.wire({name: value for name, value in envelope.items() if value is not None})

    return made


def signed(**changes: Any) -> Change:
    """Change fields before it is signed."""
    return lambda message, server: signing.wire(notification(message, server, **changes))


def telling(change: Callable[[Message], Any]) -> Change:
    """Sign what SES would never say."""

    def made(message: Message, server: SnsServer) -> bytes:
        said = change(message)
        return signing.wire(
            notification(message, server, body=said if isinstance(said, str) else json.dumps(said))
        )

    return made


def bouncing(**changes: Any) -> Change:
    """Sign a bounce with parts of it changed."""
    return telling(lambda message: bounce(message, **changes))


def without(name: str, *, of: str = "") -> Change:
    def change(message: Message) -> dict[str, Any]:
        said = bounce(message)
        (said[of] if of else said).pop(name)
        return said

    return telling(change)


def certificate_at(url: str) -> Change:
    return lambda message, server: signing.wire(notification(message, server, pem_url=url))


def served(status: int, content: Callable[[SnsServer], bytes]) -> Change:
    """Let SNS's own address of the certificate answer something else."""

    def made(message: Message, server: SnsServer) -> bytes:
        server.pages[PEM] = (status, content(server))
        return signing.wire(notification(message, server))

    return made


def signed_by(signer: signing.Signer) -> Change:
    """Sign with another key whose certificate lies where SNS's would."""

    def made(message: Message, server: SnsServer) -> bytes:
        server.pages[PEM] = (200, signer.pem)
        return signing.wire(notification(message, server, by=signer))

    return made


def over(*names: str) -> Change:
    """Sign some of the fields only."""

    def made(message: Message, server: SnsServer) -> bytes:
        envelope = notification(message, server)
        some = "".join(f"{name}\n{envelope[name]}\n" for name in names).encode()
        signature = signing.signer().key.sign(some, padding.PKCS1v15(), hashes.SHA256())
        return signing.wire({**envelope, "Signature": base64.b64encode(signature).decode()})

    return made


def resigned(**changes: Any) -> Change:
    """Sign anew after fields were changed to what the signer would not write."""

    def made(message: Message, server: SnsServer) -> bytes:
        envelope = {**notification(message, server), **changes}
        return signing.wire(signing.signer().sign(envelope, version=str(envelope["SignatureVersion"])))

    return made


def other_version(message: Message, server: SnsServer) -> bytes:
    return signing.wire({**notification(message, server, version="1"), "SignatureVersion": "2"})


def earlier_version(message: Message, server: SnsServer) -> bytes:
    return signing.wire({**notification(message, server, version="2"), "SignatureVersion": "1"})


def subscribe_to_another(message: Message, server: SnsServer) -> bytes:
    other = TOPIC.replace("123456789012", "999999999999")
    return signing.wire(signing.confirmation(at=AT, topic=other, pem_url=server.pem_url))


def unsigned_subscription(message: Message, server: SnsServer) -> bytes:
    envelope = signing.confirmation(at=AT, pem_url=server.pem_url)
    return signing.wire({**envelope, "Token": "0" * 64})


def elliptic(server: SnsServer) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    life = signing.LIFE
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, *life).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def stranger(message: Message) -> dict[str, Any]:
    return bounce(message, mail={"tags": {"quarterdeck": ["00000000-0000-4000-8000-000000000000"]}})


def unknown(message: Message) -> dict[str, Any]:
    return bounce(message, mail={"tags": {}, "headers": [], "messageId": "0100018f-nobody-000000"})


HOSTILE: dict[str, tuple[int, Change]] = {
    # Not an envelope.
    "nothing": (400, raw(b"")),
    "blanks": (400, raw(b" \r\n ")),
    "no JSON": (400, raw(b"Type=Notification&Message=x")),
    "a list": (400, raw(b"[]")),
    "a text": (400, raw(b'"Notification"')),
    "a number": (400, raw(b"9223372036854775808")),
    "null": (400, raw(b"null")),
    "the list of a good one": (400, text(lambda good: f"[{good}]")),
    "half": (400, text(lambda good: good[: len(good) // 2])),
    "twice": (400, text(lambda good: good + good)),
    "a byte order mark": (400, text(lambda good: "\ufeff" + good)),
    "UTF-16": (400, raw('{"Type": "Notification"}'.encode("utf-16"))),
    "Latin-1": (400, raw('{"Type": "Notificatión"}'.encode("latin-1"))),
    "NULs": (400, raw(b"\x00" * 1000)),
    "5,000 lists deep": (400, raw(b"[" * 5000 + b"]" * 5000)),
    "a field 5,000 objects deep": (400, raw(b'{"Type": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}")),
    "NaN": (400, text(lambda good: good.replace("{", '{"Extra": NaN,', 1))),
    "minus infinity": (400, text(lambda good: good.replace("{", '{"Extra": -Infinity,', 1))),
    "a number of 5,000 digits": (
        400,
        text(lambda good: good.replace("{", '{"Extra": ' + "9" * 5000 + ",", 1)),
    ),
    "a topic named twice": (400, text(lambda good: good.replace("{", f'{{"TopicArn": "{TOPIC}",', 1))),
    "more than SNS carries": (413, text(lambda good: good + " " * sns.LARGEST)),
    "a megabyte of one field": (413, after(Subject="x" * 1_000_000)),
    # Fields.
    "no Type": (400, after(Type=None)),
    "an unknown Type": (400, after(Type="Notice")),
    "a Type that is a list": (400, after(Type=["Notification"])),
    "another Type": (400, after(Type="SubscriptionConfirmation")),
    "another Type with all its fields": (
        403,
        after(
            Type="SubscriptionConfirmation", Token="0" * 64, SubscribeURL=f"{AWS}/?Action=ConfirmSubscription"
        ),
    ),
    "no MessageId": (400, after(MessageId=None)),
    "a MessageId of 2**63": (400, after(MessageId=2**63)),
    "a MessageId of two lines": (400, resigned(MessageId="a\r\nSet-Cookie: b=c")),
    "a MessageId with a NUL": (400, resigned(MessageId="a\x00b")),
    "a MessageId of 200 characters": (400, resigned(MessageId="a" * 200)),
    "a MessageId of full-width digits": (400, resigned(MessageId="１２３")),
    "no Message": (400, after(Message=None)),
    "an empty Message": (400, after(Message="")),
    "a Message that is an object": (400, after(Message={"eventType": "Bounce"})),
    "a Message that is true": (400, after(Message=True)),
    "a lone surrogate": (400, after(Subject="\ud800")),
    "no Timestamp": (400, after(Timestamp=None)),
    "a Timestamp that is none": (400, resigned(Timestamp="yesterday")),
    "a Timestamp without zone": (400, resigned(Timestamp="2026-11-10T17:00:00")),
    "a Timestamp of 30 February": (400, resigned(Timestamp="2026-02-30T17:00:00.000Z")),
    "a Timestamp before all time": (400, resigned(Timestamp="0001-01-01T00:00:00+14:00")),
    "a Timestamp of Arabic digits": (400, resigned(Timestamp="٢٠٢٦-11-10T17:00:00Z")),
    "valid, and two weeks old": (403, signed(Timestamp=signing.stamp(AT - dt.timedelta(days=15)))),
    "no Signature": (400, after(Signature=None)),
    "an empty Signature": (400, after(Signature="")),
    "a Signature that is no base64": (400, after(Signature="***")),
    "a Signature of other letters": (400, after(Signature="ß" * 344)),
    "a Signature of zeros": (403, after(Signature=base64.b64encode(b"\x00" * 256).decode())),
    "a short Signature": (403, after(Signature="AAAA")),
    "no SignatureVersion": (400, after(SignatureVersion=None)),
    "a SignatureVersion that is a number": (400, after(SignatureVersion=1)),
    "SignatureVersion 3": (403, after(SignatureVersion="3")),
    "version 1 sent as version 2": (403, other_version),
    "version 2 sent as version 1": (403, earlier_version),
    "signed with another key": (403, signed(by=OTHER)),
    "signed over the message alone": (403, over("Message")),
    "signed without the topic": (403, over("Message", "MessageId", "Subject", "Timestamp", "Type")),
    "a Message changed afterwards": (403, after(Message='{"eventType": "Complaint"}')),
    "a MessageId changed afterwards": (403, after(MessageId="22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324")),
    "a Subject added afterwards": (403, after(Subject="Another")),
    "a Subject taken away": (403, after(Subject=None)),
    # Topics.
    "a topic of another account": (403, signed(topic=TOPIC.replace("123456789012", "999999999999"))),
    "a topic of another region": (403, signed(topic=TOPIC.replace("west", "east"))),
    "a longer topic": (403, signed(topic=f"{TOPIC}-2")),
    "a topic in capitals": (403, signed(topic=TOPIC.upper())),
    "a topic with a line feed": (403, signed(topic=f"{TOPIC}\n")),
    "a topic that is a list": (400, after(TopicArn=[TOPIC])),
    "a subscription to another's topic": (403, subscribe_to_another),
    "a subscription nobody signed": (403, unsigned_subscription),
    # Places of certificates.
    "no certificate": (400, after(SigningCertURL=None)),
    "a certificate by http": (403, certificate_at(f"http://sns.us-west-2.amazonaws.com{PEM}")),
    "a certificate of evil": (403, certificate_at(f"https://evil.example{PEM}")),
    "a host that goes on": (403, certificate_at(f"https://sns.us-west-2.amazonaws.com.evil.example{PEM}")),
    "a host that begins before": (403, certificate_at(f"https://evil-sns.us-west-2.amazonaws.com{PEM}")),
    "somebody's bucket": (403, certificate_at(f"https://sns.us-west-2.s3.amazonaws.com{PEM}")),
    "user and password": (403, certificate_at(f"https://sns.us-west-2.amazonaws.com@evil.example{PEM}")),
    "a user": (403, certificate_at(f"https://user@sns.us-west-2.amazonaws.com{PEM}")),
    "a port": (403, certificate_at(f"{AWS}:443{PEM}")),
    "another port": (403, certificate_at(f"{AWS}:8443{PEM}")),
    "capitals": (403, certificate_at(f"https://SNS.us-west-2.amazonaws.com{PEM}")),
    "a host with a dot at its end": (403, certificate_at(f"https://sns.us-west-2.amazonaws.com.{PEM}")),
    "another region": (403, certificate_at(f"https://sns.us-east-1.amazonaws.com{PEM}")),
    "another partition": (403, certificate_at(f"https://sns.us-west-2.amazonaws.com.cn{PEM}")),
    "another service": (403, certificate_at(f"https://email.us-west-2.amazonaws.com{PEM}")),
    "a question": (403, certificate_at(f"{AWS}{PEM}?x=.pem")),
    "a fragment": (403, certificate_at(f"{AWS}{PEM}#.pem")),
    "up and down": (403, certificate_at(f"{AWS}/../x/{PEM}")),
    "dots in percent": (403, certificate_at(f"{AWS}/%2e%2e{PEM}")),
    "a folder": (403, certificate_at(f"{AWS}/folder{PEM}")),
    "no certificate's name": (403, certificate_at(f"{AWS}/")),
    "another ending": (403, certificate_at(f"{AWS}/certificate.pem.txt")),
    "a backslash": (403, certificate_at(rf"https://evil.example\@sns.us-west-2.amazonaws.com{PEM}")),
    "blanks before": (403, certificate_at(f" {AWS}{PEM}")),
    "a line feed behind": (403, certificate_at(f"{AWS}{PEM}\n")),
    "a tab inside": (403, certificate_at(f"https://sns.us-west-2.ama\tzonaws.com{PEM}")),
    "a NUL inside": (403, certificate_at(f"{AWS}\x00{PEM}")),
    "full-width dots": (403, certificate_at(f"https://sns.us-west-2．amazonaws．com{PEM}")),
    "a Cyrillic letter": (403, certificate_at(f"https://ѕns.us-west-2.amazonaws.com{PEM}")),
    "this machine": (403, certificate_at(f"http://127.0.0.1:1{PEM}")),
    "the machine's secrets": (403, certificate_at(f"http://169.254.169.254{PEM}")),
    "a file": (403, certificate_at("file:///etc/ssl/x.pem")),
    "no host": (403, certificate_at(f"https://{PEM}")),
    "a certificate of 400 characters": (400, certificate_at(f"{AWS}/{'a' * 400}.pem")),
    # Certificates.
    "a certificate that is not there": (503, served(404, lambda server: b"no such page")),
    "a certificate somewhere else": (503, served(302, lambda server: b"https://evil.example/x.pem")),
    "a certificate that is a redirect to a good one": (
        503,
        served(301, lambda server: f"{server.address}/good.pem".encode()),
    ),
    "a page instead of a certificate": (503, served(200, lambda server: b"<html>Welcome</html>")),
    "an empty certificate": (503, served(200, lambda server: b"")),
    "a certificate of a megabyte": (
        503,
        served(200, lambda server: signing.signer().pem + b"\n" * 1_000_000),
    ),
    "a broken certificate": (503, served(200, lambda server: signing.signer().pem[:400])),
    "an elliptic key": (403, served(200, elliptic)),
    "a weak key": (403, signed_by(WEAK)),
    "an expired certificate": (403, signed_by(EXPIRED)),
    "a certificate of tomorrow": (403, signed_by(EARLY)),
    # Signed, and nothing that SES says.
    "a Message that is no JSON": (400, telling(lambda message: "Hello")),
    "a Message that is a list": (400, telling(lambda message: "[1]")),
    "a Message with NaN": (400, telling(lambda message: '{"eventType": NaN}')),
    "a Message 5,000 deep": (400, telling(lambda message: '{"a":' * 5000 + "1" + "}" * 5000)),
    "a Message that names its event twice": (
        400,
        telling(lambda message: '{"eventType": "Send", "eventType": "Send"}'),
    ),
    "an empty object": (400, telling(lambda message: "{}")),
    "an unknown event": (400, telling(lambda message: {**bounce(message), "eventType": "Bounced"})),
    "an event that is a list": (400, telling(lambda message: {**bounce(message), "eventType": ["Bounce"]})),
    "an event that is null": (400, telling(lambda message: {**bounce(message), "eventType": None})),
    "no mail": (400, without("mail")),
    "a mail that is a list": (400, telling(lambda message: {**bounce(message), "mail": []})),
    "no bounce": (400, without("bounce")),
    "a bounce that is a text": (400, telling(lambda message: {**bounce(message), "bounce": "hard"})),
    "a bounce without type": (400, without("bounceType", of="bounce")),
    "a bounce whose type is a number": (400, bouncing(more={"bounceType": 2**63})),
    "no recipients": (400, without("bouncedRecipients", of="bounce")),
    "an empty list of recipients": (400, bouncing(recipients=[])),
    "recipients that are an object": (
        400,
        bouncing(more={"bouncedRecipients": {"emailAddress": "a@b.example"}}),
    ),
    "recipients that are numbers": (400, bouncing(more={"bouncedRecipients": [2**63]})),
    "recipients without address": (400, bouncing(more={"bouncedRecipients": [{"status": "5.1.1"}]})),
    "3,000 recipients": (
        400,
        bouncing(more={"bouncedRecipients": [{"emailAddress": f"r{n}@example.com"} for n in range(3000)]}),
    ),
    "a recipient of two lines": (400, bouncing(recipients=["reader.one@example.com\r\nBcc: x@evil.example"])),
    "a recipient with a NUL": (400, bouncing(recipients=["reader\x00@example.com"])),
    "a recipient with half a letter": (400, bouncing(recipients=["reader\ud800@example.com"])),
    "two recipients in one": (400, bouncing(recipients=["a@example.com, b@evil.example"])),
    "a recipient of 300 characters": (400, bouncing(recipients=["a" * 300 + "@example.com"])),
    "no messageId": (400, without("messageId", of="mail")),
    "a messageId of two lines": (400, bouncing(mail={"messageId": "a\nb"})),
    "a messageId of 500 characters": (400, bouncing(mail={"messageId": "a" * 500})),
    "a messageId that is an object": (400, bouncing(mail={"messageId": {}})),
    "no time": (400, telling(lambda message: bounce(message, more={"timestamp": None}))),
    "a time that is a number": (400, bouncing(more={"timestamp": 2**63})),
    "a time without zone": (400, bouncing(more={"timestamp": "2026-11-10T17:00:00"})),
    "a time of month 13": (400, bouncing(more={"timestamp": "2026-13-10T17:00:00Z"})),
    "no destination": (400, without("destination", of="mail")),
    "a destination that is a text": (400, bouncing(mail={"destination": "reader.one@example.com"})),
    "mail of another installation": (200, telling(stranger)),
    "mail nobody here sent": (200, telling(unknown)),
    "tags that are a list": (
        200,
        bouncing(mail={"tags": [1], "headers": {}, "messageId": "0100018f-nobody-000000"}),
    ),
    "a tag that is no id": (
        200,
        bouncing(mail={"tags": {"quarterdeck": ["'; DROP TABLE"]}, "messageId": "0100018f-nobody-000000"}),
    ),
    "a tag that is a number": (
        200,
        bouncing(mail={"tags": {"quarterdeck": [2**63]}, "messageId": "0100018f-nobody-000000"}),
    ),
    "no tag at all": (
        200,
        bouncing(
            mail={"tags": {"quarterdeck": []}, "headers": [1, {}], "messageId": "0100018f-nobody-000000"}
        ),
    ),
}


def test_there_are_enough_hostile_posts() -> None:
    assert len(HOSTILE) > 60


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_post_is_answered_in_a_word_and_changes_nothing(
    client: Client, sns_home: SnsServer, message: Message, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    status, change = HOSTILE[name]
    posted = change(message, sns_home)
    before = everything()

    answered, word = post(client, posted)

    assert answered == status
    assert word in {"malformed", "refused", "too large", "come again", "not ours"}
    assert everything() == before
    assert sns_home.confirmed == []
    assert not [record for record in caplog.records if record.exc_info]
    # Nothing of the post is repeated, in the answer or in the log.
    assert message.to_address.lower() not in caplog.text.lower()


@pytest.mark.parametrize(
    "name",
    [name for name, (status, change) in HOSTILE.items() if change.__qualname__.startswith("certificate_at")],
)
def test_nothing_is_fetched_from_where_no_certificate_of_sns_lies(
    client: Client,
    sns_home: SnsServer,
    message: Message,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    posted = HOSTILE[name][1](message, sns_home)

    def resolve(*asked: object, **more: object) -> None:
        raise AssertionError(f"{asked} was looked up.")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", resolve)

    assert post(client, posted)[0] in {400, 403}
    assert sns_home.asked == []


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Look at everything that is logged."""
    with caplog.at_level("DEBUG"):
        yield
