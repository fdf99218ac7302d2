"""A scale of values: round steps in the unit, and where on the sheet each value lies."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from core.money import MINUS, SYMBOLS, exponent
from reports.document import Unit
from reports.figures import STEPS
from reports.render.chart_specs.words import short

_MOST = 5
_LETTERS = ((1_000_000_000, "B"), (1_000_000, "M"), (1000, "k"), (1, ""))
# Units that say something below their whole.
_FINE = (Unit.RATIO, Unit.SCORE, Unit.GIGABYTES)
_WORDS = (Unit.DAYS, Unit.NIGHTS, Unit.MONTHS, Unit.POINTS)


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from ``low`` to ``high``, both on a round step, between two heights of the sheet."""

    low: int
    high: int
    step: int
    top: float
    bottom: float

    def y(self, value: int) -> float:
        """Return how high on the sheet a value lies."""
        span = self.high - self.low or 1
        return self.bottom - (value - self.low) * (self.bottom - self.top) / span

    @property
    def ground(self) -> int:
        """What bars stand on: zero, or the end nearest to it."""
        return min(max(0, self.low), self.high)


def scale(
    values: Iterable[int], unit: Unit, currency: str, *, top: float, bottom: float, zero: bool
) -> Scale:
    """Return a scale that holds the values in at most five round steps, with zero on it where asked.

    Without that, zero is left out only where the values keep so far from it that their way would be lost.
    """
    low, high = min(known := list(values)), max(known)
    if zero or low == high or low <= 0 <= high or min(abs(low), abs(high)) <= 0.8 * max(abs(low), abs(high)):
        low, high = min(low, 0), max(high, 0)
    whole = 10 ** exponent(currency) if unit is Unit.MONEY else STEPS[unit]
    grain = 1 if unit in _FINE else whole
    if unit is Unit.MINUTES and high - low > 120:
        grain = 60
    if low == high:
        return Scale(0, 1, 2, top, bottom)
    steps = (grain * factor * 10**power for power in itertools.count() for factor in (1, 2, 5))
    step = next(step for step in steps if -(-high // step) - low // step <= _MOST)
    return Scale(low // step * step, -(-high // step) * step, step, top, bottom)


def ticks(scale: Scale, unit: Unit, currency: str) -> list[tuple[int, str]]:
    """Return the values that have a line of the grid, and what stands beside it: ``−$1.5M``, ``40 %``.

    A unit that is a word is said once, at the top.
    """
    said = [(value, _tick(value, unit, currency)) for value in range(scale.low, scale.high + 1, scale.step)]
    if unit in _WORDS:
        said[:-1] = [(value, words.partition(" ")[0]) for value, words in said[:-1]]
    return said


def _tick(value: int, unit: Unit, currency: str) -> str:
    if unit is Unit.MONEY:
        sign = MINUS if value < 0 else ""
        whole = abs(value) / 10 ** exponent(currency)
        size, letter = next((size, letter) for size, letter in _LETTERS if whole >= size or size == 1)
        return f"{sign}{SYMBOLS[currency]}{whole / size:g}{letter}"
    return short(value, unit, currency)
