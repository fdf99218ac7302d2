"""Where bookings come from, and what came through the funnel."""

import datetime as dt
from collections.abc import Collection

from portfolio.models import Channel, FunnelCount


def channels(*, entity_ids: Collection[int]) -> tuple[Channel, ...]:
    """Return the sales channels."""
    return tuple(Channel.objects.filter(entity_id__in=entity_ids))


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
