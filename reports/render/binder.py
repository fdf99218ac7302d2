"""A binder as one PDF and one workbook: an index, then every edition in it.

The PDF is set by `typst/binder.typ` in one run, with the functions that set an edition by itself, so that its pages
count on from the first to the last. The same binder gives the same bytes: it is dated by when it was issued.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import press
from core.press import Words
from portfolio.render.sheets import Link, Sheet, Value, xlsx_bytes
from reports.document import Document
from reports.render import pdf, xlsx
from reports.render.charts import on_paper
from reports.render.frame import Frame
from reports.render.frame_parts import day
from reports.render.words import count, one_line

TEMPLATE = Path(__file__).resolve().parent / "typst" / "binder.typ"


class BinderPdfError(RuntimeError):
    """A binder that could not be set as a PDF."""


@dataclass(frozen=True, slots=True)
class Bound:
    """An edition in a binder with its charts as SVG by name; ``news`` is what it is to readers of the binder before."""

    document: Document
    charts: Mapping[str, bytes]
    about: str
    news: str


@dataclass(frozen=True, slots=True)
class Binder:
    """Everything a binder says. ``absent`` are reports without an edition in it, each with the reason."""

    number: int
    as_of: dt.date
    issued_at: dt.datetime
    issued: str
    url: str
    bound: Sequence[Bound]
    absent: Sequence[tuple[str, str]]
    gone: Sequence[str]
    since: str

    @property
    def title(self) -> str:
        """Return what it is called."""
        return f"Binder {self.number}: reports as of {day(self.as_of)}"

    @property
    def short_of(self) -> str:
        """Return the sentence that says how many reports are missing, or nothing."""
        missing = len(self.absent)
        if not missing:
            return ""
        return f"{count(missing, 'report')} {'is' if missing == 1 else 'are'} not in this binder; the index says why."

    @property
    def note(self) -> str:
        """Return the sentences that say what a binder is."""
        since = f" It is compared with {self.since}." if self.since else " It is the first."
        return (
            "Each edition stands here as it was issued; its figures link to their formulas and the records behind "
            f"them.{since}"
        )


def as_pdf(binder: Binder) -> bytes:
    """Return a binder as PDF bytes.

    Raises:
        BinderPdfError: Typst refused it, with its reason.
    """
    words = Words()
    charts = {
        _chart(bound.document, name): on_paper(drawing, words)
        for bound in binder.bound
        for name, drawing in bound.charts.items()
    }
    said = {
        "title": words(binder.title),
        "short": words(f"Issued {binder.issued}"),
        "foot": words(one_line(binder.url)),
        "description": words(f"{count(len(binder.bound), 'report')} as of {day(binder.as_of)}"),
        "date": [binder.issued_at.year, binder.issued_at.month, binder.issued_at.day],
        "facts": [(label, words(text)) for label, text in _facts(binder)],
        "sample": words(next((b.document.head.sample for b in binder.bound if b.document.head.sample), "")),
        "editions": [_edition(bound) for bound in binder.bound],
        "absent": [{"title": words(title), "why": words(why)} for title, why in binder.absent],
        "short-of": binder.short_of,
        "gone": [words(title) for title in binder.gone],
        "note": words(binder.note),
    }
    inputs = {"binder": json.dumps(said, sort_keys=True), "charts": json.dumps(charts, sort_keys=True)}
    try:
        return press.set_pdf(template=TEMPLATE, inputs=inputs, at=binder.issued_at)
    except press.PressError as error:
        raise BinderPdfError(f"Typst could not set binder {binder.number}: {error}") from error


def as_xlsx(binder: Binder) -> bytes:
    """Return a binder as a workbook: its index, and for each report its key figures and its tables."""
    pairs = [xlsx.of_binder(bound.document, bound.document.head.report) for bound in binder.bound]
    sheets = [sheet for pair in pairs for sheet in pair]
    return xlsx_bytes([_index(binder, pairs), *sheets], title=binder.title, at=binder.issued_at)


def _facts(binder: Binder) -> tuple[tuple[str, str], ...]:
    return (
        ("As of", day(binder.as_of)),
        ("Reports", f"{len(binder.bound)} of {len(binder.bound) + len(binder.absent)}"),
        ("Issued", binder.issued),
        ("Binder before", binder.since or "none: the first"),
    )


def _chart(document: Document, name: str) -> str:
    """Return the name of a chart that no other report's chart in the binder has."""
    return f"{document.head.report}/{name}"


def _edition(bound: Bound) -> dict[str, Any]:
    words, document = Words(), bound.document
    values = pdf.values(Frame(document), words)
    for part in values["body"]["parts"]:
        for block in part["blocks"]:
            if block["kind"] == "chart":
                block["name"] = _chart(document, block["name"])
    return {
        **values,
        "numbered": f"No. {document.number}",
        "about": words(one_line(bound.about)),
        "news": bound.news,
    }


def _index(binder: Binder, pairs: Sequence[tuple[Sheet, Sheet]]) -> Sheet:
    rows: list[list[Value]] = [[binder.title], [f"Issued {binder.issued}"], []]
    labels = {len(rows)}
    rows.append(
        [
            "Report",
            "Edition",
            "About",
            "Period",
            "Since the binder before",
            "Key figures",
            "Tables",
            "Edition’s page",
        ]
    )
    for place, (bound, (figures, tables)) in enumerate(zip(binder.bound, pairs, strict=True)):
        head = bound.document.head
        rows.append(
            [
                head.title,
                bound.document.number,
                bound.about,
                head.period,
                bound.news,
                Link(figures.title, sheet=1 + 2 * place),
                Link(tables.title, sheet=2 + 2 * place),
                Link(bound.document.url, address=bound.document.url),
            ]
        )
    if binder.absent:
        rows.append([])
        labels.add(len(rows))
        rows.append(["Not in this binder", "Why"])
        rows += [[title, why] for title, why in binder.absent]
    if binder.gone:
        rows += [[], ["In the binder before, and not in this one"]]
        rows += [[title] for title in binder.gone]
    rows += [[], [binder.note]]
    return Sheet("Index", rows, heads=4, fixed=1, titles=frozenset({0}), labels=frozenset(labels))
