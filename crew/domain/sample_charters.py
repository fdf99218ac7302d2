"""The sample's charters: ports, vessels, limits, people and templates out of `demo/charters.toml`.

Its events stand in `crew.domain.sample_events` and `crew.domain.sample_history`: they lie around the day of loading.
"""

import datetime as dt
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from django.db import transaction

from core import clock
from crew.domain import people, sample_events, sample_history
from crew.models import (
    ChecklistTemplate,
    Credential,
    Event,
    EventTemplate,
    ItemTemplate,
    OperatingLimit,
    Person,
    Port,
    PositionTemplate,
    Role,
    Vessel,
)
from portfolio.models import Asset, Entity

FILE = "charters.toml"
# How long before it runs out a paper of each kind was issued.
_LASTS = {"captain_licence": 1825, "medical": 730, "twic": 1825, "drug_programme": 365, "first_aid": 730}


class SampleFileError(Exception):
    """The file of the charters is missing or cannot be read."""


class Loaded(NamedTuple):
    """How many people and events came; none where they are here already."""

    people: int
    events: int


def load(*, folder: Path, at: dt.datetime) -> Loaded:
    """Load the charters around the day of ``at``, all of them or nothing; a second time changes nothing.

    Raises:
        SampleFileError: ``charters.toml`` is missing from the folder, or broken.
        Entity.DoesNotExist: the sample's records are not loaded yet.
        crew.domain.people.PersonRefusedError: a real person has one of the sample's addresses.
    """
    if Event.objects.filter(sample=True).exists():
        return Loaded(0, 0)
    told = _read(folder / FILE)
    with transaction.atomic():
        entities = {slug: Entity.objects.get(slug=slug) for slug in ("qos", "jada", "eyd")}
        ports = {row["slug"]: _port(row) for row in told["ports"]}
        for row in told["vessels"]:
            _vessel(entities[row["entity"]], ports[row["port"]], row)
        for row in told["limits"]:
            _limit(row)
        lists = {
            (slug, row["name"]): _checklist(entities.get(slug), row)
            for row in told["checklists"]
            for slug in [row.get("entity", "")]
        }
        for row in told["templates"]:
            _template(entities[row["entity"]], row, lists)
        today = clock.today(at=at)
        for row in told["people"]:
            _person(row, today=today, at=at)
        past = sample_history.load(today=today, at=at)
        coming = sample_events.load(today=today, at=at)
    return Loaded(len(told["people"]), past + coming)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SampleFileError(
            f"{path} cannot be read ({error}); restore demo/ from the repository."
        ) from error


def _port(row: Mapping[str, Any]) -> Port:
    port, _ = Port.objects.get_or_create(
        slug=row["slug"],
        defaults={name: row[name] for name in ("name", "latitude", "longitude", "zone")},
    )
    return port


def _vessel(entity: Entity, port: Port, row: Mapping[str, Any]) -> None:
    asset = (
        Asset.objects.filter(entity=entity, name__startswith=row["asset"]).first() if "asset" in row else None
    )
    Vessel.objects.get_or_create(
        entity=entity,
        name=row["name"],
        defaults={"home_port": port, "asset": asset, "turnaround_minutes": row["turnaround"]},
    )


def _limit(row: Mapping[str, Any]) -> None:
    """Add a limit; one that is on record for that mode, vessel and day stays."""
    OperatingLimit.objects.get_or_create(
        mode=row["mode"],
        vessel=Vessel.objects.get(name=row["vessel"]) if "vessel" in row else None,
        from_on=row["from"],
        defaults={"passengers": row["passengers"], "source": row["source"]},
    )


def _checklist(entity: Entity | None, row: Mapping[str, Any]) -> ChecklistTemplate:
    found, made = ChecklistTemplate.objects.get_or_create(
        entity=entity, name=row["name"], defaults={"phase": row["phase"]}
    )
    if made:
        ItemTemplate.objects.bulk_create(
            ItemTemplate(
                checklist=found,
                text=line["text"],
                detail=line.get("detail", ""),
                role=line.get("role", Role.CREW),
                due_from=line.get("from", "departure"),
                due_minutes=line["at"],
                critical=line.get("critical", False),
                evidence=line.get("evidence", "tick"),
                low=line.get("low"),
                high=line.get("high"),
                unit=line.get("unit", ""),
                sort=number,
            )
            for number, line in enumerate(row["items"], start=1)
        )
    return found


def _template(
    entity: Entity, row: Mapping[str, Any], lists: Mapping[tuple[str, str], ChecklistTemplate]
) -> None:
    found, made = EventTemplate.objects.get_or_create(
        entity=entity,
        name=row["name"],
        defaults={
            "kind": row["kind"],
            "mode": row.get("mode", ""),
            "capacity": row["capacity"],
            "departure_anchor": row["departure"][0],
            "departure_minutes": row["departure"][1],
            "return_anchor": row["return"][0],
            "return_minutes": row["return"][1],
            "crew_call_minutes": row["crew_call"],
            "boarding_minutes": row["boarding"],
            "release_hours": row["release_hours"],
            "waiver_required": row.get("waiver", True),
            "meeting_point": row.get("meeting_point", ""),
            "notes_captain": row.get("notes_captain", ""),
            "notes_crew": row.get("notes_crew", ""),
            "notes_guests": row.get("notes_guests", ""),
        },
    )
    if not made:
        return
    found.checklists.set(
        [
            lists[entity.slug, name] if (entity.slug, name) in lists else lists["", name]
            for name in row["checklists"]
        ]
    )
    PositionTemplate.objects.bulk_create(
        PositionTemplate(
            template=found,
            station=line["station"],
            count=line.get("count", 1),
            requires=line.get("requires", []),
            rate_minor=line["rate"],
            sort=number,
        )
        for number, line in enumerate(row.get("positions", []), start=1)
    )


def _person(row: Mapping[str, Any], *, today: dt.date, at: dt.datetime) -> None:
    """Add somebody invented with their papers; who is here already keeps those they have."""
    if Person.objects.filter(email=row["email"], sample=True).exists():
        return
    person = people.add_person(email=row["email"], name=row["name"], at=at, by=None, sample=True)
    Credential.objects.bulk_create(
        Credential(
            person=person,
            kind=paper["kind"],
            number=paper.get("number", ""),
            issued_on=today + dt.timedelta(days=paper["days"] - _LASTS[paper["kind"]]),
            expires_on=today + dt.timedelta(days=paper["days"]),
            added_at=at,
        )
        for paper in row.get("papers", [])
    )
