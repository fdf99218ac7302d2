"""How wide words are in IBM Plex Sans, so that they are placed and cut without a browser."""

import functools
import unicodedata

# Thousandths of the size, for the characters that share them; an accented letter is as wide as its plain one.
_WIDTHS = {
    236: " \xa0", 242: "'", 250: "ijı", 272: ",.l", 273: "‘’", 284: "!", 292: ":;", 314: "|", 317: "[]", 324: "f",
    335: "()", 343: "{}", 351: "t", 367: "r", 383: "/\\", 396: "•", 399: "-", 400: "I", 419: '"', 450: "*", 464: "z",
    468: "°", 475: "“”", 477: "?", 492: "v", 499: "y", 501: "L", 503: "c", 507: "x", 510: "J", 527: "k", 531: "g",
    487: "s", 534: "a", 549: "e", 559: "F", 560: "oø", 565: "_", 568: "hnu", 572: "T", 580: "Zbdpq", 581: "S",
    583: "E", 588: "–", 593: "Y", 595: "£", 598: "$", 600: "+0123456789<=>^`~×−≤≥", 605: "¥", 606: "P", 609: "V",
    613: "X", 621: "C", 625: "€", 634: "K", 640: "Rß", 641: "A", 653: "B", 671: "D", 678: "U", 694: "&", 695: "G",
    707: "HN", 708: "OØ", 713: "#", 768: "w", 780: "—", 803: "…", 812: "M", 864: "æ", 873: "m", 891: "@W", 907: "Æ",
    927: "%",
}  # fmt: skip
_OF = {char: width for width, chars in _WIDTHS.items() for char in chars}
# No letter of the bold face is more than this wider, taken over a word.
_BOLD = 1.05
# Nothing longer is ever shown, so nothing longer is measured.
_LONGEST = 120


@functools.lru_cache(maxsize=1024)
def _advance(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    if unicodedata.east_asian_width(char) in "WF":
        return 1000
    return _OF.get(unicodedata.normalize("NFD", char)[0], 720)


@functools.lru_cache(maxsize=4096)
def _thousandths(words: str) -> int:
    return sum(_OF.get(char) or _advance(char) for char in words)


def width(words: str, size: float, *, bold: bool = False) -> float:
    """Return how wide words are, in the unit of the size; letters the face does not have are taken as wide ones."""
    return _thousandths(words) * size * (_BOLD if bold else 1) / 1000


def fitted(words: str, room: float, size: float) -> str:
    """Return words on one line as they fit in a room: whole, or cut with an ellipsis."""
    words = " ".join(words[: 2 * _LONGEST].split())[:_LONGEST]
    if width(words, size) <= room:
        return words
    while words and width(f"{words}…", size) > room:
        words = words[:-1].rstrip()
    return f"{words}…"
