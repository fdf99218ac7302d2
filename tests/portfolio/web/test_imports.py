"""Bringing a file in: a look first, then it lands whole or not at all."""

import datetime as dt
from pathlib import Path

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from core import clock
from core.models import AuditEvent
from portfolio.models import (
    CategoryRule,
    ImportedLine,
    ImportFile,
    ImportKind,
    JournalEntry,
    Period,
    PeriodState,
)
from tests.factories.portfolio import ImportFileFactory
from tests.portfolio.web.conftest import AT, OCTOBER, World, account_of

BANK = b"""Date,Description,Amount,Balance
2026-11-03,MARINA DOCKAGE,-1180.00,3820.00
2026-11-04,UNKNOWN PAYEE,-20.00,3800.00
"""
ADD, LAND = "/portfolio/imports/add/", "/portfolio/imports/land/"


@pytest.fixture(autouse=True)
def _uploads(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def give(
    client: Client, data: bytes, name: str = "november.csv", entity: str = "qos", kind: str = "bank_csv"
):  # type: ignore[no-untyped-def]
    return client.post(ADD, {"entity": entity, "kind": kind, "file": SimpleUploadedFile(name, data)})


def counts() -> tuple[int, int, int, int]:
    return (
        ImportFile.objects.count(),
        ImportedLine.objects.count(),
        JournalEntry.objects.count(),
        AuditEvent.objects.count(),
    )


def test_a_look_shows_what_would_happen_and_keeps_nothing(world: World) -> None:
    CategoryRule.objects.create(
        entity=world.mine.entity, position=1, contains="marina", account=account_of(world.mine, "6100")
    )
    before = counts()

    answer = give(world.client("bookkeeper"), BANK)

    preview = answer.context["preview"]
    assert answer.status_code == 200
    assert (preview.read, preview.new, preview.uncategorised, preview.covers_to) == (
        2,
        2,
        1,
        dt.date(2026, 11, 4),
    )
    assert [(effect.account, effect.amount_minor) for effect in preview.accounts] == [
        ("1010 Operating checking", -120_000),
        ("6100 Dockage", 118_000),
        ("6900 Uncategorised payments", 2_000),
    ]
    assert [(line.line, line.accounts) for line in preview.lines] == [
        (2, "6100 Dockage"),
        (3, "6900 Uncategorised payments"),
    ]
    assert sum(effect.amount_minor for effect in preview.accounts) == 0
    assert counts() == before


def test_what_was_looked_at_lands_and_only_once(world: World, tmp_path: Path) -> None:
    client = world.client("bookkeeper")
    token = give(client, BANK).context["token"]
    before = counts()

    answer = client.post(LAND, {"token": token, "sure": "yes"})

    file = ImportFile.objects.get(name="november.csv")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/portfolio/imports/{file.pk}/")
    assert (file.entity, file.lines_read, file.lines_new, file.by) == (
        world.mine.entity,
        2,
        2,
        world.bookkeeper,
    )
    assert counts()[:3] == (before[0] + 1, before[1] + 2, before[2] + 2)
    assert list(tmp_path.glob("uploads/*")) == []
    page = client.get(answer.headers["Location"]).content.decode()
    assert "MARINA DOCKAGE" in page
    assert "november.csv landed. Of 2 lines: 2 posted as new" in page
    landed = ImportFile.objects.get(name="november.csv").landed_at.astimezone(clock.zone())
    for told in (page, client.get("/portfolio/imports/").content.decode()):
        assert f"{landed:%-d %b %Y, %H:%M %Z}" in told
    local = ImportFile.objects.get(name="november.csv").landed_at.astimezone(clock.zone())
    for told in (page, client.get("/portfolio/imports/").content.decode()):
        assert f"{local:%-d %b %Y, %H:%M %Z}" in told

    again = client.post(LAND, {"token": token})
    assert (again.status_code, again.headers["Location"]) == (302, ADD)
    assert "is not waiting any more" in client.get(ADD).content.decode()
    second = give(client, BANK)
    assert second.context["preview"].new == 0
    assert "It brings nothing new" in second.content.decode()
    assert ImportFile.objects.filter(name="november.csv").count() == 1


@pytest.mark.parametrize(
    ("data", "line", "column", "words"),
    [
        (b"", None, None, "The submitted file is empty."),
        (b"Datum,Text\n1,2\n", 1, "Date", "lacks"),
        (b"Date,Description,Amount\n2026-11-03,A,-1.005\n", 2, "Amount", "is not an amount"),
        (b"Date,Description,Amount\n2026-02-30,A,-1.00\n", 2, "Date", "is not a date"),
        (b"Date,Description,Amount\n2026-11-03,A\n", 2, "Amount", "cells"),
        (b'Date,Description,Amount\n2026-11-03,"open,-1.00\n', 2, None, "quote"),
        (b"\xff\xfeD\x00a\x00", 1, None, "UTF-16"),
        (b"Date,Description,Amount\n2026-11-03,Caf\xe9,-1.00\n", 2, None, "not UTF-8"),
        (b"Date,Description,Amount\n2026-11-03,A\x00B,-1.00\n", 2, None, "NUL"),
        (b"PK\x03\x04" + b"\x00" * 50, 1, None, "stands in the text"),
    ],
    ids=["empty", "header", "decimals", "february", "cells", "quote", "utf-16", "latin-1", "nul", "zip"],
)
def test_a_bad_file_is_refused_with_file_line_and_column(
    world: World, data: bytes, line: int | None, column: str | None, words: str
) -> None:
    before = counts()

    answer = give(world.client("bookkeeper"), data, name="bad.csv")

    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    if line is not None:
        assert (answer.context["where"].file, answer.context["where"].line) == ("bad.csv", line)
        assert "nothing of it was kept" in page
    if column is not None:
        assert answer.context["where"].column == column
    assert counts() == before
    assert answer.context["form"]["entity"].value() == "qos"
    assert answer.context["form"]["kind"].value() == "bank_csv"


def test_a_file_over_the_limit_is_refused_by_its_size(world: World) -> None:
    line = b"2026-11-03,A payee with a rather long name,-1.00\n"

    answer = give(world.client("bookkeeper"), b"Date,Description,Amount\n" + line * (21_000_000 // len(line)))

    assert answer.status_code == 422
    assert "the limit is 20 MB" in answer.content.decode()


def test_a_file_that_touches_a_closed_month_is_refused(world: World) -> None:
    Period.objects.create(entity=world.mine.entity, month=OCTOBER + 1, state=PeriodState.CLOSED, closed_at=AT)

    answer = give(world.client("bookkeeper"), BANK)

    assert answer.status_code == 422
    assert "closed" in answer.content.decode()


def test_a_month_that_closes_between_look_and_landing_is_refused(world: World) -> None:
    client = world.client("bookkeeper")
    token = give(client, BANK).context["token"]
    Period.objects.create(entity=world.mine.entity, month=OCTOBER + 1, state=PeriodState.CLOSED, closed_at=AT)
    before = counts()

    answer = client.post(LAND, {"token": token})

    assert answer.status_code == 422
    assert "closed" in answer.content.decode()
    assert counts() == before


@pytest.mark.parametrize("token", ["", "nonsense", "a:b:c", "\x00", "x" * 10_000])
def test_a_forged_token_lands_nothing(world: World, token: str) -> None:
    before = counts()

    answer = world.client("bookkeeper").post(LAND, {"token": token})

    assert (answer.status_code, answer.headers["Location"]) == (302, ADD)
    assert counts() == before


def test_a_look_is_good_for_an_hour(world: World) -> None:
    client = world.client("bookkeeper")
    with time_machine.travel(AT, tick=False) as traveller:
        client.force_login(world.bookkeeper)
        token = give(client, BANK).context["token"]
        traveller.shift(dt.timedelta(hours=1, seconds=1))
        answer = client.post(LAND, {"token": token})

    assert answer.headers["Location"] == ADD
    assert not ImportFile.objects.filter(name="november.csv").exists()


def test_another_person_cannot_land_what_somebody_looked_at(world: World) -> None:
    token = give(world.client("bookkeeper"), BANK).context["token"]

    answer = world.client("owner").post(LAND, {"token": token})

    assert answer.headers["Location"] == ADD
    assert not ImportFile.objects.filter(name="november.csv").exists()


def test_whoever_lost_the_duty_cannot_land(world: World) -> None:
    client = world.client("bookkeeper")
    token = give(client, BANK).context["token"]
    world.bookkeeper.staff_grants.update(duty="reader")

    assert client.post(LAND, {"token": token}).status_code == 403


@pytest.mark.parametrize(
    "given", [{"entity": "atlantis"}, {"kind": "opening"}, {"kind": ""}, {"entity": ""}], ids=str
)
def test_an_odd_choice_is_refused(world: World, given: dict[str, str]) -> None:
    data = {"entity": "qos", "kind": "bank_csv", "file": SimpleUploadedFile("a.csv", BANK), **given}

    assert world.client("bookkeeper").post(ADD, data).status_code == 422


def test_a_form_without_a_file_is_refused(world: World) -> None:
    answer = world.client("bookkeeper").post(ADD, {"entity": "qos", "kind": "bank_csv"})

    assert answer.status_code == 422
    assert answer.context["form"].errors == {"file": ["This field is required."]}


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "a" * 400 + ".csv", "<b>.csv", "né\u202egnp.csv"])
def test_an_odd_file_name_is_only_a_name(world: World, name: str, tmp_path: Path) -> None:
    client = world.client("bookkeeper")
    answer = give(client, BANK, name=name)
    client.post(LAND, {"token": answer.context["token"]})

    file = ImportFile.objects.order_by("-pk").first()
    assert file is not None
    assert "/" not in file.name
    assert len(file.name) <= 120
    assert "\u202e" not in file.name
    assert "<b>" not in client.get(f"/portfolio/imports/{file.pk}/").content.decode()


def test_what_was_looked_at_and_left_is_removed_later(world: World, tmp_path: Path) -> None:
    client = world.client("bookkeeper")
    give(client, BANK)
    (old,) = tmp_path.glob("uploads/*")
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(hours=3)):
        client.force_login(world.bookkeeper)
        give(client, BANK.replace(b"UNKNOWN", b"ANOTHER"))

    assert not old.exists()
    assert len(list(tmp_path.glob("uploads/*"))) == 1


