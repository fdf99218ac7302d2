"""Prints: what later editions and other reports ask of an edition, so that they need not read its whole document.

A print is written with its edition and never changed. An edition older than prints has none; its document answers.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from portfolio.models import Entity
from reports.document import (
    ActionLine,
    Badge,
    Cell,
    Document,
    Figure,
    FindingLine,
    RowsTrace,
    Unit,
    dump,
    load,
)
from reports.metrics import REGISTRY
from reports.models import Edition, EditionPrint, FindingStatus, Report

_UNTRACED = RowsTrace(())
# Where a figure's value stands in what is kept of it; `_row` writes it all.
VALUE = 7


@dataclass(frozen=True, slots=True)
class Print:
    """An edition as it is compared with: its figures without their traces, what it printed of them, and its work.

    ``edition`` is without its document.
    """

    edition: Edition
    figures: Mapping[str, Figure]
    printed: frozenset[str]
    kpis: tuple[str, ...]
    findings: tuple[FindingLine, ...]
    actions: tuple[ActionLine, ...]


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


def printed(document: Document) -> set[str]:
    """Return the keys of the figures that a document's cells name, headline figures included."""
    return {key for key in _figures_in((document.headline, document.kpis, document.sections)) if key}


def _figures_in(value: Any) -> Iterator[str]:
    if isinstance(value, Cell):
        yield value.figure
    elif isinstance(value, tuple):
        for item in value:
            yield from _figures_in(item)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            inner = getattr(value, name)
            if name in ("figure", "prior", "target"):
                yield inner
            elif isinstance(inner, tuple):
                yield from _figures_in(inner)


def _plain(document: Document) -> dict[str, Any]:
    """Return what is kept: the figures of registered metrics and of the headline, what stands open, what is to do."""
    shown = printed(document)
    kpis = [kpi.figure for kpi in document.kpis]
    return {
        "figures": {
            key: _row(figure, key in shown)
            for key, figure in document.figures.items()
            if figure.metric in REGISTRY or key in kpis
        },
        "kpis": kpis,
        "findings": [
            dump(replace(line, evidence=()))
            for line in document.findings
            if line.status != FindingStatus.CLEARED
        ],
        "actions": [dump(line) for line in document.actions if line.state in ("open", "overdue")],
    }


def _row(figure: Figure, shown: bool) -> list[Any]:
    return [
        figure.metric,
        figure.label,
        figure.scope,
        figure.period,
        figure.unit.value,
        figure.currency,
        figure.badge.value,
        figure.value,
        figure.missing,
        int(shown),
    ]


def figures_of(plain: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Figure]:
    """Return some of the figures that a print keeps."""
    found = {}
    for key in keys:
        metric, label, scope, period, unit, currency, badge, value, missing, _ = plain[key]
        found[key] = Figure(
            key=key,
            metric=metric,
            label=label,
            unit=Unit(unit),
            value=value,
            badge=Badge(badge),
            trace=_UNTRACED,
            scope=scope,
            period=period,
            missing=missing,
            currency=currency,
        )
    return found


def _read(edition: Edition, plain: dict[str, Any]) -> Print:
    return Print(
        edition=edition,
        figures=figures_of(plain["figures"], plain["figures"]),
        printed=frozenset(key for key, row in plain["figures"].items() if row[-1]),
        kpis=tuple(plain["kpis"]),
        findings=tuple(load(FindingLine, line) for line in plain["findings"]),
        actions=tuple(load(ActionLine, line) for line in plain["actions"]),
    )
