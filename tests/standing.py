"""What many tests begin with: made once, and stood on by one test after another.

A fixture that makes rows and asks for nothing but the database says ``@standing.fixture``. Its rows are made in a
transaction around those of the tests, each of which stands in a savepoint within it, as in `TestCase.setUpTestData` of
Django, and each is handed a copy of its own of what the function returned. The rows go when a test comes that begins with
others, or with none, that commits, or that stands on another database.
"""

import pickle
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction

_Made = TypeVar("_Made")
_Make = Callable[[], _Made]

_standing: dict[Callable[[], Any], bytes] = {}
"""By the functions that made the rows: what they returned."""
_around: list[transaction.Atomic] = []


def fixture(make: _Make[_Made]) -> Any:
    """Turn a function that makes rows into the fixture of its name."""

    def handed(db: None) -> _Made:
        kept = _standing.get(make)
        return make() if kept is None else pickle.loads(kept)  # noqa: S301  # nosec B301 - written below

    handed.__doc__ = make.__doc__
    handed.make = make  # type: ignore[attr-defined]
    return pytest.fixture(handed, name=make.__name__)


def begin(item: pytest.Item) -> None:
    """Make what the fixtures of a test begin with, unless it stands already; called before the test's own transaction."""
    wanted = list(_makers(item))
    if wanted == list(_standing) and not connection.closed_in_transaction:
        return
    leave()
    # A class that stands on the sample, or in a transaction of its own, has its rows made in each test.
    if not wanted or connection.in_atomic_block:
        return
    around = transaction.atomic()
    around.__enter__()
    _around.append(around)
    for make in wanted:
        _standing[make] = pickle.dumps(make())
    connection.check_constraints()


def leave() -> None:
    """Take the rows away, if any stand."""
    _standing.clear()
    while _around:
        transaction.set_rollback(True)
        _around.pop().__exit__(None, None, None)


def _makers(item: pytest.Item) -> Iterable[Callable[[], Any]]:
    """Return the functions behind the fixtures that a test asks for, itself or through others, in one order for all."""
    known = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]
    for name in sorted(known):
        make = getattr(known[name][-1].func, "make", None)
        if make is not None:
            yield make
