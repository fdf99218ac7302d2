"""The steps that moves of a position are made of: locking, asking what is in the way, the one update, the line, the mail.

`crew.domain.positions` is the door; nothing else calls these.
"""

import datetime as dt
import logging
from collections.abc import Collection, Iterable
from types import MappingProxyType
from typing import Any

from django.db import transaction

from core.models import AuditEvent
from crew.domain import fitness, grants, history, locks, notices, timing
from crew.domain.history import Actor
from crew.domain.staffing import TAKING, release_until
from crew.models import Event, EventGrant, Mode, Person, Position, PositionState, Role, Station
from mail.domain.fields import UnsendableError

OPEN, CLAIMED, CONFIRMED, HELD = (
    PositionState.OPEN,
    PositionState.CLAIMED,
    PositionState.CONFIRMED,
    PositionState.HELD,
)
# Where a position may go. Claimed is also where it goes when somebody takes over from its holder.
MOVES: MappingProxyType[str, frozenset[str]] = MappingProxyType(
    {
        OPEN: frozenset({CLAIMED}),
        CLAIMED: frozenset({CLAIMED, CONFIRMED, HELD, OPEN}),
        CONFIRMED: frozenset({CLAIMED, HELD, OPEN}),
        HELD: frozenset({CLAIMED, CONFIRMED, OPEN}),
    }
)
BAREBOAT = (
    "This is a bareboat charter: its charterer chooses and pays the crew, and by law the charter company provides "
    "none. It has no positions; the charterer's own captain gets a link instead."
)
JUST_NOW = dt.timedelta(minutes=5)
LONGEST_REASON = 300
VACANT: MappingProxyType[str, Any] = MappingProxyType(
    {
        "state": OPEN,
        "holder": None,
        "hold_reason": "",
        "stand_in_at": None,
        "stand_in_reason": "",
        "override_reason": "",
        "claimed_at": None,
        "confirmed_at": None,
    }
)

logger = logging.getLogger(__name__)


class PositionRefusedError(Exception):
    """What was asked for cannot be done with this position; the message says why, and what to do."""


class PositionTakenError(PositionRefusedError):
    """Somebody else was first."""


class PositionGoneError(PositionRefusedError):
    """The position was removed from its event."""


# Locking and reading


def event_of(position: Position, states: Collection[str]) -> Event:
    """Return a position's event, locked, where it is in one of these states.

    Raises:
        PositionRefusedError: it is a bareboat charter, or in another state.
    """
    event = locks.event(position.event_id)
    if event.mode == Mode.BAREBOAT_12:
        raise PositionRefusedError(BAREBOAT)
    if event.state not in states:
        raise PositionRefusedError(
            f"This event is {event.get_state_display().lower()}; its positions cannot be taken now."
            if states is TAKING
            else f"This event is {event.get_state_display().lower()}; its crew stays as it is. The office can put "
            "the record right with an override."
        )
    return event


def fresh(position: Position) -> Position:
    """Return a position as it stands, with its holder.

    Raises:
        PositionGoneError: it was removed.
    """
    found = Position.objects.select_related("holder").filter(pk=position.pk).first()
    if found is None:
        raise PositionGoneError(f"{position} was removed from this event a moment ago.")
    return found


def held_by_somebody(position: Position, *states: str, done: str) -> Position:
    """Return a position as it stands, where it is in one of these states.

    Raises:
        PositionRefusedError: it is in another.
    """
    found = fresh(position)
    if found.state not in states:
        who = f" by {found.holder}" if found.holder else ""
        raise PositionRefusedError(
            f"{found} is {found.get_state_display().lower()}{who} now, so it cannot be {done}. Look at it once more."
        )
    return found


def holder_of(position: Position) -> Person:
    """Return who holds a position.

    Raises:
        PositionRefusedError: nobody does.
    """
    if position.holder is None:
        raise PositionRefusedError(f"{position} is open; nobody holds it.")
    return position.holder


def hand(by: Actor) -> Person:
    """Return whose hand it is.

    Raises:
        PositionRefusedError: Quarterdeck itself, which works no position.
    """
    if by.person is None:
        raise PositionRefusedError("A position is taken by a person.")
    return by.person


def theirs(position: Position, by: Actor) -> Position:
    """Return a position as it stands, where it is the actor's own.

    Raises:
        PositionRefusedError: somebody else has it, or nobody.
    """
    found = fresh(position)
    if found.holder is None or found.holder != by.person:
        who = f"{found.holder} has {found} now." if found.holder else f"{found} is open now."
        raise PositionRefusedError(f"This position is not yours any more. {who}")
    return found


def captains(event: Event, at: dt.datetime) -> list[Person]:
    """Return who is captain of an event."""
    return [grant.person for grant in grants.holders(event=event, at=at) if grant.role == Role.CAPTAIN]


# Asking


def check(event: Event, person: Person, position: Position, *, own: bool) -> None:
    """Lock a person and be sure that they can work a position.

    Raises:
        PositionRefusedError: everything that is in the way, in sentences.
    """
    locks.people({person.pk})
    found = [] if person.is_active else ["The account is closed."]
    found += fitness.load(event=event, people=[person.pk]).obstacles(person, position, own=own)
    if found:
        who = "You" if own else str(person)
        raise PositionRefusedError(f"{who} cannot work {position} here. {' '.join(found)}")


