"""Builds whole documents of any shape for property tests: every kind of block, text of every script."""

import datetime as dt
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from reports.document import (
    ActionLine,
    Align,
    Badge,
    Bullets,
    Cell,
    Change,
    Changes,
    Chart,
    Column,
    Definition,
    Document,
    Figure,
    FindingLine,
    FormulaTrace,
    Head,
    Kpi,
    Note,
    Para,
    Passage,
    PostingsTrace,
    Prose,
    Restatement,
    Row,
    RowsTrace,
    Section,
    Severity,
    Source,
    Span,
    Stands,
    Table,
    Tone,
    TraceRow,
    Unit,
)
from reports.metrics.operations import FOLDS
from reports.render import charts

KEYS = ("cash.portfolio.2026-10", "odd/key:1", "none", "große")
# Letters with meaning in HTML, templates, Typst, JSON and mail, among those of other scripts.
_TEXT = st.text(
    st.one_of(
        st.sampled_from("<>&\"'{}%#$*_`@\\[]=-|;\n\t \u200b\u202e\u2028€−日مש"),
        st.characters(max_codepoint=0x24F, exclude_categories=("Cs", "Cc")),
        st.characters(categories=("Cc",), exclude_characters="\x00"),
    ),
    max_size=30,
)
_WORDS = st.one_of(st.just(""), st.just("word " * 12), st.just("x" * 70), _TEXT)
_DATES = st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31))
_SMALL = st.integers(-(10**13), 10**13)


