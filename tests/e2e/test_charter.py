"""A charter from the first line to the last, worked by everybody who has a part in it, each in a browser of their own."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from core import clock
from crew.domain import dock, guests, timing
from crew.domain.history import SYSTEM
from crew.models import (
    Anchor,
    ChecklistItem,
    Event,
    EventState,
    Guest,
    ItemState,
    MaintenanceRecord,
    Position,
    PositionState,
    Role,
)
from tests.e2e import harbour
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.harbour import Harbour, Looker, Open
from tests.factories.crew import EventFactory, GuestFactory, role_on

pytestmark = pytest.mark.e2e

LIVE = 3000
"""Within so many milliseconds a change is on everybody's screen."""


@pytest.fixture
def sandiego(transactional_db: None, live_server: LiveServer, settings: Settings, tmp_path: Path) -> Harbour:
    settings.BASE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    settings.EMAIL_BACKEND = "mail.transport.MailboxBackend"
    settings.MAIL_TRANSPORT = "mailbox"
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    settings.MEDIA_ROOT = tmp_path / "media"
    return harbour.build(live_server.url, settings.MAILBOX_DIR)


def owner_signs_in(page: Page, place: Harbour) -> None:
    page.goto(f"{place.url}/events/")
    page.get_by_label("Email").fill(place.owner.email)
    page.get_by_role("button", name="Mail me a code").click()
    page.get_by_label("Code").fill(place.code(place.owner.email))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{place.url}/events/")


def event_is_made_and_opened(page: Page, place: Harbour, looker: Looker) -> Event:
    looker.look(page, "agenda")
    page.get_by_role("link", name="New event").first.click()
    looker.look(page, "templates")
    page.get_by_role("link", name="Sunset sail").click()
    page.get_by_label("Date").fill(place.saturday.isoformat())
    page.get_by_label("Gate code").fill("4711#")
    page.get_by_label("Client").fill("Claude Client")
    page.get_by_label("Price").fill("2,100.00")
    page.get_by_label("For staff only").fill("Paid by invoice.")
    looker.look(page, "event form")
    page.get_by_role("button", name="Write it down").click()
    page.wait_for_url(re.compile(r"/events/[^/]+/$"))
    page.get_by_role("button", name="Open it").click()
    expect(page.get_by_text("is now open")).to_be_visible()
    looker.look(page, "event, owner")
    event = Event.objects.get()
    assert event.state == EventState.OPEN
    assert event.departs_at == timing.instant(
        port=event.port, on=place.saturday, anchor=Anchor.SUNSET, minutes=-120
    )
    return event


def invite(page: Page, place: Harbour, event: Event, name: str, role: str) -> None:
    page.goto(f"{place.url}/events/{event.key}/people/")
    page.get_by_label("Mail address").fill(f"{name.split(maxsplit=1)[0].lower()}@example.com")
    page.get_by_label(re.compile("^Name")).fill(name)
    page.get_by_label("Role", exact=True).select_option(role)
    page.get_by_role("button", name="Give the role and mail the link").click()
    expect(page.get_by_text("A link is on its way to")).to_be_visible()


def captain_steps_up(page: Page, place: Harbour, looker: Looker) -> None:
    page.goto(place.link("cara@example.com"))
    expect(page.get_by_text("Cara Captain")).to_be_visible()
    looker.look(page, "link, captain")
    page.get_by_role("button", name="Mail me the code").click()
    expect(page.get_by_label("Code from the mail")).to_be_visible()
    looker.look(page, "code of the second step")
    page.get_by_label("Code from the mail").fill(place.code("cara@example.com"))
    page.get_by_role("button", name="Open as captain").click()
    page.wait_for_url(re.compile(r"/events/[^/]+/$"))
    looker.look(page, "event, captain")


def opens_link(page: Page, place: Harbour, email: str, role: str) -> None:
    page.goto(place.link(email))
    page.get_by_role("button", name=f"Open as {role}").click()
    page.wait_for_url(re.compile(r"/events/[^/]+/$"))


def two_race_for_one_position(
    pages: dict[str, Page], place: Harbour, event: Event, looker: Looker
) -> tuple[str, str]:
    """Let both press at once; return who has it and who has not."""
    position = Position.objects.get(event=event)
    for page in pages.values():
        page.goto(f"{place.url}/events/{event.key}/positions/{position.pk}/")
        expect(page.get_by_role("button", name="Claim it")).to_be_visible()
    looker.look(page, "position, crew")
    for page in pages.values():
        # Pressed in both browsers before either is waited for.
        page.get_by_role("button", name="Claim it").click(no_wait_after=True)
    won = {}
    for name, page in pages.items():
        told = page.get_by_text(re.compile(r"is yours\.|That was not possible")).first
        expect(told).to_be_visible()
        won[name] = page.get_by_text("That was not possible").count() == 0
    position.refresh_from_db()
    assert position.state == PositionState.CLAIMED
    assert position.holder is not None
    winner = position.holder.name
    (loser,) = [name for name in pages if name != winner]
    assert won == {winner: True, loser: False}
    expect(pages[loser].locator(".callout--bad")).to_contain_text(winner)
    looker.look(pages[loser], "position, taken")
    return winner, loser


