"""A whole edition written by hand: every kind of block, figures without a value, hostile text, a long table.

Its figures are invented and need not add up; what must is tested where figures are made.
"""

import datetime as dt
from dataclasses import replace

from core import months
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
from reports.render import charts

URL = "https://deck.example.com/reports/ceo/12/"
# What somebody may type into a title: markup of every kind this text will pass through, and other scripts.
HOSTILE = (
    "<script>alert('x')</script> {{ 7|add:7 }} {% now %} #strong[x] $x^2$ *_`@label <!-- & \"q\" \\u{41}"
)
ARABIC, HEBREW = "مرحبا", "שלום"
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitaenswitwenrentenauszahlungsstelle"
FIRST = months.parse("2025-11")


def figure(
    key: str,
    label: str,
    value: int | None,
    unit: Unit = Unit.MONEY,
    badge: Badge = Badge.UNRECONCILED,
    missing: str = "",
) -> Figure:
    """Return a figure with a trace of one row."""
    rows = (TraceRow(f"Record behind {label}", value or 0, "booking:1", dt.date(2026, 10, 31)),)
    return Figure(
        key,
        key.split(".", maxsplit=1)[0],
        label,
        unit,
        value,
        badge,
        RowsTrace(rows),
        "portfolio",
        "Oct 2026",
        missing,
    )


def _figures() -> dict[str, Figure]:
    made = [
        figure("revenue.portfolio.2026-10", "Revenue", 1834250),
        figure("revenue.portfolio.2026-09", "Revenue", 1650000),
        figure("change.revenue.portfolio.2026-10", "Change in revenue", 1117, Unit.PERCENT),
        figure("burn.portfolio.2026-10", "Gross burn", 812345),
        figure("burn.portfolio.2026-09", "Gross burn", 798000),
        figure("change.burn.portfolio.2026-10", "Change in gross burn", 180, Unit.PERCENT),
        figure("contribution.qos.2026-10", "Contribution per charter", 140380, badge=Badge.MODELLED),
        figure(
            "contribution.measured.qos.2026-10",
            "Contribution per charter, measured",
            None,
            missing="not tracked since Nov 2025",
        ),
        figure("breakeven.portfolio.2026-10", "Break-even charters", 6, Unit.COUNT, Badge.MODELLED),
        figure("charters.qos.2026-10", "Charters", 4, Unit.COUNT),
        figure("cash.portfolio.2026-10", "Cash, unrestricted", 4120099, badge=Badge.MEASURED),
        figure("runway.portfolio.2026-10", "Runway", 506, Unit.MONTHS),
        figure("utilisation.qos.2026-10", "Utilisation", 1290, Unit.PERCENT),
        figure("dso.dc.2026-10", "Days sales outstanding", 414, Unit.DAYS),
        figure("cac.direct.2026-10", "Acquisition cost", None, missing="n/a"),
        figure("csat.qos.2026-10", "Satisfaction", 462, Unit.SCORE, Badge.ENTERED),
        figure("coverage.portfolio.2026-11", "Pipeline coverage", 84, Unit.RATIO),
        figure("target.revenue.2026-10", "Revenue target", 2000000, badge=Badge.ENTERED),
        figure("net.portfolio.2026-10", "Operating result", -214500),
    ]
    for slug, revenue, result in (
        ("qos", 840000, 161220),
        ("jada", 415000, -93000),
        ("rental-3028", 320000, 118400),
        ("dc", 259250, 40000),
    ):
        made += [
            figure(f"revenue.{slug}.2026-10", "Revenue", revenue),
            figure(f"result.{slug}.2026-10", "Operating result", result),
            figure(f"cash.{slug}.2026-10", "Cash", revenue * 2 + 77, badge=Badge.MEASURED),
        ]
    made += [figure(f"line.{number:02d}.2026-10", f"Line {number}", number * 12345) for number in range(60)]
    made.append(
        replace(
            figure("sum.lines.2026-10", "Sum of lines", sum(n * 12345 for n in range(60))),
            trace=FormulaTrace("total", tuple(f"line.{n:02d}.2026-10" for n in range(60))),
        )
    )
    made.append(
        replace(
            figure("fixed.portfolio.2026-10", "Fixed costs", 812345),
            trace=PostingsTrace((5100, 5200), FIRST, FIRST + 12, dt.date(2026, 10, 31), -1, True),
        )
    )
    return {item.key: item for item in made}


