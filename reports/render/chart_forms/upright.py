"""Charts whose values go up: bars side by side and lines, by month, by day or by name."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from core import months
from reports.document import Axis, Form, Plot, Role, Series
from reports.render.chart_forms.lettering import fitted, width
from reports.render.chart_forms.scale import Scale, scale, ticks
from reports.render.chart_forms.sheet import (
    EDGE,
    LEADING,
    SMALL,
    TEXT,
    WIDTH,
    Entry,
    Look,
    Sheet,
    looks,
    path_of,
)
from reports.render.chart_specs.words import short

_HIGH = 156
# A name no wider than this may stand at the end of its line; of more lines than these, a legend says the names.
_NAME, _NAMED = 84, 3
_BROADEST = 44
# Of more bars than these with names of their own, nobody reads the values at each.
_BARS_SAID = 12
_FIRST = (Role.VALUE, Role.MODEL)
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)

# Words that stand already: from where to where, on which line.
_Taken = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The space of the marks: the places from left to right, each ``band`` wide, and the scale of values."""

    plot: Plot
    scale: Scale
    left: float
    band: float

    def x(self, place: int) -> float:
        return self.left + (place + 0.5) * self.band


@dataclass(frozen=True, slots=True)
class _End:
    """What stands right of the marks at the height of a value: a name, where nothing else says it, and the value."""

    value: int
    name: str
    shown: str
    first: bool = True

    @property
    def high(self) -> int:
        return LEADING * (2 if self.name else 1)


def draw(sheet: Sheet, plot: Plot) -> float:
    """Draw bars or lines, and return how high the drawing is."""
    lined = plot.form is Form.LINES
    look = looks(plot.series)
    values = [value for one in plot.series for value in one.values if value is not None]
    values += [plot.floor.value] if plot.floor else []
    # A chart of one line says in its title what that is; beside others each has its name, at its end where it may.
    named = [one for one in plot.series if one.role is not Role.VALUE or not lined or not _alone(plot)]
    direct = lined and len(named) <= _NAMED and all(width(one.name, SMALL) <= _NAME for one in named)
    ends = (
        _ends(plot, [one.name for one in named] if direct and len(plot.series) > 1 else []) if lined else []
    )
    top = sheet.legend([] if direct or len(plot.series) < 2 else _entries(plot, look))
    top += LEADING / 2 if lined else TEXT
    values_scale = scale(
        values, plot.unit, plot.currency, top=top, bottom=top + _HIGH, zero=plot.form is Form.COLUMNS
    )
    labels = ticks(values_scale, plot.unit, plot.currency)
    left = EDGE + max(width(words, SMALL) for _, words in labels) + 8
    right = (
        max((max(width(end.name, SMALL), width(end.shown, TEXT, bold=True)) for end in ends), default=-8) + 8
    )
    frame = _Frame(plot, values_scale, left, (WIDTH - EDGE - right - left) / len(plot.keys))

    _grid(sheet, frame, labels, WIDTH - EDGE - right)
    if plot.floor:
        y = values_scale.y(plot.floor.value)
        sheet.line(left, y, WIDTH - EDGE - right, y, colour="bad", weight=2)
    if lined:
        _lines(sheet, frame, look)
    else:
        _columns(sheet, frame, look)
    _set_ends(sheet, ends, values_scale, WIDTH - EDGE - right + 8)
    return _places(sheet, frame) + EDGE


def _entries(plot: Plot, look: Sequence[Look]) -> list[Entry]:
    """Return the legend; of bars by month it says the latest values, for there is no room at the bars."""
    entries = []
    for one, seen in zip(plot.series, look, strict=True):
        last = one.values[-1] if plot.form is Form.COLUMNS and plot.axis is Axis.MONTH else None
        value = "" if last is None else short(last, plot.unit, plot.currency)
        entries.append(Entry(one.name, seen, "bar" if plot.form is Form.COLUMNS else "line", value))
    return entries


