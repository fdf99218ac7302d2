"""Prints: what later editions and other reports ask of an edition, so that they need not read its whole document.

A print is written with its edition and never changed. An edition older than prints has none; its document answers.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from portfolio.models import Entity
from reports.document import (
    ActionLine,
    Badge,
    Block,
    Bullets,
    Document,
    Figure,
    FindingLine,
    Line,
    Note,
    Para,
    RowsTrace,
    Table,
    Unit,
    dump,
    load,
)
from reports.metrics import REGISTRY
from reports.models import Edition, EditionPrint, FindingStatus, Report

_UNTRACED = RowsTrace(())


class Kept(NamedTuple):
    """What is kept of a figure, in plain values; ``shown`` is 1 where the edition printed it, else 0."""

    metric: str
    label: str
    scope: str
    period: str
    unit: str
    currency: str
    badge: str
    value: int | None
    missing: str
    shown: int


@dataclass(frozen=True, slots=True)
class Print:
    """An edition as it is compared with: what is kept of its figures, what it printed of them, and its work.

    ``edition`` is without its document.
    """

    edition: Edition
    figures: Mapping[str, Kept]
    printed: frozenset[str]
    kpis: tuple[str, ...]
    findings: tuple[FindingLine, ...]
    actions: tuple[ActionLine, ...]

    def figure(self, key: str) -> Figure:
        """Return one of its figures, without its trace."""
        return figure_of(key, self.figures[key])


def keep(*, edition: Edition, document: Document) -> EditionPrint:
    """Write an edition's print, in the caller's transaction."""
    return EditionPrint.objects.create(edition=edition, **_plain(document))


def before(
    *, report: Report, entity: Entity | None, as_of: dt.date, known: Print | None = None
) -> Print | None:
    """Return the print of the newest edition of a report and entity that stands at or before a date, if there is one.

    ``known`` is what was returned earlier: it is returned again where its edition still is the newest, for neither an
    edition nor its print ever changes.
    """
    editions = Edition.objects.filter(report=report, entity=entity, as_of__lte=as_of).order_by(
        "-as_of", "-number"
    )
    if known is not None and editions.values_list("pk", flat=True).first() == known.edition.pk:
        return known
    edition = editions.select_related("print", "report").defer("document").first()
    if edition is None:
        return None
    row = getattr(edition, "print", None)
    if row is None:
        plain = _plain(load(Document, edition.document))
        return _read(edition, plain)
    return _read(
        edition, {"figures": row.figures, "kpis": row.kpis, "findings": row.findings, "actions": row.actions}
    )


def values(document: Document) -> dict[str, int | None]:
    """Return the value of each figure that a document's print keeps, by key."""
    return {key: figure.value for key, figure in _figures(document)}


def printed(document: Document) -> set[str]:
    """Return the keys of the figures that a document's cells name, headline figures included."""
    lines = [*document.headline]
    for section in document.sections:
        for block in section.blocks:
            lines += _lines(block)
    found = {cell.figure for line in lines for cell in line}
    for kpi in document.kpis:
        found.update((kpi.figure, kpi.prior, kpi.target))
    return found - {""}


def _lines(block: Block) -> list[Line]:
    match block:
        case Table():
            return [row.cells for row in block.rows]
        case Para() | Note():
            return [block.line]
        case Bullets():
            return [*block.lines]
        case _:
            return []  # A chart's values are not cells.


def _plain(document: Document) -> dict[str, Any]:
    """Return what is kept: the figures of registered metrics and of the headline, what stands open, what is to do."""
    shown = printed(document)
    return {
        "figures": {key: _kept(figure, shown=key in shown) for key, figure in _figures(document)},
        "kpis": [kpi.figure for kpi in document.kpis],
        "findings": [
            dump(replace(line, evidence=()))
            for line in document.findings
            if line.status != FindingStatus.CLEARED
        ],
        "actions": [dump(line) for line in document.actions if line.state in ("open", "overdue")],
    }


def _figures(document: Document) -> Iterator[tuple[str, Figure]]:
    kpis = {kpi.figure for kpi in document.kpis}
    for key, figure in document.figures.items():
        if figure.metric in REGISTRY or key in kpis:
            yield key, figure


def _kept(figure: Figure, *, shown: bool) -> Kept:
    return Kept(
        metric=figure.metric,
        label=figure.label,
        scope=figure.scope,
        period=figure.period,
        unit=figure.unit.value,
        currency=figure.currency,
        badge=figure.badge.value,
        value=figure.value,
        missing=figure.missing,
        shown=int(shown),
    )


def figure_of(key: str, kept: Kept) -> Figure:
    """Return the figure that something is kept of, without its trace."""
    return Figure(
        key=key,
        metric=kept.metric,
        label=kept.label,
        unit=Unit(kept.unit),
        value=kept.value,
        badge=Badge(kept.badge),
        trace=_UNTRACED,
        scope=kept.scope,
        period=kept.period,
        missing=kept.missing,
        currency=kept.currency,
    )


def _read(edition: Edition, plain: dict[str, Any]) -> Print:
    figures = {key: Kept(*row) for key, row in plain["figures"].items()}
    return Print(
        edition=edition,
        figures=figures,
        printed=frozenset(key for key, row in figures.items() if row.shown),
        kpis=tuple(plain["kpis"]),
        findings=tuple(load(FindingLine, line) for line in plain["findings"]),
        actions=tuple(load(ActionLine, line) for line in plain["actions"]),
    )
