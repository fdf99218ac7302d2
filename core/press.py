"""The press: Typst templates set as tagged PDF (PDF/UA-1) from shipped fonts alone.

What a template shows goes in as texts (`sys.inputs`), so words of people never become code. The same inputs at the
same instant give the same bytes. `Words` makes any text fit for paper: a PDF/UA file may not hold a character it cannot
show, so one that no shipped font has is written as its code point.
"""

import datetime as dt
import functools
import re
import threading
from pathlib import Path

import typst

from core.typefaces import FONTS, face

_DRAWING = Path(__file__).resolve().parent / "typst" / "drawing.typ"
# To the inch: a drawing's own pixel is the 96th part of one.
_PIXELS = 2 * 96
_EMPTY = Path(__file__).resolve().parent / "typst" / "empty.typ"
_GLYPH = Path(__file__).resolve().parent / "typst" / "glyph.typ"
# Typst keeps what it worked out until it was of no use to so many documents on end.
_KEPT_FOR = 10
# Words longer than this get places to break; no column of a table holds them in one line.
_LONGEST = 24
_STEP = 16
_LONG = re.compile(f"[^ ]{{{_LONGEST + 1}}}")
_BREAK = "\u200b"
# Shows nothing, and Typst 0.15 cannot tag a link that holds nothing else.
_SOFT_HYPHEN = "\u00ad"
# What every shipped face has: printable ASCII, Latin letters and the signs of our own sentences.
_SIGNS = " -~\u00a1-\u00ac\u00ae-\u017f–—‘’“”…•−×≤≥€"
_COMMON, _RARE = re.compile(f"[{_SIGNS}]*"), re.compile(f"[^{_SIGNS}]")


class PressError(RuntimeError):
    """A template that could not be set as a PDF."""


_press = threading.Lock()


def set_pdf(*, template: Path, inputs: dict[str, str], at: dt.datetime) -> bytes:
    """Set a template as PDF. One at a time: the compiler and its cache of fonts serve the whole process.

    Raises:
        PressError: Typst refused it, with its reason.
    """
    with _press:
        try:
            return _set(template, inputs, at)
        finally:
            _forget()


def set_png(svg: bytes) -> bytes:
    """Return a drawing as a PNG image of twice its size.

    Raises:
        PressError: it is not a drawing that can be set, with the reason.
    """
    with _press:
        try:
            done = _compiler(_DRAWING.parent).compile(
                str(_DRAWING), sys_inputs={"drawing": svg.decode()}, format="png", ppi=_PIXELS
            )
        except typst.TypstError as error:
            raise PressError(str(error)) from error
    if not isinstance(done, bytes):
        raise PressError("Typst answered with something other than one image.")
    return done


def _set(template: Path, inputs: dict[str, str], at: dt.datetime) -> bytes:
    try:
        done = _compiler(template.parent).compile(
            str(template),
            sys_inputs=inputs,
            format="pdf",
            pdf_standards="ua-1",
            timestamp=int(at.timestamp()),
        )
    except typst.TypstError as error:
        raise PressError(str(error)) from error
    if not isinstance(done, bytes):
        raise PressError("Typst answered with something other than one file.")
    return done


def _forget() -> None:
    """Let go of what was worked out for a document: some 20 MB, and no use to the next, nor to the same one changed."""
    for _ in range(_KEPT_FOR + 1):
        _compiler(_EMPTY.parent).compile(str(_EMPTY), format="pdf")


@functools.cache
def _compiler(root: Path) -> typst.Compiler:
    return typst.Compiler(root=str(root), font_paths=_fonts(), package_path=str(root))


@functools.cache
def _fonts() -> typst.Fonts:
    """Return the shipped faces and those that come with Typst, read once for every compiler of the process."""
    return typst.Fonts(include_system_fonts=False, font_paths=[str(FONTS)])


class Words:
    """Text for paper: long words with places to break, characters without a glyph as code points."""

    # Beyond the alphabets (ideographs, emoji) few characters are worth a trial; the rest go as code points.
    TRIALS = 100
    ALPHABETS_END = "\u2e80"

    def __init__(self) -> None:
        """Begin with nothing tried; ``unshown`` gathers the characters that had to be written as code points."""
        self.trials = 0
        self.unshown: set[str] = set()

    def __call__(self, text: str) -> str:
        """Return the text as it can be set."""
        if not _COMMON.fullmatch(text):
            text = _RARE.sub(lambda found: self.shown(found[0]), text)
        if _LONG.search(text):
            text = " ".join(_with_breaks(word) for word in text.split(" "))
        return text

    def shown(self, char: str) -> str:
        """Return a character, or its code point where no shipped face has it."""
        if char.isspace():
            return " " if char in "\t\n\r\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029" else char
        if char == _SOFT_HYPHEN:
            return ""
        if _COMMON.fullmatch(char) or (char.isprintable() and face("IBMPlexSans-Regular").has(char)):
            return char
        alphabetic = char < self.ALPHABETS_END
        if char not in self.unshown and (alphabetic or self.trials < self.TRIALS):
            self.trials += not alphabetic
            if _has_glyph(char):
                return char
        self.unshown.add(char)
        return f"[U+{ord(char):04X}]"


def _with_breaks(word: str) -> str:
    if len(word) <= _LONGEST:
        return word
    return _BREAK.join(word[at : at + _STEP] for at in range(0, len(word), _STEP))


@functools.lru_cache(maxsize=16384)
def _has_glyph(char: str) -> bool:
    """Try whether a character can be set: the fonts themselves answer, not a list of ours."""
    try:
        with _press:
            _set(_GLYPH, {"char": char}, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    except PressError:
        return False
    return True
