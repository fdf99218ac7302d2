"""A rental: its stays, nights that cannot be sold, what a night is offered at, repairs, and papers that run out."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import OuterRef, Q, Subquery

from portfolio.domain.queries.notes import Contradiction, note_rows
from portfolio.models import (
    BlockedNights,
    BookingCost,
    BookingStage,
    CostKind,
    Expiry,
    HandoffRow,
    MaintenanceTicket,
    NightRate,
    Stay,
    TicketState,
)

# How far back records are read: two years with a month before, and what runs over their edges.
REACH_DAYS = 800
_KNOWN = (BookingStage.BOOKED, BookingStage.PAID, BookingStage.COMPLETED, BookingStage.CANCELLED)


@dataclass(frozen=True, slots=True)
class StayFact:
    """A stay that was booked, in cents; ``called_off_on`` is the day on which it was called off, if that has come.

    ``booked_on`` is None where nobody said when it was booked. The fee is what the channel keeps.
    """

    id: int
    booking_id: int
    entity_id: int
    reference: str
    channel: str
    check_in: dt.date
    check_out: dt.date
    stage: str
    guests: int
    booked_on: dt.date | None
    called_off_on: dt.date | None
    gross_minor: int
    paid_minor: int
    fee_minor: int
    cleaning_minor: int

    @property
    def nights(self) -> int:
        """How many nights it has: the day of leaving has none."""
        return (self.check_out - self.check_in).days


@dataclass(frozen=True, slots=True)
class BlockFact:
    """Nights that cannot be sold, both days counted, and the repair they are blocked for."""

    id: int
    entity_id: int
    first_on: dt.date
    last_on: dt.date
    reason: str
    note: str
    ticket: str


@dataclass(frozen=True, slots=True)
class RateFact:
    """What a night is offered at in cents, both days counted."""

    id: int
    entity_id: int
    first_on: dt.date
    last_on: dt.date
    night_minor: int
    source: str


@dataclass(frozen=True, slots=True)
class TicketFact:
    """A repair as it stood at a date; amounts are cents, a step nobody dated is None."""

    id: int
    entity_id: int
    reference: str
    what: str
    priority: str
    state: str
    reported_on: dt.date
    triaged_on: dt.date | None
    quoted_on: dt.date | None
    scheduled_on: dt.date | None
    scheduled_for: dt.date | None
    done_on: dt.date | None
    quote_minor: int | None
    cost_minor: int | None


@dataclass(frozen=True, slots=True)
class ExpiryFact:
    """A paper and the last day it is good for."""

    id: int
    entity_id: int
    kind: str
    name: str
    expires_on: dt.date


def stays(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[StayFact, ...]:
    """Return the stays booked up to a date, of the last two years and ahead; one called off later still stands."""

    def cost(kind: CostKind) -> Subquery:
        rows = BookingCost.objects.filter(booking=OuterRef("booking"), kind=kind)
        return Subquery(rows.values("amount_minor")[:1])

    rows = (
        Stay.objects.filter(
            Q(booking__booked_on__isnull=True) | Q(booking__booked_on__lte=as_of),
            booking__entity_id__in=entity_ids,
            booking__stage__in=_KNOWN,
            check_out__gt=as_of - dt.timedelta(days=REACH_DAYS),
        )
        .annotate(fee=cost(CostKind.COMMISSION), cleaning=cost(CostKind.OTHER))
        .order_by("check_in", "id")
        .values_list(
            "id", "booking_id", "booking__entity_id", "booking__reference", "channel_name", "check_in", "check_out",
            "booking__stage", "booking__party_size", "booking__booked_on", "booking__ended_on", "booking__price_minor",
            "booking__paid_minor", "fee", "cleaning",
        )
    )  # fmt: skip
    return tuple(
        StayFact(
            *row[:10],
            (row[10] or as_of) if row[7] == BookingStage.CANCELLED and (row[10] or as_of) <= as_of else None,
            row[11],
            row[12],
            row[13] or 0,
            row[14] or 0,
        )
        for row in rows
    )


def blocked_nights(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[BlockFact, ...]:
    """Return the nights blocked in the last two years and ahead."""
    rows = (
        BlockedNights.objects.filter(
            entity_id__in=entity_ids, last_on__gt=as_of - dt.timedelta(days=REACH_DAYS)
        )
        .order_by("first_on", "id")
        .values_list(
            "id", "entity_id", "first_on", "last_on", "reason", "note", "ticket__reference"
        )
    )  # fmt: skip
    return tuple(BlockFact(*row[:6], row[6] or "") for row in rows)


def night_rates(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[RateFact, ...]:
    """Return what nights are offered at, from the last two years on."""
    rows = (
        NightRate.objects.filter(entity_id__in=entity_ids, last_on__gt=as_of - dt.timedelta(days=REACH_DAYS))
        .order_by("first_on", "id")
        .values_list("id", "entity_id", "first_on", "last_on", "night_minor", "source")
    )
    return tuple(RateFact(*row) for row in rows)


def tickets(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[TicketFact, ...]:
    """Return the repairs reported up to a date that were open at it or done in the two years before, as they stood."""
    rows = (
        MaintenanceTicket.objects.filter(
            Q(done_on__isnull=True) | Q(done_on__gt=as_of - dt.timedelta(days=REACH_DAYS)),
            entity_id__in=entity_ids,
            reported_on__lte=as_of,
        )
        .order_by("reported_on", "id")
        .values_list(
            "id", "entity_id", "reference", "what", "priority", "state", "reported_on", "triaged_on", "quoted_on",
            "scheduled_on", "scheduled_for", "done_on", "quote_minor", "cost_minor",
        )
    )  # fmt: skip
    return tuple(_stood(TicketFact(*row), as_of) for row in rows)


def _stood(row: TicketFact, as_of: dt.date) -> TicketFact:
    """Return a ticket as it was known at a date: a step dated later had not been taken."""
    steps = (
        (TicketState.DONE, row.done_on),
        (TicketState.SCHEDULED, row.scheduled_on),
        (TicketState.QUOTED, row.quoted_on),
        (TicketState.TRIAGED, row.triaged_on),
    )
    if all(on is None or on <= as_of for _, on in steps):
        return row
    state = next((state for state, on in steps if on is not None and on <= as_of), TicketState.REPORTED)
    known = {state: on if on is not None and on <= as_of else None for state, on in steps}
    done = known[TicketState.DONE]
    return TicketFact(
        row.id, row.entity_id, row.reference, row.what, row.priority, state.value, row.reported_on,
        known[TicketState.TRIAGED], known[TicketState.QUOTED], known[TicketState.SCHEDULED],
        row.scheduled_for if known[TicketState.SCHEDULED] else None, done,
        row.quote_minor if known[TicketState.QUOTED] else None, row.cost_minor if done else None,
    )  # fmt: skip


def expiries(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[ExpiryFact, ...]:
    """Return the papers that run out, the next one first; ``as_of`` does not narrow them, a paper run out stays one."""
    del as_of
    rows = Expiry.objects.filter(entity_id__in=entity_ids).order_by("expires_on", "name")
    return tuple(
        ExpiryFact(*row) for row in rows.values_list("id", "entity_id", "kind", "name", "expires_on")
    )


def rental_note_rows(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[HandoffRow, ...]:
    """Return what current notes say of stays, repairs and papers; ``as_of`` does not narrow them."""
    del as_of
    return note_rows(entity_ids=entity_ids, kinds=("stay", "maintenance", "baseline"))


def rental_contradictions(
    *,
    rows: Iterable[HandoffRow],
    stays: Iterable[StayFact],
    tickets: Iterable[TicketFact],
    expiries: Iterable[ExpiryFact],
) -> tuple[Contradiction, ...]:
    """Return what notes say of stays, repairs and papers that the records deny."""
    arrivals = {(row.entity_id, row.check_in.isoformat()): row for row in stays}
    repairs = {(row.entity_id, row.reported_on.isoformat(), row.what.casefold()): row for row in tickets}
    papers = {(row.entity_id, row.name.casefold()): row for row in expiries}
    found = []
    for row in rows:
        entity = row.file.entity_id
        said = says = ref = ""
        if row.kind == "stay" and (stay := arrivals.get((entity, row.label))) is not None:
            said, ref = _text(row, "Check out"), f"stay:{stay.id}"
            says = "called off" if stay.called_off_on else stay.check_out.isoformat()
        elif row.kind == "maintenance":
            what = _text(row, "What").casefold()
            ticket = repairs.get((entity, row.label, what))
            if ticket is not None:
                said, says, ref = _text(row, "State"), ticket.state, f"ticket:{ticket.id}"
        elif row.kind == "baseline" and row.on is not None:
            name = row.label.casefold().removesuffix(" expires")
            paper = papers.get((entity, name))
            if paper is not None:
                said, says, ref = (
                    row.on.isoformat(),
                    paper.expires_on.isoformat(),
                    f"expiry:{paper.id}",
                )
        if said and not said.casefold().startswith(says):
            where = f"{row.file.name} line {row.line}"
            found.append(Contradiction(entity, where, f"{row.label}: {said}", says, ref))
    return tuple(found)


def _text(row: HandoffRow, column: str) -> str:
    said: str = row.cells.get(column, {}).get("text", "")
    return said
