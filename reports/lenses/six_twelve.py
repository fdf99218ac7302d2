"""The six-weeks and twelve-months form of a metric: weeks, months and what is so far, each beside its year before.

Weeks end on Saturday. Quarter and year are the fiscal ones where the scope's entities share one, else the calendar's.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from core import months
from core.months import Month
from reports import periods
from reports.document import Block, Cell, Chart, Column, Figure, Row, Table, Tone, Unit
from reports.lenses.frame import cell, column, row
from reports.metrics import REGISTRY, Desk, Scope
from reports.metrics.by_day import week_ending
from reports.metrics.registry import Aggregate
from reports.render import chart_specs as charts

_WEEKS = "Weeks end on Saturday and stand beside the same weekdays a year before"
_SO_FAR = "month, quarter and year so far run to the same day, beside the same dates a year before"
_STOOD = "the last line is beside the same date a year before"
_RULES = (f"{_WEEKS}; {_SO_FAR}.", f"{_WEEKS}; {_STOOD}.")

# A longer name stands in the title alone, and leaves room for what is beside it.
_SHORT = 12
# So many months of a year before make a line that can be read.
_FEWEST = 3
# What a figure says for want of records, and not of something to divide by.
_UNTRACKED = ("not tracked", "not looked at")


class Beside(NamedTuple):
    """What a run of days is called, its figure and that of its year before."""

    label: str
    now: Figure
    before: Figure


class OfMonth(NamedTuple):
    """A month's value and that of its year before; None where a month is not over, or has none."""

    month: Month
    now: int | None
    before: int | None


def blocks(
    desk: Desk,
    key: str,
    scope: Scope | None = None,
    *,
    name: str = "",
    target: str = "",
    fiscal: bool = False,
) -> tuple[Block, ...]:
    """Return a metric's six weeks and what is so far as a table, and its twelve months as a chart where any has a value.

    ``name`` is what it is called here, where its own name is that of a month; ``target`` the metric of what it should come
    to by month. ``fiscal`` shows the months of the fiscal year under way, those ahead too, instead of the last twelve.

    Raises:
        ValueError: the metric's records do not tell the day.
    """
    weekly = table(desk, key, scope, name=name)
    monthly = by_month(desk, key, scope, spans(desk, scope, fiscal=fiscal))
    if not target and not weekly.rows and all(entry.now is None for entry in monthly):
        return (weekly,)
    return weekly, chart(desk, key, scope, name=name, target=target, fiscal=fiscal)


def table(desk: Desk, key: str, scope: Scope | None = None, *, name: str = "") -> Table:
    """Return a metric's last six weeks and what is so far, each beside its year before.

    Where the records do not go back to any of the year before, the note says why instead of each row.

    Raises:
        ValueError: the metric's records do not tell the day.
    """
    name = name or REGISTRY[key].name
    found = spans(desk, scope)
    of_weeks, later = weeks(desk, key, scope, found), so_far(desk, key, scope, found)
    then = any(line.before.value is not None for line in (*of_weeks, *later))
    earlier = [None, *(line.now for line in of_weeks)]
    rows = [
        *(
            _line(desk, line, "same week a year before" if then else "", before)
            for line, before in zip(of_weeks, earlier, strict=False)
        ),
        *(_line(desk, line, "same dates a year before" if then else "") for line in later),
    ]
    known = any(line.now.value is not None for line in (*of_weeks, *later))
    stands = REGISTRY[key].aggregate is Aggregate.LAST
    beside = (column("Year before"), column("Year on year")) if then else ()
    notes = [f"{_WEEKS}; {_STOOD if stands else _SO_FAR}." if then else "Weeks end on Saturday."]
    lacking = [line.now.missing for line in (*of_weeks, *later)]
    if then:
        lacking += [line.before.missing for line in (*of_weeks, *later)]
    else:
        gone = of_weeks[-1].before.missing
        notes.append(f"The year before: {gone}.")
        lacking = [reason for reason in lacking if reason != gone]
    if why := "; ".join(dict.fromkeys(reason for reason in lacking if reason)):
        notes.append(f"Missing: {why}.")
    return Table(
        f"{name}: the last six weeks, and so far",
        (
            Column("Period"), column(name if len(name) <= _SHORT else "Value"), column("Week on week"), *beside,
        ),
        tuple(rows) if known else (),
        note=" ".join(notes) if known else "",
        empty=f"{name}: {of_weeks[-1].now.missing}.",
    )  # fmt: skip


