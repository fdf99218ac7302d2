"""The whole way through django-ses to an SES at the end of a real wire (moto's server), read back from it."""

from email import message_from_string, policy

import boto3
import pytest
from pytest_django import Settings

from mail import tasks
from mail.domain import queries
from mail.models import State
from tests.mail import letters

pytestmark = pytest.mark.django_db


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
