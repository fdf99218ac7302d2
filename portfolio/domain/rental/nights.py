"""Nights of a rental: blocking them, and what a night is offered at. Days are local, the first and the last counted."""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit, months
from portfolio.domain.rental import RentalRefusedError
from portfolio.domain.rental.tickets import lock
from portfolio.models import (
    BlockedNights,
    BlockReason,
    BookingStage,
    Entity,
    MaintenanceTicket,
    NightRate,
    Stay,
)

LONGEST_DAYS = 400
_STANDING = (BookingStage.BOOKED, BookingStage.PAID, BookingStage.COMPLETED)


def block(
    *,
    entity: Entity,
    first_on: dt.date,
    last_on: dt.date,
    reason: BlockReason,
    note: str,
    ticket: MaintenanceTicket | None,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> BlockedNights:
    """Take nights out of sale.

    Raises:
        RentalRefusedError: the days are in the wrong order or too many, a night of them is blocked or sold already, or
            the ticket is another rental's.
    """
    _check(first_on, last_on)
    if ticket is not None and ticket.entity_id != entity.pk:
        raise RentalRefusedError("That repair is another place’s; choose one of this rental.")
    with transaction.atomic():
        lock(entity)
        there = BlockedNights.objects.filter(
            entity=entity, first_on__lte=last_on, last_on__gte=first_on
        ).first()
        if there is not None:
            raise RentalRefusedError(
                f"Nights from {months.spelled(there.first_on)} to {months.spelled(there.last_on)} are blocked already."
            )
        stay = (
            Stay.objects.filter(
                booking__entity=entity, booking__stage__in=_STANDING, check_in__lte=last_on, check_out__gt=first_on
            )
            .select_related("booking")
            .first()
        )  # fmt: skip
        if stay is not None:
            raise RentalRefusedError(
                f"{stay.booking.reference} stays from {months.spelled(stay.check_in)} to {months.spelled(stay.check_out)}; "
                "move or call it off first."
            )
        row = BlockedNights.objects.create(
            entity=entity, first_on=first_on, last_on=last_on, reason=reason, note=note.strip(), ticket=ticket,
            source=f"entered by {by}"[:120] if by is not None else "",
        )  # fmt: skip
        audit.record(
            action="portfolio:blocked_nights:block", subject=row, by=by, at=at, entity=entity.slug,
            data={"first_on": first_on.isoformat(), "last_on": last_on.isoformat(), "reason": reason.value},
        )  # fmt: skip
    return row


def unblock(*, row: BlockedNights, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Give blocked nights back to sale; blocked once is no reason to stay so.

    Raises:
        RentalRefusedError: somebody gave them back already.
    """
    with transaction.atomic():
        audit.record(
            action="portfolio:blocked_nights:unblock", subject=row, by=by, at=at, entity=row.entity.slug,
            data={"first_on": row.first_on.isoformat(), "last_on": row.last_on.isoformat()},
        )  # fmt: skip
        if not BlockedNights.objects.filter(pk=row.pk).delete()[0]:
            raise RentalRefusedError("These nights are free already, somebody gave them back.")


def offer(
    *,
    entity: Entity,
    first_on: dt.date,
    last_on: dt.date,
    night_minor: int,
    source: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> NightRate:
    """Say what each night is offered at.

    Raises:
        RentalRefusedError: the days are in the wrong order or too many, the rate is nothing, or a night has one.
    """
    _check(first_on, last_on)
    if night_minor <= 0:
        raise RentalRefusedError("A night is offered at more than nothing.")
    with transaction.atomic():
        lock(entity)
        there = NightRate.objects.filter(entity=entity, first_on__lte=last_on, last_on__gte=first_on).first()
        if there is not None:
            raise RentalRefusedError(
                f"Nights from {months.spelled(there.first_on)} to {months.spelled(there.last_on)} have a rate; "
                "take it back first."
            )
        row = NightRate.objects.create(
            entity=entity, first_on=first_on, last_on=last_on, night_minor=night_minor, source=source.strip()
        )
        audit.record(
            action="portfolio:night_rate:offer", subject=row, by=by, at=at, entity=entity.slug,
            data={
                "first_on": first_on.isoformat(), "last_on": last_on.isoformat(), "currency": entity.currency,
                "night_minor": [None, night_minor],
            },
        )  # fmt: skip
    return row


def take_back(*, row: NightRate, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """Take a rate off the card.

    Raises:
        RentalRefusedError: somebody took it off already.
    """
    with transaction.atomic():
        audit.record(
            action="portfolio:night_rate:take_back", subject=row, by=by, at=at, entity=row.entity.slug,
            data={
                "first_on": row.first_on.isoformat(), "last_on": row.last_on.isoformat(),
                "currency": row.entity.currency, "night_minor": [row.night_minor, None],
            },
        )  # fmt: skip
        if not NightRate.objects.filter(pk=row.pk).delete()[0]:
            raise RentalRefusedError("This rate is off the card already, somebody took it back.")


def _check(first_on: dt.date, last_on: dt.date) -> None:
    if last_on < first_on:
        raise RentalRefusedError("The last night comes before the first; exchange the two days.")
    if (last_on - first_on).days >= LONGEST_DAYS:
        raise RentalRefusedError(
            f"These are more than {LONGEST_DAYS} nights; check the year, or enter them in parts."
        )
