"""The rental's lens: how its nights are sold, what is left of it, what is to be mended, and what is ahead.

For the person who runs the place. Nights, rates and bookings come from the stays; the result from the books; repairs,
blocked nights and papers from their own records. The tables of stays, money and upkeep stand next door.
"""

import datetime as dt
from collections.abc import Sequence

from core import months
from portfolio.domain.queries import rental as records
from portfolio.models import EntityKind
from reports.document import (
    Align,
    Block,
    Chart,
    Column,
    Draft,
    Figure,
    FindingNote,
    Head,
    Line,
    Note,
    Section,
    Table,
    TraceRow,
    Unit,
)
from reports.lenses import base, frame, rental_money, rental_stays, rental_upkeep, six_twelve
from reports.lenses.frame import cell, column, row
from reports.lenses.sources import BANK, NOTES, Watched
from reports.metrics import Desk, Facts
from reports.metrics import rental_calendar as nights
from reports.metrics.registry import Answer
from reports.metrics.rental import untracked
from reports.metrics.rental_stays import A_YEAR, AHEAD_DAYS, known_by, window
from reports.render import chart_specs as charts
from reports.render.chart_specs.strip import BLOCKED, OPEN, SOLD, Strip, calendar_strip
from reports.rules import counted, run
from reports.rules.registry import line
from reports.rules.rental import RENTAL_RULES

TREND_MONTHS = 12
STRIP_BEFORE, STRIP_AHEAD = 6, 4
SLICE_DAYS = 30

# What stands in the first table, and with how many cents it is read.
AT_A_GLANCE = (
    ("calendar_nights", False), ("blocked_nights", False), ("available_nights", False), ("sold_nights", False),
    ("open_nights", False), ("occupancy_paid", False), ("occupancy_adjusted", False), ("stay_revenue", False),
    ("adr", True), ("revpar", True), ("revenue_lost", False), ("noi", False),
)  # fmt: skip


def draft(desk: Desk, head: Head) -> Draft:
    """Work out the rental's report at a desk."""
    findings = run(RENTAL_RULES, desk)
    return frame.assemble(
        desk,
        head=head,
        headline=_headline(desk),
        kpis=_kpis(desk),
        sections=(
            _glance(desk),
            _occupancy(desk),
            rental_stays.stays(desk),
            _strip(desk),
            rental_stays.cancellations(desk),
            Section(
                "time",
                "Six weeks and twelve months",
                six_twelve.once(
                    (
                        *six_twelve.blocks(desk, "sold_nights"),
                        six_twelve.table(desk, "adr"),
                        *six_twelve.blocks(desk, "stay_revenue"),
                    )
                ),
            ),
            rental_money.noi(desk, TREND_MONTHS),
            rental_upkeep.maintenance(desk),
            rental_upkeep.papers(desk),
            _ahead(desk),
        ),
        findings=findings,
        decisions=_decisions(desk, counted(findings, desk)),
        rules=RENTAL_RULES,
    )


def _headline(desk: Desk) -> tuple[Line, ...]:
    month = months.label(desk.month)
    return (
        line(f"{month}: adjusted occupancy ", desk.get("occupancy_adjusted"), " (sold nights: ",
             desk.get("sold_nights"), ", of available nights: ", desk.get("available_nights"), "); paid occupancy ",
             desk.get("occupancy_paid"), "."),
        line("A sold night brought ", cell(desk.get("adr"), cents=True), ", an available one ",
             cell(desk.get("revpar"), cents=True), "; revenue of the nights: ", desk.get("stay_revenue"), "."),
        line("NOI: ", desk.get("noi"), ". Debt service: ", desk.get("debt_service"), ". Left after it: ",
             desk.get("after_debt"), "."),
        line("Open repairs: ", desk.get("tickets_open"), ". Nights blocked in the month: ", desk.get("blocked_nights"),
             ", worth ", desk.get("revenue_lost"), " at its rate."),
        line(f"Nights on the books for the next {AHEAD_DAYS} days: ", desk.get("nights_ahead"),
             ", against ", desk.get("nights_last_year_then"), " at the same day a year ago."),
    )  # fmt: skip


