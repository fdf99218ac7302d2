"""Items that one event needs beside those of its template: added by hand, and taken off while nobody works them."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from crew.domain import checklists, history, locks
from crew.domain.checklists import ChecklistError
from crew.domain.history import Actor
from crew.models import OVER, ChecklistItem, DueFrom, Event, Evidence, ItemState, Phase, Role
from mail.domain import fields

MOST_ITEMS = 400
LONGEST_TEXT = 200
LONGEST_DETAIL = 2_000
LONGEST_UNIT = 20
# An item is due within a week of the departure or the return it is counted from.
FURTHEST_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class NewItem:
    """What an item asks for; ``due_minutes`` is negative before the departure or the return."""

    phase: str
    text: str
    role: str = Role.CREW
    detail: str = ""
    due_from: str = DueFrom.DEPARTURE
    due_minutes: int = 0
    critical: bool = False
    evidence: str = Evidence.TICK
    low: Decimal | None = None
    high: Decimal | None = None
    unit: str = ""


def refusal(event: Event) -> str:
    """Return why an event's checklist stays as it is; nothing where it may change."""
    if event.state in OVER:
        return f"This event is {event.get_state_display().lower()}; its checklist stays as it was."
    return ""


def add(*, event: Event, new: NewItem, by: Actor, at: dt.datetime) -> ChecklistItem:
    """Add an item to an event's checklist, last in its phase.

    Raises:
        ChecklistError: the event is over, has all the items it may have, or the item contradicts itself.
    """
    _check(new)
    with transaction.atomic():
        # Locked, so that the item is due by the times that hold when it is there.
        event = _locked(event)
        if event.items.count() >= MOST_ITEMS:
            raise ChecklistError(f"A checklist has at most {MOST_ITEMS} items.")
        earlier = Phase.values[: Phase.values.index(new.phase) + 1]
        last = event.items.filter(phase__in=earlier).aggregate(last=Max("sort"))["last"]
        item = ChecklistItem.objects.create(
            event=event,
            phase=new.phase,
            sort=last or 0,
            text=new.text.strip(),
            detail=new.detail.strip(),
            role=new.role,
            due_from=new.due_from,
            due_minutes=new.due_minutes,
            due_at=checklists.start(event, new.due_from) + dt.timedelta(minutes=new.due_minutes),
            critical=new.critical,
            evidence=new.evidence,
            low=new.low,
            high=new.high,
            unit=new.unit.strip(),
        )
        history.note(
            event=event,
            action="crew:item:add",
            subject=item,
            by=by,
            at=at,
            data={"phase": [None, item.get_phase_display()], "critical": [None, new.critical]},
        )
    return item


def can_remove(item: ChecklistItem) -> bool:
    """Tell whether an item was added by hand and nobody works it."""
    return item.template_id is None and item.state == ItemState.PENDING


def remove(*, item: ChecklistItem, by: Actor, at: dt.datetime) -> None:
    """Take an item off that was added by hand, while it is pending.

    Raises:
        ChecklistError: the event is over, somebody has the item, it is its template's, or something needs mending by it.
    """
    with transaction.atomic():
        event = _locked(item.event)
        # Its row too: whoever claims it does not wait for the event's.
        found = ChecklistItem.objects.select_for_update().filter(pk=item.pk).first()
        if found is None:
            raise checklists.ItemGoneError(f"“{item}” was removed from the checklist a moment ago.")
        if found.template_id is not None:
            raise ChecklistError(
                "This item comes from the event's template. Put it on hold with a reason, or change the template."
            )
        if found.state != ItemState.PENDING:
            raise ChecklistError("Somebody has this item; an item is removed while it is pending.")
        if found.maintenance_records.exists():
            raise ChecklistError("A maintenance record was opened by this item, so it stays on record.")
        history.note(
            event=event,
            action="crew:item:remove",
            subject=found,
            by=by,
            at=at,
            data={"phase": [found.get_phase_display(), None], "critical": [found.critical, None]},
        )
        found.delete()


def _locked(event: Event) -> Event:
    """Return an event, locked.

    Raises:
        ChecklistError: it is over.
    """
    found = locks.event(event.pk)
    reason = refusal(found)
    if reason:
        raise ChecklistError(reason)
    return found


def _check(new: NewItem) -> None:
    if (
        new.phase not in Phase.values
        or new.role not in (Role.CAPTAIN, Role.CREW)
        or new.due_from not in DueFrom.values
        or new.evidence not in Evidence.values
    ):
        raise ChecklistError("Choose from what is offered.")
    try:
        fields.one_line(new.text, what="text", longest=LONGEST_TEXT)
        fields.one_line(new.unit, what="unit", longest=LONGEST_UNIT)
    except fields.UnsendableError as error:
        raise ChecklistError(str(error)) from error
    if not new.text.strip():
        raise ChecklistError("Say what is to be done.")
    if "\x00" in new.detail or len(new.detail) > LONGEST_DETAIL:
        raise ChecklistError(f"The detail has at most {LONGEST_DETAIL:,} characters.")
    if abs(new.due_minutes) > FURTHEST_MINUTES:
        raise ChecklistError("An item is due at most a week before or after.")
    limited = new.low is not None or new.high is not None
    if new.evidence != Evidence.NUMBER and (limited or new.unit.strip()):
        raise ChecklistError("Limits and a unit are for numbers; leave them empty, or ask for a number.")
    if new.low is not None and new.high is not None and new.low > new.high:
        raise ChecklistError("The lowest number is above the highest; swap them.")
