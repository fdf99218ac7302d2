"""Working the checklist of an event: who has an item, what was found, and how it ended.

Each move is one UPDATE that holds only while the item stands as the caller read it, so of two people who reach for
it one gets it and the other a sentence. Who may make a move the pages ask `crew.rules`.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db import connection, transaction
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Coalesce

from crew.domain import evidence, history, maintenance, timing
from crew.domain.evidence import Proof
from crew.domain.history import Actor
from crew.domain.item_rows import WORKED, ItemRow, rows
from crew.models import (
    ChecklistItem,
    DueFrom,
    Event,
    EventState,
    EventTemplate,
    ItemState,
    ItemTemplate,
    Person,
    Phase,
    Position,
    Station,
)

__all__ = [
    "MOVES",
    "WORKED",
    "ChecklistError",
    "HoldRefusedError",
    "ItemGoneError",
    "ItemMovedError",
    "ItemRow",
    "NotWorkedError",
    "Proof",
    "StepNotLegalError",
    "claim_item",
    "complete_item",
    "give_back_item",
    "hold_item",
    "instantiate",
    "reopen_item",
    "resume_item",
    "retime",
    "rows",
    "stands",
]

MOVES: Mapping[ItemState, frozenset[ItemState]] = MappingProxyType(
    {
        ItemState.PENDING: frozenset({ItemState.CLAIMED}),
        ItemState.CLAIMED: frozenset({ItemState.ON_HOLD, ItemState.COMPLETED, ItemState.PENDING}),
        ItemState.ON_HOLD: frozenset({ItemState.CLAIMED, ItemState.COMPLETED}),
        ItemState.COMPLETED: frozenset({ItemState.CLAIMED}),
    }
)
# How soon somebody looks again at a number that was out of limits.
REVIEW_AFTER = dt.timedelta(minutes=30)
LONGEST_REASON = 300
_MINUTE = Value(dt.timedelta(minutes=1), output_field=DurationField())
_NOT_HELD: Mapping[str, Any] = MappingProxyType({"hold_reason": "", "hold_owner": None, "review_at": None})


class ChecklistError(Exception):
    """What was asked of a checklist item cannot be done; the message says why."""


class NotWorkedError(ChecklistError):
    """The event is not in a state in which its checklist is worked."""


class StepNotLegalError(ChecklistError):
    """From where the item stands it cannot go there."""


class ItemMovedError(ChecklistError):
    """Somebody else was first: the item no longer stands as it was read."""


class ItemGoneError(ItemMovedError):
    """The item was removed from the checklist."""


class HoldRefusedError(ChecklistError):
    """A hold lacks a reason, an owner or a review time, or cannot be lifted yet."""


# The list as a whole


def instantiate(*, event: Event, template: EventTemplate, by: Actor, at: dt.datetime) -> None:
    """Give an event the items of its template's active checklists, in the order of the day."""
    lines = list(
        ItemTemplate.objects.filter(
            checklist__event_templates=template, checklist__active=True, active=True
        ).select_related("checklist")
    )
    order = {phase: number for number, phase in enumerate(Phase.values)}
    lines.sort(key=lambda line: (order[line.checklist.phase], line.checklist.name, line.sort, line.pk))
    with transaction.atomic():
        ChecklistItem.objects.bulk_create(
            ChecklistItem(
                event=event,
                template=line,
                phase=line.checklist.phase,
                sort=number,
                text=line.text,
                detail=line.detail,
                role=line.role,
                due_from=line.due_from,
                due_minutes=line.due_minutes,
                due_at=start(event, line.due_from) + dt.timedelta(minutes=line.due_minutes),
                critical=line.critical,
                evidence=line.evidence,
                low=line.low,
                high=line.high,
                unit=line.unit,
            )
            for number, line in enumerate(lines, start=1)
        )
        history.note(
            event=event,
            action="crew:checklist:start",
            subject=event,
            by=by,
            at=at,
            data={"items": [0, len(lines)]},
        )


