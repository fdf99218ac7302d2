"""Handoff notes: what an owner writes about a business, as typed rows with file and line.

`parse` works for any note: the heading over a block (or a table's first header) says what kind of rows it holds,
and what no heading claims is kept as a note. How rows become records is decided in `portfolio.domain.handoffs`;
the rules for writers are in `docs/handoffs.md`.
"""

import datetime as dt
import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

from core import months
from portfolio.formats.cells import DATE, Cell, CellError, CellKind, plain, read_cell, with_unit
from portfolio.formats.csv_rows import read_day
from portfolio.formats.errors import FormatError, shown
from portfolio.formats.handoff_rows import (
    FIRST_HEADERS,
    HEADING_WORDS,
    SEVERITIES,
    HandoffRow,
    RowKind,
    Shape,
)
from portfolio.formats.markdown import Heading, Item, Mark, Paragraph, Table, blocks, front_matter
from portfolio.formats.text import decode

__all__ = ["MAX_BYTES", "Handoff", "HandoffRow", "RowKind", "Shape", "parse"]

MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Handoff:
    """A whole note: whose it is, when it was written, and its rows in order of their lines."""

    file: str
    entity: str
    name: str
    kind: str
    owner: str
    updated_on: dt.date
    title: str
    headings: tuple[Heading, ...]
    rows: tuple[HandoffRow, ...]

    def of(self, kind: RowKind) -> tuple[HandoffRow, ...]:
        """Return the rows of one kind, in order."""
        return tuple(row for row in self.rows if row.kind == kind)


@dataclass(frozen=True, slots=True)
class _Section:
    """The heading a block stands under, and the kind it gives its rows (None: it claims none)."""

    level: int
    text: str
    subject: str
    kind: RowKind | None


_REQUIRED, _OPTIONAL = ("entity", "name", "kind", "updated"), ("owner",)
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_VALUE_HEADERS = ("value", "amount", "share", "count")
_VALUED = (RowKind.KPI, RowKind.BASELINE)
_LISTED = (RowKind.DEBT, RowKind.READINESS, RowKind.ROADMAP, RowKind.DECISION, RowKind.MAINTENANCE)
# Two rows of these kinds with one name would contradict each other, and nobody could say which holds.
_NAMED_ONCE = (RowKind.KPI, RowKind.BASELINE, RowKind.EQUITY, RowKind.ASSET, RowKind.CHANNEL, RowKind.JOB,
               RowKind.CLIENT, RowKind.FUNNEL)  # fmt: skip
_LABELLED = re.compile(r"(?P<label>[^:]*\S) ?:(?: (?P<value>.*))?")
_SHARE = re.compile(r"(?P<holder>.*[^\s:]):? (?P<share>[0-9][0-9.,]* ?%)(?:, (?P<rest>.*))?", re.ASCII)
_PREFIX = re.compile(r"\((?P<tags>[^()]*)\)\s+(?P<text>.*)")
_SUFFIX = re.compile(
    rf"(?P<text>.*?)(?:(?<=[.;,!?]) +| +|^)(?P<key>Effort|Due|Fixed|Done):? (?P<value>[0-9]{{1,4}}|{DATE})\.?",
    re.ASCII,
)
_BLOCKED = re.compile(r"Blocked: *(?P<periods>.*?)\.?", re.IGNORECASE)
_STEP = re.compile(r"(?P<label>.*\S) (?P<count>[0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,12})", re.ASCII)
_PER_LABEL = re.compile(
    r"\bper (?P<per>[a-z]+)|\b(?P<rate>hour|day|night|week|month|year)(?:ly)? rate\b", re.ASCII
)
_HAS_DATE = re.compile(DATE, re.ASCII)


