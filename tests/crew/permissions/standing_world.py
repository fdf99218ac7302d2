"""The world of the matrix as a fixture of other tests: made once a module, in a transaction that never commits."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from core import clock
from tests.crew.permissions import answers, world
from tests.crew.permissions.answers import Page
from tests.crew.permissions.world import Somebody, World
from tests.factories.crew import NOW

WORKING = ("admin of A", "owner of entity A", "captain of A", "crew of A", "a visitor")


@pytest.fixture(scope="module")
def standing(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Return both events and everybody."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr(clock, "now", lambda: NOW)
        yield world.build()
        transaction.set_rollback(True)


def who_may(world: World, page: Page, method: str) -> Somebody:
    """Return somebody who may ask a page so; where nobody may, an admin of the event."""
    fine = (answers.OK, answers.ANYTHING)
    everybody = [*map(world.somebody, WORKING), *world.everybody]
    return next((who for who in everybody if answers.expected(page, who, method) in fine), everybody[0])


def opened(world: World, page: Page) -> Any:
    """Return the form with which a page opens; None where it has none."""
    if page.get is None:
        return None
    who = who_may(world, page, "GET")
    context = who.client.get(answers.address(world, page, who)).context
    return context.get("form") if context is not None else None


def filled(world: World, page: Page, form: Any = None) -> dict[str, Any]:
    """Return what a page's form holds when it is opened, with what the table adds: nearly what a person would send.

    ``form`` is what `opened` returned, where it was asked already.
    """
    data: dict[str, Any] = {}
    for field in form or opened(world, page) or ():
        value = field.field.widget.format_value(field.value())
        if value not in (None, "", []):
            data[field.html_name] = value[0] if isinstance(value, list) else value
    return {**data, **page.data}
