"""The whole way to an SES at the end of a real wire (moto's server), read back from it; and the client by itself."""

import base64
import datetime as dt
import json
from email import message_from_string, policy
from pathlib import Path

import boto3
import botocore.session
import pytest
from botocore.credentials import RefreshableCredentials
from pytest_django import Settings

from core import clock
from mail import ses as client_of_ses
from mail import tasks, transport
from mail.domain import compose, delivery, queries
from mail.models import Message, State
from mail.transport import Outcome, Receipt
from tests.mail import letters
from tests.mail.conftest import FakeSes

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_a_report_reaches_ses_with_everything_it_should_bear(ses: list) -> None:
    message = letters.enqueue(from_name="Zoë, CEO Report")
    tasks.sweep()

    message.refresh_from_db()
    assert (message.state, message.transport, message.error) == (State.SENT, "ses", "")
    (received,) = ses
    assert message.provider_message_id == received.id
    assert message.provider_message_id

    mail = message_from_string(received.raw_data, policy=policy.default)
    assert (mail["From"].addresses[0].display_name, mail["From"].addresses[0].addr_spec) == (
        "Zoë, CEO Report",
        "quarterdeck@example.com",
    )
    assert received.source.endswith("<quarterdeck@example.com>")
    assert str(mail["To"]) == "Olive Owner <owner@example.com>"
    assert str(mail["Reply-To"]) == "ceo@example.com"
    assert str(mail["Subject"]) == "[EXEC REPORT] CEO, October 2026, edition 7"
    assert mail["X-Quarterdeck-Message"] == str(message.public_id)
    assert mail["X-SES-MESSAGE-TAGS"] == f"quarterdeck={message.public_id}"

    # moto adds the To header's address to the destinations it was given; SES itself takes those given.
    assert received.destinations[:2] == ["Olive Owner <owner@example.com>", "audit@example.com"]
    assert mail["Bcc"] is None
    assert "audit@example.com" not in received.raw_data
    assert message.bcc_address == "audit@example.com"

    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/related",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    html = mail.get_body(("html",)).get_content()
    chart = next(part for part in mail.walk() if part.get_content_type() == "image/png")
    assert 'src="cid:burn"' in html
    assert (chart["Content-ID"], chart.get_content()) == ("<burn>", letters.png())
    assert "Net burn is $8,130 — three-month mean." in mail.get_body(("plain",)).get_content()


def test_a_sign_in_code_reaches_its_reader_alone(ses: list) -> None:
    message = letters.enqueue_code()
    tasks.deliver(message.pk)

    message.refresh_from_db()
    (received,) = ses
    assert "Your code is WDJB-MJHT." in received.raw_data
    assert set(received.destinations) == {"Olive Owner <owner@example.com>"}
    assert (message.state, message.sealed, message.bcc_address) == (State.SENT, None, "")
    assert queries.read(message, secrets=True).content is None


def test_a_configuration_set_is_named_when_there_is_one(ses: list, settings: Settings) -> None:
    settings.SES_CONFIGURATION_SET = "events"
    letters.enqueue()
    tasks.sweep()

    assert message_from_string(ses[0].raw_data)["X-SES-CONFIGURATION-SET"] == "events"


def test_a_sender_that_is_not_verified_fails_the_message(ses: list, moto_address: str) -> None:
    client = boto3.client("ses", region_name="us-east-1", endpoint_url=moto_address)
    client.delete_identity(Identity="quarterdeck@example.com")
    message = letters.enqueue()
    tasks.sweep()

    message.refresh_from_db()
    assert (message.state, ses) == (State.FAILED, [])
    assert message.error.startswith("SES answered 400 MessageRejected: ")


def test_one_reader_one_message(ses: list) -> None:
    for name in ("owner", "cfo", "counsel"):
        letters.enqueue(dedupe_key=name, to_address=f"{name}@example.com", to_name="")
    tasks.sweep()

    # Several at once, so in any order.
    assert sorted(mail.destinations[0] for mail in ses) == [
        "cfo@example.com",
        "counsel@example.com",
        "owner@example.com",
    ]


def test_what_ses_took_can_be_read_again_from_the_records(ses: list) -> None:
    message = letters.enqueue()
    tasks.sweep()

    message.refresh_from_db()
    reading = queries.read(message, secrets=True)
    assert reading.content is not None
    assert not reading.kept
    assert reading.content.text.startswith("Net burn is $8,130")


# The client, on the wire


def hand_over() -> Receipt:
    message = Message(composer=letters.LETTER, to_address="owner@example.com", subject="Edition 7")
    return transport.hand_over(compose.prepare(message), over=transport.connect())


