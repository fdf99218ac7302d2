"""The database that tests begin with is the one that Django's own migrations make."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from tests import databases

_ON_POSTGRESQL = """
    SELECT 'column', table_name, column_name, data_type || is_nullable || coalesce(column_default, '')
        || coalesce(character_maximum_length, 0)
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
    FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'function', '', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""
_ON_SQLITE = "SELECT type, tbl_name, name, sql FROM sqlite_master"


def _schema() -> list[tuple[str, ...]]:
    """Return everything the database of this moment is made of."""
    with connection.cursor() as cursor:
        cursor.execute(_ON_POSTGRESQL if connection.vendor == "postgresql" else _ON_SQLITE)
        return sorted(tuple(map(str, row)) for row in cursor.fetchall())


def _rows() -> dict[str, int]:
    """Return how many rows the migrations themselves have written, by table."""
    with connection.cursor() as cursor:
        found = {}
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            found[table] = cursor.fetchone()[0]
        return found


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_quick_migrations_make_what_django_makes(tmp_path: Path) -> None:
    quick, known = _schema(), _rows()
    with databases.elsewhere(str(tmp_path / "plain.sqlite3")):
        call_command("migrate", interactive=False, verbosity=0)
        assert _schema() == quick
        assert _rows() == known
    assert connections["default"].settings_dict["NAME"] == settings.DATABASES["default"]["NAME"]
