"""An entry is written without the mouse: accounts complete, the missing amount is proposed, and Ctrl, Shift and Enter posts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portfolio.models import JournalEntry
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.harbour import Looker

pytestmark = pytest.mark.e2e


def test_an_entry_is_written_by_keyboard_alone_and_without_scripts(
    portal: str,
    open_page: Callable[..., Page],
    sign_in: Callable[[Page, str], None],
    looker: Callable[..., Looker],
) -> None:
    page, eyes = open_page(), looker(DESKTOP)
    sign_in(page, "Owner")
    page.goto(f"{portal}/portfolio/entities/qos/entries/add/")
    eyes.look(page, "write an entry")
    expect(page.locator("#id_on")).to_be_focused()
    keys = page.keyboard
    keys.press("Enter")
    keys.type("Harbor bill, split")
    keys.press("Enter")
    keys.type("ice")
    keys.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("No account has “ice”")
    expect(page.locator("#line-0-account")).to_be_focused()
    keys.press("Control+a")
    keys.type("dockage")
    expect(page.get_by_role("option", name="6100 Dockage")).to_be_visible()
    keys.press("Enter")
    keys.type("1,180.50")
    keys.press("Enter")
    keys.type("insur")
    keys.press("ArrowDown")
    keys.press("Enter")
    keys.press("Shift+Tab")
    expect(page.locator("#line-1-account")).to_have_value("6200 Insurance")
    keys.press("Tab")
    keys.type("19.50")
    keys.press("Enter")
    keys.type("1010")
    keys.press("Enter")
    expect(page.locator("#line-2-credit")).to_have_value("1200.00")
    expect(page.locator("[data-total=difference]")).to_have_text("$0.00")
    keys.press("Control+Shift+Enter")
    expect(page.locator("#id_on")).to_be_focused()
    expect(page.get_by_text("is posted: Harbor bill, split")).to_be_visible()
    entry = JournalEntry.objects.get(memo="Harbor bill, split")
    assert sorted(p.amount_minor for p in entry.postings.all()) == [-120_000, 1_950, 118_050]

    plain = open_page(viewport=PHONE, scripts=False, refusable=True)
    sign_in(plain, "Owner")
    plain.goto(f"{portal}/portfolio/entities/qos/entries/add/?copy={entry.pk}")
    plain.get_by_role("button", name="More lines").click()
    expect(plain.locator("#line-11-account")).to_be_visible()
    plain.locator("#line-0-account").fill("Dokage")
    plain.get_by_role("button", name="Post", exact=True).click()
    expect(plain.get_by_role("alert")).to_contain_text("Near it: 6100 Dockage")
    plain.locator("#line-0-account").fill("6100")
    plain.get_by_role("button", name="Post and write another").click()
    expect(plain.get_by_text("is posted: Harbor bill, split")).to_be_visible()
    assert JournalEntry.objects.filter(memo="Harbor bill, split").count() == 2

    # The tabs of the books stand in one row on a phone, and the last of them is in view where it is the current one.
    plain.goto(f"{portal}/portfolio/entities/qos/months/")
    row, tab = (
        plain.locator("nav.tabs").first.locator(part).bounding_box() for part in ("ul", "[aria-current]")
    )
    assert row is not None
    assert tab is not None
    assert (row["height"], tab["height"]) == (44, 44)
    assert row["x"] <= tab["x"]
    assert tab["x"] + tab["width"] <= row["x"] + row["width"] + 1
    assert not eyes.found
