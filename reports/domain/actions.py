"""Actions: people settle them, move their date, give them to somebody; editions carry them over and escalate them.

Opening them from findings is `findings`; who is meant by the word a rule uses for an owner is `owners`.

An edition that stands at a later day than the one that opened an action, or than the last that was counted, carries it
over: issued anew as of the same day, or printed by two reports of one day, it is not carried twice. An action is
escalated by the first edition that finds it overdue, or carried over, for as long as `Patience` says; it stays so until
it is settled.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from core import audit, clock
from crew.models import Person
from portfolio.domain import queries as portfolio
from portfolio.models import AssumptionKey
from reports.document import ActionLine
from reports.domain import owners
from reports.domain.owners import PORTFOLIO
from reports.models import Action, ActionState, Report

MOVES: dict[str, frozenset[str]] = {
    ActionState.OPEN: frozenset({ActionState.DONE, ActionState.DROPPED}),
    ActionState.DONE: frozenset({ActionState.OPEN}),
    ActionState.DROPPED: frozenset({ActionState.OPEN}),
}
LONGEST_TITLE, LONGEST_OWNER = 200, 120
LONGEST = dt.timedelta(days=366)
PRINTED_OPEN = frozenset({"open", "overdue"})
"""The states in which an edition prints an action that is to be done now."""


class Patience(NamedTuple):
    """From how many days overdue, or editions carried over, an action is escalated."""

    days: int = 14
    editions: int = 3


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
    """Open a settled action again; if it is late still, the next edition escalates it anew.

    Raises:
        ActionRefusedError: it is open, or its finding has another open action by now.
    """
    try:
        with transaction.atomic():
            fields = {"settled_on": None, "settled_by": None, "escalated_on": None}
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
    if due_on > today + LONGEST:
        raise ActionRefusedError(
            f"{due_on:%-d %b %Y} is more than a year away; drop the action if it can wait that long."
        )
    before = action.due_on
    with transaction.atomic():
        if not Action.objects.filter(pk=action.pk, state=ActionState.OPEN).update(due_on=due_on):
            raise ActionRefusedError(f"{action.title!r} is settled; reopen it before moving its date.")
        action.due_on = due_on
        _record(action, "move", by, at, due=[before.isoformat(), due_on.isoformat()])


def assign(*, action: Action, person: Person | None, by: Person | None, at: dt.datetime) -> None:
    """Give an open action to somebody, or to nobody.

    Raises:
        ActionRefusedError: the person may not read what it is about, or the action is settled.
    """
    if person is not None and not owners.may_read(person, subject=subject_of(action)):
        raise ActionRefusedError(
            f"{person} may not read what {action.title!r} is about; grant a duty there first, or choose somebody else."
        )
    before = action.assignee
    if before == person:
        return
    with transaction.atomic():
        if not Action.objects.filter(pk=action.pk, state=ActionState.OPEN).update(assignee=person):
            raise ActionRefusedError(f"{action.title!r} is settled; reopen it before giving it to somebody.")
        action.assignee = person
        _record(
            action, "assign", by, at, assignee=["" if one is None else str(one) for one in (before, person)]
        )


def add(
    *, report: Report, title: str, owner: str, due_on: dt.date, today: dt.date, by: Person | None, at: dt.datetime
) -> Action:  # fmt: skip
    """Write down an action that no finding asks for; every edition of the report about the whole portfolio reviews it.

    It goes to the person meant by the owner's word. ``today`` is the date reports stand at now.

    Raises:
        ActionRefusedError: what is to be done or by whom is missing or unfit, or the day is past or too far.
    """
    title, owner = " ".join(title.split()), " ".join(owner.split())
    for text, longest, what in (
        (title, LONGEST_TITLE, "what is to be done"),
        (owner, LONGEST_OWNER, "by whom"),
    ):
        if not text or len(text) > longest or not text.isprintable():
            raise ActionRefusedError(
                f"Say {what} in one to {longest} characters, all of them printable; nothing was written down."
            )
    if not today <= due_on <= today + LONGEST:
        raise ActionRefusedError(
            f"{due_on:%-d %b %Y} is past or more than a year away; choose a day from {today:%-d %b %Y} on."
        )
    with transaction.atomic():
        action = Action.objects.create(
            report=report,
            title=title,
            owner=owner,
            assignee=owners.person_for(owner),
            due_on=due_on,
            opened_on=today,
        )
        _record(action, "add", by, at, owner=owner, due=due_on.isoformat())
    return action


def patience(*, as_of: dt.date) -> Patience:
    """Return the patience that the assumptions in force on a day say. One query."""
    said = portfolio.assumptions(as_of=as_of)
    found = [said.get(key) for key in (AssumptionKey.ESCALATE_OVERDUE, AssumptionKey.ESCALATE_CARRIED)]
    return Patience(
        *(otherwise if row is None else row.value for row, otherwise in zip(found, Patience(), strict=True))
    )


def carried_in(action: Action, *, as_of: dt.date) -> int:
    """Return how many editions have carried an action over, one that stands at a day and prints it open included.

    One that a person wrote down was opened by no edition, so the first that prints it carries nothing over.
    """
    if action.carried_on is None and action.finding_id is None:
        return 0
    return action.carried + (as_of > (action.carried_on or action.opened_on))


def escalated_in(action: Action, *, as_of: dt.date, patience: Patience) -> dt.date | None:
    """Return the day since which an action is escalated where an edition of a day prints it open; None: it is not."""
    if action.escalated_on is not None:
        return action.escalated_on if action.escalated_on <= as_of else None
    if as_of < (action.carried_on or action.opened_on):
        return None  # The edition is of the past; what it finds late was judged by a later one.
    late = (as_of - action.due_on).days >= patience.days
    return as_of if late or carried_in(action, as_of=as_of) >= patience.editions else None


def carry(*, lines: Iterable[ActionLine], as_of: dt.date, at: dt.datetime) -> None:
    """Count an edition for the open actions that it prints, and escalate those that it says are; in its transaction."""
    printed = [line for line in lines if line.pk and line.state in PRINTED_OPEN]
    rows = Action.objects.filter(pk__in=[line.pk for line in printed], state=ActionState.OPEN)
    last = Q(carried_on__isnull=True, opened_on__lt=as_of) | Q(carried_on__lt=as_of)
    written = Q(carried_on__isnull=True, finding__isnull=True)
    rows.filter(last).exclude(written).update(carried=F("carried") + 1, carried_on=as_of)
    # Not by an edition of a day before it was written down: the next one would count as its second.
    rows.filter(written, opened_on__lte=as_of).update(carried_on=as_of)
    fresh = [line.pk for line in printed if line.escalated_on == as_of]
    waiting = Action.objects.filter(pk__in=fresh, state=ActionState.OPEN, escalated_on__isnull=True)
    for action in waiting.select_related("finding") if fresh else ():
        if waiting.filter(pk=action.pk).update(escalated_on=as_of):
            _record(
                action, "escalate", None, at, due=action.due_on.isoformat(), carried=action.carried, on=as_of.isoformat()
            )  # fmt: skip


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


def _record(action: Action, verb: str, by: Person | None, at: dt.datetime, **data: Any) -> None:
    subject = subject_of(action)
    audit.record(
        action=f"reports:action:{verb}",
        subject=action,
        at=at,
        by=by,
        entity="" if subject == PORTFOLIO else subject,
        data=data,
    )
