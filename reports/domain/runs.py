"""Runs: queueing them, and the one door through which a run changes state.

Carrying a run out, from records to edition, is `reports.domain.issue`; finding what a schedule makes due is
`reports.domain.schedule`. A run is claimed by one conditional UPDATE, and whoever claimed it holds it by the
number of its try: a worker that was thought dead and comes back cannot settle a run that another has taken up.
"""

import datetime as dt
import functools
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from celery import current_app
from django.db import IntegrityError, transaction
from django.db.models import Q
from kombu.exceptions import OperationalError

from core import audit, clock
from crew.models import Person
from mail.domain import fields
from portfolio.models import Entity
from reports.domain import catalogue
from reports.models import Edition, EventTrigger, Report, Run, RunState, Schedule, Trigger, Variant

logger = logging.getLogger(__name__)

# Celery kills a task after ten minutes (CELERY_TASK_TIME_LIMIT), so a run that has been running for longer
# than this has no worker any more.
STALE_AFTER = dt.timedelta(minutes=15)
MAX_TRIES = 3
# A queued run normally gets its wake-up at once; the sweep wakes only those whose wake-up seems lost.
WAKE_AFTER = dt.timedelta(seconds=5)
# A run that waits for its turn so long at most has its wake-up wait with the broker; a longer one is the sweep's.
WAKE_AHEAD = dt.timedelta(minutes=5)
# The same report asked for again so soon after a worker took it up is the same asking, such as a second press of a button.
SAME_ASKING = dt.timedelta(minutes=1)

MOVES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        RunState.QUEUED: frozenset({RunState.RUNNING}),
        RunState.RUNNING: frozenset({RunState.QUEUED, RunState.HELD, RunState.DONE, RunState.FAILED}),
        RunState.HELD: frozenset({RunState.QUEUED, RunState.DISCARDED}),
        RunState.DONE: frozenset(),
        RunState.FAILED: frozenset(),
        RunState.DISCARDED: frozenset(),
    }
)


# Nobody is there to be told that these cannot be: the run tells it.
_UNATTENDED = frozenset({Trigger.SCHEDULE, Trigger.EVENT})


class RunLostError(RuntimeError):
    """The run is not held by this process any more: it was taken up again, or settled, by another."""


class AsOfError(ValueError):
    """A date that no report can stand at."""


class AddressError(ValueError):
    """Text that is not a list of mail addresses."""


def read_addresses(text: str) -> list[str]:
    """Return the mail addresses of a comma-separated list, each once, in the order given.

    Raises:
        AddressError: it is empty, or one of them is not an address.
    """
    found: dict[str, str] = {}
    for part in text.split(","):
        try:
            address = fields.address(part.strip(" "), what="recipient")
        except fields.UnsendableError as error:
            typed = part.strip()
            shown = typed if len(typed) <= 80 else f"{typed[:79]}…"
            raise AddressError(
                f"{shown!r} is not a mail address; write addresses with commas between: a@example.com,b@example.com."
            ) from error
        found.setdefault(address.lower(), address)
    return list(found.values())


