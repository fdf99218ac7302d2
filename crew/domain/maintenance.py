"""Maintenance records: something on a vessel needs mending, until somebody says how it was put right."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from core import audit
from crew.domain import history
from crew.domain.history import Actor
from crew.models import ChecklistItem, MaintenanceRecord, Vessel

LONGEST_TITLE = 160
LONGEST_NOTE = 2_000
LONGEST_RESOLUTION = 2_000


class OpeningRefusedError(Exception):
    """A maintenance record cannot be opened; the message says why."""


class ClosingRefusedError(Exception):
    """A maintenance record cannot be closed; the message says why."""


@dataclass(frozen=True, slots=True)
class VesselCount:
    """How many records of a vessel are open."""

    pk: int
    name: str
    open: int


def is_open_for(*, item: ChecklistItem) -> bool:
    """Tell whether a record that this item opened is still open."""
    return MaintenanceRecord.objects.filter(item=item, closed_at__isnull=True).exists()


def open_for_item(*, item: ChecklistItem, note: str, by: Actor, at: dt.datetime) -> None:
    """Open a record for an item that was out of limits, in the caller's transaction; one that is open stays."""
    if is_open_for(item=item):
        return
    event = item.event
    record = MaintenanceRecord.objects.create(
        vessel=event.vessel,
        event=event,
        item=item,
        title=f"Out of limits: {item.text}"[:160],
        note=note,
        opened_at=at,
        opened_by=by.person,
    )
    history.note(
        event=event,
        action="crew:maintenance:open",
        subject=record,
        by=by,
        at=at,
        data={"note": ["", note], "item": item.pk},
    )


def open_for_vessel(
    *, vessel: Vessel, title: str, note: str, by: Actor, at: dt.datetime
) -> MaintenanceRecord:
    """Open a record that somebody wrote down by hand.

    Raises:
        OpeningRefusedError: nothing says what needs mending, it is too long, or the same stands open already.
    """
    title, note = title.strip(), note.strip()
    if not title or len(title) > LONGEST_TITLE or "\x00" in title:
        raise OpeningRefusedError(
            f"Say in plain words, at most {LONGEST_TITLE} characters, what needs mending."
        )
    if len(note) > LONGEST_NOTE or "\x00" in note:
        raise OpeningRefusedError(f"Write the note in plain words, at most {LONGEST_NOTE} characters.")
    with transaction.atomic():
        # The vessel's row is held, so that a form sent twice makes one record.
        Vessel.objects.select_for_update().get(pk=vessel.pk)
        if MaintenanceRecord.objects.filter(
            vessel=vessel, item__isnull=True, title=title, closed_at__isnull=True
        ).exists():
            raise OpeningRefusedError(f"“{title}” is open for {vessel} already.")
        record = MaintenanceRecord.objects.create(
            vessel=vessel, title=title, note=note, opened_at=at, opened_by=by.person
        )
        audit.record(
            action="crew:maintenance:open",
            subject=record,
            at=at,
            by=by.person,
            entity=vessel.entity.slug,
            data={"title": ["", title], "note": ["", note], "grant": by.grant_id},
        )
    return record


def close(*, record: MaintenanceRecord, resolution: str, by: Actor, at: dt.datetime) -> None:
    """Close a record with what was done. An item it held stays on hold until somebody resumes it.

    Raises:
        ClosingRefusedError: it is closed already, or nothing says what was done.
    """
    resolution = resolution.strip()
    if not resolution or len(resolution) > LONGEST_RESOLUTION or "\x00" in resolution:
        raise ClosingRefusedError(
            f"Say in plain words, at most {LONGEST_RESOLUTION} characters, what was done about it."
        )
    with transaction.atomic():
        closed = MaintenanceRecord.objects.filter(
            pk=record.pk, closed_at__isnull=True, opened_at__lte=at
        ).update(closed_at=at, closed_by=by.person, resolution=resolution)
        if not closed:
            raise ClosingRefusedError("Somebody closed this record before; nothing is left to do.")
        data = {"state": ["open", "closed"], "resolution": ["", resolution]}
        action = "crew:maintenance:close"
        if record.event is not None:
            history.note(event=record.event, action=action, subject=record, by=by, at=at, data=data)
        else:
            audit.record(
                action=action,
                subject=record,
                at=at,
                by=by.person,
                entity=record.vessel.entity.slug if record.vessel else "",
                data={**data, "grant": by.grant_id},
            )
    record.refresh_from_db(fields=["closed_at", "closed_by", "resolution"])


def records(*, entity_ids: Collection[int] | None) -> QuerySet[MaintenanceRecord]:
    """Return the records of some entities' vessels and events, or of all, the newest first."""
    rows = MaintenanceRecord.objects.select_related(
        "vessel__entity", "event__entity", "event__port", "opened_by", "closed_by"
    )
    if entity_ids is None:
        return rows
    return rows.filter(
        Q(vessel__entity__in=entity_ids) | Q(vessel__isnull=True, event__entity__in=entity_ids)
    )


def vessels(*, entity_ids: Collection[int] | None) -> QuerySet[Vessel]:
    """Return the vessels in use of some entities, or of all."""
    rows = Vessel.objects.filter(active=True).select_related("entity").order_by("name", "pk")
    return rows if entity_ids is None else rows.filter(entity__in=entity_ids)


def vessel_counts(*, rows: QuerySet[MaintenanceRecord]) -> list[VesselCount]:
    """Return the vessels that have records among these, with how many are open."""
    found = (
        rows.filter(vessel__isnull=False)
        .order_by("vessel__name", "vessel_id")
        .values_list("vessel_id", "vessel__name")
        .annotate(open=Count("pk", filter=Q(closed_at__isnull=True)))
    )
    return [VesselCount(pk, name, count) for pk, name, count in found]
