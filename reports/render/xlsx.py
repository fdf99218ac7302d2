"""The edition as a workbook: every table with its numbers as numbers, in whole units and with all their decimals.

A figure that has no value stands as the sentence that says why, never as 0. Nothing is computed in the workbook: totals
are values. The same document at the same instant gives the same bytes.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from core import months
from core.money import exponent
from portfolio.render.sheets import Link, Number, Sheet, Value, xlsx_bytes
from reports.document import (
    Axis,
    Block,
    Bullets,
    Cell,
    Chart,
    Column,
    Document,
    Figure,
    Note,
    Para,
    Table,
    Unit,
)
from reports.figures import STEPS, noun
from reports.render.frame import Frame
from reports.render.frame_parts import Kind, Part, day
from reports.render.words import BADGE_WORDS, SEVERITY_WORDS, STATE_WORDS, STATUS_WORDS, count, one_line

# For each unit but money: decimals shown, and what stands in a column's head or, where its figures differ, in the cell.
_SHOWN = {
    Unit.COUNT: (0, ""),
    Unit.PERCENT: (1, "%"),
    Unit.POINTS: (1, "points"),
    Unit.MONTHS: (1, "months"),
    Unit.DAYS: (1, "days"),
    Unit.NIGHTS: (1, "nights"),
    Unit.RATIO: (2, "×"),
    Unit.SCORE: (2, ""),
    Unit.MINUTES: (0, "h:mm"),
    Unit.MILES: (1, "nm"),
    Unit.GIGABYTES: (2, "GB"),
    Unit.MILLIS: (0, "ms"),
    Unit.INDEX: (0, ""),
}
# What is late comes first.
_AGENDA = ("overdue", "open", "later", "done")
_MONTHS = {
    name: at
    for at, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
# A date as `frame_parts.day` writes it, with or without its weekday.
_DAY = re.compile(rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?([0-9]{{1,2}}) ({'|'.join(_MONTHS)}) ([0-9]{{4}})")


def render(document: Document, *, at: dt.datetime) -> bytes:
    """Return the edition as XLSX bytes, dated by when it was issued."""
    frame = Frame(document)
    pages = [_key_figures(frame), *(_part(part, frame) for part in frame.parts() if part.kind in _NAMES)]
    return xlsx_bytes([_contents(frame, pages), *(page.sheet() for page in pages)], title=frame.title, at=at)


def of_binder(document: Document, prefix: str) -> tuple[Sheet, Sheet]:
    """Return an edition's key figures as one sheet and all tables of its sections as another, their names prefixed."""
    frame = Frame(document)
    tables = _Page(f"{prefix} tables")
    tables.title(f"{frame.title}: every table", _stands(frame))
    for part in frame.parts():
        found = [block for block in part.blocks if isinstance(block, Table)]
        if part.kind is Kind.SECTION and found:
            tables.add([])
            tables.title(part.title)
            for block in found:
                tables.add([])
                _table(block, frame, tables)
    return _key_figures(frame, f"{prefix} key figures").sheet(), tables.sheet()


_NAMES = {
    Kind.CHANGES: "What changed",
    Kind.SECTION: "",
    Kind.FINDINGS: "Findings",
    Kind.AGENDA: "Actions",
    Kind.DECISIONS: "Decisions",
    Kind.DEFINITIONS: "Definitions",
}


@dataclass(slots=True)
class _Page:
    """A sheet as it is filled: its name, its rows, which of them are what, and in words what it holds."""

    name: str
    holds: list[str] = field(default_factory=list)
    rows: list[list[Value]] = field(default_factory=list)
    titles: set[int] = field(default_factory=set)
    labels: set[int] = field(default_factory=set)
    strong: set[int] = field(default_factory=set)

    def add(self, row: Iterable[Value]) -> None:
        self.rows.append(list(row))

    def title(self, text: str, below: str = "") -> None:
        self.titles.add(len(self.rows))
        self.add([text])
        if below:
            self.add([below])

    def label(self, row: Iterable[Value]) -> None:
        self.labels.add(len(self.rows))
        self.add(row)

    def bold(self, row: Iterable[Value]) -> None:
        self.strong.add(len(self.rows))
        self.add(row)

    def sheet(self) -> Sheet:
        """Return the sheet. Where it has one table, near its top, that table's head stays in sight."""
        first = min(self.labels, default=0)
        heads = first + 1 if len(self.labels) == 1 and first < 6 else 1
        return Sheet(
            self.name,
            self.rows,
            heads=heads,
            fixed=1 if self.labels else 0,
            strong=frozenset(self.strong),
            titles=frozenset(self.titles),
            labels=frozenset(self.labels),
        )


def _stands(frame: Frame) -> str:
    head = frame.document.head
    return one_line(f"{head.period}, as of {day(head.as_of)}")


# Sheets


