"""The document a lens returns: frozen blocks that renderers turn into a page, a mail, text or a PDF.

Nothing here reads the database. A number is a `Figure`: a whole number in the smallest step of its unit,
with a `Trace` that says which rows sum to it or which figures it is computed from. Tables and lines hold
cells that name figures by key, so every form of the report can link each figure to its trace.
`dump` and `load` turn a document into JSON and back without loss; an edition keeps that JSON.
"""

import dataclasses
import datetime as dt
import enum
import types
import typing
from dataclasses import dataclass, field
from typing import Any


class Unit(enum.StrEnum):
    """The unit of a figure; its value is a whole number of the smallest step."""

    MONEY = "money"  # minor units of the document's currency
    COUNT = "count"  # ones
    PERCENT = "percent"  # basis points
    POINTS = "points"  # basis points, the difference of two percentages
    MONTHS = "months"  # hundredths of a month
    DAYS = "days"  # tenths of a day
    RATIO = "ratio"  # hundredths
    SCORE = "score"  # hundredths


class Badge(enum.StrEnum):
    """How a figure is known. ``unreconciled`` is computed from records of a month not yet reconciled."""

    MEASURED = "measured"
    UNRECONCILED = "unreconciled"
    MODELLED = "modelled"
    ENTERED = "entered"


class Tone(enum.StrEnum):
    """What a cell, note or KPI says at a glance."""

    PLAIN = ""
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    MUTED = "muted"


class Severity(enum.StrEnum):
    """How much a finding matters."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One record's share of a figure. ``ref`` is ``model:pk`` (for example ``booking:12``) or empty."""

    label: str
    amount: int
    ref: str = ""
    on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class RowsTrace:
    """The figure is the sum of these rows' amounts, in the figure's own step."""

    rows: tuple[TraceRow, ...]


@dataclass(frozen=True, slots=True)
class PostingsTrace:
    """The figure is ``sign`` times the sum of postings matching these filters, in minor units.

    Months are half-open (``first_month <= month < end_month``); ``until`` is the last date counted. No
    entry after those the document's books had come to counts, so a later, back-dated one does not move a frozen figure.
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


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of text, or a figure named by key (the renderer formats it and links its trace).

    ``cents`` False rounds money to whole units; ``plus`` writes a sign on changes. ``ref`` links a record.
    """

    text: str = ""
    figure: str = ""
    tone: Tone = Tone.PLAIN
    ref: str = ""
    cents: bool = False
    plus: bool = False


Line = tuple[Cell, ...]


class Align(enum.StrEnum):
    """Where a column's content stands."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    label: str
    align: Align = Align.LEFT


@dataclass(frozen=True, slots=True)
class Row:
    """A row of cells, one per column. ``total`` rows are set apart."""

    cells: tuple[Cell, ...]
    total: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a title that says what it shows. The first column heads its rows."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""
    empty: str = "Nothing to show."


@dataclass(frozen=True, slots=True)
class Chart:
    """A Vega-Lite spec (plain JSON, data inline) with the words that stand for it, and a name for its file."""

    name: str
    title: str
    spec: dict[str, Any]
    alt: str


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph of text and figures."""

    line: Line


