"""The sample portfolio loads through the real doors, whole or not at all, and agrees with its own papers."""

import csv
import shutil
import subprocess
import sys
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models import F, Sum

from core import months
from core.models import AuditEvent
from portfolio.domain import close_checks, matching, reconciliation, sample, statements, verification
from portfolio.domain.verification import cash_at_bank
from portfolio.formats import FormatError
from portfolio.models import (
    AccountRole,
    Assumption,
    BillPayment,
    Booking,
    CreditNote,
    DunningLetter,
    Entity,
    EntryDocument,
    EntryState,
    FinancialRule,
    HandoffRow,
    ImportedLine,
    Invoice,
    JournalEntry,
    MonthlyBalance,
    Period,
    ProfitabilityModel,
    SampleMark,
    Scenario,
    WriteOff,
)
from tests.portfolio.conftest import AT

DEMO = Path(settings.BASE_DIR) / "demo"
OCT = months.parse("2026-10")


def held(role: AccountRole) -> int:
    """Return the balance of all accounts of a role, debit positive."""
    rows = MonthlyBalance.objects.filter(account__role=role)
    return rows.aggregate(total=Sum(F("debit_minor") - F("credit_minor")))["total"] or 0


def statement_balances() -> dict[str, int]:
    """Return the closing balance that each bank statement shows, in cents."""
    found = {}
    for path in (DEMO / "statements").glob("*-checking.csv"):
        rows = list(csv.DictReader(StringIO(path.read_text(encoding="utf-8-sig"))))
        column = next(name for name in rows[0] if name and "bal" in name.casefold())
        newest_first = "Posting Date" in rows[0]
        text = rows[0 if newest_first else -1][column]
        found[path.name.removesuffix("-checking.csv")] = int(Decimal(text.replace(",", "")) * 100)
    return found


