"""Listing a channel and taking it down, and the gates before it.

A gate is a row; ``Channel.gates`` names those still open, so that lists need not ask. Both are written here and nowhere
else.
"""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit
from portfolio.models import Channel, ChannelGate, ChannelStatus

# A blocked channel opens for listing only when its gates are passed.
MOVES: dict[str, frozenset[str]] = {
    ChannelStatus.BLOCKED: frozenset({ChannelStatus.NOT_LISTED}),
    ChannelStatus.NOT_LISTED: frozenset({ChannelStatus.LIVE, ChannelStatus.BLOCKED}),
    ChannelStatus.LIVE: frozenset({ChannelStatus.NOT_LISTED, ChannelStatus.BLOCKED}),
}


class Gate(NamedTuple):
    """A gate to be set before a channel; ``external`` waits for a paper that somebody else issues."""

    name: str
    external: bool = False


class ChannelMoveRefusedError(Exception):
    """The channel cannot go from where it stands to where it was sent."""


def set_gates(*, channel: Channel, gates: Sequence[Gate], source: str) -> None:
    """Set gates before a channel, in this order, behind those it has; one it has already is left as it is."""
    with transaction.atomic():
        Channel.objects.select_for_update().get(pk=channel.pk)
        known = dict(ChannelGate.objects.filter(channel=channel).values_list("name", "position"))
        last = max(known.values(), default=0)
        fresh = {gate.name: gate for gate in gates if gate.name not in known}
        ChannelGate.objects.bulk_create(
            ChannelGate(
                channel=channel, position=position, name=gate.name, external=gate.external, source=source
            )
            for position, gate in enumerate(fresh.values(), start=last + 1)
        )
        keep_open_gates(channel=channel)


def keep_open_gates(*, channel: Channel) -> None:
    """Name on the channel the gates that are still open; for whoever has just written one, in his transaction."""
    names = ChannelGate.objects.filter(channel=channel, passed_on__isnull=True).values_list("name", flat=True)
    channel.gates = list(names)
    Channel.objects.filter(pk=channel.pk).update(gates=channel.gates)


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
        if "gates" in values:
            ChannelGate.objects.filter(channel=channel, passed_on__isnull=True).update(passed_on=on)
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