def item_of(event: Event, text: str) -> ChecklistItem:
    return ChecklistItem.objects.select_related("event").get(event=event, text=text)


def claims(hand: Page, place: Harbour, item: ChecklistItem) -> None:
    """Take an item on its own page."""
    hand.goto(f"{place.url}/events/{item.event.key}/items/{item.pk}/")
    hand.get_by_role("button", name="Claim", exact=True).click()
    expect(hand.get_by_role("button", name="Give it back")).to_be_visible()


def checklist_is_worked(
    hand: Page, captain: Page, place: Harbour, event: Event, winner: str, looker: Looker, folder: Path
) -> None:
    lines = item_of(event, "Coil the lines")
    for page in (captain, hand):
        page.goto(f"{place.url}/events/{event.key}/")
    hand.get_by_role("button", name="Claim: Coil the lines").click()
    # The other screen was not touched.
    expect(captain.locator(f"#item-{lines.pk}")).to_contain_text(winner, timeout=LIVE)
    hand.get_by_role("button", name="Done: Coil the lines").click()
    expect(captain.locator(f"#item-{lines.pk}")).to_contain_text("Completed", timeout=LIVE)
    for text, fill in (("Battery voltage", "13.2"), ("Look at the rig", "Sound, one shackle moused")):
        item = item_of(event, text)
        claims(hand, place, item)
        hand.get_by_role("textbox", name=re.compile("Number in V|What you found")).fill(fill)
        looker.look(hand, f"item, {item.evidence}")
        hand.get_by_role("button", name="Complete").click()
        expect(hand.get_by_text(f"{text} is completed.")).to_be_visible()
    jackets = item_of(event, "Life jackets laid out")
    claims(hand, place, jackets)
    hand.get_by_label("Photo").set_input_files(harbour.photo(folder))
    looker.look(hand, "item, photo")
    hand.get_by_role("button", name="Complete").click()
    expect(hand.get_by_text("Life jackets laid out is completed.")).to_be_visible()
    jackets.refresh_from_db()
    assert jackets.state == ItemState.COMPLETED
    assert jackets.photo.name.endswith(".jpg")
    captain.goto(f"{place.url}/events/{event.key}/items/{jackets.pk}/")
    expect(captain.locator("main img").first).to_be_visible()
    looker.look(captain, "item with its photo")


def a_number_out_of_limits_opens_a_maintenance_record(
    hand: Page, place: Harbour, event: Event, looker: Looker
) -> None:
    bilge = item_of(event, "Bilge water")
    claims(hand, place, bilge)
    hand.get_by_label("Number in cm").fill("12")
    hand.get_by_role("button", name="Complete").click()
    expect(hand.get_by_text("It is on hold, and a maintenance record is open.")).to_be_visible()
    looker.look(hand, "item on hold")
    bilge.refresh_from_db()
    assert bilge.state == ItemState.ON_HOLD
    assert MaintenanceRecord.objects.get(item=bilge).closed_at is None


def guest_sees_only_the_trip(page: Page, looker: Looker) -> None:
    looker.look(page, "event, guest")
    expect(page.get_by_text("Bring a jacket and soft shoes.")).to_be_visible()
    body = page.content()
    for secret in (
        *("The port winch sticks", "Fuel is at a third", "Paid by invoice", "4711#", "Claude Client"),
        *("2,100", "150.00", "Gate B", "Coil the lines", "Deckhand", "example.com/people"),
    ):
        assert secret not in body, secret


def walk_up_asks(page: Page, place: Harbour, event: Event, name: str) -> None:
    # What a phone's camera reads from the captain's screen now.
    page.goto(f"{place.url}/q/{dock.code(event=event, at=clock.now())}/")
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Your mail address").fill(f"{name.split(maxsplit=1)[0].lower()}@example.com")
    page.get_by_role("button", name="Ask to come aboard").click()
    expect(page.get_by_text("The captain has your request")).to_be_visible()


def dock_is_open(
    captain: Page, walk_up: Page, late: Page, place: Harbour, event: Event, looker: Looker
) -> None:
    captain.goto(f"{place.url}/events/{event.key}/dock/")
    expect(captain.get_by_role("img", name="QR code for coming aboard")).to_be_visible()
    looker.look(captain, "dock")
    walk_up_asks(walk_up, place, event, "Wanda Walkup")
    looker.look(walk_up, "waiting on the dock")
    captain.get_by_role("button", name="Accept Wanda Walkup").click()
    expect(captain.get_by_text("Wanda Walkup is on the list")).to_be_visible()
    walk_up.get_by_role("button", name="Open your trip").click()
    walk_up.wait_for_url(re.compile(r"/events/[^/]+/$"))
    expect(walk_up.get_by_text("Bring a jacket and soft shoes.")).to_be_visible()
    while Guest.objects.filter(event=event).count() < event.capacity:
        GuestFactory(event=event)
    walk_up_asks(late, place, event, "Otto Overboard")
    captain.get_by_role("button", name="Accept Otto Overboard").click()
    refusal = captain.locator(".callout--bad")
    expect(refusal).to_contain_text("Otto Overboard is not aboard")
    expect(refusal).to_contain_text("6")
    looker.look(captain, "dock, nobody more")
    assert Guest.objects.filter(event=event).count() == 6


