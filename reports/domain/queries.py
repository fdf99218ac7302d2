"""What the pages read of reports: editions, runs, schedules, findings and actions that a person may see.

An edition or run of one entity is for those who may read that entity; one of all entities is for those who may
read the whole portfolio. Documents are large, so lists leave them in the database.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Case, F, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery, Value, When

from core import access, clock
from core.clock import UnknownZoneError
from crew.models import Person
from portfolio.domain import queries as portfolio
from portfolio.domain.queries import EntityFact
from reports.domain import schedule as schedules
from reports.domain.actions import PORTFOLIO
from reports.models import (
    Action,
    ActionState,
    Edition,
    EditionFile,
    EditionFinding,
    FileKind,
    Finding,
    FindingState,
    Recipient,
    Report,
    Run,
    RunState,
    Schedule,
)

# The order in which a severity matters, worst first; the names are those of `reports.document.Severity`.
SEVERITY_ORDER = Case(
    *(When(severity=name, then=Value(n)) for n, name in enumerate(("critical", "high", "medium", "low"))),
    default=Value(9),
    output_field=IntegerField(),
)
_WHOLE_FIRST = Case(When(entity__isnull=True, then=Value(0)), default=Value(1), output_field=IntegerField())


@dataclass(frozen=True, slots=True)
class NextRun:
    """The next occurrence of a schedule, as an instant in the schedule's own zone."""

    at: dt.datetime
    name: str
    zone: str


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A report with its newest edition that the person may see, what is under way, and when it is due next."""

    report: Report
    edition: Edition | None
    under_way: Run | None
    next_run: NextRun | None


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """A schedule with its next occurrences in its zone; ``broken`` says why there are none."""

    schedule: Schedule
    occurrences: tuple[dt.datetime, ...]
    broken: str
    last_run: Run | None


def in_scope(person: Person, duty: str = "read") -> Q:
    """Return the condition on ``entity`` that keeps what a person may see (or do, with another duty)."""
    ids = access.entity_ids(person, duty)
    return Q() if ids is None else Q(entity_id__in=ids)


def entities_for(person: Person, duty: str) -> tuple[EntityFact, ...]:
    """Return the entities on which a person holds a duty, by slug."""
    return portfolio.entities(only=access.entity_ids(person, duty))


def _about_theirs(person: Person, field: str) -> Q:
    """Return the condition on a finding's subject that keeps what is about entities a person may read."""
    ids = access.entity_ids(person, "read")
    if ids is None:
        return Q()
    slugs = [entity.slug for entity in portfolio.entities(only=ids)]
    kept = Q(**{f"{field}__in": slugs})
    for slug in slugs:
        kept |= Q(**{f"{field}__startswith": f"{slug}:"})
    return kept


def reports() -> QuerySet[Report]:
    """Return the active reports in order."""
    return Report.objects.filter(active=True)


def editions_for(person: Person) -> QuerySet[Edition]:
    """Return the editions a person may see, newest first, without their documents."""
    return Edition.objects.filter(in_scope(person)).select_related("report", "entity").defer("document")


def edition_of(*, pk: int) -> Edition | None:
    """Return an edition by its id, without its document."""
    return Edition.objects.select_related("report").defer("document").filter(pk=pk).first()


def newest_edition(*, report: Report, person: Person) -> Edition | None:
    """Return the edition that stands at the latest date, the whole portfolio's where the person may see one.

    An edition issued later about an earlier date is history, and does not take its place.
    """
    rows = Edition.objects.filter(in_scope(person), report=report).select_related("report", "entity")
    return rows.order_by(_WHOLE_FIRST, "-as_of", "-number").first()


def report_lines(*, person: Person, at: dt.datetime) -> list[ReportLine]:
    """Return every active report with what the list of reports says about it. Four queries."""
    scope = in_scope(person)
    newest = Edition.objects.filter(scope, report=OuterRef("pk")).order_by(_WHOLE_FIRST, "-as_of", "-number")
    unsettled = Run.objects.filter(
        scope, report=OuterRef("pk"), state__in=[RunState.QUEUED, RunState.RUNNING, RunState.HELD]
    )
    rows = list(
        reports()
        .annotate(
            edition_pk=Subquery(newest.values("pk")[:1]),
            run_pk=Subquery(unsettled.order_by("-queued_at", "-id").values("pk")[:1]),
        )
        .prefetch_related(Prefetch("schedules", Schedule.objects.filter(active=True), to_attr="going"))
    )
    editions = {
        edition.pk: edition
        for edition in editions_for(person).filter(pk__in=[row.edition_pk for row in rows if row.edition_pk])
    }
    runs = {run.pk: run for run in Run.objects.filter(pk__in=[row.run_pk for row in rows if row.run_pk])}
    return [
        ReportLine(row, editions.get(row.edition_pk), runs.get(row.run_pk), next_run(row.going, after=at))
        for row in rows
    ]


def next_run(rows: Iterable[Schedule], *, after: dt.datetime) -> NextRun | None:
    """Return the earliest next occurrence of some schedules."""
    found = [
        NextRun(line.occurrences[0], line.schedule.name, line.schedule.zone)
        for line in (_schedule_line(row, after=after, count=1) for row in rows)
        if line.occurrences
    ]
    return min(found, key=lambda item: item.at, default=None)


