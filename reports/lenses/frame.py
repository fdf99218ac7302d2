"""What every lens needs: the head with its sources, headline figures with their change, table pieces.

The report's own month is the last whole month before the as-of date; cash and pipeline stand at the
as-of date itself.
"""

import datetime as dt

from core import months
from reports.document import (
    Align,
    Cell,
    Column,
    Draft,
    Figure,
    FindingNote,
    Head,
    Kpi,
    Line,
    Row,
    Section,
    Tone,
)
from reports.lenses.sources import Watched, sources
from reports.metrics import REGISTRY, Better, Desk, Facts, Scope
from reports.metrics.registry import PORTFOLIO, definitions
from reports.rules import Rule

MOST_KPIS = 10


class UnlikeCurrenciesError(ValueError):
    """The entities of a report keep their books in different currencies, which never add up."""


def desk_for(facts: Facts, kinds: tuple[str, ...] = ()) -> Desk:
    """Return a desk whose month is the last whole month before (or ending on) the as-of date.

    ``kinds`` are the kinds of entities it keeps to, none meaning all.

    Raises:
        UnlikeCurrenciesError: the report's entities keep their books in different currencies.
    """
    this = months.month_of(facts.as_of)
    month = this if facts.as_of == months.last_day(this) else this - 1
    currencies = sorted({entity.currency for entity in facts.entities if not kinds or entity.kind in kinds})
    if len(currencies) > 1:
        raise UnlikeCurrenciesError(
            f"The books are kept in {' and '.join(currencies)}, which do not add up; run it for one entity at a time."
        )
    return Desk(facts, month=month, currency=currencies[0] if currencies else "USD", kinds=kinds)


def head(
    desk: Desk, *, report: str, title: str, reader: str, watched: tuple[Watched, ...], zone: str, sample: str
) -> Head:
    """Return the head: entities, period, state of the ledger, and how fresh each source is."""
    facts = desk.facts
    names = ", ".join(entity.name for entity in desk.entities)
    return Head(
        report=report,
        title=title,
        reader=reader,
        entities=names or "No entities",
        period=months.label(desk.month),
        as_of=facts.as_of,
        zone=zone,
        ledger=ledger_state(desk),
        sources=tuple(sources(desk, watched)),
        currency=desk.currency,
        sample=sample,
        lens=report,
    )


def ledger_state(desk: Desk) -> str:
    """Return whether the report's month is open, reconciled or closed, over all entities with books."""
    month = desk.month
    concerned = desk.facts.active[month].intersection(desk.all.ids)
    if concerned and all((entity, month) in desk.facts.closed for entity in concerned):
        return f"{months.label(month)} is closed"
    done = sum((entity, month) in desk.facts.reconciled for entity in concerned)
    if concerned and done == len(concerned):
        return f"{months.label(month)} is reconciled, not closed"
    reconciled = (
        "not reconciled" if len(concerned) == 1 else f"{done} of {len(concerned)} entities reconciled"
    )
    return f"{months.label(month)} is open: {reconciled}"


def kpi(
    desk: Desk,
    key: str,
    scope: Scope | None = None,
    *,
    target: Figure | None = None,
    before: Figure | None = None,
    status: str = "",
) -> Kpi:
    """Return a headline figure with its prior value (the month before, by default), the change and a target.

    A figure that stands at the as-of date has no month before; pass what it compares with.
    """
    now = desk.get(key, scope)
    better = REGISTRY[key].better
    if before is None and REGISTRY[key].monthly:
        before = desk.get(key, scope, desk.month - 1)
    change = desk.change(now, before) if before is not None else None
    tone = Tone.PLAIN
    if target is not None and target.value is not None and now.value is not None:
        less = better is Better.LESS
        met = now.value <= target.value if less else now.value >= target.value
        tone = Tone.GOOD if met else Tone.WARN
        status = status or ("on target" if met else "over target" if less else "short of target")
    return Kpi(
        figure=now.key,
        prior=before.key if before is not None else "",
        change=change.key if change is not None else "",
        target=target.key if target is not None else "",
        tone=tone,
        status=status,
        better=better.value,
    )


def column(label: str) -> Column:
    """Return a column of figures."""
    return Column(label, Align.RIGHT)


def cell(figure: Figure, *, cents: bool = False, plus: bool = False, tone: Tone | None = None) -> Cell:
    """Return a figure's cell; negative money stands out unless a tone is given."""
    if tone is None:
        tone = Tone.BAD if (figure.value or 0) < 0 else Tone.MUTED if figure.value is None else Tone.PLAIN
    return Cell(figure=figure.key, cents=cents, plus=plus, tone=tone)


def row(*cells: str | Figure | Cell, total: bool = False) -> Row:
    """Return a table row from texts, figures and cells."""
    return Row(
        tuple(
            Cell(text=entry)
            if isinstance(entry, str)
            else cell(entry)
            if isinstance(entry, Figure)
            else entry
            for entry in cells
        ),
        total=total,
    )


def whole(desk: Desk) -> str:
    """Return what a total over the whole report is called."""
    return "Portfolio" if desk.all.label == PORTFOLIO else desk.all.label


def day(value: dt.date | None) -> str:
    """Return a date for people, or a dash of words where there is none."""
    return "no date" if value is None else f"{value:%a} {value.day} {value:%b %Y}"


def assemble(
    desk: Desk,
    *,
    head: Head,
    headline: tuple[Line, ...],
    kpis: tuple[Kpi, ...],
    sections: tuple[Section, ...],
    findings: tuple[FindingNote, ...],
    decisions: tuple[Line, ...],
    rules: tuple[Rule, ...],
) -> Draft:
    """Put a draft together with every figure worked out and the definitions of their metrics.

    A headline figure of the as-of date gets its prior from the edition before, when the two are compared.

    Raises:
        ValueError: the report has more headline figures than a reader takes in, or one of a month without its prior.
    """
    if len(kpis) > MOST_KPIS:
        raise ValueError(f"A report has at most {MOST_KPIS} key figures; {head.title} has {len(kpis)}.")
    for entry in kpis:
        figure = desk.figures[entry.figure]
        if not entry.prior and figure.metric in REGISTRY and REGISTRY[figure.metric].monthly:
            raise ValueError(f"The key figure {figure.key} of {head.title} says nothing of the month before.")
    return Draft(
        head=head,
        headline=headline,
        kpis=kpis,
        sections=sections,
        findings=findings,
        decisions=decisions,
        definitions=definitions(desk.figures.values()),
        figures=dict(desk.figures),
        books=tuple(known for known in desk.facts.books if known.entity_id in desk.all.ids),
        rules=tuple(rule.name for rule in rules),
    )
