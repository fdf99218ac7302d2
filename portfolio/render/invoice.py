"""Invoices, credit notes and statements of account on paper: frozen words in, PDF out. No model, no database, no clock."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core import press

TEMPLATE = Path(__file__).resolve().parent / "typst" / "invoice.typ"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table; a wide one takes the room that is left."""

    label: str
    right: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Sum:
    """One line under the table."""

    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """One document, in words: who writes to whom, the facts beside it, the table, what it adds up to, how to pay."""

    heading: str
    title: str
    seller: tuple[str, ...]
    to: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    sums: tuple[Sum, ...]
    note: str = ""
    pay: tuple[str, ...] = ()
    foot: str = ""


def pdf(paper: Paper, *, on: dt.date) -> bytes:
    """Return a document as tagged PDF; the same words of the same day give the same bytes.

    Raises:
        core.press.PressError: Typst refused it.
    """
    words = press.Words()

    def each(texts: Sequence[str]) -> list[str]:
        return [words(text) for text in texts]

    said = {
        "heading": words(paper.heading),
        "title": words(paper.title),
        "author": words(paper.seller[0]) if paper.seller else "",
        "seller": each(paper.seller),
        "to": each(paper.to),
        "facts": [each(fact) for fact in paper.facts],
        "columns": [{"label": words(c.label), "right": c.right, "wide": c.wide} for c in paper.columns],
        "rows": [each(row) for row in paper.rows],
        "sums": [{"label": words(s.label), "value": words(s.value), "strong": s.strong} for s in paper.sums],
        "note": words(paper.note),
        "pay": each(paper.pay),
        "foot": words(paper.foot),
    }
    midnight = dt.datetime.combine(on, dt.time(), tzinfo=dt.UTC)
    return press.set_pdf(template=TEMPLATE, inputs={"paper": json.dumps(said, sort_keys=True)}, at=midnight)
