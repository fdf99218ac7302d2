"""Every page, with everybody, by every method: who is let in, what is written, and what each may read.

The pages come from the URL resolver and who may what from `table`, written by hand; a page that is in one and not
in the other fails. Then each check is taken away, one by one, and the matrix must notice.
"""

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from core import clock
from tests.crew.permissions import answers, run, world
from tests.crew.permissions.run import Matrix
from tests.crew.permissions.table import PAGES
from tests.factories.crew import NOW

# The mark makes the database; each test then stands inside the matrix's own transaction.
pytestmark = pytest.mark.django_db

NAMES = sorted({page.name for page in PAGES})


@pytest.fixture(scope="module")
def matrix(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Matrix]:
    """Ask everything once, in one transaction that never commits."""
    with (
        django_db_blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        transaction.atomic(),
    ):
        patch.setattr(clock, "now", lambda: NOW)
        yield run.run(world.build(), PAGES)
        transaction.set_rollback(True)


def test_the_table_knows_every_address_and_no_other() -> None:
    assert {page.name for page in PAGES} == answers.names()


@pytest.mark.parametrize("name", NAMES)
def test_everybody_gets_what_is_theirs_and_nothing_else(matrix: Matrix, name: str) -> None:
    assert matrix.wrong[name] == [], "\n".join(matrix.wrong[name])
