"""Where operations are kept by name, and how one gets there."""

from collections.abc import Callable
from typing import TypeVar

Operation = TypeVar("Operation", bound=Callable[..., int | None])

OPERATIONS: dict[str, Callable[..., int | None]] = {}


def operation(function: Operation) -> Operation:
    """Keep an operation under its own name, which traces of frozen editions go on to name.

    Raises:
        ValueError: the name is taken.
    """
    name = function.__name__
    if name in OPERATIONS:
        raise ValueError(f"The operation {name} is defined twice.")
    OPERATIONS[name] = function
    return function
