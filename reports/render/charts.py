"""Charts: a plot drawn as SVG, in the colours of the day or the night, and as an image for mail.

A drawing is text alone: words, bars and lines, no style, no script, nothing fetched. It is made once, by day; `night`
turns it to the dark theme. It is 400 wide with words of 13 and 14 pixels: on a phone they are 11 and 12, on paper 8 and 9 points.
"""

import html
import re

from core import months, press
from reports.document import Axis, Chart, Form, Plot
from reports.render.chart_forms import lists, strip, upright
from reports.render.chart_forms.sheet import DAY, NIGHT, WIDTH, Sheet
from reports.render.chart_specs import (
    bars_by_month,
    drawable,
    horizontal_bars,
    line_by_month,
    long,
    scenario_lines,
)

__all__ = [
    "bars_by_month", "draw", "horizontal_bars", "line_by_month", "night", "numbers", "on_paper", "png", "scenario_lines",
    "size", "svg",
]  # fmt: skip

FAMILY = "IBM Plex Sans, Segoe UI, Roboto, Helvetica, Arial, sans-serif"
_BY_NIGHT = {day.encode(): NIGHT[name].encode() for name, day in DAY.items()}
_COLOUR = re.compile(rb'((?:fill|stroke)=")(#[0-9a-f]{6})(?=")')
_RARE = re.compile("[^\x00-\x7f]")
_DRAWN_BY = {
    Form.COLUMNS: upright.draw,
    Form.LINES: upright.draw,
    Form.ROWS: lists.rows,
    Form.FUNNEL: lists.funnel,
    Form.STRIP: strip.draw,
}


def svg(plot: Plot, *, title: str = "Chart", description: str = "") -> bytes:
    """Draw a plot by day as an SVG file with a title and a description for screen readers."""
    sheet = Sheet()
    if _has_values(plot):
        height = round(_DRAWN_BY[plot.form](sheet, plot))
    else:
        height = 60
        sheet.words(WIDTH / 2, height / 2, "There is no value to draw.", anchor="middle", colour="ink")
    title, description = (html.escape(drawable(words)) for words in (title or "Chart", description))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        f' font-family="{FAMILY}" role="img" aria-label="{title}"><title>{title}</title>'
        f"{f'<desc>{description}</desc>' if description else ''}"
        f'<rect width="{WIDTH}" height="{height}" fill="{DAY["plate"]}"/>{"".join(sheet.parts)}</svg>'
    ).encode()


def draw(chart: Chart) -> bytes:
    """Draw a chart of a document as an SVG file named and described by the chart's own words."""
    return svg(chart.spec, title=chart.title, description=chart.alt)


def night(svg: bytes) -> bytes:
    """Return an SVG file that `svg` drew, in the colours of the night."""
    return _COLOUR.sub(lambda found: found[1] + _BY_NIGHT.get(found[2], found[2]), svg)


def on_paper(svg: bytes, words: press.Words) -> str:
    """Return a drawing on white, with a mark for each character that no shipped face has: a PDF/UA file may not hold one."""
    drawing = svg.decode().replace(DAY["plate"], "#ffffff")
    return _RARE.sub(lambda found: found[0] if words.shown(found[0]) == found[0] else "\ufffd", drawing)


def png(svg: bytes) -> bytes:
    """Turn an SVG file that `svg` drew into a PNG file of twice its size."""
    return press.set_png(svg)


def size(svg: bytes) -> tuple[int, int]:
    """Return the width and height of an SVG file that `svg` drew."""
    opening = svg[: svg.index(b">")].decode()
    width, height = (opening.split(f' {name}="', 1)[1].split('"', 1)[0] for name in ("width", "height"))
    return round(float(width)), round(float(height))


def numbers(plot: Plot) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the numbers behind a chart as column names and rows of text."""
    names = plot.keys
    if plot.axis is Axis.MONTH:
        names = tuple(months.label(months.parse(key)) for key in plot.keys)
    columns = [[one.missing if value is None else long(value, plot.unit, plot.currency) for value in one.values]
               for one in plot.series]  # fmt: skip
    heads = [plot.heading, *(one.name for one in plot.series)]
    if plot.form is Form.FUNNEL:
        heads.append("Of the step before")
        columns.append([share or "n/a" for share in lists.shares_of_before(plot.series[0].values)])
    return tuple(heads), tuple(zip(names, *columns, strict=True))


def _has_values(plot: Plot) -> bool:
    """Tell whether there is something to see; a list still shows its rows where none of them has a value."""
    if plot.form in (Form.COLUMNS, Form.LINES):
        return any(value is not None for one in plot.series for value in one.values)
    return bool(plot.keys)
