"""The sample portfolio for a module of tests, and short ways to its documents and figures.

A module asks for ``sample`` with ``usefixtures``. The sample is loaded once for it, inside a transaction that is
rolled back at its end; each test runs in a savepoint of its own within it.
"""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from core import months
from crew.domain import sample as crew_sample
from crew.models import Person
from portfolio.models import (
    Entity,
)
from reports.document import Document, Draft, Figure
from reports.domain import issue, runs
from reports.domain import sample as reports_sample
from reports.models import Edition, Report, Trigger
from tests import databases

AS_OF = dt.date(2026, 11, 10)
AT = dt.datetime(2026, 11, 11, 15, 0, tzinfo=dt.UTC)
OCTOBER = months.parse("2026-10")


@pytest.fixture(scope="module")
def sample(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Bring the sample as `manage.py load_demo` does, for this module only."""
    with django_db_blocker.unblock(), databases.with_the_sample(), transaction.atomic():
        crew_sample.load(at=AT)
        reports_sample.load(at=AT)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def sample_owner(sample: None) -> Person:
    """The sample's owner."""
    return Person.objects.get(email="owner@example.com")


def draft(lens: str, *, as_of: dt.date = AS_OF, entity: str | None = None) -> Draft:
    found = None if entity is None else Entity.objects.get(slug=entity)
    return issue.build(report=Report.objects.get(slug=lens), entity=found, as_of=as_of)


def whole(lens: str, *, as_of: dt.date = AS_OF, entity: str | None = None) -> Document:
    found = None if entity is None else Entity.objects.get(slug=entity)
    return issue.preview(report=Report.objects.get(slug=lens), entity=found, as_of=as_of)[0]


def issued(lens: str, *, as_of: dt.date = AS_OF) -> Edition:
    run = runs.queue(report=Report.objects.get(slug=lens), trigger=Trigger.COMMAND, as_of=as_of, at=AT)
    run = issue.carry_out(run_id=run.pk, at=AT)
    assert run.error == ""
    assert run.edition is not None
    return run.edition


def figure(document: Document | Draft, metric: str, scope: str = "the portfolio", period: str = "") -> Figure:
    found = [
        entry
        for entry in document.figures.values()
        if entry.metric == metric and entry.scope == scope and period in ("", entry.period)
    ]
    assert found, f"no figure {metric} of {scope}"
    return found[0]
