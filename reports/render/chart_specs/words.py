"""The words of charts: values as axes and labels say them, and text that any drawing can hold."""

import json
import re
from collections.abc import Mapping

from core.money import MINUS, SYMBOLS, exponent
from reports.document import Badge, Figure, RowsTrace, Unit
from reports.figures import write

# What stands behind the numbers of an axis; units of long words are in the chart's title.
SUFFIXES = {
    Unit.PERCENT: " %", Unit.RATIO: "×", Unit.MINUTES: " min", Unit.MILES: " nm", Unit.GIGABYTES: " GB",
    Unit.MILLIS: " ms",
}  # fmt: skip
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def long(value: int, unit: Unit, currency: str = "USD") -> str:
    """Return a value as the tables print it."""
    return write(Figure("", "", "", unit, value, Badge.MEASURED, RowsTrace(()), currency=currency))


def short(value: int, unit: Unit, currency: str = "USD") -> str:
    """Return a value short enough to stand in a chart: ``$12.3k``, ``−$1.2M``, ``38.5 %``."""
    if unit is not Unit.MONEY:
        return long(value, unit, currency)
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
    """Return text without the characters no XML file may hold: the drawing engine ends the process over one."""
    return _NOT_XML.sub("\ufffd", text)


def lookup(words: Mapping[str, str | list[str]]) -> str:
    """Return words as an expression. They are cleaned here: as escapes they would pass for harmless later."""
    cleaned = {
        key: drawable(word) if isinstance(word, str) else [drawable(line) for line in word]
        for key, word in words.items()
    }
    return json.dumps(cleaned, ensure_ascii=False)
