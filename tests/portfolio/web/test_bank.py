"""The bank's pages: lines that wait, balances, rules, column maps and the month's close, by hand and without JavaScript."""

import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from portfolio.models import (
    BankAccount,
    CategoryRule,
    CloseTick,
    ColumnMap,
    ImportedLine,
    JournalEntry,
    Period,
    PeriodState,
    StatementBalance,
)
from tests.portfolio.web.conftest import AT, OCTOBER, World, account_of, post

BANK, RULES = "/portfolio/entities/qos/bank/", "/portfolio/entities/qos/rules/"
ADD, LAND = "/portfolio/imports/add/", "/portfolio/imports/land/"
MONTH = "/portfolio/entities/qos/months/2026-10/"
REAL = Path(__file__).parents[1] / "formats" / "ofx"


@pytest.fixture(autouse=True)
def _uploads(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def line_path(world: World) -> str:
    return f"/portfolio/bank-lines/{world.mine.bank_line.pk}/"


def give(client: Client, kind: str, data: bytes, name: str = "x.csv"):  # type: ignore[no-untyped-def]
    return client.post(ADD, {"entity": "qos", "kind": kind, "file": SimpleUploadedFile(name, data)})


def test_a_waiting_line_is_matched_undone_and_posted_as_new(world: World) -> None:
    client, path, entries = world.client("bookkeeper"), line_path(world), JournalEntry.objects.count()
    page = client.get(BANK).content.decode()
    assert "Queen dockage of October" in page
    offered = re.search(r'name="match" value="(\d+)"', page)
    assert offered is not None

    assert client.post(path, {"match": offered[1]}).headers["Location"] == BANK
    line = ImportedLine.objects.get(pk=world.mine.bank_line.pk)
    assert (line.waits, str(line.entry_id), line.matched_by) == (False, offered[1], world.bookkeeper)
    assert "Undo the match" in client.get(path).content.decode()
    assert client.post(path, {"unmatch": "yes"}).status_code == 302
    account = account_of(world.mine, "6100")
    assert client.post(path, {"post": "new", "account": account.pk}).status_code == 302
    line.refresh_from_db()
    assert line.entry is not None
    assert list(line.entry.postings.order_by("pk").values_list("account__code", flat=True)) == [
        "1010",
        "6100",
    ]
    assert JournalEntry.objects.count() == entries + 1
    again = client.post(path, {"post": "new"})
    assert (again.status_code, JournalEntry.objects.count()) == (422, entries + 1)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"match": "x"},
        {"match": "0"},
        {"match": "9" * 30},
        {"match": "999999"},
        {"post": "1", "account": "x\x00"},
    ],
)
def test_an_odd_decision_on_a_line_is_refused(world: World, given: dict[str, str]) -> None:
    answer = world.client("bookkeeper").post(line_path(world), given)
    assert answer.status_code == 422
    assert ImportedLine.objects.get(pk=world.mine.bank_line.pk).waits


def test_a_typed_balance_is_held_against_the_books(world: World) -> None:
    client, account = world.client("bookkeeper"), account_of(world.mine, "1010")
    asked = {"account": account.pk, "on": "2026-10-31", "balance": "3820.00"}
    told = client.post(f"{BANK}balance/", asked, follow=True).content.decode()
    assert "agree to the cent" in told
    client.post(f"{BANK}balance/", {**asked, "balance": "-3820.01"})
    page = client.get(BANK).content.decode()
    assert "−$7,640.01" in page
    assert StatementBalance.objects.get().balance_minor == -382_001
    assert client.post(f"{BANK}balance/", {**asked, "on": "2027-01-01"}).status_code == 422


