"""The board pack: a quarter on two pages for those who meet four times a year, from figures other reports define."""

from core import months
from portfolio.models import EntityKind
from reports.document import Cell, Column, Draft, Head, Section, Table
from reports.lenses import base, frame, six_twelve
from reports.lenses.frame import column, row
from reports.metrics import Desk
from reports.rules.registry import line

BY_ENTITY = ("revenue_12m", "revenue", "operating_result", "cash")


def draft(desk: Desk, head: Head) -> Draft:
    """Work out the board pack at a desk."""
    month = months.label(desk.month)
    return frame.assemble(
        desk,
        head=head,
        headline=(
            line(
                "Twelve months brought revenue of ", desk.get("revenue_12m"), f"; {month} alone ",
                desk.get("revenue"), ", with an operating result of ", desk.get("operating_result"), ".",
            ),
            line(
                "Cash is ", desk.get("cash"), ", of which ", desk.get("unrestricted_cash"), " is free to spend; runway: ",
                desk.get("runway"), ".",
            ),
            line("Firm bookings bring ", desk.get("booked_90"), " in the next ninety days."),
        ),
        kpis=tuple(
            frame.kpi(desk, key)
            for key in (
                "revenue", "operating_result", "gross_burn", "unrestricted_cash", "runway", "weighted_pipeline", "coverage",
            )
        ),
        sections=(_entities(desk), _quarter(desk), _trade(desk)),
        findings=(),
        decisions=tuple(
            line(f"{asked.label} (", Cell(f"{asked.file.name} line {asked.line}"), ")")
            for asked in desk.facts.note_rows
            if asked.kind == "decision"
        ),
        rules=(),
    )  # fmt: skip


def _entities(desk: Desk) -> Section:
    rows = [row(scope.label, *(desk.get(key, scope) for key in BY_ENTITY)) for scope in desk.scopes()]
    total = row(frame.whole(desk), *(desk.get(key) for key in BY_ENTITY), total=True)
    heads = ("Revenue, 12 months", "Revenue", "Operating result", "Cash")
    return Section(
        "entities",
        "Each business",
        (
            Table(
                f"Each entity in {months.label(desk.month)}",
                (Column("Entity"), *(column(head) for head in heads)),
                (*rows, total),
                note="Cash stands at the as-of date. Money between sister entities is in no revenue.",
            ),
        ),
    )


def _quarter(desk: Desk) -> Section:
    return Section("quarter", "The quarter so far", six_twelve.blocks(desk, "revenue"))


def _trade(desk: Desk) -> Section:
    charter = desk.kind(EntityKind.CHARTER)
    if charter is None:
        table = Table("Charters", (Column("What"),), (), empty="No entity of this report runs charters.")
    else:
        keys = ("services_completed", "break_even_model", "lead_conversion", "utilisation")
        rows = [row(desk.get(key, charter).label, desk.get(key, charter)) for key in keys]
        table = Table(
            f"{charter.label} in {months.label(desk.month)}", (Column("What"), column("Figure")), tuple(rows)
        )
    return Section("charters", "Charters against break-even", (table,))


LENS = base.Lens(
    slug="board-pack",
    title="Board pack",
    reader="Board",
    family=base.Family.EXTRA,
    position=9,
    from_name="Quarterdeck board pack",
    draft=draft,
)
