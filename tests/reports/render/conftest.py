"""Here everything is drawn each time it is asked for."""

import pytest


@pytest.fixture(autouse=True)
def _draw_the_same_once() -> None:
    """Take the place of what the tests beside this folder draw with."""
