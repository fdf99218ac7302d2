"""A browser at the portal with the sample loaded: Chromium, a live server, and nothing of the outside world."""

import functools
import io
from collections.abc import Callable, Iterator

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.management import call_command
from django.http import HttpRequest, HttpResponseBase
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from crew.domain.demo_links import demo_sign_in_links
from tests import flush
from tests.e2e.harbour import Looker

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
# What a page answers where what somebody did was refused, in a sentence.
REFUSALS = (409, 422)
# How htmx calls a request that ended without an answer.
UNANSWERED = ("htmx:afterRequest", "htmx:sendAbort", "htmx:sendError")


@pytest.fixture(scope="session", autouse=True)
def _browsers_keep_static_files() -> Iterator[None]:
    """Let a browser keep style sheets and scripts from page to page, as it does with those of production.

    There their names change with what they hold; here nothing changes while tests run.
    """
    serve = StaticFilesHandler.serve

    def kept(handler: StaticFilesHandler, request: HttpRequest) -> HttpResponseBase:
        response = serve(handler, request)
        response["Cache-Control"] = "max-age=3600"
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaticFilesHandler, "serve", kept)
        yield


@pytest.fixture
def portal(transactional_db: None, live_server: LiveServer, settings: Settings) -> str:
    """Return the address of a running portal with the sample portfolio, an edition of each report, and of one a second.

    It is loaded the first time, and put back as it was then for each test after that.
    """
    settings.DEMO = True
    settings.BASE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    if not flush.bring("portal"):
        call_command("load_demo", stdout=io.StringIO())
        call_command("send_report", "ceo", stdout=io.StringIO())
        flush.keep("portal")
    return str(live_server.url)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page in a session of its own.

    After the test nothing may have gone to the console and no address may have answered 400 or more: that includes
    everything the Content-Security-Policy refused. A page opened with ``refusable`` may be told that what its person
    did was refused (409, 422), which the browser notes too.
    """
    complaints: list[str] = []
    contexts = []

    def opened(
        *,
        viewport: dict[str, int] = DESKTOP,
        dark: bool = False,
        scripts: bool = True,
        refusable: bool = False,
    ) -> Page:
        taken = REFUSALS if refusable else ()

        def note(message: ConsoleMessage) -> None:
            # What htmx says of a request that got no answer; `lost` judges those.
            told = message.text.startswith(UNANSWERED) or any(
                f"status of {status} " in message.text for status in taken
            )
            if message.type in {"error", "warning"} and not told:
                complaints.append(f"{message.type}: {message.text}")

        def answer(response: Response) -> None:
            if response.status >= 400 and response.status not in taken:
                complaints.append(f"{response.status}: {response.url}")

        def lost(request: Request) -> None:
            # Whoever leaves a page that was just asking for news cuts that question off.
            if request.failure != "net::ERR_ABORTED":
                complaints.append(f"{request.failure}: {request.url}")

        context = browser.new_context(
            viewport=viewport,  # type: ignore[arg-type]
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            locale="en-US",
            timezone_id="America/Los_Angeles",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.on("response", answer)
        page.on("requestfailed", lost)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def looker(pytestconfig: pytest.Config) -> Callable[..., Looker]:
    """Return a function that returns who looks at pages on a screen, and spares axe what it saw unless all is asked for."""
    return functools.partial(Looker, sparing=not pytestconfig.getoption("--full"))


@pytest.fixture
def sign_in(portal: str) -> Callable[[Page, str], None]:
    """Return a function that signs one of the sample's people in, by the start of who they are."""

    def signed_in(page: Page, who: str) -> None:
        links = [url for name, url in demo_sign_in_links(base_url=portal) if name.startswith(who)]
        page.goto(links[0])
        page.locator("main form button").click()
        # Staff come to the home, everybody else to their own work.
        page.wait_for_url(lambda url: "/demo/" not in url)

    return signed_in
