"""What a job took against what it was estimated at: a bar, and a mark where the estimate was."""

from collections.abc import Sequence

from reports.document import Form, Plot, Role, Series, Unit


def days_against_estimates(rows: Sequence[tuple[str, int, int]]) -> Plot:
    """Build one bar per row, ``(name, days taken, days estimated)`` in tenths, with a mark at the estimate."""
    series = (
        Series("Days taken", tuple(taken for _, taken, _ in rows)),
        Series("Days estimated", tuple(planned for *_, planned in rows), Role.TARGET),
    )
    return Plot(Form.ROWS, "Job", keys=tuple(name for name, *_ in rows), series=series, unit=Unit.DAYS)