def _kpis(desk: Desk) -> tuple[frame.Kpi, ...]:
    return (
        frame.kpi(desk, "revenue", target=desk.get("target")),
        frame.kpi(desk, "occupancy_adjusted"),
        frame.kpi(desk, "occupancy_paid"),
        frame.kpi(desk, "adr"),
        frame.kpi(desk, "revpar"),
        frame.kpi(desk, "noi"),
        frame.kpi(desk, "nights_ahead", before=desk.get("nights_last_year_then")),
        frame.kpi(desk, "booking_window"),
        frame.kpi(desk, "sla_hit_rate"),
        frame.kpi(desk, "revenue_lost"),
    )


def _glance(desk: Desk) -> Section:
    month = desk.month
    rows = [
        row(
            desk.get(key).label,
            cell(desk.get(key), cents=cents),
            cell(desk.get(key, None, month - 1), cents=cents),
            cell(desk.get(f"{key}_12m"), cents=cents),
            cell(desk.get(key, None, month - 12), cents=cents),
        )
        for key, cents in AT_A_GLANCE
    ]
    return Section(
        "glance",
        "The month at a glance",
        (
            Table(
                f"Nights, rates and result of {months.label(month)}",
                (
                    Column("Measure"), column(months.label(month)), column(months.label(month - 1)),
                    column("Twelve months"), column(months.label(month - 12)),
                ),
                tuple(rows),
                note="A night of a stay that crosses into the next month counts in its own month, with its share of "
                "the price. Blocked nights count with both of their days.",
            ),
        ),
    )  # fmt: skip


def _trend(desk: Desk, *keys: str) -> dict[str, list[tuple[int, int | None]]]:
    span = range(desk.month - TREND_MONTHS + 1, desk.month + 1)
    return {desk.get(key).label: [(each, desk.get(key, None, each).value) for each in span] for key in keys}


def _occupancy(desk: Desk) -> Section:
    paid, rates = _trend(desk, "occupancy_adjusted", "occupancy_paid"), _trend(desk, "adr", "revpar")
    keys = ("available_nights", "sold_nights", "occupancy_paid", "occupancy_adjusted", "adr", "revpar")
    rows = [
        row(months.label(each), *(cell(desk.get(key, None, each), cents=key in ("adr", "revpar")) for key in keys))
        for each in range(desk.month - TREND_MONTHS + 1, desk.month + 1)
    ]  # fmt: skip
    rows.append(
        row("Twelve months", *(cell(desk.get(f"{key}_12m"), cents=key in ("adr", "revpar")) for key in keys),
            total=True)
    )  # fmt: skip
    return Section(
        "occupancy",
        "Occupancy and rate",
        (
            Chart(
                "occupancy",
                "Occupancy by month, adjusted for blocked nights and paid",
                charts.line_by_month(paid, unit=Unit.PERCENT),
                _said(paid, Unit.PERCENT, desk.currency),
            ),
            Chart(
                "rates",
                "Rate of a sold night (ADR) and of an available night (RevPAR) by month",
                charts.line_by_month(rates, currency=desk.currency),
                _said(rates, Unit.MONEY, desk.currency),
            ),
            Table(
                "Nights and rates of twelve months",
                (Column("Month"), *(column(desk.get(key).label) for key in keys)),
                tuple(rows),
                detail=True,
            ),
        ),
    )


def _said(series: dict[str, list[tuple[int, int | None]]], unit: Unit, currency: str) -> str:
    """Return a chart's last values in words."""
    lasts = [
        f"{name} {'not tracked' if (last := points[-1][1]) is None else charts.long(last, unit, currency)}"
        for name, points in series.items()
    ]
    return f"{', '.join(lasts)} in {months.label(next(iter(series.values()))[-1][0])}."


def _strip(desk: Desk) -> Section:
    calendar = nights.of(desk.facts)
    blocks: list[Block] = []
    for scope in desk.scopes():
        strips = [
            _month_of(calendar, scope.ids[0], each)
            for each in range(desk.month - STRIP_BEFORE + 1, desk.month + STRIP_AHEAD + 1)
        ]
        title = "Calendar: sold, blocked and open nights" + (
            f" of {scope.label}" if len(desk.scopes()) > 1 else ""
        )
        blocks.append(
            Chart(
                f"strip-{scope.slug}",
                title,
                calendar_strip(strips),
                "Nights by month: "
                + "; ".join(f"{months.label(strip.month)} {_counted(strip)}" for strip in strips)
                + f". Nights after {desk.as_of:%-d %b %Y} are as booked so far.",
            )
        )
    if not blocks:
        blocks.append(Note(line("No entity of this report lets a place, so there is no calendar.")))
    return Section(
        "calendar",
        "Calendar and gaps",
        (*blocks, _gaps(desk)),
        lead=f"Tall marks are sold nights, low ones are blocked nights, a dotted line open ones. As known on {desk.as_of:%-d %b %Y}.",
    )


