"""A funnel: how many reached each step, one bar below the other around one middle."""

from collections.abc import Sequence

from reports.document import Form, Plot, Series, Unit


def funnel(steps: Sequence[tuple[str, int | None]]) -> Plot:
    """Build one bar per step with its count and its share of the step before; None draws no bar."""
    people = Series("People", tuple(count for _, count in steps))
    return Plot(Form.FUNNEL, "Step", keys=tuple(name for name, _ in steps), series=(people,), unit=Unit.COUNT)
