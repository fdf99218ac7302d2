"""The CEO's lens: an operational audit of the whole portfolio for the person who decides.

Profit and cash by entity, what falls short, what nobody measures, the pipeline, assets and people, and an
agenda for thirty days.
"""

import datetime as dt

from core import months
from portfolio.models import BookingStage, EntityKind
from reports.document import (
    Badge,
    Bullets,
    Cell,
    Chart,
    Column,
    Draft,
    Figure,
    FindingNote,
    Head,
    Line,
    Note,
    Para,
    Section,
    Severity,
    Table,
    Tone,
    TraceRow,
    Unit,
)
from reports.lenses import base, frame, registers, six_twelve
from reports.lenses.frame import column, row
from reports.metrics import Desk, Scope
from reports.metrics.bookings import FIRM, OPEN, ahead
from reports.render import chart_specs as charts
from reports.rules import NOTE_RULES, SHORTFALLS, counted, kpi_gaps, run
from reports.rules.registry import line

TREND_MONTHS = 12
CALENDAR_DAYS = 90
STAGE_ORDER = (
    BookingStage.ENQUIRY,
    BookingStage.QUOTED,
    BookingStage.HELD,
    BookingStage.BOOKED,
    BookingStage.PAID,
)


def draft(desk: Desk, head: Head) -> Draft:
    """Work out the CEO's audit at a desk."""
    shortfalls = run(SHORTFALLS, desk)
    findings = (*shortfalls, *run(NOTE_RULES, desk))
    standing = counted(shortfalls, desk)
    gaps = kpi_gaps.gaps(desk)
    charter = desk.kind(EntityKind.CHARTER)
    return frame.assemble(
        desk,
        head=head,
        headline=_headline(desk, standing, len(gaps), charter),
        kpis=_kpis(desk, charter),
        sections=(
            _portfolio(desk),
            _time(desk),
            registers.shortfall_register(shortfalls),
            registers.gap_register(desk, gaps),
            _pipeline(desk),
            registers.assets(desk, charter),
            registers.concentration(desk),
            registers.people(desk),
            _calendar(desk),
            _agenda(desk, counted(findings, desk)),
        ),
        findings=findings,
        decisions=_decisions(desk, standing),
        rules=(*SHORTFALLS, *NOTE_RULES),
    )


def _headline(
    desk: Desk, shortfalls: tuple[FindingNote, ...], gaps: int, charter: Scope | None
) -> tuple[Line, ...]:
    month = months.label(desk.month)
    sailed: tuple[str | Figure, ...] = ()
    if charter is not None:
        sailed = (
            " ",
            charter.label,
            " completed ",
            desk.get("services_completed", charter),
            " of the ",
            desk.get("break_even_model", charter),
            " charters that break-even needs.",
        )
    return (
        line(f"{month} brought revenue of ", desk.get("revenue"), " and an operating result of ",
             desk.get("operating_result"), "."),
        line("Cash is ", desk.get("cash"), ", of which ", desk.get("unrestricted_cash"),
             " is free to spend; runway: ", desk.get("runway"), "."),
        line("Open bookings are worth ", desk.get("weighted_pipeline"), " weighted, against ",
             desk.get("target_remaining"), " still to earn this quarter.", *sailed),
        line(f"{len(shortfalls)} of {len(SHORTFALLS)} shortfalls are open, "
             f"{sum(note.severity is Severity.CRITICAL for note in shortfalls)} of them critical."),
        line(f"{gaps} of {kpi_gaps.count(desk)} key figures have no measured value in the last "
             f"{kpi_gaps.window(desk)} days."),
    )  # fmt: skip


def _kpis(desk: Desk, charter: Scope | None) -> tuple[frame.Kpi, ...]:
    month_end = desk.get("cash_at_month_end")
    found = [
        frame.kpi(desk, "revenue", target=desk.get("target")),
        frame.kpi(desk, "operating_result"),
        frame.kpi(desk, "cash", before=month_end),
        frame.kpi(desk, "unrestricted_cash", before=desk.get("unrestricted_at_month_end")),
        frame.kpi(desk, "runway"),
        frame.kpi(desk, "weighted_pipeline"),
        frame.kpi(desk, "coverage"),
        frame.kpi(desk, "booked_90"),
    ]
    if charter is not None:
        found += [
            frame.kpi(desk, "services_completed", charter, target=desk.get("break_even_model", charter)),
            frame.kpi(desk, "lead_conversion", charter),
        ]
    return tuple(found)