@pytest.mark.django_db
@pytest.mark.usefixtures("sample_records")
class TestLoaded:
    """What loading brought."""

    def test_the_books_end_where_the_statements_end(self) -> None:
        balances = statement_balances()
        assert len(balances) == 6
        for slug, cents in balances.items():
            entity = Entity.objects.get(slug=slug)
            assert cash_at_bank(entity_id=entity.pk, month=OCT + 1) == cents, slug

    def test_the_books_hold_and_every_line_has_an_entry(self) -> None:
        assert verification.verify_books() == []
        waiting = ImportedLine.objects.filter(kind__in=["bank_csv", "stripe"], entry__isnull=True)
        assert [line.description for line in waiting] == [
            "SOFTWARE SUBSCRIPTIONS", "HARBOR ISLAND MARINA DOCKAGE SLIP 42",
        ]  # fmt: skip
        for line in waiting:
            assert [found.differs_minor for found in matching.suggestions(line=line)] == [0]
        assert not JournalEntry.objects.filter(state=EntryState.DRAFT).exists()

    def test_what_is_held_is_what_the_note_says(self) -> None:
        assert held(AccountRole.DEPOSITS_HELD) == -2_400_00
        assert held(AccountRole.CLEARING) == 0
        assert held(AccountRole.DEFERRED) == -7_100_00  # The deposit of the delivery under way, EYD-033.
        assert held(AccountRole.RECEIVABLE) == 5_820_00
        assert held(AccountRole.INTERCOMPANY) == 0

    def test_what_recurs_is_shown_with_what_it_recurs_by(self) -> None:
        row = HandoffRow.objects.get(file__entity__slug="qos", label="Charters completed")
        assert (row.number, row.unit) == (1, "per month")

    def test_what_clients_paid_by_the_books_is_what_the_export_says(self) -> None:
        with (DEMO / "exports" / "bookings.csv").open(encoding="utf-8-sig") as file:
            said = {
                (row["entity"], row["reference"]): int(Decimal(row["paid"]) * 100)
                for row in csv.DictReader(file)
            }
        found = {(b.entity.slug, b.reference): b.paid_minor for b in Booking.objects.select_related("entity")}
        assert said.items() <= found.items()

    def test_fixed_cost_of_the_last_three_months_is_the_story_told(self) -> None:
        flows = statements.Books(
            entities=list(Entity.objects.all()),
            columns=statements.by_month(OCT - 2, OCT),
            also=statements.Measure.CASH,
        ).cash()
        fixed = -sum(sum(row.amounts) for row in flows.operating.rows if row.role == AccountRole.FIXED_COST)
        assert 7_000_00 <= fixed // 3 <= 9_000_00
        assert flows.change == statements.added(
            [flows.operating.totals, flows.investing.totals, flows.financing.totals], 3
        )

    def test_plans_models_and_rules_are_there_and_no_month_is_reconciled(self) -> None:
        model = ProfitabilityModel.objects.get(entity__slug="qos")
        assert (model.price_minor, model.crew_minor, model.fuel_minor, model.food_minor, model.state) == (
            2_100_00, 530_00, 45_00, 60_00, "draft",
        )  # fmt: skip
        assert model.break_even_entered == 6
        assert Assumption.objects.get(key="stage-held").value == 6000
        assert all(row.source for row in Assumption.objects.all())
        assert list(Scenario.objects.values_list("name", flat=True)) == ["Low", "Base", "High"]
        assert FinancialRule.objects.count() == 3
        assert not Period.objects.exclude(state="open").exists()
        assert SampleMark.objects.get().as_of == sample.AS_OF

    def test_each_page_of_the_books_has_something_to_show(self) -> None:
        assert set(EntryDocument.objects.values_list("content_type", flat=True)) == {
            "image/jpeg", "application/pdf", "text/plain",
        }  # fmt: skip
        told = ImportedLine.objects.filter(kind="bank_csv", entry__bill_payments__isnull=False)
        assert (BillPayment.objects.count(), told.count()) == (8, 6), "two wait"
        assert list(
            Invoice.objects.filter(state="issued", source="")
            .order_by("reference")
            .values_list("reference", flat=True)
        ) == ["DC-1031", "DC-1032"]
        assert CreditNote.objects.get().reference == "DC-CN-1"
        assert WriteOff.objects.get().amount_minor == 24_00
        assert set(DunningLetter.objects.values_list("client__name", flat=True)) == {
            "Cove Realty",
            "Mesa Roofing",
        }
        written = JournalEntry.objects.filter(source="manual")
        assert (written.count(), written.filter(reversed_by__isnull=False).count()) == (5, 2)
        assert held(AccountRole.TAX) == -61_43
        assert ImportedLine.objects.filter(kind="stripe", description__startswith="Refund").count() == 1
        assert Period.objects.get().reopen_reason

    def test_any_past_month_reconciles_with_its_statement(self) -> None:
        """The bank's own running balance at each month's end is what the books hold."""
        path = DEMO / "statements" / "jada-checking.csv"
        entity = Entity.objects.get(slug="jada")
        ends: dict[int, int] = {}
        for row in csv.DictReader(StringIO(path.read_text(encoding="utf-8-sig"))):
            ends[months.parse(row["Date"][:7])] = int(Decimal(row["Balance"]) * 100)
        for month in sorted(ends):
            if month <= OCT:
                reconciliation.reconcile_month(
                    entity=entity, month=month, statement_minor=ends[month], by=None, at=AT
                )
        assert Period.objects.filter(state="reconciled").count() == len([m for m in ends if m <= OCT])

    def test_a_second_load_is_refused_and_changes_nothing(self) -> None:
        before = (JournalEntry.objects.count(), AuditEvent.objects.count())
        with pytest.raises(sample.AlreadyLoadedError, match="2026-11-10 is loaded already"):
            sample.load(folder=DEMO, at=AT)
        assert (JournalEntry.objects.count(), AuditEvent.objects.count()) == before


def copy_demo(folder: Path) -> Path:
    for part in ("handoffs", "statements", "exports"):
        shutil.copytree(DEMO / part, folder / part)
    return folder


