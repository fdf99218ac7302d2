"""What the tests of running reports share: people, entities, and editions made by hand."""

import datetime as dt
import functools
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from core import press
from crew.models import Duty, Person
from portfolio.models import Entity
from reports.models import Report
from reports.render import charts
from tests.factories import people
from tests.factories.portfolio import EntityFactory
from tests.reports.sample_case import sample, sample_owner  # noqa: F401 - fixtures for every module here

NOW = dt.datetime(2026, 11, 11, 18, 0, tzinfo=dt.UTC)


_drawn: dict[tuple[Any, ...], Any] = {}


def _once(draw: Callable[..., Any], what: str) -> Callable[..., Any]:
    """Return a function that draws what it is asked for the first time, and remembers it."""

    @functools.wraps(draw)
    def drawn(*args: Any, **kwargs: Any) -> Any:
        key = (what, repr(args), repr(kwargs))
        if key not in _drawn:
            _drawn[key] = draw(*args, **kwargs)
        return _drawn[key]

    return drawn


@pytest.fixture(autouse=True)
def _draw_the_same_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw a chart and set a page the first time only: what comes of them depends on nothing but what is drawn.

    That it does not is tested in `tests/reports/render`, where everything is drawn each time.
    """
    monkeypatch.setattr(charts, "png", _once(charts.png, "png"))
    monkeypatch.setattr(press, "set_pdf", _once(press.set_pdf, "pdf"))


@pytest.fixture
def now() -> dt.datetime:
    """A Wednesday morning in Los Angeles, the day after the sample's records end."""
    return NOW


@pytest.fixture
def qos(db: None) -> Entity:
    """The entity the reader may see."""
    return EntityFactory(slug="qos", name="QueenofSanDiego")


@pytest.fixture
def dc(db: None) -> Entity:
    """An entity the reader may not see."""
    return EntityFactory(slug="dc", name="DangerousCentaur", kind="agency")


@pytest.fixture
def owner(db: None) -> Person:
    return people.owner(email="owner@example.com", name="Owner")


@pytest.fixture
def bookkeeper(db: None) -> Person:
    return people.bookkeeper(email="books@example.com", name="Bookkeeper")


@pytest.fixture
def reader(qos: Entity) -> Person:
    """Reads one entity, nothing else."""
    return people.reader_of(qos, email="reader@example.com", name="Reader")


@pytest.fixture
def qos_bookkeeper(qos: Entity) -> Person:
    """Keeps the books of one entity, so runs its reports."""
    grant = people.StaffGrantFactory(
        person=people.PersonFactory(email="qos-books@example.com"), entity=qos, duty=Duty.BOOKKEEPER
    )
    return grant.person


@pytest.fixture
def outsider(db: None) -> Person:
    return people.outsider(email="outsider@example.com", name="Outsider")


@pytest.fixture
def ceo(db: None) -> Report:
    """The report that the migrations put there."""
    return Report.objects.get(slug="ceo")


def as_(person: Person | None) -> Client:
    """Return a browser in which that person is signed in; None is a visitor."""
    client = Client()
    if person is not None:
        client.force_login(person)
    return client


def body(client: Client, url: str, **headers: str) -> str:
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.content.decode()
