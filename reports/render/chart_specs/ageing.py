"""Receivables by age: bars side by side in each bucket, one for each way of counting the days."""

from collections.abc import Mapping, Sequence

from reports.document import Unit
from reports.render.chart_specs.base import Spec, chart, legend_above, y_axis
from reports.render.chart_specs.words import long, lookup, short


def ageing(
    buckets: Sequence[str], series: Mapping[str, Sequence[int | None]], *, currency: str = "USD"
) -> Spec:
    """Build the bars of each bucket, in the order given, each with its value above; None leaves a gap."""
    order = list(series)
    rows: list[Spec] = [
        {
            "bucket": f"{place:02d}",
            "series": label,
            "value": value,
            "label": short(value, Unit.MONEY, currency) if value else "",
        }
        for label, values in series.items()
        for place, value in enumerate(values)
        if value is not None
    ]
    names: dict[str, str | list[str]] = {f"{place:02d}": name for place, name in enumerate(buckets)}
    axis = {"labelExpr": f"({lookup(names)})[datum.value]", "labelOverlap": False, "labelFontSize": 13}
    side = {"field": "series", "sort": order}
    spec: Spec = {
        "data": {"values": rows},
        "encoding": {
            "x": {
                "field": "bucket",
                "type": "ordinal",
                "axis": axis,
                "title": None,
                "scale": {"domain": list(names)},
            },
            "xOffset": side,
        },
        "layer": [
            {
                "mark": {"type": "bar"},
                "encoding": {
                    "y": y_axis(Unit.MONEY, currency),
                    "fill": {**side, "legend": legend_above(), "scale": {"range": "category"}},
                },
            },
            {
                "mark": {"type": "text", "style": "value", "dy": -9},
                "encoding": {"y": y_axis(Unit.MONEY, currency), "text": {"field": "label"}},
            },
        ],
    }
    table = [
        [name, *("not tracked" if values[place] is None else long(values[place] or 0, Unit.MONEY, currency)
                 for values in series.values())]
        for place, name in enumerate(buckets)
    ]  # fmt: skip
    return chart(spec, {"columns": ["Age in days", *order], "rows": table}, legend=len(order) > 1)