def _grid(sheet: Sheet, frame: _Frame, labels: Sequence[tuple[int, str]], right: float) -> None:
    for value, words in labels:
        y = frame.scale.y(value)
        if value:
            sheet.line(frame.left, y, right, y, colour="grid")
        else:
            sheet.line(frame.left, y, right, y, colour="text")
        sheet.words(frame.left - 8, y, words, anchor="end", size=SMALL)


def _columns(sheet: Sheet, frame: _Frame, look: Sequence[Look]) -> None:
    plot, ground = frame.plot, frame.scale.y(frame.scale.ground)
    single = len(plot.series) == 1
    group = min(frame.band * (0.72 if single else 0.82), _BROADEST * len(plot.series))
    wide = group / len(plot.series)
    for at, (one, seen) in enumerate(zip(plot.series, look, strict=True)):
        for place, value in enumerate(one.values):
            if value is None:
                continue
            x, y = frame.x(place) - group / 2 + at * wide, frame.scale.y(value)
            shown = Look("bad") if single and value < 0 else seen
            sheet.bar(x, min(y, ground), max(wide - 1, 0.8), max(abs(y - ground), 1 if value else 0), shown)
    _over(sheet, frame, wide)


def _over(sheet: Sheet, frame: _Frame, wide: float) -> None:
    """Write values beyond the ends of bars: of names at each that has the room, of one series by month at the last."""
    plot = frame.plot
    taken: list[_Taken] = []
    each = plot.axis is Axis.NAME and len(plot.keys) <= _BARS_SAID
    for at, one in enumerate(plot.series):
        for place, value in enumerate(one.values):
            if value is None or not (each or (len(plot.series) == 1 and place == _last(one))):
                continue
            _say(sheet, frame, value, (place, at - (len(plot.series) - 1) / 2, wide), taken)


def _say(sheet: Sheet, frame: _Frame, value: int, at: tuple[int, float, float], taken: list[_Taken]) -> None:
    """Write a value beyond its mark, so many breadths beside the middle of its place, unless another stands there."""
    place, aside, wide = at
    words = short(value, frame.plot.unit, frame.plot.currency)
    half = width(words, SMALL, bold=True) / 2 + 1
    middle = frame.x(place) + aside * max(wide, 2 * half)
    middle = min(max(middle, frame.left + half), WIDTH - EDGE + 4 - half)
    y = frame.scale.y(value) + (12 if value < 0 else -12)
    if all(abs(y - other) >= TEXT or middle + half <= start or end <= middle - half
           for start, end, other in taken):  # fmt: skip
        taken.append((middle - half, middle + half, y))
        sheet.words(middle, y, words, anchor="middle", size=SMALL, colour="ink", bold=True, halo=True)


def _lines(sheet: Sheet, frame: _Frame, look: Sequence[Look]) -> None:
    plot = frame.plot
    ground = frame.scale.y(frame.scale.ground)
    washed = _alone(plot) and frame.scale.low <= 0 <= frame.scale.high
    for one in plot.series:
        for run in _runs(one.values) if washed and one.role is Role.VALUE else ():
            points = [(frame.x(place), frame.scale.y(value)) for place, value in run]
            sheet.area([*path_of([(points[0][0], ground), *points, (points[-1][0], ground)]), "Z"], "wash")
    # What the eye should find first is drawn last.
    order = sorted(zip(plot.series, look, strict=True), key=lambda pair: pair[0].role is not Role.BEFORE)
    for one, seen in order:
        # A target is of a whole month, so it is as broad as one.
        sides = (-frame.band / 2, frame.band / 2) if one.role is Role.TARGET else (0.0,)
        for run in _runs(one.values):
            points = [(frame.x(place) + side, frame.scale.y(value)) for place, value in run for side in sides]
            if len(points) > 1:
                sheet.path(path_of(points), seen)
            if one.role is not Role.TARGET and (len(run) == 1 or run[-1][0] == _last(one)):
                sheet.dot(*points[-1], seen)
    taken: list[_Taken] = []
    for one in plot.series:
        # Where the places go on, as in a year that is not over, the latest value stands at its point.
        if one.role in _FIRST and -1 < (last := _last(one)) < len(plot.keys) - 1:
            _say(sheet, frame, one.values[last] or 0, (last, 0, 0), taken)


