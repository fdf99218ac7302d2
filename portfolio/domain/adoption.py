"""What a handoff note says becomes a record where there is none yet.

A record once made wins: people change it in the portal and the note is only words. Every adopted record
names the note's file and line as its source. Where notes and records disagree, `queries.contradictions` says so.
"""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.utils.text import slugify

from core import audit
from portfolio.formats.cells import Cell, CellKind
from portfolio.formats.handoff import Handoff
from portfolio.formats.handoff_rows import HandoffRow, RowKind
from portfolio.models import (
    Agreement,
    Asset,
    AssetKind,
    Basis,
    BillingModel,
    Booking,
    BookingStage,
    Channel,
    ChannelStatus,
    Client,
    ClientContract,
    Commission,
    ContractState,
    Entity,
    EntityKind,
    FunnelCount,
    Handover,
    KpiValue,
    ProfitabilityModel,
    Responsibility,
    Stake,
)

# Stripe's published United States card rate, 2.9 % and 30 cents, unless the model is edited.
CARD_FEE_BP = 290
CARD_FEE_FIXED_MINOR = 30

_JOB_STAGES = {
    "enquiry": BookingStage.ENQUIRY,
    "quoted": BookingStage.QUOTED,
    "contracted": BookingStage.BOOKED,
    "deposit": BookingStage.BOOKED,
    "ready": BookingStage.BOOKED,
    "under way": BookingStage.BOOKED,
    "arrived": BookingStage.COMPLETED,
    "closed": BookingStage.COMPLETED,
}
_CHANNEL_STATUS = {
    "live": ChannelStatus.LIVE,
    "not listed": ChannelStatus.NOT_LISTED,
    "blocked": ChannelStatus.BLOCKED,
}
_HANDOVER = {
    "complete": Handover.COMPLETE,
    "in progress": Handover.IN_PROGRESS,
    "not started": Handover.NOT_STARTED,
}


def adopt(*, entity: Entity, note: Handoff, at: dt.datetime, by: AbstractBaseUser | None) -> int:
    """Make the records a note speaks of and nobody has made yet; return how many were made.

    Runs in the caller's transaction. Amounts are cents, dates local to the entity.
    """
    made = 0
    for row in note.rows:
        adopter = _ADOPTERS.get(row.kind)
        if adopter is not None:
            made += adopter(entity, note, row)
    made += _adopt_model(entity, note)
    if made:
        audit.record(
            action="portfolio:handoff:adopt",
            subject=entity,
            at=at,
            by=by,
            entity=entity.slug,
            data={"file": note.file, "records": made},
        )
    return made


def _source(note: Handoff, row: HandoffRow) -> str:
    return f"{note.file} line {row.line}"[:120]


def _text(row: HandoffRow, header: str) -> str:
    cell = row.cell(header)
    return cell.text.casefold() if cell is not None and cell.kind != CellKind.EMPTY else ""


def _minor(row: HandoffRow, header: str) -> int:
    cell = row.cell(header)
    return (cell.minor or 0) if cell is not None else 0


def _whole(cell: Cell | None) -> int | None:
    return int(cell.number) if cell is not None and cell.number is not None else None


