"""Charts by month: bars side by side, and lines."""

from collections.abc import Mapping, Sequence

from core import months
from reports.document import Axis, Form, Plot, Role, Series, Unit

Points = Sequence[tuple[months.Month, int | None]]


def bars_by_month(
    points: Points | Mapping[str, Points],
    *,
    unit: Unit = Unit.MONEY,
    currency: str = "USD",
    name: str = "Amount",
) -> Plot:
    """Build bars by month; several series stand side by side. None leaves a gap, which is not zero."""
    series = points if isinstance(points, Mapping) else {name: points}
    return _by_month(Form.COLUMNS, series, {}, unit, currency)


def line_by_month(
    points: Points | Mapping[str, Points],
    *,
    unit: Unit = Unit.MONEY,
    currency: str = "USD",
    name: str = "Amount",
    before: Points = (),
    target: Points = (),
) -> Plot:
    """Build lines by month, each with its own dash; None breaks a line.

    ``before`` are the values of a year before, under the months they stand beside; ``target`` is what was meant to be.
    """
    series = points if isinstance(points, Mapping) else {name: points}
    beside = {"Year before": (before, Role.BEFORE), "Target": (target, Role.TARGET)}
    return _by_month(Form.LINES, series, beside, unit, currency)


def _by_month(
    form: Form,
    values: Mapping[str, Points],
    beside: Mapping[str, tuple[Points, Role]],
    unit: Unit,
    currency: str,
) -> Plot:
    lines = {name: (dict(line), Role.VALUE) for name, line in values.items()}
    lines |= {name: (dict(line), role) for name, (line, role) in beside.items() if line}
    known = [month for line, _ in lines.values() for month in line]
    # A month that no series names has its place all the same: between two others it is a gap.
    every = range(min(known), max(known) + 1) if known else ()
    series = tuple(
        Series(name, tuple(line.get(month) for month in every), role) for name, (line, role) in lines.items()
    )
    return Plot(form, "Month", Axis.MONTH, tuple(map(months.iso, every)), series, unit, currency)
