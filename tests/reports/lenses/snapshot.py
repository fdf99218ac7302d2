"""The snapshot of a lens: everything its first edition on the frozen sample says, as one text file.

``tests/snapshots/<slug>.txt`` holds the edition as plain text, and after it every figure by its key. Nothing in it
depends on addresses or on the numbers that rows got in the database: addresses are left out, and a number inside a
figure's key that counts records of one sort stands as its place among these.

Write the file of a lens, or all of them, and read the difference before you commit it:

    SNAPSHOTS=write .venv/bin/python -m pytest tests/reports/lenses/test_snapshots.py -k cmo
"""

import re
from collections import defaultdict
from pathlib import Path

from django.conf import settings

from reports.document import Document, Figure
from reports.figures import write
from reports.render import text

FOLDER = Path(settings.BASE_DIR) / "tests" / "snapshots"
_ADDRESS = re.compile(r"https?://\S+")
_ADDRESSES = "\nWhere to look further\n"


def of(document: Document) -> str:
    """Return the text of a document's snapshot."""
    said = _ADDRESS.sub("(address)", text.render(document).partition(_ADDRESSES)[0])
    return "\n".join([said.rstrip(), "", "", "Figures", "-------", "", *_figures(document), ""])


def path(lens: str) -> Path:
    """Return the file of a lens's snapshot."""
    return FOLDER / f"{lens}.txt"


def _figures(document: Document) -> list[str]:
    """Return a line for each figure: its key, what is printed, its whole number, and how it is known."""
    places = _places(list(document.figures))
    named = [(_named(key, places), figure) for key, figure in document.figures.items()]
    named.sort(key=lambda entry: [(part, "") if isinstance(part, int) else (0, part) for part in entry[0]])
    return [f"{'.'.join(str(part) for part in parts)} = {_value(figure)}" for parts, figure in named]


def _value(figure: Figure) -> str:
    if figure.value is None:
        return f"n/a ({figure.missing})"
    return f"{write(figure, cents=True)} ({figure.value}, {figure.badge.value})"


def _places(keys: list[str]) -> dict[tuple[str, ...], dict[int, int]]:
    """Return the place of each number among those that stand behind the same beginning of a key."""
    found: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for key in keys:
        parts = key.split(".")
        for at, part in enumerate(parts):
            if part.isdecimal():
                found[_beginning(parts, at)].add(int(part))
    return {
        beginning: {number: place for place, number in enumerate(sorted(numbers), start=1)}
        for beginning, numbers in found.items()
    }


def _beginning(parts: list[str], at: int) -> tuple[str, ...]:
    return tuple("#" if part.isdecimal() else part for part in parts[:at])


def _named(key: str, places: dict[tuple[str, ...], dict[int, int]]) -> list[str | int]:
    parts = key.split(".")
    return [
        places[_beginning(parts, at)][int(part)] if part.isdecimal() else part
        for at, part in enumerate(parts)
    ]