def fig(key: str, **more: object) -> Cell:
    """Return a cell that names a figure."""
    return Cell(figure=key, **more)  # type: ignore[arg-type]


def _portfolio() -> Section:
    names = {
        "qos": "QueenofSanDiego",
        "jada": "JADA",
        "rental-3028": "3028 51st St Rental",
        "dc": "DangerousCentaur",
    }
    words = {
        "qos": ("Two charters below break-even", Cell("Watch", tone=Tone.WARN)),
        "jada": ("No paid concert booked ahead", Cell("Behind", tone=Tone.BAD)),
        "rental-3028": ("Full through December", Cell("On course", tone=Tone.GOOD)),
        "dc": (f"Billing model undefined; {LONG_WORD}", Cell("Watch", tone=Tone.WARN)),
    }
    return Section(
        "portfolio",
        "The portfolio on one page",
        (
            Table(
                "October 2026 by entity",
                (
                    Column("Entity"),
                    Column("Revenue", Align.RIGHT),
                    Column("Operating result", Align.RIGHT),
                    Column("Cash", Align.RIGHT),
                    Column("Headline"),
                    Column("Status"),
                ),
                (
                    *(
                        Row(
                            (
                                Cell(name),
                                fig(f"revenue.{slug}.2026-10"),
                                fig(f"result.{slug}.2026-10", plus=True),
                                fig(f"cash.{slug}.2026-10", cents=True),
                                Cell(words[slug][0]),
                                words[slug][1],
                            )
                        )
                        for slug, name in names.items()
                    ),
                    Row(
                        (
                            Cell("All"),
                            fig("revenue.portfolio.2026-10"),
                            fig("net.portfolio.2026-10", plus=True),
                            fig("cash.portfolio.2026-10", cents=True),
                            Cell(""),
                            Cell(""),
                        ),
                        total=True,
                    ),
                ),
                note="Cash is what the banks and the card processor hold, deposits taken off.",
            ),
            Chart(
                "revenue-by-month",
                "Revenue by month",
                charts.line_by_month(
                    [
                        (FIRST + n, v)
                        for n, v in enumerate(
                            (
                                812300,
                                643200,
                                None,
                                905000,
                                1120000,
                                1310000,
                                987000,
                                1203400,
                                1560000,
                                1480000,
                                1650000,
                                1834250,
                            )
                        )
                    ],
                    target=[(FIRST + n, 2000000) for n in range(12)],
                    name="Revenue",
                ),
                "Revenue rose from $8,123 in November 2025 to $18,343 in October 2026, below its $20,000 target.",
            ),
            Chart(
                "cash-band",
                "Cash over the next 13 weeks",
                charts.scenario_lines(
                    {
                        name: [
                            (dt.date(2026, 11, 9) + dt.timedelta(weeks=n), 4100000 - n * spent)
                            for n in range(13)
                        ]
                        for name, spent in (("Low", 260000), ("Base", 140000), ("High", 30000))
                    },
                    floor=2400000,
                    floor_name="Runway floor",
                ),
                "In the low case cash falls under the $24,000 floor in the week of 28 December 2026.",
            ),
        ),
        "Revenue, result and cash of each entity, with one line on why.",
    )


def _lines() -> Section:
    return Section(
        "every-line",
        f"Every line {HOSTILE}",
        (
            Table(
                "Sixty lines",
                (Column("Line"), Column("Amount", Align.RIGHT), Column(f"Note {LONG_WORD}")),
                (
                    *(
                        Row((Cell(f"Line {n}"), fig(f"line.{n:02d}.2026-10", cents=True), Cell(f"note {n}")))
                        for n in range(60)
                    ),
                    Row((Cell("Sum"), fig("sum.lines.2026-10", cents=True), Cell("")), total=True),
                ),
            ),
            Para((Cell("Fixed costs were "), fig("fixed.portfolio.2026-10", cents=True), Cell(" a month."))),
            Bullets(
                (
                    (Cell(f"Hostile bullet {HOSTILE}"),),
                    (Cell(f"Other scripts: {ARABIC} and {HEBREW}."),),
                    (Cell("Acquisition cost "), fig("cac.direct.2026-10"), Cell(".")),
                )
            ),
            Bullets(((Cell("First, list the boat."),), (Cell("Then, answer in an hour."),)), ordered=True),
            Note((Cell("Deposits paid for operations in August."),), Tone.BAD),
            Note((Cell("The model rests on "), fig("contribution.qos.2026-10", cents=True), Cell("."))),
        ),
    )