def parse(data: bytes, *, name: str) -> Handoff:
    """Read a handoff note.

    ``name`` is the file as messages should print it. Amounts are US cents, instants UTC.

    Raises:
        FormatError: the bytes are not UTF-8 text, the front matter is missing or wrong, a table is broken,
            a cell looks like an amount, a date or a percentage and is none, or a name is given twice.
    """
    lines = decode(data, name=name, max_bytes=MAX_BYTES).split("\n")
    fields, start = front_matter(lines, name=name)
    reader = _Reader(name)
    for block in blocks(lines, start=start, name=name):
        reader.take(block)
    return Handoff(
        file=name, entity=_entity(fields, name), name=fields["name"][1], kind=fields["kind"][1],
        owner=fields.get("owner", (0, ""))[1], updated_on=_updated(fields, name),
        title=reader.headings[0].text if reader.headings else fields["name"][1],
        headings=tuple(reader.headings), rows=tuple(reader.rows),
    )  # fmt: skip


def _entity(fields: dict[str, tuple[int, str]], name: str) -> str:
    """Check the front matter and return the entity's slug."""
    known = ", ".join(_REQUIRED + _OPTIONAL)
    for key, (line, value) in fields.items():
        if key not in _REQUIRED + _OPTIONAL:
            raise FormatError(
                file=name, line=line, column=key, reason="the front matter has a field we do not know",
                fix=f"use {known}",
            )  # fmt: skip
        if not value:
            raise FormatError(file=name, line=line, column=key, reason="the field is empty", fix="fill it in")
    for key in _REQUIRED:
        if key not in fields:
            raise FormatError(
                file=name,
                line=1,
                column=key,
                reason="the front matter lacks this field",
                fix=f"add {key}: and its value",
            )
    line, slug = fields["entity"]
    if not _SLUG.fullmatch(slug) or len(slug) > 40:
        raise FormatError(
            file=name, line=line, column="entity",
            reason=f"{shown(slug)} is not an entity's slug",
            fix="use small letters, digits and single dashes, such as rental-3028",
        )  # fmt: skip
    return slug


def _updated(fields: dict[str, tuple[int, str]], name: str) -> dt.date:
    line, text = fields["updated"]
    day = read_day(text, "%Y-%m-%d")
    if day is None or not months.is_near(day):
        wrong = f"outside the years {months.EARLIEST.year} to {months.LATEST.year}" if day else "not a date"
        raise FormatError(
            file=name,
            line=line,
            column="updated",
            reason=f"{shown(text)} is {wrong}",
            fix="write it as 2026-11-09",
        )
    return day


