"""The audit trail grows and does nothing else."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from core import audit
from core.models import AuditEvent
from portfolio.models import Entity

AT = dt.datetime(2026, 11, 10, 18, 30, tzinfo=dt.UTC)


@pytest.fixture
def event(db: None) -> AuditEvent:
    """Return one event about an entity."""
    entity = Entity.objects.create(slug="qos", name="QueenofSanDiego", kind="charter")
    return audit.record(
        action="portfolio:entity:open", subject=entity, at=AT, entity="qos", data={"from": None, "to": "open"}
    )


def test_an_event_says_what_happened_to_what_and_when(event: AuditEvent) -> None:
    stored = AuditEvent.objects.get()
    assert (stored.action, stored.at, stored.actor, stored.entity_slug) == (
        "portfolio:entity:open",
        AT,
        None,
        "qos",
    )
    assert (stored.subject_type, stored.subject_label) == ("portfolio.entity", "QueenofSanDiego")
    assert stored.subject_id == str(Entity.objects.get().pk)
    assert stored.data == {"from": None, "to": "open"}


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


_COLUMNS = "at, action, subject_type, subject_id, subject_label, entity_slug, scope, data"
ATTACKS: dict[str, Callable[[AuditEvent], Any]] = {
    "save": lambda event: event.save(),
    "delete": lambda event: event.delete(),
    "queryset update": lambda event: AuditEvent.objects.update(action="x"),
    "queryset delete": lambda event: AuditEvent.objects.all().delete(),
    "bulk update": lambda event: AuditEvent.objects.bulk_update([event], ["action"]),
    "sql update": lambda event: _run("UPDATE core_auditevent SET action = 'x'"),
    "sql delete": lambda event: _run("DELETE FROM core_auditevent"),
}
if settings.ENGINE == "sqlite":
    ATTACKS["replace"] = lambda event: _run(
        f"INSERT OR REPLACE INTO core_auditevent (id, {_COLUMNS}) SELECT id, {_COLUMNS} FROM core_auditevent"
    )
else:
    ATTACKS["truncate"] = lambda event: _run("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE core_auditevent")
    ATTACKS["upsert"] = lambda event: _run(
        f"INSERT INTO core_auditevent (id, {_COLUMNS}) SELECT id, {_COLUMNS} FROM core_auditevent "
        "ON CONFLICT (id) DO UPDATE SET action = 'x'"
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_events_are_neither_changed_nor_deleted(event: AuditEvent, attack: str) -> None:
    before = list(AuditEvent.objects.values())
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        ATTACKS[attack](event)
    assert list(AuditEvent.objects.values()) == before


def test_an_event_goes_with_its_transaction(event: AuditEvent) -> None:
    def fail() -> None:
        with transaction.atomic():
            audit.record(action="portfolio:entity:close", subject=Entity.objects.get(), at=AT)
            raise RuntimeError("after the record")

    with pytest.raises(RuntimeError, match="after the record"):
        fail()
    assert AuditEvent.objects.count() == 1
