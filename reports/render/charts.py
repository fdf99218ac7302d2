"""Charts: one theme for all of them, and drawing to SVG and PNG. The builders live in `chart_specs`.

A specification names no colour: series take theirs from the theme. A chart is drawn once, by day, and `night` turns
the drawing to the dark theme. Charts are 480 wide with 14-pixel text: on a phone of 390 that is 10 pixels, in a mail of 560 it is 16.
"""

import functools
import html
import re
import threading
from typing import Any

import vl_convert

from core.press import FONTS
from reports.document import Chart
from reports.render.chart_specs import (
    Spec,
    band13weeks,
    bars_by_month,
    drawable,
    horizontal_bars,
    line_by_month,
    scenario_lines,
)

__all__ = [
    "ChartError",
    "band13weeks",
    "bars_by_month",
    "draw",
    "horizontal_bars",
    "line_by_month",
    "numbers",
    "png",
    "scenario_lines",
    "size",
    "svg",
    "theme",
]

FAMILY = "IBM Plex Sans"
FALLBACKS = f"{FAMILY}, Segoe UI, Roboto, Helvetica, Arial, sans-serif"
VERSION = "6.4"

# docs/design.md keeps the palette; these are its values for charts.
_LIGHT = {
    "series": ["#0f4c75", "#d96a2b", "#23967c", "#b8509c", "#5b4510", "#7f8b97"],
    "plate": "#fffdf8",
    "grid": "#dcd4c3",
    "text": "#3d5266",
    "ink": "#0d2438",
    "quiet": "#a9c8de",
    "bad": "#c4382f",
}
_DARK = {
    "series": ["#5aaee6", "#e0703a", "#6fe0c4", "#c964ac", "#f0d050", "#dfe5ea"],
    "plate": "#122335",
    "grid": "#263d54",
    "text": "#b9c5d0",
    "ink": "#f0ebdf",
    "quiet": "#2a5577",
    "bad": "#ec6a5e",
}


class ChartError(ValueError):
    """A specification that cannot be drawn."""


def theme(*, dark: bool = False) -> Spec:
    """Return the Vega-Lite ``config`` of every chart: type, colours, grid and the named mark styles."""
    colour = _DARK if dark else _LIGHT
    return {
        "font": FALLBACKS,
        "background": colour["plate"],
        "padding": {"left": 4, "top": 8, "right": 10, "bottom": 4},
        "autosize": {"type": "fit", "contains": "padding"},
        "view": {"stroke": None},
        "range": {"category": colour["series"]},
        "axis": {
            "labelColor": colour["text"],
            "labelFontSize": 14,
            "labelPadding": 6,
            "titleColor": colour["text"],
            "titleFontSize": 14,
            "titleFontWeight": "normal",
            "gridColor": colour["grid"],
            "domainColor": colour["text"],
            "ticks": False,
            "grid": False,
            "domain": False,
        },
        "axisX": {"labelAngle": 0, "domain": True, "labelLineHeight": 16},
        "axisY": {"grid": True, "tickCount": 4},
        "legend": {
            "disable": True,
            "labelColor": colour["ink"],
            "labelFontSize": 14,
            "symbolStrokeWidth": 2.5,
            "symbolSize": 180,
        },
        "bar": {"fill": colour["series"][0], "cornerRadiusEnd": 2},
        "line": {"stroke": colour["series"][0], "strokeWidth": 2.5, "strokeJoin": "round"},
        "point": {"filled": True, "size": 44, "opacity": 1},
        "area": {"fill": colour["quiet"], "opacity": 1, "line": False},
        "style": {
            "target": {"color": colour["ink"], "strokeDash": [2, 3], "strokeWidth": 2},
            "floor": {"color": colour["bad"], "strokeWidth": 2},
            "floor-label": {"color": colour["ink"], "fontSize": 14},
            "halo": {"color": colour["plate"], "stroke": colour["plate"], "strokeWidth": 5, "fontSize": 14},
            "value": {"color": colour["ink"], "fontSize": 14},
        },
    }


# Drawing


def _exchange(day: Any, dark: Any) -> dict[bytes, bytes]:
    """Return what each colour of one theme is in the other."""
    if isinstance(day, dict):
        parts = [_exchange(day[name], dark[name]) for name in day]
    elif isinstance(day, list):
        parts = [_exchange(*pair) for pair in zip(day, dark, strict=True)]
    else:
        return {day.encode(): dark.encode()} if isinstance(day, str) and day.startswith("#") else {}
    return {one: other for part in parts for one, other in part.items()}


