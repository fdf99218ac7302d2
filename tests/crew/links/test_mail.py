"""Links as mail: made when really sent, never copied, and not sent where it would only mislead."""

from collections.abc import Callable
from email.message import EmailMessage

import pytest

from core import clock
from crew.domain import grants, links, stepup
from crew.domain.history import SYSTEM
from crew.models import LinkSecret, Role
from mail.models import Message, State
from tests.crew.links.conftest import hold
from tests.factories.crew import EventFactory, EventGrantFactory
from tests.factories.people import PersonFactory

pytestmark = pytest.mark.django_db(transaction=True)

Letters = Callable[[], list[EmailMessage]]


def test_the_mail_holds_link_code_and_picture_and_says_for_how_long(letters: Letters) -> None:
    grant = EventGrantFactory(
        role=Role.CAPTAIN,
        person=PersonFactory(name="Ines Halloran"),
        event=EventFactory(title="Sunset <sail>"),
    )
    links.issue(grant=grant, by=SYSTEM, at=clock.now())
    assert not LinkSecret.objects.exists()
    (letter,) = letters()
    text = letter.get_body(preferencelist=("plain",)).get_content()  # type: ignore[union-attr]
    html = letter.get_body(preferencelist=("html",)).get_content()  # type: ignore[union-attr]
    assert LinkSecret.objects.get().shown == "mail"
    for words in (
        "http://testserver/l/",
        "http://testserver/l/code/",
        "30 Nov 2026, 17:00 PST",
        "Ines Halloran",
    ):
        assert words in text
        assert words in html
    assert "Sunset <sail>" in text
    assert "Sunset &lt;sail&gt;" in html
    assert "a code that we mail" in text
    assert letter["Bcc"] is None
    row = Message.objects.get()
    assert (row.state, row.sealed, row.bcc_address) == (State.SENT, None, "")


def test_mailed_again_it_bears_another_secret_and_both_work(letters: Letters) -> None:
    grant = EventGrantFactory(role=Role.GUEST)
    link = links.issue(grant=grant, by=SYSTEM, at=clock.now())
    assert links.mail_again(grant=grant, by=SYSTEM, at=clock.now()) == link
    assert len(letters()) == 2
    assert LinkSecret.objects.filter(link=link, revoked_at=None).count() == 2


def test_what_was_revoked_before_it_left_is_not_sent(letters: Letters) -> None:
    grant, other = EventGrantFactory(role=Role.GUEST), EventGrantFactory(role=Role.GUEST)
    links.issue(grant=grant, by=SYSTEM, at=clock.now())
    links.issue(grant=other, by=SYSTEM, at=clock.now())
    grants.revoke(grant=grant, by=SYSTEM, at=clock.now())
    assert [letter["To"] for letter in letters()] == [f"{other.person.name} <{other.person.email}>"]
    failed = Message.objects.get(state=State.FAILED)
    assert failed.error == "The link was revoked before this mail was sent."
    assert LinkSecret.objects.count() == 1


def test_the_code_for_a_device_is_mailed_sealed_and_forgotten(letters: Letters) -> None:
    held = hold(Role.CAPTAIN)
    stepup.ask(link=held.link, at=clock.now())
    row = Message.objects.get()
    assert row.sealed is not None
    (letter,) = letters()
    assert "Your code for this device is" in letter.get_body(preferencelist=("plain",)).get_content()  # type: ignore[union-attr]
    assert Message.objects.get().sealed is None


def test_a_title_that_no_header_can_bear_stops_no_link(letters: Letters) -> None:
    grant = EventGrantFactory(role=Role.GUEST, event=EventFactory(title="Sunset\r\nBcc: x@example.com\x07"))
    links.issue(grant=grant, by=SYSTEM, at=clock.now())
    (letter,) = letters()
    assert letter["Subject"] == "Your link to Sunset  Bcc: x@example.com"
