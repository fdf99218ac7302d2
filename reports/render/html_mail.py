"""The edition as one HTML mail: tables, inlined styles, under the size at which mail programs cut it off.

Gmail shows about 102 KB of HTML and hides the rest behind a link, so a mail over `LIMIT` is shortened in
steps, tables first, and every place where something was left out says so and links to it. Images are PNG by
content id; the mail says everything without them, and without styles.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any, TypeVar

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

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
from reports.render import mail_styles, markup
from reports.render.frame import Frame, Piece
from reports.render.frame_parts import Kind, Part, day, is_said
from reports.render.mail_styles import styled, tag
from reports.render.markup import broken, joined
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
# Where a block comes in, once the frame around it has its styles.
_BODIES = re.compile("<!--([0-9]+)-->")
_TOTAL = 'class="tt" '
_SPECIAL = re.compile("[&<>\"']")

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


def _finished(context: dict[str, Any], bodies: Sequence[str]) -> str:
    """Return the whole mail: its frame with its styles, and in it what was made with its own."""
    top, body, rest = _tidy(render_to_string("mail/report.html", context)).partition("<body>")
    # Above its body there is text in the title alone.
    top = top.replace("&#x27;", "'").replace("&quot;", '"').replace("<!--head-->", mail_styles.head())
    return _BODIES.sub(lambda found: bodies[int(found[1])], top + styled(body + rest))


def _tidy(markup: str) -> str:
    return "\n".join(line.strip() for line in markup.splitlines() if line.strip())


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
        self._all: dict[tuple[int, bool, int | None], list[str]] = {}
        self._rows: dict[tuple[int, int | None, bool, int | None], tuple[list[str], int]] = {}
        self._stacked: dict[int, bool] = {}

    # Trials

    def mail(self, at: int) -> str:
        """Return the whole mail in a room."""
        self.room, self._bodies = _ROOMS[at], []
        return _finished(self.context(), self._bodies)

    def rows_length(self, at: int) -> int:
        """Return the bytes of all rows there is room for."""
        return sum(self._rows_in(table)[1] for table in self._tables_in(at))

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
            blocks = [_p("q", _left(f"{number}, left out here.", href))]
        else:
            shown = part.blocks[: self.room.blocks]
            blocks = [self.block(block, href) for block in shown]
            if len(shown) < len(part.blocks):
                more = count(len(part.blocks) - len(shown), "more block")
                blocks.append(_p("q", _left(f"{more}, left out here.", href, "See the whole section")))
        groups = []
        for group in part.groups:
            lines, left = self.first(group.lines, "line")
            groups.append({"title": group.title, "lines": [self.cut(line) for line in lines], "left": left})
        return {
            "kind": part.kind.value,
            "anchor": part.anchor,
            "title": self.cut(part.title),
            "lead": self.cut(part.lead),
            "blocks": [self.body(block) for block in blocks],
            "groups": groups,
        }

    def tile(self, tile: Any) -> dict[str, Any]:
        return {
            "label": self.cut(tile.label),
            "value": SafeString(self.piece(replace(tile.value, mark=""))),
            "missing": tile.value.missing,
            "prior": tile.prior and SafeString(self.piece(tile.prior)),
            "change": tile.change
            and not tile.change.missing
            and SafeString(self.piece(replace(tile.change, mark=""))),
            "target": tile.target and SafeString(self.piece(tile.target)),
            "tone": TONES[tile.tone] if tile.tone is not Tone.MUTED else "",
            "status": self.cut(tile.status),
            "badge": BADGE_WORDS[tile.badge],
        }

    # Text and figures

    def piece(self, piece: Piece) -> str:
        words, tone = broken(self.cut(piece.text)), TONES[piece.tone]
        if not piece.key:
            if tone:
                return f'<span class="{tone}">{words}</span>'
            return markup.words(piece, SafeString(words)) if piece.said else words
        mark = f'&nbsp;<span class="k">{escape(piece.mark)}</span>' if piece.mark else ""
        word = "x" if piece.missing else tone or "f"
        href = escape(piece.href) if _SPECIAL.search(piece.href) else piece.href
        return f'<a class="{word}" href="{href}">{words}</a>{mark}'

    def line(self, line: Line) -> SafeString:
        limit = None if self.room.items is None else self.room.items * 4
        pieces = self.frame.line(line)
        more = " …" if limit is not None and len(pieces) > limit else ""
        return joined([markup.line(pieces[:limit], self.piece), more])

    def body(self, made: str) -> SafeString:
        """Return the mark that a block, made with its styles, takes the place of in the end."""
        self._bodies.append(_as_written(made))
        return joined([f"<!--{len(self._bodies) - 1}-->"])

    def block(self, block: Block, href: str) -> str:
        match block:
            case Table():
                return self.table(block, href)
            case Chart():
                title, alt = text(self.cut(block.title)), escape(self.cut(block.alt)).replace("&#x27;", "'")
                cid = self.chart_cid(block.name)
                image = tag(f'<img class="img" src="cid:{cid}" alt="{alt}" width="440">')
                return _p("cap", title) + _p("", image)
            case Para():
                return _p("co" if is_said(block.line) else "", self.line(block.line))
            case Bullets():
                shown, left = self.first(block.lines, "line")
                name, item = "ol" if block.ordered else "ul", tag("<li>")
                lines = "".join(f"{item}{self.line(line)}</li>" for line in shown)
                made = f"{tag(f'<{name}>')}{lines}</{name}>"
                if any(map(is_said, block.lines)):
                    opening = tag('<div class="co">')
                    made = f"{opening}{made}</div>"
                return made + (_p("q", _left(left, href)) if left else "")
            case Note():
                tone = f"note n{TONES[block.tone]}" if TONES[block.tone] else "note"
                return _p("q" if block.tone is Tone.MUTED else tone, self.line(block.line))

    def table(self, table: Table, href: str) -> str:
        rows, title, note = self.rows(table), text(self.cut(table.title)), text(self.cut(table.note))
        if not table.rows:
            made = _p("cap", title) + _p("q", text(self.cut(table.empty)))
        else:
            badges, _ = self.frame.grid(table)
            columns = self._columns(table)
            starts = {aside: tag(f'<th scope="col" align="{aside}">') for aside in ("left", "right")}
            heads = "".join(
                f"{starts['right' if column.align is Align.RIGHT else 'left']}{broken(self.cut(column.label))}"
                + (f'<br><span class="k">{badge}</span></th>' if badge else "</th>")
                for column, badge in zip(columns, badges, strict=False)
            )
            dense = len(columns) > 4
            look = f"d{' st' if self._stacks(table) else ''}{' dn' if dense else ''}"
            opening = tag(f'<table class="{look}" cellpadding="{4 if dense else 6}" cellspacing="0">')
            caption = tag('<caption class="cap" align="left">')
            made = (
                f"{opening}{caption}{title}</caption><thead><tr>{heads}</tr></thead>"
                f"<tbody>{''.join(rows)}</tbody></table>"
            )
        hidden = len(table.rows) - len(rows)
        if hidden:
            made += _p("q", _left(f"{count(hidden, 'more row')}.", href))
        return made + (_p("q", note) if note else "")

    def _columns(self, table: Table) -> Sequence[Column]:
        return table.columns[:12] if self.room.items is not None else table.columns

    def rows(self, table: Table) -> list[str]:
        """Return the rows there is room for: the first ones, and up to three totals."""
        return self._rows_in(table)[0]

    def _rows_in(self, table: Table) -> tuple[list[str], int]:
        """Return the rows there is room for, and their bytes, as of an earlier trial with as much room."""
        limit = 0 if table.detail and not self.room.detail else self.room.rows
        key = (id(table), limit, self.room.items is None, self.room.characters)
        if key not in self._rows:
            rows = self._first_rows(table, limit)
            made = "".join(rows)
            self._rows[key] = rows, len(made) if made.isascii() else len(made.encode())
        return self._rows[key]

    def _first_rows(self, table: Table, limit: int | None) -> list[str]:
        if limit == 0 and not any(row.total for row in table.rows):
            return []
        key = (id(table), self.room.items is None, self.room.characters)
        if key not in self._all:
            self._all[key] = self._all_rows(table)
        made = self._all[key]
        if limit is None:
            return made
        plain = [at for at, row in enumerate(table.rows) if not row.total][:limit]
        totals = [at for at, row in enumerate(table.rows) if row.total][:3]
        return [made[at] for at in sorted((*plain, *totals))]

    def _stacks(self, table: Table) -> bool:
        if id(table) not in self._stacked:
            self._stacked[id(table)] = _needs_stacking(table)
        return self._stacked[id(table)]

    def _all_rows(self, table: Table) -> list[str]:
        badges, grid = self.frame.grid(table)
        stack = self._stacks(table)
        starts = [""]
        for column, badge in zip(self._columns(table)[1:], badges[1:], strict=False):
            known = f" ({badge})" if badge else ""
            words = broken(self.cut(column.label))
            starts.append(f'<span class="l">{words}{known}: </span>' if stack else "")
        rights = ['<td align="right">' if column.align is Align.RIGHT else "<td>" for column in table.columns]
        return [self.row(row, pieces, starts, rights) for row, pieces in zip(table.rows, grid, strict=True)]

    def row(self, row: Row, pieces: Sequence[Piece], starts: Sequence[str], opens: Sequence[str]) -> str:
        """Return a row as the inliner would write it, were there a style for any part of it."""
        cells: list[str] = []
        for piece, start, opening in zip(pieces, starts, opens, strict=False):
            inner = self.piece(piece)
            if cells:
                cells.append(f"{opening}{start if inner else ''}{inner}</td>")
            else:
                cells.append(f'<th scope="row" align="left">{inner}</th>')
        return _as_written(f'<tr {_TOTAL if row.total else ""}valign="top">{"".join(cells)}</tr>')


def _as_written(made: str) -> str:
    """Return markup of lines without spaces around them, as the frame is."""
    return made if made.isprintable() else _tidy(made).replace("\xa0", "&nbsp;")


def _p(look: str, made: str) -> str:
    opening = tag(f'<p class="{look}">' if look else "<p>")
    return f"{opening}{made}</p>"


def _left(said: str, href: str, words: str = "See them on the page") -> str:
    """Return the sentence that says what is left out, and the link to it."""
    return f'{said} <a href="{escape(href)}">{words}</a>.'


def text(words: str) -> str:
    """Return text between tags, where quotation marks are only what they are."""
    return escape(words, quote=False)


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
