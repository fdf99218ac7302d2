"""The checklist in a browser on a phone: taps answered at once, who was first, no connection, and what others do."""

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from core import clock
from crew.domain import checklists, history
from crew.domain.history import SYSTEM, Actor
from crew.models import ChecklistItem, Event, ItemState, Person
from tests.factories.crew import ChecklistItemFactory, EventFactory, role_on

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


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
        # What htmx says of the polls that were cut off above.
        if not any(said in error for said in ("409", "live", "ERR_FAILED", "send", "htmx:afterRequest"))
    ] == []


NOT_SAVED = "Not saved: no connection. Tap again when it is back."


def test_a_tap_without_a_connection_says_on_its_row_that_it_was_not_saved_until_it_is_tapped_again(
    browser: Browser, live_server: LiveServer, event: Event
) -> None:
    cap = role_on(event, "captain", name="Cap")
    item, other = ChecklistItemFactory.create_batch(2, event=event)
    context = phone(browser, live_server, role_on(event, "crew"))
    page = opened(context, live_server, event)
    row, button, region = (
        page.locator(name) for name in (f"#item-{item.pk}", f"#item-{item.pk}-do", "#checklist-said")
    )
    context.set_offline(True)
    button.click()
    expect(row.locator(".item__unsent")).to_have_text(NOT_SAVED)
    expect(region).to_have_text(f"{item.text}. {NOT_SAVED}")
    expect(button).to_have_text("Claim")
    expect(row).not_to_contain_text("Yours")
    # What is asked every two seconds fails as well, and leaves the sentence about the tap alone.
    page.wait_for_event("requestfailed", lambda request: "/live/" in request.url, timeout=5000)
    expect(region).to_have_text(f"{item.text}. {NOT_SAVED}")
    assert page.locator(".item__unsent").count() == 1

    # Connected again: others' rows arrive, this one comes anew as well, and still says that it was not saved.
    history.note(event=event, action="crew:item:change", subject=item, by=SYSTEM, at=clock.now())
    checklists.claim_item(item=other, by=Actor(cap), at=clock.now())
    context.set_offline(False)
    expect(page.locator(f"#item-{other.pk}")).to_contain_text("Cap", timeout=5000)
    expect(region).to_contain_text("The connection is back")
    expect(row.locator(".item__unsent")).to_have_text(NOT_SAVED)
    button.click()
    expect(button).to_have_text("Done")
    expect(page.locator(".item__unsent")).to_have_count(0)
    assert ChecklistItem.objects.get(pk=item.pk).state == ItemState.CLAIMED


def test_an_item_that_somebody_else_took_meanwhile_asks_for_no_second_tap(
    browser: Browser, live_server: LiveServer, event: Event
) -> None:
    item = ChecklistItemFactory(event=event)
    context = phone(browser, live_server, role_on(event, "crew"))
    page = opened(context, live_server, event)
    context.set_offline(True)
    page.locator(f"#item-{item.pk}-do").click()
    expect(page.locator(".item__unsent")).to_have_text(NOT_SAVED)
    checklists.claim_item(item=item, by=Actor(role_on(event, "captain", name="Cap")), at=clock.now())
    context.set_offline(False)
    expect(page.locator(f"#item-{item.pk}")).to_contain_text("Cap", timeout=5000)
    expect(page.locator(".item__unsent")).to_have_count(0)


def test_an_items_own_page_keeps_what_was_filled_in_while_there_is_no_connection(
    browser: Browser, live_server: LiveServer, event: Event
) -> None:
    cap = role_on(event, "captain")
    item = ChecklistItemFactory(
        event=event, evidence="number", unit="V", state="claimed", claimer=cap, claimed_at=clock.now()
    )
    context = phone(browser, live_server, cap)
    page = context.new_page()
    page.goto(f"{live_server.url}/events/{event.key}/items/{item.pk}/")
    page.locator("input[name=number]").fill("12.6")
    context.set_offline(True)
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_role("alert")).to_contain_text("Not saved: no connection.")
    expect(page.locator("input[name=number]")).to_have_value("12.6")
    context.set_offline(False)
    page.get_by_role("button", name="Complete").click()
    expect(page.locator("#checklist")).to_be_visible()
    assert ChecklistItem.objects.get(pk=item.pk).state == ItemState.COMPLETED
    # A button with its own address goes there.
    page.goto(f"{live_server.url}/events/{event.key}/items/{item.pk}/")
    page.get_by_role("button", name="Reopen it").click()
    expect(page.locator(".lede")).to_contain_text("Yours")


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


def test_an_event_moved_by_somebody_else_moves_on_this_page_too(
    browser: Browser, live_server: LiveServer, event: Event
) -> None:
    Event.objects.filter(pk=event.pk).update(state="confirmed")
    page = opened(phone(browser, live_server, role_on(event, "captain")), live_server, event)
    expect(page.locator("#now .pill")).to_have_text("Confirmed")
    Event.objects.filter(pk=event.pk).update(state="underway")
    history.note(event=event, action="crew:event:advance", subject=event, by=SYSTEM, at=clock.now())
    expect(page.locator("[role=status] #now .pill")).to_have_text("Underway", timeout=5000)
    expect(page.locator("#acts")).not_to_contain_text("We are under way")
    page.get_by_role("button", name="We are back").click()
    expect(page.locator("main")).to_contain_text("back")
    assert page.url.endswith("/advance/") or page.url.endswith(f"/events/{event.key}/")
