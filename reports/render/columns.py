"""How a table of an edition shares out the width of its sheet, and how many lines each of its rows takes.

Worked out here once, for the press would try each column and each row of which it is not told, cell by cell. Lengths are
in points; the text is that of `typst/edition.typ`.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from core.typefaces import face
from reports.document import Align, Column
from reports.render.frame import Piece

# The sheet between its margins, and the measure of charts, which a table of few words has too.
SHEET = 509.0
SMALL = 340.0
# The sizes that text may have, and what then stands between two columns; the first at which no word is too long.
SIZES = ((8.4, 11.0), (7.6, 9.0), (6.8, 7.0), (6.0, 5.0))
MARK = 0.78
BADGE = 0.85
# Texts up to this length stand on one line: dates, names, states.
_WHOLE = 76.0
# How many texts the longest of a column counts for where room is shared out.
_LONE = 3
# Left over in a cell, so that two letters that stand further apart than most never make a line more.
_SPARE = 0.6

_BREAK = "\u200b"
_REGULAR, _BOLD, _LABEL = "IBMPlexSans-Regular", "IBMPlexSans-SemiBold", "IBMPlexSansCondensed-Medium"


@dataclass(frozen=True, slots=True)
class Layout:
    """The size of a table's text, each column's width, and the lines that its head and its rows take.

    ``fits`` is whether every column has what it must have.
    """

    size: float
    gutter: float
    widths: tuple[float, ...]
    head: int
    lines: tuple[int, ...]
    fits: bool


@dataclass(frozen=True, slots=True)
class _Needs:
    """What a column asks for: the least it must have, what keeps every text on a line, and how much is over the least."""

    least: float
    most: float
    over: float


class _Text:
    """A text of a cell in its face: how long it is, and its words, which alone may stand on a line."""

    __slots__ = ("_face", "_longest", "_size", "_tail", "_text", "length")

    def __init__(self, text: str, typeface: str, size: float, tail: float = 0.0) -> None:
        """Measure a text, behind which ``tail`` stands with its last word."""
        length, longest = _measured(text, typeface)
        self._text, self._face, self._size, self._tail = text, typeface, size, tail
        self._longest = longest * size
        self.length = length * size + tail

    @property
    def longest(self) -> float:
        """Return the length of the longest word, at most."""
        return self._longest + self._tail

    def lines(self, width: float) -> int:
        """Return how many lines it takes where only spaces and places to break end one; never too few."""
        if self.length <= width:
            return 1
        typeface, size = self._face, self._size
        space = _measured(" ", typeface)[0] * size
        lines, used, gap = 1, 0.0, 0.0
        for word in self._text.split(" "):
            for bit in word.split(_BREAK):
                length = _measured(bit, typeface)[0] * size
                if used and used + gap + length > width:
                    lines, used, gap = lines + 1, 0.0, 0.0
                used, gap = used + gap + length, 0.0
            gap = space
        return lines + (used + self._tail > width)


@functools.lru_cache(maxsize=16384)
def _measured(text: str, typeface: str) -> tuple[float, float]:
    """Return the length of a text and of its longest word in em; most texts of an edition stand in the one before."""
    measure = face(typeface).width
    return measure(text, size=1.0), max(
        measure(bit, size=1.0) for word in text.split(" ") for bit in word.split(_BREAK)
    )


def lines(text: str, *, size: float, width: float) -> int:
    """Return how many lines a text takes, never too few."""
    return _Text(text, _REGULAR, size).lines(width)


def share(
    columns: Sequence[Column],
    badges: Sequence[str],
    rows: Sequence[Sequence[Piece]],
    *,
    totals: Sequence[bool],
) -> Layout:
    """Share a sheet out: no number is ever cut, no word where that can be, and a table of few words stays small."""
    for size, gutter in SIZES:
        sheet = SHEET - gutter * (len(columns) - 1)
        texts = [
            [_text(piece, size, bold=total or not at) for at, piece in enumerate(row)]
            for row, total in zip(rows, totals, strict=True)
        ]
        heads = [_Text(column.label, _LABEL, size) for column in columns]
        needs = []
        for at, column in enumerate(columns):
            cells = [(row[at], line[at]) for row, line in zip(rows, texts, strict=True) if at < len(row)]
            badge = face(_LABEL).width(badges[at], size=size * BADGE)
            needs.append(_needs(cells, heads[at], badge, right=column.align is Align.RIGHT))
        if sum(need.least for need in needs) <= sheet:
            break
    widths = _widths(columns, needs, sheet, sheet - SHEET + SMALL)
    room = [width - _SPARE / 2 for width in widths]
    return Layout(
        size,
        gutter,
        tuple(round(width, 2) for width in widths),
        max(head.lines(width) + bool(badge) for head, badge, width in zip(heads, badges, room, strict=True)),
        tuple(
            max((text.lines(width) for text, width in zip(line, room, strict=False)), default=1)
            for line in texts
        ),
        sum(need.least for need in needs) <= sheet,
    )


def split(
    columns: Sequence[Column],
    badges: Sequence[str],
    rows: Sequence[Sequence[Piece]],
    *,
    totals: Sequence[bool],
) -> list[tuple[list[int], Layout]]:
    """Share a sheet out to as few tables as have room for every column, each beginning with the first; mostly to one.

    Each comes with the places of its columns. They are as even as can be, so that a reader finds a row again below.
    """
    others = range(1, len(columns))
    for number in range(1, max(len(others), 1) + 1):
        found = []
        for part in range(number):
            taken = others[part * len(others) // number : (part + 1) * len(others) // number]
            places = [0, *taken]
            layout = share(
                [columns[at] for at in places],
                [badges[at] for at in places],
                [[row[at] for at in places if at < len(row)] for row in rows] if number > 1 else rows,
                totals=totals,
            )
            found.append((places, layout))
        if all(layout.fits for _, layout in found):
            break
    return found


def _needs(cells: Sequence[tuple[Piece, _Text]], head: _Text, badge: float, *, right: bool) -> _Needs:
    least = max([head.longest, badge, *(_least(piece, text, right=right) for piece, text in cells)]) + _SPARE
    most = max([least, head.length + _SPARE, *(text.length + _SPARE for _, text in cells)])
    # A text of many lines counts for one of the whole sheet, or it would leave nothing to the others.
    excess = [min(max(text.length - least, 0.0), SHEET) for text in (head, *(text for _, text in cells))]
    over = sum(excess) + _LONE * max(excess)
    return _Needs(least, most, over)


def _widths(columns: Sequence[Column], needs: Sequence[_Needs], sheet: float, small: float) -> list[float]:
    most, least = sum(need.most for need in needs), sum(need.least for need in needs)
    if most <= sheet:
        spare = (small if most <= small else sheet) - most
        # Words get the room that is to spare; numbers stand close together.
        wordy = [column.align is not Align.RIGHT for column in columns]
        wordy = wordy if any(wordy) else [True, *wordy[1:]]
        words = sum(need.most for need, is_wordy in zip(needs, wordy, strict=True) if is_wordy)
        return [
            need.most + spare * need.most / words * is_wordy
            for need, is_wordy in zip(needs, wordy, strict=True)
        ]
    if least > sheet:
        return [need.least * sheet / least for need in needs]
    widths = [need.least for need in needs]
    # By how much its texts are too long together: one long text among short ones may rather take some lines.
    while (short := sheet - sum(widths)) > 1:
        open_to = [need.over if width < need.most else 0.0 for need, width in zip(needs, widths, strict=True)]
        widths = [
            min(width + short * over / sum(open_to), need.most)
            for need, width, over in zip(needs, widths, open_to, strict=True)
        ]
    return widths


def _least(piece: Piece, text: _Text, *, right: bool) -> float:
    """Return what a cell's column must have: all of a number or a short text, the longest word of others."""
    if text.length <= _WHOLE or ((piece.key or right) and not piece.missing):
        return text.length
    return text.longest


def _text(piece: Piece, size: float, *, bold: bool) -> _Text:
    typeface = _BOLD if bold else _REGULAR
    tail = face(typeface).width(f"\u00a0{piece.mark}", size=size * MARK) if piece.mark else 0.0
    return _Text(piece.text, typeface, size, tail)
