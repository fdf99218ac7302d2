"""Words as they fit in a drawing: measured in the face they are set in, and cut with an ellipsis."""

from core.typefaces import face

# Nothing longer is ever shown, so nothing longer is measured.
_LONGEST = 120


def width(words: str, size: float, *, bold: bool = False) -> float:
    """Return how wide words are at most, in the unit of the size."""
    return face("IBMPlexSans-SemiBold" if bold else "IBMPlexSans-Regular").width(words, size=size)


def fitted(words: str, room: float, size: float) -> str:
    """Return words on one line as they fit in a room: whole, or cut with an ellipsis."""
    words = " ".join(words[: 2 * _LONGEST].split())[:_LONGEST]
    if width(words, size) <= room:
        return words
    while words and width(f"{words}…", size) > room:
        words = words[:-1].rstrip()
    return f"{words}…"
