"""Maintenance tickets, from reported to done: one table of legal moves, one door."""

import datetime as dt
from types import MappingProxyType
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit, months
from portfolio.domain.rental import RentalRefusedError
from portfolio.models import Entity, EntityKind, MaintenanceTicket, TicketPriority, TicketState

# Steps between may be left out; a day that was set may be set anew.
MOVES = MappingProxyType(
    {
        TicketState.REPORTED: (
            TicketState.TRIAGED, TicketState.QUOTED, TicketState.SCHEDULED, TicketState.DONE,
        ),
        TicketState.TRIAGED: (TicketState.QUOTED, TicketState.SCHEDULED, TicketState.DONE),
        TicketState.QUOTED: (TicketState.QUOTED, TicketState.SCHEDULED, TicketState.DONE),
        TicketState.SCHEDULED: (TicketState.SCHEDULED, TicketState.DONE),
        TicketState.DONE: (),
    }
)  # fmt: skip
_DATES = MappingProxyType(
    {
        TicketState.TRIAGED: "triaged_on",
        TicketState.QUOTED: "quoted_on",
        TicketState.SCHEDULED: "scheduled_on",
        TicketState.DONE: "done_on",
    }
)


def lock(entity: Entity) -> None:
    """Let nobody else write of this rental until the transaction ends.

    Raises:
        RentalRefusedError: the entity lets no place.
    """
    if entity.kind != EntityKind.RENTAL:
        raise RentalRefusedError(
            f"{entity.name} is no rental; nights and repairs are kept for rentals alone."
        )
    list(Entity.objects.select_for_update(no_key=True).filter(pk=entity.pk).values_list("pk"))


def report(
    *,
    entity: Entity,
    what: str,
    priority: TicketPriority,
    on: dt.date,
    today: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> MaintenanceTicket:
    """Report something to be mended under the next free reference; ``on`` is the local day on which it was seen.

    Raises:
        RentalRefusedError: the day lies ahead, nothing is said, or the entity lets no place.
    """
    if not what.strip():
        raise RentalRefusedError("Say what is to be mended.")
    _past(on, today)
    with transaction.atomic():
        lock(entity)
        taken = set(MaintenanceTicket.objects.filter(entity=entity).values_list("reference", flat=True))
        number = len(taken) + 1
        while f"M-{number:03d}" in taken:
            number += 1
        ticket = MaintenanceTicket.objects.create(
            entity=entity,
            reference=f"M-{number:03d}",
            what=what.strip(),
            priority=priority,
            reported_on=on,
            source=f"entered by {by}"[:120] if by is not None else "",
        )
        audit.record(
            action="portfolio:ticket:report", subject=ticket, by=by, at=at, entity=entity.slug,
            data={"priority": priority.value, "on": on.isoformat()},
        )  # fmt: skip
    return ticket


def move(
    *,
    ticket: MaintenanceTicket,
    to: TicketState,
    on: dt.date,
    today: dt.date,
    by: AbstractBaseUser | None,
    at: dt.datetime,
    scheduled_for: dt.date | None = None,
    amount_minor: int | None = None,
) -> MaintenanceTicket:
    """Move a ticket on and return it as it then is; ``on`` is the local day of the step.

    ``amount_minor`` is the quote where it is quoted and the cost where it is done; ``scheduled_for`` is the day for
    which the repair is arranged.

    Raises:
        RentalRefusedError: the move is not in `MOVES`, its day or what belongs to it is missing or contradicts what is
            recorded, or somebody moved the ticket meanwhile.
    """
    old = TicketState(ticket.state)
    if to not in MOVES[old]:
        allowed = " or ".join(state.label.lower() for state in MOVES[old]) or "nothing further"
        raise RentalRefusedError(
            f"{ticket.reference} is {old.label.lower()} and cannot become {to.label.lower()}; from there it becomes {allowed}."
        )
    _past(on, today)
    known = [getattr(ticket, name) for name in _DATES.values()]
    latest = max([ticket.reported_on, *(day for day in known if day is not None)])
    if on < latest:
        raise RentalRefusedError(
            f"{ticket.reference} stands as of {months.spelled(latest)}; give that day or a later one."
        )
    changes: dict[str, Any] = {"state": to, _DATES[to]: on}
    amount = {TicketState.QUOTED: "quote_minor", TicketState.DONE: "cost_minor"}.get(to, "")
    was = getattr(ticket, amount) if amount else None
    if to == TicketState.SCHEDULED:
        if scheduled_for is None or scheduled_for < on:
            raise RentalRefusedError("Say for which day the repair is arranged, not before today’s step.")
        changes["scheduled_for"] = scheduled_for
    if to == TicketState.QUOTED and amount_minor is None:
        raise RentalRefusedError("Say what the repair would cost.")
    if amount_minor is not None:
        if not amount:
            raise RentalRefusedError(
                "An amount belongs to a quote or to a repair that is done; leave it out here."
            )
        changes[amount] = amount_minor
    with transaction.atomic():
        if not MaintenanceTicket.objects.filter(pk=ticket.pk, state=old).update(**changes):
            raise RentalRefusedError(
                f"{ticket.reference} is no longer {old.label.lower()}, somebody moved it; look at it again."
            )
        ticket.refresh_from_db()
        audit.record(
            action=f"portfolio:ticket:{to.value}", subject=ticket, by=by, at=at, entity=ticket.entity.slug,
            data={
                "state": [old.value, to.value], "on": on.isoformat(),
                **({"for": scheduled_for.isoformat()} if to == TicketState.SCHEDULED and scheduled_for else {}),
                **({"currency": ticket.entity.currency, "amount_minor": [was, amount_minor]}
                   if amount_minor is not None else {}),
            },
        )  # fmt: skip
    return ticket


def _past(on: dt.date, today: dt.date) -> None:
    if on > today:
        raise RentalRefusedError(f"{months.spelled(on)} has not come yet; give a day up to today.")