@pytest.mark.parametrize(
    "broken",
    [
        "exports/capital.csv",
        # What an engine puts back is the same however much it is.
        *(
            pytest.param(f, marks=pytest.mark.once)
            for f in ("exports/stripe-qos.csv", "statements/qos-checking.csv")
        ),
    ],
)
@pytest.mark.django_db
def test_a_broken_file_loads_nothing(tmp_path: Path, broken: str) -> None:
    folder = copy_demo(tmp_path)
    path = folder / broken
    path.write_text(path.read_text(encoding="utf-8") + '"an open quote', encoding="utf-8")
    with pytest.raises(FormatError, match=path.name):
        sample.load(folder=folder, at=AT)
    assert not Entity.objects.exists()
    assert not SampleMark.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
def test_a_missing_file_loads_nothing(tmp_path: Path) -> None:
    folder = copy_demo(tmp_path)
    (folder / "exports" / "targets.csv").unlink()
    with pytest.raises(sample.MissingFileError, match=r"targets\.csv cannot be read"):
        sample.load(folder=folder, at=AT)
    assert not Entity.objects.exists()


# On SQLite the command loads what the browser tests walk through.
@pytest.mark.once_postgresql
@pytest.mark.django_db
def test_the_command_loads_records_people_and_schedules_together() -> None:
    out = StringIO()
    call_command("load_demo", stdout=out)
    assert "sample people" in out.getvalue()
    assert "as of 2026-11-10 is loaded" in out.getvalue()
    again = StringIO()
    call_command("load_demo", stdout=again)
    assert "nothing was changed" in again.getvalue()


@pytest.mark.django_db
@pytest.mark.usefixtures("sample_records")
def test_commands_refuse_bad_input_in_one_sentence(tmp_path: Path) -> None:
    entries = JournalEntry.objects.count()
    bad = tmp_path / "bad.csv"
    bad.write_text("Date,Description,Amount\n2026-10-01,x,ten\n")
    note = tmp_path / "note.md"
    note.write_text("---\nentity: qos\n")
    cases: list[tuple[list[str], str]] = [
        (["import_statement", "nobody", str(bad), "--kind", "bank_csv"], "There is no entity 'nobody'; there are: dc,"),
        (["import_statement", "qos", str(tmp_path / "none.csv"), "--kind", "bank_csv"], "cannot be read"),
        (["import_statement", "qos", str(bad), "--kind", "bank_csv"], "bad.csv line 2, column Amount"),
        (["import_statement", "qos", str(bad), "--kind", "stripe"], "bad.csv line 1"),
        (["import_statement", "qos", str(bad), "--kind", "bank_csv", "--account", "9"], "no bank account '9'"),
        (["reconcile_month", "nobody", "2026-10", "1.00"], "There is no entity 'nobody'"),
        (["reconcile_month", "qos", "October", "1.00"], "'October' is not a month"),
        (["reconcile_month", "qos", "2026-10", "NaN"], "'NaN' is not an amount"),
        (["reconcile_month", "qos", "2026-10", "1.00"], "QueenofSanDiego Oct 2026 does not reconcile"),
        (["read_handoffs", str(note)], "note.md line"),
        (["read_handoffs", str(tmp_path / "none.md")], "cannot be read"),
    ]  # fmt: skip
    for arguments, words in cases:
        with pytest.raises(CommandError) as caught:
            call_command(*arguments)
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)
        assert caught.value.returncode == 2
    assert JournalEntry.objects.count() == entries


@pytest.mark.django_db
@pytest.mark.usefixtures("sample_records")
def test_import_statement_lands_or_only_says_what_it_would(tmp_path: Path) -> None:
    path = tmp_path / "more.csv"
    path.write_text("Date,Description,Amount\n2026-11-11,FUEL DOCK,-45.00\n2026-11-12,WHO KNOWS,-5.00\n")
    entries = JournalEntry.objects.count()
    out = StringIO()
    call_command("import_statement", "qos", str(path), "--kind", "bank_csv", "--dry-run", stdout=out)
    assert "would land. Of 2 lines: 2 posted as new" in out.getvalue()
    assert JournalEntry.objects.count() == entries
    out = StringIO()
    call_command("import_statement", "qos", str(path), "--kind", "bank_csv", stdout=out)
    assert "landed. Of 2 lines: 2 posted as new" in out.getvalue()
    assert "(1 without a category)" in out.getvalue()
    assert JournalEntry.objects.count() == entries + 2
    out = StringIO()
    call_command("read_handoffs", stdout=out)
    assert "Read 7 notes, 0 of them new" in out.getvalue()
    out = StringIO()
    call_command("verify_books", stdout=out)
    assert "The books hold" in out.getvalue()


