"""How a figure is written for people: one place, so that page, mail, text and PDF never differ."""

from core.money import MINUS, divide, format_minor
from reports.document import Cell, Document, Figure, Unit

# For each unit: steps to the whole, decimals shown, and what stands behind the number.
_WRITTEN = {
    Unit.COUNT: (1, 0, ""),
    Unit.PERCENT: (100, 1, " %"),
    Unit.POINTS: (100, 1, " points"),
    Unit.MONTHS: (100, 1, " months"),
    Unit.DAYS: (10, 1, " days"),
    Unit.NIGHTS: (10, 1, " nights"),
    Unit.RATIO: (100, 2, "×"),
    Unit.SCORE: (100, 2, ""),
    Unit.MINUTES: (1, 0, " min"),
    Unit.MILES: (10, 1, " nm"),
    Unit.GIGABYTES: (100, 2, " GB"),
    Unit.MILLIS: (1, 0, " ms"),
    Unit.INDEX: (1, 0, ""),
}
# Counted in whole ones more often than not: those read "39 days" and "1 night", and only parts have a decimal.
_WHOLE_ONES = {Unit.DAYS: "day", Unit.NIGHTS: "night"}
# Steps to the whole of every unit but money, whose currency says.
STEPS = {unit: step for unit, (step, _, _) in _WRITTEN.items()}


def write(figure: Figure, *, cents: bool = False, plus: bool = False) -> str:
    """Return a figure as text in its unit; where it has no value, the sentence that says why.

    Money is rounded to whole units unless ``cents``; ``plus`` puts a sign on positive values.
    """
    if figure.value is None:
        return figure.missing or "n/a"
    if figure.unit is Unit.MONEY:
        return format_minor(figure.value, figure.currency, cents=cents, plus=plus)
    step, decimals, ending = _WRITTEN[figure.unit]
    size = divide(abs(figure.value) * 10**decimals, step)
    sign = "" if not size else MINUS if figure.value < 0 else "+" if plus else ""
    whole, fraction = divmod(size, 10**decimals)
    if figure.unit is Unit.MINUTES and whole >= 60:
        hours, left = divmod(whole, 60)
        return f"{sign}{hours:,} h{f' {left} min' if left else ''}"
    if figure.unit in _WHOLE_ONES and not fraction:
        return f"{sign}{whole:,} {noun(figure.unit, whole)}"
    return f"{sign}{whole:,}{f'.{fraction:0{decimals}d}' if decimals else ''}{ending}"


def noun(unit: Unit, whole: int) -> str:
    """Return what a whole number of days or nights is called, and nothing for other units."""
    one = _WHOLE_ONES.get(unit, "")
    return one if not one or abs(whole) == 1 else f"{one}s"


def cell_text(cell: Cell, document: Document) -> str:
    """Return what a cell says: its own text, or its figure written."""
    if not cell.figure:
        return cell.text
    return write(document.figures[cell.figure], cents=cell.cents, plus=cell.plus)
