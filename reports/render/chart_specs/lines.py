"""What is modelled by week: one line for each scenario, against a floor."""

import datetime as dt
from collections.abc import Mapping, Sequence

from reports.document import Axis, Floor, Form, Plot, Role, Series


def scenario_lines(
    scenarios: Mapping[str, Sequence[tuple[dt.date, int]]],
    *,
    currency: str = "USD",
    floor: int | None = None,
    floor_name: str = "Floor",
) -> Plot:
    """Build one line per scenario over dates, in minor units, each with its own dash, as everything modelled has."""
    lines = {name: dict(line) for name, line in scenarios.items()}
    days = sorted({day for line in lines.values() for day in line})
    series = tuple(
        Series(name, tuple(line.get(day) for day in days), Role.MODEL, "n/a") for name, line in lines.items()
    )
    return Plot(
        Form.LINES,
        "Week from",
        Axis.DAY,
        tuple(day.isoformat() for day in days),
        series,
        currency=currency,
        floor=None if floor is None else Floor(floor_name, floor),
    )
