"""Books out to text journals and back: what beancount and hledger make of them, and that nothing comes twice."""

import csv
import datetime as dt
import io
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models import F, Sum

from core import months
from portfolio.domain import journals, ledger
from portfolio.formats import FormatError
from portfolio.models import (
    Account,
    Booking,
    Entity,
    EntrySource,
    ImportKind,
    JournalEntry,
    MonthlyBalance,
    Period,
    Posting,
)
from tests.factories.portfolio import BookingFactory
from tests.portfolio.conftest import AT, OCTOBER, Books, open_books

DEMO = Path(settings.BASE_DIR) / "demo"
AWKWARD = 'Fee; "half" \\ (paid) date:tomorrow [2026-10-09] = {5} | über\u2028\x07 #tag'


def exported(entity: Entity, form: str) -> bytes:
    return "".join(journals.export(entity=entity, form=form)).encode()


def balances(entity: Entity) -> dict[str, int]:
    """Return what each account of an entity holds, by code, from the monthly balances."""
    return dict(
        MonthlyBalance.objects.filter(account__entity=entity)
        .order_by()
        .values_list("account__code")
        .annotate(held=Sum(F("debit_minor") - F("credit_minor")))
    )


def by_beancount(text: str) -> dict[str, int]:
    """Return what beancount says each account holds, by the code in its name; it finds no fault."""
    from beancount.core.data import Transaction  # noqa: PLC0415 - takes a while to import
    from beancount.loader import load_string  # noqa: PLC0415

    entries, errors, _ = load_string(text)
    assert not errors, errors[:3]
    held: dict[str, int] = defaultdict(int)
    for entry in entries:
        for posting in entry.postings if isinstance(entry, Transaction) else ():
            assert posting.units is not None
            held[_code(posting.account)] += int(posting.units.number * 100)
    return dict(held)


