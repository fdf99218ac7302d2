"""Held runs: an edition that waits for a person, with what it was to say, and what that person decides.

What was worked out is kept as it was. Let go on, exactly that is issued, whatever the records say by then: the next
edition says what they say. A held run stays until somebody decides, or its report's time for that is up.
"""

import datetime as dt
import functools
from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet

from core import audit, clock
from crew.models import Person
from reports.document import Document, Draft, Passage, Prose, Span, dump, load
from reports.domain import editions, held_mail, runs
from reports.models import Edition, HeldDraft, Hold, Report, Run, RunState

LONGEST_REASON = 500


class DecisionError(ValueError):
    """A decision on a held run that is refused; the message says why."""


class BrokenDraftError(RuntimeError):
    """What is kept of a held run is not what was kept."""


def wanted(*, report: Report, document: Document, asked: bool = False) -> list[str]:
    """Return why people want this edition held, in sentences; nothing where it may go out.

    ``asked`` tells that whoever asked for the edition wants to see it first.
    """
    if asked:
        return ["Whoever asked for it wants to see it before it goes out."]
    if report.hold == Hold.ALWAYS:
        return [f"{report.title} waits for approval every time."]
    if report.hold != Hold.STALE:
        return []
    return [
        f"{source.name} is stale: {_reach(source.fresh_to)}{f', {source.note}' if source.note else ''}."
        for source in document.head.sources
        if source.stale
    ]


def _reach(day: dt.date | None) -> str:
    return "it tells nothing yet" if day is None else f"it reaches to {day:%-d %b %Y}"


def hold(*, run: Run, draft: Draft, reasons: Sequence[str], at: dt.datetime) -> None:
    """Have a running run wait for a person, keep what it worked out, and mail those who may decide.

    Raises:
        RunLostError: another process holds the run.
    """
    plain = dump(draft)
    told = [" ".join(reason.split()) for reason in reasons]
    with transaction.atomic():
        if not runs.move(run, RunState.HELD, doing="", reasons="\n".join(told)):
            raise runs.RunLostError(f"Run {run.pk} was taken up by another worker.")
        HeldDraft.objects.create(run=run, draft=plain, sha256=editions.digest(plain), built_at=at)
        runs.record("hold", run, at, reasons=told, mails=held_mail.tell(run=run, at=at))


def waiting() -> QuerySet[Run]:
    """Return the runs that wait for a person, the oldest first."""
    return (
        Run.objects.filter(state=RunState.HELD).select_related("report", "entity").order_by("queued_at", "id")
    )


def draft_of(*, run: Run) -> Draft:
    """Return what a held run had worked out.

    Raises:
        BrokenDraftError: nothing is kept of it, or not what was kept, or nothing that can still be read.
    """
    row = HeldDraft.objects.filter(run=run).first()
    if row is None or editions.digest(row.draft) != row.sha256:
        raise BrokenDraftError(
            f"What run {run.pk} had worked out is not as it was kept; run the report again."
        )
    try:
        draft: Draft = load(Draft, row.draft)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise BrokenDraftError(
            f"What run {run.pk} had worked out was kept by a version that cannot be read any more; run the report again."
        ) from error
    return draft


def overtaken_by(*, run: Run) -> Edition | None:
    """Return the newest edition that a later run issued of the same report, entity and date; None where none did."""
    return (
        Edition.objects.filter(runs__pk__gt=run.pk, report=run.report, entity=run.entity, as_of=run.as_of)
        .select_related("report")
        .defer("document")
        .order_by("-number")
        .first()
    )


def document(*, run: Run) -> Document:
    """Return the edition that a held run would become if it went on now, beside the edition before it.

    Raises:
        BrokenDraftError: what is kept of it is not what was kept.
    """
    return editions.next_document(
        draft=draft_of(run=run), report=run.report, entity=run.entity, at=clock.now()
    )


