"""A statement as it is shown: heads, lines and cells, the same whatever it is written as.

Amounts are whole minor units of one currency with the statement's own sign; changes in percent are whole tenths.
"""

import enum
from dataclasses import dataclass

from core.money import MINUS, SYMBOLS, format_minor


class Kind(enum.Enum):
    """What a column holds."""

    AMOUNT = "amount"
    DEBIT = "debit"
    CREDIT = "credit"
    BUDGET = "budget"
    CHANGE = "change"
    SHARE = "share"


class Style(enum.Enum):
    """What a line is."""

    HEADING = "heading"
    ROW = "row"
    SUBTOTAL = "subtotal"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column; ``over`` is what stands above it and its neighbours."""

    label: str
    kind: Kind
    over: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line; a heading has no cells, and a cell may be empty. ``key`` names the line within its statement."""

    key: str
    style: Style
    code: str
    label: str
    cells: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Seal:
    """How far one entity's books had come when a statement was read off them: the last entry and the chain's hash there."""

    entity: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Table:
    """A whole statement. ``file`` names it in file names; ``notes`` are sentences that stand below it."""

    file: str
    title: str
    whose: str
    period: str
    currency: str
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    seals: tuple[Seal, ...]

    @property
    def prepared(self) -> str:
        """Return the sentence that says which state of the books this is."""
        if not self.seals:
            return "Prepared from books without an entry."
        said = "; ".join(
            f"{seal.entity + ' ' if len(self.seals) > 1 else ''}entry {seal.number:,}, chain {seal.hash[:16]}"
            for seal in self.seals
        )
        return f"Prepared from the books as of {said}."


def written(value: int | None, kind: Kind, currency: str) -> str:
    """Write a cell for people: amounts without the currency's sign, which the head of the statement names."""
    if value is None:
        return ""
    if kind is Kind.SHARE:
        sign = MINUS if value < 0 else "+" if value > 0 else ""
        return f"{sign}{abs(value) // 10:,}.{abs(value) % 10} %"
    if value == 0:
        return "–"
    return format_minor(value, currency, plus=kind is Kind.CHANGE).replace(SYMBOLS[currency], "")
