"""Agendas: one mail a day at most to everybody who has open actions of an edition, and to owners of what is escalated.

An edition notes in its own transaction who is to be told of what (`note`), so that whatever dies afterwards, nothing is
forgotten. The sweep gathers what waits (`gather`): reports issued together make one mail, which is queued once none of
them is under way any more. What is noted after somebody's mail of a day waits for the next day. The mail itself is
`reports.domain.agenda_mail`.
"""

import datetime as dt
import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q

from core import clock
from crew.models import Person
from mail.domain import compose, outbox
from mail.domain.fields import UnsendableError
from mail.models import Message
from portfolio.models import Entity
from reports.domain import actions, compare, held_mail, muting, owners, runs
from reports.domain.agenda_mail import COMPOSER
from reports.models import Action, ActionState, AgendaLine, Edition, Report, Run, RunState
from reports.render.words import count

# What waits from the day before leaves at this hour in the portfolio's zone, or with the day's first editions.
MORNING = dt.time(8)
# Reports that are still under way then are waited for no longer.
LONGEST_WAIT = dt.timedelta(hours=1)

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Agenda:
    """What one person is to be told of: what is theirs, what is escalated and another's, and the lines that say so."""

    person: Person
    own: list[int] = field(default_factory=list)
    escalated: list[int] = field(default_factory=list)
    lines: list[AgendaLine] = field(default_factory=list)


def note(*, edition: Edition, rules: Sequence[str], at: dt.datetime) -> None:
    """Note who is to be told of which open action of an edition, except of what their mail of that day told them already.

    In the transaction that writes the edition, after its findings were settled. An edition older than another one of the
    same report and entity is history and tells nobody.
    """
    newer = Edition.objects.filter(report=edition.report, entity=edition.entity, as_of__gt=edition.as_of)
    found = set() if newer.exists() else set(_to_tell(edition, rules))
    people = {person for person, _ in found}
    told = _told(people, on=clock.today(at=at)) if found else {}
    lines = [
        AgendaLine(person_id=person, action_id=action, edition=edition, asked_at=at)
        for person, action in sorted(found)
        if action not in told.get(person, ())
    ]
    if lines:
        AgendaLine.objects.bulk_create(lines, ignore_conflicts=True)
        # What waits since an earlier day leaves with this edition.
        midnight = at.astimezone(clock.zone()).replace(hour=0, minute=0, second=0, microsecond=0)
        stale = AgendaLine.objects.filter(asked_at__lt=midnight, person__in=people)
        stale.filter(action__in=[line.action_id for line in lines]).update(edition=edition, asked_at=at)


