"""Stays, blocked nights, maintenance and papers that expire, as a note says."""

import datetime as dt
import re

from portfolio.domain.adoption import reading
from portfolio.domain.adoption.reading import Adopter
from portfolio.formats.handoff import Handoff
from portfolio.formats.handoff_rows import HandoffRow, RowKind
from portfolio.models import (
    BlockedNights,
    BlockReason,
    Booking,
    BookingCost,
    BookingStage,
    Entity,
    Expiry,
    ExpiryKind,
    MaintenanceTicket,
    Stay,
    TicketPriority,
    TicketState,
)

_EXPIRES = re.compile(r"(?P<name>.+?) (expires|runs out|good until)", re.IGNORECASE)


def _adopt_stay(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    """Make a stay that no export has brought; it is booked, for whether it was paid is for the money to say."""
    check_in, check_out = _day(row, "Check in"), _day(row, "Check out")
    if check_in is None or check_out is None or check_out <= check_in:
        return 0
    if Stay.objects.filter(booking__entity=entity, check_in=check_in).exists():
        return 0
    channel = row.cell("Channel")
    said = channel.text if channel is not None else ""
    booking, made = Booking.objects.get_or_create(
        entity=entity,
        reference=f"STAY-{check_in.isoformat()}",
        defaults={
            "title": f"Stay {check_in} to {check_out}{f', {said}' if said else ''}"[:160],
            "kind": "stay",
            "stage": BookingStage.BOOKED,
            "service_on": check_in,
            "price_minor": max(reading.minor(row, "Gross"), 0),
            "source": reading.source(note, row),
        },
    )
    if not made:
        return 0
    BookingCost.objects.bulk_create(
        BookingCost(booking=booking, kind=kind, amount_minor=max(reading.minor(row, header), 0))
        for kind, header in (("commission", "Fee"), ("other", "Cleaning"))
    )
    Stay.objects.create(booking=booking, check_in=check_in, check_out=check_out, channel_name=said[:80])
    return 1


def _adopt_ticket(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    return int(_ticket(entity, note, row)[1])


def _ticket(entity: Entity, note: Handoff, row: HandoffRow) -> tuple[MaintenanceTicket | None, bool]:
    """Return the ticket a row speaks of, and whether it was made; one is known by its day and what is to be mended."""
    reported_on, what = _day(row, "Reported"), row.cell("What")
    if reported_on is None or what is None or not what.text:
        return None, False
    known = MaintenanceTicket.objects.filter(
        entity=entity, reported_on=reported_on, what__iexact=what.text[:160]
    ).first()
    if known is not None:
        return known, False
    stated, cost = row.cell("State"), row.cell("Cost")
    word = (stated.word or stated.text).casefold() if stated is not None else ""
    state = TicketState(word) if word in TicketState.values else TicketState.REPORTED
    on = stated.on if stated is not None else None
    amount = cost.minor if cost is not None else None
    if amount is not None and amount < 0:
        amount = None
    if (state == TicketState.DONE and (on is None or on < reported_on)) or (
        state == TicketState.SCHEDULED and on is None
    ):
        state = TicketState.TRIAGED
    if state == TicketState.QUOTED and amount is None:
        state = TicketState.TRIAGED
    done = state == TicketState.DONE
    urgency = reading.text(row, "Priority")
    return (
        MaintenanceTicket.objects.create(
            entity=entity,
            reference=_free_reference(entity),
            what=what.text[:160],
            priority=urgency if urgency in TicketPriority.values else TicketPriority.ROUTINE,
            state=state,
            reported_on=reported_on,
            scheduled_for=on if state == TicketState.SCHEDULED else None,
            done_on=on if done else None,
            quote_minor=None if done else amount,
            cost_minor=amount if done else None,
            source=reading.source(note, row),
        ),
        True,
    )


def _free_reference(entity: Entity) -> str:
    taken = set(MaintenanceTicket.objects.filter(entity=entity).values_list("reference", flat=True))
    number = len(taken) + 1
    while f"M-{number:03d}" in taken:
        number += 1
    return f"M-{number:03d}"


def _adopt_blocked(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    said = row.value
    if said is None or said.on is None:
        return 0
    first_on, last_on = said.on, said.until or said.on
    if BlockedNights.objects.filter(entity=entity, first_on=first_on).exists() or last_on < first_on:
        return 0
    words = (said.note or said.word).strip()
    ticket, made = _ticket_named(entity, note, words)
    owner = "owner" in words.casefold()
    BlockedNights.objects.create(
        entity=entity,
        first_on=first_on,
        last_on=last_on,
        reason=BlockReason.OWNER if owner else BlockReason.MAINTENANCE if ticket else BlockReason.OTHER,
        ticket=ticket,
        note=words[:160],
        source=reading.source(note, row),
    )
    return 1 + made


def _ticket_named(entity: Entity, note: Handoff, words: str) -> tuple[MaintenanceTicket | None, bool]:
    """Return the only ticket of a note whose words hold these, and whether it was made for them."""
    if not words:
        return None, False
    named = [
        row
        for row in note.of(RowKind.MAINTENANCE)
        if (what := row.cell("What")) is not None and words.casefold() in what.text.casefold()
    ]
    return _ticket(entity, note, named[0]) if len(named) == 1 else (None, False)


def _adopt_expiry(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    """Make a paper of a baseline that says until when it is good: "Short-stay permit expires: 2027-03-31"."""
    said = _EXPIRES.match(row.label)
    if said is None or row.value is None or row.value.on is None:
        return 0
    name = said["name"].strip()[:120]
    words = name.casefold()
    kind = next((kind for kind in ExpiryKind if kind.value in words), ExpiryKind.CONTRACT)
    _, made = Expiry.objects.get_or_create(
        entity=entity,
        name=name,
        defaults={"kind": kind, "expires_on": row.value.on, "source": reading.source(note, row)},
    )
    return int(made)


def _day(row: HandoffRow, header: str) -> dt.date | None:
    cell = row.cell(header)
    return cell.on if cell is not None else None


ADOPTERS: dict[RowKind, Adopter] = {
    RowKind.STAY: _adopt_stay,
    RowKind.BLOCKED: _adopt_blocked,
    RowKind.MAINTENANCE: _adopt_ticket,
    RowKind.BASELINE: _adopt_expiry,
}