def of(kind: Any, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Build a dataclass, each field from what is given or else from the strategy of its type."""
    return st.builds(kind, **given)


def several(strategy: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    """Build a tuple of at most so many."""
    return st.lists(strategy, max_size=most).map(tuple)


_ROWS = of(
    TraceRow,
    label=_WORDS,
    amount=_SMALL,
    ref=st.sampled_from(["", "booking:1"]),
    on=st.none() | _DATES,
    weight=st.sampled_from([1, 0, 7]),
)
_POSTINGS = of(
    PostingsTrace,
    accounts=several(st.integers(1, 99)),
    first_month=st.integers(24000, 24400),
    end_month=st.integers(24000, 24400),
    until=_DATES,
    sign=st.sampled_from([1, -1]),
    cash_only=st.booleans(),
    side=st.sampled_from(["", "debit", "credit"]),
    bookings=st.none() | several(st.integers(1, 99)),
    since=st.none() | _DATES,
)
_FORMULA = of(FormulaTrace, operation=_WORDS, inputs=several(st.sampled_from(KEYS)))
_TRACES = st.one_of(
    of(RowsTrace, rows=several(_ROWS), fold=st.sampled_from(sorted(FOLDS))), _POSTINGS, _FORMULA
)


def _figures() -> st.SearchStrategy[dict[str, Figure]]:
    return st.fixed_dictionaries(
        {
            key: of(
                Figure,
                key=st.just(key),
                metric=_WORDS,
                label=_WORDS,
                unit=st.sampled_from(Unit),
                value=st.none() | _SMALL,
                badge=st.sampled_from(Badge),
                trace=_TRACES,
                scope=_WORDS,
                period=_WORDS,
                missing=_WORDS,
                currency=st.sampled_from(["USD", "JPY", "EUR"]),
            )
            for key in KEYS
        }
    )


_CELLS = st.one_of(
    of(Cell, text=_WORDS, figure=st.just(""), tone=st.sampled_from(Tone), ref=st.just("")),
    of(
        Cell,
        text=st.just(""),
        figure=st.sampled_from(KEYS),
        tone=st.sampled_from(Tone),
        ref=st.just("booking:1"),
        cents=st.booleans(),
        plus=st.booleans(),
    ),
)
_LINES = several(_CELLS)


def _tables() -> st.SearchStrategy[Table]:
    def sized(columns: int) -> st.SearchStrategy[Table]:
        cells = st.lists(_CELLS, min_size=columns, max_size=columns).map(tuple)
        heads = st.lists(
            of(Column, label=_WORDS, align=st.sampled_from(Align)), min_size=columns, max_size=columns
        )
        return of(
            Table,
            title=_WORDS,
            columns=heads.map(tuple),
            rows=several(of(Row, cells=cells, total=st.booleans()), 5),
            note=_WORDS,
            empty=_WORDS,
        )

    return st.integers(1, 7).flatmap(sized)


_CHARTS = st.builds(
    lambda number, plot, title, alt: Chart(f"chart-{number}", title, plot, alt),
    st.integers(0, 99),
    st.lists(
        st.tuples(st.integers(24300, 24311), st.none() | _SMALL), max_size=4, unique_by=lambda p: p[0]
    ).map(charts.bars_by_month)
    | st.lists(st.tuples(_WORDS, st.none() | _SMALL), max_size=4).map(charts.horizontal_bars),
    _WORDS,
    _WORDS,
)
_BLOCKS = st.one_of(
    _tables(),
    _CHARTS,
    of(Para, line=_LINES),
    of(Bullets, lines=several(_LINES), ordered=st.booleans()),
    of(Note, line=_LINES, tone=st.sampled_from(Tone)),
)


_PROSE = several(
    of(
        Prose,
        passages=several(
            of(
                Passage,
                spans=several(of(Span, text=_WORDS, href=st.sampled_from(["", "https://example.com/"]))),
                stands=st.sampled_from(Stands),
            )
        ),
        by=_WORDS,
    ),
    2,
)


def _sections() -> st.SearchStrategy[tuple[Section, ...]]:
    drawn = st.lists(
        of(
            Section,
            title=_WORDS,
            blocks=several(_BLOCKS),
            lead=_WORDS,
            anchor=st.just(""),
            commentary=_PROSE,
        ),
        max_size=3,
    )
    return drawn.map(
        lambda sections: tuple(replace(section, anchor=f"part-{at}") for at, section in enumerate(sections))
    )


_KEYS_OR_NONE = st.sampled_from(["", *KEYS])
DOCUMENTS = of(
    Document,
    head=of(
        Head,
        report=st.just("ceo"),
        title=_WORDS,
        reader=_WORDS,
        entities=_WORDS,
        period=_WORDS,
        as_of=_DATES,
        zone=st.just("America/Los_Angeles"),
        ledger=_WORDS,
        sources=several(
            of(Source, name=_WORDS, fresh_to=st.none() | _DATES, stale=st.booleans(), note=_WORDS)
        ),
        currency=st.just("USD"),
        sample=_WORDS,
    ),
    number=st.integers(1, 9999),
    url=st.just("https://deck.example.com/reports/ceo/12/"),
    headline=several(_LINES, 5),
    actions=several(
        of(
            ActionLine,
            title=_WORDS,
            owner=_WORDS,
            due_on=_DATES,
            state=st.sampled_from(["open", "overdue", "done", "later"]),
            finding=_WORDS,
            pk=st.integers(0, 99),
        ),
        8,
    ),
    changes=of(
        Changes,
        since=_WORDS,
        figures=several(of(Change, label=_WORDS, before=_WORDS, after=_CELLS, tone=st.sampled_from(Tone))),
        findings_new=several(_WORDS),
        findings_cleared=several(_WORDS),
        actions_done=several(_WORDS),
        actions_overdue=several(_WORDS),
        restatements=several(of(Restatement, label=_WORDS, period=_WORDS, printed=_WORDS, now=_WORDS)),
    ),
    kpis=several(
        of(
            Kpi,
            figure=st.sampled_from(KEYS),
            prior=_KEYS_OR_NONE,
            change=_KEYS_OR_NONE,
            target=_KEYS_OR_NONE,
            tone=st.sampled_from(Tone),
            status=_WORDS,
        ),
        5,
    ),
    sections=_sections(),
    findings=several(
        of(
            FindingLine,
            rule=st.just("rule"),
            subject=_WORDS,
            severity=st.sampled_from(Severity),
            title=_WORDS,
            evidence=_LINES,
            status=st.sampled_from(["new", "open", "cleared"]),
            first_seen_on=_DATES,
            age_days=st.integers(0, 9999),
        )
    ),
    decisions=several(_LINES),
    definitions=several(
        of(Definition, metric=_WORDS, name=_WORDS, formula=_WORDS, unit=st.just("money"), source=_WORDS)
    ),
    figures=_figures(),
    commentary=_PROSE,
)