def _contents(frame: Frame, pages: list[_Page]) -> Sheet:
    head, page = frame.document.head, _Page("Contents")
    page.title(head.title)
    page.add([])
    for fact in frame.facts():
        page.add([fact.label, head.as_of if fact.label == "As of" else fact.text, fact.note])
    page.add(["Amounts", f"in {head.currency}, unless a sheet says otherwise"])
    page.add(["This edition", Link(frame.document.url, address=frame.document.url)])
    for sentence in (head.sample, frame.stale(), frame.legend()):
        if sentence:
            page.add([])
            page.add([sentence])
    page.add([])
    page.label(["Sheet", "What it holds"])
    for place, other in enumerate(pages, 1):
        page.add([Link(other.name, sheet=place), "; ".join(other.holds) or "In words"])
    page.add([])
    _table(frame.sources(), frame, page)
    return page.sheet()


def _key_figures(frame: Frame, name: str = "") -> _Page:
    """Return the key figures, and under a name of their own nothing else; else the headline below them."""
    page = _Page(name or "Headline and key figures")
    page.title(f"{frame.title}: key figures", _stands(frame))
    page.add([])
    if frame.document.kpis:
        page.holds.append(count(len(frame.document.kpis), "key figure"))
        page.label(
            ["Figure", "Value", "Unit", "Before", "Change", "Target", "Status", "How it is known", "Period", "About",
             "Where it comes from"]
        )  # fmt: skip
    else:
        page.add(["This report has no key figures."])
    for kpi in frame.document.kpis:
        figure = frame.figure(kpi.figure)
        page.add(
            [
                figure.label,
                _number(figure),
                _unit_word(figure.unit, figure.currency),
                _number(frame.figure(kpi.prior)) if kpi.prior else "none",
                _number(frame.figure(kpi.change), plus=True, mixed=True) if kpi.change else "none",
                _number(frame.figure(kpi.target)) if kpi.target else "none",
                kpi.status[:1].upper() + kpi.status[1:],
                "" if figure.value is None else BADGE_WORDS[figure.badge],
                figure.period,
                figure.scope,
                Link("formula and records", address=frame.trace(figure.key)),
            ]
        )
    if not name:
        page.holds.append("the headline in words")
        page.add([])
        page.title("Headline")
        for block in next(part for part in frame.parts() if part.kind is Kind.HEADLINE).blocks:
            _words(block, frame, page)
    return page


def _part(part: Part, frame: Frame) -> _Page:
    page = _Page(_NAMES[part.kind] or part.title)
    page.title(part.title, f"{frame.title}, {_stands(frame)}")
    tables: list[Table] = []
    if part.kind is Kind.FINDINGS:
        _findings(frame, page)
    elif part.kind is Kind.AGENDA:
        _actions(frame, page)
    else:
        tables = [block for block in part.blocks if isinstance(block, Table)]
    for table in tables:
        page.add([])
        page.holds.append(table.title)
        _table(table, frame, page)
    for group in part.groups:
        page.add([])
        page.bold([group.title])
        for line in group.lines:
            page.add([line])
    for chart in (block for block in part.blocks if isinstance(block, Chart)):
        page.add([])
        page.holds.append(chart.title)
        _plotted(chart, page)
    said = [block for block in part.blocks if not isinstance(block, Table | Chart)]
    if part.lead or said:
        page.add([])
    if part.lead:
        page.add([part.lead])
    for block in said:
        _words(block, frame, page)
    return page


def _findings(frame: Frame, page: _Page) -> None:
    if not frame.document.findings:
        return
    page.holds.append(count(len(frame.document.findings), "finding"))
    page.add([])
    page.label(
        ["Finding", "Severity", "State", "About", "Evidence", "First seen", "Age (days)", "Muted until"]
    )
    for finding in frame.findings():
        page.add(
            [
                finding.title,
                SEVERITY_WORDS[finding.severity],
                STATUS_WORDS.get(finding.status, finding.status),
                finding.about or finding.subject,
                frame.plain(finding.evidence),
                finding.first_seen_on,
                finding.age_days,
                finding.muted_until,
            ]
        )


def _actions(frame: Frame, page: _Page) -> None:
    if not frame.document.actions:
        page.add(["There is no action on the agenda."])
        return
    page.holds.append(count(len(frame.document.actions), "action"))
    page.add([])
    page.label(
        ["Action", "Owner", "Due", "State", "From finding", "Editions before that had it", "Escalated on"]
    )
    for action in sorted(frame.document.actions, key=lambda a: (_AGENDA.index(a.state), a.due_on, a.title)):
        page.add(
            [
                action.title,
                action.owner or "No owner yet",
                action.due_on,
                STATE_WORDS[action.state],
                action.finding or "by a person",
                action.carried,
                action.escalated_on,
            ]
        )


# Tables


def _table(table: Table, frame: Frame, page: _Page) -> None:
    page.bold([table.title])
    if not table.rows:
        page.add([table.empty])
        return
    units = [_shared_unit(table, at, frame) for at in range(len(table.columns))]
    badges, pieces = frame.grid(table)
    page.label(
        _label(column, unit, badge) for column, unit, badge in zip(table.columns, units, badges, strict=True)
    )
    for row, printed in zip(table.rows, pieces, strict=True):
        (page.bold if row.total else page.add)(
            _value(cell, frame, mixed=not units[at], mark=printed[at].mark)
            for at, cell in enumerate(row.cells)
        )
    if table.note:
        page.add([table.note])