def test_a_call_is_signed_as_boto3_signs_it(fake_ses: FakeSes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-session")
    client_of_ses._client.cache_clear()
    fake_ses.accepts("m-1")
    assert hand_over().outcome is Outcome.ACCEPTED
    ours = fake_ses.headers[-1]

    asked = json.loads(json.dumps(fake_ses.requests[0]))
    asked["Content"]["Raw"]["Data"] = base64.b64decode(asked["Content"]["Raw"]["Data"])
    real = boto3.Session().client("sesv2", region_name="us-east-1", endpoint_url=fake_ses.address)
    real.send_email(**asked)
    theirs = fake_ses.headers[-1]
    client_of_ses._client.cache_clear()

    assert fake_ses.requests[0] == fake_ses.requests[1]
    assert ours["X-Amz-Security-Token"] == theirs["X-Amz-Security-Token"] == "a-session"
    assert (ours["Content-Length"], ours["Content-Type"]) == (
        theirs["Content-Length"],
        theirs["Content-Type"],
    )
    # All but the signature itself, which differs with the second.
    whose, ours_signed, theirs_signed = (
        ours["Authorization"].split(", ")[0],
        ours["Authorization"].split(", ")[1],
        theirs["Authorization"].split(", ")[1],
    )
    assert theirs["Authorization"].startswith(whose)
    assert ours_signed == theirs_signed


def test_credentials_are_renewed_when_they_run_out(fake_ses: FakeSes) -> None:
    turns = iter(["first", "second"])

    def renew() -> dict[str, str]:
        soon = clock.now() + dt.timedelta(seconds=1)
        return {"access_key": next(turns), "secret_key": "s", "token": "t", "expiry_time": soon.isoformat()}

    over = transport.connect()
    over.backend.open()
    session = botocore.session.Session()
    session._credentials = RefreshableCredentials.create_from_metadata(renew(), renew, "test")
    over.backend.connection = client_of_ses.Client(  # type: ignore[attr-defined]
        region="us-east-1", endpoint=fake_ses.address, session=session, read_seconds=5
    )
    fake_ses.accepts("m-1")
    message = Message(composer=letters.LETTER, to_address="owner@example.com", subject="Edition 7")

    assert transport.hand_over(compose.prepare(message), over=over).outcome is Outcome.ACCEPTED
    assert "Credential=second/" in fake_ses.headers[-1]["Authorization"]
    # The next renewal fails: nothing was sent, so it is tried later.
    receipt = transport.hand_over(compose.prepare(message), over=over)
    assert (receipt.outcome, len(fake_ses.requests)) == (Outcome.LATER, 1)


@pytest.mark.parametrize(
    ("status", "text", "state"),
    [
        (400, r'{"message": "No \ud800 and no \u0000."}', State.FAILED),
        (200, r'{"MessageId": "\ud800"}', State.IN_DOUBT),
        (200, '{"MessageId": null}', State.IN_DOUBT),
        (200, json.dumps({"MessageId": "x" * 5000}), State.IN_DOUBT),
    ],
)
def test_an_answer_that_no_row_can_hold_is_settled_like_any_other(
    fake_ses: FakeSes, status: int, text: str, state: State
) -> None:
    fake_ses.says(status, text, **{"x-amzn-ErrorType": "MessageRejected"})
    message = letters.enqueue(at=clock.now())
    delivery.run(clock=clock.now)

    message.refresh_from_db()
    assert (message.state, message.provider_message_id) == (state, "")


def test_a_proxy_that_is_not_there_means_later(fake_ses: FakeSes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")

    receipt = hand_over()
    assert (receipt.outcome, fake_ses.requests) == (Outcome.LATER, [])
    assert "ProxyConnectionError" in receipt.reason


def test_a_handshake_that_fails_means_later(fake_ses: FakeSes, settings: Settings) -> None:
    settings.AWS_SES_REGION_ENDPOINT_URL = fake_ses.address.replace("http:", "https:")

    receipt = hand_over()
    assert (receipt.outcome, fake_ses.requests) == (Outcome.LATER, [])
    assert receipt.reason.startswith(
        "The transport could not be reached: HandshakeError: SSL validation failed"
    )


def test_a_connection_is_kept_for_the_next_mail(fake_ses: FakeSes) -> None:
    fake_ses.accepts("m-1")
    for _ in range(3):
        assert hand_over().outcome is Outcome.ACCEPTED

    assert len(fake_ses.peers) == 1


def test_what_our_account_may_send_is_told(fake_ses: FakeSes) -> None:
    assert transport.account() == transport.Account(rate=10_000, daily=50_000, used=12, production=True)
    fake_ses.rate = None
    assert transport.account().rate is None
    assert transport.account().why.startswith("SES did not say what our account may send: ClientError")


def test_a_laptop_has_neither_quota_nor_identity(mailbox: Path) -> None:
    assert transport.account().why == "The transport mailbox has no quota of its own."
    assert transport.identity().verified is None
