"""Every page that somebody can reach from the home by links: in a real browser, on a phone and on a desk.

A crawler and not a list, so that a page added tomorrow is walked tomorrow.
"""

from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.urls import resolve
from playwright.sync_api import Error, Page

from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.harbour import Looker

pytestmark = pytest.mark.e2e

OF_EACH_VIEW = 2
"""Pages of the portal differ by the event they are about; one of each view of the office says what they all say."""
# Files to download, what a page shows in a frame, and figures, which their query names.
NO_PAGES = {
    *("portfolio:figure", "portfolio:all_figure"),
    *("mail:file", "mail:html", "mail:part"),
    *("mail:export_suppressions", "mail:sample_subscribers", "mail:campaign_html"),
    *("reports:chart", "reports:form", "reports:mail_body"),
    *("reports:binder_pdf", "reports:binder_xlsx"),
    *("crew:item_photo", "crew:credential_file"),
}
ELSEWHERE = ("/account/", "/admin/", "/demo/", "/static/")


def links(page: Page, portal: str) -> list[str]:
    """Return the addresses of the portal that a page links to, in its order, without queries and fragments.

    What a link says is to be downloaded is no page, and may be nothing without its query.
    """
    found: list[str] = page.eval_on_selector_all("a[href]:not([download])", "every => every.map(a => a.href)")
    here = urlsplit(portal).netloc
    paths = dict.fromkeys(urlsplit(address).path for address in found if urlsplit(address).netloc == here)
    return [path for path in paths if not path.startswith(ELSEWHERE)]


def walk(
    page: Page, portal: str, look: Callable[[Page, str], None], *, of_each: int = OF_EACH_VIEW
) -> set[str]:
    """Open some pages of each view reachable from the home, look at each, and return the names of the views."""
    waiting, walked, opened = ["/"], Counter[str](), set()
    while waiting:
        path = waiting.pop(0)
        view = resolve(path).view_name
        most = of_each if view.startswith("crew:") else 1
        if path in opened or view in NO_PAGES or walked[view] == most:
            continue
        opened.add(path)
        try:
            answer = page.goto(f"{portal}{path}")
        except Error as error:
            if "Download is starting" not in str(error):
                raise
            continue  # A file, and no page.
        if answer is None or not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        walked[view] += 1
        waiting += links(page, portal)
        look(page, path)
    return set(walked)


def test_every_page_fits_a_phone_and_a_desk_and_meets_wcag_2_2_aa_by_day_and_by_night(
    portal: str,
    open_page: Callable[..., Page],
    sign_in: Callable[[Page, str], None],
    looker: Callable[..., Looker],
) -> None:
    page = open_page(viewport=PHONE, dark=True)
    sign_in(page, "Owner")
    eyes = looker(PHONE, others=(DESKTOP,))

    def look(page: Page, path: str) -> None:
        assert page.locator("h1").count() == 1, path
        assert page.title(), path
        # Day and night take turns: every colour of one page stands on many.
        eyes.look(page, path, dark=len(eyes.looked) % 2 == 0)

    walked = walk(page, portal, look, of_each=1)

    assert eyes.found == [], "\n".join(eyes.found)
    assert {
        "crew:home",
        "reports:edition",
        "reports:figure",
        "portfolio:entity",
        "portfolio:entry",
        "mail:message",
    } <= walked


@pytest.mark.parametrize(
    ("who", "reached"),
    [
        (
            "Marisol Quade",
            {"crew:work", "crew:event", "crew:people", "crew:dock", "crew:item", "crew:my_pay"},
        ),
        ("Priya Nandakar", {"crew:work", "crew:event", "crew:position", "crew:item", "crew:my_days"}),
        ("Clara Ostrander", {"crew:event"}),
    ],
    ids=["captain", "deckhand", "guest"],
)
def test_every_page_of_those_who_sail_fits_a_phone_and_meets_wcag_2_2_aa(
    portal: str,
    open_page: Callable[..., Page],
    sign_in: Callable[[Page, str], None],
    who: str,
    reached: set[str],
    looker: Callable[..., Looker],
) -> None:
    page = open_page(viewport=PHONE)
    sign_in(page, who)
    eyes = looker(PHONE)

    # A captain comes to more of an event than anybody; of the others one page of each view says what two would.
    walked = walk(
        page, portal, eyes.look, of_each=1 if eyes.sparing and "crew:dock" not in reached else OF_EACH_VIEW
    )

    assert eyes.found == [], "\n".join(eyes.found)
    assert reached <= walked
    assert not any(name.startswith(("portfolio:", "reports:", "mail:")) for name in walked)


def test_the_portal_is_walked_without_scripts(
    portal: str, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None]
) -> None:
    page = open_page(scripts=False)
    sign_in(page, "Owner")

    for path in ("/reports/", "/portfolio/", "/mail/"):
        page.locator(f"a[href='{path}']").first.click()
        page.wait_for_url(f"{portal}{path}")
        assert page.locator("h1").count() == 1
