"""Mail's own pages in a real browser: what is in doubt is decided without scripts, and every page suits its screen."""

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from core import clock
from mail.models import Attempt, EventKind, Message, MessageEvent, Notification, State
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.harbour import Looker

pytestmark = pytest.mark.e2e


@pytest.fixture
def doubtful(portal: str) -> list[Message]:
    """Three messages in doubt, one with a code, beside one that failed and one that was opened."""
    at = clock.now()
    edition = Message.objects.filter(composer="reports.edition").order_by("id")[0]
    common = {"composer": edition.composer, "payload": edition.payload, "subject": edition.subject}
    lost = {"state": State.IN_DOUBT, "tries": 1, "error": "The answer of the transport was lost: Time-out."}
    rows = [
        Message.objects.create(
            dedupe_key=f"doubt:{name}",
            to_address=f"{name}@example.com",
            created_at=at - dt.timedelta(minutes=20),
            due_at=at,
            claimed_at=at - dt.timedelta(minutes=14),
            **(common | lost | more),
        )
        for name, more in (
            ("ann", {}),
            ("bert.with.a.very.long.address.indeed", {}),
            ("cleo", {"composer": "crew.code", "bears_secret": True, "kind": 1, "payload": {}}),
        )
    ]
    for row in rows:
        Attempt.objects.create(
            message=row, at=row.claimed_at, transport="ses", outcome="unknown", reason=row.error
        )
    Message.objects.create(
        dedupe_key="failed",
        to_address="dora@example.com",
        created_at=at,
        due_at=at,
        state=State.FAILED,
        settled_at=at,
        error="SES answered 400 MessageRejected: Email address is not verified.",
        **common,
    )
    heard = Notification.objects.create(sns_id="n-1", topic_arn="arn:aws:sns:t", received_at=at)
    MessageEvent.objects.create(
        notification=heard,
        message=edition,
        provider_message_id="ses-1",
        recipient=edition.address_key,
        kind=EventKind.OPEN,
        at=at,
    )
    Message.objects.filter(pk=edition.pk).update(delivered_at=at, opened_at=at)
    return rows


@pytest.mark.parametrize(
    ("viewport", "dark"),
    [
        pytest.param(PHONE, False, id="phone"),
        pytest.param(DESKTOP, True, id="desk at night"),
        pytest.param(PHONE, True, id="phone at night", marks=pytest.mark.full),
        pytest.param(DESKTOP, False, id="desk", marks=pytest.mark.full),
    ],
)
def test_the_pages_of_mail_suit_their_screen_and_meet_wcag_2_2_aa(
    portal: str,
    doubtful: list[Message],
    open_page: Callable[..., Page],
    sign_in: Callable[[Page, str], None],
    looker: Callable[..., Looker],
    viewport: dict[str, int],
    dark: bool,
) -> None:
    page = open_page(viewport=viewport, dark=dark)
    sign_in(page, "Owner")
    eyes = looker(viewport)
    opened = Message.objects.get(opened_at__isnull=False)
    failed = Message.objects.get(state=State.FAILED)
    for path in (
        "/mail/",
        "/mail/?kind=2&since=2026-01-01",
        "/mail/doubt/",
        f"/mail/{doubtful[0].public_id}/",
        f"/mail/{doubtful[2].public_id}/",
        f"/mail/{opened.public_id}/",
        f"/mail/{failed.public_id}/",
    ):
        page.goto(f"{portal}{path}")
        eyes.look(page, path)

    assert eyes.found == [], "\n".join(eyes.found)


def test_many_in_doubt_are_decided_about_at_once_without_scripts(
    portal: str,
    doubtful: list[Message],
    open_page: Callable[..., Page],
    sign_in: Callable[[Page, str], None],
) -> None:
    page = open_page(viewport=PHONE, scripts=False)
    sign_in(page, "Owner")
    page.goto(f"{portal}/mail/")
    page.get_by_role("link", name="Decide about mail in doubt").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mail in doubt")
    expect(page.locator(".doubt")).to_have_count(3)
    expect(page.locator(".doubt").first).to_contain_text("SES has told nothing about it for 14 minutes")

    page.get_by_role("link", name="Choose all on this page").click()
    page.get_by_role("button", name="Send those ticked again…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Send these again?")
    expect(page.get_by_role("heading", name="2 will be sent again")).to_be_visible()
    expect(page.get_by_role("heading", name="1 cannot be sent again")).to_be_visible()
    page.get_by_role("button", name="Send them again").click()
    expect(page.get_by_text("2 are queued again; they go out by themselves.")).to_be_visible()

    page.get_by_role("button", name="It arrived at cleo@example.com").click()
    expect(page.get_by_text("Nothing is in doubt")).to_be_visible()
    states = [Message.objects.get(pk=row.pk).state for row in doubtful]
    assert states == [State.QUEUED, State.QUEUED, State.SENT]
