"""What a job took or cost against what it was estimated at: a bar, and a mark where the estimate was."""

from collections.abc import Sequence

from reports.document import Unit
from reports.render.chart_specs.base import Spec, chart
from reports.render.chart_specs.words import long, lookup, short


def against_estimate(
    rows: Sequence[tuple[str, int, int]],
    *,
    unit: Unit = Unit.DAYS,
    currency: str = "USD",
    actual: str = "Actual",
    estimate: str = "Estimate",
) -> Spec:
    """Build one bar per row, ``(name, actual, estimate)``: the actual as its length, the estimate as a line across it."""
    values: list[Spec] = [
        {
            "row": f"{place:03d}",
            "value": taken,
            "estimate": planned,
            "end": max(taken, planned),
            "label": f"{short(taken, unit, currency)} of {short(planned, unit, currency)}",
        }
        for place, (_, taken, planned) in enumerate(rows)
    ]
    names = {
        value["row"]: name if len(name) <= 22 else f"{name[:21]}…"
        for value, (name, *_) in zip(values, rows, strict=True)
    }
    top = max((value["end"] for value in values), default=0) or 1
    x = {"type": "quantitative", "axis": None, "scale": {"domain": [0, top * 1.35], "nice": False}}
    spec: Spec = {
        "data": {"values": values},
        "encoding": {
            "y": {
                "field": "row",
                "type": "ordinal",
                "sort": None,
                "axis": {"labelExpr": f"({lookup(names)})[datum.value]", "labelLimit": 190, "grid": False},
                "title": None,
            }
        },
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.5}},
                "encoding": {"x": {**x, "field": "value"}},
            },
            {
                "mark": {"type": "tick", "style": "target", "thickness": 3, "height": {"band": 0.82}},
                "encoding": {"x": {**x, "field": "estimate"}},
            },
            {
                "mark": {"type": "text", "style": "value", "align": "left", "dx": 8},
                "encoding": {"x": {**x, "field": "end"}, "text": {"field": "label"}},
            },
        ],
    }
    table: Spec = {
        "columns": ["", actual, estimate],
        "rows": [
            [name, long(taken, unit, currency), long(planned, unit, currency)]
            for name, taken, planned in rows
        ],
    }
    return chart(spec, table, height=max(len(rows), 1) * 36 + 16)
