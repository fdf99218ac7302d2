"""Notices: one mail about one matter, in words and as a page, with the plain address and no secret."""

from collections.abc import Callable
from email.message import EmailMessage

import pytest
from pytest_django import Settings

from core import clock
from crew.domain import events, notices
from crew.models import Event
from mail.models import Message
from tests.crew.events.conftest import Harbor
from tests.factories.crew import NOW, EventFactory, GuestFactory
from tests.factories.people import PersonFactory

pytestmark = pytest.mark.django_db
PARAGRAPHS = ["The sail is off.", "The reason: <b>gale</b> & rain"]


def part(letter: EmailMessage, kind: str) -> str:
    body = letter.get_body(preferencelist=(kind,))
    assert body is not None
    return str(body.get_content())


def test_a_notice_bears_its_words_and_the_plain_address_of_the_event(
    letters: Callable[[], list[EmailMessage]], settings: Settings
) -> None:
    settings.BASE_URL = "https://deck.example.com"
    event = EventFactory(title="Sunset sail & supper")
    person = PersonFactory(name="Ines Halloran", email="ines@example.com")

    notices.tell(
        event=event,
        person=person,
        key="off",
        subject="Off: Sunset sail",
        paragraphs=PARAGRAPHS,
        at=clock.now(),
    )
    (letter,) = letters()

    assert (letter["Subject"], letter["To"]) == ("Off: Sunset sail", "Ines Halloran <ines@example.com>")
    text, html = part(letter, "plain"), part(letter, "html")
    assert "The reason: <b>gale</b> & rain" in text
    assert "&lt;b&gt;gale&lt;/b&gt; &amp; rain" in html
    for body in (text, html):
        assert f"https://deck.example.com/events/{event.key}/" in body
    assert len(html) < 10_000


def test_a_guest_without_a_role_is_given_no_page_to_open(
    letters: Callable[[], list[EmailMessage]],
) -> None:
    guest = GuestFactory(name="Ada", email="ada@example.com")

    notices.tell_guest(
        event=guest.event, guest=guest, key="off", subject="Off", paragraphs=PARAGRAPHS, at=clock.now()
    )
    (letter,) = letters()

    assert letter["To"] == "Ada <ada@example.com>"
    assert guest.event.key not in part(letter, "plain") + part(letter, "html")


def test_the_same_matter_is_told_once() -> None:
    event, person = EventFactory(), PersonFactory()

    for key in ("moved:1", "moved:1", "moved:2"):
        notices.tell(event=event, person=person, key=key, subject="Moved", paragraphs=PARAGRAPHS, at=NOW)

    assert sorted(Message.objects.values_list("dedupe_key", flat=True)) == [
        f"crew.notice:{event.key}:moved:1:{person.pk}",
        f"crew.notice:{event.key}:moved:2:{person.pk}",
    ]


def test_a_title_with_line_breaks_that_a_hand_wrote_makes_one_subject() -> None:
    message = notices.tell(
        event=EventFactory(),
        person=PersonFactory(name="A\nB"),
        key="off",
        subject="Off: sail\r\nBcc: evil@example.com\x00",
        paragraphs=PARAGRAPHS,
        at=NOW,
    )

    assert message.subject == "Off: sail Bcc: evil@example.com"
    assert message.to_name == "A B"


def test_a_cancelled_sail_is_told_with_date_and_reason(
    harbor: Harbor, letters: Callable[[], list[EmailMessage]]
) -> None:
    event = harbor.event(gate_code="4711#")
    GuestFactory(event=event, email="ada@example.com")
    events.cancel(event=Event.objects.get(), reason="Gale warning", by=harbor.by, at=clock.now())

    (letter,) = letters()

    text = part(letter, "plain")
    assert "Sunset sail on Saturday 28 November 2026 is cancelled." in text
    assert "The reason: Gale warning" in text
    assert "4711" not in letter.as_string()
