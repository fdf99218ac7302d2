"""Python's collector of cycles, kept away from work that makes many values and no cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep Python from looking through a batch for cycles again and again while it grows: there are none.

    Where two batches are under way in one process, the collector is on again when the first ends: whoever turned it off
    turns it on, and nobody else.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