def _counted(strip: Strip) -> str:
    if not strip.nights:
        return "not tracked"
    return f"{strip.count(SOLD)} sold, {strip.count(BLOCKED)} blocked, {strip.count(OPEN)} open"


def _month_of(calendar: nights.Calendar, entity: int, month: int) -> Strip:
    begun = calendar.begun.get(entity)
    found = {}
    for day in nights.days(months.first_day(month), months.last_day(month)):
        if begun is not None and day >= begun.replace(day=1):
            night = entity, day
            found[day.day] = (
                SOLD if night in calendar.sold else BLOCKED if night in calendar.blocked else OPEN
            )
    return Strip(month, found)


def _gaps(desk: Desk) -> Table:
    first, last = window(desk.as_of)
    names = {entity.id: entity.name for entity in desk.entities}
    rates = [rate for rate in desk.facts.once(records.night_rates) if rate.entity_id in names]
    rows = []
    for gap in nights.of(desk.facts).gaps(desk.all.ids, first, last):
        start, end = max(gap.first_on, first), min(gap.last_on, last)
        key = f"gap.{gap.entity_id}.{gap.first_on.isoformat()}"
        count = desk.own(f"{key}.nights", "Nights of a gap", Unit.COUNT,
                         desk.rows([TraceRow(f"Open from {nights.span(start, end)}", (end - start).days + 1, "", start)]))  # fmt: skip
        priced = [
            TraceRow(f"{inside} of {nights.span(rate.first_on, rate.last_on)}", inside * rate.night_minor,
                     f"rate:{rate.id}", rate.first_on)
            for rate in rates
            if rate.entity_id == gap.entity_id
            and (inside := (min(rate.last_on, end) - max(rate.first_on, start)).days + 1) > 0
        ]  # fmt: skip
        worth = desk.own(f"{key}.worth", "Offered rate of a gap's nights", Unit.MONEY,
                         desk.rows(priced) if priced else desk.absent("no rate recorded"))  # fmt: skip
        rows.append(row(f"{nights.span(start, end)}" + (f", {names[gap.entity_id]}" if len(names) > 1 else ""),
                        count, worth))  # fmt: skip
    if rows:
        rows.append(row("All gaps", desk.get("gap_nights"), "", total=True))
    return Table(
        f"Gaps between stays, next {AHEAD_DAYS} days",
        (Column("Open nights"), column("Nights"), column("At the rate card")),
        tuple(rows),
        note="A gap lies between two stays or blocks. Nights after the last of them are open too, and no gap.",
        empty=f"No gap lies between stays or blocks in the next {AHEAD_DAYS} days.",
    )


