"""Triggers: reports that are run because something happened elsewhere.

What happens is announced in the transaction of the deed itself (`core.announcements`): a month closed, a campaign
finished, a severe finding raised by an edition. Each trigger answers each announcement of its kind once, by a run or by
the reason why there is none. Trigger, answer and run are written together under the trigger's row lock, so that two
sweeps, or a crash between them, neither ask twice nor not at all.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from core import audit, clock, months
from core.models import Announcement
from crew.models import Person
from portfolio.models import Entity
from reports.domain import catalogue, issue, runs
from reports.models import (
    EventAnswer,
    EventKind,
    EventTrigger,
    LeastSeverity,
    Report,
    Run,
    RunState,
    Trigger,
)

SHORTEST_GAP, LONGEST_GAP = 5, 7 * 24 * 60
GAP_REFUSED = f"Choose a gap of {SHORTEST_GAP} to {LONGEST_GAP:,} minutes (a week)."
_COUNTS = {LeastSeverity.HIGH: ("high", "critical"), LeastSeverity.CRITICAL: ("critical",)}


class TriggerError(ValueError):
    """A change of a trigger that is refused."""


@dataclass(frozen=True, slots=True)
class TriggerLine:
    """A trigger with what it made of the newest announcement it answered, if it answered any."""

    trigger: EventTrigger
    last: EventAnswer | None


def answer(*, at: dt.datetime) -> list[Run]:
    """Answer whatever was announced and is not answered; return the new runs. The sweep calls it.

    What is announced while a run of the trigger waits for its turn is answered by that run, for it reads the records
    when its turn comes. A run asked for within the trigger's gap after the one before waits until the gap is over.
    """
    rows = EventTrigger.objects.select_related("report", "entity", "about").order_by("id")
    found: list[Run] = []
    for trigger in rows:
        if _unanswered(trigger).exists():
            with transaction.atomic():
                found += _answer(_locked(trigger), at)
    return found


def lines() -> list[TriggerLine]:
    """Return every trigger with its newest answer, by report. Two queries."""
    newest = EventAnswer.objects.filter(trigger=OuterRef("trigger")).order_by("-id").values("pk")[:1]
    answers = EventAnswer.objects.filter(pk__in=newest).select_related("run", "announcement")
    rows = (
        EventTrigger.objects.select_related("report", "entity", "about")
        .prefetch_related(Prefetch("answers", answers, to_attr="newest"))
        .order_by("report__position", "report__slug", "name", "id")
    )
    return [TriggerLine(row, next(iter(row.newest), None)) for row in rows]


def answered_by(*, run: Run) -> list[str]:
    """Return what a run answers, one sentence for each announcement, the earliest first."""
    rows = EventAnswer.objects.filter(run=run).select_related("announcement").order_by("id")
    return [words(row.announcement) for row in rows]


def words(said: Announcement) -> str:
    """Return what was announced as a sentence, with its time in the portfolio's zone."""
    at = f"{said.at.astimezone(clock.zone()):%-d %b %Y, %H:%M %Z}"
    if said.kind == EventKind.MONTH_CLOSED:
        return f"{said.subject_label} was closed on {at}."
    if said.kind == EventKind.CAMPAIGN_FINISHED:
        return f"The campaign “{said.subject_label}” finished on {at}."
    return f"{said.data['severity'].capitalize()} finding “{said.subject_label}” was raised by {said.data['by']} on {at}."


def save_trigger(
    *,
    report: Report,
    name: str,
    kind: EventKind,
    entity: Entity | None,
    min_severity: str,
    about: Entity | None,
    send_to: Sequence[str] | None,
    min_gap_minutes: int,
    at: dt.datetime,
    by: Person | None,
    trigger: EventTrigger | None = None,
) -> EventTrigger:
    """Create a trigger, or change one; it answers what is announced from this instant on.

    What was announced before a change is answered as the trigger was. ``entity`` None listens to all; ``about`` None
    runs the report on the whole portfolio; ``send_to`` replaces its recipients, an empty list sends nothing.

    Raises:
        TriggerError: the report has another trigger of that name, does not look at the entity, or the gap is not within
            `SHORTEST_GAP` and `LONGEST_GAP` minutes.
    """
    if not SHORTEST_GAP <= min_gap_minutes <= LONGEST_GAP:
        raise TriggerError(GAP_REFUSED)
    try:
        catalogue.check(report=report, entity=about)
    except catalogue.UnfitEntityError as error:
        raise TriggerError(str(error)) from error
    fields: dict[str, Any] = {
        "name": name,
        "kind": kind.value,
        "entity": entity,
        "min_severity": min_severity if kind == EventKind.FINDING_RAISED else "",
        "about": about,
        "send_to": None if send_to is None else list(send_to),
        "min_gap_minutes": min_gap_minutes,
        "starts_at": at,
    }
    before: dict[str, Any] = {}
    try:
        with transaction.atomic():
            if trigger is None:
                row = EventTrigger.objects.create(report=report, **fields)
            else:
                row = _locked(trigger)
                _answer(row, at)
                before = _facts(row)
                EventTrigger.objects.filter(pk=row.pk).update(**fields)
                row = _locked(trigger)
            audit.record(
                action="reports:trigger:create" if trigger is None else "reports:trigger:change",
                subject=row,
                by=by,
                at=at,
                data={field: [before.get(field), value] for field, value in _facts(row).items()},
            )
    except IntegrityError as error:
        raise TriggerError(
            f"{report.title} has a trigger called {name!r} already; give this one another name."
        ) from error
    return row


