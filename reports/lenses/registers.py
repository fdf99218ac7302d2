"""Registers that a report on how the business is run keeps: shortfalls, KPI gaps, assets, people.

Each is a section worked out from the records; the CEO's lens puts them together, and another may.
"""

import datetime as dt

from core import months
from portfolio.models import Agreement, Asset, AssetKind, BookingStage, Handover
from reports.document import (
    Badge,
    Cell,
    Column,
    FindingNote,
    Para,
    Section,
    Severity,
    Table,
    Tone,
    TraceRow,
    Unit,
)
from reports.lenses import frame
from reports.lenses.frame import cell, column, row
from reports.metrics import Desk, Scope
from reports.metrics.registry import rebadge
from reports.rules import SHORTFALLS, kpi_gaps
from reports.rules.registry import line

SEVERITY_TONE = {
    Severity.CRITICAL: Tone.BAD,
    Severity.HIGH: Tone.BAD,
    Severity.MEDIUM: Tone.WARN,
    Severity.LOW: Tone.MUTED,
}


def shortfall_register(shortfalls: tuple[FindingNote, ...]) -> Section:
    """Return what must hold, line by line, with what the records say; checks in order stay listed."""
    seen: dict[str, list[FindingNote]] = {}
    for note in shortfalls:
        seen.setdefault(note.rule, []).append(note)
    rows = []
    for rule in SHORTFALLS:
        rows += [
            row(
                rule.looks_for,
                note.title,
                Cell(note.severity.value, tone=SEVERITY_TONE[note.severity]),
                rule.action,
            )
            for note in seen.get(rule.name, [])
        ]
        if rule.name not in seen:
            rows.append(row(rule.looks_for, "In order", Cell("clear", tone=Tone.GOOD), ""))
    return Section(
        "shortfalls",
        "Shortfall register",
        (
            Table(
                f"{len(seen)} of {len(SHORTFALLS)} checks fall short",
                (
                    Column("What must hold"),
                    Column("What the records say"),
                    Column("Severity"),
                    Column("What to do"),
                ),
                tuple(rows),
                note="Each line is a live query; it clears itself when the records change.",
            ),
        ),
    )


def gap_register(desk: Desk, gaps: list[kpi_gaps.Gap]) -> Section:
    """Return the key figures nobody has measured lately, what is shown instead, and why it does not count."""
    rows = [
        row(gap.name, cell(gap.figure), Cell(_badge_word(gap.figure.badge, gap.figure.value)), gap.why)
        for gap in gaps
    ]
    return Section(
        "kpi-gaps",
        "KPI-gap register",
        (
            Table(
                f"{len(gaps)} of {kpi_gaps.count(desk)} key figures are not measured",
                (Column("Key figure"), column("Shown"), Column("Known as"), Column("Why it is a gap")),
                tuple(rows),
                note=f"A key figure is measured when a reconciled month of the last {kpi_gaps.window(desk)} days gives "
                "it from records linked to their bookings. What is shown meanwhile carries its badge.",
                empty="Every key figure is measured.",
            ),
        ),
    )


def _badge_word(badge: Badge, value: int | None) -> str:
    return "no value" if value is None else badge.value


def assets(desk: Desk, charter: Scope | None) -> Section:
    """Return every asset with its value and, for what has days to sell, used ÷ available days of twelve months."""
    names = {entity.id: entity.name for entity in desk.facts.entities}
    rows = []
    for asset in desk.facts.assets:
        value = desk.own(
            f"asset.{asset.pk}.value", f"Value of {asset.name}", Unit.MONEY,
            desk.absent("not valued") if asset.value_minor is None
            else desk.rows([TraceRow(asset.name, asset.value_minor, f"asset:{asset.pk}")], Badge.ENTERED),
        )  # fmt: skip
        rows.append(
            row(
                Cell(asset.name, ref=f"asset:{asset.pk}"),
                names[asset.entity_id],
                AssetKind(asset.kind).label,
                value,
                _use(desk, asset),
            )
        )
    rows.append(
        row("All valued assets", "", "",
            desk.total("asset.all.value", "Value of all assets",
                       [desk.figures[f"asset.{asset.pk}.value"] for asset in desk.facts.assets]), "", total=True)
    )  # fmt: skip
    blocks: list[Table | Para] = [
        Table(
            "Asset inventory",
            (Column("Asset"), Column("Entity"), Column("Kind"), column("Value"), column("Utilisation")),
            tuple(rows),
            note="Utilisation = days used ÷ days available in the twelve months to "
            f"{months.label(desk.month)}; only vessels have days to sell.",
        )
    ]
    if charter is not None:
        blocks.append(
            Para(line("Vessels were used on ", desk.get("used_days", charter), " of ",
                      desk.get("available_days", charter), " sellable days (", desk.get("utilisation", charter), ")."))
        )  # fmt: skip
    return Section("assets", "Assets and utilisation", tuple(blocks))