def _ahead(desk: Desk) -> Section:
    calendar = nights.of(desk.facts)
    ids = desk.all.ids
    first, _ = window(desk.as_of)
    early = {
        f"stay:{stay.id}" for stay in calendar.standing if known_by(stay, desk.as_of - nights.DAY * A_YEAR)
    }
    unknown = desk.absent("not known") if desk.get("nights_last_year_then").value is None else None
    rows = []
    for number in range(AHEAD_DAYS // SLICE_DAYS):
        start = first + nights.DAY * SLICE_DAYS * number
        end = start + nights.DAY * (SLICE_DAYS - 1)
        before = start - nights.DAY * A_YEAR, end - nights.DAY * A_YEAR
        sold_then = nights.nights_sold(calendar, ids, *before)
        now, then = untracked(desk, desk.all, end), untracked(desk, desk.all, before[1])
        key = f"ahead.{number + 1}"
        figures = [
            _slice(desk, f"{key}.nights", "Nights on the books", Unit.COUNT, nights.nights_sold(calendar, ids, start, end), now),
            _slice(desk, f"{key}.then", "Nights on the books a year ago", Unit.COUNT,
                   [entry for entry in sold_then if entry.ref in early], then or unknown),
            _slice(desk, f"{key}.year", "Nights sold a year ago", Unit.COUNT, sold_then, then),
            _slice(desk, f"{key}.money", "Revenue on the books", Unit.MONEY,
                   nights.revenue_of(calendar, ids, start, end), now),
            _slice(desk, f"{key}.earned", "Revenue a year ago", Unit.MONEY,
                   nights.revenue_of(calendar, ids, *before), then),
        ]  # fmt: skip
        rows.append(row(nights.span(start, end), *figures))
    totals = [
        desk.get(key)
        for key in ("nights_ahead", "nights_last_year_then", "nights_last_year", "revenue_ahead", "revenue_last_year")
    ]  # fmt: skip
    rows.append(row(f"{AHEAD_DAYS} days", *totals, total=True))
    bars = [
        ("On the books now", totals[0].value),
        ("A year ago by then", totals[1].value),
        ("A year ago in the end", totals[2].value),
    ]
    return Section(
        "ahead",
        f"The next {AHEAD_DAYS} days against last year",
        (
            Chart(
                "ahead",
                f"Nights sold in the next {AHEAD_DAYS} days, and in the same days a year ago",
                charts.horizontal_bars(bars, unit=Unit.COUNT, name="Nights"),
                "Nights: "
                + ", ".join(f"{name.lower()} {'not known' if value is None else value}" for name, value in bars)
                + ".",
            ),
            Table(
                "What is on the books, and what was a year ago",
                (Column("Nights from"), column("Nights on the books"), column("On the books a year ago"),
                 column("Sold a year ago"), column("Revenue on the books"), column("Revenue a year ago")),
                tuple(rows),
                note=f"A year ago is {A_YEAR} days earlier. “On the books a year ago” counts what was booked by the same "
                "day then and stood in the end; “sold” is how it came out.",
            ),
            _rates(desk),
        ),
    )  # fmt: skip


def _slice(
    desk: Desk, key: str, label: str, unit: Unit, rows: Sequence[TraceRow], absent: Answer | None
) -> Figure:
    return desk.own(key, label, unit, absent or desk.rows(rows))


def _rates(desk: Desk) -> Table:
    names = {entity.id: entity.name for entity in desk.entities}
    rows = []
    for rate in desk.facts.once(records.night_rates):
        if rate.entity_id not in names or rate.last_on <= desk.as_of:
            continue
        offered = desk.own(f"rate.{rate.id}", "Rate of a night", Unit.MONEY,
                           desk.rows([TraceRow(nights.span(rate.first_on, rate.last_on), rate.night_minor,
                                               f"rate:{rate.id}", rate.first_on)]))  # fmt: skip
        rows.append(row(nights.span(rate.first_on, rate.last_on), cell(offered, cents=True), rate.source))
    if rows:
        rows.append(row("Open nights ahead at these rates", desk.get("open_value_ahead"), "", total=True))
    return Table(
        "Rate card",
        (Column("Nights", Align.LEFT), column("Rate of a night"), Column("Source")),
        tuple(rows),
        note=f"The last line is what the nights still open in the next {AHEAD_DAYS} days would bring at these rates.",
        empty="No night rate is recorded for the time ahead; enter the rate card on the rental's page.",
    )


def _decisions(desk: Desk, findings: tuple[FindingNote, ...]) -> tuple[Line, ...]:
    owed = {
        "gap-between-stays": "Lower the rate or the shortest stay in the gap ahead, or leave it open?",
        "pace-behind": "Which channel gets the open weeks first, and at what rate?",
        "paper-expiring": "Who renews the paper that runs out next, and by when?",
    }
    seen = dict.fromkeys(note.rule for note in findings)
    return tuple(line(owed[rule]) for rule in seen if rule in owed)


def _calendar_reaches(facts: Facts) -> dict[int, dt.date]:
    """Return how far each rental's calendar is known: to the as-of date where a stay or block lies ahead of it."""
    calendar = nights.of(facts)
    reach: dict[int, dt.date] = {}
    for entity, night in (*calendar.sold, *calendar.blocked):
        reach[entity] = max(min(night, facts.as_of), reach.get(entity, night))
    return {entity: min(day, facts.as_of) for entity, day in reach.items()}


LENS = base.Lens(
    slug="rental-3028",
    title="3028 51st St: rental operations",
    reader="Rental manager",
    family=base.Family.DOMAIN,
    position=6,
    from_name="Quarterdeck rental report",
    draft=draft,
    kinds=(EntityKind.RENTAL.value,),
    sources=(BANK, Watched("calendar of stays", 45, _calendar_reaches), NOTES),
)
