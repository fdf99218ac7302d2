"""Builders of the Vega-Lite specifications that lenses put into their charts; drawing them is `charts`.

A specification is plain JSON with its data inline, in the whole-number steps of `reports.document.Unit`, and
it is kept in the edition. Shapes tell series apart (dashes, side by side, a name at a line's end), never
colour alone. The numbers behind a chart travel as text in ``usermeta.table`` for the pages that print them.
"""

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core import months
from core.money import MINUS, SYMBOLS, exponent, format_minor
from reports.document import Badge, Figure, RowsTrace, Unit
from reports.figures import STEPS, write

Spec = dict[str, Any]
Points = Sequence[tuple[months.Month, int | None]]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
WIDTH = 480
HEIGHT = 210

_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DASHES = [[1, 0], [7, 4], [2, 3], [9, 3, 2, 3], [5, 2], [1, 5]]


def bars_by_month(
    points: Points | Mapping[str, Points],
    *,
    unit: Unit = Unit.MONEY,
    currency: str = "USD",
    target: int | None = None,
    name: str = "Amount",
) -> Spec:
    """Build bars by month; several series stand side by side. None leaves a gap, which is not zero.

    The last bar of a single series carries its value; ``target`` is a dotted rule across.
    """
    series = points if isinstance(points, Mapping) else {name: points}
    order, all_months = list(series), sorted({month for line in series.values() for month, _ in line})
    rows: list[Spec] = [
        {"month": months.iso(month), "series": label, "value": value, "label": short(value, unit, currency)}
        for label, line in series.items()
        for month, value in line
        if value is not None
    ]
    layers: list[Spec] = []
    bars: Spec = {
        "mark": {"type": "bar", "width": {"band": min(0.86, len(all_months) / 8)}},
        "encoding": {"y": _y(unit, currency)},
    }
    if len(order) > 1:
        bars["mark"] = {"type": "bar"}
        bars["encoding"] |= {
            "xOffset": {"field": "series", "sort": order},
            "fill": {"field": "series", "sort": order, "legend": _legend(), "scale": {"range": "category"}},
        }
    layers.append(bars)
    if len(order) == 1 and rows:
        layers.append(
            {
                "transform": [{"filter": f"datum.month === '{rows[-1]['month']}'"}],
                "mark": {"type": "text", "style": "value", "dy": -9 if rows[-1]["value"] >= 0 else 12},
                "encoding": {"y": _y(unit, currency), "text": {"field": "label"}},
            }
        )
    layers += _target(target, unit, currency)
    return _chart(
        {"data": {"values": rows}, "encoding": {"x": _month_axis(all_months)}, "layer": layers},
        _month_table(series, all_months, unit, currency),
        legend=len(order) > 1,
    )