def _portfolio(desk: Desk) -> Section:
    names = ("revenue", "operating_result", "revenue_12m", "cash")
    rows = []
    for scope in desk.scopes():
        figures = [desk.get(name, scope) for name in names]
        rows.append(row(scope.label, *figures, *_status(desk, scope)))
    rows.append(row(frame.whole(desk), *(desk.get(name) for name in names), "", "", total=True))
    span = range(desk.month - TREND_MONTHS + 1, desk.month + 1)
    series = {
        "Revenue": [(month, desk.get("revenue", None, month).value) for month in span],
        "Operating result": [(month, desk.get("operating_result", None, month).value) for month in span],
    }
    return Section(
        "portfolio",
        "Portfolio on one page",
        (
            Table(
                f"Each entity in {months.label(desk.month)}",
                (
                    Column("Entity"),
                    column("Revenue"),
                    column("Operating result"),
                    column("Revenue, 12 months"),
                    column("Cash"),
                    Column("Headline"),
                    Column("Status"),
                ),
                tuple(rows),
                note="Revenue and result are of the month; cash stands at the as-of date. "
                "Money between sister entities is in no revenue.",
            ),
            Chart(
                "revenue-and-result",
                "Revenue and operating result by month",
                charts.bars_by_month(series, currency=desk.currency),
                _trend_words(series, desk.currency),
            ),
        ),
    )


def _time(desk: Desk) -> Section:
    return Section(
        "time",
        "Six weeks and twelve months",
        six_twelve.once(
            block
            for key, name in (("revenue", ""), ("enquiries_come", ""), ("cash_at_month_end", "Cash"))
            for block in six_twelve.blocks(desk, key, name=name)
        ),
    )


def _status(desk: Desk, scope: Scope) -> tuple[Cell, Cell]:
    revenue, result = desk.get("revenue", scope), desk.get("operating_result", scope)
    if not revenue.value and not result.value:
        return Cell("No movement in the month"), Cell("dormant", tone=Tone.MUTED)
    if not revenue.value:
        return Cell("Costs without revenue"), Cell("losing", tone=Tone.BAD)
    if (result.value or 0) < 0:
        return Cell("Revenue does not carry its cost"), Cell("losing", tone=Tone.WARN)
    return Cell("Carries its own cost"), Cell("earning", tone=Tone.GOOD)


def _trend_words(series: dict[str, list[tuple[int, int | None]]], currency: str) -> str:
    parts = []
    for name, points in series.items():
        known = [(value, month) for month, value in points if value is not None]
        if not known:
            continue
        (low, low_month), (high, high_month) = min(known), max(known)
        parts.append(
            f"{name} ran between {charts.long(low, Unit.MONEY, currency)} ({months.label(low_month)}) and "
            f"{charts.long(high, Unit.MONEY, currency)} ({months.label(high_month)})"
        )
    return ("; ".join(parts) or "The books have no entries in these months") + "."


def _pipeline(desk: Desk) -> Section:
    still_open = [
        entry
        for entry in desk.facts.bookings
        if entry.stage in OPEN and (entry.service_on is None or entry.service_on > desk.as_of)
    ]
    weighted = {entry.ref: entry for entry in _rows_of(desk, "weighted_pipeline")}
    rows, bars = [], []
    for stage in STAGE_ORDER:
        members = [entry for entry in still_open if entry.stage == stage]
        key = f"stage.{stage.value}"
        count = desk.own(
            f"{key}.count", f"Open bookings: {stage.label.lower()}", Unit.COUNT,
            desk.rows(TraceRow(f"{entry.reference} {entry.title}", 1, f"booking:{entry.id}") for entry in members),
        )  # fmt: skip
        value = desk.own(
            f"{key}.value", f"Price of open bookings: {stage.label.lower()}", Unit.MONEY,
            desk.rows(
                TraceRow(f"{entry.reference} {entry.title}", entry.price_minor, f"booking:{entry.id}")
                for entry in members if entry.price_minor
            ),
        )  # fmt: skip
        share = desk.own(
            f"{key}.weighted", f"Weighted: {stage.label.lower()}", Unit.MONEY,
            desk.rows(
                (weighted[ref] for entry in members if (ref := f"booking:{entry.id}") in weighted), Badge.MODELLED
            ),
        )  # fmt: skip
        rows.append(row(stage.label, count, value, share))
        bars.append((stage.label, share.value))
    rows.append(
        row(
            "All open",
            desk.total("stage.all.count", "Open bookings", [desk.figures[f"stage.{s.value}.count"] for s in STAGE_ORDER]),
            desk.total("stage.all.value", "Price of open bookings",
                       [desk.figures[f"stage.{s.value}.value"] for s in STAGE_ORDER]),
            desk.get("weighted_pipeline"),
            total=True,
        )
    )  # fmt: skip
    return Section(
        "pipeline",
        "Pipeline and bookings",
        (
            Para(
                line(
                    "The weighted pipeline covers ",
                    desk.get("coverage"),
                    " of what this quarter still has to earn (",
                    desk.get("target_remaining"),
                    "). Firm bookings: ",
                    desk.get("booked_30"),
                    " in 30 days, ",
                    desk.get("booked_60"),
                    " in 60, ",
                    desk.get("booked_90"),
                    " in 90.",
                )
            ),
            Table(
                "Open bookings by stage",
                (Column("Stage"), column("Bookings"), column("Price"), column("Weighted")),
                tuple(rows),
                note="Stage probabilities are assumptions; each booking's share is on the figure's own page.",
            ),
            Chart(
                "pipeline-by-stage",
                "Weighted pipeline by stage",
                charts.horizontal_bars(bars, currency=desk.currency, name="Weighted"),
                "Weighted value of open bookings: "
                + ", ".join(
                    f"{name} {charts.long(value or 0, Unit.MONEY, desk.currency)}" for name, value in bars
                )
                + ".",
            ),
        ),
    )