def test_a_readers_list_holds_only_files_of_their_entity(world: World) -> None:
    ImportFileFactory(entity=None, name="several.csv", kind=ImportKind.OPENING)

    reader = world.client("reader").get("/portfolio/imports/").content.decode()
    owner = world.client("owner").get("/portfolio/imports/").content.decode()

    assert "qos.csv" in reader
    assert "several.csv" not in reader
    assert "jada.csv" not in reader
    assert "several.csv" in owner
    several = ImportFile.objects.get(name="several.csv")
    assert world.client("reader").get(f"/portfolio/imports/{several.pk}/").status_code == 404
    assert world.client("owner").get(f"/portfolio/imports/{several.pk}/").status_code == 200


def test_lists_take_the_same_queries_however_long(world: World, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    client, path = world.client("owner"), f"/portfolio/imports/{world.mine.file.pk}/"
    with django_assert_num_queries(7):
        client.get("/portfolio/imports/")
    with django_assert_num_queries(7):
        client.get(path)
    for number in range(60):
        ImportFileFactory(entity=world.mine.entity, by=world.bookkeeper)
        ImportedLine.objects.create(
            entity=world.mine.entity, file=world.mine.file, kind=ImportKind.BANK_CSV, line=number + 10,
            external_id=f"line-{number}", body_hash="0" * 64, on=dt.date(2026, 11, 1), amount_minor=5,
            description="Line", entry=world.mine.entry, booking=world.mine.booking,
        )  # fmt: skip
    with django_assert_num_queries(7):
        client.get("/portfolio/imports/")
    with django_assert_num_queries(7):
        client.get(path)