def retime(*, event: Event) -> None:
    """Let due times follow the event's own; called in the transaction that moved them, which is audited there."""
    with transaction.atomic():
        for due_from in DueFrom.values:
            begin = Value(start(event, due_from), output_field=DateTimeField())
            after = ExpressionWrapper(F("due_minutes") * _MINUTE, output_field=DurationField())
            ChecklistItem.objects.filter(event=event, due_from=due_from).update(
                due_at=ExpressionWrapper(begin + after, output_field=DateTimeField())
            )


def start(event: Event, due_from: str) -> dt.datetime:
    """Return the instant that a due time is counted from."""
    return event.departs_at if due_from == DueFrom.DEPARTURE else event.returns_at


# One item


def claim_item(*, item: ChecklistItem, by: Actor, at: dt.datetime) -> None:
    """Take a pending item. Of people who do so at once one gets it.

    Raises:
        NotWorkedError: the event is a draft, completed or cancelled.
        ItemMovedError: somebody has it; says who and since when.
    """
    person = _hand(by)
    _require_worked(item.event)
    # Looking costs no lock, and of many who reach for an item at once nearly all lose: they stop here.
    seen = _look(item)
    if seen.state != ItemState.PENDING:
        raise ItemMovedError(seen.words(item.event, by))
    with transaction.atomic():
        won = ChecklistItem.objects.filter(pk=item.pk, state=ItemState.PENDING).update(
            state=ItemState.CLAIMED,
            claimer_id=person.pk,
            claimed_at=at,
            first_claimed_at=Coalesce("first_claimed_at", Value(at, output_field=DateTimeField())),
        )
        if won:
            _note(item, "claim", by, at, was=ItemState.PENDING, to=ItemState.CLAIMED)
    if not won:
        raise ItemMovedError(_look(item).words(item.event, by))
    item.state, item.claimer, item.claimed_at = ItemState.CLAIMED, person, at
    item.first_claimed_at = item.first_claimed_at or at


def complete_item(*, item: ChecklistItem, by: Actor, at: dt.datetime, proof: Proof | None = None) -> None:
    """Complete an item with the evidence it asks for; a pending one is claimed in the same go.

    A number out of limits is recorded and puts the item on hold instead, and a maintenance record is opened: the
    item's ``state`` tells which it was.

    Raises:
        NotWorkedError: the event is a draft, completed or cancelled.
        StepNotLegalError: the item is completed.
        ItemMovedError: it changed hands meanwhile.
        crew.domain.evidence.EvidenceRefusedError: the evidence is missing or cannot be read.
    """
    _require_worked(item.event)
    if item.state == ItemState.COMPLETED:
        raise StepNotLegalError(_look(item).words(item.event, by))
    found = evidence.check(item=item, proof=proof or Proof())
    with evidence.kept(found) as values, transaction.atomic():
        if item.state == ItemState.PENDING:
            claim_item(item=item, by=by, at=at)
        if evidence.within_limits(item=item, number=found.number):
            _move(
                item,
                "complete",
                to=ItemState.COMPLETED,
                by=by,
                at=at,
                values={
                    **values,
                    **_NOT_HELD,
                    "completed_at": at,
                    "completed_by": _hand(by),
                },
            )
        else:
            _miss(item=item, found=found, by=by, at=at)


def _miss(*, item: ChecklistItem, found: Proof, by: Actor, at: dt.datetime) -> None:
    """Record a number out of limits: the item waits for the captain, the vessel for mending."""
    captain = (
        Position.objects.filter(event_id=item.event_id, station=Station.CAPTAIN, holder__isnull=False)
        .select_related("holder")
        .first()
    )
    reason = (
        f"Measured {evidence.shown(found.number, item.unit)}; the limits are {evidence.limits_words(item)}."
    )
    _move(
        item,
        "miss",
        to=ItemState.ON_HOLD,
        by=by,
        at=at,
        again=True,
        values={
            "value_number": found.number,
            "missed_limits": True,
            "hold_count": F("hold_count") + int(item.state != ItemState.ON_HOLD),
            "hold_reason": reason,
            "hold_owner": captain.holder if captain else _hand(by),
            "review_at": at + REVIEW_AFTER,
        },
    )
    maintenance.open_for_item(item=item, note=reason, by=by, at=at)