def schedule_lines(*, at: dt.datetime, count: int = 5) -> list[ScheduleLine]:
    """Return every schedule with its next occurrences and its newest run. Three queries."""
    newest = Run.objects.filter(schedule=OuterRef("pk")).order_by("-occurrence_at")
    rows = list(
        Schedule.objects.select_related("report", "entity", "variant")
        .annotate(run_pk=Subquery(newest.values("pk")[:1]))
        .order_by("report__position", "report__slug", "name", "id")
    )
    runs = Run.objects.select_related("edition").defer("edition__document")
    found = {run.pk: run for run in runs.filter(pk__in=[row.run_pk for row in rows if row.run_pk])}
    return [_schedule_line(row, after=at, count=count, last_run=found.get(row.run_pk)) for row in rows]


def _schedule_line(
    row: Schedule, *, after: dt.datetime, count: int, last_run: Run | None = None
) -> ScheduleLine:
    try:
        instants = schedules.upcoming(
            cron=row.cron, zone=row.zone, after=max(after, row.starts_at), count=count
        )
    except (schedules.CronError, UnknownZoneError) as error:
        return ScheduleLine(row, (), str(error), last_run)
    tz = clock.zone(row.zone)
    return ScheduleLine(row, tuple(instant.astimezone(tz) for instant in instants), "", last_run)


def runs_for(person: Person) -> QuerySet[Run]:
    """Return the runs a person may see, newest first."""
    return (
        Run.objects.filter(in_scope(person))
        .select_related(
            "report", "entity", "edition", "schedule", "event_trigger", "variant", "by", "decided_by"
        )
        .defer("edition__document")
    )


def readers(*, report: Report) -> list[str]:
    """Return the addresses a report goes to unless a run says otherwise: its recipients, else REPORT_RECIPIENTS."""
    named = Recipient.objects.filter(report=report, active=True).values_list("address", flat=True)
    return list(named) or list(settings.REPORT_RECIPIENTS)


def all_recipients() -> QuerySet[Recipient]:
    """Return every address that receives a report, by report."""
    return (
        Recipient.objects.filter(active=True)
        .select_related("report", "variant")
        .order_by("report__position", "address", "id")
    )


def newer_edition(*, edition: Edition) -> Edition | None:
    """Return the newest edition of the same report and entity where it is not this one."""
    rows = Edition.objects.filter(report=edition.report, entity=edition.entity)
    return (
        rows.filter(number__gt=edition.number)
        .select_related("report")
        .defer("document")
        .order_by("-number")
        .first()
    )


def file_of(*, edition: Edition, kind: FileKind) -> EditionFile | None:
    """Return one rendered form of an edition, or None where it was not made."""
    return EditionFile.objects.filter(edition=edition, kind=kind).first()


def drawings_of(*, edition: Edition) -> dict[str, str]:
    """Return the charts of an edition as SVG markup by chart name, as they were drawn for daylight."""
    rows = EditionFile.objects.filter(edition=edition, kind=FileKind.CHART_SVG).exclude(
        name__endswith=".dark.svg"
    )
    return {row.name.removesuffix(".svg"): bytes(row.content).decode() for row in rows}


def findings_for(person: Person) -> QuerySet[Finding]:
    """Return the findings about what a person may see: open ones first, the most severe first."""
    rows = Finding.objects.filter(_about_theirs(person, "subject")).select_related("muted_by")
    open_first = Case(
        When(state=FindingState.OPEN, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    return rows.order_by(open_first, SEVERITY_ORDER, "first_seen_on", "id")


def counted_on(day: dt.date) -> Q:
    """Return the condition that keeps the findings not muted on a day."""
    return Q(muted_until__isnull=True) | Q(muted_until__lte=day)


def asked_on(day: dt.date) -> Q:
    """Return the condition that keeps the actions that do not wait for their finding, muted on a day."""
    return Q(finding__muted_until__isnull=True) | Q(finding__muted_until__lte=day)


def sightings(*, finding: Finding, person: Person) -> QuerySet[EditionFinding]:
    """Return the editions that spoke of a finding, newest first, of those the person may see."""
    return (
        EditionFinding.objects.filter(finding=finding, edition__in=Edition.objects.filter(in_scope(person)))
        .select_related("edition__report", "edition__entity")
        .defer("edition__document")
        .order_by("-edition__issued_at", "-id")
    )


def actions_for(person: Person) -> QuerySet[Action]:
    """Return the actions about what a person may see: open ones by due date, then settled ones, newest first."""
    rows = Action.objects.filter(_about_theirs(person, "finding__subject"))
    rows = rows.select_related("report", "finding", "assignee", "settled_by")
    open_first = Case(
        When(state=ActionState.OPEN, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    return rows.order_by(open_first, F("settled_on").desc(nulls_first=True), "due_on", "id")


def standing_on(*, at: dt.datetime) -> dt.date:
    """Return the date by which work is overdue: today in the portfolio's zone, or the date the sample stands at."""
    return portfolio.sample_as_of() or clock.today(at=at)


def entity_names() -> dict[str, str]:
    """Return the name of each subject a finding can have, by slug."""
    return {PORTFOLIO: "Whole portfolio", **{entity.slug: entity.name for entity in portfolio.entities()}}


def entity_id_of(subject: str) -> int | None:
    """Return the id of the entity of that slug; None for the whole portfolio or an entity no longer active."""
    return next((entity.id for entity in portfolio.entities() if entity.slug == subject), None)
