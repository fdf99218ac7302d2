"""What the database broke off is done again; where that does not help, a sentence says so."""

import pytest
from django.db import OperationalError

from core import busy

pytestmark = pytest.mark.once


class Deadlock(Exception):
    """What the driver raises."""

    sqlstate = "40P01"


def broken_off(times: int, error: OperationalError) -> tuple[list[int], object]:
    """Return an act that the database breaks off so often, and how often it was tried."""
    tried: list[int] = []

    def act() -> str:
        tried.append(1)
        if len(tried) <= times:
            raise error
        return "done"

    return tried, act


def deadlock() -> OperationalError:
    error = OperationalError("deadlock detected")
    error.__cause__ = Deadlock()
    return error


@pytest.mark.django_db(transaction=True)
def test_it_is_done_again_and_told_after_three_times() -> None:
    tried, act = broken_off(2, deadlock())
    assert (busy.again(act, what="Nothing."), len(tried)) == ("done", 3)  # type: ignore[arg-type]
    for error, times in ((deadlock(), 3), (OperationalError("database is locked"), 1)):
        tried, act = broken_off(9, error)
        with pytest.raises(busy.BusyError, match="too long. Nothing was kept. Try again in a minute."):
            busy.again(act, what="Nothing was kept.")  # type: ignore[arg-type]
        assert len(tried) == times
    with pytest.raises(OperationalError, match="gone"):
        busy.again(broken_off(1, OperationalError("gone"))[1], what="Nothing.")  # type: ignore[arg-type]