_BY_NIGHT = _exchange(theme(), theme(dark=True))
_COLOUR = re.compile(rb'((?:fill|stroke)=")(#[0-9a-f]{6})(?=")')


@functools.cache
def _load_fonts() -> None:
    vl_convert.register_font_directory(str(FONTS))


# The drawing engine runs on a thread of its own; it starts with the first chart, never at import, so a
# server that forks its workers after importing this does not share it between them.
_pen = threading.Lock()


def svg(spec: Spec) -> bytes:
    """Draw a specification by day as an SVG file with a title and a description for screen readers.

    The title is ``usermeta.title`` and the description ``description`` where the specification has them.

    Raises:
        ChartError: the specification names data outside itself, or is not one Vega-Lite accepts.
    """
    if _names_outside_data(spec):
        raise ChartError("A chart carries its data itself; this specification asks for a url.")
    meta = spec.get("usermeta") or {}
    themed = {
        **_drawable({key: value for key, value in spec.items() if key not in ("usermeta", "description")}),
        "config": _merge(theme(), spec.get("config") or {}),
    }
    with _pen:
        _load_fonts()
        try:
            drawn = vl_convert.vegalite_to_svg(themed, vl_version=VERSION, allowed_base_urls=[])
        except ValueError as error:
            raise ChartError(f"This chart cannot be drawn: {str(error).splitlines()[-1].strip()}") from error
    title, description = str(meta.get("title") or ""), str(spec.get("description") or "")
    return _named(drawn, drawable(title), drawable(description)).encode()


def draw(chart: Chart) -> bytes:
    """Draw a chart of a document as an SVG file named and described by the chart's own words."""
    meta = {**(chart.spec.get("usermeta") or {}), "title": chart.title}
    return svg({**chart.spec, "usermeta": meta, "description": chart.alt})


def night(svg: bytes) -> bytes:
    """Return an SVG file that `svg` drew, in the colours of the night.

    Each colour of the day's theme stands for one thing, so exchanging them is as good as drawing anew.
    """
    return _COLOUR.sub(lambda found: found[1] + _BY_NIGHT.get(found[2], found[2]), svg)


def png(svg: bytes, *, scale: float = 2) -> bytes:
    """Turn an SVG file that `svg` drew into a PNG file, ``scale`` pixels to the unit."""
    with _pen:
        _load_fonts()
        return vl_convert.svg_to_png(svg.decode(), scale=scale)


def size(svg: bytes) -> tuple[int, int]:
    """Return the width and height of an SVG file that `svg` drew."""
    opening = svg[: svg.index(b">")].decode()
    width, height = (opening.split(f'{name}="', 1)[1].split('"', 1)[0] for name in (" width", " height"))
    return round(float(width)), round(float(height))


def numbers(spec: Spec) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the numbers behind a chart as column names and rows of text; empty where it carries none."""
    table = (spec.get("usermeta") or {}).get("table") or {}
    return tuple(table.get("columns", ())), tuple(tuple(row) for row in table.get("rows", ()))


def _names_outside_data(value: Any) -> bool:
    if isinstance(value, dict):
        data = value.get("data")
        if isinstance(data, dict) and "url" in data:
            return True
        return any(_names_outside_data(item) for item in value.values())
    return isinstance(value, list) and any(_names_outside_data(item) for item in value)


def _drawable(value: Any) -> Any:
    if isinstance(value, str):
        return drawable(value)
    if isinstance(value, dict):
        return {drawable(key): _drawable(item) for key, item in value.items()}
    return [_drawable(item) for item in value] if isinstance(value, list | tuple) else value


def _merge(base: Spec, over: Spec) -> Spec:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _named(drawn: str, title: str, description: str) -> str:
    """Give the file a name, and keep the hundred parts that Vega labels from being read one by one."""
    head, _, body = drawn.partition(">")
    head = head.replace(' class="marks"', "")
    words = f"<title>{html.escape(title)}</title>" if title else ""
    words += f"<desc>{html.escape(description)}</desc>" if description else ""
    label = html.escape(title or description or "Chart")
    return f'{head} role="img" aria-label="{label}">{words}{body}'
