"""The page of one message: its words, its frame, its parts, and whose eyes codes and unsubscribe addresses are for."""

import re
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from mail import tasks
from mail.domain import unsubscribe
from mail.models import Campaign, Kind, Message
from tests.factories import people
from tests.mail import letters
from tests.mail.web.mails import url

pytestmark = [pytest.mark.django_db, pytest.mark.once_postgresql]


# One message


def test_the_message_page_shows_text_headers_parts_and_what_happened(owner: Client, sent: Message) -> None:
    page = owner.get(url("message", sent)).content.decode()

    assert "Net burn is $8,130 — three-month mean." in page
    assert f"X-Quarterdeck-Message: {sent.public_id}" in page
    assert "Subject: [EXEC REPORT] CEO, October 2026, edition 7" in page
    assert "burn.png" in page
    assert "ceo-2026-10.pdf" in page
    assert "audit@example.com" in page
    assert [
        title
        for title in ("Written into the outbox", "Taken for sending, try 1", "Laid in the mailbox folder")
        if title in page
    ] == ["Written into the outbox", "Taken for sending, try 1", "Laid in the mailbox folder"]
    (frame,) = re.findall(r"<iframe[^>]*>", page)
    assert f'src="{url("html", sent)}"' in frame
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame


def test_the_message_page_takes_few_queries(
    owner: Client, sent: Message, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # Session, person, grants, sample notice, message, tries, events, suppressions, audit trail, the tabs' count.
    with django_assert_num_queries(10):
        owner.get(url("message", sent))


def test_the_frame_runs_nothing_and_loads_nothing(owner: Client, sent: Message) -> None:
    answer = owner.get(url("html", sent))
    policy = dict(
        directive.strip().partition(" ")[::2]
        for directive in answer.headers["Content-Security-Policy"].split(";")
    )

    assert policy == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
        "sandbox": "allow-popups allow-popups-to-escape-sandbox",
    }
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert '<img src="data:image/png;base64,' in answer.content.decode()


def test_the_portals_own_pages_stay_unframed_and_strict(owner: Client, sent: Message) -> None:
    answer = owner.get(url("message", sent))

    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "style=" not in answer.content.decode()


def test_the_eml_is_the_file_that_left(owner: Client, sent: Message, mailbox: Path) -> None:
    answer = owner.get(url("file", sent))

    assert answer.content == (mailbox / sent.eml_name).read_bytes()
    assert answer.headers["Content-Type"] == "message/rfc822"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{sent.public_id}.eml"'


@pytest.mark.parametrize(
    ("number", "mimetype", "content"),
    [(3, "image/png", letters.png()), (4, "application/pdf", letters.PDF)],
)
def test_parts_are_saved_not_opened(
    number: int, mimetype: str, content: bytes, owner: Client, sent: Message
) -> None:
    answer = owner.get(url("part", sent, number=number))

    assert (answer.headers["Content-Type"], answer.content) == (mimetype, content)
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"


def test_the_html_part_is_offered_as_a_file_of_no_kind(owner: Client, sent: Message) -> None:
    assert owner.get(url("part", sent, number=2)).headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize("number", [0, 5, 10**12])
def test_a_part_there_is_none_of_is_404(number: int, owner: Client, sent: Message) -> None:
    assert owner.get(url("part", sent, number=number)).status_code == 404


def test_a_message_that_waits_is_shown_as_it_will_be(owner: Client, mailbox: Path) -> None:
    message = letters.enqueue()
    page = owner.get(url("message", message)).content.decode()

    assert "Composed anew from its records" in page
    assert "Net burn is $8,130" in page
    assert owner.get(url("html", message)).status_code == 200
    assert owner.get(url("file", message)).status_code == 404


def test_a_message_whose_record_is_gone_says_so(owner: Client, mailbox: Path) -> None:
    message = letters.enqueue(composer=letters.GONE)

    assert "Edition 7 no longer exists." in owner.get(url("message", message)).content.decode()
    assert owner.get(url("html", message)).status_code == 404


def test_a_message_of_plain_text_has_no_frame(owner: Client, mailbox: Path, settings: Settings) -> None:
    settings.DEMO = True
    message = letters.enqueue_code()
    tasks.deliver(message.pk)

    assert "<iframe" not in owner.get(url("message", message)).content.decode()
    assert owner.get(url("html", message)).status_code == 404


# Codes


@pytest.mark.parametrize(
    ("demo", "kind", "shown"), [(True, "mailbox", True), (False, "mailbox", False), (True, "ses", False)]
)
def test_a_code_is_read_in_the_mailbox_of_a_demo_laptop_only(
    demo: bool, kind: str, shown: bool, owner: Client, mailbox: Path, settings: Settings
) -> None:
    message = letters.enqueue_code()
    tasks.deliver(message.pk)
    settings.DEMO, settings.MAIL_TRANSPORT = demo, kind
    answers = [
        owner.get(url("message", message)),
        owner.get(url("file", message)),
        owner.get(url("part", message, number=1)),
    ]

    assert [answer.status_code for answer in answers] == ([200, 200, 200] if shown else [200, 404, 404])
    assert any(b"WDJB" in answer.content for answer in answers) is shown


def test_a_code_is_read_by_the_owner_only(client: Client, mailbox: Path, settings: Settings) -> None:
    settings.DEMO, settings.MAIL_TRANSPORT = True, "mailbox"
    message = letters.enqueue_code()
    tasks.deliver(message.pk)
    client.force_login(people.bookkeeper())
    answers = [
        client.get(url("message", message)),
        client.get(url("file", message)),
        client.get(url("part", message, number=1)),
    ]

    assert [answer.status_code for answer in answers] == [200, 404, 404]
    assert not any(b"WDJB" in answer.content for answer in answers)
    client.force_login(people.owner())
    assert b"WDJB" in client.get(url("message", message)).content


# A campaign's mail


def test_the_readers_own_unsubscribe_address_is_shown_to_owners_only(
    client: Client, autumn: Campaign, mailbox: Path, settings: Settings
) -> None:
    settings.POSTAL_ADDRESS = "1 Harbor Way"
    row = letters.enqueue(composer="mail.campaign", kind=Kind.COMMERCIAL, bcc_audit=False, payload={})
    assert isinstance(row, Message)
    Message.objects.filter(pk=row.pk).update(campaign=autumn)
    tasks.deliver(row.pk)
    row.refresh_from_db()
    token = unsubscribe.token(row.public_id).encode()
    pages = [url("message", row), url("html", row), url("part", row, number=1), url("part", row, number=2)]

    client.force_login(people.bookkeeper())
    shown = [client.get(page) for page in pages]
    assert [answer.status_code for answer in shown] == [200] * 4
    assert not any(token in answer.content for answer in shown)
    assert b"unsubscribe address is left out" in shown[0].content
    assert client.get(url("file", row)).status_code == 404

    client.force_login(people.owner())
    assert all(token in client.get(page).content for page in pages)
    assert client.get(url("file", row)).status_code == 200
