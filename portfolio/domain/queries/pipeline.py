"""Bookings as they stand, what the books hold of them, and what is wrong with money held for clients."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import BigIntegerField, Q, Sum, Value
from django.db.models.functions import Cast, Coalesce

from portfolio.domain import exceptions
from portfolio.models import Booking, EntryState, Posting

# What may be wrong about money held for clients, and one such thing.
Trouble = exceptions.Trouble
Exceptional = exceptions.Exceptional


@dataclass(frozen=True, slots=True)
class BookingFact:
    """A booking as it stands. ``stay_channel`` is where a stay was booked, in the words of its file."""

    id: int
    entity_id: int
    reference: str
    title: str
    kind: str
    asset_id: int | None
    channel_id: int | None
    client_name: str
    party_size: int
    stage: str
    enquired_on: dt.date | None
    booked_on: dt.date | None
    completed_on: dt.date | None
    service_on: dt.date | None
    price_minor: int
    deposit_minor: int
    paid_minor: int
    campaign_id: int | None
    stay_channel: str


@dataclass(frozen=True, slots=True)
class LinkedPosting:
    """What the postings of one account in one month that name a booking come to, with the account's role."""

    booking_id: int
    account_id: int
    role: str
    month: int
    amount_minor: int


def bookings(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[BookingFact, ...]:
    """Return bookings not enquired about after a date, as they stand now."""
    rows = Booking.objects.filter(
        Q(enquired_on__isnull=True) | Q(enquired_on__lte=as_of), entity_id__in=entity_ids
    ).values_list(
        "id",
        "entity_id",
        "reference",
        "title",
        "kind",
        "asset_id",
        "channel_id",
        "client_name",
        "party_size",
        "stage",
        "enquired_on",
        "booked_on",
        "completed_on",
        "service_on",
        "price_minor",
        "deposit_minor",
        "paid_minor",
        "campaign_id",
        Coalesce("stay__channel_name", Value("")),
    )
    return tuple(BookingFact(*row) for row in rows)


def linked_postings(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[LinkedPosting, ...]:
    """Return what sealed postings that name a booking come to by account and month, dated up to ``as_of``."""
    rows = (
        Posting.objects.filter(
            booking__entity_id__in=entity_ids, entry__state=EntryState.POSTED, entry__on__lte=as_of
        )
        .order_by()
        .values_list("booking_id", "account_id", "account__role", "month")
        .annotate(total=Cast(Sum("amount_minor"), BigIntegerField()))
    )
    return tuple(LinkedPosting(*row) for row in rows.iterator())


def held_troubles(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[Exceptional, ...]:
    """Return what about money held for clients needs a person, the worst first."""
    return exceptions.exceptions(entity_ids=entity_ids, as_of=as_of)
