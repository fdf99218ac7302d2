"""The calendar of actions: a month with what is due on each day, and the same as a file for a calendar program."""

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Count, Max, QuerySet
from django.urls import reverse

from core import ics, months
from core.models import AuditEvent
from core.months import Month
from crew.models import Person
from reports.domain import muting, queries
from reports.domain.actions import subject_of
from reports.models import Action, ActionState

# Weeks begin on Sunday, as the calendars of San Diego do.
_CALENDAR = calendar.Calendar(calendar.SUNDAY)
# A settled action stands in the file so long as cancelled, for programs that took it in before.
_TOLD_AFTER = dt.timedelta(days=92)


@dataclass(frozen=True, slots=True)
class Due:
    """An action on its day, with what it is for: its finding, or what it is about.

    ``tone`` says how it looks: watch where it is overdue or escalated, good where it is done.
    """

    action: Action
    why: str
    state: str
    tone: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a month's page; days of the neighbouring months fill the first and last week."""

    on: dt.date
    inside: bool
    today: bool
    due: tuple[Due, ...]


def of(person: Person, *, mine: bool) -> QuerySet[Action]:
    """Return the actions of somebody's calendar, those given to them or all they may see."""
    rows = queries.actions_for(person).order_by("due_on", "id")
    return rows.filter(assignee=person) if mine else rows


def month(*, rows: QuerySet[Action], number: Month, today: dt.date) -> list[list[Day]]:
    """Return the weeks of a month with the actions due on each day, without the dropped ones. Two queries."""
    first = months.first_day(number)
    weeks = _CALENDAR.monthdatescalendar(first.year, first.month)
    names = queries.entity_names()
    found: dict[dt.date, list[Due]] = {}
    shown = rows.exclude(state=ActionState.DROPPED)
    for row in shown.filter(due_on__gte=weeks[0][0], due_on__lte=weeks[-1][-1]):
        found.setdefault(row.due_on, []).append(_due(row, names, today))
    return [
        [Day(on, on.month == first.month, on == today, tuple(found.get(on, ()))) for on in week]
        for week in weeks
    ]


def late_before(*, rows: QuerySet[Action], number: Month, today: dt.date) -> int:
    """Return how many actions due before a month are open and overdue."""
    until = min(months.first_day(number), today)
    return rows.filter(queries.asked_on(today), state=ActionState.OPEN, due_on__lt=until).count()


def file(*, rows: QuerySet[Action], name: str, today: dt.date, at: dt.datetime) -> bytes:
    """Return a calendar's open actions, and those settled lately as cancelled, as a file. Three queries."""
    kept = list(rows.filter(state=ActionState.OPEN)) + list(
        rows.exclude(state=ActionState.OPEN).filter(settled_on__gte=today - _TOLD_AFTER)
    )
    return ics.calendar(name=name, days=_days(kept, queries.entity_names(), at), at=at)


def _days(rows: Sequence[Action], names: dict[str, str], at: dt.datetime) -> list[ics.Day]:
    # Each change of an action is in the trail, so the trail says how often it changed and when last.
    trail = AuditEvent.objects.filter(
        subject_type=Action._meta.label_lower, subject_id__in=[str(row.pk) for row in rows]
    )
    changes = {
        int(row["subject_id"]): (row["times"], row["last"])
        for row in trail.order_by().values("subject_id").annotate(times=Count("id"), last=Max("at"))
    }
    base = settings.BASE_URL.rstrip("/")
    host = urlsplit(settings.BASE_URL).hostname or "quarterdeck"
    found = []
    for row in rows:
        times, last = changes.get(row.pk, (0, at))
        lines = [names.get(subject_of(row), subject_of(row)), f"By: {row.assignee or row.owner}"]
        if row.finding is not None:
            lines.append(f"From: {row.finding.title}")
        if row.state != ActionState.OPEN and row.settled_on is not None:
            lines.append(f"{row.get_state_display()} on {row.settled_on:%-d %b %Y}.")
        found.append(
            ics.Day(
                uid=f"action-{row.pk}@{host}",
                on=row.due_on,
                summary=row.title,
                description="\n".join(lines),
                url=f"{base}{reverse('reports:action', args=[row.pk])}",
                sequence=times,
                changed_at=last,
                cancelled=row.state != ActionState.OPEN,
            )
        )
    return found


def _due(row: Action, names: dict[str, str], today: dt.date) -> Due:
    late = row.state == ActionState.OPEN and row.due_on < today
    waits = muting.until(row.finding, on=today) if row.finding is not None else None
    if row.state != ActionState.OPEN:
        state, tone = row.get_state_display(), "good"
    elif waits is not None:
        state, tone = f"Waits, its finding is muted until {waits:%-d %b %Y}", "info"
    elif late:
        state, tone = "Overdue, escalated" if row.escalated_on else "Overdue", "watch"
    else:
        state, tone = ("Escalated", "watch") if row.escalated_on else ("Open", "info")
    why = row.finding.title if row.finding is not None else names.get(subject_of(row), subject_of(row))
    return Due(row, why, state, tone)
