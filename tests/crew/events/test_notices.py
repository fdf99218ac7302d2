"""Notices: one mail about one matter, in words and as a page, with a link where its reader has a role."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from core import clock
from crew.domain import events, grants, links, notices, positions
from crew.domain.history import SYSTEM, Actor
from crew.models import Event, EventGrant, EventState, Link, LinkSecret, Position, Role, Station
from mail.domain import compose
from mail.models import Message, State
from tests.crew.events.conftest import Harbor
from tests.factories.crew import NOW, EventFactory, EventGrantFactory, GuestFactory
from tests.factories.people import PersonFactory

pytestmark = pytest.mark.django_db
ADDRESS = re.compile(r"http://testserver(/l/[\w-]{43}/)")
PARAGRAPHS = ["The sail is off.", "The reason: <b>gale</b> & rain"]


@pytest.fixture(autouse=True)
def _on_monday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


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
    assert "4711#" not in letter.as_string()


def told(grant: EventGrant, key: str = "moved") -> Message:
    return notices.tell(
        event=grant.event,
        person=grant.person,
        key=key,
        subject="Moved",
        paragraphs=PARAGRAPHS,
        at=clock.now(),
    )


def test_whoever_is_put_into_a_position_opens_the_event_from_that_one_mail(
    harbor: Harbor, letters: Callable[[], list[EmailMessage]]
) -> None:
    event = harbor.event()
    events.advance(event=event, to=EventState.OPEN, by=harbor.by, at=clock.now())
    deckhand = PersonFactory(name="Dana Reyes", email="dana@example.com")
    position = Position.objects.filter(event=event, station=Station.DECKHAND)[0]
    Position.objects.filter(pk=position.pk).update(requires=[])
    position.refresh_from_db()

    positions.designate(position=position, person=deckhand, by=Actor(harbor.admin), at=clock.now())

    assert not LinkSecret.objects.exists(), "Nothing is minted before the mail leaves."
    (letter,) = letters()
    assert (letter["To"], letter["Bcc"]) == ("Dana Reyes <dana@example.com>", None)
    text, html = part(letter, "plain"), part(letter, "html")
    found = ADDRESS.search(text)
    assert found is not None
    assert found[1] in html
    assert "Open the event" in html
    code = re.search(r"\b[0-9B-Z]{4}-[0-9B-Z]{4}\b", text)
    assert code is not None
    assert code[0] in html
    phone = Client()
    assert "Sign in" not in phone.get(found[1], follow=True).content.decode()
    assert phone.post("/l/").status_code == 302
    page = phone.get(f"/events/{event.key}/")
    assert (page.status_code, event.title in page.content.decode()) == (200, True)


def test_several_notices_share_one_link_and_no_row_holds_a_secret(
    letters: Callable[[], list[EmailMessage]],
) -> None:
    grant = EventGrantFactory(role=Role.GUEST)
    first, second = told(grant, "moved:1"), told(grant, "moved:2")
    assert told(grant, "moved:1") == first
    assert Link.objects.count() == 1
    assert {row.payload["link"] for row in (first, second)} == {Link.objects.get().pk}

    sent = letters()

    assert len(sent) == 2
    tokens = {ADDRESS.findall(part(letter, "plain"))[0] for letter in sent}
    assert len(tokens) == LinkSecret.objects.count() == 2
    for row in Message.objects.values():
        assert (row["state"], row["sealed"], row["bcc_audit"], row["bears_secret"]) == (
            State.SENT,
            None,
            False,
            True,
        )
        assert not any(token.split("/")[2] in str(row) for token in tokens)
    reread = compose.compose(Message.objects.all()[0])
    assert ADDRESS.search(reread.text) is None
    assert f"/events/{grant.event.key}/" in reread.text
    assert LinkSecret.objects.count() == 2


def test_a_link_that_somebody_has_already_is_the_one_they_are_told_with() -> None:
    grant = EventGrantFactory(role=Role.CREW)
    held = links.issue(grant=grant, by=SYSTEM, at=clock.now(), mail=False)

    assert told(grant).payload["link"] == held.pk


@pytest.mark.parametrize("over", ["cancelled", "returned", "admin", "revoked"])
def test_where_no_link_can_be_used_the_address_is_plain(
    over: str, letters: Callable[[], list[EmailMessage]]
) -> None:
    grant = EventGrantFactory(role=Role.ADMIN if over == "admin" else Role.CREW)
    if over == "cancelled":
        Event.objects.update(state=EventState.CANCELLED, cancel_reason="Gale")
    if over == "returned":
        gone = clock.now() - dt.timedelta(days=9)
        Event.objects.update(departs_at=gone, returns_at=gone + dt.timedelta(hours=2))
    if over == "revoked":
        grants.revoke(grant=grant, by=SYSTEM, at=clock.now())
    grant = EventGrant.objects.select_related("event__entity", "person").get()

    message = told(grant)
    (letter,) = letters()

    assert (message.payload["link"], message.bears_secret) == (None, False)
    assert not Link.objects.exists()
    assert f"/events/{grant.event.key}/" in part(letter, "plain")
    assert ADDRESS.search(part(letter, "plain")) is None


def test_a_notice_whose_link_was_taken_back_before_it_left_is_sent_without_it(
    letters: Callable[[], list[EmailMessage]],
) -> None:
    grant = EventGrantFactory(role=Role.CREW)
    told(grant)
    grants.revoke(grant=grant, by=SYSTEM, at=clock.now())

    (letter,) = letters()

    assert ADDRESS.search(part(letter, "html")) is None
    assert f"/events/{grant.event.key}/" in part(letter, "plain")
    assert not LinkSecret.objects.exists()
