"""Puts the test database back as the migrations left it, after a test that committed.

Django's own flush deletes rows, which the append-only guards refuse, and it forgets the rows that migrations wrote.
So the state after migration is kept as a template and restored from there. Production code has no switch that turns
a guard off; this uses what each engine offers to whoever owns the database: a copy of the file on SQLite,
a superuser's ``session_replication_role`` on PostgreSQL.
"""

import sqlite3
from pathlib import Path
from typing import Any

from django.db import connection

_SCHEMA = "template"
GROWN = 8 * 1024**2
"""Bytes of tables and indexes from which on new files are quicker than old ones full of dead rows."""

_scripts: dict[str, str] = {}


def remember() -> None:
    """Keep the database as it is now: called once, right after the migrations ran."""
    if connection.vendor == "sqlite":
        keep("template")
    else:
        _remember_postgresql()


def restore(*_: Any) -> None:
    """Put back what `remember` kept."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        _fill_from(_copy("template"))
    else:
        _restore_postgresql()


def keep(name: str) -> None:
    """Keep what a test has committed, under a name; only on SQLite, where it is a file."""
    if connection.vendor == "sqlite":
        _copy(name).unlink(missing_ok=True)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(_copy(name))])


def bring(name: str) -> bool:
    """Put back what was kept under a name, and tell whether anything was."""
    if connection.vendor != "sqlite" or not _copy(name).exists():
        return False
    connection.ensure_connection()
    _fill_from(_copy(name))
    return True


def _fill_from(file: Path) -> None:
    source = sqlite3.connect(file)
    try:
        source.backup(connection.connection)
    finally:
        source.close()


def _copy(name: str) -> Path:
    return Path(f"{connection.settings_dict['NAME']}.{name}")


def _tables(cursor: Any, schema: str) -> list[str]:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename", [schema])
    return [name for (name,) in cursor.fetchall()]


def _columns(cursor: Any, table: str) -> str:
    """Return the columns of a table that may be written, quoted, comma between."""
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s "
        "AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    )
    return ", ".join(f'"{name}"' for (name,) in cursor.fetchall())


def _remember_postgresql() -> None:
    empty, fill = [], []
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {_SCHEMA} CASCADE")
        cursor.execute(f"CREATE SCHEMA {_SCHEMA}")
        tables = _tables(cursor, "public")
        for table in tables:
            empty.append(f'DELETE FROM public."{table}"')
            cursor.execute(f'SELECT EXISTS (SELECT FROM public."{table}")')
            if cursor.fetchone()[0]:
                columns = _columns(cursor, table)
                cursor.execute(f'CREATE TABLE {_SCHEMA}."{table}" AS SELECT {columns} FROM public."{table}"')
                fill.append(
                    f'INSERT INTO public."{table}" ({columns}) OVERRIDING SYSTEM VALUE '
                    f'SELECT {columns} FROM {_SCHEMA}."{table}"'
                )
    begin = ["BEGIN", "SET LOCAL session_replication_role = replica"]
    names = ", ".join(f'public."{table}"' for table in tables)
    _scripts["rows"] = ";\n".join([*begin, *empty, *fill, "COMMIT"])
    _scripts["files"] = ";\n".join([*begin, f"TRUNCATE {names}", *fill, "COMMIT"])


def _restore_postgresql() -> None:
    """Put the rows back in one round trip.

    Deleting is quicker while tables are small. Deleted and rolled-back rows stay in their files, though, and nothing
    vacuums here, so tables that have grown get new files.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_relation_size(oid)) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        )
        cursor.execute(_scripts["files" if cursor.fetchone()[0] > GROWN else "rows"])