def _shared_unit(table: Table, at: int, frame: Frame) -> str:
    """Return what a column's figures are measured in where they all share it, else nothing."""
    figures = [
        frame.figure(row.cells[at].figure)
        for row in table.rows
        if at < len(row.cells) and row.cells[at].figure
    ]
    found = {(figure.unit, _unit_word(figure.unit, figure.currency)) for figure in figures}
    return found.pop()[1] or " " if len(found) == 1 else ""


def _label(column: Column, unit: str, badge: str) -> str:
    # A share is written with its sign in each cell, and a label that says its unit need not say it twice.
    said = unit.strip() in ("", "%") or unit in column.label
    return f"{column.label}{'' if said else f' ({unit})'}{f', {badge}' if badge else ''}"


def _value(cell: Cell, frame: Frame, *, mixed: bool, mark: str) -> Value:
    if cell.figure:
        return _number(frame.figure(cell.figure), plus=cell.plus, mixed=mixed, mark=mark)
    written = _DAY.fullmatch(cell.text)
    if written:
        return dt.date(int(written[3]), _MONTHS[written[2]], int(written[1]))
    return cell.text


def _plotted(chart: Chart, page: _Page) -> None:
    """Add the numbers that a chart draws, and the words that stand for it."""
    plot = chart.spec
    page.bold([f"Chart: {chart.title}"])
    if plot.keys and plot.series:
        word = _unit_word(plot.unit, plot.currency)
        unit = f" ({word})" if word not in ("", "%") else ""
        page.label([plot.heading or "Place", *(f"{one.name}{unit}" for one in plot.series)])
        for at, key in enumerate(plot.keys):
            values = [
                one.missing if value is None else _amount(value, plot.unit, plot.currency)
                for one in plot.series
                for value in one.values[at : at + 1]
            ]
            page.add([_place(key, plot.axis), *values])
    page.add([chart.alt])


def _place(key: str, axis: Axis) -> Value:
    if axis is Axis.DAY:
        return dt.date.fromisoformat(key)
    return months.label(months.parse(key)) if axis is Axis.MONTH else key


def _number(figure: Figure, *, plus: bool = False, mixed: bool = False, mark: str = "") -> Value:
    """Return a figure as a number in whole units, with a format; where it has none, the sentence that says why.

    ``mixed`` writes the unit beside the number, and ``mark`` how it is known where that differs from most.
    """
    if figure.value is None:
        return figure.missing or "n/a"
    worded = mixed and figure.unit not in (Unit.PERCENT, Unit.MINUTES)
    word = _unit_word(figure.unit, figure.currency) if worded else ""
    if word and not figure.value % STEPS.get(figure.unit, 1):
        word = noun(figure.unit, figure.value // STEPS.get(figure.unit, 1)) or word
    behind = "".join(f" {said}" for said in (word, mark) if said).replace(" ×", "×")
    return _amount(figure.value, figure.unit, figure.currency, behind=behind, plus=plus)


def _amount(value: int, unit: Unit, currency: str, *, behind: str = "", plus: bool = False) -> Value:
    """Return a value in steps of its unit as a number in whole units, ``behind`` being the words beside it.

    A time that is less than nothing or has words beside it is no time to a spreadsheet, and stands in minutes.
    """
    if unit is Unit.MINUTES:
        if value >= 0 and not behind:
            return dt.timedelta(minutes=value)
        behind = f" min{behind}"
    if unit is Unit.PERCENT:
        number, shown = Decimal(value).scaleb(-4), "0.0 %"
    else:
        # All steps are powers of ten.
        steps = exponent(currency) if unit is Unit.MONEY else len(str(STEPS[unit])) - 1
        places = steps if unit is Unit.MONEY else _SHOWN[unit][0]
        if noun(unit, 0) and not value % STEPS[unit]:
            places = 0
        number, shown = Decimal(value).scaleb(-steps), f"#,##0{'.' if places else ''}{'0' * places}"
    if behind:
        shown += f'"{behind}"'
    return Number(number, f"+{shown};-{shown};{shown}" if plus else f"{shown};-{shown}")


def _unit_word(unit: Unit, currency: str) -> str:
    return currency if unit is Unit.MONEY else _SHOWN[unit][1]


# Words


def _words(block: Block, frame: Frame, page: _Page) -> None:
    for text in _said(block, frame):
        page.add([text])


def _said(block: Block, frame: Frame) -> Iterator[str]:
    match block:
        case Para() | Note():
            yield frame.plain(block.line)
        case Bullets():
            for number, line in enumerate(block.lines, 1):
                yield f"{number}. {frame.plain(line)}" if block.ordered else f"– {frame.plain(line)}"
        case Table() | Chart():
            yield block.title
