"""Listing a channel and taking it down. Its commissions and funnel are in `portfolio.models.channel`."""

import datetime as dt

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit
from portfolio.models import Channel, ChannelStatus

# A blocked channel opens for listing only when its gates are passed.
MOVES: dict[str, frozenset[str]] = {
    ChannelStatus.BLOCKED: frozenset({ChannelStatus.NOT_LISTED}),
    ChannelStatus.NOT_LISTED: frozenset({ChannelStatus.LIVE, ChannelStatus.BLOCKED}),
    ChannelStatus.LIVE: frozenset({ChannelStatus.NOT_LISTED, ChannelStatus.BLOCKED}),
}


class ChannelMoveRefusedError(Exception):
    """The channel cannot go from where it stands to where it was sent."""


def move_channel(
    *,
    channel: Channel,
    to: ChannelStatus,
    on: dt.date,
    today: dt.date,
    at: dt.datetime,
    by: AbstractBaseUser,
) -> None:
    """Move a channel to another status on a local date, no later than ``today``.

    Going live passes its gates: they are cleared, and the date becomes ``listed_on``. Leaving live empties it.

    Raises:
        ChannelMoveRefusedError: `MOVES` does not hold the move, somebody moved the channel meanwhile, or the
            date lies ahead.
    """
    before = ChannelStatus(channel.status)
    if to not in MOVES[before]:
        hint = "; say first that its gate is passed" if before == ChannelStatus.BLOCKED else ""
        raise ChannelMoveRefusedError(
            f"{channel} is {before.label.lower()} and cannot become {to.label.lower()} from there{hint}."
        )
    if on > today:
        raise ChannelMoveRefusedError(f"{on:%-d %B %Y} has not come yet; give a date up to today.")
    values: dict[str, object] = {"status": to, "listed_on": on if to == ChannelStatus.LIVE else None}
    if to == ChannelStatus.LIVE or before == ChannelStatus.BLOCKED:
        values["gates"] = []
    with transaction.atomic():
        if not Channel.objects.filter(pk=channel.pk, status=before).update(**values):
            raise ChannelMoveRefusedError(f"Somebody moved {channel} meanwhile; look at it again.")
        audit.record(
            action="portfolio:channel:move",
            subject=channel,
            at=at,
            by=by,
            entity=channel.entity.slug,
            data={
                "status": [str(before), str(to)],
                "on": on.isoformat(),
                "gates_passed": list(channel.gates),
            },
        )
    for name, value in values.items():
        setattr(channel, name, value)