def hold_item(
    *,
    item: ChecklistItem,
    reason: str,
    owner: Person,
    review_at: dt.datetime,
    by: Actor,
    at: dt.datetime,
) -> None:
    """Put a claimed item on hold: why, who sees to it, and when somebody looks again.

    Raises:
        NotWorkedError, StepNotLegalError, ItemMovedError: as for completing.
        HoldRefusedError: no reason, or a review time that has passed.
    """
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON or "\x00" in reason:
        raise HoldRefusedError(f"Say in plain words, at most {LONGEST_REASON} characters, why it is on hold.")
    if review_at <= at:
        raise HoldRefusedError("The review time has passed; choose one that is still to come.")
    _move(
        item,
        "hold",
        to=ItemState.ON_HOLD,
        by=by,
        at=at,
        values={
            "hold_reason": reason,
            "hold_owner": owner,
            "review_at": review_at,
            "hold_count": F("hold_count") + 1,
        },
    )


def resume_item(*, item: ChecklistItem, by: Actor, at: dt.datetime) -> None:
    """Take an item off hold; whoever claimed it has it again.

    Raises:
        NotWorkedError, StepNotLegalError, ItemMovedError: as for completing.
        HoldRefusedError: its maintenance record is still open.
    """
    if maintenance.is_open_for(item=item):
        raise HoldRefusedError(
            "The maintenance record of this item is still open. Measure again within the limits, or have the "
            "office close the record."
        )
    _move(item, "resume", to=ItemState.CLAIMED, frm=ItemState.ON_HOLD, by=by, at=at, values=_NOT_HELD)


def give_back_item(*, item: ChecklistItem, by: Actor, at: dt.datetime) -> None:
    """Give a claimed item back, for anybody to take.

    Raises:
        NotWorkedError, StepNotLegalError, ItemMovedError: as for completing.
    """
    _move(item, "give_back", to=ItemState.PENDING, by=by, at=at, values={"claimer": None, "claimed_at": None})


def reopen_item(*, item: ChecklistItem, by: Actor, at: dt.datetime) -> None:
    """Take back that an item is completed; its claimer has it again, and what was found stays until it is redone.

    Raises:
        NotWorkedError, StepNotLegalError, ItemMovedError: as for completing.
    """
    _move(
        item,
        "reopen",
        to=ItemState.CLAIMED,
        frm=ItemState.COMPLETED,
        by=by,
        at=at,
        values={"completed_at": None, "completed_by": None},
    )


def stands(*, item: ChecklistItem, by: Actor) -> str:
    """Return in a sentence how an item stands now, and whose hands it is in."""
    return _look(item).words(item.event, by)


def _move(
    item: ChecklistItem,
    verb: str,
    *,
    to: ItemState,
    by: Actor,
    at: dt.datetime,
    values: Mapping[str, Any],
    frm: ItemState | None = None,
    again: bool = False,
) -> None:
    """Make one move from where the caller read the item to be; ``again`` lets it stay where it is already."""
    _require_worked(item.event)
    stands = ItemState(item.state)
    legal = to in MOVES[stands] or (again and to == stands)
    if not legal or (frm is not None and frm != stands):
        raise StepNotLegalError(_look(item).words(item.event, by))
    as_read = Q(pk=item.pk, state=stands, claimer_id=item.claimer_id)
    with transaction.atomic():
        if not ChecklistItem.objects.filter(as_read).update(state=to, **values):
            raise ItemMovedError(_look(item).words(item.event, by))
        _note(item, verb, by, at, was=stands, to=to, values=values)
    item.state = to
    for name, value in values.items():
        if not hasattr(value, "resolve_expression"):
            setattr(item, name, value)


