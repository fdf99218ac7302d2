"""Words the CTO's sections share."""

from reports.document import Cell, Tone

SEVERITY_WORDS = {4: "critical", 3: "high", 2: "medium", 1: "low"}
SEVERITY_TONES = {4: Tone.BAD, 3: Tone.BAD, 2: Tone.WARN, 1: Tone.MUTED}


def severity(weight: int) -> Cell:
    """Return a severity as a word in its tone."""
    return Cell(SEVERITY_WORDS[weight], tone=SEVERITY_TONES[weight])


def exposure(weight: int) -> str:
    """Return who can reach it."""
    return "internet" if weight == 2 else "internal"


def several(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
