"""The flush of tests that commit: it puts back what the migrations left, guards or not.

Each pair of tests runs in whatever order chance gives it; either way the second one finds a clean database.
"""

import datetime as dt

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection, transaction

from core.models import AuditEvent
from tests import flush

AT = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)


def write_one() -> AuditEvent:
    return AuditEvent.objects.create(
        at=AT, action="test:row:write", subject_type="test", subject_id="1", subject_label="One"
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", [1, 2])
def test_a_row_that_may_never_be_deleted_is_gone_in_the_next_test(time: int) -> None:
    write_one()

    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", [1, 2])
def test_rows_that_migrations_wrote_are_there_after_a_test_that_committed(time: int) -> None:
    write_one()

    assert ContentType.objects.filter(app_label="core", model="auditevent").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("grown", [0, 1024**4], ids=["new files", "old files"])
def test_the_guards_stand_after_a_flush(grown: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flush, "GROWN", grown)
    types = ContentType.objects.count()
    write_one()
    flush.restore()
    assert not AuditEvent.objects.exists()
    assert ContentType.objects.count() == types
    row = write_one()

    for change in (row.delete, lambda: AuditEvent.objects.update(action="test:row:other")):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()

    assert AuditEvent.objects.get().action == "test:row:write"


@pytest.mark.django_db(transaction=True)
def test_numbers_given_after_a_flush_do_not_meet_rows_that_were_put_back() -> None:
    flush.restore()

    made = ContentType.objects.create(app_label="test", model="made")

    assert ContentType.objects.filter(pk=made.pk).count() == 1


@pytest.mark.django_db
def test_the_engine_is_the_one_that_was_asked_for() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert cursor.execute("PRAGMA synchronous").fetchone() == (1,)
            assert cursor.execute("PRAGMA foreign_keys").fetchone() == (1,)
        else:
            cursor.execute("SHOW server_encoding")
            assert cursor.fetchone() == ("UTF8",)
