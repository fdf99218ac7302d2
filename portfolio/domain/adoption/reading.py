"""Reading the cells of a note's row."""

from collections.abc import Callable

from portfolio.formats.cells import Cell, CellKind
from portfolio.formats.handoff import Handoff
from portfolio.formats.handoff_rows import HandoffRow
from portfolio.models import Entity

Adopter = Callable[[Entity, Handoff, HandoffRow], int]
"""Makes the record a row speaks of, if nobody has; returns how many were made."""


def source(note: Handoff, row: HandoffRow) -> str:
    """Return where a row stands, as records name it."""
    return f"{note.file} line {row.line}"[:120]


def text(row: HandoffRow, header: str) -> str:
    """Return a cell's words in small letters, empty where it has none."""
    cell = row.cell(header)
    return cell.text.casefold() if cell is not None and cell.kind != CellKind.EMPTY else ""


def minor(row: HandoffRow, header: str) -> int:
    """Return a cell's cents, 0 where it has none."""
    cell = row.cell(header)
    return (cell.minor or 0) if cell is not None else 0


def whole(cell: Cell | None) -> int | None:
    """Return a cell's number as a whole one, or None."""
    return int(cell.number) if cell is not None and cell.number is not None else None