def once(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Return the blocks of one section with how its weeks and dates are compared said under the first table alone."""
    said: set[str] = set()
    found: list[Block] = []
    for block in blocks:
        note = block.note if isinstance(block, Table) else ""
        rule = next((rule for rule in _RULES if note.startswith(rule)), "")
        if isinstance(block, Table) and rule in said:
            found.append(replace(block, note=note.removeprefix(rule).strip()))
        else:
            found.append(block)
        if rule:
            said.add(rule)
    return tuple(found)


def chart(
    desk: Desk,
    key: str,
    scope: Scope | None = None,
    *,
    name: str = "",
    target: str = "",
    fiscal: bool = False,
) -> Chart:
    """Return a metric's twelve months as a chart, with the year before where the records go back to it."""
    name = name or REGISTRY[key].name
    found = by_month(desk, key, scope, spans(desk, scope, fiscal=fiscal))
    unit, first, last = REGISTRY[key].unit, found[0].month, found[-1].month
    then = sum(entry.before is not None for entry in found) >= _FEWEST
    aimed: list[tuple[Month, int | None]] = []
    words = f"{name} by month, {months.label(first)} to {months.label(last)}"
    if target:
        aims = REGISTRY[target].name
        aimed = [(entry.month, desk.get(target, scope, entry.month).value) for entry in found]
        words = f"{words}, beside the {aims.lower()}"
    said = _said(name, [(entry.month, entry.now) for entry in found], unit, desk.currency)
    return Chart(
        f"{key.replace('_', '-')}-twelve-months",
        words,
        charts.line_by_month(
            [(entry.month, entry.now) for entry in found],
            unit=unit,
            currency=desk.currency,
            name=name,
            before=[(entry.month, entry.before) for entry in found] if then else (),
            target=aimed,
        ),
        f"{said} "
        + (
            "The year before is beside it."
            if then
            else "The records go back too little to show the year before."
        ),
    )


def _said(name: str, points: list[tuple[Month, int | None]], unit: Unit, currency: str) -> str:
    """Return between what the values of months ran and where they end, in words."""
    known = [(value, month) for month, value in points if value is not None]
    if not known:
        return f"{name}: no month has a value."
    (least, _), (most, _), (end, last) = min(known), max(known), known[-1]
    low, high, now = (charts.long(value, unit, currency) for value in (least, most, end))
    ran = f"{name} ran between {low} and {high}" if least != most else f"{name}: {low} in every month known"
    return f"{ran}, {now} in {months.label(last)}." if least != most else f"{ran}."


def spans(desk: Desk, scope: Scope | None = None, *, fiscal: bool = False) -> periods.Spans:
    """Return the runs of days of a scope's form, up to the last week and the last month that are over."""
    ids = (scope or desk.all).ids
    ends = {entity.fiscal_year_ends for entity in desk.entities if entity.id in ids}
    return periods.spans(
        week_ending=week_ending(desk.as_of),
        as_of=desk.as_of,
        fiscal_year_ends=ends.pop() if len(ends) == 1 else 12,
        fiscal=fiscal,
    )


def weeks(desk: Desk, key: str, scope: Scope | None, found: periods.Spans) -> list[Beside]:
    """Return the six weeks, oldest first."""
    return [_beside(desk, key, scope, pair, f"Week to {pair.run.last:%-d %b}") for pair in found.weeks]


def so_far(desk: Desk, key: str, scope: Scope | None, found: periods.Spans) -> list[Beside]:
    """Return the month, quarter and year so far; of what stands on a day alone they are the same, and one is enough."""
    if REGISTRY[key].aggregate is Aggregate.LAST:
        return [_beside(desk, key, scope, found.year, f"On {found.week_ending:%-d %b %Y}")]
    month = f"{found.week_ending:%B}"
    pairs = ((found.month, month), (found.quarter, "Quarter"), (found.year, "Year"))
    return [_beside(desk, key, scope, pair, f"{words} so far") for pair, words in pairs]


def by_month(desk: Desk, key: str, scope: Scope | None, found: periods.Spans) -> list[OfMonth]:
    """Return the twelve months, oldest first; what is not tracked a year before the newest is not asked of older ones."""
    told: list[OfMonth] = []
    goes_back = True
    for month, pair in reversed(tuple(zip(found.month_names, found.months, strict=True))):
        before = None
        if goes_back and pair.before is not None:
            then = desk.get(key, scope, month - 12)
            before, goes_back = then.value, not then.missing.startswith(_UNTRACKED)
        now = desk.get(key, scope, month).value if pair.run is not None else None
        told.append(OfMonth(month, now, before))
    return told[::-1]


def _beside(desk: Desk, key: str, scope: Scope | None, pair: periods.Beside, label: str) -> Beside:
    now, before = (desk.between(key, scope, run.first, run.last) for run in pair)
    return Beside(label, now, before)


def _line(desk: Desk, line: Beside, on: str, week_before: Figure | None = None) -> Row:
    """Return a row: its change on the week before, and where ``on`` says what its year before is, that and the change on it."""
    on_week = "" if week_before is None else _changed(desk, line.now, week_before, "week before")
    beside = (_short(line.before), _changed(desk, line.now, line.before, on)) if on else ()
    return row(line.label, _short(line.now), on_week, *beside)


def _changed(desk: Desk, now: Figure, before: Figure, on: str) -> Cell:
    return cell(desk.change(now, before, on=on), plus=True)


def _short(figure: Figure) -> Figure | Cell:
    """Return a figure, or of one without a value the first words of why; the table's note says all of them once."""
    if figure.value is not None:
        return figure
    return Cell(figure.missing.partition(" before ")[0].partition(":")[0], tone=Tone.MUTED)
