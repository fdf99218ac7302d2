"""Charts that are lists: a bar for each row, and a funnel."""

from collections.abc import Sequence
from itertools import pairwise

from core.money import divide
from reports.document import Plot, Role, Unit
from reports.render.chart_forms.lettering import fitted, width
from reports.render.chart_forms.sheet import EDGE, TEXT, WIDTH, Entry, Look, Sheet, looks, path_of
from reports.render.chart_specs.words import long, short

_ROW, _THICK = 30, 17
_NAMES = 150
_GAP = 7


def rows(sheet: Sheet, plot: Plot) -> float:
    """Draw a bar for each row with its value at its end, and return how high the drawing is."""
    look = looks(plot.series)
    entries = [
        Entry(one.name, seen, "tick" if one.role is Role.TARGET else "bar")
        for one, seen in zip(plot.series, look, strict=True)
    ]
    top = sheet.legend(entries if len(entries) > 1 else [])
    values, *beside = plot.series
    marks = beside[0].values if beside else (None,) * len(plot.keys)
    said = [
        values.missing if value is None else short(value, plot.unit, plot.currency) for value in values.values
    ]
    names, left = _names(plot)
    zero, each = _measure(
        values.values, marks, [width(words, TEXT, bold=True) + _GAP for words in said], left
    )
    sheet.line(zero, top, zero, top + _ROW * len(names), colour="text")
    for place, (name, words, value, mark) in enumerate(zip(names, said, values.values, marks, strict=True)):
        y = top + _ROW * (place + 0.5)
        sheet.words(EDGE, y, name, colour="ink")
        end = zero + (value or 0) * each
        if value:
            shown = Look("bad") if value < 0 else look[0]
            sheet.bar(min(zero, end), y - _THICK / 2, max(abs(end - zero), 1.2), _THICK, shown)
        if mark is not None:
            at = zero + mark * each
            sheet.line(at, y - _ROW / 2 + 2, at, y + _ROW / 2 - 2, colour="plate", weight=7)
            sheet.line(at, y - _ROW / 2 + 2, at, y + _ROW / 2 - 2, colour="ink", weight=3)
            end = max(end, at + 2)
        if value is None:
            sheet.words(max(end, zero) + _GAP, y, words)
        elif value < 0:
            sheet.words(end - _GAP, y, words, anchor="end", colour="ink", bold=True)
        else:
            sheet.words(end + _GAP, y, words, colour="ink", bold=True)
    return top + _ROW * len(names) + EDGE


def _measure(
    values: Sequence[int | None], marks: Sequence[int | None], words: Sequence[float], left: float
) -> tuple[float, float]:
    """Return where zero lies and how wide one step of the unit is, so that every bar has its words beside it."""
    ahead, back = [(0, 0.0)], [(0, 0.0)]
    for value, mark, wide in zip(values, marks, words, strict=True):
        if value is not None and value < 0:
            back.append((-value, wide))
            wide = 0.0  # noqa: PLW2901 - its words stand on the other side
        ahead.append((max(value or 0, mark or 0, 0), wide))
    room = WIDTH - EDGE - left
    each = min(
        ((room - one - other) / (high + low) for high, one in ahead for low, other in back if high + low),
        default=0.0,
    )
    return left + max(low * each + wide for low, wide in back), each


def funnel(sheet: Sheet, plot: Plot) -> float:
    """Draw each step as a bar around one middle, narrowing to the next, and return how high the drawing is."""
    (people,) = plot.series
    names, left = _names(plot)
    shares = shares_of_before(people.values)
    said = [people.missing if count is None else long(count, Unit.COUNT) for count in people.values]
    numbers = max(width(long(count or 0, Unit.COUNT), TEXT, bold=True) for count in people.values)
    right = max(numbers + _GAP + max(width(share, TEXT) for share in shares), width(people.missing, TEXT))
    wide = WIDTH - 2 * EDGE - left - right
    most = max([count or 0 for count in people.values]) or 1
    middle = left + wide / 2
    halves = [(count or 0) * wide / most / 2 for count in people.values]
    look = looks(plot.series)[0]
    for place, (half, after) in enumerate(pairwise(halves)):
        y = EDGE + _ROW * (place + 0.5) + _THICK / 2
        lower = y + _ROW - _THICK
        if people.values[place] is not None and people.values[place + 1] is not None:
            corners = (
                (middle - half, y),
                (middle + half, y),
                (middle + after, lower),
                (middle - after, lower),
            )
            sheet.area([*path_of(corners), "Z"], "wash")
    for place, (name, count, half) in enumerate(zip(names, people.values, halves, strict=True)):
        y = EDGE + _ROW * (place + 0.5)
        sheet.words(EDGE, y, name, colour="ink")
        if count:
            wide = max(2 * half, 1.2)
            sheet.bar(middle - wide / 2, y - _THICK / 2, wide, _THICK, look)
        x = WIDTH - EDGE - right + numbers
        if count is None:
            sheet.words(WIDTH - EDGE, y, said[place], anchor="end")
        else:
            sheet.words(x, y, said[place], anchor="end", colour="ink", bold=True)
        sheet.words(WIDTH - EDGE, y, shares[place], anchor="end")
    return EDGE + _ROW * len(names) + EDGE


def shares_of_before(counts: Sequence[int | None]) -> list[str]:
    """Return of each count what share it is of the count before, or nothing where either is not known."""
    return [
        long(divide(count * 10_000, before), Unit.PERCENT) if count is not None and before else ""
        for count, before in zip(counts, (None, *counts), strict=False)
    ]


def _names(plot: Plot) -> tuple[list[str], float]:
    """Return the names as they fit, and where what stands beside them begins."""
    names = [fitted(key, _NAMES, TEXT) for key in plot.keys]
    return names, EDGE + max(width(name, TEXT) for name in names) + 10
