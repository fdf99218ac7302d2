"""The checklist of an event as finished rows: who has each item, when it is due, and what may be tapped."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from crew import rules
from crew.domain import timing
from crew.domain.evidence import shown
from crew.models import ChecklistItem, Event, EventState, Evidence, ItemState, Phase, Role

# The states of an event in which its checklist is worked.
WORKED = frozenset({EventState.OPEN, EventState.CONFIRMED, EventState.UNDERWAY})
_HINTS = {Evidence.NUMBER: "number", Evidence.TEXT: "a few words", Evidence.PHOTO: "photo"}
_RECORD = {Evidence.NUMBER: "Record", Evidence.TEXT: "Write down", Evidence.PHOTO: "Photo"}
SOON = dt.timedelta(minutes=30)
_COLUMNS = (
    "pk",
    "phase",
    "text",
    "role",
    "due_at",
    "critical",
    "evidence",
    "unit",
    "state",
    "claimer_id",
    "claimer__name",
    "claimer__email",
    "hold_reason",
    "hold_owner_id",
    "hold_owner__name",
    "hold_owner__email",
    "review_at",
    "completed_at",
    "completed_by_id",
    "completed_by__name",
    "completed_by__email",
    "value_number",
    "missed_limits",
)


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One item in finished words.

    ``action`` labels the one thing to tap: it posts to ``action_url``, or opens it where ``opens`` says so. Both are
    empty where there is nothing to do for this person.
    """

    pk: int
    phase: str
    text: str
    url: str
    state: str
    state_word: str
    who: str
    mine: bool
    role: str
    due: str
    late: bool
    soon: bool
    critical: bool
    evidence: str
    note: str
    action: str
    action_url: str
    opens: bool

    @property
    def is_open(self) -> bool:
        """Tell whether it is still to be completed."""
        return self.state != ItemState.COMPLETED


def rows(*, event: Event, standing: rules.Standing, at: dt.datetime) -> list[ItemRow]:
    """Return every item of an event in the order of the day; one query. Nothing for whom checklists are not."""
    if not rules.can_see_checklists(standing):
        return []
    zone = timing.zone_of(event)
    today = at.astimezone(zone).date()
    # Cut once: putting 200 addresses together one by one would cost more than the query.
    base = reverse("crew:item", args=[event.key, 0]).removesuffix("0/")
    worked = event.state in WORKED

    def row(item: Any) -> ItemRow:
        mine = item.claimer_id is not None and item.claimer_id == standing.person_id
        late, soon = _pressing(item, at)
        url = f"{base}{item.pk}/"
        action, verb = _action(item, standing, mine=mine) if worked else ("", "")
        return ItemRow(
            pk=item.pk,
            phase=item.phase,
            text=item.text,
            url=url,
            state=item.state,
            state_word="Yours" if mine and item.state == ItemState.CLAIMED else ItemState(item.state).label,
            who=_who(item, standing, mine=mine),
            mine=mine,
            role="Captain" if item.role == Role.CAPTAIN else "",
            due=_due(item, at, zone, today),
            late=late,
            soon=soon,
            critical=item.critical,
            evidence=_hint(item),
            note=_remark(item, standing, at, zone, today),
            action=action,
            action_url=f"{url}{verb}" if action else "",
            opens=bool(action) and not verb,
        )

    found = (
        ChecklistItem.objects.filter(event=event).order_by("sort", "pk").values_list(*_COLUMNS, named=True)
    )
    order = {phase: number for number, phase in enumerate(Phase.values)}
    return sorted((row(item) for item in found), key=lambda made: order[made.phase])


def _action(item: Any, standing: rules.Standing, *, mine: bool) -> tuple[str, str]:
    """Return the label of the one thing to tap and the end of its address; without an end it opens the item."""
    if item.state == ItemState.PENDING:
        return ("Claim", "claim/") if rules.can_claim_item(standing, item) else ("", "")
    if item.state == ItemState.COMPLETED or not rules.can_work_item(standing, item):
        return "", ""
    if item.state == ItemState.ON_HOLD:
        return "Resume", "resume/"
    if not mine:
        return "", ""
    return ("Done", "complete/") if item.evidence == Evidence.TICK else (_RECORD[item.evidence], "")


def _who(item: Any, standing: rules.Standing, *, mine: bool) -> str:
    if item.state == ItemState.COMPLETED:
        hand = item.completed_by__name or item.completed_by__email
        return "by you" if item.completed_by_id == standing.person_id else f"by {hand}"
    if item.state == ItemState.PENDING:
        return ""
    return "you" if mine else item.claimer__name or item.claimer__email


def _hint(item: Any) -> str:
    if item.state == ItemState.COMPLETED:
        return shown(item.value_number, item.unit)
    hint = _HINTS.get(item.evidence, "")
    return f"{hint} in {item.unit}" if item.evidence == Evidence.NUMBER and item.unit else hint


def _remark(item: Any, standing: rules.Standing, at: dt.datetime, zone: dt.tzinfo, today: dt.date) -> str:
    """Return why an item is on hold, who sees to it and when they look again."""
    if item.state != ItemState.ON_HOLD:
        return ""
    if item.hold_owner_id == standing.person_id:
        owner = "You see to it"
    else:
        owner = f"{item.hold_owner__name or item.hold_owner__email} sees to it"
    review = "review overdue since" if item.review_at < at else "review due"
    return f"{item.hold_reason.rstrip('.')}. {owner}, {review} {_when(item.review_at, zone, today)}."


def _pressing(item: Any, at: dt.datetime) -> tuple[bool, bool]:
    if item.state == ItemState.COMPLETED:
        return item.completed_at > item.due_at, False
    return at > item.due_at, item.due_at - SOON <= at <= item.due_at


def _due(item: Any, at: dt.datetime, zone: dt.tzinfo, today: dt.date) -> str:
    if item.state == ItemState.COMPLETED:
        words = f"completed {_when(item.completed_at, zone, today)}"
        late = item.completed_at - item.due_at
        return f"{words}, {_span(late)} late" if late >= dt.timedelta(minutes=1) else words
    gap = item.due_at - at
    words = f"due {_when(item.due_at, zone, today)}"
    if gap < dt.timedelta(0):
        return f"{words}, late by {_span(-gap)}"
    # How long is left is told while it presses; a page that stays open has those words written anew each minute.
    return f"{words}, in {_span(gap)}" if gap <= SOON else words


def _when(instant: dt.datetime, zone: dt.tzinfo, today: dt.date) -> str:
    local = instant.astimezone(zone)
    if local.date() == today:
        return f"{local:%H:%M %Z}"
    return f"{local:%a} {local.day} {local:%b %H:%M %Z}"


def _span(gap: dt.timedelta) -> str:
    minutes = int(gap.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{minutes // (24 * 60)} days"
