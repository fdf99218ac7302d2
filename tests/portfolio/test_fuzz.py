"""The test programme of the ledger: fuzz, files landed again and again with kills, and two hundred bad files."""

import datetime as dt
import functools
import random
import time
import tracemalloc
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from portfolio.domain import intake, ledger, statements, verification
from portfolio.domain.receivables.landing import land_invoices
from portfolio.domain.stripe import landing as stripe
from portfolio.formats import FormatError
from portfolio.models import EntrySource, ImportedLine, ImportFile, JournalEntry, MonthlyBalance, Posting
from tests.mail.processes import run
from tests.portfolio.conftest import AT, Books, everything, open_books

SEED = 20261121
BATCH = 1_000


def know_the_tables() -> None:
    """Let PostgreSQL's planner see rows of a transaction that lasts as long as the test, as autovacuum never will."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE portfolio_journalentry, portfolio_posting")


def fuzz(books: Books, entries: int, check_every: int) -> None:
    """Post batches with 3 % unbalanced entries and 10 % reused keys, and check the books again and again."""
    source = random.Random(SEED)  # noqa: S311 - the same run every time
    codes = list(books.accounts)
    posted: dict[str, ledger.Draft] = {}
    keys: list[str] = []
    done, refused, repeated = 0, 0, 0
    while done < entries:
        batch = []
        for _ in range(min(BATCH, entries - done)):
            done += 1
            key = f"k{done}"
            if posted and source.random() < 0.10:
                key = source.choice(keys[-500:])
                repeated += 1
                batch.append(posted[key])
                continue
            first, second = source.sample(codes, 2)
            amount = source.randint(1, 10**8)
            off = source.choice([-1, 1, 100]) if source.random() < 0.03 else 0
            draft = ledger.Draft(
                dt.date(2024, 1, 1) + dt.timedelta(days=source.randrange(1000)), f"Fuzz {done}",
                (books.line(first, amount), books.line(second, off - amount)), EntrySource.BANK, key,
            )  # fmt: skip
            if off:
                refused += 1
                before = {good.external_id: good for good in batch[-5:]}.values()
                with pytest.raises(ledger.UnbalancedEntryError):
                    ledger.post_many(entity=books.entity, drafts=[*before, draft], at=AT)
                continue
            batch.append(draft)
            posted[key] = draft
            keys.append(key)
        fresh = {draft.external_id: draft for draft in batch}
        ledger.post_many(entity=books.entity, drafts=list(fresh.values()), at=AT)
        if done % check_every < BATCH:
            know_the_tables()
            trial = statements.Books(
                entities=[books.entity], columns=statements.by_month(2027 * 12, 2027 * 12)
            ).trial()
            assert trial.debit_minor == trial.credit_minor
            victim = JournalEntry.objects.get(
                entity=books.entity, source=EntrySource.BANK, external_id=keys[0]
            )
            with pytest.raises(IntegrityError), transaction.atomic():
                Posting.objects.filter(entry=victim).update(amount_minor=1)
            with pytest.raises(IntegrityError), transaction.atomic():
                JournalEntry.objects.filter(pk=victim.pk).delete()
    assert refused > entries * 0.02
    assert repeated > entries * 0.08
    assert JournalEntry.objects.count() == len(posted)
    know_the_tables()
    assert verification.verify_books() == []


def test_the_ledger_survives_a_fuzz(books: Books) -> None:
    fuzz(books, entries=3_000, check_every=1_000)


# Batch by batch committed, as they are in life: PostgreSQL clears nothing away behind a transaction that is under way.
@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_the_ledger_survives_a_million_postings(books: Books) -> None:
    fuzz(books, entries=560_000, check_every=50_000)
    assert Posting.objects.count() >= 950_000


def statement(folder: Path, name: str, first: int, last: int) -> Path:
    """Write a bank file with the lines of a range of numbers."""
    path = folder / name
    path.write_text(
        "Date,Description,Amount\n"
        + "".join(
            f"2026-{1 + n % 9:02d}-{1 + n % 28:02d},LINE {n},-{n + 1}.00\n" for n in range(first, last)
        ),
        encoding="utf-8",
    )
    return path


def kill_while_landing(tmp_path: Path, kills: int, lines: int) -> None:
    """Land overlapping files in processes that are killed at any moment, then once to the end."""
    books = open_books()
    source = random.Random(SEED)  # noqa: S311 - the same run every time
    files = [
        statement(tmp_path, f"part{n}.csv", max(0, n * lines - lines // 2), (n + 1) * lines) for n in range(4)
    ]
    for _ in range(kills):
        process = run("tests.portfolio.landing_process", *files, scratch=tmp_path)
        process.stdout.readline()
        time.sleep(source.random() * 0.6)
        process.kill()
        process.communicate(timeout=30)
        found = JournalEntry.objects.count()
        assert found == ImportedLine.objects.count()
        assert sum(ImportFile.objects.values_list("lines_new", flat=True)) == found
    for _ in range(2):
        process = run("tests.portfolio.landing_process", *files, scratch=tmp_path)
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    assert out.count("landed 0\n") == 4
    assert ImportedLine.objects.count() == JournalEntry.objects.count() == 4 * lines
    total = sum(
        row.debit_minor - row.credit_minor
        for row in MonthlyBalance.objects.filter(account=books.accounts["1010"])
    )
    assert total == -sum((n + 1) * 100 for n in range(4 * lines))
    assert verification.verify_books() == []


@pytest.mark.django_db(transaction=True)
def test_files_landed_by_killed_processes_land_once(tmp_path: Path) -> None:
    kill_while_landing(tmp_path, kills=3, lines=300)


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_files_landed_by_twenty_killed_processes_land_once(tmp_path: Path) -> None:
    kill_while_landing(tmp_path, kills=20, lines=2_000)


GOOD_BANK = b"Date,Description,Amount\n2026-10-01,DOCK,-5.00\n2026-10-02,FUEL,-6.00\n"
GOOD_STRIPE = (
    b"id,Type,Source,Amount,Fee,Net,Currency,Created (UTC)\n"
    b"txn_1,charge,ch_1,10.00,0.59,9.41,usd,2026-10-01 10:00\n"
    b"txn_2,refund,re_1,-10.00,0.00,-10.00,usd,2026-10-02 10:00\n"
)
GOOD_OPENING = b"entity,account,on,amount\nqos,1010,2026-10-02,7.00\nqos,3000,2026-10-02,-7.00\n"
GOOD_INVOICES = (
    b"entity,number,client,issued_on,terms_days,amount,paid_on\nqos,DC-1,Cove,2026-10-02,30,7.00,\n"
)
BAD_AMOUNTS = [
    b"1e400", b"NaN", b"Infinity", b"1_000", b"1.005", b"--5", b"-0.00", b"0.00", b"", b"$", b"=5+5", b"12,34.00",
    "٣".encode(), "１２".encode(), b"1,234.5.6", b"(-5.00)", b"5.00-", b"0x10", b"99999999999999999999", b"five",
]  # fmt: skip
BAD_DATES = [
    b"2026-02-30", b"2026-13-01", b"0000-00-00", b"", b"31.12.2026", b"2026-1-1", b"tomorrow", b"20261001",
    b"2026-10-01T25:00", b"2026/10/01", "２０２６-10-01".encode(), b"-2026-10-01",
]  # fmt: skip
BAD_BYTES = [
    b"", b"\n\n", b"\x00" * 50, b"\xff\xfeD\x00a\x00", b"Date;Description;Amount\n", b"<html></html>", b"{}",
    b"Date,Description\n2026-10-01,x\n", b"Date,Date,Amount\n", b",,\n", b"PK\x03\x04zip", b"%PDF-1.7",
]  # fmt: skip


def mutations() -> list[tuple[str, bytes]]:
    """Return more than two hundred bad files, by kind."""
    found: list[tuple[str, bytes]] = []
    for kind, good, amount, day in (
        ("bank_csv", GOOD_BANK, b"-6.00", b"2026-10-02"),
        ("stripe", GOOD_STRIPE, b"-10.00,0.00,-10.00", b"2026-10-02 10:00"),
    ):
        quoted = [b'"' + value.replace(b'"', b'""') + b'"' for value in BAD_AMOUNTS]
        tail = b"" if kind == "bank_csv" else b",0.00,-10.00"
        found += [(kind, good.replace(amount, value + tail)) for value in quoted]
        found += [(kind, good.replace(day, value)) for value in BAD_DATES]
        found += [(kind, value) for value in BAD_BYTES]
        found += [
            (kind, good.replace(b"\n", b"\r")),
            (kind, good.replace(b",", b"\t")),
            (kind, good.replace(b",", b";")),
        ]
        found += [(kind, good + b'2026-10-03,"open,-1.00\n'), (kind, good + b"2026-10-03,caf\xe9,-1.00\n")]
        found += [
            (kind, good + b"one,two,three,four,five,six,seven,eight,nine,ten\n"),
            (kind, good + b"one\n"),
        ]
        found += [
            (kind, good[:-1] + b"," + b"x" * 200_000 + b"\n"),
            (kind, good + b"\x00\n"),
            (kind, good + b"\x1b[31m\n"),
        ]
        header = good.split(b"\n", 1)[0]
        columns = header.split(b",")
        required = 3 if kind == "bank_csv" else len(columns)
        for position in range(required):
            if columns[position] == b"Source":
                continue
            without = b",".join(c if n != position else b"Wrong" for n, c in enumerate(columns))
            found.append((kind, good.replace(header, without)))
            doubled = columns.copy()
            doubled[position] = columns[position - 1]
            found.append((kind, good.replace(header, b",".join(doubled))))
            found.append((kind, header.replace(columns[position], b"") + b"\n" + good.split(b"\n", 1)[1]))
        found.append((kind, header + b"\n" + b",".join([b"\xf0\x28\x8c\x28"] * len(columns)) + b"\n"))
    for kind, good, amount in (("opening", GOOD_OPENING, b"-7.00"), ("invoices", GOOD_INVOICES, b"7.00")):
        found += [(kind, good.replace(amount, b'"' + value + b'"')) for value in BAD_AMOUNTS]
        found += [(kind, good.replace(b"2026-10-02", value)) for value in BAD_DATES]
        found += [
            (kind, good.replace(b"\nqos", b"\n" + value))
            for value in (b"", b"none", b"QOS!", b"../etc", b"q" * 60)
        ]
    found += [
        ("stripe", GOOD_STRIPE.replace(b"usd", value)) for value in (b"xxx", b"", b"US", b"btc", b"dollars")
    ]
    found += [
        ("stripe", GOOD_STRIPE.replace(b"txn_2", value))
        for value in (b"txn_1", b"", b"2", b"txn 2", b"<b>", b"txn_")
    ]
    found += [
        ("stripe", GOOD_STRIPE.replace(b"9.41", value)) for value in (b"9.42", b"-9.41", b"10.00", b"0.59")
    ]
    found += [
        ("stripe", GOOD_STRIPE.replace(b"charge", value)) for value in (b"", b"gift", b"CHARGES", b"refund")
    ]
    found += [
        ("bank_csv", GOOD_BANK.replace(b"DOCK", value)) for value in (b"", b"   ", b"x" * 300, b'"a""b')
    ]
    return found


def test_two_hundred_bad_files_are_refused_with_file_line_and_reason(books: Books) -> None:
    files = list(dict.fromkeys(mutations()))
    assert len(files) >= 200
    before = everything()
    landers = {
        "bank_csv": functools.partial(intake.land_bank, entity=books.entity),
        "stripe": functools.partial(stripe.land_file, entity=books.entity),
        "opening": intake.land_opening,
        "invoices": land_invoices,
    }
    for number, (kind, data) in enumerate(files):
        begun = time.thread_time()
        with pytest.raises(FormatError) as caught:
            landers[kind](data=data, name=f"bad{number}.csv", by=None, at=AT)
        assert time.thread_time() - begun < 2, (number, data[:80])
        error = caught.value
        assert (error.file, error.line > 0, bool(error.column)) == (f"bad{number}.csv", True, True), data
        assert "\n" not in str(error)
        assert len(str(error)) < 600, (number, str(error))
    assert everything() == before


@pytest.mark.full
def test_a_hundred_thousand_lines_land_in_bounded_time_and_memory(books: Books, tmp_path: Path) -> None:
    data = statement(tmp_path, "large.csv", 0, 100_000).read_bytes()
    begun = time.thread_time()
    landed = intake.land_bank(entity=books.entity, data=data, name="large.csv", by=None, at=AT)
    assert landed.new == 100_000
    assert time.thread_time() - begun < 60
    tracemalloc.start()
    intake.land_bank(entity=books.entity, data=data, name="again.csv", by=None, at=AT)
    assert tracemalloc.get_traced_memory()[1] < 400_000_000
    tracemalloc.stop()
    assert verification.verify_balances() == []
    assert connection.vendor in {"sqlite", "postgresql"}