def document() -> Document:
    """Return the whole edition."""
    return Document(
        head=Head(
            report="ceo",
            title="CEO: operational audit",
            reader="Chief executive",
            entities="All seven entities",
            period="October 2026",
            as_of=dt.date(2026, 11, 10),
            zone="America/Los_Angeles",
            ledger="Open; no month is reconciled",
            sources=(
                Source("Stripe balance", dt.date(2026, 11, 9), stale=False, note="421 rows"),
                Source("Bank statement", dt.date(2026, 9, 30), stale=True, note="October is missing"),
                Source("Handoff notes", None, stale=True),
            ),
            sample="Sample portfolio: the figures are of invented people and companies.",
        ),
        number=12,
        url=URL,
        headline=(
            (
                Cell("Revenue was "),
                fig("revenue.portfolio.2026-10"),
                Cell(", "),
                fig("change.revenue.portfolio.2026-10", plus=True, tone=Tone.GOOD),
                Cell(" on September."),
            ),
            (Cell("Six charters a month break even; October had "), fig("charters.qos.2026-10"), Cell(".")),
            (Cell("Runway is "), fig("runway.portfolio.2026-10"), Cell(" at the present burn.")),
            (Cell("No paid event stands 21–60 days ahead."),),
            (Cell("Contribution is modelled, "), fig("contribution.measured.qos.2026-10"), Cell(".")),
        ),
        actions=(
            ActionLine(
                "Sign the equity partner's agreement",
                "Owner",
                dt.date(2026, 10, 31),
                "overdue",
                "Equity partner without a signed agreement",
                7,
            ),
            ActionLine(
                "List the boat on Sailo", "Marta Ruiz", dt.date(2026, 11, 20), "open", "Zero live listings", 8
            ),
            ActionLine(
                f"Reconcile October {HOSTILE}", "", dt.date(2026, 11, 15), "open", "Revenue not tracked", 9
            ),
            ActionLine("Hand over the operations lead's work", "Owner", dt.date(2026, 11, 2), "done", "", 5),
            ActionLine(
                "Write the profitability model down", "Owner", dt.date(2026, 12, 31), "later", "No model", 11
            ),
            *(
                ActionLine(f"Call client {n}", "Owner", dt.date(2026, 11, 21), "open", "", 20 + n)
                for n in range(6)
            ),
        ),
        changes=Changes(
            since="edition 11 of 3 Nov 2026",
            figures=(
                Change("Revenue", "$16,500", fig("revenue.portfolio.2026-10"), Tone.GOOD),
                Change("Gross burn", "$7,980", fig("burn.portfolio.2026-10"), Tone.WARN),
            ),
            findings_new=("QuickDumpNow funnel broken",),
            findings_cleared=("Operations lead's transition not handed over",),
            actions_done=("Hand over the operations lead's work",),
            actions_overdue=("Sign the equity partner's agreement",),
            restatements=(Restatement("Revenue", "Aug 2026", "$14,800", "$14,950"),),
        ),
        kpis=(
            Kpi(
                "revenue.portfolio.2026-10",
                "revenue.portfolio.2026-09",
                "change.revenue.portfolio.2026-10",
                "target.revenue.2026-10",
                Tone.WARN,
                "Below target",
            ),
            Kpi(
                "burn.portfolio.2026-10",
                "burn.portfolio.2026-09",
                "change.burn.portfolio.2026-10",
                "",
                Tone.GOOD,
                "Inside $7,000–9,000",
            ),
            Kpi("contribution.qos.2026-10", status="Model only", tone=Tone.WARN),
            Kpi("contribution.measured.qos.2026-10", status="Gap", tone=Tone.BAD),
            Kpi(
                "charters.qos.2026-10",
                target="breakeven.portfolio.2026-10",
                tone=Tone.BAD,
                status="Two short",
            ),
            Kpi("cash.portfolio.2026-10", tone=Tone.GOOD, status="Above the floor"),
            Kpi("runway.portfolio.2026-10", tone=Tone.WARN, status="Under six months"),
            Kpi("utilisation.qos.2026-10"),
            Kpi("dso.dc.2026-10"),
            Kpi("csat.qos.2026-10", tone=Tone.GOOD, status="Good"),
        ),
        sections=(
            _portfolio(),
            _lines(),
            Section(
                "gaps",
                "KPI gaps",
                (Table("Gaps", (Column("KPI"), Column("Since")), (), empty="No KPI is a gap."),),
            ),
            Section("calendar", "Forward calendar", ()),
        ),
        findings=(
            FindingLine(
                "pipeline_empty",
                "portfolio",
                Severity.CRITICAL,
                "Empty pipeline",
                (
                    Cell("No confirmed paid event stands between 1 Dec 2026 and 9 Jan 2027; coverage is "),
                    fig("coverage.portfolio.2026-11"),
                    Cell("."),
                ),
                "open",
                dt.date(2026, 9, 1),
                70,
            ),
            FindingLine(
                "handover",
                "jada",
                Severity.MEDIUM,
                "Operations lead's transition not handed over",
                (Cell("Every duty has a holder."),),
                "cleared",
                dt.date(2026, 8, 4),
                98,
            ),
            FindingLine(
                "funnel",
                "qdn",
                Severity.HIGH,
                "QuickDumpNow funnel broken",
                (Cell(f"38 enquiries, no booking. {HOSTILE}"),),
                "new",
                dt.date(2026, 11, 10),
                0,
            ),
            FindingLine(
                "unused", "dc", Severity.LOW, "Two domains are unused", (), "open", dt.date(2026, 11, 3), 7
            ),
        ),
        decisions=(
            (Cell("Agree to spend "), fig("burn.portfolio.2026-09", cents=True), Cell(" on the survey?")),
            (Cell("Set a billing model for DangerousCentaur?"),),
        ),
        definitions=(
            Definition("revenue", "Revenue", "Σ credits − debits of income accounts", "money", "postings"),
            Definition(
                "burn", "Gross burn", "Three-month mean of fixed operating cash out", "money", "postings"
            ),
            Definition("hostile", "Hostile", HOSTILE, "count", "a < b && c > d"),
        ),
        figures=_figures(),
        commentary=(
            Prose(
                (
                    Passage(
                        (Span("October was quiet at sea and "), Span("busy", strong=True), Span(" on land."))
                    ),
                    Passage((Span(f"Staff wrote: {HOSTILE}"),)),
                    Passage((Span("See "), Span("the plan", href="https://example.com/plan")), Stands.BULLET),
                ),
                by="Owner, 11 Nov 2026",
            ),
        ),
    )


def empty_document() -> Document:
    """Return a first edition of a report about nothing: every part empty."""
    full = document()
    return replace(
        full,
        head=replace(full.head, sources=(), sample=""),
        number=1,
        headline=(),
        actions=(),
        changes=Changes(),
        kpis=(),
        sections=(),
        findings=(),
        decisions=(),
        definitions=(),
        figures={},
        commentary=(),
    )


def keys_shown(of: Document) -> set[str]:
    """Return the keys of every figure that a reader of the edition sees."""

    def cells_of(block: object) -> list[Cell]:
        match block:
            case Table():
                return [cell for row in block.rows for cell in row.cells]
            case Para() | Note():
                return list(block.line)
            case Bullets():
                return [cell for line in block.lines for cell in line]
        return []

    cells = [cell for section in of.sections for block in section.blocks for cell in cells_of(block)]
    cells += [cell for line in (*of.headline, *of.decisions) for cell in line]
    cells += [cell for finding in of.findings for cell in finding.evidence]
    cells += [change.after for change in of.changes.figures]
    tiles = [key for kpi in of.kpis for key in (kpi.figure, kpi.prior, kpi.change, kpi.target)]
    return {key for key in (*tiles, *(cell.figure for cell in cells)) if key}
