"""What changed: a draft becomes a document by setting it beside the edition before it. Reads, never writes.

The edition before is the newest one of the same report and entity that does not stand at a later date.
What a finding's new state means for the records is written in `reports.domain.findings`.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Model, Q, QuerySet

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
    FormulaTrace,
    Kpi,
    Line,
    Restatement,
    RowsTrace,
    Severity,
    Tone,
    TraceRow,
    Unit,
)
from reports.domain import actions as work
from reports.domain import muting
from reports.domain.prints import Kept, Print
from reports.figures import write
from reports.metrics import REGISTRY
from reports.metrics.operations import OPERATIONS
from reports.metrics.registry import PORTFOLIO
from reports.models import Action, ActionState, Finding, FindingState, FindingStatus, Report

NO_EDITION = "none: the first edition"
NOT_IN_IT = "none: the edition before had no such figure"


@dataclass(frozen=True, slots=True)
class Standing:
    """The findings of a report's rules, and its actions by due date, as the records have them at one moment.

    ``said`` is all that they say, to be held against what they say later; the rows may be changed meanwhile.
    """

    findings: dict[tuple[str, str], Finding]
    actions: Sequence[Action]
    said: tuple[Any, ...]


def standing(*, report: Report, entity: Entity | None, rules: Iterable[str]) -> Standing:
    """Read what stands: two queries. ``entity`` is what the edition is about, None for the whole portfolio."""
    findings = list(Finding.objects.filter(rule__in=rules))
    actions = list(actions_of(report, entity, rules))
    return Standing(
        findings={(row.rule, row.subject): row for row in findings},
        actions=actions,
        said=(
            *(_said(row) for row in findings),
            *((_said(row), row.finding and _said(row.finding)) for row in actions),
        ),
    )


def _said(row: Model) -> tuple[Any, ...]:
    return tuple(value for name, value in vars(row).items() if name != "_state")


def document(
    *, draft: Draft, number: int, url: str, before: Print | None, standing: Standing, patience: work.Patience
) -> Document:
    """Return the whole document of an edition: the draft, its findings' history, actions and changes.

    An edition of one entity holds that entity's actions alone, which are those of ``standing``. ``url`` is the edition's
    absolute address; it ends in a slash.
    """
    lines = tuple(_findings(draft, standing.findings, before))
    actions = tuple(_actions(draft, standing, lines, before, patience))
    kpis, priors = _with_priors(draft, before)
    return Document(
        head=draft.head,
        number=number,
        url=url,
        headline=draft.headline,
        actions=actions,
        changes=_changes(draft, lines, actions, before),
        kpis=kpis,
        sections=draft.sections,
        findings=lines,
        decisions=draft.decisions,
        definitions=draft.definitions,
        figures={**draft.figures, **priors},
        books=draft.books,
    )


def _findings(
    draft: Draft, known: Mapping[tuple[str, str], Finding], before: Print | None
) -> Iterator[FindingLine]:
    as_of = draft.head.as_of
    earlier = {} if before is None else {
        (row.rule, row.subject): row for row in before.findings
    }  # fmt: skip
    for note in draft.findings:
        row = known.get((note.rule, note.subject))
        carried = (note.rule, note.subject) in earlier
        still = row is not None and (row.state == FindingState.OPEN or carried)
        first = min(row.first_seen_on, as_of) if row is not None and still else as_of
        muted, reason = muting.standing(note, row, on=as_of)
        said: Line = () if muted is None else (Cell(f" Muted until {muted:%-d %b %Y}: {reason}"),)
        yield FindingLine(
            rule=note.rule,
            subject=note.subject,
            severity=note.severity,
            title=note.title,
            evidence=(*note.evidence, *said),
            status=FindingStatus.OPEN.value if carried else FindingStatus.NEW.value,
            first_seen_on=first,
            age_days=(as_of - first).days,
            about=note.about,
            muted_until=muted,
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
    standing: Standing,
    lines: tuple[FindingLine, ...],
    before: Print | None,
    patience: work.Patience,
) -> Iterator[ActionLine]:
    """Yield open actions, those the draft's findings open, and those settled since the edition before."""
    as_of = draft.head.as_of
    cleared = {(row.rule, row.subject) for row in lines if row.status == FindingStatus.CLEARED}
    rows = standing.actions
    newest = newest_actions(rows)
    aside = {(row.rule, row.subject) for row in lines if row.muted_until is not None}
    printed = {(row.rule, row.subject) for row in lines}
    for action in rows:
        if action.state == ActionState.OPEN:
            key = (action.finding.rule, action.finding.subject) if action.finding else None
            waits = key in aside or (
                action.finding is not None and key not in printed and muting.until(action.finding, on=as_of)
            )
            due = "overdue" if action.due_on < as_of else "open"
            line = _line(action, "done" if key in cleared else "later" if waits else due)
            if line.state in work.PRINTED_OPEN:
                line = replace(
                    line,
                    carried=work.carried_in(action, as_of=as_of),
                    escalated_on=work.escalated_in(action, as_of=as_of, patience=patience),
                )
            yield line
    statuses = {(row.rule, row.subject): row.status for row in lines}
    for note in draft.findings:
        key = (note.rule, note.subject)
        if key not in aside and opens_action(
            standing.findings.get(key), newest.get(key), status=statuses[key], as_of=as_of
        ):
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

    A muted finding opens none, and is not asked about here. One that is open stays the only one. One that somebody found no
    longer needed is not opened again while the finding stands; one marked done is, for the records still show what it
    was to mend. An edition of an earlier date than what the finding has seen since opens nothing.
    """
    if finding is not None and finding.last_seen_on > as_of:
        return False
    if newest is None:
        return True
    return newest.state == ActionState.DONE or (
        newest.state == ActionState.DROPPED and status == FindingStatus.NEW
    )


def actions_of(report: Report, entity: Entity | None, rules: Iterable[str]) -> QuerySet[Action]:
    """Return a report's actions by due date, those about one entity alone where one is named.

    A finding has one open action whichever report opened it, so those of its rules' findings are among them.
    """
    rows = Action.objects.filter(Q(report=report) | Q(finding__rule__in=list(rules)))
    rows = rows.select_related("finding").order_by("due_on", "id")
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


def _open_in(before: Print, newest: Iterable[Action]) -> set[int]:
    """Return the ids of the actions that an edition printed as open.

    Those it opened itself had no id yet when it was frozen: they are the newest ones for their findings.
    """
    opened = {(row.title, row.finding) for row in before.actions if not row.pk}
    return {row.pk for row in before.actions if row.pk} | {
        action.pk
        for action in newest
        if action.finding is not None
        and action.opened_on == before.edition.as_of
        and (action.title, action.finding.title) in opened
    }


def _changes(
    draft: Draft, lines: tuple[FindingLine, ...], actions: tuple[ActionLine, ...], before: Print | None
) -> Changes:
    if before is None:
        return Changes()
    moved, told = _moved(draft, before)
    local = before.edition.issued_at.astimezone(zone(draft.head.zone))
    return Changes(
        since=f"edition {before.edition.number} of {local:%-d %B %Y}, as of {before.edition.as_of:%-d %B %Y}",
        figures=moved,
        findings_new=tuple(
            row.title for row in lines if row.status == FindingStatus.NEW and row.muted_until is None
        ),
        findings_cleared=tuple(row.title for row in lines if row.status == FindingStatus.CLEARED),
        actions_done=tuple(_named(row) for row in actions if row.state == "done"),
        actions_overdue=tuple(
            _named(row)
            for row in actions
            if row.state == "overdue"
            and row.pk not in {was.pk for was in before.actions if was.state == "overdue"}
        ),
        restatements=tuple(_restated(draft, before, told)),
    )


def _named(row: ActionLine) -> str:
    return f"{row.title} ({row.owner}, due {row.due_on:%-d %b})"


def _moved(draft: Draft, before: Print) -> tuple[tuple[Change, ...], set[str]]:
    """Return the headline figures that differ from the edition before, and the keys they cover."""
    printed = {
        (figure.metric, figure.scope): figure for figure in (before.figure(key) for key in before.kpis)
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


def _restated(draft: Draft, before: Print, told: set[str]) -> Iterator[Restatement]:
    """Yield figures of the same metric, scope and period that the earlier edition printed otherwise."""
    for key in sorted(before.printed):
        kept, now = before.figures[key], draft.figures.get(key)
        if now is None or key in told or kept.metric not in REGISTRY:
            continue
        if (kept.value, kept.missing) != (now.value, now.missing):
            was = before.figure(key)
            yield Restatement(
                label=_label(was),
                period=was.period,
                printed=write(was),
                now=write(now),
            )


def _with_priors(draft: Draft, before: Print | None) -> tuple[tuple[Kpi, ...], dict[str, Figure]]:
    """Return the headline figures, each with what it compares with, and the figures that this adds.

    A figure that stands at the as-of date has no month before; its prior is what the edition before printed.
    """
    kpis: list[Kpi] = []
    added: dict[str, Figure] = {}
    same = {} if before is None else _same(draft, before)
    for kpi in draft.kpis:
        if kpi.prior:
            kpis.append(kpi)
            continue
        now = draft.figures[kpi.figure]
        was = _prior(now, before, same.get(_likeness(now)))
        added[was.key] = was
        change = _change(now, was)
        if change is not None:
            added[change.key] = change
        kpis.append(replace(kpi, prior=was.key, change=kpi.change or (change.key if change else "")))
    return tuple(kpis), added


def _prior(now: Figure, before: Print | None, found: Figure | None) -> Figure:
    missing, period = NO_EDITION, ""
    rows: tuple[TraceRow, ...] = ()
    if before is not None:
        missing = NOT_IN_IT if found is None else found.missing
        period = f"{before.edition.as_of:%-d %b %Y}"
    if before is not None and found is not None and found.value is not None:
        rows = (
            TraceRow(str(before.edition), found.value, f"edition:{before.edition.pk}", before.edition.as_of),
        )
    return replace(
        now,
        key=f"before.{now.key}",
        metric="own",
        label=f"{now.label}, edition before",
        value=found.value if found is not None else None,
        badge=found.badge if found is not None else now.badge,
        trace=RowsTrace(rows),
        period=period,
        missing=missing if found is None or found.value is None else "",
    )


def _same(draft: Draft, before: Print) -> dict[tuple[str, ...], Figure]:
    """Return what an edition printed of the metrics and scopes of a headline, at its own date; its headline comes first."""
    wanted = {_likeness(draft.figures[kpi.figure]) for kpi in draft.kpis if not kpi.prior}
    found: dict[tuple[str, ...], Figure] = {}
    headline = before.kpis
    for key in (*headline, *sorted(before.figures.keys() - set(headline), reverse=True)):
        like = _likeness(before.figures[key])
        if like in wanted and like not in found:
            found[like] = before.figure(key)
    return found


def _likeness(figure: Figure | Kept) -> tuple[str, ...]:
    return figure.metric, figure.label, figure.scope, figure.unit


def _change(now: Figure, was: Figure) -> Figure | None:
    if now.value is None or was.value is None:
        return None
    points = now.unit is Unit.PERCENT
    operation = "difference" if points else "change"
    value = OPERATIONS[operation](now.value, was.value)
    return replace(
        now,
        key=f"change.{was.key}",
        metric="own",
        label=f"Change in {now.label.lower()}",
        unit=Unit.POINTS if points else Unit.PERCENT,
        value=value,
        trace=FormulaTrace(operation, (now.key, was.key)),
        missing="" if value is not None else "n/a",
    )
