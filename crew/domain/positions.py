"""Positions of an event: taking, giving, confirming, holding and giving them back.

Whoever takes a position holds papers that reach the planned return, has no other work then and no day off. Holders
may give it back freely until its release deadline; after that they stay responsible until somebody stands in. An
admin may put anybody in or out in spite of the rules, with a reason. A bareboat charter has no positions at all.

The event's row is locked first, then the person's (`crew.domain.locks`): so no change of the event's times, and no
second position of the same person, can slip in between the asking and the writing.
"""

import datetime as dt
from collections.abc import Collection

from django.db import transaction

from crew.domain import fitness, locks
from crew.domain import position_steps as steps
from crew.domain.history import SYSTEM, Actor
from crew.domain.position_steps import (
    BAREBOAT,
    CLAIMED,
    CONFIRMED,
    HELD,
    LONGEST_REASON,
    MOVES,
    OPEN,
    VACANT,
    PositionGoneError,
    PositionRefusedError,
    PositionTakenError,
)
from crew.domain.staffing import COMING, TAKING, PositionRow, release_until, rows
from crew.models import Event, EventTemplate, Mode, Person, Position, Station

__all__ = [
    "MOVES",
    "PositionGoneError",
    "PositionRefusedError",
    "PositionRow",
    "PositionTakenError",
    "claim",
    "confirm",
    "designate",
    "hold",
    "instantiate",
    "keep",
    "override",
    "recheck",
    "release",
    "resume",
    "rows",
    "seek_stand_in",
    "stand_in",
    "sweep",
]


def instantiate(*, event: Event, template: EventTemplate, by: Actor, at: dt.datetime) -> list[Position]:
    """Open the positions that a template starts an event with; none on a bareboat charter."""
    if event.mode == Mode.BAREBOAT_12:
        return []
    found = Position.objects.bulk_create(
        Position(
            event=event,
            station=plan.station,
            requires=plan.requires,
            rate_minor=plan.rate_minor,
            sort=plan.sort,
        )
        for plan in template.positions.all()
        for _ in range(plan.count)
    )
    return list(found)


# Taking a position


def claim(*, position: Position, by: Actor, at: dt.datetime) -> None:
    """Take an open position for oneself. Asked a second time by its holder, nothing happens.

    Raises:
        PositionTakenError: somebody else was first.
        PositionRefusedError: papers, other work, a day off or the event's state are in the way.
    """
    person = steps.hand(by)
    with transaction.atomic():
        event = steps.event_of(position, TAKING)
        steps.check(event, person, position, own=True)
        taken = {**VACANT, "state": CLAIMED, "holder": person, "claimed_at": at}
        if not Position.objects.filter(pk=position.pk, state=OPEN).update(**taken):
            if steps.fresh(position).holder == person:
                return
            raise steps.lost(position, event, at)
        steps.note(event, position, "claim", by, at, state=[OPEN, CLAIMED])


def designate(*, position: Position, person: Person, by: Actor, at: dt.datetime) -> None:
    """Put somebody into an open position, with the role that goes with it, and tell them.

    Raises:
        PositionTakenError: somebody has it already.
        PositionRefusedError: papers, other work, a day off or the event's state are in the way.
    """
    with transaction.atomic():
        event = steps.event_of(position, TAKING)
        steps.check(event, person, position, own=False)
        taken = {**VACANT, "state": CLAIMED, "holder": person, "claimed_at": at}
        if not Position.objects.filter(pk=position.pk, state=OPEN).update(**taken):
            raise steps.lost(position, event, at)
        steps.give_role(event, position, person, by, at)
        line = steps.note(event, position, "designate", by, at, person=person.email)
        steps.tell(
            event=event,
            line=line,
            to=[person],
            subject=f"You are {position} on {event.title}",
            paragraphs=[
                f"{by.person or 'The office'} put you down as {position} on {event.title}, {fitness.span(event)}.",
                f"If you cannot, release it before {steps.deadline(event)}.",
            ],
            at=at,
        )


