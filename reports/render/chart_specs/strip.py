"""A calendar strip: a line for each month with a mark for each night, sold, blocked or open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core import months
from reports.render.chart_specs.base import Spec, chart, legend_above
from reports.render.chart_specs.words import lookup

SOLD, BLOCKED, OPEN = "Sold", "Blocked", "Open"
_HEIGHTS = {SOLD: 0.8, BLOCKED: 0.34}
_LINE = 25


@dataclass(frozen=True, slots=True)
class Strip:
    """One month's nights: for each day of the month what its night is, or nothing where nobody knows."""

    month: months.Month
    nights: Mapping[int, str]

    def count(self, state: str) -> int:
        """Return how many nights are in a state."""
        return sum(found == state for found in self.nights.values())


def calendar_strip(strips: Sequence[Strip]) -> Spec:
    """Build the strip, the first month on top. A sold night is a tall mark, a blocked one a low one, an open one a dot."""
    values: list[Spec] = [
        {"month": months.iso(strip.month), "day": day, "state": state}
        for strip in strips
        for day, state in sorted(strip.nights.items())
    ]
    order = [months.iso(strip.month) for strip in strips]
    names = {months.iso(strip.month): months.label(strip.month) for strip in strips}
    named = {str(day): str(day) if day in (1, 5, 10, 15, 20, 25, 30) else "" for day in range(1, 32)}
    y = {
        "field": "month",
        "type": "ordinal",
        "title": None,
        "scale": {"domain": order},
        "axis": {"labelExpr": f"({lookup(names)})[datum.value]", "grid": False},
    }
    x = {
        "field": "day",
        "type": "ordinal",
        "title": None,
        "scale": {"domain": list(range(1, 32)), "paddingInner": 0.12},
        "axis": {
            "labelExpr": f"({lookup(named)})[datum.value]",
            "labelOverlap": False,
            "labelFontSize": 13,
            "orient": "top",
            "domain": False,
        },
    }
    fill = {
        "field": "state",
        "scale": {"domain": [SOLD, BLOCKED], "range": "category"},
        "legend": legend_above(),
    }
    layers: list[Spec] = [
        {
            "transform": [{"filter": f"datum.state === '{state}'"}],
            "mark": {"type": "rect", "height": {"band": height}},
            "encoding": {"fill": fill},
        }
        for state, height in _HEIGHTS.items()
    ]
    layers.append(
        {
            "transform": [{"filter": f"datum.state === '{OPEN}'"}],
            "mark": {"type": "text", "style": "target", "fontSize": 14, "text": "·"},
            "encoding": {},
        }
    )
    return chart(
        {"data": {"values": values}, "encoding": {"x": x, "y": y}, "layer": layers},
        {
            "columns": ["Month", SOLD, BLOCKED, OPEN],
            "rows": [
                [months.label(strip.month), *(str(strip.count(state)) for state in (SOLD, BLOCKED, OPEN))]
                for strip in strips
            ],
        },
        height=max(len(strips), 1) * _LINE + 60,
        legend=True,
    )
