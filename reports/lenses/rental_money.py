"""The rental report's section on what the place earns: NOI by its parts, and what the mortgage leaves of it."""

from core import months
from reports.document import Chart, Column, Figure, Row, Section, Table
from reports.lenses.frame import cell, column, row
from reports.metrics import REGISTRY, Desk
from reports.render import chart_specs as charts

# What NOI is made of, with its sign in words, and what comes after it.
PARTS = ("revenue", "direct_cost", "fixed_cost", "mortgage_interest", "other_receipts")
WORDS = {
    "direct_cost": "− Direct cost",
    "fixed_cost": "− Fixed cost",
    "mortgage_interest": "+ Mortgage interest in it",
    "other_receipts": "+ Uncategorised receipts",
}
AFTER = ("mortgage_interest", "mortgage_principal", "debt_service", "after_debt", "debt_cover")


def noi(desk: Desk, length: int) -> Section:
    """Return NOI by its parts for the month, those it compares with and twelve months, and its chart."""
    month = desk.month
    rows = [_line(desk, key, WORDS.get(key)) for key in PARTS]
    rows.append(_line(desk, "noi", "NOI", total=True))
    rows += [_line(desk, key) for key in AFTER]
    series = {
        name: [(each, desk.get(key, None, each).value) for each in range(month - length + 1, month + 1)]
        for name, key in (("NOI", "noi"), ("Debt service", "debt_service"))
    }
    return Section(
        "noi",
        "NOI and the mortgage",
        (
            Chart(
                "noi",
                "NOI by month beside the debt service",
                charts.bars_by_month(series, currency=desk.currency),
                "NOI by month: "
                + ", ".join(
                    f"{months.label(each)} "
                    + (
                        "not tracked"
                        if value is None
                        else charts.long(value, desk.get("noi").unit, desk.currency)
                    )
                    for each, value in series["NOI"]
                )
                + ".",
            ),
            Table(
                f"From revenue to what is left, {months.label(month)}",
                (
                    Column("Line"),
                    column(months.label(month)),
                    column(months.label(month - 1)),
                    column("Twelve months"),
                    column(months.label(month - 12)),
                ),
                tuple(rows),
                note="NOI leaves out mortgage interest and principal, depreciation and income tax. Revenue counts in the "
                "month in which the books earn it, which for a stay is when it is paid out.",
            ),
        ),
    )


def _line(desk: Desk, key: str, words: str | None = None, *, total: bool = False) -> Row:
    return row(
        words or desk.get(key).label,
        cell(desk.get(key)),
        cell(desk.get(key, None, desk.month - 1)),
        cell(_year(desk, key)),
        cell(desk.get(key, None, desk.month - 12)),
        total=total,
    )


def _year(desk: Desk, key: str) -> Figure:
    """Return a figure's twelve months: its own metric, or the sum of the months that are known."""
    if f"{key}_12m" in REGISTRY:
        return desk.get(f"{key}_12m")
    now = desk.get(key)
    label = f"{now.label}, twelve months"
    parts = [desk.get(key, None, each) for each in range(desk.month - 11, desk.month + 1)]
    if all(part.value is None for part in parts):
        return desk.own(f"rental.{key}.year", label, now.unit, desk.absent(now.missing))
    return desk.total(f"rental.{key}.year", label, parts)