def the_date_moves_and_the_sun_with_it(page: Page, place: Harbour, event: Event) -> None:
    before, due = event.departs_at, item_of(event, "Sign the log").due_at
    later = place.saturday.replace(year=place.saturday.year + 1, month=6, day=21)
    page.goto(f"{place.url}/events/{event.key}/")
    page.get_by_role("link", name="Change", exact=True).click()
    page.get_by_label("Date").fill(later.isoformat())
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("is changed.")).to_be_visible()
    event.refresh_from_db()
    assert event.departs_at == timing.instant(port=event.port, on=later, anchor=Anchor.SUNSET, minutes=-120)
    assert event.returns_at == timing.instant(port=event.port, on=later, anchor=Anchor.SUNSET, minutes=-30)
    assert item_of(event, "Sign the log").due_at - due == event.departs_at - before
    expect(page.locator("main")).to_contain_text(f"{timing.local(event, event.departs_at):%H:%M}")


def another_is_cancelled_and_everybody_told(page: Page, place: Harbour, event: Event, looker: Looker) -> None:
    other = EventFactory(
        key="rained-off",
        entity=event.entity,
        vessel=event.vessel,
        title="Wednesday's sail",
        departs_at=event.departs_at.replace(day=24),
        returns_at=event.returns_at.replace(day=24),
    )
    told = [role_on(other, role, email=f"{role}.of.other@example.com").email for role in Role.values]
    guests.add(
        event=other, name="Gita Guest", email="gita@example.com", by=SYSTEM, at=clock.now(), walk_up=False
    )
    page.goto(f"{place.url}/events/{other.key}/")
    page.get_by_role("link", name="Cancel it").click()
    looker.look(page, "cancelling")
    page.get_by_label("Reason").fill("A gale is forecast.")
    page.get_by_role("button", name="Cancel the event").click()
    expect(page.get_by_text("This event is cancelled")).to_be_visible()
    for address in (*told, "gita@example.com"):
        assert "A gale is forecast." in place.text(address), address


@pytest.mark.parametrize(
    "viewport",
    [pytest.param(PHONE, id="phone"), pytest.param(DESKTOP, id="desk", marks=pytest.mark.full)],
)
def test_a_charter_from_template_to_dock(
    sandiego: Harbour,
    open_page: Open,
    viewport: dict[str, int],
    looker: Callable[..., Looker],
    tmp_path: Path,
) -> None:
    eyes = looker(viewport)
    owner, captain, ada, ben, guest, walk_up, late = (
        open_page(viewport=viewport, refusable=True) for _ in range(7)
    )
    hands = {"Ada Deckhand": ada, "Ben Deckhand": ben}

    owner_signs_in(owner, sandiego)
    event = event_is_made_and_opened(owner, sandiego, eyes)
    for name, role in (
        ("Cara Captain", "captain"),
        ("Ada Deckhand", "crew"),
        ("Ben Deckhand", "crew"),
        ("Gus Guest", "guest"),
    ):
        invite(owner, sandiego, event, name, role)
    eyes.look(owner, "people")

    captain_steps_up(captain, sandiego, eyes)
    opens_link(ada, sandiego, "ada@example.com", "crew")
    opens_link(ben, sandiego, "ben@example.com", "crew")
    eyes.look(ben, "event, crew")
    winner, _ = two_race_for_one_position(hands, sandiego, event, eyes)
    captain.goto(f"{sandiego.url}/events/{event.key}/")
    captain.get_by_role("button", name="Confirm").first.click()
    expect(captain.get_by_text("is confirmed.")).to_be_visible()
    assert Position.objects.get(event=event).state == PositionState.CONFIRMED

    checklist_is_worked(hands[winner], captain, sandiego, event, winner, eyes, tmp_path)
    a_number_out_of_limits_opens_a_maintenance_record(hands[winner], sandiego, event, eyes)
    opens_link(guest, sandiego, "gus@example.com", "guest")
    guest_sees_only_the_trip(guest, eyes)
    dock_is_open(captain, walk_up, late, sandiego, event, eyes)
    the_date_moves_and_the_sun_with_it(owner, sandiego, event)
    another_is_cancelled_and_everybody_told(owner, sandiego, event, eyes)

    assert eyes.found == [], "\n".join(eyes.found)