@dataclass(frozen=True, slots=True)
class Bullets:
    """A short list of lines."""

    lines: tuple[Line, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence set apart: a caution, an empty section, a rule broken."""

    line: Line
    tone: Tone = Tone.MUTED


Block = Table | Chart | Para | Bullets | Note


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of the report; ``anchor`` is unique in the document."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Kpi:
    """One of at most ten headline figures. ``prior``, ``change`` and ``target`` are figure keys or empty."""

    figure: str
    prior: str = ""
    change: str = ""
    target: str = ""
    tone: Tone = Tone.PLAIN
    status: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """How fresh one source is: the last date it covers, and whether that is too old for this report."""

    name: str
    fresh_to: dt.date | None
    stale: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What the report is, about whom, for when, and how much to trust it."""

    report: str
    title: str
    reader: str
    entities: str
    period: str
    as_of: dt.date
    zone: str
    ledger: str
    sources: tuple[Source, ...]
    currency: str = "USD"
    sample: str = ""


@dataclass(frozen=True, slots=True)
class BooksHead:
    """Where an entity's chain of entries had come to when the books were read: its last number and its hash there."""

    entity_id: int
    slug: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class FindingNote:
    """One finding as a lens sees it: its rule and subject are its identity over editions.

    ``about`` is what people call the subject: the entity's name, or the whole portfolio.
    """

    rule: str
    subject: str
    severity: Severity
    title: str
    evidence: Line
    action: str
    owner: str
    due_days: int
    about: str = ""


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding as printed: its note, with its history."""

    rule: str
    subject: str
    severity: Severity
    title: str
    evidence: Line
    status: str  # new, open or cleared
    first_seen_on: dt.date
    age_days: int
    about: str = ""  # the subject in words; empty in editions older than it


@dataclass(frozen=True, slots=True)
class ActionLine:
    """An action as printed."""

    title: str
    owner: str
    due_on: dt.date
    state: str  # open, overdue, done or later
    finding: str = ""
    pk: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """One figure that moved since the edition before; values as figure keys of this and formatted before."""

    label: str
    before: str
    after: Cell
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Restatement:
    """A figure an earlier edition printed and its records now give otherwise."""

    label: str
    period: str
    printed: str
    now: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the edition before; ``since`` is empty in a first edition."""

    since: str = ""
    figures: tuple[Change, ...] = ()
    findings_new: tuple[str, ...] = ()
    findings_cleared: tuple[str, ...] = ()
    actions_done: tuple[str, ...] = ()
    actions_overdue: tuple[str, ...] = ()
    restatements: tuple[Restatement, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric as defined in the registry."""

    metric: str
    name: str
    formula: str
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What a lens returns: everything computed from records, nothing about earlier editions."""

    head: Head
    headline: tuple[Line, ...]
    kpis: tuple[Kpi, ...]
    sections: tuple[Section, ...]
    findings: tuple[FindingNote, ...]
    decisions: tuple[Line, ...]
    definitions: tuple[Definition, ...]
    figures: dict[str, Figure]
    books: tuple[BooksHead, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole edition, ready to render. ``url`` is its page; a figure's trace is ``url + figures/<key>/``.

    ``commentary`` is what staff wrote, paragraph by paragraph; it follows the headline. ``books`` is how far
    the books went that were read, and leaves this house with the edition's mail.
    """

    head: Head
    number: int
    url: str
    headline: tuple[Line, ...]
    actions: tuple[ActionLine, ...]
    changes: Changes
    kpis: tuple[Kpi, ...]
    sections: tuple[Section, ...]
    findings: tuple[FindingLine, ...]
    decisions: tuple[Line, ...]
    definitions: tuple[Definition, ...]
    figures: dict[str, Figure] = field(default_factory=dict)
    commentary: tuple[Line, ...] = ()
    books: tuple[BooksHead, ...] = ()

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Return every chart, in order."""
        return tuple(
            block for section in self.sections for block in section.blocks if isinstance(block, Chart)
        )


_TAGGED = {
    cls.__name__: cls for cls in (RowsTrace, PostingsTrace, FormulaTrace, Table, Chart, Para, Bullets, Note)
}


def dump(value: Any) -> Any:
    """Return a document, or any part of it, as plain JSON values; union members carry their type's name."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        plain = {f.name: dump(getattr(value, f.name)) for f in dataclasses.fields(value)}
        name = type(value).__name__
        return {"is": name, **plain} if name in _TAGGED else plain
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [dump(item) for item in value]
    if isinstance(value, dict):
        return {key: dump(item) for key, item in value.items()}
    return value


def load(cls: Any, value: Any) -> Any:
    """Return the value of a type read back from what `dump` wrote.

    Raises:
        KeyError, TypeError: the JSON is not one that `dump` wrote for this type.
    """
    origin = typing.get_origin(cls)
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        options = [arg for arg in typing.get_args(cls) if arg is not type(None)]
        if isinstance(value, dict) and "is" in value:
            return load(_TAGGED[value["is"]], {k: v for k, v in value.items() if k != "is"})
        return load(options[0], value)
    if origin is tuple:
        item = typing.get_args(cls)[0]
        return tuple(load(item, entry) for entry in value)
    if origin is dict:
        item = typing.get_args(cls)[1]
        return {key: entry if item is Any else load(item, entry) for key, entry in value.items()}
    if dataclasses.is_dataclass(cls):
        make: Any = cls
        # A field younger than the edition is not in it, and takes its default.
        return make(**{name: load(kind, value[name]) for name, kind in _kinds(cls).items() if name in value})
    if isinstance(cls, type) and issubclass(cls, enum.Enum):
        return cls(value)
    if cls is dt.date:
        return dt.date.fromisoformat(value)
    return value


_KINDS: dict[Any, dict[str, Any]] = {}


def _kinds(cls: Any) -> dict[str, Any]:
    if cls not in _KINDS:
        hints = typing.get_type_hints(cls)
        _KINDS[cls] = {f.name: hints[f.name] for f in dataclasses.fields(cls)}
    return _KINDS[cls]
