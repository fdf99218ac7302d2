"""What an edition's findings mean for the records: findings open and clear, their actions open and close.

Called in the transaction that writes the edition. An edition that stands at an earlier date than what a
finding has seen since does not move it.
"""

import datetime as dt

from core import audit
from reports.document import Document, Draft
from reports.domain import actions, compare, muting, owners, raising
from reports.models import (
    Action,
    ActionState,
    Edition,
    EditionFinding,
    Finding,
    FindingState,
    FindingStatus,
)

# What an edition says of a finding it has seen before.
SEEN = ("severity", "title", "state", "first_seen_on", "last_seen_on", "cleared_on")


def settle(
    *, edition: Edition, draft: Draft, document: Document, standing: compare.Standing, at: dt.datetime
) -> None:
    """Write what the edition says of findings and actions; ``standing`` was read in the same transaction.

    A finding that its rule no longer returns is cleared and its open actions are done; one that is new, or
    has come back, opens with an action of its own, once (`compare.opens_action`).
    """
    as_of = document.head.as_of
    actions.carry(lines=document.actions, as_of=as_of, at=at)
    book: owners.Book | None = None
    newest, known = compare.newest_actions(standing.actions), standing.findings
    notes = {(note.rule, note.subject): note for note in draft.findings}
    sightings: list[EditionFinding] = []
    again: list[int] = []
    for line in document.findings:
        key = (line.rule, line.subject)
        row, new = known.get(key), key not in known
        if row is None:
            row = Finding(rule=line.rule, subject=line.subject, first_seen_on=as_of, last_seen_on=as_of)
        opens = (
            key in notes
            and muting.standing(notes[key], row, on=as_of)[0] is None
            and compare.opens_action(row, newest.get(key), status=line.status, as_of=as_of)
        )
        if new or row.last_seen_on <= as_of:
            cleared = line.status == FindingStatus.CLEARED
            before, was = raising.standing(row), [getattr(row, name) for name in SEEN]
            if row.state == FindingState.CLEARED and not cleared:
                row.first_seen_on = line.first_seen_on
            row.severity, row.title = line.severity.value, line.title
            row.state = FindingState.CLEARED if cleared else FindingState.OPEN
            row.cleared_on = (row.cleared_on or as_of) if cleared else None
            row.last_seen_on = row.last_seen_on if cleared else as_of
            # What people wrote of it meanwhile, such as until when it is muted, is left as it is.
            changed = {name for name, said in zip(SEEN, was, strict=True) if getattr(row, name) != said}
            if new:
                row.save()
            elif changed == {"last_seen_on"}:
                again.append(row.pk)
            elif changed:
                row.save(update_fields=changed)
            muting.follow(finding=row, note=notes.get(key), on=as_of)
            if cleared:
                _finish_actions(row, as_of, at)
            elif key in notes and muting.standing(notes[key], row, on=as_of)[0] is None:
                raising.raised(finding=row, before=before, edition=edition, at=at)
        sightings.append(EditionFinding(edition=edition, finding=row, status=line.status))
        if opens:
            note, book = notes[key], book or owners.book()
            Action.objects.get_or_create(
                finding=row,
                state=ActionState.OPEN,
                defaults={
                    "report": edition.report,
                    "title": note.action,
                    "owner": note.owner,
                    "assignee": book.person_for(note.owner, subject=note.subject),
                    "due_on": as_of + dt.timedelta(days=note.due_days),
                    "opened_on": as_of,
                },
            )
    if again:
        Finding.objects.filter(pk__in=again).update(last_seen_on=as_of)
    EditionFinding.objects.bulk_create(sightings)


def _finish_actions(finding: Finding, as_of: dt.date, at: dt.datetime) -> None:
    for action in Action.objects.filter(finding=finding, state=ActionState.OPEN):
        done = Action.objects.filter(pk=action.pk, state=ActionState.OPEN).update(
            state=ActionState.DONE, settled_on=as_of
        )
        if done:
            audit.record(
                action="reports:action:clear",
                subject=action,
                at=at,
                data={"because": "its finding cleared", "finding": finding.title},
            )
