"""The edition as plain text for readers and mail programs without HTML: 78 columns, aligned, nothing lost.

Tables stand in columns where these fit and as one record after the other where they do not. The key figures
carry footnotes with the address of their trace.
"""

import functools
import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, groupby
from operator import gt

from reports.document import Align, Block, Bullets, Chart, Document, Line, Note, Para, Table, Tone
from reports.render.frame import Frame, Piece, Tile
from reports.render.frame_parts import Kind, Part, Said, day, with_address
from reports.render.words import BADGE_WORDS, SEVERITY_WORDS, STATUS_WORDS, count

WIDTH = 78
GAP = 2
# A column of text narrower than its words, up to this length, reads as a ladder; records read better then.
_LONGEST_WORD = 28
# Any character but Latin letters, common signs, arrows and mathematical ones, which take one column each.
_PERHAPS_WIDE = re.compile("[^\0-\xac\xae-\u02ff\u03a3-\u03ff\u2010-\u2027\u2030-\u205e\u2190-\u2319]")
_SIGNS = {Tone.BAD: "!! ", Tone.WARN: "! "}


def render(document: Document, *, frame: Frame | None = None) -> str:
    """Return the whole edition as text; lines are at most 78 columns but for addresses and unbroken words.

    ``frame`` is the document's, where another form was made of it.
    """
    frame = frame or Frame(document)
    notes: list[str] = []
    lines = [*_head(frame)]
    for part in frame.parts():
        lines += ["", "", *_heading(part.title, "-"), *_part(part, frame, notes)]
    if small := frame.small_print():
        lines += ["", "", *_heading("Sources and books", "-"), *_sentences(small)]
    lines += ["", "", *_heading("Where to look further", "-"), *_foot(document, notes)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


@functools.lru_cache(maxsize=8192)
def width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if not _PERHAPS_WIDE.search(text):
        return len(text)
    return sum(
        0
        if unicodedata.combining(char) or unicodedata.category(char) == "Cf"
        else 2
        if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in text
    )


# Parts


def _head(frame: Frame) -> Iterator[str]:
    head = frame.document.head
    yield from _heading(head.title, "=")
    yield ""
    for fact in frame.facts():
        note = f" ({fact.note})" if fact.note else ""
        yield from _hanging(f"{fact.label + ':':<14}", f"{fact.text}{note}")
    for sentence in (head.sample, frame.stale()):
        if sentence:
            yield ""
            yield from _wrapped(sentence)
    if frame.document.parts:
        yield ""
        yield from _wrapped("This is the edition in brief; what else it has is named at the end.")
    yield ""
    for word, sources in frame.freshness(short=True):
        yield from _wrapped(f"{word}: {sources}")
    yield ""
    yield from _wrapped(frame.known())


def _part(part: Part, frame: Frame, notes: list[str]) -> Iterator[str]:
    if part.lead:
        yield from _wrapped(part.lead)
        yield ""
    if part.kind is Kind.KPIS and frame.document.kpis:
        yield from _tiles(frame.tiles(), notes)
    elif part.kind is Kind.FINDINGS and frame.document.findings:
        yield from _findings(frame)
    for place, block in enumerate(part.blocks):
        if place:
            yield ""
        yield from _block(block, frame)
    for place, group in enumerate(part.groups):
        if place or part.blocks or not part.lead:
            yield ""
        yield f"{group.title}:"
        for line in group.lines:
            yield from _hanging("- ", line)


def _tiles(tiles: Iterable[Tile], notes: list[str]) -> Iterator[str]:
    for tile in tiles:
        notes.append(tile.value.href)
        badge = "" if tile.value.missing else f" ({BADGE_WORDS[tile.badge]})"
        yield from _hanging(f"[{len(notes)}] ".rjust(5), f"{tile.label}: {tile.value.text}{badge}")
        facts = [
            f"{word} {piece.text}{' ' + piece.mark if piece.mark else ''}"
            for word, piece in (("change", tile.change), ("before", tile.prior), ("target", tile.target))
            if piece is not None
        ]
        if tile.status:
            facts.append(f"{_SIGNS.get(tile.tone, '')}{tile.status}")
        if facts:
            yield from _hanging("     ", "; ".join(facts))


def _findings(frame: Frame) -> Iterator[str]:
    for place, finding in enumerate(frame.findings()):
        if place:
            yield ""
        status = STATUS_WORDS.get(finding.status, finding.status).lower()
        yield from _hanging(
            "",
            f"{SEVERITY_WORDS[finding.severity].upper()}, {status}: {finding.title} ({finding.about or finding.subject})",
        )
        if finding.evidence:
            yield from _hanging("    ", frame.plain(finding.evidence))
        yield f"    First seen {day(finding.first_seen_on)}, age {count(finding.age_days, 'day')}."


def _block(block: Block, frame: Frame) -> Iterator[str]:
    match block:
        case Table():
            yield from _table(block, frame)
        case Chart():
            yield from _hanging("Chart: ", f"{block.title}. {block.alt}")
        case Para():
            yield from _wrapped(_plain(block.line, frame))
        case Bullets():
            for number, line in enumerate(block.lines, 1):
                yield from _hanging(f"{number}. " if block.ordered else "- ", _plain(line, frame))
        case Note():
            yield from _hanging(_SIGNS.get(block.tone, ""), _plain(block.line, frame))


def _foot(document: Document, notes: Sequence[str]) -> Iterator[str]:
    yield "This edition, with every figure linked to its formula and its records:"
    yield f"  {document.url}"
    yield "As a PDF:"
    yield f"  {document.url}report.pdf"
    if notes:
        yield ""
        yield "The traces of the key figures:"
        for number, href in enumerate(notes, 1):
            yield f"{f'[{number}] '.rjust(5)}{href}"


def _sentences(sentences: Iterable[str]) -> Iterator[str]:
    for place, sentence in enumerate(sentences):
        if place:
            yield ""
        yield from _wrapped(sentence)


# Tables


def _table(table: Table, frame: Frame) -> Iterator[str]:
    yield from _wrapped(table.title)
    if not table.rows:
        yield from _hanging("  ", table.empty)
        return
    badges, grid = frame.grid(table)
    heads = [
        _flat(f"{column.label} ({badge})" if badge else column.label)
        for column, badge in zip(table.columns, badges, strict=True)
    ]
    rows = [[_flat(f"{piece.text} {piece.mark}") for piece in pieces] for pieces in grid]
    right = [column.align is Align.RIGHT for column in table.columns]
    every = " ".join(chain(heads, *rows))
    measure = width if _PERHAPS_WIDE.search(every) else len
    widths = _widths(heads, rows, right, measure)
    if widths is None:
        yield from _records(heads, rows)
    else:
        rule = (" " * GAP).join("-" * wide for wide in widths)
        yield ""
        yield from _aligned(heads, widths, right, measure)
        yield rule
        for row, cells in zip(table.rows, rows, strict=True):
            if row.total:
                yield rule
            yield from _aligned(cells, widths, right, measure)
    if table.note:
        yield ""
        yield from _wrapped(table.note)


def _widths(
    heads: list[str], rows: list[list[str]], right: list[bool], measure: Callable[[str], int]
) -> list[int] | None:
    """Return the columns' widths, text columns narrowed to fit the page; None where they cannot be."""
    columns = list(zip(heads, *rows, strict=True))
    natural = [max(map(measure, column)) for column in columns]
    spare = WIDTH - GAP * (len(natural) - 1) - sum(natural)
    if spare >= 0:
        return natural
    # Numbers keep their width. The widest text columns give way first, down to the width that fits.
    texts = [at for at, aside in enumerate(right) if not aside]
    room = sum(natural[at] for at in texts) + spare
    for place, at in enumerate(sorted(texts, key=lambda at: natural[at])):
        share = room // (len(texts) - place)
        natural[at] = min(natural[at], share)
        room -= natural[at]
    too_narrow = any(
        natural[at] < min(_LONGEST_WORD, max(map(measure, set(" ".join(columns[at]).split(" ")))))
        for at in texts
    )
    return None if not texts or too_narrow or room < 0 else natural


def _aligned(
    cells: list[str], widths: list[int], right: list[bool], measure: Callable[[str], int]
) -> list[str]:
    taken = list(map(measure, cells))
    if not any(map(gt, taken, widths)):  # Most rows take one line.
        line = [
            f"{' ' * (wide - took)}{text}" if aside else f"{text}{' ' * (wide - took)}"
            for text, took, wide, aside in zip(cells, taken, widths, right, strict=True)
        ]
        return [(" " * GAP).join(line).rstrip()]
    columns = [
        _folded(text, wide) if took > wide else [text]
        for text, took, wide in zip(cells, taken, widths, strict=True)
    ]
    lines = []
    for at in range(max(map(len, columns))):
        line = []
        for column, wide, aside in zip(columns, widths, right, strict=True):
            text = column[at] if at < len(column) else ""
            room = " " * (wide - measure(text))
            line.append(room + text if aside else text + room)
        lines.append((" " * GAP).join(line).rstrip())
    return lines


def _records(heads: list[str], rows: list[list[str]]) -> Iterator[str]:
    for row in rows:
        yield ""
        yield from _wrapped(row[0] or heads[0])
        for head, text in zip(heads[1:], row[1:], strict=True):
            if text:
                yield from _hanging(f"  {head}: ", text, indent=4)


# Lines


def _plain(line: Line, frame: Frame) -> str:
    """Return a line of cells; words of a commentary stand as mail in plain text has it: *strong*, _emphasis_, `code`."""
    pieces = frame.line(line)
    if not any(isinstance(cell, Said) for cell in line):
        return frame.plain(line)
    return "".join(
        with_address("".join(_set_apart(list(run))), href)
        for href, run in groupby(pieces, key=lambda piece: "" if piece.key else piece.href)
    )


def _set_apart(pieces: Sequence[Piece]) -> Iterator[str]:
    """Yield the words of pieces, a sign before the first and behind the last that is strong, and so on."""
    signs = (("*", "strong"), ("_", "emphasis"), ("`", "code"))
    open_signs: list[str] = []
    for piece in (*pieces, Piece("")):
        wanted = [sign for sign, name in signs if getattr(piece, name)]
        kept = 0
        while kept < min(len(open_signs), len(wanted)) and open_signs[kept] == wanted[kept]:
            kept += 1
        yield from reversed(open_signs[kept:])
        yield from wanted[kept:]
        yield piece.text
        open_signs = wanted


def _flat(text: str) -> str:
    return " ".join(text.split())


def _heading(title: str, rule: str) -> list[str]:
    lines = _folded(_flat(title), WIDTH)
    return [*lines, rule * min(WIDTH, max(map(width, lines)))]


def _wrapped(text: str) -> list[str]:
    return _folded(_flat(text), WIDTH)


def _hanging(lead: str, text: str, *, indent: int | None = None) -> list[str]:
    """Return text after a lead, its further lines indented below its first, or by ``indent``."""
    flat = _flat(text)
    if len(lead) + len(flat) <= WIDTH and len(lead) <= WIDTH // 2 and lead.isascii() and flat.isascii():
        return [lead + flat]
    if width(lead) > WIDTH // 2:
        # The lead itself is long, as a column's name can be: it gets lines of its own.
        return [*_wrapped(lead), *(f"    {line}" for line in _folded(flat, WIDTH - 4))]
    hang = width(lead) if indent is None else indent
    first = _folded(flat, WIDTH - width(lead))
    if indent is None or len(first) == 1:
        return [lead + first[0], *(" " * hang + line for line in first[1:])]
    rest = " ".join(first[1:])
    return [lead + first[0], *(" " * hang + line for line in _folded(rest, WIDTH - hang))]


def _folded(text: str, wide: int) -> list[str]:
    """Fold text to a width in columns, between words where it can; it is never empty."""
    # Never under one: a line that may hold nothing would be folded for ever.
    wide = max(wide, 1)
    if width(text) <= wide:
        return [text]
    if text.isascii():
        return _between_words(text, wide) or textwrap.wrap(text, wide, break_on_hyphens=False) or [""]
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width(longer) <= wide:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while width(line) > wide:
            cut = _cut(line, wide)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line] if line or not lines else lines


def _between_words(text: str, wide: int) -> list[str]:
    """Fold text whose words are parted by single spaces, each as long as its characters; nothing where a word is too long."""
    lines, start = [], 0
    while len(text) - start > wide:
        end = text.rfind(" ", start, start + wide + 1)
        if end < 0:
            return []
        lines.append(text[start:end])
        start = end + 1
    return [*lines, text[start:]]


def _cut(text: str, wide: int) -> int:
    """Return how many characters, at least one, fit a width."""
    taken = 0
    for at, char in enumerate(text):
        taken += width(char)
        if taken > wide:
            return max(at, 1)
    return len(text)