def stand_in(*, position: Position, by: Actor, at: dt.datetime) -> None:
    """Take a position over from a holder who seeks somebody; they are told that they are free.

    Raises:
        PositionTakenError: somebody else was first, or the holder keeps it after all.
        PositionRefusedError: papers, other work, a day off or the event's state are in the way.
    """
    person = steps.hand(by)
    with transaction.atomic():
        event = steps.event_of(position, TAKING)
        before = steps.fresh(position)
        if before.holder_id == person.pk:
            raise PositionRefusedError("This position is yours already.")
        steps.check(event, person, position, own=True)
        seeking = Position.objects.filter(
            pk=position.pk, holder_id=before.holder_id, stand_in_at__isnull=False
        )
        taken = {**VACANT, "state": CLAIMED, "holder": person, "claimed_at": at}
        if not seeking.update(**taken):
            raise steps.lost(position, event, at)
        if before.holder is not None:
            steps.take_role(event, position, before.holder, by, at)
        if position.station == Station.CAPTAIN:
            steps.give_role(event, position, person, by, at)
        line = steps.note(
            event, position, "stand_in", by, at, holder=[str(before.holder or ""), person.email]
        )
        steps.tell(
            event=event,
            line=line,
            to=[before.holder, *steps.captains(event, at)],
            subject=f"{person} stands in as {position} on {event.title}",
            paragraphs=[
                f"{person} took over {position} on {event.title} ({fitness.span(event)}) from {before.holder}, "
                "who is no longer responsible for it."
            ],
            at=at,
        )


def confirm(*, position: Position, by: Actor, at: dt.datetime) -> None:
    """Confirm a claimed position, once more sure that its holder can work it.

    Raises:
        PositionRefusedError: it is not claimed, its holder seeks a stand-in, or cannot work it any more.
    """
    with transaction.atomic():
        event = steps.event_of(position, COMING)
        before = steps.held_by_somebody(position, CLAIMED, done="confirmed")
        if before.stand_in_at is not None:
            raise PositionRefusedError(
                f"{before.holder} seeks a stand-in for {position}; confirm whoever takes over, or ask them to keep it."
            )
        if not before.override_reason:
            steps.check(event, steps.holder_of(before), position, own=False)
        steps.move(before, CONFIRMED, confirmed_at=at)
        line = steps.note(event, position, "confirm", by, at, state=[CLAIMED, CONFIRMED])
        steps.tell(
            event=event,
            line=line,
            to=[before.holder],
            subject=f"Confirmed: {position} on {event.title}",
            paragraphs=[f"You are confirmed as {position} on {event.title}, {fitness.span(event)}."],
            at=at,
        )


# Holding


def hold(*, position: Position, reason: str, by: Actor, at: dt.datetime) -> None:
    """Put a position on hold: its holder keeps it, and something must be put right first.

    Raises:
        PositionRefusedError: no reason is given, or nobody works it in a state that can be held.
    """
    reason = steps.reason_of(reason, "Say why it is held; its holder reads it.")
    with transaction.atomic():
        event = steps.event_of(position, COMING)
        steps.hold(event, steps.held_by_somebody(position, CLAIMED, CONFIRMED, done="held"), reason, by, at)


def resume(*, position: Position, by: Actor, at: dt.datetime) -> None:
    """Take a position off hold, back to claimed or confirmed as it was.

    Raises:
        PositionRefusedError: it is not held, or what held it stands as before.
    """
    with transaction.atomic():
        event = steps.event_of(position, COMING)
        before = steps.held_by_somebody(position, HELD, done="taken off hold")
        if not before.override_reason:
            steps.check(event, steps.holder_of(before), position, own=False)
        to = CONFIRMED if before.confirmed_at else CLAIMED
        steps.move(before, to, hold_reason="")
        line = steps.note(event, position, "resume", by, at, state=[HELD, to])
        steps.tell(
            event=event,
            line=line,
            to=[before.holder],
            subject=f"Off hold: {position} on {event.title}",
            paragraphs=[
                f"Your position {position} on {event.title} is no longer held. It is {to.label.lower()}."
            ],
            at=at,
        )


