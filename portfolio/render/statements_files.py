"""A statement as a file: CSV and XLSX for spreadsheets, JSON for programs, PDF for paper. All hold the same figures."""

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.money import exponent
from core.press import Words, set_pdf
from portfolio.render.sheets import Sheet, Value, csv_bytes, xlsx_bytes
from portfolio.render.statements import Head, Kind, Style, Table, written

TEMPLATE = Path(__file__).resolve().parent / "typst" / "statement.typ"
# Points that are left for amounts beside the accounts' names, on a page that stands and on one that lies; a digit's
# width, and what stands between columns. Columns that do not fit go below in bands.
UPRIGHT, LYING = 340, 520
DIGIT, GAP = 5.5, 12


def as_csv(table: Table) -> bytes:
    """Return the heads in the first row and the lines, and below them what the statement is of."""
    said: list[Value] = [
        table.whose,
        table.title,
        f"{table.period}, {table.currency}",
        *table.notes,
        table.prepared,
    ]
    below: list[list[Value]] = [[], *([words] for words in said)]
    return csv_bytes([_heads(table), *_rows(table), *below])


def as_xlsx(table: Table) -> bytes:
    """Return one sheet: what it is, heads, lines, notes."""
    above: list[list[Value]] = [
        [table.whose],
        [table.title],
        [f"{table.period}, {table.currency}"],
        [],
        list(_heads(table)),
    ]
    below: list[Sequence[Value]] = [[], *([note] for note in table.notes), [table.prepared]]
    strong = frozenset(len(above) + at for at, line in enumerate(table.lines) if line.style is not Style.ROW)
    rows = [*above, *_rows(table), *below]
    return xlsx_bytes([Sheet(table.title, rows, heads=len(above), fixed=2, strong=strong)])


def as_json(table: Table) -> bytes:
    """Return everything the statement says; amounts are decimal texts, so that no program rounds them."""
    said: dict[str, Any] = {
        "statement": table.title,
        "of": table.whose,
        "period": table.period,
        "currency": table.currency,
        "columns": [
            {"label": head.label, "over": head.over, "kind": head.kind.value} for head in table.heads
        ],
        "lines": [
            {
                "key": line.key,
                "style": line.style.value,
                "code": line.code,
                "label": line.label,
                "cells": [
                    None if cell is None else f"{_number(cell, head, table.currency):f}"
                    for cell, head in zip(line.cells, table.heads, strict=False)
                ],
            }
            for line in table.lines
        ],
        "notes": list(table.notes),
        "prepared_from": [
            {"entity": seal.entity, "entry": seal.number, "chain": seal.hash} for seal in table.seals
        ],
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def as_pdf(table: Table, *, at: dt.datetime) -> bytes:
    """Return the statement on paper, lying where it is wide; the same statement at the same instant gives the same bytes.

    Raises:
        PressError: it could not be set.
    """
    words = Words()
    texts = [
        written(cell, head.kind, table.currency)
        for line in table.lines
        for cell, head in zip(line.cells, table.heads, strict=False)
    ]
    width = max([8, *map(len, texts)]) * DIGIT
    wide = len(table.heads) * (width + GAP) > UPRIGHT
    step = max(1, int((LYING if wide else UPRIGHT) / (width + GAP)))
    said = {
        "title": words(table.title),
        "whose": words(table.whose) or "Untitled",
        "period": words(table.period),
        "currency": table.currency,
        "date": [at.year, at.month, at.day],
        "wide": wide,
        "width": width,
        "bands": [_band(table, start, step, words) for start in range(0, len(table.heads), step)],
        "notes": [words(note) for note in table.notes],
        "prepared": words(table.prepared),
    }
    return set_pdf(template=TEMPLATE, inputs={"statement": json.dumps(said, sort_keys=True)}, at=at)


def _heads(table: Table) -> list[str]:
    return ["Code", "Line", *(_said(head) for head in table.heads)]


def _said(head: Head) -> str:
    return f"{head.over}: {head.label}" if head.over else head.label


def _rows(table: Table) -> list[list[Value]]:
    return [
        [
            line.code,
            line.label,
            *(
                None
                if cell is None or (head.kind is Kind.BUDGET and not cell)
                else _number(cell, head, table.currency)
                for cell, head in zip(line.cells, table.heads, strict=False)
            ),
        ]
        for line in table.lines
    ]


def _number(value: int, head: Head, currency: str) -> Decimal:
    """Return a cell as the number it stands for: units of the currency, or percent with one decimal."""
    return Decimal(value).scaleb(-1 if head.kind is Kind.SHARE else -exponent(currency))


def _band(table: Table, start: int, step: int, words: Words) -> dict[str, Any]:
    """Return some columns of the statement with all its lines."""
    heads = table.heads[start : start + step]
    return {
        "heads": [words(_said(head)) for head in heads],
        "lines": [
            {
                "style": line.style.value,
                "code": words(line.code),
                "label": words(line.label) or "Untitled",
                "cells": [
                    written(cell, head.kind, table.currency)
                    for cell, head in zip(line.cells[start : start + step], heads, strict=False)
                ],
            }
            for line in table.lines
        ],
    }
