"""Key figures, and a model of what one charter contributes, as a note says."""

from decimal import Decimal

from django.utils.text import slugify

from portfolio.domain.adoption import reading
from portfolio.domain.adoption.reading import Adopter
from portfolio.formats.cells import Cell, CellKind
from portfolio.formats.handoff import Handoff
from portfolio.formats.handoff_rows import HandoffRow, RowKind
from portfolio.models import Basis, Entity, EntityKind, KpiValue, ProfitabilityModel

# Stripe's published United States card rate, 2.9 % and 30 cents, unless the model is edited.
CARD_FEE_BP = 290
CARD_FEE_FIXED_MINOR = 30


def _adopt_kpi(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    value = row.value
    if value is None or value.kind == CellKind.TEXT:
        return 0
    target, as_of = row.cell("Target"), row.cell("As of")
    _, made = KpiValue.objects.get_or_create(
        entity=entity,
        key=slugify(row.label)[:60],
        as_of=(as_of.on if as_of else None) or note.updated_on,
        defaults={
            "label": row.label[:120],
            "tracked": value.tracked,
            "value": _amount(value),
            "target": _amount(target) if target else None,
            "unit": _unit(value),
            "basis": Basis.ENTERED,
            "source": reading.source(note, row),
        },
    )
    return int(made)


def _amount(value: Cell) -> Decimal | None:
    """Return a cell's value as one decimal: money in whole currency units, percentages as written."""
    if value.minor is not None:
        return Decimal(value.minor) / 100
    return value.number


def _unit(value: Cell) -> str:
    return ("USD" if value.minor is not None else value.unit)[:30]


def adopt_model(entity: Entity, note: Handoff) -> int:
    """Draft a charter's profitability model where the note gives its price and its day rates."""
    if entity.kind != EntityKind.CHARTER:
        return 0
    stated = {
        row.label.casefold(): row.value
        for row in note.rows
        if row.kind in (RowKind.BASELINE, RowKind.KPI) and row.value is not None
    }
    price = stated.get("average charter price")
    if price is None or price.minor is None:
        return 0

    def cents(*labels: str) -> int:
        return sum((stated[label].minor or 0) for label in labels if label in stated)

    line = next(row.line for row in note.rows if row.label.casefold() == "average charter price")
    _, made = ProfitabilityModel.objects.get_or_create(
        entity=entity,
        name="One charter",
        defaults={
            "price_minor": price.minor,
            "crew_minor": cents("captain day rate", "mate day rate"),
            "fuel_minor": cents("fuel per charter"),
            "dock_minor": cents("dock per charter"),
            "food_minor": cents("provisions per charter"),
            "card_fee_bp": CARD_FEE_BP,
            "card_fee_fixed_minor": CARD_FEE_FIXED_MINOR,
            "break_even_entered": reading.whole(stated.get("break-even")),
            "source": f"{note.file} line {line} and baseline"[:120],
        },
    )
    return int(made)


ADOPTERS: dict[RowKind, Adopter] = {
    RowKind.KPI: _adopt_kpi,
}
