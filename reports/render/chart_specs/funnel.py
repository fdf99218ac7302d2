"""A funnel: how many reached each step, one bar below the other around one middle."""

from collections.abc import Sequence

from core.money import divide
from reports.document import Unit
from reports.render.chart_specs.base import Spec, chart
from reports.render.chart_specs.words import long, lookup


def funnel(steps: Sequence[tuple[str, int | None]], *, missing: str = "not tracked") -> Spec:
    """Build one bar per step with its count and, in brackets, its share of the step before; None draws no bar."""
    rows: list[Spec] = []
    table: list[list[str]] = []
    before: int | None = None
    for place, (name, count) in enumerate(steps):
        share = long(divide(count * 10_000, before), Unit.PERCENT) if count is not None and before else ""
        words = missing if count is None else long(count, Unit.COUNT)
        rows.append(
            {
                "row": f"{place:03d}",
                "left": -(count or 0) / 2,
                "right": (count or 0) / 2,
                "label": f"{words} ({share})" if share else words,
            }
        )
        table.append([name, words, share or "n/a"])
        before = count
    widest = max([row["right"] for row in rows] or [0]) or 1
    names = {
        row["row"]: name if len(name) <= 22 else f"{name[:21]}…"
        for row, (name, _) in zip(rows, steps, strict=True)
    }
    scale = {"domain": [-widest, widest * 2], "nice": False}
    spec: Spec = {
        "data": {"values": rows},
        "encoding": {
            "y": {
                "field": "row",
                "type": "ordinal",
                "sort": None,
                "axis": {"labelExpr": f"({lookup(names)})[datum.value]", "labelLimit": 190, "grid": False},
                "title": None,
            },
        },
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.62}},
                "encoding": {
                    "x": {"field": "left", "type": "quantitative", "axis": None, "scale": scale},
                    "x2": {"field": "right"},
                },
            },
            {
                "mark": {"type": "text", "style": "value", "align": "left", "dx": 8},
                "encoding": {
                    "x": {"datum": widest, "type": "quantitative", "axis": None, "scale": scale},
                    "text": {"field": "label"},
                },
            },
        ],
    }
    return chart(
        spec,
        {"columns": ["Step", "People", "Of the step before"], "rows": table},
        height=max(len(rows), 1) * 32 + 16,
    )
