"""The day drawn as a band: the sky from night to day, the event across it, and what happens when.

One drawing serves every width: places along it are percentages, so lettering keeps its size, and labels are laid out
for the narrowest phone. Colours come from `static/css/timing.css` by class.
"""

import datetime as dt
import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# The narrowest the drawing is shown, in pixels, and what a letter of a label takes there at most.
WIDTH, LETTER = 318, 7.1
LANE, SKY, BAR, HOURS, GAP, LINE = 24, 44, 14, 24, 5, 3


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at an instant, with its finished label; ``kind`` is its class."""

    at: dt.datetime
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class Light:
    """A stretch of sky: ``kind`` is night, nautical, civil, golden or day."""

    first: dt.datetime
    last: dt.datetime
    kind: str


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a label goes: percentage along the band, which side of its line it stands, and its lane."""

    x: float
    anchor: str
    lane: int


def draw(
    *,
    first: dt.datetime,
    last: dt.datetime,
    zone: ZoneInfo,
    sky: Sequence[Light],
    bars: Sequence[Mark],
    marks: Sequence[Mark],
    sun: Sequence[Mark],
    words: str,
) -> SafeString:
    """Return the SVG from ``first`` to ``last``, whose hours are numbered in a zone.

    ``bars`` is the start of each stretch of the event, the last one its end; ``marks`` stand above the band, ``sun``
    below it. ``words`` tells the whole picture to those who do not see it.
    """
    scale = _Scale(first, last)
    above = list(zip(marks, _spots(scale, marks), strict=True))
    below = list(zip(sun, _spots(scale, sun), strict=True))
    lanes = max((spot.lane + 1 for _, spot in above), default=0)
    top = lanes * LANE + GAP
    bar_top = top + SKY
    sun_top = bar_top + BAR + HOURS
    height = sun_top + max((spot.lane + 1 for _, spot in below), default=0) * LANE + GAP
    parts = [
        *(_stretch(scale, light.first, light.last, f"sky sky--{light.kind}", top, SKY) for light in sky),
        format_html('<rect class="rim" x="0" y="{}" width="100%" height="{}"/>', top, SKY),
        *(
            _stretch(scale, bar.at, until.at, f"bar bar--{bar.kind}", bar_top + 2, BAR - 2)
            for bar, until in itertools.pairwise(bars)
        ),
        _hours(scale, zone, bar_top, taken=[spot.x for _, spot in below]),
        *(_line(mark, spot, top + SKY / 2, sun_top + spot.lane * LANE + GAP) for mark, spot in below),
        *(_line(mark, spot, (lanes - spot.lane) * LANE - 1, bar_top + BAR) for mark, spot in above),
        *(_text(mark, spot, (lanes - spot.lane) * LANE - 7) for mark, spot in above),
        *(_text(mark, spot, sun_top + (spot.lane + 1) * LANE - 3) for mark, spot in below),
    ]
    return format_html(
        '<svg class="day-band" role="img" aria-label="{}" width="100%" height="{}">{}</svg>',
        words,
        height,
        SafeString("".join(parts)),
    )


class _Scale:
    """Turns instants into percentages of the width."""

    def __init__(self, first: dt.datetime, last: dt.datetime) -> None:
        self.first = first
        self.seconds = (last - first).total_seconds()

    def __call__(self, at: dt.datetime) -> float:
        share = (at - self.first).total_seconds() / self.seconds
        return round(min(max(share, 0.0), 1.0) * 100, 2)


def _spots(scale: _Scale, marks: Sequence[Mark]) -> tuple[Spot, ...]:
    return place(tuple((scale(mark.at), len(mark.label) * LETTER + GAP) for mark in marks))


@functools.lru_cache(maxsize=1024)
def place(labels: tuple[tuple[float, float], ...]) -> tuple[Spot, ...]:
    """Return where labels go, given as percentage and width, such that no letter lies on another or on a line.

    Lane 0 is nearest the band, and as few lanes are taken as can be. Where no arrangement is without a crossing, each
    has a lane to itself.
    """
    for lanes in range(1, len(labels) + 1):
        found = _arranged(labels, lanes, [])
        if found is not None:
            return tuple(Spot(labels[number][0], side, lane) for number, (lane, side) in enumerate(found))
    return tuple(Spot(x, _sides(x, width)[0], lane) for lane, (x, width) in enumerate(labels))