def test_a_rule_is_tried_before_it_is_saved_and_applied_after(world: World) -> None:
    client = world.client("bookkeeper")
    give_and_land(
        client, b"Date,Description,Amount\n2026-11-03,HARBOR ICE,-5.00\n2026-11-04,HARBOR ICE,-7.00\n"
    )
    terms = {
        "contains": "harbor", "direction": "out", "at_least": "6", "at_most": "", "account": account_of(world.mine, "5400").pk,
    }  # fmt: skip
    page = client.get(f"{RULES}add/", terms)
    assert (page.context["catch"].count, CategoryRule.objects.filter(contains="harbor").count()) == (1, 0)
    assert "6900 Uncategorised payments" in page.content.decode()
    assert client.post(f"{RULES}add/", terms).headers["Location"] == RULES
    assert client.post(f"{RULES}add/", terms).status_code == 422
    rule = CategoryRule.objects.get(contains="harbor")
    told = client.post(f"/portfolio/rules/{rule.pk}/press/", {"do": "apply"}, follow=True).content.decode()
    assert "1 line moved to 5400 Provisions and cleaning." in told
    for do in ("up", "off", "on", "down", "off", "nonsense", "delete"):
        assert client.post(f"/portfolio/rules/{rule.pk}/press/", {"do": do}).status_code == 302
    assert not CategoryRule.objects.filter(pk=rule.pk).exists()


def give_and_land(client: Client, data: bytes) -> None:
    token = give(client, "bank_csv", data).context["token"]
    assert client.post(LAND, {"token": token}).status_code == 302


FOREIGN = b"Buchung;Wert;Text;Soll;Haben;Saldo\n31.10.2026;x;Miete;1.234,50;;100,00\n01.11.2026;x;Gast;;1.000,5;1.100,50\n"


def test_a_csv_nobody_can_guess_is_asked_about_once(world: World) -> None:
    client = world.client("bookkeeper")
    refused = give(client, "bank_csv", FOREIGN)
    assert refused.status_code == 422
    asked = client.post("/portfolio/imports/columns/", {"token": refused.context["token"]})
    assert (asked.status_code, asked.context["headings"][:2]) == (200, ("Buchung", "Wert"))
    answer = {
        "token": asked.context["token"], "name": "Sparkasse", "account": account_of(world.mine, "1010").pk,
        "date": "Buchung", "date_format": "%d.%m.%Y", "description": "Text", "debit": "Soll", "credit": "Haben",
        "balance": "Saldo", "decimal_comma": "on",
    }  # fmt: skip
    wrong = client.post("/portfolio/imports/columns/", {**answer, "credit": ""})
    assert (wrong.status_code, ColumnMap.objects.filter(name="Sparkasse").count()) == (422, 0)
    looked = client.post("/portfolio/imports/columns/", answer)
    assert [(line.description, line.amount_minor) for line in looked.context["preview"].lines] == [
        ("Miete", -123_450),
        ("Gast", 100_050),
    ]
    unsure = client.post(LAND, {"token": looked.context["token"]})
    assert unsure.status_code == 422, "the books would differ from the balance that the file states"
    assert "The books would not agree with the balance" in unsure.content.decode()
    assert client.post(LAND, {"token": unsure.context["token"], "sure": "yes"}).status_code == 302
    later = give(client, "bank_csv", FOREIGN.replace(b"31.10", b"30.10").replace(b"01.11", b"02.11"))
    assert (later.status_code, later.context["preview"].new) == (200, 2)
    saved = ColumnMap.objects.get(name="Sparkasse")
    path = f"/portfolio/column-maps/{saved.pk}/"
    assert client.post(path, {**answer, "balance": ""}).status_code == 302
    saved.refresh_from_db()
    assert "balance" not in saved.columns
    assert client.post(path, {"delete": "yes"}).status_code == 302
    assert give(client, "bank_csv", FOREIGN).status_code == 422


def test_an_ofx_file_asks_which_accounts_its_are_and_remembers(world: World) -> None:
    client, data = world.client("bookkeeper"), (REAL / "checking.ofx").read_bytes()
    asked = give(client, "ofx", data, "checking.ofx")
    (account,) = asked.context["asked"]
    assert account["last_four"] == "6877"
    assert "1452687" not in asked.content.decode()
    ours = account_of(world.mine, "1010")
    looked = client.post(
        "/portfolio/imports/accounts/", {"token": asked.context["token"], account["field"]: str(ours.pk)}
    )
    assert (looked.context["preview"].new, BankAccount.objects.count()) == (3, 0)
    assert client.post(LAND, {"token": looked.context["token"], "sure": "yes"}).status_code == 302
    assert BankAccount.objects.get().account == ours
    assert give(client, "ofx", data).context["preview"].new == 0
    broken = give(client, "ofx", (REAL / "broken" / "date_missing.ofx").read_bytes(), "broken.ofx")
    assert (broken.status_code, broken.context["where"].line, broken.context["where"].column) == (
        422,
        33,
        "DTPOSTED",
    )


