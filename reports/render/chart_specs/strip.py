"""A calendar strip: a line for each month with a mark for each night, sold, blocked or open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core import months
from reports.render.chart_specs.base import Spec, chart, legend_above
from reports.render.chart_specs.words import lookup

SOLD, BLOCKED, OPEN = "Sold", "Blocked", "Open"
_HEIGHTS = {SOLD: 0.8, BLOCKED: 0.34}
_LINE = 25
# Half a night, less what keeps two runs apart.
_HALF = 0.44


@dataclass(frozen=True, slots=True)
class Strip:
    """One month's nights: for each day of the month what its night is, or nothing where nobody knows."""

    month: months.Month
    nights: Mapping[int, str]

    def count(self, state: str) -> int:
        """Return how many nights are in a state."""
        return sum(found == state for found in self.nights.values())


def calendar_strip(strips: Sequence[Strip]) -> Spec:
    """Build the strip, the first month on top. Sold nights are tall marks, blocked ones low, open ones a dotted line."""
    values: list[Spec] = [
        {"month": months.iso(strip.month), "from": first - _HALF, "to": last + _HALF, "state": state}
        for strip in strips
        for first, last, state in _runs(strip)
    ]
    order = [months.iso(strip.month) for strip in strips]
    names = {months.iso(strip.month): months.label(strip.month) for strip in strips}
    y = {
        "field": "month",
        "type": "ordinal",
        "title": None,
        "scale": {"domain": order},
        "axis": {"labelExpr": f"({lookup(names)})[datum.value]", "grid": False},
    }
    x = {
        "field": "from",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [0.5, 31.5], "nice": False, "zero": False},
        "axis": {"values": [1, 5, 10, 15, 20, 25, 30], "labelFontSize": 13, "orient": "top", "domain": False},
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
            "mark": {"type": "rule", "style": "target"},
            "encoding": {},
        }
    )
    return chart(
        {"data": {"values": values}, "encoding": {"x": x, "x2": {"field": "to"}, "y": y}, "layer": layers},
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


def _runs(strip: Strip) -> list[tuple[int, int, str]]:
    """Return the nights in a row that are in one state: first day, last day, state."""
    found: list[tuple[int, int, str]] = []
    for day, state in sorted(strip.nights.items()):
        if found and found[-1][1] == day - 1 and found[-1][2] == state:
            found[-1] = (found[-1][0], day, state)
        else:
            found.append((day, day, state))
    return found
