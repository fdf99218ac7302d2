"""How a table of an edition shares out the width of its sheet, and how many lines each of its rows takes.

Worked out here once, for the press would try each column and each row of which it is not told, cell by cell. Lengths are
in points; the text is that of `typst/edition.typ`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.typefaces import Typeface, face
from reports.document import Align, Column
from reports.render.frame import Piece

# The sheet between its margins, and the measure of charts, which a table of few words has too.
SHEET = 509.0
SMALL = 340.0
GUTTER = 11.0
SIZES = (8.4, 7.6, 6.8)
MARK = 0.78
BADGE = 0.85
# Texts up to this length stand on one line: dates, names, states.
_WHOLE = 66.0
# Left over in a cell, so that two letters that stand further apart than most never make a line more.
_SPARE = 0.6

_REGULAR, _BOLD, _LABEL = "IBMPlexSans-Regular", "IBMPlexSans-SemiBold", "IBMPlexSansCondensed-Medium"


@dataclass(frozen=True, slots=True)
class Layout:
    """The size of a table's text, each column's width, and the lines that its head and its rows take."""

    size: float
    widths: tuple[float, ...]
    head: int
    lines: tuple[int, ...]


class _Text:
    """A text of a cell in its face: how long it is, and its words, which alone may stand on a line."""

    __slots__ = ("_face", "length", "size", "tail", "text")

    def __init__(self, text: str, typeface: Typeface, size: float, tail: float = 0.0) -> None:
        self._face, self.text, self.size, self.tail = typeface, text, size, tail
        self.length = typeface.width(text, size=size) + tail

    @property
    def longest(self) -> float:
        return max(length for length, _ in self._words())

    def lines(self, width: float) -> int:
        """Return how many lines it takes where only spaces and places to break end one; never too few."""
        if self.length <= width:
            return 1
        lines, used, gap = 1, 0.0, 0.0
        for length, space in self._words():
            if used and used + gap + length > width:
                lines, used, gap = lines + 1, 0.0, 0.0
            used, gap = used + gap + length, space
        return lines

    def _words(self) -> Iterator[tuple[float, float]]:
        """Yield each word's length and that of the space behind it; what follows the text belongs to the last word."""
        space = self._face.width(" ", size=self.size)
        words = self.text.split(" ")
        for number, word in enumerate(words):
            bits = word.split("\u200b")
            for at, bit in enumerate(bits):
                ends = at == len(bits) - 1
                tail = self.tail if ends and number == len(words) - 1 else 0.0
                yield self._face.width(bit, size=self.size) + tail, space if ends else 0.0


def share(
    columns: Sequence[Column],
    badges: Sequence[str],
    rows: Sequence[Sequence[Piece]],
    *,
    totals: Sequence[bool],
) -> Layout:
    """Share a sheet out: no number is ever cut, no word where that can be, and a table of few words stays small."""
    sheet = SHEET - GUTTER * (len(columns) - 1)
    for size in SIZES:
        texts = [
            [_text(piece, size, bold=total or not at) for at, piece in enumerate(row)]
            for row, total in zip(rows, totals, strict=True)
        ]
        heads = [_Text(column.label, face(_LABEL), size) for column in columns]
        least, most = [], []
        for at, column in enumerate(columns):
            cells = [(row[at], line[at]) for row, line in zip(rows, texts, strict=True) if at < len(row)]
            badge = face(_LABEL).width(badges[at], size=size * BADGE)
            right = column.align is Align.RIGHT
            needs = [heads[at].longest, badge, *(_least(piece, text, right=right) for piece, text in cells)]
            least.append(max(needs) + _SPARE)
            most.append(
                max(least[-1], heads[at].length + _SPARE, *(text.length + _SPARE for _, text in cells))
            )
        if sum(least) <= sheet:
            break
    widths = _widths(columns, least, most, sheet)
    room = [width - _SPARE / 2 for width in widths]
    return Layout(
        size,
        tuple(round(width, 2) for width in widths),
        max(head.lines(width) + bool(badge) for head, badge, width in zip(heads, badges, room, strict=True)),
        tuple(
            max((text.lines(width) for text, width in zip(line, room, strict=False)), default=1)
            for line in texts
        ),
    )


def _widths(columns: Sequence[Column], least: list[float], most: list[float], sheet: float) -> list[float]:
    if sum(most) <= sheet:
        small = SMALL - GUTTER * (len(columns) - 1)
        spare = (small if sum(most) <= small else sheet) - sum(most)
        # Words get the room that is to spare; numbers stand close together.
        wordy = [column.align is not Align.RIGHT for column in columns]
        wordy = wordy if any(wordy) else [True, *wordy[1:]]
        words = sum(width for width, is_wordy in zip(most, wordy, strict=True) if is_wordy)
        return [width + spare * width / words * is_wordy for width, is_wordy in zip(most, wordy, strict=True)]
    short, wish = sheet - sum(least), sum(most) - sum(least)
    if short >= 0:
        return [low + short * (high - low) / wish for low, high in zip(least, most, strict=True)]
    return [low * sheet / sum(least) for low in least]


def _least(piece: Piece, text: _Text, *, right: bool) -> float:
    """Return what a cell's column must have: all of a number or a short text, the longest word of others."""
    if text.length <= _WHOLE or ((piece.key or right) and not piece.missing):
        return text.length
    return text.longest


def _text(piece: Piece, size: float, *, bold: bool) -> _Text:
    typeface = face(_BOLD if bold else _REGULAR)
    tail = typeface.width(f"\u00a0{piece.mark}", size=size * MARK) if piece.mark else 0.0
    return _Text(piece.text, typeface, size, tail)
