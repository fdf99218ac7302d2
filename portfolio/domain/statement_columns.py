"""The columns of a statement as somebody asked for it: which months of which entities, and what stands beside them."""

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass

from core import months
from portfolio.domain.statement_parts import Column, Measure, Scope
from portfolio.models import Entity
from portfolio.render.statements import Head, Kind

MOST_COLUMNS = 60


class UnfitError(ValueError):
    """What was asked for cannot be shown; the message says what can."""


class Form(enum.Enum):
    """The four statements."""

    TRIAL = "trial-balance"
    INCOME = "income"
    BALANCE = "balance-sheet"
    CASH = "cash-flow"

    @property
    def title(self) -> str:
        """Return what the statement is called."""
        return {
            Form.TRIAL: "Trial balance",
            Form.INCOME: "Income statement",
            Form.BALANCE: "Balance sheet",
            Form.CASH: "Cash flow",
        }[self]

    @property
    def stands(self) -> bool:
        """Tell whether it shows what stands at an end, not what moved up to it."""
        return self in (Form.TRIAL, Form.BALANCE)


class By(enum.Enum):
    """What the columns are."""

    TOTAL = "total"
    MONTH = "month"
    QUARTER = "quarter"
    ENTITY = "entity"


class Compare(enum.Enum):
    """What stands beside the period."""

    NOTHING = ""
    BEFORE = "previous"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Asked:
    """One statement as somebody asked for it; months first and last included.

    ``today`` is the day it is read on: a period that ends after it is shown as far as it has come.
    """

    form: Form
    first: int
    last: int
    by: By = By.TOTAL
    compare: Compare = Compare.NOTHING
    budget: bool = False
    today: dt.date | None = None

    @property
    def is_over(self) -> bool:
        """Tell whether the whole period has passed."""
        return self.today is None or months.last_day(self.last) <= self.today

    @property
    def reached(self) -> dt.date:
        """Return the day up to which the period is shown: its end, today within it, and its end again where it is ahead."""
        if self.today is None or self.is_over or self.today < months.first_day(self.first):
            return months.last_day(self.last)
        return self.today


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a head's cells come from: a column of the reading, and the one it is compared with."""

    head: Head
    column: int
    other: int = -1
    measure: Measure | None = None


