"""What a job took against what it was estimated at: a bar, and a mark where the estimate was."""

from collections.abc import Sequence

from reports.render.chart_specs.base import Spec, chart
from reports.render.chart_specs.words import lookup


def days_against_estimates(rows: Sequence[tuple[str, int, int]]) -> Spec:
    """Build one bar per row, ``(name, days taken, days estimated)`` in tenths, with a mark at the estimate."""
    values: list[Spec] = [
        {
            "row": f"{place:03d}",
            "value": taken,
            "estimate": planned,
            "end": max(taken, planned),
            "label": f"{taken / 10:g} of {planned / 10:g} days",
        }
        for place, (_, taken, planned) in enumerate(rows)
    ]
    names = {
        value["row"]: name if len(name) <= 22 else f"{name[:21]}…"
        for value, (name, *_) in zip(values, rows, strict=True)
    }
    top = max((value["end"] for value in values), default=0) or 1
    x = {"type": "quantitative", "axis": None, "scale": {"domain": [0, top * 1.5], "nice": False}}
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
                "mark": {"type": "bar", "height": {"band": 0.42}},
                "encoding": {"x": {**x, "field": "value"}},
            },
            {
                "mark": {"type": "tick", "style": "target", "thickness": 3, "height": {"band": 0.84}},
                "encoding": {"x": {**x, "field": "estimate"}},
            },
            {
                "mark": {"type": "text", "style": "value", "align": "left", "dx": 8},
                "encoding": {"x": {**x, "field": "end"}, "text": {"field": "label"}},
            },
        ],
    }
    table: Spec = {
        "columns": ["", "Days taken", "Days estimated"],
        "rows": [[name, f"{taken / 10:g}", f"{planned / 10:g}"] for name, taken, planned in rows],
    }
    return chart(spec, table, height=max(len(rows), 1) * 36 + 16)
