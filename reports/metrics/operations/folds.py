"""Operations that make one value of many: what a figure over rows may be beside their sum."""

from collections.abc import Iterable
from itertools import chain

from core.money import divide
from reports.document import TraceRow
from reports.metrics.operations.base import OPERATIONS, operation


@operation
def total(*values: int) -> int:
    """Return the sum."""
    return sum(values)


@operation
def mean(*values: int) -> int | None:
    """Return the mean; undefined over nothing."""
    return divide(sum(values), len(values)) if values else None


@operation
def median(*values: int) -> int | None:
    """Return the value in the middle, or the mean of the two there; undefined over nothing."""
    if not values:
        return None
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else divide(ordered[half - 1] + ordered[half], 2)


@operation
def weighted_mean(*values_and_weights: int) -> int | None:
    """Return Σ value × weight ÷ Σ weight, given value and weight in turn; undefined without any weight."""
    values, weights = values_and_weights[::2], values_and_weights[1::2]
    whole = sum(weights)
    parts = (value * weight for value, weight in zip(values, weights, strict=True))
    return divide(sum(parts), whole) if whole > 0 else None


@operation
def minimum(*values: int) -> int | None:
    """Return the smallest value; undefined over nothing."""
    return min(values, default=None)


@operation
def maximum(*values: int) -> int | None:
    """Return the largest value; undefined over nothing."""
    return max(values, default=None)


@operation
def first(*values: int) -> int | None:
    """Return the first value; undefined over nothing."""
    return values[0] if values else None


@operation
def last(*values: int) -> int | None:
    """Return the last value; undefined over nothing."""
    return values[-1] if values else None


FOLDS = frozenset({"total", "mean", "median", "weighted_mean", "minimum", "maximum", "first", "last"})


def fold(name: str, rows: Iterable[TraceRow]) -> int | None:
    """Return the amounts of rows folded into one; only the weighted mean looks at their weights."""
    if name == "weighted_mean":
        return weighted_mean(*chain.from_iterable((row.amount, row.weight) for row in rows))
    return OPERATIONS[name](*(row.amount for row in rows))