@pytest.mark.django_db
@pytest.mark.usefixtures("sample_records")
def test_reconcile_month_reconciles_and_closes() -> None:
    jada = Entity.objects.get(slug="jada")
    cash = {month: f"{cash_at_bank(entity_id=jada.pk, month=month) / 100:.2f}" for month in (OCT - 12, OCT)}
    out = StringIO()
    call_command("reconcile_month", "jada", "2026-10", cash[OCT], stdout=out)
    assert "jada Oct 2026 is reconciled at $" in out.getvalue()
    assert "$27.40 of it is not categorised." in out.getvalue()
    with pytest.raises(CommandError, match="Oct 2025 is not closed yet; close the oldest month first"):
        call_command("reconcile_month", "jada", "2026-10", cash[OCT], "--close", stdout=out)
    with pytest.raises(CommandError, match="No event of Stripe’s failed: 1 failed"):
        call_command("reconcile_month", "jada", "2025-10", cash[OCT - 12], "--close", stdout=out)
    close_checks.tick(entity=jada, month=OCT - 12, item="stripe-events", note="Of November", by=None, at=AT)
    call_command("reconcile_month", "jada", "2025-10", cash[OCT - 12], "--close", stdout=out)
    assert "jada Oct 2025 is reconciled and closed at $" in out.getvalue()
    with pytest.raises(CommandError, match="only a closed month is reopened"):
        call_command("reopen_month", "jada", "2026-10", "Too early", stdout=out)
    call_command("reopen_month", "jada", "2025-10", "A receipt came late", stdout=out)
    assert Period.objects.get(entity=jada, month=OCT - 12).state == "open"


@pytest.mark.django_db
def test_exports_come_in_from_the_command_line(tmp_path: Path) -> None:
    landed_by_line = ("opening", "bookings", "stays", "invoices")
    call_command("read_handoffs", *map(str, sorted((DEMO / "handoffs").glob("*.md"))), stdout=StringIO())
    for kind in ("rules", *landed_by_line, "targets", "capital"):
        path = DEMO / "exports" / f"{kind}.csv"
        with path.open(encoding="utf-8-sig") as file:
            rows = len(list(csv.DictReader(file)))
        brought = f"{rows:,} new of {rows:,} rows." if kind in landed_by_line else f"{rows:,} rows."
        for flags, verb in ((["--dry-run"], "would bring"), ([], "brought")):
            out = StringIO()
            call_command("import_records", str(path), "--kind", kind, *flags, stdout=out)
            assert out.getvalue().strip() == f"{kind}.csv {verb} {brought}"
    out = StringIO()
    call_command(
        "import_statement", "qos", str(DEMO / "exports" / "stripe-qos.csv"), "--kind", "stripe", stdout=out
    )
    call_command("recognise_revenue", stdout=out)
    assert "Earned 28 completed bookings." in out.getvalue()
    unbalanced = tmp_path / "opening.csv"
    unbalanced.write_text("entity,account,on,amount\nqos,1010,2025-09-30,5.00\nqos,3000,2025-09-30,-4.00\n")
    with pytest.raises(CommandError, match=r"opening\.csv line 2, column on: The books begin with") as caught:
        call_command("import_records", str(unbalanced), "--kind", "opening")
    assert caught.value.returncode == 2
    with pytest.raises(CommandError, match=r"none\.csv cannot be read"):
        call_command("import_records", str(tmp_path / "none.csv"), "--kind", "opening")


@pytest.mark.once
def test_the_exit_status_of_a_refusal_is_two(tmp_path: Path) -> None:
    found = subprocess.run(
        [
            sys.executable,
            "manage.py",
            "read_handoffs",
            str(tmp_path / "no.md"),
        ],
        cwd=settings.BASE_DIR,
        env={"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 2
    assert found.stderr.strip().endswith("no.md cannot be read: No such file or directory.")
    assert found.stdout == ""