def by_hledger(text: str, folder: Path) -> dict[str, int]:
    """Return what hledger says each account holds, by the code in its name; it finds no fault."""
    file = folder / "books.hledger"
    file.write_text(text)
    run = ["hledger", "-f", str(file)]
    checked = subprocess.run(
        [*run, "check", "accounts", "commodities"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    told = subprocess.run(
        [*run, "balance", "--flat", "--empty", "--no-total", "-O", "csv"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        _code(row["account"]): round(float(row["balance"].split()[0]) * 100)
        for row in csv.DictReader(io.StringIO(told.stdout))
    }


def _code(path: str) -> str:
    return path.rpartition(":")[2].partition("-")[0]


@pytest.fixture
def full(books: Books) -> Books:
    """Books with a split entry, awkward words, a reversal and a booking."""
    booking = BookingFactory(entity=books.entity, reference="BK-1")
    books.post("1010", "3000", 500_000, on=dt.date(2026, 9, 1), memo="Capital")
    wrong = books.post("6100", "1010", 118_000, memo=AWKWARD)
    ledger.reverse(entry=wrong, on=dt.date(2026, 10, 20), reason="Wrong: date:x", by=None, at=AT)
    ledger.post(
        entity=books.entity,
        on=OCTOBER,
        memo="One payment, three accounts",
        lines=[
            ledger.Line(books.accounts["6100"], 70_001, None, AWKWARD),
            ledger.Line(books.accounts["6200"], 29_999, booking),
            ledger.Line(books.accounts["1010"], -100_000),
        ],
        source=EntrySource.MANUAL,
        origin="bank.csv line 3, of two",
        at=AT,
    )
    return books


def test_a_journal_that_names_a_booking_says_what_its_client_has_paid(books: Books) -> None:
    deposit = (
        ledger.Line(books.accounts["1010"], 50_000),
        ledger.Line(books.accounts["2100"], -50_000, BookingFactory(entity=books.entity, reference="BK-1")),
    )
    ledger.post(
        entity=books.entity, on=OCTOBER, memo="Deposit", lines=deposit, source=EntrySource.MANUAL, at=AT
    )
    empty = open_books("empty", "Empty")
    there = BookingFactory(entity=empty.entity, reference="BK-1")

    journals.land_journal(
        entity=empty.entity, data=exported(books.entity, "hledger"), name="qos.hledger", by=None, at=AT
    )

    there.refresh_from_db()
    assert there.paid_minor == 50_000
    # What moves no cash says nothing of what was paid: an export of bookings may have told of more.
    Booking.objects.filter(pk=there.pk).update(paid_minor=70_000)
    earned = b"2026-10-20 Earned\n    2100  50 USD  ; booking: BK-1\n    4000  -50 USD  ; booking: BK-1\n"
    journals.land_journal(entity=empty.entity, data=earned, name="x.hledger", by=None, at=AT)
    there.refresh_from_db()
    assert (there.paid_minor, there.postings.count()) == (70_000, 3)


@pytest.mark.parametrize("form", journals.FORMATS)
def test_an_export_is_the_same_every_time_and_comes_back_as_the_same_balances(full: Books, form: str) -> None:
    data = exported(full.entity, form)
    assert data == exported(full.entity, form)
    empty = open_books("empty", "Empty")
    BookingFactory(entity=empty.entity, reference="BK-1")

    landed = journals.land_journal(entity=empty.entity, data=data, name=f"qos.{form}", by=None, at=AT)
    again = journals.land_journal(entity=empty.entity, data=data, name=f"qos.{form}", by=None, at=AT)

    assert (landed.new, again.new) == (4, 0)
    assert balances(empty.entity) == balances(full.entity)
    assert Posting.objects.filter(entry__entity=empty.entity, booking__reference="BK-1").count() == 1
    assert JournalEntry.objects.filter(entity=empty.entity, external_id="export:qos/1").exists()


@pytest.mark.parametrize("form", journals.FORMATS)
def test_our_own_export_brings_nothing_new_and_a_changed_one_is_refused(full: Books, form: str) -> None:
    data = exported(full.entity, form)
    name = "journal.txt"

    landed = journals.land_journal(entity=full.entity, data=data, name=name, by=None, at=AT)
    assert landed.new == 0
    changed = data.replace(b"700.01", b"700.02").replace(b"299.99", b"299.98")
    # The balances at the end would tell first.
    changed = re.split(rb"\n\S+ (?:\* Balances in|balance) ", changed)[0]
    with pytest.raises(
        FormatError, match="entry 4 of QueenofSanDiego is in the books and says something else"
    ):
        journals.land_journal(entity=full.entity, data=changed, name=name, by=None, at=AT)
    assert JournalEntry.objects.filter(entity=full.entity).count() == 4


def test_files_that_overlap_add_nothing_twice_and_equal_lines_stay_two(books: Books) -> None:
    coffee = "2026-10-{} Coffee\n    Expenses:Dockage  $4.00\n    1010\n\n"
    first, second = coffee.format("05") * 2 + coffee.format("06"), coffee.format("06") + coffee.format("07")

    for text in (first, second, first):
        journals.land_journal(entity=books.entity, data=text.encode(), name="c.journal", by=None, at=AT)

    assert balances(books.entity) == {"6100": 1600, "1010": -1600}
    assert books.entity.imported_lines.filter(kind=ImportKind.JOURNAL).count() == 4


def test_accounts_are_found_by_code_name_or_mapping_and_a_file_lands_whole_or_not_at_all(
    books: Books,
) -> None:
    text = (
        b'2026-10-05 * "Fee"\n  Expenses:Dock-And-Venue  40 USD\n  Assets:1010-Anything\n\n'
        b'2026-10-06 * "Tea"\n  Expenses:Galley  5 USD\n  Assets:1010-Anything\n'
    )
    with pytest.raises(
        FormatError,
        match=r"f.bean line 6, column account: 'Expenses:Galley' is no active account of QueenofSanDiego",
    ):
        journals.land_journal(entity=books.entity, data=text, name="f.bean", by=None, at=AT)
    assert not JournalEntry.objects.exists()
    named = journals.accounts_named(entity=books.entity, journal=journals.read(data=text, name="f.bean"))
    assert [found.account and found.account.code for found in named] == ["1010", "5300", None]

    journals.land_journal(
        entity=books.entity, data=text, name="f.bean", by=None, at=AT, mapping={"Expenses:Galley": "5400"}
    )
    assert balances(books.entity) == {"1010": -4500, "5300": 4000, "5400": 500}


def test_a_journal_for_a_closed_month_another_currency_or_an_inactive_account_is_refused(
    books: Books,
) -> None:
    text = b"2026-10-05 Fee\n    1010  5 USD\n    3000\n"
    Period.objects.create(entity=books.entity, month=months.month_of(OCTOBER), state="closed", closed_at=AT)
    with pytest.raises(
        FormatError, match="f.j line 1, column date: the books of QueenofSanDiego are closed for Oct 2026"
    ):
        journals.land_journal(entity=books.entity, data=text, name="f.j", by=None, at=AT)
    with pytest.raises(FormatError, match="f.j line 2, column currency: the posting is in EUR"):
        journals.land_journal(
            entity=books.entity, data=text.replace(b"USD", b"EUR"), name="f.j", by=None, at=AT
        )
    Account.objects.filter(entity=books.entity, code="3000").update(active=False)
    with pytest.raises(FormatError, match="f.j line 3, column account: '3000' is no active account"):
        journals.land_journal(entity=books.entity, data=text, name="f.j", by=None, at=AT)


def test_an_export_costs_a_query_more_for_each_step_only(
    full: Books, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(6):  # type: ignore[operator]
        exported(full.entity, "beancount")
    for _ in range(20):
        full.post("1010", "3000", 100)
    with django_assert_num_queries(6):  # type: ignore[operator]
        exported(full.entity, "beancount")


def test_the_commands_bring_a_journal_out_and_in(
    full: Books, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("export_journal", "qos", "--format", "hledger", "--from", "2026-10-01")
    text = capsys.readouterr().out
    assert "2026-09-01" not in text
    file = tmp_path / "qos.hledger"
    file.write_text(text)
    open_books("empty", "Empty")
    for said in ("would bring 3 new of 4", "brought 3 new of 4", "brought 0 new of 4"):
        call_command("import_journal", "empty", str(file), *(["--dry-run"] if "would" in said else []))
        assert said in capsys.readouterr().out
    file.write_text("include /etc/passwd\n")
    with pytest.raises(CommandError, match="line 1, column 1: include is not read"):
        call_command("import_journal", "empty", str(file))
    for arguments in (
        ("nobody", str(file)),
        ("empty", str(tmp_path / "none")),
        ("empty", str(file), "--map", "x"),
    ):
        with pytest.raises(CommandError):
            call_command("import_journal", *arguments)


# What beancount and hledger make of our exports


def has_hledger(test: Callable[..., None]) -> Callable[..., None]:
    """Leave a test out where there is no hledger; no engine changes what is exported."""
    why = "hledger is not installed; apt-get install hledger"
    return pytest.mark.once(pytest.mark.skipif(shutil.which("hledger") is None, reason=why)(test))


@has_hledger
def test_awkward_words_do_no_harm(full: Books, tmp_path: Path) -> None:
    held = {code: minor for code, minor in balances(full.entity).items() if minor}
    by_bean = by_beancount(exported(full.entity, "beancount").decode())
    by_hl = by_hledger(exported(full.entity, "hledger").decode(), tmp_path)
    assert {code: minor for code, minor in by_bean.items() if minor} == held
    assert {code: minor for code, minor in by_hl.items() if minor} == held


@has_hledger
@pytest.mark.django_db
@pytest.mark.usefixtures("sample_records")
def test_both_accept_the_books_of_every_sample_entity_and_agree_to_the_cent(tmp_path: Path) -> None:
    entities = list(Entity.objects.all())
    assert len(entities) == 7
    for entity in entities:
        held = {code: minor for code, minor in balances(entity).items() if minor}
        for form, told in (
            ("beancount", by_beancount(exported(entity, "beancount").decode())),
            ("hledger", by_hledger(exported(entity, "hledger").decode(), tmp_path)),
        ):
            assert {code: minor for code, minor in told.items() if minor} == held, (entity, form)