def _alone(plot: Plot) -> bool:
    """Tell whether one series alone has the values; others are what it stands beside."""
    return [one.role is Role.VALUE for one in plot.series].count(True) == 1


def _ends(plot: Plot, named: Sequence[str]) -> list[_End]:
    found = [
        _End(
            value,
            one.name if one.name in named else "",
            short(value, plot.unit, plot.currency),
            one.role in _FIRST,
        )
        for one in plot.series
        if (place := _last(one)) == len(one.values) - 1 and (value := one.values[place]) is not None
    ]
    if plot.floor:
        shown = short(plot.floor.value, plot.unit, plot.currency)
        found.append(_End(plot.floor.value, fitted(plot.floor.name, _NAME, SMALL), shown, first=False))
    return found


def _set_ends(sheet: Sheet, ends: Sequence[_End], values: Scale, x: float) -> None:
    """Write what stands at the ends of lines, each near its own, and none on another."""
    placed: list[float] = []
    order = sorted(ends, key=lambda end: -end.value)
    floor = values.bottom + LEADING
    for end in order:
        above = placed[-1] if placed else values.top - LEADING
        placed.append(max(values.y(end.value) + end.high / 2, above + end.high))
    for at in reversed(range(len(placed))):
        placed[at] = min(placed[at], floor)
        floor = placed[at] - order[at].high
    for end, bottom in zip(order, placed, strict=True):
        if end.name:
            sheet.words(x, bottom - 22.5, end.name, size=SMALL)
        sheet.words(x, bottom - 8.5, end.shown, colour="ink" if end.first else "text", bold=end.first)


def _places(sheet: Sheet, frame: _Frame) -> float:
    """Name the places below the marks, as many as stand clear of each other, and return where they end."""
    y = frame.scale.bottom + LEADING / 2 + 4
    names = _names(frame.plot, frame.band)
    for line in zip(*names, strict=True):
        free, said = 0.0, ""
        for place, name in enumerate(line):
            half = width(name, SMALL) / 2
            middle = min(max(frame.x(place), EDGE / 2 + half), WIDTH - EDGE / 2 - half)
            if name and (name != said or frame.plot.axis is Axis.NAME) and middle - half >= free:
                sheet.words(middle, y, name, anchor="middle", size=SMALL)
                free = middle + half + 4
                said = name
        y += LEADING - 1 if said else 0
    return y - LEADING / 2


def _names(plot: Plot, band: float) -> list[tuple[str, str]]:
    """Return for each place its name and what stands below that, which is said once for all that share it."""
    if plot.axis is Axis.NAME:
        # Where names would be cut to nothing, some stand longer and their neighbours not at all.
        return [(fitted(key, band - 6 if band >= 44 else 92, SMALL), "") for key in plot.keys]
    if plot.axis is Axis.DAY:
        return [(f"{day.day} {day:%b}", "") for day in map(dt.date.fromisoformat, plot.keys)]
    every = next((step for step in _MONTH_STEPS if step * band >= 28), _MONTH_STEPS[-1])
    all_months = [months.parse(key) for key in plot.keys]
    if every >= 12:
        return [(str(month // 12) if month % every == 0 else "", "") for month in all_months]
    # Counted from the last, which is the one the report is about.
    return [
        (f"{months.first_day(month):%b}", str(month // 12))
        if (all_months[-1] - month) % every == 0
        else ("", "")
        for month in all_months
    ]


def _last(one: Series) -> int:
    """Return the place of the last value there is, or -1."""
    return max((place for place, value in enumerate(one.values) if value is not None), default=-1)


def _runs(values: Sequence[int | None]) -> list[list[tuple[int, int]]]:
    """Return the values that stand side by side, each run with its places."""
    runs: list[list[tuple[int, int]]] = []
    for place, value in enumerate(values):
        if value is None:
            continue
        if not runs or runs[-1][-1][0] != place - 1:
            runs.append([])
        runs[-1].append((place, value))
    return runs