def recheck(*, event: Event, by: Actor, at: dt.datetime) -> int:
    """Hold every position of a coming event whose holder's papers or other work no longer allow it; return how many.

    Called after the event's times or somebody's papers changed. An admin's override stands.
    """
    with transaction.atomic():
        event = locks.event(event.pk)
        if event.state not in COMING:
            return 0
        working = list(
            Position.objects.filter(event=event, state__in=(CLAIMED, CONFIRMED), override_reason="")
            .select_related("holder")
            .order_by("id")
        )
        people = {position.holder_id for position in working if position.holder_id is not None}
        locks.people(people)
        known = fitness.load(event=event, people=people)
        count = 0
        for position in working:
            reasons = known.lapsed(steps.holder_of(position), position)
            if reasons:
                steps.hold(event, position, " ".join(reasons)[:LONGEST_REASON], by, at)
                count += 1
    return count


def sweep(*, at: dt.datetime, people: Collection[int] | None = None) -> int:
    """Hold positions of coming events whose holders' papers do not reach the return; return how many.

    ``people`` narrows it to some holders. Safe to run twice at once: each position is held by one conditional update.
    """
    working = (
        Position.objects.filter(
            state__in=(CLAIMED, CONFIRMED),
            override_reason="",
            event__state__in=COMING,
            event__returns_at__gt=at,
        )
        .exclude(requires=[])
        .select_related("event__port", "event__end_port")
    )
    if people is not None:
        working = working.filter(holder__in=people)
    found = list(working)
    held = fitness.credentials_of({position.holder_id for position in found if position.holder_id})
    lapsed = {
        position.event_id: position.event
        for position in found
        for paper in fitness.papers(
            event=position.event, position=position, held=held.get(position.holder_id or 0, ())
        )
        if not paper.holds
    }
    return sum(recheck(event=event, by=SYSTEM, at=at) for _, event in sorted(lapsed.items()))


# Giving back


def release(*, position: Position, by: Actor, at: dt.datetime) -> str:
    """Give a position back and return what came of it, in a sentence.

    Somebody else than the holder (a captain or admin) may at any time. The holder may until the release deadline; after
    it they stay responsible, and a stand-in is sought.

    Raises:
        PositionRefusedError: nobody holds it, or the event has begun.
    """
    with transaction.atomic():
        event = steps.event_of(position, COMING)
        before = steps.held_by_somebody(position, CLAIMED, CONFIRMED, HELD, done="released")
        holder = steps.holder_of(before)
        own = by.person is not None and by.person.pk == holder.pk
        if own and at >= release_until(event):
            if before.stand_in_at is None:
                steps.seek(event, before, "It can no longer be released freely.", by, at)
            return (
                f"{position} could be released freely until {steps.deadline(event)}. "
                "It stays yours until somebody stands in or a captain releases you; a stand-in is now sought."
            )
        steps.move(before, OPEN, **VACANT)
        steps.take_role(event, position, holder, by, at)
        line = steps.note(
            event, position, "release", by, at, state=[before.state, OPEN], holder=[str(holder), ""]
        )
        steps.tell(
            event=event,
            line=line,
            to=steps.captains(event, at) if own else [holder],
            subject=f"Released: {position} on {event.title}",
            paragraphs=[
                f"{holder} released {position} on {event.title}, {fitness.span(event)}. It is open again."
                if own
                else f"You are released from {position} on {event.title}, {fitness.span(event)}."
            ],
            at=at,
        )
    return f"{position} is released and open again."