def _rows_of(desk: Desk, key: str) -> tuple[TraceRow, ...]:
    trace = desk.get(key).trace
    return getattr(trace, "rows", ())


def _calendar(desk: Desk) -> Section:
    entries = sorted(
        ahead(desk, desk.all, (BookingStage.HELD, *FIRM), 1, CALENDAR_DAYS),
        key=lambda entry: (entry.service_on or desk.as_of, entry.id),
    )
    names = {entity.id: entity.name for entity in desk.facts.entities}
    rows = []
    for entry in entries:
        price = desk.own(f"booking.{entry.id}.price", f"Price of {entry.reference}", Unit.MONEY,
                         desk.rows([TraceRow(entry.title, entry.price_minor, f"booking:{entry.id}")]))  # fmt: skip
        paid = desk.own(f"booking.{entry.id}.paid", f"Paid for {entry.reference}", Unit.MONEY,
                        desk.rows([TraceRow(entry.title, entry.paid_minor, f"booking:{entry.id}")]
                                  if entry.paid_minor else []))  # fmt: skip
        rows.append(
            row(
                frame.day(entry.service_on),
                names[entry.entity_id],
                Cell(f"{entry.reference} {entry.title}", ref=f"booking:{entry.id}"),
                BookingStage(entry.stage).label,
                price,
                paid,
            )
        )
    return Section(
        "calendar",
        f"Forward calendar, {CALENDAR_DAYS} days",
        (
            Table(
                "Held and firm bookings ahead",
                (
                    Column("When"),
                    Column("Entity"),
                    Column("Booking"),
                    Column("Stage"),
                    column("Price"),
                    column("Paid"),
                ),
                tuple(rows),
                empty=f"Nothing is held or booked in the next {CALENDAR_DAYS} days.",
            ),
        ),
    )


def _agenda(desk: Desk, findings: tuple[FindingNote, ...]) -> Section:
    within = [note for note in findings if note.due_days <= 30]
    lines = tuple(
        line(
            Cell(note.severity.value, tone=registers.SEVERITY_TONE[note.severity]),
            f": {note.action} ({note.owner}, by {desk.as_of + dt.timedelta(days=note.due_days):%-d %b}). ",
            f"Clears: {note.title}.",
        )
        for note in within
    )
    if not lines:
        return Section(
            "agenda", "Agenda for thirty days", (Note(line("Nothing is due in the next thirty days.")),)
        )
    return Section("agenda", "Agenda for thirty days", (Bullets(lines, ordered=True),), lead="Worst first.")


def _decisions(desk: Desk, shortfalls: tuple[FindingNote, ...]) -> tuple[Line, ...]:
    asked = [
        line(f"{entry.label} (", Cell(f"{entry.file.name} line {entry.line}"), ")")
        for entry in desk.facts.note_rows
        if entry.kind == "decision"
    ]
    owed = {
        "model-missing": "Adopt the profitability model, or say what is wrong with it.",
        "partner-unsigned": "Sign the partner's agreement, or take the stake back.",
        "no-live-listing": "Which channel goes live first, and who lists it?",
    }
    return (*asked, *(line(owed[note.rule]) for note in shortfalls if note.rule in owed))


LENS = base.Lens(
    slug="ceo",
    title="CEO: operational audit",
    reader="Chief executive",
    family=base.Family.CORE,
    position=1,
    from_name="Quarterdeck CEO report",
    draft=draft,
)