def lost(position: Position, event: Event, at: dt.datetime) -> PositionTakenError:
    """Return the plain answer to whoever came second."""
    found = fresh(position)
    if found.holder is None:
        return PositionTakenError(f"{found} is open again; its holder released it a moment ago.")
    if found.claimed_at is None or at - found.claimed_at <= JUST_NOW:
        return PositionTakenError(f"{found.holder} took this position a moment ago.")
    return PositionTakenError(
        f"{found.holder} has had this position since {moment(event, found.claimed_at)}."
    )


def reason_of(text: str, missing: str) -> str:
    """Return a reason as it is kept.

    Raises:
        PositionRefusedError: it is empty, or too long.
    """
    text = " ".join(text.split())
    if not text:
        raise PositionRefusedError(missing)
    if len(text) > LONGEST_REASON:
        raise PositionRefusedError(
            f"The reason has {len(text)} characters; {LONGEST_REASON} are kept. Shorten it."
        )
    return text


# Changing


def move(before: Position, to: PositionState, **changed: Any) -> None:
    """Move a position by one conditional update from the state and holder it was read in.

    Raises:
        PositionTakenError: it changed in between, or may not go there.
    """
    same = Position.objects.filter(pk=before.pk, state=before.state, holder_id=before.holder_id)
    if to not in MOVES[before.state] or not same.update(**{**changed, "state": to}):
        raise PositionTakenError(f"{before} changed a moment ago. Look at it once more.")


def hold(event: Event, before: Position, reason: str, by: Actor, at: dt.datetime) -> None:
    """Hold a position and tell its holder and the captains why."""
    move(before, HELD, hold_reason=reason)
    line = note(event, before, "hold", by, at, state=[before.state, HELD], reason=reason)
    tell(
        event=event,
        line=line,
        to=[before.holder, *captains(event, at)],
        subject=f"Held: {before} on {event.title}",
        paragraphs=[
            f"{before} of {before.holder} on {event.title}, {fitness.span(event)}, is held.",
            reason,
            "Once it is put right, a captain takes it off hold.",
        ],
        at=at,
    )


def seek(event: Event, before: Position, reason: str, by: Actor, at: dt.datetime) -> None:
    """Note that a holder seeks a stand-in, and tell the captains.

    Raises:
        PositionTakenError: the position changed in between.
    """
    same = Position.objects.filter(pk=before.pk, holder_id=before.holder_id, stand_in_at__isnull=True)
    if not same.update(stand_in_at=at, stand_in_reason=reason):
        raise PositionTakenError(f"{before} changed a moment ago. Look at it once more.")
    line = note(event, before, "seek_stand_in", by, at, reason=reason)
    tell(
        event=event,
        line=line,
        to=captains(event, at),
        subject=f"Stand-in sought: {before} on {event.title}",
        paragraphs=[
            f"{before.holder} seeks somebody to stand in as {before} on {event.title}, {fitness.span(event)}.",
            reason,
        ],
        at=at,
    )


def give_role(event: Event, position: Position, person: Person, by: Actor, at: dt.datetime) -> None:
    """Give the role that goes with a position: a captain's ends with it, crew stays on the event.

    Raises:
        PositionRefusedError: the account is closed.
    """
    captain = position.station == Station.CAPTAIN
    try:
        grants.give(
            event=event,
            person=person,
            role=Role.CAPTAIN if captain else Role.CREW,
            by=by,
            at=at,
            position=position if captain else None,
        )
    except grants.RoleRefusedError as error:
        raise PositionRefusedError(str(error)) from error


def take_role(event: Event, position: Position, person: Person, by: Actor, at: dt.datetime) -> None:
    """Take back the role that a position brought, unless they hold another of that station."""
    brought = EventGrant.objects.live(at=at).filter(event=event, person=person, position=position)
    still = (
        Position.objects.filter(event=event, holder=person, station=position.station)
        .exclude(pk=position.pk)
        .order_by("pk")
        .first()
    )
    if still is not None:
        # The role now hangs on that one and ends with it.
        brought.update(position=still)
        return
    for grant in brought.select_related("event__entity", "person"):
        grants.revoke(grant=grant, by=by, at=at)


# Telling


def note(event: Event, position: Position, verb: str, by: Actor, at: dt.datetime, **data: Any) -> AuditEvent:
    """Append the line of a move to the trail."""
    return history.note(
        event=event, action=f"crew:position:{verb}", subject=position, by=by, at=at, data=data
    )


def tell(
    *,
    event: Event,
    line: AuditEvent,
    to: Iterable[Person | None],
    subject: str,
    paragraphs: list[str],
    at: dt.datetime,
) -> None:
    """Tell people of a move once each, but not whoever made it. An address that no mail reaches stops no move."""
    for person in {person.pk: person for person in to if person is not None}.values():
        if person.pk == line.actor_id or not person.is_active:
            continue
        try:
            with transaction.atomic():
                notices.tell(
                    event=event,
                    person=person,
                    key=f"position:{line.pk}",
                    subject=subject,
                    paragraphs=paragraphs,
                    at=at,
                )
        except UnsendableError:
            logger.warning("No mail can reach person %s, who was to be told of a position.", person.pk)


def moment(event: Event, instant: dt.datetime) -> str:
    """Return an instant at the event's port, in words: ``Thu 26 Nov, 13:30 PST``."""
    return f"{timing.local(event, instant):%a %-d %b, %H:%M %Z}"


def deadline(event: Event) -> str:
    """Return until when a position may be released freely, in words."""
    return moment(event, release_until(event))
