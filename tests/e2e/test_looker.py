"""Who looks at pages finds what is wrong with one as it stands, each time, and leaves it as it was."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.harbour import Looker

pytestmark = pytest.mark.e2e

WRONG = """() => document.querySelector("main .card").insertAdjacentHTML("beforeend", `
  <p><font color="#808080">Pale by day, and pale by night</font></p>
  <table width="900"><tr><td>wide</td></tr></table><p><input type="text"></p><p><img src="/static/img/favicon.svg"></p>`)"""


def test_what_is_wrong_with_a_page_is_found_by_day_and_by_night_and_only_there(
    transactional_db: None, live_server: LiveServer, open_page: Callable[..., Page]
) -> None:
    page, eyes = open_page(viewport=PHONE), Looker(PHONE, others=(DESKTOP,), sparing=True)
    page.goto(f"{live_server.url}/account/login/")
    eyes.look(page, "right")
    assert eyes.found == []

    page.evaluate(WRONG)
    before = page.content()
    for dark in (False, True):
        eyes.look(page, "wrong", dark=dark)
        told = {line.split(": ")[1].partition(" ")[2] or line.split(": ")[1] for line in eyes.found}
        assert told == {"px wide on 390", "px wide on 1280", "color-contrast", "image-alt", "label"}, dark
        eyes.found.clear()
    assert page.content() == before

    page.reload()
    eyes.look(page, "right again")
    assert eyes.found == []
