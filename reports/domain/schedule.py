"""When reports are due: cron lines read in a zone, and the newest occurrence that nobody has run yet.

A cron line speaks of local wall time. It is walked through in local time and each wall time is turned into one
instant: a time that the clock skips in spring is the first instant after the gap, a time that it shows twice in
autumn is the first of the two. So each local occurrence is one instant, and instants never run backwards.
Schedules due at one instant take turns, so that their reports do not all start at once.
Queueing the runs is `reports.domain.runs`; the sweep that calls both is `reports.tasks`.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from django.db import IntegrityError, transaction
from django.db.models import Max

from core import audit, clock
from core.clock import UnknownZoneError
from crew.models import Person
from portfolio.models import Entity
from reports.domain import catalogue
from reports.models import Report, Schedule, Variant

# No zone has put its clock back by more since the days of sailing ships; a wall time this far ahead of the
# present one may have been shown already.
_LONGEST_FOLD = dt.timedelta(hours=3)
# Between the starts of reports that are due at one instant.
TURN = dt.timedelta(seconds=20)


class CronError(ValueError):
    """A cron line that cannot be read, or that never comes round."""


class ScheduleError(ValueError):
    """A change of a schedule that is refused."""


@dataclass(frozen=True, slots=True)
class Due:
    """A schedule and the instant (UTC) of its newest occurrence, not yet run.

    ``turn`` is its place, from 0, among all schedules of that instant, whether those were run already or not: whoever
    asks, at whatever moment, finds the same.
    """

    schedule: Schedule
    occurrence_at: dt.datetime
    turn: int

    def not_before(self, at: dt.datetime) -> dt.datetime | None:
        """Return when it starts if it is queued now, so many turns later; None is at once."""
        return at + self.turn * TURN if self.turn else None


def check_cron(cron: str) -> str:
    """Return a cron line of five fields in its plain form: upper case, single spaces.

    Raises:
        CronError: it has another number of fields, a field cannot be read, or no day ever matches.
    """
    plain = " ".join(cron.upper().split())
    if len(plain.split()) != 5:
        raise CronError(
            f"{cron!r} is not a schedule: write minute, hour, day, month and weekday, for example 0 7 * * MON."
        )
    try:
        first = next(CronSim(plain, dt.datetime(2026, 1, 1)), None)  # noqa: DTZ001 - wall time, see above
    except CronSimError as error:
        raise CronError(
            f"{cron!r} is not a schedule ({error}); write it like 0 7 * * MON or 30 7 1 * *."
        ) from error
    if first is None:
        raise CronError(f"{cron!r} never comes round; choose a day that exists.")
    return plain


def upcoming(*, cron: str, zone: str, after: dt.datetime, count: int) -> list[dt.datetime]:
    """Return the next instants (UTC) of a cron line strictly after an instant, earliest first.

    Raises:
        CronError: the line cannot be read.
        UnknownZoneError: the zone is not one.
    """
    found: list[dt.datetime] = []
    for instant in _forward(check_cron(cron), clock.zone(zone), after):
        if len(found) == count:
            break
        found.append(instant)
    return found


def newest(*, cron: str, zone: str, at: dt.datetime) -> dt.datetime | None:
    """Return the newest instant (UTC) of a cron line at or before an instant; None where there was none.

    Raises:
        CronError: the line cannot be read.
        UnknownZoneError: the zone is not one.
    """
    tz = clock.zone(zone)
    wall = at.astimezone(tz).replace(tzinfo=None, fold=0) + _LONGEST_FOLD
    for local in CronSim(check_cron(cron), wall, reverse=True):
        instant = _instant(local, tz)
        if instant <= at:
            return instant
    return None


def due(*, at: dt.datetime) -> list[Due]:
    """Return what is due: for each active schedule its newest occurrence, unless that has been run.

    Older occurrences missed in an outage are left out: a reader wants the report of now, once.
    A schedule whose cron line or zone cannot be read (edited past the forms) is left out here and shown as
    broken on its page.
    """
    rows = (
        Schedule.objects.filter(active=True, report__active=True)
        .select_related("report", "entity", "variant")
        .annotate(last_at=Max("runs__occurrence_at"))
        .order_by("report__position", "report__slug", "id")
    )
    found = []
    turns: Counter[dt.datetime] = Counter()
    for row in rows:
        occurrence = _newest_or_none(row, at)
        if occurrence is None or occurrence < row.starts_at:
            continue
        if row.last_at is None or row.last_at < occurrence:
            found.append(Due(row, occurrence, turns[occurrence]))
        turns[occurrence] += 1
    return found


def _newest_or_none(row: Schedule, at: dt.datetime) -> dt.datetime | None:
    try:
        return newest(cron=row.cron, zone=row.zone, at=at)
    except (CronError, UnknownZoneError):
        return None


def save_schedule(
    *,
    report: Report,
    name: str,
    cron: str,
    zone: str,
    at: dt.datetime,
    by: Person | None,
    entity: Entity | None = None,
    variant: Variant | None = None,
    schedule: Schedule | None = None,
) -> Schedule:
    """Create a schedule, or change one; its occurrences count from this instant on.

    ``entity`` None is the whole portfolio; ``variant`` replaces each reader's own.

    Raises:
        CronError, UnknownZoneError: what was typed cannot be read.
        ScheduleError: the report has another schedule of that name, or does not look at the entity.
    """
    plain = check_cron(cron)
    clock.zone(zone)
    try:
        catalogue.check(report=report, entity=entity)
    except catalogue.UnfitEntityError as error:
        raise ScheduleError(str(error)) from error
    before = _facts(schedule) if schedule is not None else {}
    row = schedule or Schedule(report=report)
    row.name, row.cron, row.zone, row.starts_at = name, plain, zone, at
    row.entity, row.variant = entity, variant
    with transaction.atomic():
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError as error:
            raise ScheduleError(
                f"{report.title} has a schedule called {name!r} already; give this one another name."
            ) from error
        audit.record(
            action="reports:schedule:change" if schedule is not None else "reports:schedule:create",
            subject=row,
            by=by,
            at=at,
            data={name: [before.get(name, ""), value] for name, value in _facts(row).items()},
        )
    return row


def set_active(*, schedule: Schedule, active: bool, at: dt.datetime, by: Person) -> bool:
    """Pause a schedule or set it going again; return whether that changed anything.

    What fell due while it was paused is not run afterwards.
    """
    with transaction.atomic():
        changed = Schedule.objects.filter(pk=schedule.pk, active=not active).update(
            active=active, **({"starts_at": at} if active else {})
        )
        if changed:
            audit.record(
                action="reports:schedule:resume" if active else "reports:schedule:pause",
                subject=schedule,
                by=by,
                at=at,
            )
    return bool(changed)


def _facts(row: Schedule) -> dict[str, str]:
    return {
        "name": row.name,
        "cron": row.cron,
        "zone": row.zone,
        "entity": "" if row.entity is None else row.entity.slug,
        "variant": "" if row.variant is None else row.variant.slug,
    }


def _forward(cron: str, tz: ZoneInfo, after: dt.datetime) -> Iterator[dt.datetime]:
    # Starting early costs a few steps and keeps a wall time that the clock is about to show again from being
    # overlooked; what is not after the instant is passed over.
    wall = after.astimezone(tz).replace(tzinfo=None, fold=0) - _LONGEST_FOLD
    last = after
    for local in CronSim(cron, wall):
        instant = _instant(local, tz)
        if instant > last:
            last = instant
            yield instant


def _instant(local: dt.datetime, tz: ZoneInfo) -> dt.datetime:
    """Return the instant of a wall time: the first of two, or the first after a gap."""
    aware = local.replace(tzinfo=tz, fold=0)
    instant = aware.astimezone(dt.UTC)
    if instant.astimezone(tz).replace(tzinfo=None) == local:
        return instant
    # Within a gap the two readings of the wall time stand on either side of the change of clocks.
    before = aware.replace(fold=1).astimezone(dt.UTC)
    offset = before.astimezone(tz).utcoffset()
    step = dt.timedelta(minutes=1)
    while before.astimezone(tz).utcoffset() == offset:
        before += step
    return before
