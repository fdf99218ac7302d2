"""The edition as a PDF by Typst: tagged (PDF/UA-1), with contents, page numbers and repeated table heads.

The template is `typst/report.typ`, set by `core.press`; words go in as JSON, so user text stays text. The same
document gives the same bytes: the date is the document's as-of date and only shipped fonts are used.
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core import press
from core.press import Words
from reports.document import Align, Block, Bullets, Chart, Document, Line, Note, Para, Severity, Table, Tone
from reports.render.charts import on_paper
from reports.render.columns import lines, split
from reports.render.frame import Frame, Piece
from reports.render.frame_parts import Part, day, is_said
from reports.render.words import BADGE_WORDS, SEVERITY_WORDS, STATUS_WORDS, count, one_line

TEMPLATE = Path(__file__).resolve().parent / "typst" / "report.typ"
_SEVERITY_TONES = {
    Severity.CRITICAL: "bad",
    Severity.HIGH: "warn",
    Severity.MEDIUM: "warn",
    Severity.LOW: "",
}


class PdfError(RuntimeError):
    """A document that could not be set as a PDF."""


def render(document: Document, *, charts: Mapping[str, bytes]) -> bytes:
    """Return the edition as PDF bytes; ``charts`` holds each chart's SVG file by the chart's name.

    Raises:
        PdfError: Typst refused the document, with its reason.
    """
    return prepare(document, charts=charts)()


def prepare(
    document: Document, *, charts: Mapping[str, bytes], frame: Frame | None = None
) -> Callable[[], bytes]:
    """Return what is left to do of `render` once all is said that is to be set; another thread may do it.

    ``frame`` is the document's, where another form is made of it.
    """
    words = Words()
    edition = values(frame or Frame(document), words)
    drawn = {name: on_paper(drawing, words) for name, drawing in charts.items()}
    midnight = dt.datetime.combine(document.head.as_of, dt.time(), tzinfo=dt.UTC)
    inputs = {"edition": json.dumps(edition), "charts": json.dumps(drawn)}

    def set_pages() -> bytes:
        try:
            return press.set_pdf(template=TEMPLATE, inputs=inputs, at=midnight)
        except press.PressError as error:
            raise PdfError(f"Typst could not set {one_line(document.head.title)!r}: {error}") from error

    return set_pages


# The document as plain values


def values(frame: Frame, words: Words) -> dict[str, Any]:
    """Return an edition as the plain values that its template sets."""
    document, head = frame.document, frame.document.head
    front = {
        "short": words(one_line(f"Edition {document.number}, {head.period}, as of {day(head.as_of)}")),
        "facts": [
            {"label": fact.label, "text": words(fact.text), "note": words(fact.note)}
            for fact in frame.facts()
        ],
        "sample": words(head.sample),
        "stale": words(frame.stale()),
        "freshness": [(word, words(sources)) for word, sources in frame.freshness()],
        "legend": words(f"{frame.legend()} Every figure links to its formula and the records behind it."),
        # How many lines each part takes in the contents, beside its page.
        "contents": [lines(_title(part.title, words), size=8.6, width=215) for part in frame.parts()],
    }
    printed = {
        "title": words(frame.title),
        "foot": words(one_line(document.url)),
        "description": words(one_line(f"{head.entities}, {head.period}, as of {day(head.as_of)}")),
        "date": [head.as_of.year, head.as_of.month, head.as_of.day],
        "head": {"title": _title(head.title, words)},
        "front": front,
    }
    body = {
        "parts": [_part(part, frame, words) for part in frame.parts()],
        "tiles": [
            {
                "label": words(tile.label),
                "value": _piece(tile.value, words, marked=False),
                "missing": tile.value.missing,
                "facts": [
                    (word, _piece(piece, words))
                    for word, piece in (
                        ("Change", tile.change),
                        ("Before", tile.prior),
                        ("Target", tile.target),
                    )
                    if piece is not None
                ],
                "tone": tile.tone.value or "muted",
                "status": words(tile.status),
                "badge": "" if tile.value.missing else BADGE_WORDS[tile.badge].capitalize(),
            }
            for tile in frame.tiles()
        ],
        "findings": [
            {
                "severity": SEVERITY_WORDS[f.severity],
                "tone": "good" if f.status == "cleared" else _SEVERITY_TONES[f.severity],
                "status": STATUS_WORDS.get(f.status, f.status).lower(),
                "subject": words(f.about or f.subject),
                "seen": day(f.first_seen_on),
                "age": count(f.age_days, "day"),
                "title": words(f.title),
                "evidence": _line(f.evidence, frame, words),
            }
            for f in frame.findings()
        ],
    }
    # Last, for only now all words have been looked at.
    return {**printed, "body": {**body, "unshown": _unshown(words.unshown)}}


def _unshown(characters: set[str]) -> str:
    if not characters:
        return ""
    number = count(len(characters), "character")
    return f"{number} of this text that the typeface does not have stand as code points, such as [U+4E00]."


def _title(text: str, words: Words) -> str:
    """Return text for a heading or an image, which PDF/UA does not let be empty."""
    return one_line(words(text)) or "Untitled"


def _part(part: Part, frame: Frame, words: Words) -> dict[str, Any]:
    blocks = [made for block in part.blocks for made in _blocks(block, frame, words)]
    return {
        "kind": part.kind.value,
        "title": _title(part.title, words),
        "lead": words(part.lead),
        "blocks": blocks,
        "groups": [
            {"title": group.title, "lines": [words(line) for line in group.lines]} for group in part.groups
        ],
    }


# A piece as its template takes it: what is only words is nothing but a text.
Printed = str | dict[str, Any]


def _piece(piece: Piece, words: Words, *, marked: bool = True) -> Printed:
    text = words(piece.text)
    if piece.said:
        return {
            "text": text,
            "href": piece.href,
            "strong": piece.strong,
            "emphasis": piece.emphasis,
            "code": piece.code,
        }
    if not piece.href and not piece.tone:
        return text
    return {
        "text": text,
        "tone": piece.tone.value,
        "href": piece.href,
        "mark": piece.mark if marked else "",
        "missing": piece.missing,
    }


def _fit(piece: Piece, words: Words) -> Piece:
    """Return a piece whose text is fit for paper, most often the same."""
    text = words(piece.text)
    return piece if text == piece.text else replace(piece, text=text)


def _cell(piece: Piece) -> str | tuple[str, str, str, str]:
    """Return a cell whose text is fit for paper: its words alone, or these, how they look, their link and their mark."""
    look = "missing" if piece.missing else piece.tone.value
    if not (look or piece.href or piece.mark):
        return piece.text
    return piece.text, look, piece.href, piece.mark


def _line(line: Line, frame: Frame, words: Words) -> list[Printed]:
    return [_piece(piece, words) for piece in frame.line(line)]


def _blocks(block: Block, frame: Frame, words: Words) -> list[dict[str, Any]]:
    return _tables(block, frame, words) if isinstance(block, Table) else [_block(block, frame, words)]


def _block(block: Bullets | Chart | Note | Para, frame: Frame, words: Words) -> dict[str, Any]:
    match block:
        case Chart():
            return {
                "kind": "chart",
                "name": block.name,
                "title": words(block.title),
                "alt": _title(block.alt, words),
            }
        case Para():
            kind = "commentary" if is_said(block.line) else "para"
            return {"kind": kind, "line": _line(block.line, frame, words)}
        case Bullets():
            lines = [_line(line, frame, words) for line in block.lines]
            said = any(map(is_said, block.lines))
            return {"kind": "bullets", "ordered": block.ordered, "lines": lines, "said": said}
        case Note():
            kind = "quiet" if block.tone is Tone.MUTED else "note"
            return {"kind": kind, "tone": block.tone.value, "line": _line(block.line, frame, words)}


def _tables(table: Table, frame: Frame, words: Words) -> list[dict[str, Any]]:
    """Return a table, in as many parts as its columns need to stand side by side."""
    badges, cells = frame.grid(table)
    rows = [[_fit(piece, words) for piece in line] for line in cells]
    columns = [replace(column, label=words(column.label)) for column in table.columns]
    parts = split(columns, badges, rows, totals=[row.total for row in table.rows])
    title, note = words(table.title), words(table.note)
    return [
        {
            "kind": "table",
            "title": f"{title}, part {number} of {len(parts)}" if len(parts) > 1 else title,
            "size": layout.size,
            "gutter": layout.gutter,
            "head": layout.head,
            "columns": [
                (columns[at].label, badges[at], width, columns[at].align is Align.RIGHT)
                for at, width in zip(places, layout.widths, strict=True)
            ],
            "rows": [
                (taken, row.total, [_cell(line[at]) for at in places if at < len(line)])
                for row, line, taken in zip(table.rows, rows, layout.lines, strict=True)
            ],
            "note": note if number == len(parts) else "",
            "empty": words(table.empty),
        }
        for number, (places, layout) in enumerate(parts, 1)
    ]