def note(*, run: Run) -> Prose | None:
    """Return what an edition says of having been held, and who let it go on; nothing where nothing spoke against it."""
    if run.decided_at is None or not run.reasons:
        return None
    on = f"{run.decided_at.astimezone(clock.zone()):%-d %b %Y, %H:%M %Z}"
    if run.decided_by is not None:
        end = f"{run.decided_by} approved it on {on}."
    elif _is_due(run, run.decided_at):
        end = f"Nobody decided; it went out by itself on {on}."
    else:
        end = f"That held no more on {on}, and it went out by itself."
    words = " ".join(["This edition was held before it went out.", *run.reasons.splitlines(), end])
    return Prose((Passage((Span(words),)),))


def set_rule(
    *, report: Report, hold: Hold, release_after_hours: int | None, by: Person, at: dt.datetime
) -> bool:
    """Say when a report's editions wait for a person, and for how long; return whether that is new.

    ``release_after_hours`` None has them wait however long it takes.
    """
    before = (report.hold, report.release_after_hours)
    now = (hold.value, release_after_hours)
    with transaction.atomic():
        changed = (
            Report.objects.filter(pk=report.pk)
            .exclude(hold=hold, release_after_hours=release_after_hours)
            .update(hold=hold, release_after_hours=release_after_hours)
        )
        if changed:
            audit.record(
                action="reports:report:hold",
                subject=report,
                at=at,
                by=by,
                data={"hold": [before[0], now[0]], "release_after_hours": [before[1], now[1]]},
            )
    report.hold, report.release_after_hours = now
    return bool(changed)


def approve(*, run: Run, by: Person, at: dt.datetime) -> None:
    """Let a held run go on: a worker issues what it had worked out, and nothing newer.

    Raises:
        DecisionError: it does not wait for a decision any more.
    """
    _let_go(run, "approve", by, at)


def agreed(*, run: Run, at: dt.datetime) -> None:
    """Let a held run go on because what it was held for holds no more.

    Raises:
        DecisionError: it does not wait for a decision any more.
    """
    _let_go(run, "agree", None, at)


def release(*, at: dt.datetime) -> list[int]:
    """Let go on the runs that were held for as long as their reports wait; return their ids. The sweep calls it.

    One that somebody asked to see first waits for a person however long it takes. So does one whose report was issued anew
    meanwhile: by itself no older edition follows a newer one.
    """
    rows = waiting().filter(hold=False, report__release_after_hours__isnull=False, held_draft__isnull=False)
    rows = rows.select_related("held_draft")
    found = []
    for run in rows.defer("held_draft__draft"):
        if not _is_due(run, at) or overtaken_by(run=run) is not None:
            continue
        try:
            _let_go(run, "release", None, at)
        except DecisionError:
            continue
        found.append(run.pk)
    return found


def _is_due(run: Run, at: dt.datetime) -> bool:
    """Tell whether a run with a draft was held for as long as its report waits."""
    hours = run.report.release_after_hours
    return hours is not None and run.held_draft.built_at + dt.timedelta(hours=hours) <= at


def discard(*, run: Run, by: Person, reason: str, at: dt.datetime) -> None:
    """Settle a held run without an edition; the reason is kept with it.

    Raises:
        DecisionError: the reason is empty, too long or not text, or the run does not wait for a decision any more.
    """
    said = " ".join(reason.split())
    if not said:
        raise DecisionError("Say in a sentence why this edition is discarded.")
    if len(said) > LONGEST_REASON or not said.isprintable():
        raise DecisionError(
            f"Say why in at most {LONGEST_REASON} characters, all of them printable; nothing was decided."
        )
    with transaction.atomic():
        _decide(run, RunState.DISCARDED, by, at, error=said, settled_at=at)
        runs.record("discard", run, at, by=by, reason=said)


def _let_go(run: Run, verb: str, by: Person | None, at: dt.datetime) -> None:
    with transaction.atomic():
        _decide(run, RunState.QUEUED, by, at, step=0)
        runs.record(verb, run, at, by=by)
        transaction.on_commit(functools.partial(runs.wake, run_id=run.pk))


def _decide(run: Run, to: RunState, by: Person | None, at: dt.datetime, **changes: object) -> None:
    waits = run.state == RunState.HELD
    if not waits or not runs.move(run, to, decided_by=by, decided_at=at, **changes):
        raise DecisionError("This run does not wait for a decision any more: somebody has decided.")