def _note(
    item: ChecklistItem,
    verb: str,
    by: Actor,
    at: dt.datetime,
    *,
    was: ItemState,
    to: ItemState,
    values: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    data: dict[str, Any] = {"state": [str(was), str(to)]}
    for name in ("value_number", "value_text", "photo", "hold_reason", "hold_owner", "review_at"):
        if name in values:
            old, new = _plain(getattr(item, name)), _plain(values[name])
            if old != new:
                data[name] = [old, new]
    history.note(event=item.event, action=f"crew:item:{verb}", subject=item, by=by, at=at, data=data)


def _plain(value: Any) -> str | None:
    """Return a value as the trail keeps it."""
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)


def _hand(by: Actor) -> Person:
    """Return the person who acts: an item is worked by people, never by Quarterdeck itself."""
    if by.person is None:
        raise ChecklistError("A checklist is worked by people; sign in to do this.")
    return by.person


def _require_worked(event: Event) -> None:
    if event.state not in WORKED:
        raise NotWorkedError(
            "This event is still a draft; its checklist can be worked once the office has opened it."
            if event.state == EventState.DRAFT
            else f"This event is {EventState(event.state).label.lower()}, so its checklist is closed."
        )


@dataclass(frozen=True, slots=True)
class _Seen:
    """How an item stands in the database at this moment, and whose hands it is in."""

    state: str
    claimer_id: int | None
    claimer: str | None
    claimed_at: dt.datetime | None
    hold_reason: str
    completer_id: int | None
    completer: str | None
    completed_at: dt.datetime | None

    def words(self, event: Event, by: Actor) -> str:
        """Say plainly how the item stands."""
        me = by.person.pk if by.person else None
        if self.state == ItemState.PENDING:
            return "Nobody has this item at the moment; claim it first."
        if self.state == ItemState.CLAIMED:
            who = "You have" if self.claimer_id == me else f"{self.claimer} has"
            return f"{who} this since {_clock(event, self.claimed_at)}."
        if self.state == ItemState.ON_HOLD:
            return f"This item is on hold: {self.hold_reason}"
        hand = "you" if self.completer_id == me else self.completer
        return f"This was completed by {hand} at {_clock(event, self.completed_at)}."


# By hand, because a claim that comes too late costs this and nothing else: Django would take five times as long to write
# the statement as the database to answer it.
_LOOK = (
    "SELECT i.state, i.claimer_id, COALESCE(NULLIF(c.name, ''), c.email), i.claimed_at, i.hold_reason, "  # noqa: S608
    "i.completed_by_id, COALESCE(NULLIF(d.name, ''), d.email), i.completed_at "
    f"FROM {ChecklistItem._meta.db_table} i "
    f"LEFT JOIN {Person._meta.db_table} c ON c.id = i.claimer_id "
    f"LEFT JOIN {Person._meta.db_table} d ON d.id = i.completed_by_id WHERE i.id = %s"
)


def _look(item: ChecklistItem) -> _Seen:
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, [item.pk])
        found = cursor.fetchone()
    if found is None:
        raise ItemGoneError(f"“{item}” was removed from the checklist a moment ago.")
    state, claimer_id, claimer, claimed_at, reason, completer_id, completer, completed_at = found
    return _Seen(
        state,
        claimer_id,
        claimer,
        _instant(claimed_at),
        reason,
        completer_id,
        completer,
        _instant(completed_at),
    )


def _instant(value: dt.datetime | str | None) -> dt.datetime | None:
    """Return an instant as either engine gives it; SQLite keeps them as text, in UTC."""
    return dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC) if isinstance(value, str) else value


def _clock(event: Event, instant: dt.datetime | None) -> str:
    if instant is None:
        return "a time that was not kept"
    return f"{timing.local(event, instant):%H:%M %Z}"