class Layout:
    """The columns to be read and the heads above what is made of them.

    ``whole`` is the number of the column that holds the whole period.
    """

    def __init__(self, *, entities: Sequence[Entity], asked: Asked) -> None:
        """Lay the columns out.

        Raises:
            UnfitError: they are too many, or the statement has none like them.
        """
        self.entities, self.asked = entities, asked
        self.together = len(entities) > 1
        self.columns = self._columns()
        self.spots = self._spots()

    def _columns(self) -> list[Column]:
        asked = self.asked
        whole = Scope.ELIMINATED if self.together else Scope.ALL
        total = Column(asked.first, asked.last, whole)
        if asked.by is By.ENTITY and not self.together:
            raise UnfitError("One entity alone has no columns by entity; choose month, quarter or total.")
        if asked.budget and asked.form is not Form.INCOME:
            raise UnfitError("Budgets are kept for income and cost; the income statement shows them.")
        if asked.by is By.ENTITY:
            columns = [Column(asked.first, asked.last, entity.pk) for entity in self.entities]
            columns += [Column(asked.first, asked.last, Scope.ELIMINATIONS), total]
        elif asked.by is By.TOTAL:
            columns = [total]
        else:
            columns = [Column(a, b, whole) for a, b in parts(asked.first, asked.last, asked.by)]
            if len(columns) > MOST_COLUMNS:
                raise UnfitError(
                    f"That is {len(columns)} columns, and {MOST_COLUMNS} are shown at most; choose fewer months, "
                    "quarters or the total."
                )
            if not asked.form.stands and len(columns) > 1:
                columns.append(total)
        if asked.compare is not Compare.NOTHING:
            width = 12 if asked.compare is Compare.YEAR else asked.last - asked.first + 1
            columns.append(Column(asked.first - width, asked.last - width, whole))
        if asked.budget:
            columns.append(Column(asked.first, asked.last, whole, budget=True))
        return columns

    def _spots(self) -> list[Spot]:
        asked, columns = self.asked, self.columns
        extra = int(asked.compare is not Compare.NOTHING) + int(asked.budget)
        self.whole = last = len(columns) - extra - 1
        spots: list[Spot] = []
        for at, column in enumerate(columns[: last + 1]):
            spots += self._spots_of(at, self._label(column, last=at == last))
        at = last + 1
        if asked.compare is not Compare.NOTHING:
            label = self._label(columns[at], last=False)
            spots += self._spots_of(at, label)
            spots.append(Spot(Head("Change", Kind.CHANGE), last, at))
            if asked.form is not Form.TRIAL:
                spots.append(Spot(Head("Change %", Kind.SHARE), last, at))
            at += 1
        if asked.budget:
            spots.append(Spot(Head("Budget", Kind.BUDGET), at))
            spots.append(Spot(Head("Variance", Kind.CHANGE), last, at))
            spots.append(Spot(Head("Variance %", Kind.SHARE), last, at))
        return spots

    def _spots_of(self, at: int, label: str) -> list[Spot]:
        if self.asked.form is not Form.TRIAL:
            return [Spot(Head(label, Kind.AMOUNT), at)]
        spots = []
        if self.asked.by is By.TOTAL and at == 0:
            over = span_label(self.asked.first, self.asked.last)
            spots = [
                Spot(Head("At the start", Kind.AMOUNT), at, measure=Measure.OPENED),
                Spot(Head("Debits", Kind.AMOUNT, over), at, measure=Measure.DEBITS),
                Spot(Head("Credits", Kind.AMOUNT, over), at, measure=Measure.CREDITS),
            ]
        return [
            *spots,
            Spot(Head("Debit", Kind.DEBIT, label), at),
            Spot(Head("Credit", Kind.CREDIT, label), at),
        ]

    def _label(self, column: Column, *, last: bool) -> str:
        if isinstance(column.scope, int):
            return next(entity.name for entity in self.entities if entity.pk == column.scope)
        if column.scope is Scope.ELIMINATIONS:
            return "Eliminations"
        if last and self.asked.by is By.ENTITY:
            return "Together"
        if self.asked.form.stands:
            end = min(self.asked.reached, months.last_day(column.last))
            return f"{end:%-d %b %Y}"
        if last and self.asked.by is not By.TOTAL and self.asked.first != self.asked.last:
            return "Total"
        return span_label(column.first, column.last)


def parts(first: int, last: int, by: By) -> list[tuple[int, int]]:
    """Return the months or calendar quarters of a span; a quarter at its edge may be cut."""
    if by is By.MONTH:
        return [(month, month) for month in range(first, last + 1)]
    starts = range(first - first % 3, last + 1, 3)
    return [(max(start, first), min(start + 2, last)) for start in starts]


def so_far(first: int, reached: dt.date) -> str:
    """Return ``1 January to 21 November 2026, so far``."""
    start = months.first_day(first)
    begins = f"{start.day} {start:%B}" if start.year == reached.year else months.spelled(start)
    return f"{begins} to {months.spelled(reached)}, so far"


def span_label(first: int, last: int) -> str:
    """Return ``Oct 2026``, ``Q4 2026``, ``2026`` or ``Jan – Nov 2026``."""
    if first == last:
        return months.label(first)
    if first % 12 == 0 and last == first + 11:
        return str(first // 12)
    if first % 3 == 0 and last == first + 2:
        return f"Q{first % 12 // 3 + 1} {first // 12}"
    start = months.label(first)
    return f"{start[:3] if first // 12 == last // 12 else start} – {months.label(last)}"
