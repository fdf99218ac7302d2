"""Snapshots: what a source saw of cost and measures up to a day. Taken again, a snapshot is brought up to date."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit, months
from portfolio.domain.technology.masking import mask, mask_all
from portfolio.domain.technology.refused import TechnologyRefusedError, past
from portfolio.models import (
    Entity,
    MeasureName,
    SnapshotSource,
    TechCost,
    TechMeasure,
    TechSnapshot,
    TechSystem,
)


@dataclass(frozen=True, slots=True)
class CostSeen:
    """What a service cost an entity in a month, in cents; ``forecast_minor`` is the whole month as expected.

    ``saveable_minor`` is what could be saved of a month; None where nobody judged.
    """

    entity: Entity
    month: months.Month
    service: str
    amount_minor: int
    forecast_minor: int | None = None
    saveable_minor: int | None = None
    saving: str = ""


@dataclass(frozen=True, slots=True)
class MeasureSeen:
    """What was measured of a system on a local day, in the unit of its name."""

    system: TechSystem
    on: dt.date
    name: MeasureName
    value: int


def take(
    *,
    source: SnapshotSource,
    covers_on: dt.date,
    costs: Sequence[CostSeen] = (),
    measures: Sequence[MeasureSeen] = (),
    denied: Sequence[str] = (),
    complete: bool = True,
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> TechSnapshot:
    """Keep what a source saw up to a local day; there is one snapshot a source and day.

    A row said again replaces what was said of it; the snapshot's other rows stay.

    ``denied`` is what the source was not allowed to read: unknown, and never taken for absent.

    Raises:
        TechnologyRefusedError: the day lies ahead, a row is about a later day, or an amount saved is negative.
    """
    past(covers_on, at)
    if any(row.on > covers_on for row in measures):
        raise TechnologyRefusedError("A snapshot holds nothing of days after the last one it covers.")
    if any(row.month > months.month_of(covers_on) for row in costs):
        raise TechnologyRefusedError("A snapshot holds no cost of months after the one it covers.")
    if any(row.value < 0 for row in measures) or any((row.saveable_minor or 0) < 0 for row in costs):
        raise TechnologyRefusedError("What is measured, and what can be saved, is never below zero.")
    # The last word on a service or a measure counts; a database takes no row twice in one statement.
    by_service = {(row.entity.pk, row.month, mask(row.service).strip()[:60]): row for row in costs}
    if not all(service for *_, service in by_service):
        raise TechnologyRefusedError("Name the service that cost something.")
    by_day = {(row.system.pk, row.on, row.name): row for row in measures}
    values = {"taken_at": at, "complete": complete, "denied": mask_all(list(denied))}
    with transaction.atomic():
        snapshot, _ = TechSnapshot.objects.update_or_create(
            source=source, covers_on=covers_on, defaults=values
        )
        TechCost.objects.bulk_create(
            [
                TechCost(
                    snapshot=snapshot,
                    entity=row.entity,
                    month=row.month,
                    service=service,
                    amount_minor=row.amount_minor,
                    forecast_minor=row.forecast_minor,
                    saveable_minor=row.saveable_minor,
                    saving=mask(row.saving)[:160],
                )
                for (_, _, service), row in by_service.items()
            ],
            update_conflicts=True,
            unique_fields=["snapshot", "entity", "month", "service"],
            update_fields=["amount_minor", "forecast_minor", "saveable_minor", "saving"],
        )
        TechMeasure.objects.bulk_create(
            [
                TechMeasure(snapshot=snapshot, system=row.system, on=row.on, name=row.name, value=row.value)
                for row in by_day.values()
            ],
            update_conflicts=True,
            unique_fields=["snapshot", "system", "on", "name"],
            update_fields=["value"],
        )
        owners = {row.entity.slug for row in costs} | {row.system.entity.slug for row in measures}
        for slug in sorted(owners):
            audit.record(
                action="portfolio:tech_snapshot:take",
                subject=snapshot,
                at=at,
                by=by,
                entity=slug,
                data={"covers_on": covers_on.isoformat(), "costs": len(costs), "measures": len(measures)},
            )
    return snapshot
