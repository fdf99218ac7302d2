"""The edition as HTML for its page in the portal: semantic, no inline style, no script.

The page around it (navigation, downloads) belongs to `reports.web`; the classes are those of docs/design.md.
Links keep to the edition's path, so they hold whichever name the site was opened by.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString

from reports.document import (
    Align,
    Badge,
    Block,
    Bullets,
    Chart,
    Document,
    Line,
    Note,
    Para,
    Table,
    Tone,
)
from reports.render import charts, markup
from reports.render.frame import Frame, Piece
from reports.render.frame_parts import day, is_said
from reports.render.markup import joined, with_breaks
from reports.render.words import BADGE_WORDS, SEVERITY_WORDS, STATUS_WORDS, action_state

TONES = {Tone.PLAIN: "", Tone.GOOD: "good", Tone.WARN: "watch", Tone.BAD: "bad", Tone.MUTED: "muted"}
_STATUS_PILLS = {"new": "new", "open": "open", "cleared": "resolved"}
_CALLOUTS = {Tone.PLAIN: "info", Tone.GOOD: "good", Tone.WARN: "watch", Tone.BAD: "bad"}


def render(document: Document, *, drawings: Mapping[str, str] | None = None) -> SafeString:
    """Return the edition as one ``<article>``; every figure in it links to its trace.

    ``drawings`` are its charts as `charts.draw` made them, by name. A chart among them stands in the page itself, so
    it is set in the page's own fonts and turns to the night colours of `static/css/reports.css`; any other is an
    image of its address.
    """
    page = _Page(document, drawings or {})
    return render_to_string("reports/document/edition.html", page.context())


class _Page:
    """One edition's values for the templates; text is escaped here or by the templates' own escaping."""

    def __init__(self, document: Document, drawings: Mapping[str, str]) -> None:
        self.document = document
        self.drawings = drawings
        self.frame = Frame(document, base=Frame.path_of(document))

    def context(self) -> dict[str, Any]:
        frame = self.frame
        return {
            "head": self.document.head,
            "number": self.document.number,
            "facts": frame.facts(),
            "stale": frame.stale(),
            "sources": self.table(frame.sources()),
            "legend": frame.known(),
            "books": frame.books(),
            "parts": [
                {
                    "kind": part.kind.value,
                    "anchor": part.anchor,
                    "title": part.title,
                    "lead": part.lead,
                    "blocks": [self.block(block) for block in part.blocks],
                    "groups": part.groups,
                }
                for part in frame.parts()
            ],
            "actions": [
                {
                    "title": a.title,
                    "owner": a.owner,
                    "due": day(a.due_on),
                    "state": a.state,
                    "word": action_state(a),
                    "source": a.finding,
                }
                for a in frame.first_actions()
            ],
            "tiles": [
                {
                    "label": tile.label,
                    "value": self.piece(replace(tile.value, mark="")),
                    "missing": tile.value.missing,
                    "prior": tile.prior and self.piece(tile.prior),
                    "change": tile.change and self.piece(replace(tile.change, mark="")),
                    "target": tile.target and self.piece(tile.target),
                    "tone": TONES[tile.tone],
                    "status": tile.status,
                    "badge": _provenance(tile.badge, BADGE_WORDS[tile.badge].capitalize()),
                }
                for tile in frame.tiles()
            ],
            "findings": [
                {
                    "severity": f.severity.value,
                    "word": SEVERITY_WORDS[f.severity],
                    "bars": range(4),
                    "on": {"low": 1, "medium": 2, "high": 3, "critical": 4}[f.severity.value],
                    "status": STATUS_WORDS.get(f.status, f.status),
                    "pill": _STATUS_PILLS.get(f.status, ""),
                    "cleared": f.status == "cleared",
                    "title": f.title,
                    "subject": f.about or f.subject,
                    "evidence": self.line(f.evidence),
                    "seen": day(f.first_seen_on),
                    "age": f.age_days,
                }
                for f in frame.findings()
            ],
        }

    def piece(self, piece: Piece) -> SafeString:
        text = with_breaks(piece.text)
        tone = TONES[piece.tone]
        if not piece.key:
            return joined([f'<span class="tone-{tone}">{text}</span>']) if tone else markup.words(piece, text)
        words = ["traced", *(["missing"] if piece.missing else [f"tone-{tone}"] if tone else [])]
        badge = "" if piece.missing else f"{piece.badge.capitalize()}: "
        mark = f"\N{NO-BREAK SPACE}{_provenance_mark(piece)}" if piece.mark else ""
        return joined(
            [
                f'<a class="{" ".join(words)}" href="{escape(piece.href)}"',
                f' title="{badge}how this figure comes about">{text}</a>{mark}',
            ]
        )

    def line(self, line: Line) -> SafeString:
        return markup.line(self.frame.line(line), self.piece)

    def block(self, block: Block) -> dict[str, Any]:
        match block:
            case Table():
                return self.table(block)
            case Chart():
                return self.chart(block)
            case Para():
                return {"kind": "para", "text": self.line(block.line), "said": is_said(block.line)}
            case Bullets():
                lines = [self.line(line) for line in block.lines]
                said = any(map(is_said, block.lines))
                return {"kind": "bullets", "ordered": block.ordered, "lines": lines, "said": said}
            case Note():
                kind = "quiet" if block.tone is Tone.MUTED else "note"
                return {"kind": kind, "tone": _CALLOUTS.get(block.tone, ""), "text": self.line(block.line)}

    def table(self, table: Table) -> dict[str, Any]:
        right = [column.align is Align.RIGHT for column in table.columns]
        badges, grid = self.frame.grid(table)
        heads = [
            joined(
                [with_breaks(column.label), f' <span class="mark mark--head">{badge}</span>' if badge else ""]
            )
            for column, badge in zip(table.columns, badges, strict=True)
        ]
        labels = [
            escape(f"{column.label} ({badge})" if badge else column.label)
            for column, badge in zip(table.columns, badges, strict=True)
        ]
        rows = []
        for row, pieces in zip(table.rows, grid, strict=True):
            cells = [self.cell(piece, right[at], labels[at], head=at == 0) for at, piece in enumerate(pieces)]
            rows.append(f"<tr{' class=total' if row.total else ''}>{''.join(cells)}</tr>")
        return {
            "kind": "table",
            "title": table.title,
            "columns": [{"label": label, "right": aside} for label, aside in zip(heads, right, strict=True)],
            "rows": joined(rows),
            "count": len(rows),
            "note": table.note,
            "form": _form(table),
            "empty": "" if table.rows else table.empty,
        }

    def cell(self, piece: Piece, right: bool, label: str, *, head: bool) -> str:
        inner = self.piece(piece)
        if head:
            return f'<th scope="row"><span>{inner}</span></th>'
        if not inner:
            return "<td></td>"
        number = ' class="num"' if right else ""
        # One element inside, for on a phone the cell is a grid of its label and its content.
        return f'<td{number} data-label="{label}"><span>{inner}</span></td>'

    def chart(self, chart: Chart) -> dict[str, Any]:
        columns, rows = charts.numbers(chart.spec)
        drawing = self.drawings.get(chart.name, "")
        width, height = charts.size(drawing.encode() or charts.draw(chart))
        return {
            "kind": "chart",
            "title": chart.title,
            "alt": chart.alt,
            "svg": SafeString(drawing),
            "src": f"{self.frame.base}charts/{quote(chart.name, safe='')}",
            "width": width,
            "height": height,
            "columns": columns,
            "rows": rows,
        }


def _form(table: Table) -> str:
    """Return how a phone shows a table: figures to compare scroll sideways, records become cards, else nothing."""
    beside = [column.align is Align.RIGHT for column in table.columns[1:]]
    if len(beside) > 1 and sum(beside) > len(beside) / 2:
        return "scroll"
    return "stack" if len(beside) > 2 or _is_wordy(table) else ""


def _is_wordy(table: Table) -> bool:
    """Tell whether a table of few columns still needs a phone's whole width for each row."""
    texts = [cell.text for row in table.rows for cell in row.cells] + [
        column.label for column in table.columns
    ]
    return any(len(text) > 36 or any(len(word) > 16 for word in text.split()) for text in texts)


def _provenance(badge: Badge, word: str) -> SafeString:
    return joined([f'<span class="provenance provenance--{badge.value}">{escape(word)}</span>'])


def _provenance_mark(piece: Piece) -> str:
    return f'<abbr class="mark" title="{escape(piece.badge)}">{escape(piece.mark)}</abbr>'
