"""The edition as one HTML mail: tables, inlined styles, under the size at which mail programs cut it off.

Gmail shows about 102 KB of HTML and hides the rest behind a link, so a mail over `LIMIT` is shortened in
steps, tables first, and every place where something was left out says so and links to it. Images are PNG by
content id; the mail says everything without them, and without styles.
"""

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any, TypeVar

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from reports.document import (
    Align,
    Block,
    Bullets,
    Chart,
    Column,
    Document,
    Line,
    Note,
    Para,
    Row,
    Severity,
    Table,
    Tone,
)
from reports.render import markup
from reports.render.frame import Frame, Piece
from reports.render.frame_parts import Kind, Part, day, is_said
from reports.render.markup import joined, with_breaks
from reports.render.words import BADGE_WORDS, SEVERITY_WORDS, STATUS_WORDS, action_state, count, one_line

# Bytes of HTML we send at most. Gmail cuts at about 102 KB; the transport adds a little of its own.
LIMIT = 95_000

TONES = {Tone.PLAIN: "", Tone.GOOD: "g", Tone.WARN: "y", Tone.BAD: "r", Tone.MUTED: "m"}
_EDGES = {Severity.CRITICAL: "r", Severity.HIGH: "h", Severity.MEDIUM: "y", Severity.LOW: "b"}
_STATE_EDGES = {"open": "b", "overdue": "r", "done": "g", "later": "m"}
_SHORTENED = "This mail is shortened so that mail programs show all of it; each place says what is left out."

# What stands in a mail beside its rows takes about so many bytes.
_USUAL_REST = 45_000
# A sentence that says what is left out is no longer than this, but for the edition's address.
_SENTENCE = 300
# Where a table's rows come in, once everything around them has its styles.
_ROWS = re.compile("<!--rows ([0-9]+)-->")
_TOTAL = 'class="tt" '

# About as wide as a figure gets.
_FIGURE = "$1,234,567"

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Room:
    """How much of each kind a mail shows; None is all of it. ``detail`` is whether tables of detail have rows at all."""

    definitions: bool = True
    detail: bool = True
    rows: int | None = None
    items: int | None = None
    blocks: int | None = None
    sections: int | None = None
    characters: int | None = None


# From all to little; the last holds for any document there could be.
_BRIEF = Room(definitions=False, detail=False)
_ROOMS = (
    Room(),
    Room(definitions=False),
    _BRIEF,
    *(replace(_BRIEF, rows=rows) for rows in (40, 25, 15, 10, 6, 3)),
    replace(_BRIEF, rows=3, items=12, characters=600),
    replace(_BRIEF, rows=1, items=6, characters=240),
    replace(_BRIEF, rows=1, items=4, blocks=2, sections=12, characters=120),
    replace(_BRIEF, rows=0, items=2, blocks=1, sections=6, characters=80),
)


def render(document: Document, *, chart_cid: Callable[[str], str], frame: Frame | None = None) -> str:
    """Return the mail's HTML; ``chart_cid`` gives the content id of a chart's image by the chart's name.

    ``frame`` is the document's, where another form was made of it.

    The result is at most `LIMIT` bytes of UTF-8, whatever the document holds.
    """
    made, kept = _Mail(frame or Frame(document), chart_cid), ""
    low, high, rest = 0, len(_ROOMS) - 1, _USUAL_REST
    while True:
        # Rows are most of a mail, and their length is known before it is made.
        at = next((room for room in range(low, high) if made.rows_length(room) + rest <= LIMIT), high)
        if at == high and kept:
            at = high - 1
        html = made.mail(at)
        length = len(html.encode())
        rest = length - made.rows_length(at)
        if length <= LIMIT or at == len(_ROOMS) - 1:
            kept, high = html, at
            low = next((room for room in range(low, high) if made.may_hold(room, at, rest)), high)
        else:
            low = at + 1
        if low >= high and kept:
            return kept


def _finished(context: dict[str, Any], rows: Sequence[str]) -> str:
    sheet, head = _styles()
    body = render_to_string("mail/report.html", {**context, "css": mark_safe(sheet)})  # noqa: S308  # nosec
    # No style is written into a row, so that rows need not pass through the inliner: `report_head.css` has theirs.
    made = _inliner().inline(_tidy(body)).replace("<!--head-->", f"<style>{head}</style>", 1)
    return _ROWS.sub(lambda found: rows[int(found[1])], made)


