"""Where bookings come from, what came through the funnel, and what was promised of going to market."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from core import months
from portfolio.domain.campaign_income import FIRM
from portfolio.models import (
    Booking,
    Channel,
    ChannelCount,
    ChannelGate,
    ChannelPresence,
    ChannelSpend,
    Commission,
    FunnelCount,
    PlanMilestone,
    PlanName,
    Stay,
)

# Counts and spend are read for so many months: two years, so that a year has the one before it.
MONTHS_READ = 25


class _OfChannel(Protocol):
    channel_id: int


Row = TypeVar("Row", bound=_OfChannel)


@dataclass(frozen=True, slots=True)
class ChannelRows:
    """What is known of channels on a date, each by the channel's id; ``stays`` names the channel of a stay's booking."""

    gates: Mapping[int, tuple[ChannelGate, ...]]
    presence: Mapping[int, ChannelPresence]
    counts: Mapping[int, tuple[ChannelCount, ...]]
    spends: Mapping[int, tuple[ChannelSpend, ...]]
    commissions: Mapping[int, Commission]
    stays: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class CampaignBooking:
    """A firm booking that staff say came from a campaign; its price is cents of US dollars."""

    campaign_id: int
    booking_id: int
    label: str
    price_minor: int
    booked_on: dt.date | None


def channels(*, entity_ids: Collection[int]) -> tuple[Channel, ...]:
    """Return the sales channels."""
    return tuple(Channel.objects.filter(entity_id__in=entity_ids))


def channel_rows(*, entity_ids: Collection[int], as_of: dt.date) -> ChannelRows:
    """Return gates, newest presence, counts, spend and commission of each channel up to a date; six queries."""
    this = months.month_of(as_of)
    mine: dict[str, Any] = {"channel__entity_id__in": entity_ids}
    read = {**mine, "month__gt": this - MONTHS_READ, "month__lte": this}
    gates = ChannelGate.objects.filter(**mine)
    presences = ChannelPresence.objects.filter(**mine, on__lte=as_of).order_by("channel_id", "on")
    commissions = Commission.objects.filter(**mine, effective_on__lte=as_of).order_by(
        "channel_id", "effective_on"
    )
    stays = Stay.objects.filter(booking__entity_id__in=entity_ids).exclude(channel_name="")
    return ChannelRows(
        gates=_grouped(gates),
        presence={row.channel_id: row for row in presences},
        counts=_grouped(ChannelCount.objects.filter(**read)),
        spends=_grouped(ChannelSpend.objects.filter(**read)),
        commissions={row.channel_id: row for row in commissions},
        stays=dict(stays.values_list("booking_id", "channel_name")),
    )


def _grouped(rows: Iterable[Row]) -> Mapping[int, tuple[Row, ...]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.channel_id].append(row)
    return {channel: tuple(of_channel) for channel, of_channel in found.items()}


def funnel(*, entity_ids: Collection[int], as_of: dt.date) -> dict[int, tuple[FunnelCount, ...]]:
    """Return each entity's newest funnel count up to a date, first step first."""
    newest: dict[int, list[FunnelCount]] = {}
    for row in FunnelCount.objects.filter(entity_id__in=entity_ids, counted_on__lte=as_of).order_by(
        "entity_id", "-counted_on", "position"
    ):
        kept = newest.setdefault(row.entity_id, [])
        if not kept or kept[0].counted_on == row.counted_on:
            kept.append(row)
    return {entity: tuple(rows) for entity, rows in newest.items()}


def campaign_bookings(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[CampaignBooking, ...]:
    """Return the firm bookings that campaigns brought, booked up to a date; those in another currency are left out."""
    rows = (
        Booking.objects.filter(
            entity_id__in=entity_ids, campaign__isnull=False, stage__in=FIRM, entity__currency="USD"
        )
        .exclude(booked_on__gt=as_of)
        .only("campaign_id", "reference", "title", "price_minor", "booked_on")
    )
    return tuple(
        CampaignBooking(row.campaign_id or 0, row.pk, str(row), row.price_minor, row.booked_on)
        for row in rows
    )


def market_milestones(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[PlanMilestone, ...]:
    """Return what was promised of going to market and of local search, those of each plan in order."""
    plans = (PlanName.GO_TO_MARKET, PlanName.LOCAL_SEARCH)
    return tuple(PlanMilestone.objects.filter(entity_id__in=entity_ids, plan__in=plans))
