"""Stays at a rental: entering one that was booked, and moving its nights. What it brings stands on its booking."""

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit, months
from portfolio.domain import enquiries
from portfolio.domain.rental import RentalRefusedError
from portfolio.domain.rental.nights import LONGEST_DAYS
from portfolio.domain.rental.tickets import lock
from portfolio.models import BlockedNights, Booking, BookingCost, BookingStage, Entity, Stay

STANDING = (BookingStage.BOOKED, BookingStage.PAID, BookingStage.COMPLETED)


@dataclass(frozen=True, slots=True)
class Told:
    """What a guest booked, in cents of the entity's currency; the fee is what the channel keeps of the price."""

    check_in: dt.date
    check_out: dt.date
    channel_name: str
    guest: str
    guests: int
    price_minor: int
    fee_minor: int
    cleaning_minor: int
    booked_on: dt.date


def book(*, entity: Entity, told: Told, today: dt.date, by: AbstractBaseUser, at: dt.datetime) -> Stay:
    """Write a stay down as a booked booking with its nights and its expected costs.

    Raises:
        RentalRefusedError: the days contradict each other or another stay or block, or the fee exceeds the price.
        portfolio.domain.enquiries.TermsRefusedError, portfolio.domain.bookings.BookingError: the booking cannot stand.
    """
    if told.booked_on > today:
        raise RentalRefusedError(
            f"{months.spelled(told.booked_on)} has not come yet; give the day of booking."
        )
    if told.booked_on > told.check_in:
        raise RentalRefusedError(
            "It cannot have been booked after the guests arrived; correct one of the days."
        )
    if told.fee_minor > told.price_minor:
        raise RentalRefusedError("The channel cannot keep more than the price.")
    channel = told.channel_name.strip() or "Direct"
    with transaction.atomic():
        lock(entity)
        _free(entity, told.check_in, told.check_out, None)
        booking = enquiries.add_booking(
            entity=entity,
            terms=enquiries.Terms(
                title=_title(told.check_in, told.check_out, channel),
                kind="stay",
                channel=None,
                client_name=told.guest.strip(),
                client_email="",
                party_size=told.guests,
                service_on=told.check_in,
                price_minor=told.price_minor,
                deposit_minor=0,
            ),
            enquired_on=told.booked_on,
            stage=BookingStage.BOOKED,
            on=told.booked_on,
            by=by,
            at=at,
        )
        BookingCost.objects.bulk_create(
            BookingCost(booking=booking, kind=kind, amount_minor=minor)
            for kind, minor in (("commission", told.fee_minor), ("other", told.cleaning_minor))
        )
        return Stay.objects.create(
            booking=booking, check_in=told.check_in, check_out=told.check_out, channel_name=channel
        )


def move(
    *, stay: Stay, check_in: dt.date, check_out: dt.date, by: AbstractBaseUser | None, at: dt.datetime
) -> Stay:
    """Give a stay other nights and return it as it then is; its booking's day of service moves along.

    Raises:
        RentalRefusedError: it is not booked or paid, its new nights are another's, or somebody moved it meanwhile.
    """
    entity, old = stay.booking.entity, (stay.check_in, stay.check_out)
    with transaction.atomic():
        lock(entity)
        _free(entity, check_in, check_out, stay)
        standing = Booking.objects.filter(
            pk=stay.booking_id, stage__in=(BookingStage.BOOKED, BookingStage.PAID)
        )
        # Its own words stay where somebody wrote others.
        standing.filter(title=_title(*old, stay.channel_name)).update(
            title=_title(check_in, check_out, stay.channel_name)
        )
        if not standing.update(service_on=check_in):
            raise RentalRefusedError(
                f"{stay.booking.reference} is {stay.booking.get_stage_display().lower()}; its nights stay as they were."
            )
        if not Stay.objects.filter(pk=stay.pk, check_in=old[0], check_out=old[1]).update(
            check_in=check_in, check_out=check_out
        ):
            raise RentalRefusedError(f"Somebody moved {stay.booking.reference} meanwhile; look at it again.")
        stay.refresh_from_db()
        audit.record(
            action="portfolio:stay:move", subject=stay.booking, by=by, at=at, entity=entity.slug,
            data={
                "check_in": [old[0].isoformat(), check_in.isoformat()],
                "check_out": [old[1].isoformat(), check_out.isoformat()],
            },
        )  # fmt: skip
    return stay


def _title(check_in: dt.date, check_out: dt.date, channel: str) -> str:
    """Return what a stay's booking is called unless somebody calls it otherwise."""
    return f"Stay {check_in} to {check_out}, {channel}"[:160]


def _free(entity: Entity, check_in: dt.date, check_out: dt.date, own: Stay | None) -> None:
    """Refuse nights that are in the wrong order, too many, sold or blocked."""
    if check_out <= check_in:
        raise RentalRefusedError("The guests leave before they arrive; exchange the two days.")
    if (check_out - check_in).days > LONGEST_DAYS:
        raise RentalRefusedError(f"These are more than {LONGEST_DAYS} nights; check the year.")
    others = Stay.objects.filter(
        booking__entity=entity, booking__stage__in=STANDING, check_in__lt=check_out, check_out__gt=check_in
    ).select_related("booking")
    if own is not None:
        others = others.exclude(pk=own.pk)
    taken = others.first()
    if taken is not None:
        raise RentalRefusedError(
            f"{taken.booking.reference} stays from {months.spelled(taken.check_in)} to {months.spelled(taken.check_out)}; "
            "these nights are sold."
        )
    block = BlockedNights.objects.filter(entity=entity, first_on__lt=check_out, last_on__gte=check_in).first()
    if block is not None:
        raise RentalRefusedError(
            f"Nights from {months.spelled(block.first_on)} to {months.spelled(block.last_on)} are blocked; "
            "give them back first."
        )
