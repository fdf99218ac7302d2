"""What changed: a draft becomes a document by setting it beside the edition before it. Reads, never writes.

The edition before is the newest one of the same report and entity that does not stand at a later date.
What a finding's new state means for the records is written in `reports.domain.findings`.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from core.clock import zone
from portfolio.models import Entity
from reports.document import (
    ActionLine,
    Cell,
    Change,
    Changes,
    Document,
    Draft,
    Figure,
    FindingLine,
    Restatement,
    Severity,
    Tone,
    load,
)
from reports.figures import write
from reports.metrics import REGISTRY
from reports.metrics.registry import PORTFOLIO
from reports.models import Action, ActionState, Edition, Finding, FindingState, FindingStatus, Report


@dataclass(frozen=True, slots=True)
class Before:
    """The edition before, read back."""

    edition: Edition
    document: Document


def edition_before(*, report: Report, entity: Entity | None, as_of: dt.date) -> Before | None:
    """Return the newest edition of the same report and entity that stands at or before a date."""
    edition = (
        Edition.objects.filter(report=report, entity=entity, as_of__lte=as_of)
        .order_by("-as_of", "-number")
        .first()
    )
    return None if edition is None else Before(edition, load(Document, edition.document))


def document(
    *, draft: Draft, report: Report, entity: Entity | None, number: int, url: str, before: Before | None
) -> Document:
    """Return the whole document of an edition: the draft, its findings' history, actions and changes.

    ``entity`` is what the edition is about, None for the whole portfolio: an edition of one entity holds that
    entity's actions alone. ``url`` is the edition's absolute address; it ends in a slash.
    """
    known = {(row.rule, row.subject): row for row in Finding.objects.filter(rule__in=draft.rules)}
    lines = tuple(_findings(draft, known, before))
    actions = tuple(_actions(draft, report, entity, known, lines, before))
    return Document(
        head=draft.head,
        number=number,
        url=url,
        headline=draft.headline,
        actions=actions,
        changes=_changes(draft, lines, actions, before),
        kpis=draft.kpis,
        sections=draft.sections,
        findings=lines,
        decisions=draft.decisions,
        definitions=draft.definitions,
        figures=draft.figures,
        books=draft.books,
    )


def _findings(
    draft: Draft, known: Mapping[tuple[str, str], Finding], before: Before | None
) -> Iterator[FindingLine]:
    as_of = draft.head.as_of
    earlier = {} if before is None else {
        (row.rule, row.subject): row for row in before.document.findings if row.status != FindingStatus.CLEARED
    }  # fmt: skip
    for note in draft.findings:
        row = known.get((note.rule, note.subject))
        carried = (note.rule, note.subject) in earlier
        still = row is not None and (row.state == FindingState.OPEN or carried)
        first = min(row.first_seen_on, as_of) if row is not None and still else as_of
        yield FindingLine(
            rule=note.rule,
            subject=note.subject,
            severity=note.severity,
            title=note.title,
            evidence=note.evidence,
            status=FindingStatus.OPEN.value if carried else FindingStatus.NEW.value,
            first_seen_on=first,
            age_days=(as_of - first).days,
            about=note.about,
        )
    seen = {(note.rule, note.subject) for note in draft.findings}
    for key, was in earlier.items():
        if key not in seen and was.rule in draft.rules:
            yield FindingLine(
                rule=was.rule,
                subject=was.subject,
                severity=Severity(was.severity),
                title=was.title,
                evidence=(Cell("The records no longer show this."),),
                status=FindingStatus.CLEARED.value,
                first_seen_on=was.first_seen_on,
                age_days=(as_of - was.first_seen_on).days,
                about=was.about,
            )


def _actions(
    draft: Draft,
    report: Report,
    entity: Entity | None,
    known: Mapping[tuple[str, str], Finding],
    lines: tuple[FindingLine, ...],
    before: Before | None,
) -> Iterator[ActionLine]:
    """Yield open actions, those the draft's findings open, and those settled since the edition before."""
    as_of = draft.head.as_of
    cleared = {(row.rule, row.subject) for row in lines if row.status == FindingStatus.CLEARED}
    rows = list(actions_of(report, entity))
    newest = newest_actions(rows)
    for action in rows:
        if action.state == ActionState.OPEN:
            key = (action.finding.rule, action.finding.subject) if action.finding else None
            state = "done" if key in cleared else "overdue" if action.due_on < as_of else "open"
            yield _line(action, state)
    statuses = {(row.rule, row.subject): row.status for row in lines}
    for note in draft.findings:
        key = (note.rule, note.subject)
        if opens_action(known.get(key), newest.get(key), status=statuses[key], as_of=as_of):
            yield ActionLine(
                title=note.action,
                owner=note.owner,
                due_on=as_of + dt.timedelta(days=note.due_days),
                state="open",
                finding=note.title,
            )
    if before is not None:
        was_open = _open_in(before, newest.values())
        for action in rows:
            if action.state == ActionState.DONE and action.pk in was_open:
                yield _line(action, "done")


