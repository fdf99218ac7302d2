"""Who holds what, what is owned, and who answers for what, as a note says."""

from portfolio.domain.adoption import reading
from portfolio.domain.adoption.reading import Adopter
from portfolio.formats.cells import Cell
from portfolio.formats.handoff import Handoff
from portfolio.formats.handoff_rows import HandoffRow, RowKind
from portfolio.models import Agreement, Asset, AssetKind, Entity, Handover, Responsibility, Stake

_HANDOVER = {
    "complete": Handover.COMPLETE,
    "in progress": Handover.IN_PROGRESS,
    "not started": Handover.NOT_STARTED,
}


def _adopt_stake(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    share = row.value.percent_bp if row.value else None
    if not share:
        return 0
    said = reading.text(row, "Agreement")
    signed = row.cell("Agreement")
    vesting = row.cell("Vesting")
    years = reading.whole(vesting) or 0
    _, made = Stake.objects.get_or_create(
        entity=entity,
        holder=row.label,
        defaults={
            "share_bp": share,
            "vesting_months": years * 12 if vesting and "year" in vesting.unit else years,
            "founder": row.label.casefold() == (note.owner or "owner").casefold(),
            "agreement": _agreement(said, signed),
            "signed_on": signed.on if signed is not None and said.startswith("signed") else None,
            "source": reading.source(note, row),
        },
    )
    return int(made)


def _agreement(said: str, cell: Cell | None) -> Agreement:
    if said.startswith("signed") and cell is not None and cell.on is not None:
        return Agreement.SIGNED
    return Agreement.UNSIGNED if said else Agreement.NONE


def _adopt_asset(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    kind = reading.text(row, "Kind")
    value = row.cell("Value")
    _, made = Asset.objects.get_or_create(
        entity=entity,
        name=row.label[:160],
        defaults={
            "kind": kind if kind in AssetKind.values else AssetKind.OTHER,
            "value_minor": value.minor if value else None,
            "days_available_a_year": reading.whole(row.cell("Days available / year")),
            "source": reading.source(note, row),
        },
    )
    return int(made)


def _adopt_role(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    who = row.cell("Who")
    _, made = Responsibility.objects.get_or_create(
        entity=entity,
        role=row.label[:80],
        defaults={
            "who": who.text if who else row.label,
            "handover": _HANDOVER.get(reading.text(row, "Handoff"), Handover.NOT_STARTED),
            "source": reading.source(note, row),
        },
    )
    return int(made)


ADOPTERS: dict[RowKind, Adopter] = {
    RowKind.EQUITY: _adopt_stake,
    RowKind.ASSET: _adopt_asset,
    RowKind.ROLE: _adopt_role,
}
