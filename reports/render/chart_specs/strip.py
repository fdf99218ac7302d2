"""A calendar strip: a line for each month with a mark for each night, sold, blocked or open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core import months
from reports.document import Axis, Form, Plot, Series, Unit

SOLD, BLOCKED, OPEN = "Sold", "Blocked", "Open"


@dataclass(frozen=True, slots=True)
class Strip:
    """One month's nights: for each day of the month what its night is, or nothing where nobody knows."""

    month: months.Month
    nights: Mapping[int, str]

    def count(self, state: str) -> int:
        """Return how many nights are in a state."""
        return sum(found == state for found in self.nights.values())


def calendar_strip(strips: Sequence[Strip]) -> Plot:
    """Build the strip, the first month on top."""
    return Plot(
        Form.STRIP,
        "Month",
        Axis.MONTH,
        tuple(months.iso(strip.month) for strip in strips),
        tuple(
            Series(state, tuple(strip.count(state) if strip.nights else None for strip in strips))
            for state in (SOLD, BLOCKED, OPEN)
        ),
        Unit.COUNT,
        nights=tuple(
            "".join(strip.nights.get(day, " ")[0] for day in range(1, months.last_day(strip.month).day + 1))
            for strip in strips
        ),
    )
