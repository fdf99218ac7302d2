"""The edition's public JSON: its figures with values and traces, its findings, actions and tables in words.

This is for other programs; the edition's own frozen JSON is `reports.document.dump`. Money stays in minor
units and every other value in the whole-number steps named beside it, so no reader has to round.
"""

import dataclasses
import json
from typing import Any

from reports.document import Chart, Document, Prose, Table, Unit, dump
from reports.figures import write
from reports.render.frame import Frame
from reports.render.frame_parts import written

FORM = "quarterdeck.edition/1"
STEPS = {
    Unit.MONEY: "minor units of the currency",
    Unit.COUNT: "ones",
    Unit.PERCENT: "basis points",
    Unit.POINTS: "basis points",
    Unit.MONTHS: "hundredths of a month",
    Unit.DAYS: "tenths of a day",
    Unit.NIGHTS: "tenths of a night",
    Unit.RATIO: "hundredths",
    Unit.SCORE: "hundredths",
    Unit.MINUTES: "minutes",
    Unit.MILES: "tenths of a nautical mile",
    Unit.GIGABYTES: "hundredths of a gigabyte",
    Unit.MILLIS: "milliseconds",
    Unit.INDEX: "ones",
}


def render(document: Document) -> bytes:
    """Return the edition as UTF-8 JSON; the same document gives the same bytes."""
    return json.dumps(_edition(document), ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n"


def _edition(document: Document) -> dict[str, Any]:
    frame, head = Frame(document), document.head
    return {
        "form": FORM,
        "url": document.url,
        "report": head.report,
        "title": head.title,
        "number": document.number,
        "entities": head.entities,
        "period": head.period,
        "as_of": head.as_of.isoformat(),
        "zone": head.zone,
        "ledger": head.ledger,
        "currency": head.currency,
        "sample": head.sample,
        "sources": [
            {
                "name": source.name,
                "fresh_to": source.fresh_to.isoformat() if source.fresh_to else None,
                "stale": source.stale,
                "note": source.note,
            }
            for source in head.sources
        ],
        "headline": [frame.plain(line) for line in document.headline],
        "commentary": written(document.commentary),
        "commentary_passages": [_said(prose) for prose in document.commentary],
        "changes": {
            "since": document.changes.since,
            "figures": [
                {"label": c.label, "before": c.before, "after": frame.piece(c.after).text}
                for c in document.changes.figures
            ],
            "findings_new": list(document.changes.findings_new),
            "findings_cleared": list(document.changes.findings_cleared),
            "actions_done": list(document.changes.actions_done),
            "actions_overdue": list(document.changes.actions_overdue),
            "restatements": [
                {"label": r.label, "period": r.period, "printed": r.printed, "now": r.now}
                for r in document.changes.restatements
            ],
        },
        "kpis": [
            {
                "figure": kpi.figure,
                "prior": kpi.prior or None,
                "change": kpi.change or None,
                "target": kpi.target or None,
                "status": kpi.status,
            }
            for kpi in document.kpis
        ],
        "figures": {
            key: {
                "name": figure.label,
                "metric": figure.metric,
                "scope": figure.scope,
                "period": figure.period,
                "value": figure.value,
                "unit": figure.unit.value,
                "step": STEPS[figure.unit],
                "currency": figure.currency if figure.unit is Unit.MONEY else None,
                "text": write(figure, cents=True),
                "missing": figure.missing if figure.value is None else "",
                "badge": figure.badge.value,
                "trace": frame.trace(key),
            }
            for key, figure in document.figures.items()
        },
        "sections": [
            {
                "anchor": section.anchor,
                "title": section.title,
                "lead": section.lead,
                "commentary": written(section.commentary),
                "commentary_passages": [_said(prose) for prose in section.commentary],
                "tables": [_table(block, frame) for block in section.blocks if isinstance(block, Table)],
                "charts": [
                    {"name": block.name, "title": block.title, "alt": block.alt, "data": dump(block.spec)}
                    for block in section.blocks
                    if isinstance(block, Chart)
                ],
            }
            for section in document.sections
        ],
        "findings": [
            {
                "rule": f.rule,
                "subject": f.subject,
                "about": f.about,
                "severity": f.severity.value,
                "status": f.status,
                "muted_until": f.muted_until.isoformat() if f.muted_until else None,
                "title": f.title,
                "evidence": frame.plain(f.evidence),
                "first_seen_on": f.first_seen_on.isoformat(),
                "age_days": f.age_days,
            }
            for f in document.findings
        ],
        "decisions": [frame.plain(line) for line in document.decisions],
        "actions": [
            {
                "title": a.title,
                "owner": a.owner,
                "due_on": a.due_on.isoformat(),
                "state": a.state,
                "finding": a.finding,
                "carried": a.carried,
                "escalated_on": a.escalated_on.isoformat() if a.escalated_on else None,
            }
            for a in document.actions
        ],
        "definitions": [
            {"metric": d.metric, "name": d.name, "formula": d.formula, "unit": d.unit, "source": d.source}
            for d in document.definitions
        ],
    }


def _said(prose: Prose) -> dict[str, Any]:
    """Return a piece of commentary with how its words are set; of what a run of words is not, nothing is said."""
    return {
        "by": prose.by,
        "passages": [
            {
                "stands": passage.stands.value,
                "spans": [
                    {name: value for name, value in dataclasses.asdict(span).items() if value}
                    for span in passage.spans
                ],
            }
            for passage in prose.passages
        ],
    }


def _table(table: Table, frame: Frame) -> dict[str, Any]:
    return {
        "title": table.title,
        "columns": [column.label for column in table.columns],
        "rows": [
            [
                {"text": piece.text, "figure": piece.key} if piece.key else {"text": piece.text}
                for piece in map(frame.piece, row.cells)
            ]
            for row in table.rows
        ],
        "note": table.note,
        "empty": "" if table.rows else table.empty,
    }
