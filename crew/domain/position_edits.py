"""Which positions an event has, and what they pay: opened by hand, taken off while nobody has them, rated anew.

What an event starts with comes from its template (`crew.domain.positions.instantiate`). As every move of a position
does, these lock the event's row first.
"""

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import Max

from core.money import format_minor
from crew.domain import fitness, history, locks
from crew.domain import position_steps as steps
from crew.domain.history import Actor
from crew.domain.position_steps import BAREBOAT, OPEN, PositionRefusedError
from crew.domain.staffing import COMING
from crew.models import CredentialKind, Event, EventGrant, EventState, Mode, Position, Station

MOST_POSITIONS = 60
# Cents: more than anybody is paid for one event, and a slip of the finger less.
LARGEST_RATE = 100_000_00
_NOT_OVER = (*COMING, EventState.UNDERWAY)


def refusal(event: Event) -> str:
    """Return why an event takes no position more and loses none; nothing where it may."""
    if event.mode == Mode.BAREBOAT_12:
        return BAREBOAT
    if event.state not in _NOT_OVER:
        return f"This event is {event.get_state_display().lower()}; its positions stay as they were."
    return ""


def add(
    *, event: Event, station: str, rate_minor: int, requires: Collection[str], by: Actor, at: dt.datetime
) -> Position:
    """Open one more position on an event.

    Raises:
        PositionRefusedError: it is a bareboat charter, over, or has all it may have; or what is asked for is no
            station, rate or paper.
    """
    if station not in Station.values or not set(requires) <= set(CredentialKind.values):
        raise PositionRefusedError("Choose the station and the papers from those that are offered.")
    _check_rate(rate_minor)
    with transaction.atomic():
        event = locks.event(event.pk)
        _check_event(event)
        if event.positions.count() >= MOST_POSITIONS:
            raise PositionRefusedError(f"An event has at most {MOST_POSITIONS} positions.")
        last = event.positions.aggregate(last=Max("sort"))["last"]
        position = Position.objects.create(
            event=event,
            station=station,
            rate_minor=rate_minor,
            requires=[kind for kind in CredentialKind.values if kind in requires],
            sort=(last or 0) + 1,
        )
        history.note(
            event=event,
            action="crew:position:add",
            subject=position,
            by=by,
            at=at,
            data={"currency": event.entity.currency, "rate_minor": [None, rate_minor]},
        )
    return position


def remove(*, position: Position, by: Actor, at: dt.datetime) -> None:
    """Take an open position off its event. Who has one is released first: so they are told.

    Raises:
        PositionRefusedError: somebody has it, it is gone, or its event keeps its positions.
    """
    with transaction.atomic():
        event = locks.event(position.event_id)
        _check_event(event)
        found = steps.fresh(position)
        if found.state != OPEN:
            raise PositionRefusedError(
                f"{found.holder} has {found}. Release it first, so that they are told; then it can be removed."
            )
        brought = EventGrant.objects.filter(position=found)
        if brought.live(at=at).exists():
            raise PositionRefusedError(
                f"Somebody's role came with {found} and still holds. Take it back under People and links first."
            )
        history.note(
            event=event,
            action="crew:position:remove",
            subject=found,
            by=by,
            at=at,
            data={"currency": event.entity.currency, "rate_minor": [found.rate_minor, None]},
        )
        # What those roles were stays on record; that they came with this position is in the trail.
        brought.update(position=None)
        found.delete()


def change_rate(*, position: Position, rate_minor: int, by: Actor, at: dt.datetime) -> None:
    """Change what a position pays, until it is paid; its holder is told.

    Raises:
        PositionRefusedError: it is paid already, its event is cancelled or a bareboat charter, or it is no such rate.
    """
    _check_rate(rate_minor)
    with transaction.atomic():
        event = locks.event(position.event_id)
        if event.mode == Mode.BAREBOAT_12 or event.state == EventState.CANCELLED:
            _check_event(event)
        before = steps.fresh(position)
        if before.rate_minor == rate_minor:
            return
        unpaid = Position.objects.filter(pk=before.pk, rate_minor=before.rate_minor, paid_on__isnull=True)
        if not unpaid.update(rate_minor=rate_minor):
            raise PositionRefusedError(f"{before} is paid already; what it paid stays as it was.")
        currency = event.entity.currency
        line = steps.note(
            event, before, "rate", by, at, currency=currency, rate_minor=[before.rate_minor, rate_minor]
        )
        now, then = format_minor(rate_minor, currency), format_minor(before.rate_minor, currency)
        steps.tell(
            event=event,
            line=line,
            to=[before.holder],
            subject=f"The pay changed: {before} on {event.title}",
            paragraphs=[
                f"{before} on {event.title}, {fitness.span(event)}, pays {now} for the whole event. Before, it was {then}."
            ],
            at=at,
        )


def _check_event(event: Event) -> None:
    reason = refusal(event)
    if reason:
        raise PositionRefusedError(reason)


def _check_rate(rate_minor: int) -> None:
    if not 0 <= rate_minor <= LARGEST_RATE:
        raise PositionRefusedError("The rate is an amount from 0 to 100,000.")
