"""Running a report in a real browser: its progress is seen without reloading, and without scripts by a link."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from core import clock
from reports.domain import issue, runs
from reports.models import Run

pytestmark = pytest.mark.e2e


def carried_out(run_id: int) -> None:
    """Do a worker's work in a thread of its own, so that the page can watch."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            issue.carry_out(run_id=run_id, at=clock.now())
        except BaseException as error:  # noqa: BLE001 - a thread's failure is told by the test
            failures.append(error)
        finally:
            connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert failures == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_the_owner_runs_a_report_and_watches_it_become_an_edition(
    portal: str, open_page: Callable[..., Page], sign_in: Callable[[Page, str], None], scripts: bool
) -> None:
    page = open_page(scripts=scripts)
    sign_in(page, "Owner")
    page.goto(f"{portal}/reports/")
    page.get_by_role("link", name="Run now").first.click()
    page.get_by_label("Nobody").check()
    page.get_by_role("button", name="Run now").click()
    page.wait_for_url(f"{portal}/reports/runs/*/")
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    run = Run.objects.latest("id")

    held = runs.claim(run_id=run.pk, at=clock.now())
    assert held is not None
    runs.advance(run=held, step=2, doing="Drawing the charts")
    if not scripts:
        page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("Drawing the charts")).to_be_visible()
    expect(page.locator("progress")).to_have_attribute("value", "2")

    Run.objects.filter(pk=run.pk).update(state="queued")
    carried_out(run.pk)
    if not scripts:
        page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("The edition is kept for the portal, as was asked.")).to_be_visible()
    expect(page.get_by_role("link", name="Refresh")).to_have_count(0)
    page.get_by_role("link", name="Read the edition").click()
    expect(page.locator("h1")).to_have_text("CEO: operational audit")
    page.locator("article a.traced").first.click()
    expect(page.get_by_text("Worked out again just now, from what is listed here")).to_be_visible()
