"""What the technology costs by service, what could be saved of it, and what it stores and sends."""

from core import months
from reports.document import Badge, Block, Cell, Chart, Column, Para, Row, Section, Table, TraceRow, Unit
from reports.lenses import frame
from reports.lenses.frame import cell, column, row
from reports.metrics import REGISTRY, Desk, Scope
from reports.metrics.registry import Answer
from reports.metrics.technology import costs_of, known_to, open_since
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
                ("forecast", now, "forecast_minor"),
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
            (Column("How"), Column("Service"), Column("Entity"), column("Saved a month")),
            tuple(
                row(Cell(how.saving or "not written down", ref=f"tech_cost:{how.id}"), how.service, owner,
                    cell(figure, cents=True))
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
    scope_of = next(scope for scope in desk.scopes() if scope.ids == (entity,))
    day = known_to(desk, scope_of, month) if word in ("month", "before") else None
    answer: Answer = (
        desk.absent(open_since(day))
        if day is not None
        else desk.rows(
            (TraceRow(service, amount, f"tech_cost:{entry.id}", entry.seen_on) for entry, amount in found),
            Badge.MODELLED if word == "forecast" else Badge.UNRECONCILED,
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
    for key in VOLUMES:
        scopes = [scope for scope in desk.scopes() if desk.get(key, scope).value is not None]
        rows += [_volume(desk, key, scope) for scope in scopes]
        if len(scopes) > 1:
            rows.append(_volume(desk, key, desk.all))
    month = months.label(desk.month)
    return Section(
        "traffic",
        "Storage and traffic",
        (
            Table(
                f"Gigabytes stored, sent out and served in {month}",
                (
                    Column("What"),
                    Column("Entity"),
                    column(month),
                    column(months.label(desk.month - 1)),
                    column("Change"),
                ),
                tuple(rows),
                note="Stored is what stood at the month's last measure; sent and served are the month's days together.",
                empty=f"Nothing was measured in {month}.",
            ),
        ),
    )


def _volume(desk: Desk, key: str, scope: Scope) -> Row:
    now, before = desk.get(key, scope), desk.get(key, scope, desk.month - 1)
    return row(
        REGISTRY[key].name,
        frame.whole(desk) if scope is desk.all else scope.label,
        now,
        before,
        cell(desk.change(now, before), plus=True),
        total=scope is desk.all,
    )
