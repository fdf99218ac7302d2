"""The six-weeks and twelve-months form of a metric: weeks, months and what is so far, each beside its year before.

Weeks end on Saturday. Quarter and year are the fiscal ones where the scope's entities share one, else the calendar's.
"""

from core import months
from reports import periods
from reports.document import Block, Chart, Column, Row, Table
from reports.lenses.frame import column, row
from reports.metrics import REGISTRY, Desk, Scope
from reports.metrics.by_day import week_ending
from reports.metrics.registry import Aggregate
from reports.render import chart_specs as charts


def blocks(desk: Desk, key: str, scope: Scope | None = None, *, name: str = "") -> tuple[Block, ...]:
    """Return a metric's six weeks, what is so far where days add up, and its twelve months as a chart.

    ``name`` is what it is called here, where its own name is that of a month.

    Raises:
        ValueError: the metric's records do not tell the day.
    """
    name = name or REGISTRY[key].name
    spans = periods.spans(week_ending=week_ending(desk.as_of), fiscal_year_ends=_year_ends(desk, scope))
    return (
        Table(
            f"{name}: the last six weeks, and so far",
            (Column("Period"), column(name), column("Year before"), column("Change")),
            (*_weeks(desk, key, scope, spans), *_so_far(desk, key, scope, spans)),
            note="Weeks end on Saturday and stand beside the same weekdays a year before; month, quarter and year so far "
            "run to the same day, beside the same dates a year before.",
        ),
        _months(desk, key, scope, spans, name),
    )


def _year_ends(desk: Desk, scope: Scope | None) -> int:
    ids = (scope or desk.all).ids
    found = {entity.fiscal_year_ends for entity in desk.entities if entity.id in ids}
    return found.pop() if len(found) == 1 else 12


def _weeks(desk: Desk, key: str, scope: Scope | None, spans: periods.Spans) -> list[Row]:
    return [_pair(desk, key, scope, pair, "wk", f"Week to {_day(pair.run)}") for pair in spans.weeks]


def _so_far(desk: Desk, key: str, scope: Scope | None, spans: periods.Spans) -> list[Row]:
    if REGISTRY[key].aggregate is not Aggregate.SUM:
        return []  # A balance is the same at the end of any of them.
    month = f"{spans.week_ending:%B}"
    pairs = ((spans.month, "mtd", month), (spans.quarter, "qtd", "Quarter"), (spans.year, "ytd", "Year"))
    return [_pair(desk, key, scope, pair, code, f"{words} so far") for pair, code, words in pairs]


def _pair(desk: Desk, key: str, scope: Scope | None, pair: periods.Pair, code: str, label: str) -> Row:
    now, before = (
        desk.between(key, scope, run.first, run.last, period=f"{code}{run.last}")
        for run in (pair.run, pair.before)
        if run is not None
    )
    return row(label, now, before, desk.change(now, before))


def _day(run: periods.Run | None) -> str:
    return "" if run is None else f"{run.last:%-d %b}"


def _months(desk: Desk, key: str, scope: Scope | None, spans: periods.Spans, name: str) -> Chart:
    unit, first, last = REGISTRY[key].unit, spans.month_names[0], spans.month_names[-1]
    now = [(month, desk.get(key, scope, month).value) for month in spans.month_names]
    before = [(month, desk.get(key, scope, month - 12).value) for month in spans.month_names]
    series = {f"{months.label(first)} to {months.label(last)}": now}
    known = [value for _, value in before if value is not None]
    if len(known) > 1:
        series["A year before"] = before
    words = f"{name} by month, {months.label(first)} to {months.label(last)}"
    total = [value for _, value in now if value is not None]
    said = "no month has a value"
    if total:
        said = f"between {charts.long(min(total), unit, desk.currency)} and {charts.long(max(total), unit, desk.currency)}"
    return Chart(
        f"{key.replace('_', '-')}-twelve-months",
        words,
        charts.line_by_month(series, unit=unit, currency=desk.currency),
        f"{words}: {said}; "
        + ("beside the year before." if len(known) > 1 else "the books do not go back to the year before."),
    )
