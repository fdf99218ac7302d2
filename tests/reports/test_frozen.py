"""An edition, its files and what it said of findings are frozen by the database, whatever code or hand writes."""

import pytest
from django.db import IntegrityError, connection, transaction

from reports.models import Edition, EditionFile, EditionFinding, Finding, Report
from tests.factories.reports import ISSUED_AT, an_edition

pytestmark = pytest.mark.django_db

TABLES = {
    "reports_edition": (Edition, "An edition is frozen once it is issued"),
    "reports_editionfile": (EditionFile, "The files of an edition are frozen once it is issued"),
    "reports_editionfinding": (EditionFinding, "What an edition said about a finding is frozen with it"),
}
# The row once more under a new id: on SQLite this would take the first one's place.
REPLACE = {
    "reports_edition": "report_id, number, entity_id, as_of, issued_at, document, sha256",
    "reports_editionfile": "edition_id, kind, name, media_type, content, sha256",
    "reports_editionfinding": "edition_id, finding_id, status",
}


@pytest.fixture
def edition(ceo: Report) -> Edition:
    issued = an_edition(ceo)
    day = ISSUED_AT.date()
    finding = Finding.objects.create(
        rule="pipeline-empty", subject="portfolio", severity="critical", title="Empty", first_seen_on=day,
        last_seen_on=day,
    )  # fmt: skip
    EditionFinding.objects.create(edition=issued, finding=finding, status="new")
    return issued


def refuses(sql: str, sentence: str) -> None:
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("table", TABLES)
def test_what_is_frozen_is_neither_changed_nor_deleted(edition: Edition, table: str) -> None:
    model, sentence = TABLES[table]
    before = list(model._default_manager.order_by("id").values())
    refuses(f"UPDATE {table} SET id = id", sentence)
    refuses(f"DELETE FROM {table}", sentence)
    assert list(model._default_manager.order_by("id").values()) == before


@pytest.mark.skipif(connection.vendor != "sqlite", reason="Only SQLite knows REPLACE.")
@pytest.mark.parametrize("table", TABLES)
def test_what_is_frozen_is_not_replaced_under_another_id(edition: Edition, table: str) -> None:
    model, sentence = TABLES[table]
    before = set(model._default_manager.values_list("id", flat=True))
    columns = REPLACE[table]
    refuses(
        f"INSERT OR REPLACE INTO {table} (id, {columns}) SELECT id + 1000, {columns} FROM {table}", sentence
    )
    assert set(model._default_manager.values_list("id", flat=True)) == before
