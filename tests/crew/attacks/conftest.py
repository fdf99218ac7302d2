"""The Monday before the sail, for tests that need the clock to stand there."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.factories.crew import NOW


@pytest.fixture
def monday() -> Iterator[None]:
    """Let it be the Monday before."""
    with time_machine.travel(NOW, tick=False):
        yield
