"""What people type is shown as they typed it: no markup, template, header or second line of it works anywhere."""

import re
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from django.test import Client

from crew.domain import checklists, dock, events, positions
from crew.domain.history import Actor
from crew.models import Event, Guest, Position, Role, Station
from tests.crew.links.conftest import hold, opened
from tests.crew.links.test_people_page import browser
from tests.factories.crew import (
    NOW,
    ChecklistItemFactory,
    EventFactory,
    GuestFactory,
    PositionFactory,
    role_on,
)
from tests.factories.people import owner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]

EVIL = "\"><img src=x onerror=alert(1)>{{ event.gate_code }}{% debug %}'</script>"
# As markup, in whatever quotes: nothing of it may stand unescaped.
MARKUP = re.compile(r"<img src=x", re.IGNORECASE)
PAGES = (
    "",
    "guests/",
    "people/",
    "history/",
    "dock/",
    "dock/requests/",
    "live/?since=0-0",
    "change/",
    "cancel/",
)


@pytest.fixture
def event() -> Event:
    event = EventFactory(
        title=EVIL,
        meeting_point=EVIL,
        gate_code="CANARY 4711",
        notes_guests=EVIL,
        notes_crew=EVIL,
        notes_captain=EVIL,
        notes_staff=EVIL,
        client_name=EVIL,
        stops=[EVIL],
    )
    mate = role_on(event, Role.CREW, name=EVIL)
    captain = Actor(role_on(event, Role.CAPTAIN, name=EVIL))
    GuestFactory(event=event, name=EVIL, email="ann@example.com")
    dock.ask(event=event, name=EVIL, email="bob@example.com", ticket="t", at=NOW, address_key="192.0.2.1")
    PositionFactory(event=event, station=Station.CAPTAIN)
    position = PositionFactory(event=event)
    positions.claim(position=position, by=Actor(mate), at=NOW)
    positions.seek_stand_in(position=position, reason=EVIL, by=Actor(mate), at=NOW)
    positions.hold(position=position, reason=EVIL, by=captain, at=NOW)
    item = ChecklistItemFactory(event=event, text=EVIL, detail=EVIL)
    checklists.claim_item(item=item, by=Actor(mate), at=NOW)
    return event


@pytest.mark.parametrize("who", ["captain", "crew", "guest", "office"])
def test_no_page_of_an_event_runs_what_somebody_typed(event: Event, who: str) -> None:
    if who == "office":
        client = browser(owner())
    else:
        client = opened(hold(who, event=event)) if who != "captain" else browser(role_on(event, who))
    position, item = Position.objects.exclude(holder=None).get(), event.items.get()
    for part in (*PAGES, f"positions/{position.pk}/", f"items/{item.pk}/"):
        answer = client.get(f"/events/{event.key}/{part}")
        assert answer.status_code in {200, 403}, part
        text = answer.content.decode()
        assert not MARKUP.search(text), part
        assert "</script>'" not in text
        if who == "guest":
            assert "CANARY 4711" not in text
    assert not MARKUP.search(client.get("/my-work/").content.decode())
    assert not MARKUP.search(client.get("/grants/").content.decode())


def test_the_pages_of_links_and_the_dock_run_nothing_either(event: Event) -> None:
    phone = Client()
    phone.get(hold(Role.GUEST, event=event).url)
    assert not MARKUP.search(phone.get("/l/").content.decode())
    phone.get(f"/q/{dock.code(event=event, at=NOW)}/")
    asked = phone.post("/q/", {"name": EVIL, "email": "cem@example.com"}, follow=True).content.decode()
    assert not MARKUP.search(asked)
    captain = browser(role_on(event, Role.CAPTAIN))
    grant = event.grants.filter(role=Role.CREW).get()
    shown = captain.post(f"/events/{event.key}/people/{grant.pk}/show/").content.decode()
    assert "<svg" in shown
    assert not MARKUP.search(shown)


def test_mails_bear_it_as_words_on_one_line(event: Event, letters: Callable[[], list[EmailMessage]]) -> None:
    Guest.objects.update(name=f"{EVIL}")
    browser(owner()).post(f"/events/{event.key}/guests/{Guest.objects.get().pk}/mail/")
    events.cancel(event=Event.objects.get(pk=event.pk), reason=EVIL, by=Actor(None), at=NOW)

    found = letters()
    assert len(found) >= 3
    for letter in found:
        html = letter.get_body(preferencelist=("html",))
        assert html is not None
        assert not MARKUP.search(html.get_content())
        assert "CANARY 4711" not in str(letter)
        assert "\n" not in letter["Subject"]
        assert letter["Bcc"] is None


@pytest.mark.parametrize("name", ["Ada\r\nBcc: evil@example.com", "Ada\nLane", "Ada\x0bLane", "Ada\x85Lane"])
def test_a_second_line_in_a_name_reaches_no_header(event: Event, name: str, letters) -> None:  # type: ignore[no-untyped-def]
    captain = browser(role_on(event, Role.CAPTAIN))
    answer = captain.post(
        f"/events/{event.key}/guests/add/", {"name": name, "email": "ada@example.com", "mail": "on"}
    )
    assert answer.status_code in {302, 422}
    for letter in letters():
        assert "evil@example.com" not in str(letter["To"])
        assert letter["Bcc"] is None