def test_a_month_is_ticked_off_closed_and_reopened(world: World) -> None:
    keeper, owner = world.client("bookkeeper"), world.client("owner")
    keeper.post(f"{MONTH}reconcile/", {"statement": "3820.00"})
    page = keeper.get(f"{MONTH}close/")
    assert [check.key for check in page.context["checks"] if check.state == "stops"] == [
        "waiting",
        "stripe-events",
        "payables",
    ]
    assert keeper.post(f"{MONTH}close/").status_code == 403
    refused = owner.post(f"{MONTH}close/")
    assert (refused.status_code, "1 wait." in refused.content.decode()) == (422, True)
    ImportedLine.objects.filter(pk=world.mine.bank_line.pk).update(waits=False)
    post(world.mine, "1010", "4900", 100, AT.date().replace(month=10), "Found on the dock")
    keeper.post(f"{MONTH}reconcile/", {"statement": "3821.00"})
    assert keeper.post(f"{MONTH}tick/", {"tick": "uncategorised"}).status_code == 422
    for asked in (
        {"tick": "uncategorised", "note-uncategorised": "A dollar"},
        {"tick": "stripe-events", "note-stripe-events": "Asked Stripe"},
        {"tick": "payables", "note-payables": "From before we kept books"},
        {"tick": "read"},
        {"tick": "assets"},
    ):
        assert keeper.post(f"{MONTH}tick/", asked).status_code == 302
    assert keeper.post(f"{MONTH}tick/", {"untick": "assets"}).status_code == 302
    assert keeper.post(f"{MONTH}tick/", {"tick": "nonsense\x00"}).status_code == 422
    assert set(CloseTick.objects.values_list("item", flat=True)) == {
        "uncategorised",
        "stripe-events",
        "payables",
        "read",
    }
    assert owner.post(f"{MONTH}close/").status_code == 302
    assert keeper.post(f"{MONTH}tick/", {"tick": "assets"}).status_code == 422
    assert owner.post(f"{MONTH}reopen/", {"reason": ""}).status_code == 422
    assert owner.post(f"{MONTH}reopen/", {"reason": "A receipt came late"}).status_code == 302
    assert Period.objects.get(entity=world.mine.entity, month=OCTOBER).state == PeriodState.OPEN
    assert "A receipt came late" in keeper.get("/portfolio/entities/qos/months/").content.decode()


def test_lists_take_the_same_queries_however_long(world: World, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    client = world.client("bookkeeper")
    paths = {BANK: 22, RULES: 6, "/portfolio/entities/qos/column-maps/": 6, f"{MONTH}close/": 42}
    StatementBalance.objects.create(
        account=account_of(world.mine, "1010"), on=AT.date().replace(day=28), balance_minor=1, noted_at=AT
    )
    for path, count in paths.items():
        with django_assert_num_queries(count):
            client.get(path)
    for number in range(15):
        ImportedLine.objects.create(
            entity=world.mine.entity, kind="bank_csv", line=number, external_id=f"w-{number}", body_hash="0" * 64,
            on=AT.date(), amount_minor=-118_000 - number, description="Line", waits=True,
            account=account_of(world.mine, "1010"),
        )  # fmt: skip
        post(world.mine, "6100", "1010", 118_000 + number, AT.date(), "Entry")
        CategoryRule.objects.create(
            entity=world.mine.entity,
            position=20 + number,
            contains=f"r{number}",
            account=account_of(world.mine, "6100"),
        )
        StatementBalance.objects.create(
            account=account_of(world.mine, "1010"),
            on=AT.date().replace(day=1 + number),
            balance_minor=1,
            noted_at=AT,
        )
        ColumnMap.objects.create(
            entity=world.mine.entity,
            account=account_of(world.mine, "1010"),
            name=f"m{number}",
            date_format="",
        )
    for path, count in paths.items():
        with django_assert_num_queries(count):
            client.get(path)
