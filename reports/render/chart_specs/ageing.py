"""Receivables by age: bars side by side in each bucket, one for each way of counting the days."""

from collections.abc import Mapping, Sequence

from reports.document import Form, Plot, Series


def ageing(
    buckets: Sequence[str], series: Mapping[str, Sequence[int | None]], *, currency: str = "USD"
) -> Plot:
    """Build the bars of each bucket, in the order given; None leaves a gap."""
    lines = tuple(Series(name, tuple(values)) for name, values in series.items())
    return Plot(Form.COLUMNS, "Age in days", keys=tuple(buckets), series=lines, currency=currency)