def _tidy(markup: str) -> str:
    return "\n".join(line.strip() for line in markup.splitlines() if line.strip())


@functools.cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False, minify_css=True)


@functools.cache
def _styles() -> tuple[str, str]:
    folder = Path(settings.BASE_DIR) / "templates" / "mail"
    return (folder / "report.css").read_text(), (folder / "report_head.css").read_text().strip()


class _Mail:
    """One edition's values for the mail's templates, cut to a room, which may be changed from one trial to the next."""

    def __init__(self, frame: Frame, chart_cid: Callable[[str], str]) -> None:
        self.document = frame.document
        self.frame = frame
        # Kept for all trials: what is remembered of tables and rows is remembered by their identity.
        self.parts = self.frame.parts()
        self.chart_cid = chart_cid
        self.room = _ROOMS[0]
        self._bodies: list[str] = []
        self._rows: dict[tuple[int, bool, int | None], list[str]] = {}

    # Trials

    def mail(self, at: int) -> str:
        """Return the whole mail in a room."""
        self.room, self._bodies = _ROOMS[at], []
        return _finished(self.context(), self._bodies)

    def rows_length(self, at: int) -> int:
        """Return the bytes of all rows there is room for."""
        return sum(len("".join(self.rows(table)).encode()) for table in self._tables_in(at))

    def may_hold(self, at: int, smaller: int, rest: int) -> bool:
        """Tell whether a room may hold the mail, which has so many bytes beside its rows in a smaller one.

        The smaller one has less of everything, but for a sentence at each place that says what is left out.
        """
        if _ROOMS[smaller].items is not None:
            return True
        shown = {id(table): len(self.rows(table)) for table in self._tables_in(at)}
        fewer = {id(table): len(self.rows(table)) for table in self._tables_in(smaller)}
        said = 1 + sum(count > fewer.get(table, 0) for table, count in shown.items())
        return self.rows_length(at) + rest - said * (_SENTENCE + len(escape(self.document.url))) <= LIMIT

    def _tables_in(self, at: int) -> Iterator[Table]:
        self.room = _ROOMS[at]
        for part in self.sections(self.parts):
            # Tiles, findings and actions stand for the blocks of their parts, and definitions may be left out.
            if part.kind is Kind.ACTIONS and self.document.actions:
                continue
            if part.kind is Kind.DEFINITIONS and not self.room.definitions:
                continue
            yield from (block for block in part.blocks[: self.room.blocks] if isinstance(block, Table))

    # What is left out

    def cut(self, text: str) -> str:
        limit = self.room.characters
        return text if limit is None or len(text) <= limit else f"{text[: limit - 1]}…"

    def first(self, items: Sequence[Item], noun: str, plural: str = "") -> tuple[Sequence[Item], str]:
        """Return the items there is room for, and the sentence that says how many more there are."""
        limit = self.room.items
        if limit is None or len(items) <= limit:
            return items, ""
        return items[:limit], f"{count(len(items) - limit, f'more {noun}', plural and f'more {plural}')}."

    # The parts

    def context(self) -> dict[str, Any]:
        frame, head = self.frame, self.document.head
        parts = self.sections(self.parts)
        findings, findings_left = self.first(frame.findings(), "finding")
        actions, actions_left = self.first(frame.first_actions(), "action")
        tiles = [self.tile(tile) for tile in frame.tiles()[: 10 if self.room.items else None]]
        left = {Kind.FINDINGS: findings_left, Kind.ACTIONS: actions_left}
        total = sum(1 for part in self.parts if part.kind is Kind.SECTION)
        shown = sum(1 for part in parts if part.kind is Kind.SECTION)
        return {
            "title": self.cut(frame.title),
            "head": replace(head, title=self.cut(head.title), sample=self.cut(head.sample)),
            "url": self.document.url,
            "cut": bool(self.document.parts),
            "preheader": self.preheader(),
            "facts": [
                replace(fact, text=self.cut(fact.text), note=self.cut(fact.note)) for fact in frame.facts()
            ],
            "stale": self.cut(frame.stale()),
            "freshness": [(word, self.cut(sources)) for word, sources in frame.freshness(short=True)],
            "legend": frame.known(),
            "small_print": [self.cut(sentence) for sentence in frame.small_print()],
            "shortened": "" if self.room == Room() else _SHORTENED,
            "sections_left": f"{count(total - shown, 'more section')}." if total > shown else "",
            "parts": [{**self.part(part), "left": left.get(part.kind, "")} for part in parts],
            "tiles": [tiles[at : at + 2] for at in range(0, len(tiles), 2)],
            "actions": [
                {
                    "title": self.cut(a.title),
                    "owner": self.cut(a.owner),
                    "due": day(a.due_on),
                    "word": action_state(a),
                    "edge": _STATE_EDGES[a.state],
                }
                for a in actions
            ],
            "findings": [
                {
                    "word": SEVERITY_WORDS[f.severity],
                    "edge": "g" if f.status == "cleared" else _EDGES[f.severity],
                    "status": STATUS_WORDS.get(f.status, f.status),
                    "subject": self.cut(f.about or f.subject),
                    "title": self.cut(f.title),
                    "evidence": self.line(f.evidence),
                    "seen": day(f.first_seen_on),
                    "age": f.age_days,
                }
                for f in findings
            ],
        }

    def sections(self, parts: Sequence[Part]) -> list[Part]:
        limit = self.room.sections
        kept: list[Part] = []
        seen = 0
        for part in parts:
            seen += part.kind is Kind.SECTION
            if limit is None or part.kind is not Kind.SECTION or seen <= limit:
                kept.append(part)
        return kept

    def preheader(self) -> str:
        """Return what a mail program shows beside the subject: the headline's first words."""
        text = one_line(" ".join(self.frame.plain(line) for line in self.document.headline[:2]))
        return text if len(text) <= 150 else f"{text[:149]}…"

    def part(self, part: Part) -> dict[str, Any]:
        href = f"{self.document.url}#{part.anchor}"
        if part.kind is Kind.DEFINITIONS and not self.room.definitions and self.document.definitions:
            number = count(len(self.document.definitions), "definition")
            blocks = [
                {
                    "kind": "quiet",
                    "text": joined(
                        [f'{number}, left out here. <a href="{escape(href)}">See them on the page</a>.']
                    ),
                }
            ]
        else:
            shown = part.blocks[: self.room.blocks]
            blocks = [self.block(block, href) for block in shown]
            if len(shown) < len(part.blocks):
                more = count(len(part.blocks) - len(shown), "more block")
                blocks.append(
                    {
                        "kind": "quiet",
                        "text": joined(
                            [f'{more}, left out here. <a href="{escape(href)}">See the whole section</a>.']
                        ),
                    }
                )
        groups = []
        for group in part.groups:
            lines, left = self.first(group.lines, "line")
            groups.append({"title": group.title, "lines": [self.cut(line) for line in lines], "left": left})
        return {
            "kind": part.kind.value,
            "anchor": part.anchor,
            "title": self.cut(part.title),
            "lead": self.cut(part.lead),
            "blocks": blocks,
            "groups": groups,
        }

    def tile(self, tile: Any) -> dict[str, Any]:
        return {
            "label": self.cut(tile.label),
            "value": self.piece(replace(tile.value, mark="")),
            "missing": tile.value.missing,
            "prior": tile.prior and self.piece(tile.prior),
            "change": tile.change and not tile.change.missing and self.piece(replace(tile.change, mark="")),
            "target": tile.target and self.piece(tile.target),
            "tone": TONES[tile.tone] if tile.tone is not Tone.MUTED else "",
            "status": self.cut(tile.status),
            "badge": BADGE_WORDS[tile.badge],
        }

    # Text and figures

    def piece(self, piece: Piece) -> SafeString:
        text, tone = with_breaks(self.cut(piece.text)), TONES[piece.tone]
        if not piece.key:
            return joined([f'<span class="{tone}">{text}</span>']) if tone else markup.words(piece, text)
        mark = f'&nbsp;<span class="k">{escape(piece.mark)}</span>' if piece.mark else ""
        word = "x" if piece.missing else tone or "f"
        return joined([f'<a class="{word}" href="{escape(piece.href)}">{text}</a>{mark}'])

    def line(self, line: Line) -> SafeString:
        limit = None if self.room.items is None else self.room.items * 4
        pieces = self.frame.line(line)
        more = " …" if limit is not None and len(pieces) > limit else ""
        return joined([markup.line(pieces[:limit], self.piece), more])

    def block(self, block: Block, href: str) -> dict[str, Any]:
        match block:
            case Table():
                return self.table(block, href)
            case Chart():
                title, alt = self.cut(block.title), self.cut(block.alt)
                return {"kind": "chart", "title": title, "alt": alt, "cid": self.chart_cid(block.name)}
            case Para():
                return {"kind": "para", "text": self.line(block.line), "said": is_said(block.line)}
            case Bullets():
                shown, left = self.first(block.lines, "line")
                lines = [self.line(line) for line in shown]
                return {
                    "kind": "bullets",
                    "ordered": block.ordered,
                    "said": any(map(is_said, block.lines)),
                    "lines": lines,
                    "left": left,
                    "href": href,
                }
            case Note():
                kind = "quiet" if block.tone is Tone.MUTED else "note"
                return {"kind": kind, "tone": TONES[block.tone], "text": self.line(block.line)}

    def table(self, table: Table, href: str) -> dict[str, Any]:
        badges, _ = self.frame.grid(table)
        rows = self.rows(table)
        columns = self._columns(table)
        hidden = len(table.rows) - len(rows)
        self._bodies.append("".join(rows))
        return {
            "kind": "table",
            "title": self.cut(table.title),
            "columns": [
                {
                    "label": with_breaks(self.cut(column.label)),
                    "badge": badge,
                    "right": column.align is Align.RIGHT,
                }
                for column, badge in zip(columns, badges, strict=False)
            ],
            "stack": _needs_stacking(table),
            "dense": len(columns) > 4,
            "rows": joined([f"<!--rows {len(self._bodies) - 1}-->"]),
            "left": f"{count(hidden, 'more row')}." if hidden else "",
            "href": href,
            "note": self.cut(table.note),
            "empty": "" if table.rows else self.cut(table.empty),
        }

    def _columns(self, table: Table) -> Sequence[Column]:
        return table.columns[:12] if self.room.items is not None else table.columns

    def rows(self, table: Table) -> list[str]:
        """Return the rows there is room for: the first ones, and up to three totals."""
        limit = 0 if table.detail and not self.room.detail else self.room.rows
        if limit == 0 and not any(row.total for row in table.rows):
            return []
        # As made for an earlier trial with as many columns and characters, where there was one.
        key = (id(table), self.room.items is None, self.room.characters)
        if key not in self._rows:
            self._rows[key] = self._all_rows(table)
        made = self._rows[key]
        if limit is None:
            return made
        plain = [at for at, row in enumerate(table.rows) if not row.total][:limit]
        totals = [at for at, row in enumerate(table.rows) if row.total][:3]
        return [made[at] for at in sorted((*plain, *totals))]

    def _all_rows(self, table: Table) -> list[str]:
        badges, grid = self.frame.grid(table)
        stack = _needs_stacking(table)
        starts = [""]
        for column, badge in zip(self._columns(table)[1:], badges[1:], strict=False):
            known = f" ({badge})" if badge else ""
            words = with_breaks(self.cut(column.label))
            starts.append(f'<span class="l">{words}{known}: </span>' if stack else "")
        rights = [' align="right"' if column.align is Align.RIGHT else "" for column in table.columns]
        return [self.row(row, pieces, starts, rights) for row, pieces in zip(table.rows, grid, strict=True)]

    def row(self, row: Row, pieces: Sequence[Piece], starts: Sequence[str], rights: Sequence[str]) -> str:
        """Return a row as the inliner would write it, were there a style for any part of it."""
        cells = []
        for at, (piece, start, right) in enumerate(zip(pieces, starts, rights, strict=False)):
            inner = self.piece(piece)
            if at == 0:
                cells.append(f'<th scope="row" align="left">{inner}</th>')
            else:
                cells.append(f"<td{right}>{start if inner else ''}{inner}</td>")
        made = f'<tr {_TOTAL if row.total else ""}valign="top">{"".join(cells)}</tr>'
        return made if made.isprintable() else _tidy(made).replace("\xa0", "&nbsp;")


def _needs_stacking(table: Table) -> bool:
    """Tell whether a phone is too narrow for a table, so that its rows stand one cell below the other."""
    if len(table.columns) > 4:
        return True
    columns = [
        [_FIGURE if row.cells[at].figure else row.cells[at].text for row in table.rows if at < len(row.cells)]
        for at in range(len(table.columns))
    ]
    widest = [max(map(len, texts), default=0) for texts in columns]
    # What cannot be broken decides how narrow a column gets; the padding of a cell takes as much as two characters.
    words = [
        2 + max(len(word) for text in (column.label, *texts) for word in text.split(" "))
        for column, texts in zip(table.columns, columns, strict=True)
    ]
    return sum(min(width, 30) for width in widest) > 60 or sum(words) > 42
