"""What all builders share: axes of values, lines across, series told apart by their dashes, and the chart around it."""

import json
from collections.abc import Iterable
from typing import Any

from core.money import MINUS, SYMBOLS, exponent
from reports.document import Unit
from reports.figures import STEPS
from reports.render.chart_specs.words import SUFFIXES, short

Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
WIDTH = 480
HEIGHT = 210
_DASHES = [[1, 0], [7, 4], [2, 3], [9, 3, 2, 3], [5, 2], [1, 5]]


def y_axis(unit: Unit, currency: str) -> Spec:
    """Return the encoding of values: labelled in their unit, in whole steps of it."""
    if unit is Unit.MONEY:
        steps = 10 ** exponent(currency)
        number = (
            f"(datum.value < 0 ? '{MINUS}' : '') + {json.dumps(SYMBOLS[currency])}"
            f" + format(abs(datum.value) / {steps}, '~s')"
        )
    else:
        steps = STEPS[unit]
        suffix = json.dumps(SUFFIXES.get(unit, ""))
        number = f"replace(format(datum.value / {steps}, ',~r'), '-', '{MINUS}') + {suffix}"
    axis = {"labelExpr": number, "tickMinStep": steps}
    return {"field": "value", "type": "quantitative", "axis": axis, "title": None}


def target_line(target: int | None, unit: Unit, currency: str) -> list[Spec]:
    """Return a dotted line across at a target, with its words; nothing where there is none."""
    if target is None:
        return []
    label = f"Target {short(target, unit, currency)}"
    return _rule(target, label, "target", "value", y_axis(unit, currency))


def floor_line(floor: int | None, name: str, currency: str) -> list[Spec]:
    """Return a line across at a floor, with its words; nothing where there is none."""
    if floor is None:
        return []
    label = f"{name} {short(floor, Unit.MONEY, currency)}"
    return _rule(floor, label, "floor", "floor-label", y_axis(Unit.MONEY, currency))


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


def series_scales(series: Iterable[str]) -> tuple[Spec, Spec]:
    """Return the scales that give each series its colour and its dashes."""
    names = list(series)
    return (
        {"domain": names, "range": "category"},
        {"domain": names, "range": _DASHES[: max(len(names), 1)]},
    )


def legend_above(symbol: str = "square") -> Spec:
    """Return a legend that stands above the chart."""
    return {"title": None, "orient": "top", "direction": "horizontal", "symbolType": symbol, "offset": 6}


def _with_halo(layer: Spec) -> list[Spec]:
    """Return a layer; values get the plate's colour around them first, so that no line runs through them."""
    if layer["mark"].get("style") != "value":
        return [layer]
    return [{**layer, "mark": {**layer["mark"], "style": "halo"}}, layer]


def chart(
    spec: Spec, table: Spec, *, height: int = HEIGHT, right: int | None = None, legend: bool = False
) -> Spec:
    """Return a whole chart: a specification in its size, values in front, and the numbers behind it as a table.

    One without any value says so.
    """
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
