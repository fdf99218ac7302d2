"""Bars side by side in a list, one for each row."""

from collections.abc import Sequence

from reports.document import Unit
from reports.render.chart_specs.base import Spec, chart
from reports.render.chart_specs.words import long, lookup, short


def horizontal_bars(
    rows: Sequence[tuple[str, int | None]],
    *,
    unit: Unit = Unit.MONEY,
    currency: str = "USD",
    name: str = "Amount",
    missing: str = "not tracked",
) -> Spec:
    """Build one bar per row with its value beside it, in the order given; None prints ``missing``, no bar."""
    values: list[Spec] = [
        {
            "row": f"{place:03d}",
            "name": label if len(label) <= 22 else f"{label[:21]}…",
            "value": value or 0,
            "label": missing if value is None else short(value, unit, currency),
        }
        for place, (label, value) in enumerate(rows)
    ]
    known = [value for _, value in rows if value is not None] or [0]
    span = (max([*known, 0]) - min([*known, 0])) or 1
    domain = [min([*known, 0]) - (span * 0.3 if min(known) < 0 else 0), max([*known, 0]) + span * 0.22]
    names = {value["row"]: value["name"] for value in values}
    x = {"field": "value", "type": "quantitative", "axis": None, "scale": {"domain": domain, "nice": False}}
    spec: Spec = {
        "data": {"values": values},
        "encoding": {
            "y": {
                "field": "row",
                "type": "ordinal",
                "sort": None,
                "axis": {"labelExpr": f"({lookup(names)})[datum.value]", "labelLimit": 190, "grid": False},
                "title": None,
            },
            "x": x,
        },
        "layer": [
            {"mark": {"type": "bar", "height": {"band": 0.62}}},
            {
                "mark": {"type": "text", "style": "value", "align": "left", "dx": 6},
                "transform": [{"filter": "datum.value >= 0"}],
                "encoding": {"text": {"field": "label"}},
            },
            {
                "mark": {"type": "text", "style": "value", "align": "right", "dx": -6},
                "transform": [{"filter": "datum.value < 0"}],
                "encoding": {"text": {"field": "label"}},
            },
        ],
    }
    return chart(
        spec,
        {
            "columns": ["", name],
            "rows": [
                [label, missing if value is None else long(value, unit, currency)] for label, value in rows
            ],
        },
        height=max(len(rows), 1) * 32 + 16,
    )