def _adopt_stake(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    share = row.value.percent_bp if row.value else None
    if not share:
        return 0
    said = _text(row, "Agreement")
    signed = row.cell("Agreement")
    vesting = row.cell("Vesting")
    years = _whole(vesting) or 0
    _, made = Stake.objects.get_or_create(
        entity=entity,
        holder=row.label,
        defaults={
            "share_bp": share,
            "vesting_months": years * 12 if vesting and "year" in vesting.unit else years,
            "founder": row.label.casefold() == (note.owner or "owner").casefold(),
            "agreement": _agreement(said, signed),
            "signed_on": signed.on if signed is not None and said.startswith("signed") else None,
            "source": _source(note, row),
        },
    )
    return int(made)


def _agreement(said: str, cell: Cell | None) -> Agreement:
    if said.startswith("signed") and cell is not None and cell.on is not None:
        return Agreement.SIGNED
    return Agreement.UNSIGNED if said else Agreement.NONE


def _adopt_asset(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    kind = _text(row, "Kind")
    value = row.cell("Value")
    _, made = Asset.objects.get_or_create(
        entity=entity,
        name=row.label[:160],
        defaults={
            "kind": kind if kind in AssetKind.values else AssetKind.OTHER,
            "value_minor": value.minor if value else None,
            "days_available_a_year": _whole(row.cell("Days available / year")),
            "source": _source(note, row),
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
            "handover": _HANDOVER.get(_text(row, "Handoff"), Handover.NOT_STARTED),
            "source": _source(note, row),
        },
    )
    return int(made)


def _adopt_channel(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    status = _CHANNEL_STATUS.get(_text(row, "Status"), ChannelStatus.NOT_LISTED)
    gates = [gate.strip() for gate in _text(row, "Gate").split(",") if gate.strip()]
    channel, made = Channel.objects.get_or_create(
        entity=entity,
        slug=slugify(row.label)[:40],
        defaults={
            "name": row.label[:80],
            "status": status,
            "marketplace": row.label.casefold() != "direct",
            "gates": gates,
            "source": _source(note, row),
        },
    )
    rate = row.cell("Commission")
    if made and rate is not None and rate.percent_bp is not None:
        Commission.objects.create(
            channel=channel, effective_on=note.updated_on, rate_bp=rate.percent_bp, source=_source(note, row)
        )
    return int(made)


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
            "source": _source(note, row),
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


def _adopt_client(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    contract, billing, rate = row.cell("Contract"), row.cell("Billing model"), row.cell("Rate")
    state = contract.word or contract.text if contract else ""
    model = (billing.word or billing.text) if billing else ""
    client, _ = Client.objects.get_or_create(entity=entity, name=row.label[:120])
    _, made = ClientContract.objects.get_or_create(
        entity=entity,
        client=client,
        defaults={
            "state": state if state in ContractState.values else ContractState.NONE,
            "expired_on": contract.on if contract and contract.word == "expired" else None,
            "billing_model": model if model in BillingModel.values else BillingModel.UNDEFINED,
            "rate_minor": (billing.minor if billing else None) or (rate.minor if rate else None),
            "terms_days": _whole(row.cell("Terms")),
            "source": _source(note, row),
        },
    )
    return int(made)


def _adopt_funnel(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    count = _whole(row.value)
    if count is None or row.position is None:
        return 0
    _, made = FunnelCount.objects.get_or_create(
        entity=entity,
        counted_on=note.updated_on,
        position=row.position,
        defaults={"step": row.label[:40], "count": count, "source": _source(note, row)},
    )
    return int(made)


def _adopt_job(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    stage = _JOB_STAGES.get(_text(row, "Stage"), BookingStage.ENQUIRY)
    promised, arrived = row.cell("Promised"), row.cell("Arrived")
    service_on = (arrived.on if arrived else None) or (promised.on if promised else None)
    if service_on is None and stage in (BookingStage.BOOKED, BookingStage.COMPLETED):
        stage = BookingStage.QUOTED
    vessel, start, end = (row.cell(header) for header in ("Vessel", "From", "To"))
    route = " to ".join(cell.text for cell in (start, end) if cell and cell.text)
    _, made = Booking.objects.get_or_create(
        entity=entity,
        reference=row.label[:40],
        defaults={
            "title": f"{vessel.text if vessel else 'Delivery'}, {route}"[:160],
            "kind": "delivery",
            "stage": stage,
            "service_on": service_on,
            "completed_on": service_on if stage == BookingStage.COMPLETED else None,
            "price_minor": _minor(row, "Quoted"),
            "deposit_minor": _minor(row, "Deposit"),
            "paid_minor": _minor(row, "Deposit"),
            "source": _source(note, row),
        },
    )
    return int(made)


def _adopt_model(entity: Entity, note: Handoff) -> int:
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
            "break_even_entered": _whole(stated.get("break-even")),
            "source": f"{note.file} line {line} and baseline"[:120],
        },
    )
    return int(made)


_ADOPTERS: dict[RowKind, Callable[[Entity, Handoff, HandoffRow], int]] = {
    RowKind.EQUITY: _adopt_stake,
    RowKind.ASSET: _adopt_asset,
    RowKind.ROLE: _adopt_role,
    RowKind.CHANNEL: _adopt_channel,
    RowKind.KPI: _adopt_kpi,
    RowKind.CLIENT: _adopt_client,
    RowKind.FUNNEL: _adopt_funnel,
    RowKind.JOB: _adopt_job,
}
