"""Actions as people settle them: mark done, drop, move the due date. Opening them from findings is `findings`."""

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction

from core import audit, clock
from crew.models import Person
from reports.models import Action, ActionState

MOVES: dict[str, frozenset[str]] = {
    ActionState.OPEN: frozenset({ActionState.DONE, ActionState.DROPPED}),
    ActionState.DONE: frozenset({ActionState.OPEN}),
    ActionState.DROPPED: frozenset({ActionState.OPEN}),
}
PORTFOLIO = "portfolio"


class ActionRefusedError(ValueError):
    """A change of an action that is refused, with the reason."""


def subject_of(action: Action) -> str:
    """Return the slug of the entity an action concerns, or ``portfolio``."""
    return about(action.finding.subject) if action.finding is not None else PORTFOLIO


def about(subject: str) -> str:
    """Return the slug of the entity a finding's subject is about, or ``portfolio``: what stands before its colon."""
    return subject.partition(":")[0]


def settle(*, action: Action, state: ActionState, by: Person, at: dt.datetime) -> None:
    """Mark an open action done or no longer needed, as of the portfolio's local date.

    Raises:
        ActionRefusedError: it is settled already.
    """
    fields = {"settled_on": clock.today(at=at), "settled_by": by}
    _move(action, state, verb="settle", by=by, at=at, fields=fields)


def reopen(*, action: Action, by: Person, at: dt.datetime) -> None:
    """Open a settled action again.

    Raises:
        ActionRefusedError: it is open, or its finding has another open action by now.
    """
    try:
        with transaction.atomic():
            fields = {"settled_on": None, "settled_by": None}
            _move(action, ActionState.OPEN, verb="reopen", by=by, at=at, fields=fields)
    except IntegrityError as error:
        raise ActionRefusedError(
            f"Another action for the same finding is open; settle that one instead of reopening {action.title!r}."
        ) from error


def move_due(*, action: Action, due_on: dt.date, today: dt.date, by: Person, at: dt.datetime) -> None:
    """Move the due date of an open action to today or later, but not beyond a year.

    ``today`` is the date reports stand at now, which for the sample is the sample's own.

    Raises:
        ActionRefusedError: the date is past or too far, or the action is settled.
    """
    if due_on < today:
        raise ActionRefusedError(f"{due_on:%-d %b %Y} has passed; choose {today:%-d %b %Y} or a later date.")
    if due_on > today + dt.timedelta(days=366):
        raise ActionRefusedError(
            f"{due_on:%-d %b %Y} is more than a year away; drop the action if it can wait that long."
        )
    before = action.due_on
    with transaction.atomic():
        if not Action.objects.filter(pk=action.pk, state=ActionState.OPEN).update(due_on=due_on):
            raise ActionRefusedError(f"{action.title!r} is settled; reopen it before moving its date.")
        action.due_on = due_on
        _record(action, "move", by, at, due=[before.isoformat(), due_on.isoformat()])


def _move(
    action: Action, to: ActionState, *, verb: str, by: Person, at: dt.datetime, fields: dict[str, Any]
) -> None:
    before = action.state
    if to not in MOVES[before]:
        raise ActionRefusedError(f"{action.title!r} is {ActionState(before).label.lower()} already.")
    with transaction.atomic():
        if not Action.objects.filter(pk=action.pk, state=before).update(state=to, **fields):
            raise ActionRefusedError(f"{action.title!r} was changed by somebody else meanwhile; look again.")
        for name, value in {"state": to, **fields}.items():
            setattr(action, name, value)
        _record(action, verb, by, at, state=[before, str(to)])


def _record(action: Action, verb: str, by: Person, at: dt.datetime, **data: Any) -> None:
    subject = subject_of(action)
    audit.record(
        action=f"reports:action:{verb}",
        subject=action,
        at=at,
        by=by,
        entity="" if subject == PORTFOLIO else subject,
        data=data,
    )
