"""The technology as of a day: systems, findings, cost, measures, releases, names and caches, and what notes say of them."""

import datetime as dt
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from core import clock, months
from portfolio.models import (
    CacheRule,
    Deployment,
    DnsRecord,
    DomainName,
    HandoffRow,
    MeasureName,
    TechCost,
    TechFinding,
    TechMeasure,
    TechSnapshot,
    TechSystem,
)

# Cost is looked back on for a year and the month before it, measures for the report's month and the one before. A year so
# far begins up to eleven months back and stands beside the year before it: so far back releases are read.
COST_MONTHS = 14
MEASURE_MONTHS = 3
RELEASE_MONTHS = 24


@dataclass(frozen=True, slots=True)
class CostFact:
    """What a service cost an entity in a month, as the newest snapshot of it says."""

    id: int
    entity_id: int
    month: int
    service: str
    amount_minor: int
    forecast_minor: int | None
    saveable_minor: int | None
    saving: str
    seen_on: dt.date


@dataclass(frozen=True, slots=True)
class MeasureFact:
    """What was measured of a system on a day, as the newest snapshot of it says."""

    id: int
    entity_id: int
    system_id: int
    on: dt.date
    name: str
    value: int
    seen_on: dt.date


@dataclass(frozen=True, slots=True)
class DeploymentFact:
    """A release; ``on`` is its day in the portfolio's zone, ``minutes`` how long a failed one took to be made good."""

    id: int
    entity_id: int
    what: str
    change: str
    on: dt.date
    at: dt.datetime
    outcome: str
    minutes: int | None


@dataclass(frozen=True, slots=True)
class NoteDebt:
    """A task of technical debt in a current note, and the file and line where it stands."""

    entity_id: int
    where: str
    label: str
    done: bool


def state_of(finding: TechFinding, *, on: dt.date) -> str:
    """Return whether a finding stood open, muted or fixed on a day."""
    if finding.fixed_on is not None and finding.fixed_on <= on:
        return "fixed"
    return "muted" if finding.muted_until is not None and on < finding.muted_until else "open"


def tech_snapshots(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[TechSnapshot, ...]:
    """Return the newest snapshot of each source up to a day."""
    del entity_ids  # A snapshot is of an account, which may serve several entities.
    newest: dict[str, TechSnapshot] = {}
    for row in TechSnapshot.objects.filter(covers_on__lte=as_of).order_by("covers_on", "id"):
        newest[row.source] = row
    return tuple(newest.values())


def tech_systems(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[TechSystem, ...]:
    """Return what runs for these entities."""
    del as_of  # A system has no date.
    return tuple(TechSystem.objects.filter(entity_id__in=entity_ids))


def tech_findings(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[TechFinding, ...]:
    """Return every finding seen up to a day, with its system."""
    return tuple(
        TechFinding.objects.filter(entity_id__in=entity_ids, first_seen_on__lte=as_of).select_related(
            "system"
        )
    )


def tech_costs(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[CostFact, ...]:
    """Return each service's cost by month, by the newest snapshot up to a day that holds it."""
    rows = (
        TechCost.objects.filter(
            entity_id__in=entity_ids,
            snapshot__covers_on__lte=as_of,
            month__gt=months.month_of(as_of) - COST_MONTHS,
            month__lte=months.month_of(as_of),
        )
        .order_by("entity_id", "service", "month", "snapshot__covers_on", "snapshot_id")
        .values_list(
            "id", "entity_id", "month", "service", "amount_minor", "forecast_minor", "saveable_minor", "saving",
            "snapshot__covers_on",
        )
    )  # fmt: skip
    facts = (CostFact(*row) for row in rows)
    return _newest(facts, lambda row: (row.entity_id, row.month, row.service))


def tech_measures(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[MeasureFact, ...]:
    """Return what was measured on each day of the last months, by the newest snapshot up to a day that holds it."""
    rows = (
        TechMeasure.objects.filter(
            system__entity_id__in=entity_ids,
            snapshot__covers_on__lte=as_of,
            on__gte=months.first_day(months.month_of(as_of) - MEASURE_MONTHS + 1),
            on__lte=as_of,
            name__in=MeasureName.values,
        )
        .order_by("system_id", "name", "on", "snapshot__covers_on", "snapshot_id")
        .values_list("id", "system__entity_id", "system_id", "on", "name", "value", "snapshot__covers_on")
    )
    facts = (MeasureFact(*row) for row in rows)
    return _newest(facts, lambda row: (row.system_id, row.name, row.on))


def releases_since(as_of: dt.date) -> dt.date:
    """Return from which day on releases are read for a report of a day."""
    return months.first_day(months.month_of(as_of) - RELEASE_MONTHS)


def deployments(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[DeploymentFact, ...]:
    """Return the releases since `releases_since` up to a day, oldest first; days are the portfolio's."""
    zone = clock.zone()
    first = dt.datetime.combine(releases_since(as_of), dt.time(), tzinfo=zone)
    rows = (
        Deployment.objects.filter(entity_id__in=entity_ids, at__gte=first, at__lt=clock.end_of(as_of))
        .order_by("at", "id")
        .values_list("id", "entity_id", "what", "change", "at", "outcome", "restored_at")
    )
    return tuple(
        DeploymentFact(
            pk, entity, what, change, at.astimezone(zone).date(), at, outcome,
            None if restored is None or restored >= clock.end_of(as_of) else round((restored - at).total_seconds() / 60),
        )
        for pk, entity, what, change, at, outcome, restored in rows
    )  # fmt: skip


def domain_names(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[DomainName, ...]:
    """Return the domain names seen up to a day."""
    return tuple(DomainName.objects.filter(entity_id__in=entity_ids, seen_on__lte=as_of))


def dns_records(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[DnsRecord, ...]:
    """Return the DNS records seen up to a day."""
    return tuple(DnsRecord.objects.filter(entity_id__in=entity_ids, seen_on__lte=as_of))


def cache_rules(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[CacheRule, ...]:
    """Return who says for how long a path is kept."""
    del as_of  # A rule has no date.
    return tuple(CacheRule.objects.filter(entity_id__in=entity_ids))


def note_debts(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[NoteDebt, ...]:
    """Return the tasks of technical debt in current notes."""
    rows = HandoffRow.objects.filter(
        file__entity_id__in=entity_ids,
        file__current=True,
        file__updated_on__lte=as_of,
        kind="debt",
        done__isnull=False,
    ).values_list("file__entity_id", "file__name", "line", "label", "done")
    return tuple(
        NoteDebt(entity, f"{name} line {line}", label, bool(done)) for entity, name, line, label, done in rows
    )


Fact = TypeVar("Fact")


def _newest(rows: Iterable[Fact], key: Callable[[Fact], Hashable]) -> tuple[Fact, ...]:
    """Return the last of the rows of each key, in order; the rows come oldest first."""
    found: dict[Hashable, Fact] = {}
    for row in rows:
        found[key(row)] = row
    return tuple(found.values())
