"""The sheet a chart is drawn on: marks and words in the colours of the day, and a legend above."""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from reports.document import Role, Series
from reports.render.chart_forms.lettering import fitted, width
from reports.render.chart_specs.words import drawable

WIDTH = 400
EDGE = 8
TEXT, SMALL = 14, 13
# What stands between two lines of text, and what half a line's height is for words set at their middle.
LEADING, MIDDLE = 17, 0.35

# docs/design.md keeps the palette, static/css/tokens.css the same by day and by night. Each colour stands for one thing,
# so that exchanging them turns a drawing to the night.
DAY = {
    "1": "#0f4c75", "2": "#d96a2b", "3": "#23967c", "4": "#b8509c", "5": "#5b4510", "6": "#7f8b97", "plate": "#fffdf8",
    "grid": "#dcd4c3", "text": "#3d5266", "ink": "#0d2438", "before": "#75828f", "wash": "#dfebf3", "bad": "#c4382f",
}  # fmt: skip
NIGHT = {
    "1": "#5aaee6", "2": "#e0703a", "3": "#6fe0c4", "4": "#c964ac", "5": "#f0d050", "6": "#dfe5ea", "plate": "#122335",
    "grid": "#263d54", "text": "#b9c5d0", "ink": "#f0ebdf", "before": "#7d90a3", "wash": "#1a3a55", "bad": "#ec6a5e",
}  # fmt: skip

_DASHES = ("", "7 4", "2 3", "9 3 2 3", "5 2", "1 5")
_SERIES = 6


@dataclass(frozen=True, slots=True)
class Look:
    """How a series is told from others: by colour, and by its dashes as a line or by being hollow as a bar."""

    colour: str
    dash: str = ""
    hollow: bool = False
    weight: float = 2.5


def looks(series: Sequence[Series]) -> list[Look]:
    """Return how each series of a chart looks; what is modelled is always dashed."""
    found: list[Look] = []
    place = 0
    for one in series:
        if one.role is Role.BEFORE:
            found.append(Look("before", "5 4", hollow=True, weight=2))
        elif one.role is Role.TARGET:
            found.append(Look("ink", "2 3", weight=2))
        else:
            dash = _DASHES[(place + (one.role is Role.MODEL)) % _SERIES]
            found.append(Look(str(place % _SERIES + 1), dash, hollow=place % 2 == 1))
            place += 1
    return found


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the legend: what it stands for, how that is drawn, and its latest value where nothing else says it."""

    name: str
    look: Look
    drawn: Literal["bar", "line", "tick", "low", "dots"]
    value: str = ""


class Sheet:
    """A drawing in the making; lengths are in pixels, from the top left corner."""

    def __init__(self) -> None:
        """Begin with nothing on it."""
        self.parts: list[str] = []

    def words(
        self,
        x: float,
        y: float,
        words: str,
        *,
        anchor: Literal["start", "middle", "end"] = "start",
        size: int = TEXT,
        colour: str = "text",
        bold: bool = False,
        halo: bool = False,
    ) -> None:
        """Set words on one line, with their middle at ``y``; a halo keeps lines from running through them."""
        if not words:
            return
        weight = ' font-weight="600"' if bold else ""
        place = f'x="{_px(x)}" y="{_px(y + size * MIDDLE)}" font-size="{size}" text-anchor="{anchor}"{weight}'
        said = html.escape(drawable(words), quote=False)
        if halo:
            plate = DAY["plate"]
            self.parts.append(
                f'<text {place} fill="{plate}" stroke="{plate}" stroke-width="4" stroke-linejoin="round">{said}</text>'
            )
        self.parts.append(f'<text {place} fill="{DAY[colour]}">{said}</text>')

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, colour: str, weight: float = 1, dash: str = ""
    ) -> None:
        """Draw a straight line."""
        self.path([f"M{_px(x1)} {_px(y1)}L{_px(x2)} {_px(y2)}"], Look(colour, dash, weight=weight))

    def path(self, steps: Iterable[str], look: Look) -> None:
        """Draw a line along the steps of a path."""
        dash = f' stroke-dasharray="{look.dash}"' if look.dash else ""
        self.parts.append(
            f'<path d="{"".join(steps)}" fill="none" stroke="{DAY[look.colour]}" stroke-width="{look.weight:g}"'
            f'{dash} stroke-linejoin="round"/>'
        )

    def area(self, steps: Iterable[str], colour: str) -> None:
        """Fill what the steps of a path go round."""
        self.parts.append(f'<path d="{"".join(steps)}" fill="{DAY[colour]}"/>')

    def bar(self, x: float, y: float, wide: float, high: float, look: Look) -> None:
        """Draw a bar, with its edge inside where it is hollow."""
        if look.hollow and min(wide, high) > 4:
            x, y, wide, high = x + 1, y + 1, wide - 2, high - 2
            fill = f'fill="{DAY["plate"]}" stroke="{DAY[look.colour]}" stroke-width="2"'
        else:
            fill = f'fill="{DAY[look.colour]}"'
        self.parts.append(
            f'<rect x="{_px(x)}" y="{_px(y)}" width="{_px(wide)}" height="{_px(high)}" rx="1.5" {fill}/>'
        )

    def dot(self, x: float, y: float, look: Look) -> None:
        """Draw the point of a value, set apart from lines that run by."""
        self.parts.append(
            f'<circle cx="{_px(x)}" cy="{_px(y)}" r="4" fill="{DAY[look.colour]}" stroke="{DAY["plate"]}"'
            ' stroke-width="1.5"/>'
        )

    def legend(self, entries: Sequence[Entry]) -> float:
        """Set a legend on as many lines as it needs, and return where what stands below it may begin."""
        x, y = float(EDGE), EDGE + LEADING / 2
        for entry in entries:
            value = f" {entry.value}" if entry.value else ""
            sample = 30 if entry.drawn in ("line", "dots") else 20 if entry.drawn == "bar" else 16
            room = WIDTH - 2 * EDGE - sample - width(value, TEXT, bold=True)
            name = fitted(entry.name, room, TEXT)
            wide = sample + width(name, TEXT) + width(value, TEXT, bold=True)
            if x > EDGE and x + wide > WIDTH - EDGE:
                x, y = EDGE, y + LEADING + 4
            self._sample(entry, x, y)
            self.words(x + sample, y, name, colour="ink")
            self.words(x + sample + width(f"{name} ", TEXT), y, entry.value, colour="ink", bold=True)
            x += wide + 20
        return y + LEADING / 2 + 6 if entries else EDGE

    def _sample(self, entry: Entry, x: float, y: float) -> None:
        match entry.drawn:
            case "bar":
                self.bar(x, y - 6.5, 13, 13, entry.look)
            case "low":
                self.bar(x, y - 2, 10, 8, entry.look)
            case "tick":
                self.line(x + 5, y - 8, x + 5, y + 8, colour=entry.look.colour, weight=3)
            case "dots":
                self.line(x, y, x + 24, y, colour=entry.look.colour, weight=3, dash="3 4")
            case "line":
                self.path([f"M{_px(x)} {_px(y)}h24"], entry.look)


def _px(length: float) -> str:
    return f"{round(length, 1):g}"


def path_of(points: Iterable[tuple[float, float]]) -> list[str]:
    """Return the steps of a path from point to point."""
    return [f"{'L' if at else 'M'}{_px(x)} {_px(y)}" for at, (x, y) in enumerate(points)]