class _Reader:
    """Walks the blocks of one note and keeps the rows; knows only the section it is in."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[HandoffRow] = []
        self.headings: list[Heading] = []
        self._sections = [_Section(0, "", "", None)]
        self._seen: dict[tuple[RowKind, str, str], int] = {}

    def take(self, block: Heading | Table | Item | Paragraph) -> None:
        """Add what one block says."""
        match block:
            case Heading():
                self._open(block)
            case Table():
                for row in self._table(block):
                    self._keep(row)
            case Item():
                for row in self._item(block):
                    self._keep(row)
            case Paragraph():
                for row in self._paragraph(block):
                    self._keep(row)

    def _open(self, heading: Heading) -> None:
        """Enter a section; a heading without a word of its own inherits from the one above it."""
        self.headings.append(heading)
        while self._sections[-1].level >= heading.level:
            self._sections.pop()
        text = plain(heading.text)
        folded = text.casefold()
        for word, kind in HEADING_WORDS:
            if re.match(rf"{word}\b", folded):
                self._sections.append(
                    _Section(heading.level, text, text[len(word) :].strip(" :-\u2013\u2014"), kind)
                )
                return
        above = self._sections[-1]
        self._sections.append(_Section(heading.level, text, "", above.kind if above.level > 1 else None))

    def _keep(self, row: HandoffRow) -> None:
        key = (row.kind, row.subject, row.label.casefold())
        if row.kind in _NAMED_ONCE and row.shape != Shape.TEXT:
            if key in self._seen:
                raise FormatError(
                    file=self.name,
                    line=row.line,
                    column=row.label[:60] or "1",
                    reason=f"this {row.kind} is given twice, first on line {self._seen[key]}",
                    fix="keep one of them",
                )
            self._seen[key] = row.line
        self.rows.append(row)

    def _row(
        self, *, line: int, last_line: int, kind: RowKind, shape: Shape, label: str, raw: str
    ) -> HandoffRow:
        section = self._sections[-1]
        return HandoffRow(self.name, line, last_line, section.text, section.subject, kind, shape, label, raw)

    def _cell(self, read: Callable[[str], Cell], text: str, *, line: int, column: str) -> Cell:
        try:
            return read(text)
        except CellError as error:
            raise FormatError(
                file=self.name, line=line, column=column, reason=error.reason, fix=error.fix
            ) from None

    def _table(self, table: Table) -> Iterator[HandoffRow]:
        kind = self._sections[-1].kind or FIRST_HEADERS.get(table.headers[0].casefold(), RowKind.OTHER)
        if kind == RowKind.NOTE:
            kind = FIRST_HEADERS.get(table.headers[0].casefold(), RowKind.OTHER)
        folded = [header.casefold() for header in table.headers]
        valued = next((at for at, header in enumerate(folded) if header in _VALUE_HEADERS), None)
        if valued is None and kind in _VALUED:
            raise FormatError(
                file=self.name,
                line=table.line,
                column=table.headers[-1],
                reason=f"a table of {kind} rows needs a column Value",
                fix="name that column Value",
            )
        for position, (line, raw, texts) in enumerate(table.rows, start=1):
            cells = {
                header: self._cell(read_cell, text, line=line, column=header)
                for header, text in zip(table.headers, texts, strict=True)
            }
            label = plain(texts[0])
            if not label:
                raise FormatError(
                    file=self.name,
                    line=line,
                    column=table.headers[0],
                    reason="the first cell is empty",
                    fix="name the row",
                )
            unit = texts[folded.index("unit")] if "unit" in folded else ""
            for at, header in enumerate(table.headers):
                if unit and folded[at] in ("value", "amount", "target"):
                    read = functools.partial(_read_with_unit, unit=plain(unit))
                    cells[header] = self._cell(read, texts[at], line=line, column=header)
            value = cells[table.headers[valued]] if valued is not None else None
            if kind in _VALUED and value is not None and value.kind == CellKind.EMPTY:
                raise FormatError(
                    file=self.name,
                    line=line,
                    column=table.headers[valued or 0],
                    reason="the value is empty",
                    fix="write it, or write: not tracked",
                )
            row = self._row(line=line, last_line=line, kind=kind, shape=Shape.TABLE, label=label, raw=raw)
            yield replace(
                row, cells=MappingProxyType(cells), value=value,
                per=_per(label, value) if kind in _VALUED else "",
                position=position if kind == RowKind.FUNNEL else None,
            )  # fmt: skip

    def _item(self, item: Item) -> Iterator[HandoffRow]:
        kind = self._sections[-1].kind or RowKind.NOTE
        blocked = _BLOCKED.fullmatch(item.text)
        if blocked and _HAS_DATE.search(item.text):
            yield from self._blocked(blocked["periods"], item.line, item.last_line, item.raw)
        elif kind in _VALUED and item.mark == Mark.BULLET:
            yield self._labelled(item, kind)
        elif kind == RowKind.EQUITY and item.mark == Mark.BULLET:
            yield self._share(item)
        else:
            yield self._task(item, kind if kind in _LISTED else RowKind.NOTE)

    def _labelled(self, item: Item, kind: RowKind) -> HandoffRow:
        """Read "Label: value", a comma beginning a note behind the value."""
        match = _LABELLED.fullmatch(item.text)
        label, said = (plain(match["label"]), plain(match["value"] or "")) if match else ("", "")
        if not label or not said:
            raise FormatError(
                file=self.name,
                line=item.line,
                column="1",
                reason=f"{shown(item.text)} is not a label, a colon and a value",
                fix="write it as Label: value, or Label: not tracked",
            )
        value = self._cell(read_cell, said, line=item.line, column=label)
        head, *rest = _parts(said)
        if rest and value.kind in (CellKind.TEXT, CellKind.QUANTITY, CellKind.MONEY):
            typed = self._cell(read_cell, head, line=item.line, column=label)
            if typed.kind != CellKind.TEXT:
                value = replace(typed, text=value.text, note=", ".join(rest))
        row = self._row(
            line=item.line, last_line=item.last_line, kind=kind, shape=Shape.BULLET, label=label, raw=item.raw
        )
        return replace(row, value=value, per=_per(label, value))

    def _share(self, item: Item) -> HandoffRow:
        """Read "Holder 20%, vesting 4 years, agreement: unsigned"."""
        match = _SHARE.fullmatch(plain(item.text))
        if not match:
            raise FormatError(
                file=self.name,
                line=item.line,
                column="1",
                reason=f"{shown(item.text)} does not say a share",
                fix="write it as Holder 20%, agreement: signed 2026-11-02",
            )
        holder = match["holder"]
        share = self._cell(read_cell, match["share"], line=item.line, column=holder)
        cells = {"Share": share}
        for part in _parts(match["rest"]) if match["rest"] else ():
            key, colon, value = part.partition(":" if ":" in part else " ")
            key = key.strip().capitalize()
            if not key or key in cells:
                raise FormatError(
                    file=self.name,
                    line=item.line,
                    column=key or holder,
                    reason=f"{shown(part)} repeats or lacks its name",
                    fix="write each once, as name: value",
                )
            cells[key] = self._cell(read_cell, value if colon else key, line=item.line, column=key)
        if share.kind != CellKind.PERCENT:
            raise FormatError(
                file=self.name,
                line=item.line,
                column=holder,
                reason=f"{shown(match['share'])} is not a share",
                fix="write it as 20%",
            )
        row = self._row(
            line=item.line,
            last_line=item.last_line,
            kind=RowKind.EQUITY,
            shape=Shape.BULLET,
            label=holder,
            raw=item.raw,
        )
        return replace(row, value=share, cells=MappingProxyType(cells))

    def _task(self, item: Item, kind: RowKind) -> HandoffRow:
        """Read "(critical, internet) Text. Effort: 1. Due 2026-12-05", every part but the text optional."""
        text, severity = item.text, ""
        tags: tuple[str, ...] = ()
        if prefix := _PREFIX.fullmatch(text):
            words = tuple(word.strip().casefold() for word in prefix["tags"].split(","))
            if words[0] in SEVERITIES:
                severity, tags, text = words[0], words[1:], prefix["text"]
        said: dict[str, int | dt.date] = {}
        while suffix := _SUFFIX.fullmatch(text):
            key, value = suffix["key"], suffix["value"]
            if key in said or (key == "Effort") == ("-" in value):
                break
            if key == "Effort":
                if value not in ("1", "2", "3"):
                    raise FormatError(
                        file=self.name,
                        line=item.line,
                        column="Effort",
                        reason=f"{value} is not an effort",
                        fix="use 1, 2 or 3",
                    )
                said[key] = int(value)
            else:
                on = self._cell(read_cell, value, line=item.line, column=key).on
                said[key] = on or dt.date.min
            text = suffix["text"]
        label = plain(text).rstrip()
        if said and label.endswith("."):
            label = label[:-1]
        shape = Shape(item.mark.value)
        row = self._row(
            line=item.line,
            last_line=item.last_line,
            kind=kind,
            shape=shape,
            label=label or item.text,
            raw=item.raw,
        )
        effort, due = said.get("Effort"), said.get("Due")
        done_on = said.get("Fixed") or said.get("Done")
        return replace(
            row, position=item.number, done=item.done, severity=severity, tags=tags,
            effort=effort if isinstance(effort, int) else None,
            due_on=due if isinstance(due, dt.date) else None,
            done_on=done_on if isinstance(done_on, dt.date) else None,
        )  # fmt: skip

    def _paragraph(self, paragraph: Paragraph) -> Iterator[HandoffRow]:
        """Read running text: funnels and blocked periods by the line, the rest as one note."""
        pending: list[str] = []
        first = paragraph.line
        for line, content in enumerate(paragraph.lines, start=paragraph.line):
            steps = None if paragraph.fenced else self._funnel(content, line)
            blocked = None if paragraph.fenced else _BLOCKED.fullmatch(content.strip())
            if steps is None and not (blocked and _HAS_DATE.search(content)):
                pending.append(content)
                continue
            if pending:
                yield self._note(pending, first)
            pending, first = [], line + 1
            if steps is not None:
                yield from steps
            elif blocked:
                yield from self._blocked(blocked["periods"], line, line, content)
        if pending:
            yield self._note(pending, first)

    def _note(self, lines: list[str], first: int) -> HandoffRow:
        raw = "\n".join(lines)
        return self._row(
            line=first,
            last_line=first + len(lines) - 1,
            kind=RowKind.NOTE,
            shape=Shape.TEXT,
            label=plain(raw) or raw.strip(),
            raw=raw,
        )

    def _funnel(self, content: str, line: int) -> list[HandoffRow] | None:
        """Read "visit 410 -> form sent 23"; None where the line is no funnel."""
        parts = [part.strip() for part in content.replace("\u2192", "->").split("->")]
        steps = [_STEP.fullmatch(part) for part in parts]
        if len(parts) < 2:
            return None
        rows = []
        for position, (part, step) in enumerate(zip(parts, steps, strict=True), start=1):
            if step is None:
                if self._sections[-1].kind != RowKind.FUNNEL:
                    return None
                raise FormatError(
                    file=self.name,
                    line=line,
                    column=str(position),
                    reason=f"step {shown(part)} has no count",
                    fix="write each step as its name and a number, such as visit 410",
                )
            row = self._row(
                line=line,
                last_line=line,
                kind=RowKind.FUNNEL,
                shape=Shape.FUNNEL,
                label=plain(step["label"]) or step["label"],
                raw=content,
            )
            rows.append(replace(row, value=read_cell(step["count"]), position=position))
        return rows

    def _blocked(self, periods: str, line: int, last_line: int, raw: str) -> Iterator[HandoffRow]:
        """Read "2026-10-14 to 2026-10-20 (reason), owner 2026-12-23 to 2026-12-28"."""
        for part in _parts(periods):
            cell = self._cell(read_cell, part, line=line, column="Blocked")
            if cell.kind not in (CellKind.PERIOD, CellKind.DATE):
                raise FormatError(
                    file=self.name,
                    line=line,
                    column="Blocked",
                    reason=f"{shown(part)} is not a period",
                    fix="write each as 2026-10-14 to 2026-10-20 (reason), with commas between them",
                )
            row = self._row(
                line=line, last_line=last_line, kind=RowKind.BLOCKED, shape=Shape.TEXT,
                label=cell.note or cell.word or "blocked", raw=raw,
            )  # fmt: skip
            yield replace(row, value=cell)


def _parts(text: str) -> list[str]:
    """Cut at each comma and space that stands outside brackets."""
    parts, depth = [""], 0
    for piece in text.split(", "):
        parts[-1] += f", {piece}" if depth > 0 else piece
        depth += piece.count("(") - piece.count(")")
        if depth <= 0:
            parts.append("")
    return [part for part in parts if part]


def _read_with_unit(text: str, unit: str) -> Cell:
    return with_unit(read_cell(text), unit)


def _per(label: str, value: Cell | None) -> str:
    """Return what a value recurs by: its own "/ month", else the label's "per charter" or "day rate"."""
    if value is not None and value.per:
        return value.per
    match = _PER_LABEL.search(label.casefold())
    return (match["per"] or match["rate"]) if match else ""
