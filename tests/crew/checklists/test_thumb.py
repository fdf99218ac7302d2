"""The checklist in a browser on a phone: taps answered at once, who was first, no connection, and what others do."""

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from core import clock
from crew.domain import checklists
from crew.domain.history import Actor
from crew.models import ChecklistItem, Event, ItemState, Person
from tests.factories.crew import ChecklistItemFactory, EventFactory, role_on

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _async_unsafe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def event() -> Event:
    return EventFactory()


def phone(browser: Browser, server: LiveServer, person: Person) -> BrowserContext:
    client = Client()
    client.force_login(person)
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server.url}]
    )
    return context


def opened(context: BrowserContext, server: LiveServer, event: Event) -> Page:
    page = context.new_page()
    page.goto(f"{server.url}/events/{event.key}/")
    return page


def test_a_tap_is_answered_at_once_and_seen_by_the_other_within_three_seconds(
    browser: Browser, live_server: LiveServer, event: Event
) -> None:
    ana, cap = role_on(event, "crew", name="Ana"), role_on(event, "captain", name="Cap")
    item, second = ChecklistItemFactory.create_batch(2, event=event)
    hers, his = (opened(phone(browser, live_server, who), live_server, event) for who in (ana, cap))
    errors: list[str] = []
    for page in (hers, his):
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    row, button = f"#item-{item.pk}", f"#item-{item.pk}-do"

    box = hers.locator(button).bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert hers.evaluate("document.documentElement.scrollWidth") <= 390
    hers.locator(button).click()
    expect(hers.locator(f"{row} .pill").first).to_have_text("Yours")
    expect(hers.locator(button)).to_have_text("Done")
    expect(his.locator(row)).to_contain_text("Ana", timeout=3000)
    expect(his.locator(button)).to_have_count(0)

    # Somebody takes the second one between two polls: the row as it is, and the sentence.
    his.route("**/live/**", lambda route: route.abort())
    checklists.claim_item(item=second, by=Actor(ana), at=clock.now())
    his.locator(f"#item-{second.pk}-do").click()
    expect(his.locator("#checklist-said")).to_contain_text("Ana has this since")
    expect(his.locator(f"#item-{second.pk}")).to_contain_text("Ana")
    assert [
        error
        for error in errors
        if "409" not in error and "live" not in error and "ERR_FAILED" not in error and "send" not in error
    ] == []


def test_without_a_connection_the_row_stays_and_says_that_the_tap_did_not_get_through(
    browser: Browser, live_server: LiveServer, event: Event
) -> None:
    item = ChecklistItemFactory(event=event)
    context = phone(browser, live_server, role_on(event, "crew"))
    page = opened(context, live_server, event)
    context.set_offline(True)
    page.locator(f"#item-{item.pk}-do").click()
    expect(page.locator("#checklist-said")).to_contain_text("Your tap did not get through")
    expect(page.locator(f"#item-{item.pk}-do")).to_have_text("Claim")
    context.set_offline(False)
    page.locator(f"#item-{item.pk}-do").click()
    expect(page.locator(f"#item-{item.pk}-do")).to_have_text("Done")
    assert ChecklistItem.objects.get(pk=item.pk).state == ItemState.CLAIMED


def test_it_works_without_javascript(browser: Browser, live_server: LiveServer, event: Event) -> None:
    item = ChecklistItemFactory(event=event)
    client = Client()
    client.force_login(role_on(event, "crew"))
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    page = opened(context, live_server, event)
    page.locator(f"#item-{item.pk}-do").click()
    expect(page.locator(f"#item-{item.pk}-do")).to_have_text("Done")
    assert page.url.endswith(f"/events/{event.key}/?show=all#item-{item.pk}")
    page.goto(f"{live_server.url}/events/{event.key}/?show=mine")
    expect(page.locator(".item:visible")).to_have_count(1)


def test_what_a_person_opened_stays_open_and_a_reopened_item_leaves_the_completed(
    browser: Browser, live_server: LiveServer, event: Event
) -> None:
    cap = role_on(event, "captain", name="Cap")
    now = clock.now()
    ChecklistItemFactory(event=event)
    over = ChecklistItemFactory(
        event=event,
        state=ItemState.COMPLETED,
        claimer=cap,
        claimed_at=now,
        completed_by=cap,
        completed_at=now,
    )
    later = ChecklistItemFactory(event=event, phase="underway")
    page = opened(phone(browser, live_server, role_on(event, "crew")), live_server, event)
    expect(page.locator(f"#item-{later.pk}")).to_be_hidden()
    expect(page.locator(f"#item-{over.pk}")).to_be_hidden()
    page.locator(".phase__head", has_text="Underway").click()
    expect(page.locator(f"#item-{later.pk}")).to_be_visible()

    checklists.claim_item(item=later, by=Actor(cap), at=now)
    checklists.reopen_item(item=over, by=Actor(cap), at=now)

    expect(page.locator(f"#item-{later.pk}")).to_contain_text("Cap", timeout=4000)
    expect(page.locator(f"#item-{over.pk}")).to_be_visible()
    expect(page.locator(".phase__over")).to_be_hidden()


def test_a_link_to_an_item_opens_what_it_stands_in(
    browser: Browser, live_server: LiveServer, event: Event
) -> None:
    ChecklistItemFactory(event=event)
    cap, now = role_on(event, "captain"), clock.now()
    folded = ChecklistItemFactory(
        event=event,
        phase="underway",
        state=ItemState.COMPLETED,
        claimer=cap,
        claimed_at=now,
        completed_by=cap,
        completed_at=now,
    )
    page = phone(browser, live_server, cap).new_page()
    page.goto(f"{live_server.url}/events/{event.key}/#item-{folded.pk}")
    expect(page.locator(f"#item-{folded.pk}")).to_be_visible()
