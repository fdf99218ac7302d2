"""Figures, each with the trace that says where it comes from."""

import datetime as dt
from dataclasses import dataclass

from reports.document.values import Badge, Unit


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One record's share of a figure. ``ref`` is ``model:pk`` (for example ``booking:12``) or empty.

    ``weight`` is how much it counts in a weighted mean.
    """

    label: str
    amount: int
    ref: str = ""
    on: dt.date | None = None
    weight: int = 1


@dataclass(frozen=True, slots=True)
class RowsTrace:
    """The figure is these rows' amounts folded into one, in the figure's own step: their sum unless ``fold`` says else.

    ``fold`` is one of `reports.metrics.operations.FOLDS`.
    """

    rows: tuple[TraceRow, ...]
    fold: str = "total"


@dataclass(frozen=True, slots=True)
class PostingsTrace:
    """The figure is ``sign`` times the sum of postings matching these filters, in minor units.

    Months are half-open (``first_month <= month < end_month``); ``until`` is the last date counted and
    ``since`` the first, where not every day of the first month counts. No entry after those the document's books
    had come to counts, so a later, back-dated one does not move a frozen figure.
    ``cash_only`` counts only entries that touch cash (and the figure is then a cash flow);
    ``side`` is ``debit`` or ``credit`` where only one side counts; ``bookings`` keeps postings that name one.
    """

    accounts: tuple[int, ...]
    first_month: int
    end_month: int
    until: dt.date
    sign: int = 1
    cash_only: bool = False
    side: str = ""
    bookings: tuple[int, ...] | None = None
    since: dt.date | None = None


@dataclass(frozen=True, slots=True)
class FormulaTrace:
    """The figure is ``operation`` over the figures named by ``inputs`` (see `reports.metrics.operations`)."""

    operation: str
    inputs: tuple[str, ...]


Trace = RowsTrace | PostingsTrace | FormulaTrace


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report. ``value`` is None where there is none, and ``missing`` then says why."""

    key: str
    metric: str
    label: str
    unit: Unit
    value: int | None
    badge: Badge
    trace: Trace
    scope: str = ""
    period: str = ""
    missing: str = ""
    currency: str = "USD"
