"""An edition, its files and what it said of findings are frozen by the database, whatever code or hand writes."""

import pytest
from django.db import IntegrityError, connection, transaction

from reports.models import (
    Binder,
    BinderEdition,
    BinderFile,
    Commentary,
    Edition,
    EditionFile,
    EditionFinding,
    EditionPrint,
    Finding,
    HeldDraft,
    Report,
    Run,
)
from tests.factories import people
from tests.factories.reports import ISSUED_AT, an_edition

pytestmark = pytest.mark.django_db

TABLES = {
    "reports_edition": (Edition, "An edition is frozen once it is issued"),
    "reports_editionfile": (EditionFile, "The files of an edition are frozen once it is issued"),
    "reports_editionfinding": (EditionFinding, "What an edition said about a finding is frozen with it"),
    "reports_editionprint": (EditionPrint, "What an edition printed is frozen with it"),
    "reports_helddraft": (HeldDraft, "What a held run had worked out stays as it is"),
    "reports_commentary": (Commentary, "Commentary stays as it was written"),
    "reports_binder": (Binder, "A binder is frozen once it is issued"),
    "reports_binderedition": (BinderEdition, "A binder is frozen once it is issued"),
    "reports_binderfile": (BinderFile, "The files of a binder are frozen once it is issued"),
}
# The row once more under a new id: on SQLite this would take the first one's place.
REPLACE = {
    "reports_edition": "report_id, number, entity_id, as_of, issued_at, document, sha256",
    "reports_editionfile": "edition_id, kind, name, media_type, content, sha256",
    "reports_editionfinding": "edition_id, finding_id, status",
    "reports_editionprint": "edition_id, figures, kpis, findings, actions",
    "reports_helddraft": "run_id, draft, sha256, built_at",
    "reports_commentary": "report_id, anchor, body, author_id, written_at, once, withdraws_id",
    "reports_binder": "number, as_of, issued_at, absent",
    "reports_binderedition": "binder_id, edition_id, position",
    "reports_binderfile": "binder_id, name, media_type, content, sha256",
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
    EditionPrint.objects.create(edition=issued, figures={}, kpis=[], findings=[], actions=[])
    run = Run.objects.create(report=ceo, trigger="portal", as_of=day, queued_at=ISSUED_AT)
    HeldDraft.objects.create(run=run, draft={}, sha256="0" * 64, built_at=ISSUED_AT)
    author = people.owner(email="author@example.com")
    said = Commentary.objects.create(report=ceo, body="Two quiet weeks.", author=author, written_at=ISSUED_AT)
    Commentary.objects.create(report=ceo, author=author, written_at=ISSUED_AT, withdraws=said)
    binder = Binder.objects.create(number=1, as_of=day, issued_at=ISSUED_AT)
    BinderEdition.objects.create(binder=binder, edition=issued, position=1)
    BinderFile.objects.create(
        binder=binder, name="binder-1.pdf", media_type="application/pdf", content=b"%PDF", sha256="0" * 64
    )
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
