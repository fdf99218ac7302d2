"""The words of charts: values as labels say them, and text that any drawing can hold."""

import re

from core.money import MINUS, SYMBOLS, exponent
from reports.document import Badge, Figure, RowsTrace, Unit
from reports.figures import write

_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_COUNTED = (Unit.MONTHS, Unit.POINTS)
_NOTHING_BEHIND = re.compile(r"\.0+(?=\D|$)")


def long(value: int, unit: Unit, currency: str = "USD") -> str:
    """Return a value as the tables print it."""
    return write(Figure("", "", "", unit, value, Badge.MEASURED, RowsTrace(()), currency=currency))


def short(value: int, unit: Unit, currency: str = "USD") -> str:
    """Return a value short enough to stand in a chart: ``$12.3k``, ``−$1.2M``, ``38.5 %``, ``30 days``."""
    if unit is not Unit.MONEY:
        words = _NOTHING_BEHIND.sub("", long(value, unit, currency))
        return words.removesuffix("s") if words.startswith("1 ") and unit in _COUNTED else words
    steps = 10 ** exponent(currency)
    whole = (abs(value) + steps // 2) // steps
    sign = f"{MINUS if value < 0 and whole else ''}{SYMBOLS[currency]}"
    if whole < 1000:
        return f"{sign}{whole}"
    # Rounded before the letter is chosen, so that 999,960 is "1.0M" and never "1,000k".
    scale, letter = (1000, "k") if whole < 999_500 else (1_000_000, "M")
    tenths = (whole * 10 + scale // 2) // scale
    return (
        f"{sign}{tenths / 10:.1f}{letter}"
        if tenths < 1000
        else f"{sign}{(whole + scale // 2) // scale:,}{letter}"
    )


def drawable(text: str) -> str:
    """Return text without the characters no XML file may hold."""
    return _NOT_XML.sub("\ufffd", text)