def line_by_month(
    points: Points | Mapping[str, Points],
    *,
    unit: Unit = Unit.MONEY,
    currency: str = "USD",
    target: int | None = None,
    name: str = "Amount",
) -> Spec:
    """Build lines by month, each with its own dash; None breaks a line. A single line names its last value."""
    series = points if isinstance(points, Mapping) else {name: points}
    all_months = sorted({month for line in series.values() for month, _ in line})
    rows: list[Spec] = [
        {"month": months.iso(month), "series": label, "value": value}
        for label, line in series.items()
        for month, value in line
    ]
    scale, dash = _series_scales(series)
    legend = _legend("stroke") if len(series) > 1 else None
    encoding = {
        "y": _y(unit, currency),
        "stroke": {"field": "series", "scale": scale, "legend": legend},
        "strokeDash": {"field": "series", "scale": dash, "legend": legend},
    }
    mark = {"type": "line", "invalid": "break-paths-filter-domains"}
    layers: list[Spec] = [{"mark": mark, "encoding": encoding}, *_target(target, unit, currency)]
    known = [row for row in rows if row["value"] is not None]
    # A value with nothing on either side draws no line, so every value has its point as well.
    point = {"y": _y(unit, currency), "fill": {"field": "series", "scale": scale, "legend": None}}
    layers.append({"data": {"values": known}, "mark": {"type": "point"}, "encoding": point})
    if len(series) == 1 and known:
        end = {**known[-1], "label": short(known[-1]["value"], unit, currency)}
        text = {"y": _y(unit, currency), "text": {"field": "label"}}
        last = {"type": "text", "style": "value", "dy": -13}
        layers.append({"data": {"values": [end]}, "mark": last, "encoding": text})
    return _chart(
        {"data": {"values": rows}, "encoding": {"x": _month_axis(all_months)}, "layer": layers},
        _month_table(series, all_months, unit, currency),
        legend=len(series) > 1,
    )


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
    axis = _week_axis([day for day, *_ in weeks])
    y = {**_y(Unit.MONEY, currency), "scale": {"zero": False}}
    layers: list[Spec] = [
        {"mark": {"type": "area"}, "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}}},
        {"mark": {"type": "line", "strokeDash": [7, 4]}, "encoding": {"y": {**y, "field": "base"}}},
        *_floor(floor, floor_name, currency),
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
    return _chart(
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
    scale, dash = _series_scales(scenarios)
    y = {**_y(Unit.MONEY, currency), "scale": {"zero": False}}
    layers: list[Spec] = [
        {
            "mark": {"type": "line"},
            "encoding": {
                "y": y,
                "stroke": {"field": "series", "scale": scale, "legend": None},
                "strokeDash": {"field": "series", "scale": dash, "legend": None},
            },
        },
        *_ends(ends, _week_axis(days), y, values),
        *_floor(floor, floor_name, currency),
    ]
    by_day = {label: dict(line) for label, line in scenarios.items()}
    return _chart(
        {"data": {"values": rows}, "encoding": {"x": _week_axis(days)}, "layer": layers},
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
                "axis": {"labelExpr": f"({_lookup(names)})[datum.value]", "labelLimit": 190, "grid": False},
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
    return _chart(
        spec,
        {
            "columns": ["", name],
            "rows": [
                [label, missing if value is None else long(value, unit, currency)] for label, value in rows
            ],
        },
        height=max(len(rows), 1) * 32 + 16,
    )


# Words and scales shared by the builders


_SUFFIXES = {Unit.PERCENT: " %", Unit.RATIO: "×"}


def long(value: int, unit: Unit, currency: str = "USD") -> str:
    """Return a value as the tables print it."""
    return write(Figure("", "", "", unit, value, Badge.MEASURED, RowsTrace(()), currency=currency))


def short(value: int, unit: Unit, currency: str = "USD") -> str:
    """Return a value short enough to stand in a chart: ``$12.3k``, ``−$1.2M``, ``38.5 %``."""
    if unit is not Unit.MONEY:
        return long(value, unit, currency)
    steps = 10 ** exponent(currency)
    whole = (abs(value) + steps // 2) // steps
    sign = f"{MINUS if value < 0 and whole else ''}{SYMBOLS[currency]}"
    if whole < 1000:
        return f"{sign}{whole}"
    # Rounded before the letter is chosen, so that 999,960 is "1.0M" and never "1,000k".
    scale, letter = (1000, "k") if whole < 999_500 else (1_000_000, "M")
    tenths = (whole * 10 + scale // 2) // scale
    return (
        f"{sign}{tenths / 10:.1f}{letter}"
        if tenths < 1000
        else f"{sign}{(whole + scale // 2) // scale:,}{letter}"
    )


def _y(unit: Unit, currency: str) -> Spec:
    if unit is Unit.MONEY:
        steps = 10 ** exponent(currency)
        number = (
            f"(datum.value < 0 ? '{MINUS}' : '') + {json.dumps(SYMBOLS[currency])}"
            f" + format(abs(datum.value) / {steps}, '~s')"
        )
    else:
        steps = STEPS[unit]
        suffix = json.dumps(_SUFFIXES.get(unit, ""))
        number = f"replace(format(datum.value / {steps}, ',~r'), '-', '{MINUS}') + {suffix}"
    axis = {"labelExpr": number, "tickMinStep": steps}
    return {"field": "value", "type": "quantitative", "axis": axis, "title": None}


def drawable(text: str) -> str:
    """Return text without the characters no XML file may hold: the drawing engine ends the process over one."""
    return _NOT_XML.sub("\ufffd", text)


def _lookup(words: Mapping[str, str | list[str]]) -> str:
    """Return words as an expression. They are cleaned here: as escapes they would pass for harmless later."""
    cleaned = {
        key: drawable(word) if isinstance(word, str) else [drawable(line) for line in word]
        for key, word in words.items()
    }
    return json.dumps(cleaned, ensure_ascii=False)


def _month_axis(all_months: Sequence[months.Month]) -> Spec:
    """Name months by their first letters, the year under the first one and under each January.

    More than 14 months leave every second or third one unnamed, so that no name is turned or dropped.
    """
    step = 1 if len(all_months) <= 14 else 2 if len(all_months) <= 26 else 3
    names: dict[str, str | list[str]] = {}
    for place, month in enumerate(all_months):
        name = f"{months.first_day(month):%b}"
        crowded = place == 0 and step > 1 and month % 12 > 8
        if (place == 0 or month % 12 == 0) and not crowded:
            names[months.iso(month)] = [name, str(month // 12)]
        else:
            names[months.iso(month)] = name if place % step == 0 else ""
    axis = {"labelExpr": f"({_lookup(names)})[datum.value]", "labelFontSize": 13, "labelOverlap": False}
    order = [months.iso(month) for month in all_months]
    return {"field": "month", "type": "ordinal", "axis": axis, "title": None, "scale": {"domain": order}}


def _week_axis(days: Sequence[dt.date]) -> Spec:
    # Four names fit beside the names at the lines' ends, also on a phone.
    step = max(1, -(-len(days) // 4))
    names = {
        day.isoformat(): [str(day.day), f"{day:%b}"] if place % step == 0 else ""
        for place, day in enumerate(days)
    }
    axis = {"labelExpr": f"({_lookup(names)})[datum.value]", "labelOverlap": False}
    order = [day.isoformat() for day in days]
    return {"field": "week", "type": "ordinal", "axis": axis, "title": None, "scale": {"domain": order}}


def _target(target: int | None, unit: Unit, currency: str) -> list[Spec]:
    if target is None:
        return []
    label = f"Target {short(target, unit, currency)}"
    return _rule(target, label, "target", "value", _y(unit, currency))


def _floor(floor: int | None, name: str, currency: str) -> list[Spec]:
    if floor is None:
        return []
    label = f"{name} {short(floor, Unit.MONEY, currency)}"
    return _rule(floor, label, "floor", "floor-label", _y(Unit.MONEY, currency))


def _rule(value: int, label: str, style: str, label_style: str, y: Spec) -> list[Spec]:
    data = {"values": [{"value": value, "label": label}]}
    return [
        {"data": data, "mark": {"type": "rule", "style": style}, "encoding": {"x": None, "y": y}},
        {
            "data": data,
            "mark": {"type": "text", "style": label_style, "align": "left", "dy": -10, "x": 4},
            "encoding": {"x": None, "y": y, "text": {"field": "label"}},
        },
    ]


def _series_scales(series: Iterable[str]) -> tuple[Spec, Spec]:
    names = list(series)
    return (
        {"domain": names, "range": "category"},
        {"domain": names, "range": _DASHES[: max(len(names), 1)]},
    )


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


def _legend(symbol: str = "square") -> Spec:
    return {"title": None, "orient": "top", "direction": "horizontal", "symbolType": symbol, "offset": 6}


def _month_table(
    series: Mapping[str, Points], all_months: Sequence[months.Month], unit: Unit, currency: str
) -> Spec:
    by_month = {label: dict(line) for label, line in series.items()}
    rows = []
    for month in all_months:
        values = [line.get(month) for line in by_month.values()]
        words = ["not tracked" if value is None else long(value, unit, currency) for value in values]
        rows.append([months.label(month), *words])
    return {"columns": ["Month", *series], "rows": rows}


def _with_halo(layer: Spec) -> list[Spec]:
    """Return a layer; values get the plate's colour around them first, so that no line runs through them."""
    if layer["mark"].get("style") != "value":
        return [layer]
    return [{**layer, "mark": {**layer["mark"], "style": "halo"}}, layer]


def _chart(
    spec: Spec, table: Spec, *, height: int = HEIGHT, right: int | None = None, legend: bool = False
) -> Spec:
    if "layer" in spec:
        layers = sorted(spec["layer"], key=lambda layer: layer["mark"].get("style") == "value")
        spec = {**spec, "layer": [part for layer in layers for part in _with_halo(layer)]}
    config: Spec = {}
    if right is not None:
        config["padding"] = {"left": 4, "top": 8, "right": right, "bottom": 4}
    if legend:
        config["legend"] = {"disable": False}
    if not table["rows"]:
        spec = {
            "data": {"values": [{"label": "There is no value to draw."}]},
            "mark": {"type": "text", "style": "value"},
            "encoding": {"text": {"field": "label"}},
        }
    return {
        "$schema": SCHEMA,
        "width": WIDTH,
        "height": height,
        **spec,
        **({"config": config} if config else {}),
        "usermeta": {"table": table},
    }
