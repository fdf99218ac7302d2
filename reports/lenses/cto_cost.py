"""What the technology costs by service, what could be saved of it, and what it stores and sends."""

from core import months
from reports.document import Block, Cell, Chart, Column, Para, Section, Table, TraceRow, Unit
from reports.lenses import frame
from reports.lenses.frame import cell, column, row
from reports.metrics import Desk
from reports.metrics.registry import Answer
from reports.metrics.technology import costs_of
from reports.render import chart_specs as charts
from reports.rules.registry import line

TREND_MONTHS = 12
VOLUMES = ("storage_gb", "egress_gb", "traffic_gb")


def cost(desk: Desk) -> Section:
    """Return cost by service against last month and as expected, a year of it, and what could be saved how."""
    now = months.month_of(desk.as_of)
    owners = {scope.ids[0]: scope.label for scope in desk.scopes()}
    services = dict.fromkeys(
        (entry.entity_id, entry.service)
        for month in (desk.month, desk.month - 1, now)
        for entry in sorted(costs_of(desk, desk.all, month), key=lambda entry: -entry.amount_minor)
    )
    rows, savings = [], []
    for entity, service in services:
        parts = {
            word: _part(desk, entity, service, word, month, column_of)
            for word, month, column_of in (
                ("month", desk.month, "amount_minor"), ("before", desk.month - 1, "amount_minor"),
                ("to_date", now, "amount_minor"), ("forecast", now, "forecast_minor"),
                ("saveable", desk.month, "saveable_minor"),
            )
        }  # fmt: skip
        change = desk.change(parts["month"], parts["before"])
        rows.append(
            row(
                service,
                owners[entity],
                *(cell(parts[word], cents=True) for word in ("month", "before")),
                cell(change, plus=True),
                *(cell(parts[word], cents=True) for word in ("forecast", "saveable")),
            )
        )
        if parts["saveable"].value:
            how = next(
                entry for entry in costs_of(desk, desk.all, desk.month)
                if (entry.entity_id, entry.service) == (entity, service)
            )  # fmt: skip
            savings.append((parts["saveable"], how, owners[entity]))
    whole = {
        "month": desk.get("tech_cost"), "before": desk.get("tech_cost", None, desk.month - 1),
        "forecast": desk.get("tech_cost_forecast"), "saveable": desk.get("tech_saveable"),
    }  # fmt: skip
    if rows:
        rows.append(
            row(
                "All services",
                "",
                *(cell(whole[word], cents=True) for word in ("month", "before")),
                cell(desk.change(whole["month"], whole["before"]), plus=True),
                *(cell(whole[word], cents=True) for word in ("forecast", "saveable")),
                total=True,
            )
        )
    savings.sort(key=lambda entry: -(entry[0].value or 0))
    span = range(desk.month - TREND_MONTHS + 1, desk.month + 1)
    points = [(month, desk.get("tech_cost", None, month).value) for month in span]
    blocks: list[Block] = [
        Para(_lead(desk, points)),
        Table(
            f"Cost by service in {months.label(desk.month)}",
            (
                Column("Service"), Column("Entity"), column(months.label(desk.month)), column(months.label(desk.month - 1)),
                column("Change"), column(f"{months.label(now)}, expected"), column("Saveable a month"),
            ),
            tuple(rows),
            note="What the provider's own statement says; the books post it with software and web sites.",
            empty="No snapshot holds the cost of these months.",
        ),
        Table(
            "What would save it",
            (column("Saved a month"), Column("How"), Column("Service"), Column("Entity")),
            tuple(
                row(cell(figure, cents=True), Cell(how.saving or "not written down", ref=f"tech_cost:{how.id}"), how.service,
                    owner)
                for figure, how, owner in savings
            ),
            empty="Nothing is known that could be saved.",
        ),
        Chart(
            "technology-cost-by-month",
            "Cost of technology by month",
            charts.bars_by_month(points, currency=desk.currency, name="Cost"),
            _trend(points, desk.currency),
        ),
    ]  # fmt: skip
    return Section("cost", "Cost by service", tuple(blocks))


def _part(
    desk: Desk, entity: int, service: str, word: str, month: months.Month, attribute: str
) -> frame.Figure:
    found = [
        (entry, amount)
        for entry in costs_of(desk, desk.all, month)
        if (entry.entity_id, entry.service) == (entity, service)
        and (amount := getattr(entry, attribute)) is not None
    ]
    answer: Answer = (
        desk.rows(
            TraceRow(service, amount, f"tech_cost:{entry.id}", entry.seen_on) for entry, amount in found
        )
        if found
        else desk.absent("not tracked")
    )
    slug = next(row.slug for row in desk.facts.entities if row.id == entity)
    return desk.own(
        f"cost.{slug}.{service}.{word}", f"{service}, {word.replace('_', ' ')}", Unit.MONEY, answer, scope=slug,
        period=months.label(month),
    )  # fmt: skip


def _lead(desk: Desk, points: list[tuple[months.Month, int | None]]) -> frame.Line:
    known = [value for _, value in points if value is not None]
    if not known:
        return line("No snapshot of the last twelve months holds a cost.")
    lowest = min(points, key=lambda point: (point[1] is None, point[1]))[0]
    highest = max(points, key=lambda point: (point[1] is not None, point[1]))[0]
    return line(
        "A month cost between ", cell(desk.get("tech_cost", None, lowest)), f" ({months.label(lowest)}) and ",
        cell(desk.get("tech_cost", None, highest)), f" ({months.label(highest)}) in the last twelve; ",
        desk.get("tech_saveable"), " a month could be saved.",
    )  # fmt: skip


def _trend(points: list[tuple[months.Month, int | None]], currency: str) -> str:
    known = [(value, month) for month, value in points if value is not None]
    if not known:
        return "Cost of technology: not tracked."
    (low, low_month), (high, high_month) = min(known), max(known)
    return (
        f"Cost ran between {charts.long(low, Unit.MONEY, currency)} ({months.label(low_month)}) and "
        f"{charts.long(high, Unit.MONEY, currency)} ({months.label(high_month)})."
    )


def traffic(desk: Desk) -> Section:
    """Return what is stored, sent and served, by entity, with the month before."""
    rows = []
    for scope in desk.scopes():
        figures = [desk.get(key, scope, month) for key in VOLUMES for month in (desk.month, desk.month - 1)]
        if any(figure.value is not None for figure in figures):
            rows.append(row(scope.label, *figures))
    if len(rows) > 1:
        whole = [desk.get(key, None, month) for key in VOLUMES for month in (desk.month, desk.month - 1)]
        rows.append(row(frame.whole(desk), *whole, total=True))
    month = months.label(desk.month)
    return Section(
        "traffic",
        "Storage and traffic",
        (
            Table(
                f"Gigabytes stored, sent out and served in {month}",
                (
                    Column("Entity"), column("Stored"), column("a month before"), column("Sent out of storage"),
                    column("a month before"), column("Served by the CDN"), column("a month before"),
                ),
                tuple(rows),
                note="Stored is what stood at the month's last measure; sent and served are the month's days together.",
                empty=f"Nothing was measured in {month}.",
            ),
        ),
    )  # fmt: skip
