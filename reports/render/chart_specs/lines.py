"""Charts by week: cash in a band of low and high, and one line for each scenario."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from core.money import format_minor
from reports.document import Unit
from reports.render.chart_specs.base import HEIGHT, Spec, chart, floor_line, series_scales, y_axis
from reports.render.chart_specs.words import lookup, short


def band13weeks(
    weeks: Sequence[tuple[dt.date, int, int, int]],
    *,
    currency: str = "USD",
    floor: int | None = None,
    floor_name: str = "Floor",
) -> Spec:
    """Build the cash band by week: ``(week's first day, low, base, high)`` in minor units, with a floor.

    The base line is dashed, as everything modelled is.
    """
    rows = [
        {"week": day.isoformat(), "low": low, "base": base, "high": high} for day, low, base, high in weeks
    ]
    axis = week_axis([day for day, *_ in weeks])
    y = {**y_axis(Unit.MONEY, currency), "scale": {"zero": False}}
    layers: list[Spec] = [
        {"mark": {"type": "area"}, "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}}},
        {"mark": {"type": "line", "strokeDash": [7, 4]}, "encoding": {"y": {**y, "field": "base"}}},
        *floor_line(floor, floor_name, currency),
    ]
    ends = (
        [
            (f"{name} {short(value, Unit.MONEY, currency)}", weeks[-1][0], value)
            for name, value in zip(("Low", "Base", "High"), weeks[-1][1:], strict=True)
        ]
        if weeks
        else []
    )
    values = [value for _, *three in weeks for value in three] + ([] if floor is None else [floor])
    layers += _ends(ends, axis, y, values)
    return chart(
        {"data": {"values": rows}, "encoding": {"x": axis}, "layer": layers},
        {
            "columns": ["Week from", "Low", "Base", "High"],
            "rows": [
                [day.isoformat(), *(format_minor(value, currency, cents=False) for value in values)]
                for day, *values in weeks
            ],
        },
        right=_room(name for name, *_ in ends),
    )


def scenario_lines(
    scenarios: Mapping[str, Sequence[tuple[dt.date, int]]],
    *,
    currency: str = "USD",
    floor: int | None = None,
    floor_name: str = "Floor",
) -> Spec:
    """Build one line per scenario over dates, in minor units, each with its own dash.

    Several are named at their ends; a single one is what the chart's title says, so its end holds its value alone.
    """
    rows = [
        {"week": day.isoformat(), "series": label, "value": value}
        for label, line in scenarios.items()
        for day, value in line
    ]
    days = sorted({day for line in scenarios.values() for day, _ in line})
    ends = [
        (
            f"{label if len(scenarios) > 1 else ''} {short(line[-1][1], Unit.MONEY, currency)}".strip(),
            *line[-1],
        )
        for label, line in scenarios.items()
        if line
    ]
    values = [value for line in scenarios.values() for _, value in line] + ([] if floor is None else [floor])
    scale, dash = series_scales(scenarios)
    y = {**y_axis(Unit.MONEY, currency), "scale": {"zero": False}}
    layers: list[Spec] = [
        {
            "mark": {"type": "line"},
            "encoding": {
                "y": y,
                "stroke": {"field": "series", "scale": scale, "legend": None},
                "strokeDash": {"field": "series", "scale": dash, "legend": None},
            },
        },
        *_ends(ends, week_axis(days), y, values),
        *floor_line(floor, floor_name, currency),
    ]
    by_day = {label: dict(line) for label, line in scenarios.items()}
    return chart(
        {"data": {"values": rows}, "encoding": {"x": week_axis(days)}, "layer": layers},
        {
            "columns": ["Week from", *scenarios],
            "rows": [
                [
                    day.isoformat(),
                    *(
                        format_minor(line[day], currency, cents=False) if day in line else "n/a"
                        for line in by_day.values()
                    ),
                ]
                for day in days
            ],
        },
        right=_room(name for name, *_ in ends),
    )


def week_axis(days: Sequence[dt.date]) -> Spec:
    """Name weeks by their first day."""
    # Four names fit beside the names at the lines' ends, also on a phone.
    step = max(1, -(-len(days) // 4))
    names = {
        day.isoformat(): [str(day.day), f"{day:%b}"] if place % step == 0 else ""
        for place, day in enumerate(days)
    }
    axis = {"labelExpr": f"({lookup(names)})[datum.value]", "labelOverlap": False}
    order = [day.isoformat() for day in days]
    return {"field": "week", "type": "ordinal", "axis": axis, "title": None, "scale": {"domain": order}}


def _ends(ends: Sequence[tuple[str, dt.date, int]], axis: Spec, y: Spec, values: Sequence[int]) -> list[Spec]:
    """Write each series' name at its end, moved apart where two ends are closer than a line of text."""
    if not ends:
        return []
    lowest, span = min(values), max(values) - min(values) or 1
    pixels = HEIGHT - 60
    layers: list[Spec] = []
    free = float("-inf")
    for label, day, value in sorted(ends, key=lambda end: end[2]):
        height = (value - lowest) / span * pixels
        shown = max(height, free)
        free = shown + 17
        data = {"values": [{"week": day.isoformat(), "value": value, "label": label}]}
        mark = {"type": "text", "style": "value", "align": "left", "dx": 8, "dy": round(height - shown)}
        layers.append(
            {"data": data, "mark": mark, "encoding": {"x": axis, "y": y, "text": {"field": "label"}}}
        )
    return layers


def _room(names: Iterable[str]) -> int:
    """Return how many pixels the longest name at a line's end needs."""
    return 14 + round(7.6 * max((min(len(name), 18) for name in names), default=0))
