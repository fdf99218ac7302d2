"""What the sections of a document are made of: tables, charts, text."""

import enum
from dataclasses import dataclass

from reports.document.values import Tone, Unit


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
    """A table with a title that says what it shows. The first column heads its rows.

    ``detail`` is one that a mail may do without: where it grows too long, such tables go first.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""
    empty: str = "Nothing to show."
    detail: bool = False


class Form(enum.StrEnum):
    """How a chart is drawn: upright bars, lines, bars in a list, a funnel, or a line of nights for each month."""

    COLUMNS = "columns"
    LINES = "lines"
    ROWS = "rows"
    FUNNEL = "funnel"
    STRIP = "strip"


class Axis(enum.StrEnum):
    """What the places of a chart are: months as ``2026-10``, days as ``2026-11-09``, or names."""

    MONTH = "month"
    DAY = "day"
    NAME = "name"


class Role(enum.StrEnum):
    """What a series is in its chart: values, modelled ones, the year before, or what the values are held against."""

    VALUE = "value"
    MODEL = "model"
    BEFORE = "before"
    TARGET = "target"


@dataclass(frozen=True, slots=True)
class Series:
    """A value for each place of the chart; None is a gap, which is not zero and is called ``missing``."""

    name: str
    values: tuple[int | None, ...]
    role: Role = Role.VALUE
    missing: str = "not tracked"


@dataclass(frozen=True, slots=True)
class Floor:
    """A line across that values should stay above."""

    name: str
    value: int


@dataclass(frozen=True, slots=True)
class Plot:
    """What a chart draws, in the steps of its unit: for each place of ``keys`` a value of each series.

    ``heading`` is what the places are called. ``nights`` is of a strip: for each month a letter for each of its days,
    the first of the name of the series that the night counts in, or a space where nobody knows.
    """

    form: Form = Form.COLUMNS
    heading: str = ""
    axis: Axis = Axis.NAME
    keys: tuple[str, ...] = ()
    series: tuple[Series, ...] = ()
    unit: Unit = Unit.MONEY
    currency: str = "USD"
    floor: Floor | None = None
    nights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot with the words that stand for it, and a name for its file."""

    name: str
    title: str
    spec: Plot
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
class Span:
    """A run of words in a commentary, and how they are set; ``href`` makes a link of them."""

    text: str
    strong: bool = False
    emphasis: bool = False
    code: bool = False
    href: str = ""


class Stands(enum.StrEnum):
    """How a passage of a commentary stands on the page; neighbours of the same kind of item make one list."""

    PARAGRAPH = "paragraph"
    BULLET = "bullet"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph of a commentary, or one item of a list."""

    spans: tuple[Span, ...]
    stands: Stands = Stands.PARAGRAPH


@dataclass(frozen=True, slots=True)
class Prose:
    """What a person wrote about a part of the report, in passages; ``by`` says who, and when."""

    passages: tuple[Passage, ...]
    by: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of the report; ``anchor`` is unique in the document. ``commentary`` follows the blocks."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]
    lead: str = ""
    commentary: tuple[Prose, ...] = ()
