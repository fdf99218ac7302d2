"""Bars in a list, one for each row."""

from collections.abc import Sequence

from reports.document import Form, Plot, Series, Unit


def horizontal_bars(
    rows: Sequence[tuple[str, int | None]],
    *,
    unit: Unit = Unit.MONEY,
    currency: str = "USD",
    name: str = "Amount",
    missing: str = "not tracked",
) -> Plot:
    """Build one bar per row with its value beside it, in the order given; None prints ``missing``, no bar."""
    values = Series(name, tuple(value for _, value in rows), missing=missing)
    names = tuple(label for label, _ in rows)
    return Plot(Form.ROWS, keys=names, series=(values,), unit=unit, currency=currency)