def opens_action(finding: Finding | None, newest: Action | None, *, status: str, as_of: dt.date) -> bool:
    """Tell whether an edition opens an action for a finding it prints; ``newest`` is its open one, or else the latest.

    One that is open stays the only one. One that somebody found no longer needed is not opened again while the
    finding stands; one marked done is, for the records still show what it was to mend. An edition of an earlier
    date than what the finding has seen since opens nothing.
    """
    if finding is not None and finding.last_seen_on > as_of:
        return False
    if newest is None:
        return True
    return newest.state == ActionState.DONE or (
        newest.state == ActionState.DROPPED and status == FindingStatus.NEW
    )


def actions_of(report: Report, entity: Entity | None) -> QuerySet[Action]:
    """Return a report's actions by due date, those about one entity alone where one is named."""
    rows = Action.objects.filter(report=report).select_related("finding").order_by("due_on", "id")
    if entity is None:
        return rows
    return rows.filter(Q(finding__subject=entity.slug) | Q(finding__subject__startswith=f"{entity.slug}:"))


def newest_actions(rows: Iterable[Action]) -> dict[tuple[str, str], Action]:
    """Return for each finding, named by rule and subject, its open action or else the newest."""
    found: dict[tuple[str, str], Action] = {}
    for action in sorted(rows, key=lambda row: (row.state == ActionState.OPEN, row.pk)):
        if action.finding is not None:
            found[action.finding.rule, action.finding.subject] = action
    return found


def _line(action: Action, state: str) -> ActionLine:
    return ActionLine(
        title=action.title,
        owner=action.owner,
        due_on=action.due_on,
        state=state,
        finding=action.finding.title if action.finding else "",
        pk=action.pk,
    )


def _open_in(before: Before, newest: Iterable[Action]) -> set[int]:
    """Return the ids of the actions that an edition printed as open.

    Those it opened itself had no id yet when it was frozen: they are the newest ones for their findings.
    """
    shown = [row for row in before.document.actions if row.state in ("open", "overdue")]
    opened = {(row.title, row.finding) for row in shown if not row.pk}
    return {row.pk for row in shown if row.pk} | {
        action.pk
        for action in newest
        if action.finding is not None
        and action.opened_on == before.edition.as_of
        and (action.title, action.finding.title) in opened
    }


def _changes(
    draft: Draft, lines: tuple[FindingLine, ...], actions: tuple[ActionLine, ...], before: Before | None
) -> Changes:
    if before is None:
        return Changes()
    moved, told = _moved(draft, before.document)
    local = before.edition.issued_at.astimezone(zone(draft.head.zone))
    return Changes(
        since=f"edition {before.edition.number} of {local:%-d %B %Y}, as of {before.edition.as_of:%-d %B %Y}",
        figures=moved,
        findings_new=tuple(row.title for row in lines if row.status == FindingStatus.NEW),
        findings_cleared=tuple(row.title for row in lines if row.status == FindingStatus.CLEARED),
        actions_done=tuple(_named(row) for row in actions if row.state == "done"),
        actions_overdue=tuple(_named(row) for row in actions if row.state == "overdue"),
        restatements=tuple(_restated(draft, before.document, told)),
    )


def _named(row: ActionLine) -> str:
    return f"{row.title} ({row.owner}, due {row.due_on:%-d %b})"


def _moved(draft: Draft, before: Document) -> tuple[tuple[Change, ...], set[str]]:
    """Return the headline figures that differ from the edition before, and the keys they cover."""
    printed = {
        (figure.metric, figure.scope): figure
        for figure in (before.figures[entry.figure] for entry in before.kpis)
    }
    found, told = [], set()
    for entry in draft.kpis:
        now = draft.figures[entry.figure]
        was = printed.get((now.metric, now.scope))
        if was is None or (was.value, was.missing) == (now.value, now.missing):
            continue
        told.add(now.key)
        if write(was) == write(now):  # Both are printed alike: nothing a reader could see has moved.
            continue
        found.append(
            Change(
                label=_label(now),
                before=write(was),
                after=Cell(figure=now.key),
                tone=Tone.PLAIN,
            )
        )
    return tuple(found), told


def _label(figure: Figure) -> str:
    return figure.label if figure.scope == PORTFOLIO else f"{figure.label}, {figure.scope}"


def _restated(draft: Draft, before: Document, told: set[str]) -> Iterator[Restatement]:
    """Yield figures of the same metric, scope and period that the earlier edition printed otherwise."""
    for key in sorted(_printed(before)):
        was, now = before.figures[key], draft.figures.get(key)
        if now is None or key in told or was.metric not in REGISTRY:
            continue
        if (was.value, was.missing) != (now.value, now.missing):
            yield Restatement(
                label=_label(was),
                period=was.period,
                printed=write(was),
                now=write(now),
            )


def _printed(document: Document) -> set[str]:
    """Return the keys of the figures that a document's cells name."""
    return {key for key in _figures_in((document.headline, document.kpis, document.sections)) if key}


def _figures_in(value: Any) -> Iterator[str]:
    if isinstance(value, Cell):
        yield value.figure
    elif isinstance(value, tuple):
        for item in value:
            yield from _figures_in(item)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            inner = getattr(value, name)
            if name in ("figure", "prior", "target"):
                yield inner
            elif isinstance(inner, tuple):
                yield from _figures_in(inner)


def cited(document: Document) -> Iterable[Figure]:
    """Return every figure that a document's cells name, headline figures included."""
    return (document.figures[key] for key in sorted(_printed(document)))