def gather(*, at: dt.datetime) -> int:
    """Queue one mail to everybody for whom lines wait that are ripe, and who had none today; return to how many it will go."""
    if not AgendaLine.objects.exists():
        return 0
    today = clock.today(at=at)
    with transaction.atomic():
        # As an edition that is being frozen does: so none notes lines meanwhile, and of two that gather one finds any.
        list(Report.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
        waiting = _waiting()
        told, busy = _told(waiting, on=today), _under_way(at)
        return sum(
            _queue(agenda, today, at)
            for person, agenda in waiting.items()
            if person not in told and _is_ripe(agenda.lines, busy=busy, at=at)
        )


def _to_tell(edition: Edition, rules: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield person and action: everybody's own, and for owners what is escalated and not theirs."""
    rows = compare.actions_of(edition.report, edition.entity, rules).filter(state=ActionState.OPEN)
    book = owners.Book({})
    escalated = []
    for row in rows.select_related("finding", "assignee"):
        if _waits(row, edition):
            continue
        if row.assignee is not None and book.may_read(row.assignee, actions.subject_of(row)):
            yield row.assignee.pk, row.pk
        if row.escalated_on is not None:
            escalated.append(row)
    for owner in held_mail.approvers(entity=edition.entity) if escalated else ():
        yield from ((owner.pk, row.pk) for row in escalated if row.assignee_id != owner.pk)


def _waiting() -> dict[int, _Agenda]:
    """Return what waits by person, as the actions stand now; what is to be told to nobody any more waits no longer.

    What was given to somebody else meanwhile is told to them.
    """
    rows = AgendaLine.objects.select_related(
        "person", "action__finding", "action__assignee", "edition__report"
    )
    lines = list(rows.select_related("edition__entity").defer("edition__document"))
    known = {(line.person_id, line.action_id) for line in lines}
    book, deciding, over = owners.Book({}), _Deciding(), []
    found: dict[int, _Agenda] = {}
    for line in lines:
        person = _to_be_told(line, book, deciding)
        passed_on = person is not None and person.pk != line.person_id
        if person is None or (passed_on and (person.pk, line.action_id) in known):
            over.append(line.pk)
            continue
        if passed_on:
            known.add((person.pk, line.action_id))
            line.person = person
            line.save(update_fields=["person"])
        agenda = found.setdefault(person.pk, _Agenda(person))
        agenda.lines.append(line)
        own = line.action.assignee_id == person.pk
        (agenda.own if own else agenda.escalated).append(line.action_id)
    AgendaLine.objects.filter(pk__in=over).delete()
    return found


class _Deciding(dict[Entity | None, frozenset[int]]):
    """Who owns what an entity's editions escalate, by entity; asked for once each."""

    def __missing__(self, entity: Entity | None) -> frozenset[int]:
        self[entity] = frozenset(person.pk for person in held_mail.approvers(entity=entity))
        return self[entity]


def _to_be_told(line: AgendaLine, book: owners.Book, deciding: _Deciding) -> Person | None:
    """Return who is told of a line's action: an owner of what is escalated, else whoever has it now; None is nobody."""
    action, has_it = line.action, line.action.assignee
    if action.state != ActionState.OPEN or _waits(action, line.edition):
        return None
    if (
        has_it is not None
        and has_it.pk == line.person_id
        and book.may_read(has_it, actions.subject_of(action))
    ):
        return has_it
    if action.escalated_on is not None and line.person_id in deciding[line.edition.entity]:
        return line.person
    return has_it if has_it is not None and book.may_read(has_it, actions.subject_of(action)) else None


def _waits(action: Action, edition: Edition) -> bool:
    return action.finding is not None and muting.until(action.finding, on=edition.as_of) is not None


def _under_way(at: dt.datetime) -> bool:
    """Tell whether a report is being issued that will note lines, or is about to be."""
    soon = Q(not_before__isnull=True) | Q(not_before__lte=at + runs.WAKE_AHEAD)
    going = Q(state=RunState.RUNNING) | Q(soon, state=RunState.QUEUED)
    return Run.objects.filter(going, dry_run=False, send_to__isnull=True).exists()


def _is_ripe(lines: Sequence[AgendaLine], *, busy: bool, at: dt.datetime) -> bool:
    local = at.astimezone(clock.zone())
    morning = local.replace(hour=MORNING.hour, minute=0, second=0, microsecond=0)
    since = min(
        line.asked_at if line.asked_at.astimezone(local.tzinfo).date() == local.date() else morning
        for line in lines
    )
    return since <= at and (not busy or at - since >= LONGEST_WAIT)


def _key(person: int, on: dt.date) -> str:
    return f"{COMPOSER}:{on}:{person}"


def _told(people: Collection[int], *, on: dt.date) -> dict[int, set[int]]:
    """Return those who have a mail of a day, with the actions it told them of."""
    keys = {_key(person, on): person for person in people}
    rows = Message.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", "payload")
    return {keys[key]: {*payload["actions"], *payload["escalated"]} for key, payload in rows}


def _queue(agenda: _Agenda, today: dt.date, at: dt.datetime) -> bool:
    """Put one person's mail into the outbox and take its lines away; tell whether it will go."""
    editions = {line.edition.pk: line.edition for line in agenda.lines}
    reports = {edition.report for edition in editions.values()}
    told = count(len(agenda.own) or len(agenda.escalated), "action")
    first = next(iter(editions.values()))
    of = (
        f": {first.report.title}, edition {first.number}"
        if len(editions) == 1
        else f", from {len(editions)} editions"
    )
    asked: Message | outbox.Skipped | None = None
    try:
        asked = outbox.enqueue(
            dedupe_key=_key(agenda.person.pk, today),
            composer=COMPOSER,
            payload={
                "person": agenda.person.pk,
                "editions": list(editions),
                "actions": agenda.own,
                "escalated": agenda.escalated,
            },
            to_address=agenda.person.email,
            to_name=agenda.person.name,
            from_name=first.report.from_name if len(reports) == 1 else "Quarterdeck",
            reply_to=first.report.reply_to if len(reports) == 1 else "",
            subject=f"{told}{' to do' if agenda.own else ' escalated'}{of}",
            secret=compose.MADE_WHEN_SENT,
            at=at,
        )
    except UnsendableError:
        logger.warning("Nobody can mail person %s what is to be done.", agenda.person.pk)
    AgendaLine.objects.filter(pk__in=[line.pk for line in agenda.lines]).delete()
    return isinstance(asked, Message)