def queue(
    *,
    report: Report,
    trigger: Trigger,
    as_of: dt.date,
    at: dt.datetime,
    by: Person | None = None,
    entity: Entity | None = None,
    send_to: Sequence[str] | None = None,
    dry_run: bool = False,
    schedule: Schedule | None = None,
    occurrence_at: dt.datetime | None = None,
    event_trigger: EventTrigger | None = None,
    not_before: dt.datetime | None = None,
    variant: Variant | None = None,
    hold: bool = False,
    here: bool = False,
) -> Run:
    """Queue a run and wake a worker once this transaction commits; a dead broker only delays it.

    ``send_to`` replaces the report's recipients (an empty list sends to nobody); ``entity`` None is the whole
    portfolio; ``variant`` replaces each reader's own. Nobody takes it up ``not_before`` an instant. Its edition waits for
    a person where ``hold`` is asked for, whatever the report says. ``here`` wakes nobody: the caller carries the run out
    itself, at once.

    Asking again for the same schedule and occurrence returns the run that exists. So does asking by hand for what is
    under way: it waits for a worker still, or one took it up within `SAME_ASKING`.

    Raises:
        UnfitEntityError: a person asks, and the report does not look at entities of that kind.
    """
    if trigger not in _UNATTENDED:
        catalogue.check(report=report, entity=entity)
    fields: dict[str, Any] = {
        "report": report,
        "entity": entity,
        "trigger": trigger,
        "schedule": schedule,
        "occurrence_at": occurrence_at,
        "event_trigger": event_trigger,
        "not_before": not_before,
        "variant": variant,
        "as_of": as_of,
        "send_to": None if send_to is None else list(send_to),
        "dry_run": dry_run,
        "hold": hold,
        "by": by,
        "queued_at": at,
    }
    asked = "" if trigger in _UNATTENDED or dry_run else _digest(fields)
    for tries_left in (2, 1, 0):
        try:
            run = _created(fields, asked, at)
            break
        except IntegrityError:
            found = _again(fields, asked, at)
            if found is not None:
                return found
            if not tries_left:
                raise
    if not here and (not_before is None or not_before - at <= WAKE_AHEAD):
        wait = 0.0 if not_before is None else max((not_before - at).total_seconds(), 0.0)
        transaction.on_commit(functools.partial(wake, run_id=run.pk, wait=wait))
    return run


def _created(fields: Mapping[str, Any], asked: str, at: dt.datetime) -> Run:
    with transaction.atomic():
        run = Run.objects.create(**fields, asked=asked)
        record("queue", run, at, by=run.by)
    return run


def _digest(fields: Mapping[str, Any]) -> str:
    """Return what a person asks for as one word: the same report, about the same, as of the same day, to the same readers."""
    rows = {name: fields[name] and fields[name].pk for name in ("report", "entity", "variant")}
    rest = {"as_of": fields["as_of"].isoformat(), "send_to": fields["send_to"], "hold": fields["hold"]}
    return hashlib.sha256(json.dumps({**rows, **rest}, sort_keys=True).encode()).hexdigest()


def _again(fields: Mapping[str, Any], asked: str, at: dt.datetime) -> Run | None:
    """Return the run that stands for what was asked for, or None where there is none any more and it may be asked anew."""
    if fields["schedule"] is not None:
        return Run.objects.get(schedule=fields["schedule"], occurrence_at=fields["occurrence_at"])
    if not asked:
        return None
    rows = Run.objects.filter(
        asked=asked, state__in=[RunState.QUEUED, RunState.RUNNING], decided_at__isnull=True
    )
    # Taken up a while ago, it has read the records of then; who asks now wants those of now.
    rows.filter(state=RunState.RUNNING, started_at__lt=at - SAME_ASKING).update(asked="")
    return rows.first()


def wake(*, run_id: int, wait: float = 0.0) -> bool:
    """Tell a worker to look at a run, in so many seconds; return whether the broker took the message.

    The database knows what is to be done, so a lost wake-up is made good by the next sweep.
    """
    # A wake-up nobody took before the next sweep is dropped, so that they do not pile up while no worker runs.
    try:
        current_app.send_task(
            "reports.tasks.carry_out", args=[run_id], retry=False, countdown=wait or None, expires=wait + 60
        )
    except (OperationalError, OSError) as error:
        logger.warning("No broker to wake a worker for run %s; the sweep will find it: %s", run_id, error)
        return False
    return True


def hurry() -> bool:
    """Have the sweep look now for what is due, instead of at its next tick; return whether the broker took the message."""
    try:
        current_app.send_task("reports.tasks.sweep", args=[], retry=False, expires=30)
    except (OperationalError, OSError) as error:
        logger.warning("No broker to hurry the sweep of reports; its next tick will do: %s", error)
        return False
    return True


def claim(*, run_id: int, at: dt.datetime, step: int = 0, doing: str = "Reading the records") -> Run | None:
    """Take a queued run whose time has come; return it with its report and entity, or None where it is not to be had.

    ``step`` and ``doing`` say how far it is already, as in `advance`.
    """
    run = Run.objects.select_related("report", "entity", "by").filter(_ripe(at), pk=run_id).first()
    if run is None or run.state != RunState.QUEUED:
        return None
    taken = move(run, RunState.RUNNING, started_at=at, tries=run.tries + 1, step=step, doing=doing)
    return run if taken else None


