"""The sample portfolio for tests of reports, and short ways to its documents and figures.

A module, class or test asks for ``sample`` with ``usefixtures``: it stands on this process's copy of a database that was
loaded once, inside a transaction that is rolled back at the end of the class, or of the test where it is in none; each
test runs in a savepoint of its own within it. A test beside it that does not ask stands on the empty database.

A test that changes no record takes ``first_edition``: what a lens says of the untouched sample, worked out once for
each process; its draft is `first_draft`. One that does change records works it out anew with ``draft`` or ``whole``.
"""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from core import months
from crew.models import Person
from portfolio.models import Entity
from reports.document import Document, Draft, Figure
from reports.domain import editions, issue, runs
from reports.models import Edition, Report, Trigger
from tests import databases

AS_OF = dt.date(2026, 11, 10)
AT = dt.datetime(2026, 11, 11, 15, 0, tzinfo=dt.UTC)
OCTOBER = months.parse("2026-10")


@pytest.fixture(scope="class")
def sample(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Bring the sample as `manage.py load_demo` does."""
    with django_db_blocker.unblock(), databases.with_the_staffed_sample(), transaction.atomic():
        yield
        transaction.set_rollback(True)


_drafted: dict[tuple[str, dt.date, str | None], Draft] = {}
_worked_out: dict[tuple[str, dt.date, str | None], Document] = {}


def first_draft(lens: str, *, as_of: dt.date = AS_OF, entity: str | None = None) -> Draft:
    """Return what a lens says of the untouched sample, worked out once for each process, as `first_edition` is."""
    asked = lens, as_of, entity
    if asked not in _drafted:
        _drafted[asked] = draft(lens, as_of=as_of, entity=entity)
    return _drafted[asked]


_rules: dict[str, tuple[str, ...]] = {}


def rules_of(lens: str) -> tuple[str, ...]:
    """Return the names of the rules that a lens runs, whatever has become of the records."""
    if lens not in _rules:
        _rules[lens] = draft(lens).rules
    return _rules[lens]


def first_edition(lens: str, *, as_of: dt.date = AS_OF, entity: str | None = None) -> Document:
    """Return the first edition of a lens on the untouched sample, worked out once for each process.

    Only for tests that leave the records alone before they ask: what is worked out here is kept for all others.
    """
    asked = lens, as_of, entity
    if asked not in _worked_out:
        first = first_draft(lens, as_of=as_of, entity=entity)
        _worked_out[asked] = _next(first, lens, entity)
    return _worked_out[asked]


@pytest.fixture
def sample_owner(sample: None) -> Person:
    """The sample's owner."""
    return Person.objects.get(email="owner@example.com")


def draft(lens: str, *, as_of: dt.date = AS_OF, entity: str | None = None) -> Draft:
    found = None if entity is None else Entity.objects.get(slug=entity)
    return issue.build(report=Report.objects.get(slug=lens), entity=found, as_of=as_of)


def whole(lens: str, *, as_of: dt.date = AS_OF, entity: str | None = None) -> Document:
    """Return what the next edition would say, without drawing it."""
    return _next(draft(lens, as_of=as_of, entity=entity), lens, entity)


def _next(found: Draft, lens: str, entity: str | None) -> Document:
    """Return the document that a draft becomes."""
    return editions.next_document(
        draft=found,
        report=Report.objects.get(slug=lens),
        entity=None if entity is None else Entity.objects.get(slug=entity),
        at=AT,
    )


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