def seek_stand_in(*, position: Position, reason: str, by: Actor, at: dt.datetime) -> None:
    """Ask for somebody to stand in. The holder stays responsible, and the position no longer counts as staffed.

    Raises:
        PositionRefusedError: no reason is given, or a stand-in is sought already.
    """
    reason = steps.reason_of(reason, "Say why you cannot; the captain and whoever might stand in read it.")
    with transaction.atomic():
        event = steps.event_of(position, COMING)
        before = steps.theirs(position, by)
        if before.stand_in_at is not None:
            raise PositionRefusedError("A stand-in is sought already; it is yours until somebody takes over.")
        steps.seek(event, before, reason, by, at)


def keep(*, position: Position, by: Actor, at: dt.datetime) -> None:
    """Stop seeking a stand-in: the holder can after all.

    Raises:
        PositionRefusedError: somebody took over already, or nobody is sought.
    """
    with transaction.atomic():
        event = steps.event_of(position, COMING)
        before = steps.theirs(position, by)
        same = Position.objects.filter(pk=before.pk, holder_id=before.holder_id, stand_in_at__isnull=False)
        if not same.update(stand_in_at=None, stand_in_reason=""):
            raise PositionRefusedError("No stand-in is sought for this position.")
        line = steps.note(event, position, "keep", by, at)
        steps.tell(
            event=event,
            line=line,
            to=steps.captains(event, at),
            subject=f"{before.holder} keeps {position} on {event.title}",
            paragraphs=[f"{before.holder} can work {position} after all and seeks no stand-in any more."],
            at=at,
        )


# In spite of the rules


def override(
    *,
    position: Position,
    person: Person | None,
    reason: str,
    silent: bool,
    by: Actor,
    at: dt.datetime,
) -> None:
    """Put somebody into a position, or out of it (None), whatever is in the way; ``silent`` tells nobody.

    What was in the way, the reason and the silence are in the audit trail. Never on a bareboat charter.

    Raises:
        PositionRefusedError: no reason is given, it was paid already, or nothing would change.
    """
    reason = steps.reason_of(reason, "Say why the rules are overridden; it stays in the history.")
    with transaction.atomic():
        event = locks.event(position.event_id)
        if event.mode == Mode.BAREBOAT_12:
            raise PositionRefusedError(BAREBOAT)
        before = steps.fresh(position)
        if before.paid_on is not None:
            raise PositionRefusedError(
                f"{position} was paid on {fitness.day(before.paid_on)}; its holder stays."
            )
        if before.holder == person:
            raise PositionRefusedError(
                f"{person or 'Nobody'} holds {position} already; nothing would change."
            )
        obstacles: list[str] = []
        if person is not None:
            locks.people({person.pk})
            obstacles = fitness.load(event=event, people=[person.pk]).obstacles(person, position)
        changed = {**VACANT} if person is None else {
            **VACANT, "state": CLAIMED, "holder": person, "claimed_at": at, "override_reason": reason,
        }  # fmt: skip
        same = Position.objects.filter(pk=position.pk, holder_id=before.holder_id, paid_on__isnull=True)
        if not same.update(**changed):
            raise steps.lost(position, event, at)
        if before.holder is not None:
            steps.take_role(event, position, before.holder, by, at)
        if person is not None:
            steps.give_role(event, position, person, by, at)
        line = steps.note(
            event,
            position,
            "override",
            by,
            at,
            holder=[str(before.holder or ""), str(person or "")],
            reason=reason,
            silent=silent,
            in_the_way=obstacles,
        )
        if silent:
            return
        for somebody, words in ((person, "put down as"), (before.holder, "released from")):
            steps.tell(
                event=event,
                line=line,
                to=[somebody],
                subject=f"You are {words} {position} on {event.title}",
                paragraphs=[
                    f"{by.person or 'The office'} decided it: you are {words} {position} on {event.title}, "
                    f"{fitness.span(event)}."
                ],
                at=at,
            )