def _use(desk: Desk, asset: Asset) -> Cell:
    asset_id, available = asset.pk, asset.days_available_a_year
    if not available:
        return Cell("n/a", tone=Tone.MUTED)
    owner = next(scope for scope in desk.scopes() if asset.entity_id in scope.ids)
    badge = desk.badge_of(owner, desk.month)
    first, last = months.first_day(desk.month - 11), months.last_day(desk.month)
    used: dict[dt.date, TraceRow] = {}
    for entry in desk.facts.bookings:
        if entry.asset_id != asset_id or entry.stage != BookingStage.COMPLETED or entry.service_on is None:
            continue
        if first <= entry.service_on <= last:
            label = f"{entry.reference} {entry.title}"
            used.setdefault(entry.service_on, TraceRow(label, 1, f"booking:{entry.id}", entry.service_on))
    days = desk.own(f"asset.{asset_id}.used", "Days used", Unit.COUNT, desk.rows(used.values(), badge))
    sold = desk.own(f"asset.{asset_id}.available", "Days available", Unit.COUNT,
                    desk.rows([TraceRow("Days a year", available, f"asset:{asset_id}")], Badge.ENTERED))  # fmt: skip
    # As in the metric: the days a year are entered, what is known of their use decides.
    share = desk.own(
        f"asset.{asset_id}.utilisation", "Utilisation", Unit.PERCENT,
        rebadge(desk.formula("share", days, sold), badge),
    )  # fmt: skip
    return cell(share)


def concentration(desk: Desk) -> Section:
    """Return each entity's share of twelve months' revenue, largest first."""
    whole = desk.get("outside_12m")
    shares = []
    for scope in desk.scopes():
        earned = desk.get("outside_12m", scope)
        if earned.value:
            share = desk.own(f"concentration.{scope.slug}", f"{scope.label}'s share of revenue", Unit.PERCENT,
                             desk.formula("share", earned, whole))  # fmt: skip
            shares.append((scope, earned, share))
    shares.sort(key=lambda entry: -(entry[1].value or 0))
    return Section(
        "concentration",
        "Revenue concentration",
        (
            Table(
                "Where the revenue of twelve months came from",
                (Column("Entity"), column("Revenue, 12 months"), column("Share")),
                (*(row(scope.label, earned, share) for scope, earned, share in shares),
                 row(frame.whole(desk), whole, "", total=True)),
                empty="No entity has revenue in these twelve months.",
            ),
        ),
    )  # fmt: skip


def people(desk: Desk) -> Section:
    """Return who holds equity on what paper, and who answers for what."""
    names = {entity.id: entity.name for entity in desk.facts.entities}
    stakes = []
    for stake in desk.facts.stakes:
        share = desk.own(f"stake.{stake.pk}", f"{stake.holder}'s share", Unit.PERCENT,
                         desk.rows([TraceRow(stake.holder, stake.share_bp, f"stake:{stake.pk}")], Badge.ENTERED))  # fmt: skip
        unsigned = not stake.founder and stake.agreement != Agreement.SIGNED
        stakes.append(
            row(
                names[stake.entity_id],
                Cell(stake.holder, ref=f"stake:{stake.pk}"),
                share,
                f"{stake.vesting_months} months" if stake.vesting_months else "none",
                "founder" if stake.founder
                else Cell(Agreement(stake.agreement).label, tone=Tone.BAD if unsigned else Tone.GOOD),
            )
        )  # fmt: skip
    keys = [
        row(
            names[entry.entity_id],
            Cell(entry.role, ref=f"responsibility:{entry.pk}"),
            entry.who,
            Cell(
                Handover(entry.handover).label,
                tone=Tone.GOOD if entry.handover == Handover.COMPLETE else Tone.WARN,
            ),
        )
        for entry in desk.facts.responsibilities
    ]
    return Section(
        "people",
        "Equity and key people",
        (
            Table(
                "Equity",
                (Column("Entity"), Column("Holder"), column("Share"), Column("Vesting"), Column("Agreement")),
                tuple(stakes),
                empty="No stakes are recorded.",
            ),
            Table(
                "Key people",
                (Column("Entity"), Column("Role"), Column("Who"), Column("Handover")),
                tuple(keys),
                empty="No responsibilities are recorded.",
            ),
        ),
    )
