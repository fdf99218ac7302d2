"""What every test gets: its engine named in the report, a flush that the guards allow, and what `bin/test` started.

The network beyond loopback is blocked by pytest-socket (`pyproject.toml`). Factories live in `tests/factories/`,
fixtures of one app in that app's own `conftest.py`.
"""

import gc
import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import TestCase

import hypothesis
import pytest
import redis
from django.conf import settings
from django.test import TransactionTestCase
from playwright.sync_api import Browser, sync_playwright
from pytest_django import DjangoDbBlocker

from tests import databases, flush, nursery, standing
from tests.sharing import Sharing

hypothesis.settings.register_profile("house", deadline=None, print_blob=True)
hypothesis.settings.load_profile("house")

TESTS = Path(__file__).resolve().parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WITHOUT_CHROMIUM = "Chromium is not installed (Debian: apt-get install chromium), so no browser test can run."
IN_TURN = (
    *("tests/crew/", "tests/mail/", "tests/reports/"),
    *(
        "tests/portfolio/web/",
        "tests/portfolio/plan/",
        "tests/portfolio/payables/",
        "tests/portfolio/formats/",
        "tests/portfolio/receivables/",
        "tests/portfolio/recognition/",
        "tests/portfolio/render/",
        "tests/portfolio/stripe/",
    ),
    # What builds on the ledger, whose own guards, chain, intake and verification are asked on both engines.
    *(
        f"tests/portfolio/test_{name}"
        for name in (
            "admin", "bad_files", "bookings", "decided_again", "documents", "journals", "matching", "overlaps",
            "rules", "sample", "sisters", "statements_sample", "taken_back", "told",
        )
    ),
)  # fmt: skip
"""Pages and what stands beside the books: in a whole run each of these files runs beside one engine."""
ENGINES_IN_TURN = ("sqlite", "postgresql")
OWN_MARKS = {"once", "once_postgresql", "e2e"}
WITHOUT_REDIS = "REDIS_TEST_URL is not set: run bin/test, which starts a Redis of its own."


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch for tests that take minutes."""
    parser.addoption("--full", action="store_true", help="also run the tests marked full, which take minutes")


def pytest_configure(config: pytest.Config) -> None:
    """Let a transactional test be cleaned up although the books refuse to forget."""
    TransactionTestCase._fixture_teardown = flush.restore  # type: ignore[attr-defined]
    _collect_by_turns(config)


def _collect_by_turns(config: pytest.Config) -> None:
    """Let each process of a whole run begin its collection elsewhere.

    What the first to come has compiled the others then find, and none compiles what all would at the same moment.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None or [Path(path).resolve() for path in config.args] != [TESTS]:
        return
    folders = sorted(str(path.parent) for path in TESTS.glob("*/__init__.py"))
    begin = int(worker["workerid"].removeprefix("gw")) * len(folders) // worker["workercount"]
    config.args = [*folders[begin:], *folders[:begin]]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config) -> Sharing | None:
    """Share the tests out as `bin/test` wants it when it starts processes for two engines."""
    return Sharing(config) if "TEST_ENGINES" in os.environ else None


def _commits(item: pytest.Item) -> bool:
    """Tell whether a test has transactions of its own."""
    if any(mark.kwargs.get("transaction") for mark in item.iter_markers("django_db")):
        return True
    return not {"transactional_db", "live_server"}.isdisjoint(getattr(item, "fixturenames", ()))


def _beside_the_other(item: pytest.Item, names: set[str]) -> bool:
    """Tell whether a whole run gives this test to the other engine: files of `IN_TURN` run beside one, always the same.

    What brings engines apart stays on both wherever it stands: tests with transactions of their own.
    """
    file = item.nodeid.split("::", 1)[0]
    if "TEST_IN_TURN" not in os.environ or not file.startswith(IN_TURN) or names & OWN_MARKS:
        return False
    return not _commits(item) and ENGINES_IN_TURN[zlib.crc32(file.encode()) % 2] != settings.ENGINE


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long tests unless asked, and those that the other engine runs already."""
    left_out = set(os.environ.get("TEST_WITHOUT", "").split(","))
    if not config.getoption("--full"):
        left_out.add("full")
    kept, dropped = [], []
    for item in items:
        names = {mark.name for mark in item.iter_markers()}
        (dropped if left_out & names or _beside_the_other(item, names) else kept).append(item)
        if CHROMIUM is None and item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.skip(reason=WITHOUT_CHROMIUM))
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[object]:
    """Leave what is loaded before the first test out of the collector's full rounds: a twentieth of a run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_report_header(config: pytest.Config) -> str:
    """Say which engine this run tests."""
    return f"engine: {os.environ.get('TEST_ENGINES', settings.ENGINE)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[pytest.TestReport | None]:
    """Name the engine under a failure: with two engines in one run the test's name does not."""
    report: pytest.TestReport = yield  # type: ignore[misc]
    if report.failed:
        report.sections.append(("engine", settings.ENGINE))
    return report


def pytest_unconfigure() -> None:
    """End what processes of tests are forked from, if any was."""
    nursery.end()


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> None:
    """Let a test begin with rows that stand already, or without them; see `tests/standing.py`."""
    if fixturedef.argname == "_django_db_helper":
        with request.getfixturevalue("django_db_blocker").unblock():
            if _commits(request.node):
                standing.leave()
            else:
                standing.begin(request.node)
    elif (
        fixturedef.scope in ("class", "module")
        and "django_db_blocker" in fixturedef.argnames
        # Classes of unittest begin a transaction of their own there; it is set up for others too, where nothing begins.
        and (fixturedef.argname != "_django_setup_unittest" or issubclass(request.cls or object, TestCase))
    ):
        with request.getfixturevalue("django_db_blocker").unblock():
            standing.leave()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give this process its database, and remember it as the migrations left it for tests that commit."""
    with django_db_blocker.unblock():
        databases.open_migrated()
        flush.remember()
    yield
    with django_db_blocker.unblock():
        standing.leave()
        databases.drop()


@pytest.fixture(scope="class")
def sample_records(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give a class of tests the sample's records, each test in a transaction of its own that never commits."""
    with django_db_blocker.unblock(), databases.with_the_sample():
        yield


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of the browser for Playwright's ``executable_path``."""
    if CHROMIUM is None:
        pytest.skip(WITHOUT_CHROMIUM)
    return CHROMIUM


@pytest.fixture(scope="session")
def _running_browser(chromium: str) -> Iterator[Browser]:
    """Run one Chromium; it finds no host but this machine."""
    # Playwright runs an event loop in this thread, and Django then suspects its queries of running in it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    only_here = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        # Without a graphics card its process would only reckon in software what the others do cheaper.
        arguments = ["--no-sandbox", "--disable-gpu", only_here]
        running = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield running
        running.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


@pytest.fixture
def browser(_running_browser: Browser) -> Iterator[Browser]:
    """Return the run's Chromium, and close what a test leaves open in it: a page would ask for news ever after."""
    yield _running_browser
    for context in _running_browser.contexts:
        context.close()


@pytest.fixture
def redis_url() -> str:
    """Return an empty database of the Redis that `bin/test` started, which no other process of the run touches."""
    url = os.environ.get("REDIS_TEST_URL", "")
    if not url:
        pytest.skip(WITHOUT_REDIS)
    own = f"{url}/{os.environ.get('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw')}"
    with redis.Redis.from_url(own) as server:
        server.flushdb()
    return own
