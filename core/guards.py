"""Guards: integrity that the database itself keeps, whatever code or hand wrote the row.

A migration lists `Guard` operations; each installs the triggers of the engine it runs on. Both engines must
refuse the same things with the same sentence. What the triggers protect lives with the models they protect.
"""

# ruff: noqa: S608 - the only words put into these statements are names and sentences of ours.

from collections.abc import Sequence

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


class Guard(migrations.RunPython):
    """A migration operation that runs one engine's statements forward and its own undo statements back."""

    def __init__(
        self,
        *,
        sqlite: Sequence[str],
        postgresql: Sequence[str],
        undo_sqlite: Sequence[str],
        undo_postgresql: Sequence[str],
    ) -> None:
        """Take the statements of both engines, each a whole SQL statement."""
        self.statements = {"sqlite": tuple(sqlite), "postgresql": tuple(postgresql)}
        self.undo = {"sqlite": tuple(undo_sqlite), "postgresql": tuple(undo_postgresql)}
        super().__init__(_runner(self.statements), _runner(self.undo))


def _runner(statements: dict[str, tuple[str, ...]]):  # type: ignore[no-untyped-def]
    def run(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
        for statement in statements[editor.connection.vendor]:
            editor.execute(statement)

    return run


def append_only(table: str, sentence: str, *, unique: Sequence[Sequence[str]] = ()) -> Guard:
    """Return a guard that refuses UPDATE, DELETE (and TRUNCATE on PostgreSQL) on a table.

    ``sentence`` is what the database answers; it holds no quotes. ``unique`` names the table's unique keys beside
    its id, each as its columns.
    """
    name = f"{table}_append_only"
    taken = " OR ".join(
        " AND ".join(f"{column} = NEW.{column}" for column in key) for key in (("id",), *unique)
    )
    return Guard(
        # REPLACE deletes the row that holds a key on SQLite without firing its DELETE trigger.
        sqlite=[
            f"CREATE TRIGGER {name}_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken}) "
            f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
        ]
        + [
            f"CREATE TRIGGER {name}_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
            for verb in ("UPDATE", "DELETE")
        ],
        undo_sqlite=[f"DROP TRIGGER {name}_{verb}" for verb in ("replace", "update", "delete")],
        postgresql=[
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{sentence}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
            f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()",
            f"CREATE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
        ],
        undo_postgresql=[
            f"DROP TRIGGER {name}_truncate ON {table}",
            f"DROP TRIGGER {name} ON {table}",
            f"DROP FUNCTION {name}()",
        ],
    )
