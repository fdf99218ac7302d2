"""How a figure is written for people: one place, so that page, mail, text and PDF never differ."""

from core.money import MINUS, format_minor
from reports.document import Cell, Document, Figure, Unit


def write(figure: Figure, *, cents: bool = False, plus: bool = False) -> str:
    """Return a figure as text in its unit; where it has no value, the sentence that says why.

    Money is rounded to whole units unless ``cents``; ``plus`` puts a sign on positive values.
    """
    if figure.value is None:
        return figure.missing or "n/a"
    value = figure.value
    if figure.unit is Unit.MONEY:
        return format_minor(value, figure.currency, cents=cents, plus=plus)
    sign = MINUS if value < 0 else "+" if plus and value > 0 else ""
    size = abs(value)
    match figure.unit:
        case Unit.COUNT:
            return f"{sign}{size:,}"
        case Unit.PERCENT:
            return f"{sign}{size / 100:,.1f} %"
        case Unit.MONTHS:
            return f"{sign}{size / 100:,.1f} months"
        case Unit.DAYS:
            return f"{sign}{size / 10:,.1f} days"
        case Unit.RATIO:
            return f"{sign}{size / 100:,.2f}×"
        case _:
            return f"{sign}{size / 100:,.2f}"


def cell_text(cell: Cell, document: Document) -> str:
    """Return what a cell says: its own text, or its figure written."""
    if not cell.figure:
        return cell.text
    return write(document.figures[cell.figure], cents=cell.cents, plus=cell.plus)


def line_text(line: tuple[Cell, ...], document: Document) -> str:
    """Return a line of cells as one string."""
    return "".join(cell_text(cell, document) for cell in line)
