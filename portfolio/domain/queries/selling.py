"""Where bookings come from, what came through the funnel, and what was promised of going to market."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from core import months
from portfolio.models import (
    Channel,
    ChannelCount,
    ChannelGate,
    ChannelPresence,
    ChannelSpend,
    Commission,
    FunnelCount,
    PlanMilestone,
    PlanName,
)

# Counts and spend are read for so many months: two years, so that a year has the one before it.
MONTHS_READ = 25


class _OfChannel(Protocol):
    channel_id: int


Row = TypeVar("Row", bound=_OfChannel)


@dataclass(frozen=True, slots=True)
class ChannelRows:
    """What is known of channels on a date, each by the channel's id."""

    gates: Mapping[int, tuple[ChannelGate, ...]]
    presence: Mapping[int, ChannelPresence]
    counts: Mapping[int, tuple[ChannelCount, ...]]
    commissions: Mapping[int, Commission]


def channels(*, entity_ids: Collection[int]) -> tuple[Channel, ...]:
    """Return the sales channels."""
    return tuple(Channel.objects.filter(entity_id__in=entity_ids))


def channel_rows(*, entity_ids: Collection[int], as_of: dt.date) -> ChannelRows:
    """Return gates, newest presence, counts and commission in force of each channel on a date; four queries."""
    mine: dict[str, Any] = {"channel__entity_id__in": entity_ids}
    presences = ChannelPresence.objects.filter(**mine, on__lte=as_of).order_by("channel_id", "on")
    commissions = Commission.objects.filter(**mine, effective_on__lte=as_of).order_by(
        "channel_id", "effective_on"
    )
    return ChannelRows(
        gates=_grouped(ChannelGate.objects.filter(**mine)),
        presence={row.channel_id: row for row in presences},
        counts=_grouped(ChannelCount.objects.filter(**mine, **_read(as_of))),
        commissions={row.channel_id: row for row in commissions},
    )


def channel_spends(*, entity_ids: Collection[int], as_of: dt.date) -> Mapping[int, tuple[ChannelSpend, ...]]:
    """Return what each channel cost by month up to a date, beside its commission."""
    return _grouped(ChannelSpend.objects.filter(channel__entity_id__in=entity_ids, **_read(as_of)))


def _read(as_of: dt.date) -> dict[str, int]:
    this = months.month_of(as_of)
    return {"month__gt": this - MONTHS_READ, "month__lte": this}


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


def market_milestones(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[PlanMilestone, ...]:
    """Return what was promised of going to market and of local search, those of each plan in order."""
    plans = (PlanName.GO_TO_MARKET, PlanName.LOCAL_SEARCH)
    return tuple(PlanMilestone.objects.filter(entity_id__in=entity_ids, plan__in=plans))