def advance(*, run: Run, step: int, doing: str) -> None:
    """Say how far a running run is: ``step`` of ``run.steps`` are behind it, and what it is doing now.

    Commits at once when called outside a transaction, which is what makes progress visible.

    Raises:
        RunLostError: another process holds the run.
    """
    held = Run.objects.filter(pk=run.pk, state=RunState.RUNNING, tries=run.tries)
    if not held.update(step=step, doing=doing):
        raise RunLostError(f"Run {run.pk} was taken up by another worker.")
    run.step, run.doing = step, doing


def finish(*, run: Run, at: dt.datetime, edition: Edition | None = None, mails: int | None = None) -> None:
    """Settle a running run as done; call it in the transaction that writes the edition.

    ``mails`` is how many the edition put on their way; a dry run has neither.

    Raises:
        RunLostError: another process holds the run; the transaction must not commit.
    """
    with transaction.atomic():
        ended = {"edition": edition, "mails": mails, "settled_at": at}
        if not move(run, RunState.DONE, step=run.steps, doing="", error="", **ended):
            raise RunLostError(f"Run {run.pk} was taken up by another worker.")
        record("finish", run, at, edition=edition.number if edition is not None else None, mails=mails)


def fail(*, run: Run, at: dt.datetime, error: str) -> bool:
    """Settle a running run as failed with a sentence; return False where another process holds it."""
    with transaction.atomic():
        failed = move(run, RunState.FAILED, doing="", error=error, settled_at=at)
        if failed:
            record("fail", run, at, error=error)
    return failed


def take_up(*, at: dt.datetime) -> list[int]:
    """Requeue runs whose worker died, fail those tried often enough, and return the ids to wake now."""
    for run in Run.objects.filter(state=RunState.RUNNING, started_at__lt=at - STALE_AFTER).order_by("id"):
        if run.tries >= MAX_TRIES:
            fail(
                run=run,
                at=at,
                error=f"Three tries ended without a result while {run.doing.lower() or 'working'}. "
                "Look for what stopped the worker (memory, a restart), then run the report again.",
            )
        else:
            with transaction.atomic():
                if move(run, RunState.QUEUED, doing="", step=0):
                    record("requeue", run, at, tries=run.tries)
    late = Run.objects.filter(_ripe(at), state=RunState.QUEUED, queued_at__lte=at - WAKE_AFTER)
    return list(late.order_by("queued_at", "id").values_list("pk", flat=True))


def _ripe(at: dt.datetime) -> Q:
    return Q(not_before__isnull=True) | Q(not_before__lte=at)


def move(run: Run, to: RunState, **fields: Any) -> bool:
    """Change the state if that is legal and the row is still as this object knows it; the object follows."""
    if to not in MOVES[run.state]:
        return False
    known = Run.objects.filter(pk=run.pk, state=run.state, tries=run.tries)
    if not known.update(state=to, **fields):
        return False
    for name, value in {"state": to, **fields}.items():
        setattr(run, name, value)
    return True


def record(verb: str, run: Run, at: dt.datetime, by: Person | None = None, **data: Any) -> None:
    """Write into the trail what was done to a run."""
    audit.record(
        action=f"reports:run:{verb}",
        subject=run,
        at=at,
        by=by,
        entity=run.entity.slug if run.entity is not None else "",
        data={"report": run.report.slug, "as_of": run.as_of.isoformat(), "dry_run": run.dry_run, **data},
    )


def check_as_of(*, as_of: dt.date, at: dt.datetime, first_on: dt.date | None) -> None:
    """Refuse a date no report can stand at; ``first_on`` is the date of the first record.

    Raises:
        AsOfError: the date is in the future, or before the first record, or there are no records.
    """
    today = clock.today(at=at)
    if as_of > today:
        raise AsOfError(f"{as_of} is in the future; a report stands at {today} at the latest.")
    if first_on is None:
        raise AsOfError("There are no records yet; import a statement or load the sample portfolio first.")
    if as_of < first_on:
        raise AsOfError(f"{as_of} is before the first record, of {first_on}; choose a later date.")
