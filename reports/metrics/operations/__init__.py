"""The arithmetic of figures: pure functions over whole numbers, named so that a trace can be checked again.

Each takes the input figures' values in order and returns the result in the smallest step of its own unit,
or None where it is undefined (a division by nothing). Rounding is half away from zero. One file per family;
importing this package registers them all.
"""

from reports.discovery import modules_of
from reports.metrics.operations.base import OPERATIONS, operation
from reports.metrics.operations.folds import FOLDS, fold

modules_of(__name__)

__all__ = ["FOLDS", "OPERATIONS", "fold", "operation"]
