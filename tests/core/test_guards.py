"""A guard runs its engine's statements forward and its undo statements back."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from core.guards import append_only

TABLE = "kept_rows"


@pytest.mark.django_db(transaction=True)
def test_append_only_can_be_put_on_and_taken_off() -> None:
    guard = append_only(TABLE, "Rows stay.")

    def run(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    run(f"CREATE TABLE {TABLE} (id integer PRIMARY KEY, word text)")
    with connection.schema_editor(atomic=False) as editor:
        guard.code(apps, editor)
    run(f"INSERT INTO {TABLE} VALUES (1, 'one')")
    for attack in (f"UPDATE {TABLE} SET word = 'two'", f"DELETE FROM {TABLE}"):
        with pytest.raises(IntegrityError, match=r"Rows stay\."), transaction.atomic():
            run(attack)
    with connection.schema_editor(atomic=False) as editor:
        guard.reverse_code(apps, editor)
    run(f"UPDATE {TABLE} SET word = 'two'")
    run(f"DROP TABLE {TABLE}")
