"""How wide text is in the shipped faces, read from the font files themselves.

For whoever shares out a page before it is set: a column that is known to hold its texts need not be tried by the press.
"""

import functools
import itertools
import struct
from collections.abc import Mapping
from pathlib import Path

FONTS = Path(__file__).resolve().parents[1] / "static" / "fonts" / "ttf"

# A character that a face lacks comes from another face, none of whose is wider.
_UNKNOWN = 1.0


class Typeface:
    """One face: what each of its characters takes of a line, in em."""

    def __init__(self, name: str) -> None:
        """Read the advances of a font file; ``name`` is its file name without ending."""
        self._advances: Mapping[str, float] = _advances((FONTS / f"{name}.ttf").read_bytes())

    def has(self, char: str) -> bool:
        """Tell whether the face has a character, beyond U+FFFF never."""
        return char in self._advances

    def width(self, text: str, *, size: float) -> float:
        """Return how long a line of this text is at most, in the unit of ``size``; pairs that close up are not counted."""
        return sum(map(self._advances.get, text, itertools.repeat(_UNKNOWN))) * size


@functools.cache
def face(name: str) -> Typeface:
    """Return a shipped face, read once for each process."""
    return Typeface(name)


def _advances(font: bytes) -> dict[str, float]:
    """Return each character's advance; OpenType 1.9, tables head, hhea, hmtx and cmap (format 4)."""
    number = struct.unpack_from(">H", font, 4)[0]
    records = struct.iter_unpack(">4sIII", font[12 : 12 + 16 * number])
    tables = {tag: start for tag, _, start, _ in records}
    em = struct.unpack_from(">H", font, tables[b"head"] + 18)[0]
    long_metrics = struct.unpack_from(">H", font, tables[b"hhea"] + 34)[0]
    # Pairs of an advance and a left bearing; glyphs after the last have its advance.
    metrics = struct.unpack_from(f">{2 * long_metrics}H", font, tables[b"hmtx"])[::2]
    return {
        chr(code): metrics[min(glyph, long_metrics - 1)] / em
        for code, glyph in _glyphs(font, tables[b"cmap"]).items()
    }


def _glyphs(font: bytes, cmap: int) -> dict[int, int]:
    """Return the glyph of each character of the Basic Multilingual Plane."""
    subtables = struct.unpack_from(">H", font, cmap + 2)[0]
    start = next(
        cmap + offset
        for platform, encoding, offset in struct.iter_unpack(
            ">HHI", font[cmap + 4 : cmap + 4 + 8 * subtables]
        )
        if (platform, encoding) == (3, 1)
    )
    segments = struct.unpack_from(">H", font, start + 6)[0] // 2
    words = f">{segments}H"
    ends = struct.unpack_from(words, font, start + 14)
    begins = struct.unpack_from(words, font, start + 16 + 2 * segments)
    shifts = struct.unpack_from(words, font, start + 16 + 4 * segments)
    at_ranges = start + 16 + 6 * segments
    ranges = struct.unpack_from(words, font, at_ranges)
    glyphs = {}
    for segment, (first, last, shift, offset) in enumerate(zip(begins, ends, shifts, ranges, strict=True)):
        for code in range(first, last + 1):
            glyph = code
            if offset:
                place = at_ranges + 2 * segment + offset + 2 * (code - first)
                glyph = struct.unpack_from(">H", font, place)[0]
                if not glyph:
                    continue
            glyphs[code] = (glyph + shift) % 0x10000
    return {code: glyph for code, glyph in glyphs.items() if glyph and code != 0xFFFF}