def _sides(x: float, width: float) -> tuple[str, ...]:
    """Return on which sides of its line a label fits, the better one first."""
    line = x / 100 * WIDTH
    fits = (("start", line + width <= WIDTH), ("end", line - width >= 0))
    return tuple(side for side, there in fits if there) or ("end" if x > 50 else "start",)


def _arranged(
    labels: tuple[tuple[float, float], ...], lanes: int, taken: list[tuple[int, float, float, float]]
) -> list[tuple[int, str]] | None:
    """Return lane and side of the labels that are left, beside those ``taken`` (lane, first and last pixel, line)."""
    if len(taken) == len(labels):
        return []
    x, width = labels[len(taken)]
    line = x / 100 * WIDTH
    for lane, side in itertools.product(range(lanes), _sides(x, width)):
        first, last = (line + GAP, line + width) if side == "start" else (line - width, line - GAP)
        if all(_are_clear((lane, first, last, line), other) for other in taken):
            rest = _arranged(labels, lanes, [*taken, (lane, first, last, line)])
            if rest is not None:
                return [(lane, side), *rest]
    return None


def _are_clear(one: tuple[int, float, float, float], other: tuple[int, float, float, float]) -> bool:
    """Tell whether two labels leave each other alone; a label's line passes through all lanes nearer the band."""
    (near, near_first, near_last, _), (far, far_first, far_last, far_line) = sorted((one, other))
    if near == far:
        return near_last + GAP <= far_first or far_last + GAP <= near_first
    return not near_first - LINE < far_line < near_last + LINE


def _stretch(
    scale: _Scale, first: dt.datetime, last: dt.datetime, kind: str, top: float, height: float
) -> SafeString:
    left = scale(first)
    return format_html(
        '<rect class="{}" x="{}%" y="{}" width="{}%" height="{}"/>',
        kind,
        left,
        top,
        round(scale(last) - left, 2),
        height,
    )


def _line(mark: Mark, spot: Spot, top: float, bottom: float) -> SafeString:
    return format_html(
        '<line class="halo" x1="{x}%" x2="{x}%" y1="{top}" y2="{bottom}"/>'
        '<line class="line line--{kind}" x1="{x}%" x2="{x}%" y1="{top}" y2="{bottom}"/>',
        x=spot.x,
        top=top,
        bottom=bottom,
        kind=mark.kind,
    )


def _text(mark: Mark, spot: Spot, y: float) -> SafeString:
    return format_html(
        '<text class="text text--{}" x="{}%" y="{}" dx="{}" text-anchor="{}">{}</text>',
        mark.kind,
        spot.x,
        y,
        GAP if spot.anchor == "start" else -GAP,
        spot.anchor,
        mark.label,
    )


def _hours(scale: _Scale, zone: ZoneInfo, top: float, taken: Sequence[float]) -> SafeString:
    """Draw a tick for each hour, and numbers so far apart that they stand clear of each other and of the sun's lines."""
    whole = round(scale.seconds / 3600)
    step = next((step for step in (1, 2, 3, 4, 6) if WIDTH / whole * step >= 44), 12)
    ticks, numbers = [], []
    for number in range(whole + 1):
        at = scale.first + dt.timedelta(hours=number)
        x, hour = scale(at), at.astimezone(zone).hour
        ticks.append((x, x, top, top + (BAR + 4 if hour % step == 0 else BAR)))
        clear = all(abs(x - other) * WIDTH / 100 > 22 for other in taken)
        if hour % step == 0 and 4 <= x <= 96 and clear:
            numbers.append((x, top + BAR + 18, f"{hour:02}"))
    return format_html(
        "{}{}",
        format_html_join("", '<line class="tick" x1="{}%" x2="{}%" y1="{}" y2="{}"/>', ticks),
        format_html_join("", '<text class="hour" x="{}%" y="{}" text-anchor="middle">{}</text>', numbers),
    )