def set_active(*, trigger: EventTrigger, active: bool, at: dt.datetime, by: Person | None) -> bool:
    """Pause a trigger or set it going again; return whether that changed anything.

    What was announced before is answered as the trigger was; what is announced while it is paused is answered by saying
    that it was, and asks for nothing afterwards.
    """
    with transaction.atomic():
        row = _locked(trigger)
        if row.active == active:
            return False
        _answer(row, at)
        changed = EventTrigger.objects.filter(pk=row.pk, active=not active).update(active=active)
        if changed:
            audit.record(
                action="reports:trigger:resume" if active else "reports:trigger:pause",
                subject=row,
                by=by,
                at=at,
            )
    return bool(changed)


def _locked(trigger: EventTrigger) -> EventTrigger:
    """Return a trigger's row as it stands, which nobody else answers for or changes until the transaction ends."""
    rows = EventTrigger.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("report", "entity", "about").get(pk=trigger.pk)


def _unanswered(trigger: EventTrigger) -> QuerySet[Announcement]:
    answered = EventAnswer.objects.filter(trigger=trigger, announcement=OuterRef("pk"))
    rows = Announcement.objects.filter(~Exists(answered), kind=trigger.kind, at__gt=trigger.starts_at)
    if trigger.entity is not None:
        rows = rows.filter(entity_slug=trigger.entity.slug)
    if trigger.kind == EventKind.FINDING_RAISED:
        rows = rows.filter(data__severity__in=_COUNTS[LeastSeverity(trigger.min_severity)])
    return rows.order_by("id")


def _answer(trigger: EventTrigger, at: dt.datetime) -> list[Run]:
    """Answer in the caller's transaction, which holds the trigger's row, and return the new runs."""
    found = []
    for said in _unanswered(trigger):
        why = _why_not(trigger, said)
        run = None
        if not why:
            as_of = _as_of(said, at)
            run = _waiting(trigger, as_of)
            if run is None:
                run = _queue(trigger, as_of, at)
                found.append(run)
        EventAnswer.objects.create(trigger=trigger, announcement=said, run=run, why=why, at=at)
    return found


def _why_not(trigger: EventTrigger, said: Announcement) -> str:
    """Return why an announcement asks for nothing, or nothing where it does ask."""
    if not trigger.active:
        return "The trigger was paused."
    if not trigger.report.active:
        return f"{trigger.report.title} is not in use."
    if said.kind == EventKind.FINDING_RAISED and said.data["report"] == trigger.report.slug:
        return "An edition of the same report raised it, and says so itself."
    return ""


def _as_of(said: Announcement, at: dt.datetime) -> dt.date:
    """Return the date the report stands at: the end of a month that was closed, else as any report now."""
    if said.kind == EventKind.MONTH_CLOSED:
        return months.last_day(months.parse(said.data["month"]))
    return issue.default_as_of(at)


def _waiting(trigger: EventTrigger, as_of: dt.date) -> Run | None:
    """Return the run of a trigger that nobody has taken up, so that it reads what was announced by now too.

    A held one that goes on is not such a run: it issues what it had worked out before.
    """
    rows = Run.objects.filter(
        event_trigger=trigger,
        state=RunState.QUEUED,
        decided_at__isnull=True,
        as_of=as_of,
        entity=trigger.about,
    )
    return next((run for run in rows.order_by("id") if run.send_to == trigger.send_to), None)


def _queue(trigger: EventTrigger, as_of: dt.date, at: dt.datetime) -> Run:
    newest = Run.objects.filter(event_trigger=trigger).order_by("-id").first()
    gap = dt.timedelta(minutes=trigger.min_gap_minutes)
    free = at if newest is None else max(at, (newest.not_before or newest.queued_at) + gap)
    return runs.queue(
        report=trigger.report,
        trigger=Trigger.EVENT,
        as_of=as_of,
        at=at,
        entity=trigger.about,
        send_to=trigger.send_to,
        event_trigger=trigger,
        not_before=free if free > at else None,
    )


def _facts(row: EventTrigger) -> dict[str, Any]:
    return {
        "name": row.name,
        "kind": row.kind,
        "entity": "" if row.entity is None else row.entity.slug,
        "min_severity": row.min_severity,
        "about": "" if row.about is None else row.about.slug,
        "send_to": row.send_to,
        "min_gap_minutes": row.min_gap_minutes,
    }
