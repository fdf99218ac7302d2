"""How an action is shown in lists and on pages, and who may do what with it there."""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from core import access
from reports.domain import muting, owners, queries
from reports.domain.actions import subject_of
from reports.models import Action, ActionState
from reports.render.words import count


def may_run(request: HttpRequest) -> Callable[[str], bool]:
    """Return what tells whether somebody may run reports about a subject."""
    if access.may(request.user, "run"):
        return lambda subject: True
    slugs = {entity.slug for entity in queries.entities_for(request.user, "run")}
    return lambda subject: subject in slugs


def book(rows: Iterable[Action]) -> owners.Book:
    """Return who is meant by which word, where one of these actions was given to nobody and its word is to be asked."""
    return owners.book() if any(row.assignee_id is None for row in rows) else owners.Book({})


def said(row: Action, names: dict[str, str], today: dt.date, meant: owners.Book) -> dict[str, Any]:
    """Return an action in words, for a list or its page."""
    subject = subject_of(row)
    is_open = row.state == ActionState.OPEN
    waits = muting.until(row.finding, on=today) if is_open and row.finding is not None else None
    return {
        "pk": row.pk,
        "action": {
            "title": row.title,
            "owner": owner(row, meant),
            "due": f"{row.due_on:%-d %b %Y}",
            "state": row.state,
            "state_label": row.get_state_display(),
            "overdue": is_open and waits is None and row.due_on < today,
            "notes": _notes(row, waits) if is_open else [],
            "source": row.finding.title if row.finding else "",
            "url": reverse("reports:action", args=[row.pk]),
        },
        "open": is_open,
        "due_on": row.due_on,
        "waits": f"{waits:%-d %b %Y}" if waits is not None else "",
        "subject": names.get(subject, subject),
        "settled": f"{row.settled_on:%-d %b %Y}" if row.settled_on else "",
        "settled_by": str(row.settled_by) if row.settled_by else "",
    }


def _notes(row: Action, waits: dt.date | None) -> list[str]:
    if waits is not None:
        return [f"Waits: its finding is muted until {waits:%-d %b %Y}"]
    notes = [f"Carried over {count(row.carried, 'edition')}"] if row.carried else []
    return notes + ([f"Escalated on {row.escalated_on:%-d %b %Y}"] if row.escalated_on else [])


def owner(row: Action, meant: owners.Book) -> str:
    """Return who is to do it: the person with the word for them, or the word and why nobody has it."""
    if row.assignee is None:
        return meant.without(row.owner, subject=subject_of(row))
    name = str(row.assignee)
    return name if row.owner.lower() in ("", name.lower()) else f"{name}, {row.owner.lower()}"


def buttons(row: Action) -> list[dict[str, Any]]:
    """Return the buttons that settle an action, or open it again."""
    if row.state != ActionState.OPEN:
        return [
            {"label": "Open again", "url": reverse("reports:reopen_action", args=[row.pk]), "quiet": True}
        ]
    settle_url = reverse("reports:settle_action", args=[row.pk])
    return [
        {"label": "Done", "url": settle_url, "name": "state", "value": ActionState.DONE.value},
        {
            "label": "No longer needed",
            "url": settle_url,
            "name": "state",
            "value": ActionState.DROPPED.value,
            "quiet": True,
        },
    ]
