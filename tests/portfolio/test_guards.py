"""The database refuses what the books forbid, whoever asks: the ORM, bulk methods or SQL typed by hand."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction

from core import months
from portfolio.models import (
    Account,
    Entity,
    EntrySource,
    EntryState,
    JournalEntry,
    MonthlyBalance,
    Period,
    Posting,
)
from tests.portfolio.conftest import AT, OCTOBER, Books

MONTH = months.month_of(OCTOBER)
SQLITE = "sqlite"
on_sqlite = pytest.mark.skipif(settings.ENGINE != SQLITE, reason="PostgreSQL has no such clause")
on_postgresql = pytest.mark.skipif(settings.ENGINE == SQLITE, reason="SQLite has one writer at a time")


def draft(books: Books, *amounts: tuple[str, int], **fields: Any) -> JournalEntry:
    """Write a draft with postings and no check at all."""
    entry = JournalEntry.objects.create(
        **{
            "entity": books.entity, "on": OCTOBER, "month": MONTH, "memo": "Draft",
            "source": EntrySource.MANUAL, "body_hash": "", **fields,
        }
    )  # fmt: skip
    Posting.objects.bulk_create(
        Posting(entry=entry, account=books.accounts[code], month=MONTH, amount_minor=amount)
        for code, amount in amounts
    )
    return entry


def seal(*entries: JournalEntry) -> int:
    """Seal drafts the way SQL would."""
    return JournalEntry.objects.filter(pk__in=[entry.pk for entry in entries]).update(
        state=EntryState.POSTED, posted_at=AT
    )


def refused(sentence: str, act: Callable[[], Any]) -> None:
    """Expect the database to refuse an act with a sentence."""
    with pytest.raises(IntegrityError, match=sentence), transaction.atomic():
        act()


def run(sql: str, params: Sequence[Any] = ()) -> None:
    """Run one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def balances(books: Books) -> dict[tuple[str, int], tuple[int, int, int]]:
    """Return (debit, credit, cash) by account code and month."""
    return {
        (row.account.code, row.month): (row.debit_minor, row.credit_minor, row.cash_minor)
        for row in MonthlyBalance.objects.filter(account__entity=books.entity).select_related("account")
    }


def test_sealing_moves_the_balances_of_its_accounts(books: Books) -> None:
    seal(draft(books, ("1010", -5000), ("6100", 3000), ("6200", 2000)))
    seal(draft(books, ("1200", 700), ("4000", -700)))
    assert balances(books) == {
        ("1010", MONTH): (0, 5000, 5000),
        ("6100", MONTH): (3000, 0, -3000),
        ("6200", MONTH): (2000, 0, -2000),
        ("1200", MONTH): (700, 0, 0),
        ("4000", MONTH): (0, 700, 0),
    }


def test_sealing_many_at_once_moves_each(books: Books) -> None:
    entries = [draft(books, ("1010", -n), ("6100", n)) for n in range(1, 51)]
    assert seal(*entries) == 50
    assert balances(books) == {("1010", MONTH): (0, 1275, 1275), ("6100", MONTH): (1275, 0, -1275)}


def test_one_account_twice_in_an_entry_is_added_up(books: Books) -> None:
    seal(draft(books, ("1010", -500), ("6100", 300), ("6100", 300), ("6100", -100)))
    assert balances(books)["6100", MONTH] == (600, 100, -500)


@pytest.mark.parametrize(
    ("amounts", "sentence"),
    [
        ([], "at least two postings"),
        ([("1010", 1)], "at least two postings"),
        ([("1010", 500), ("4000", -499)], "add up to zero"),
    ],
)
def test_seal_refuses_empty_and_unbalanced(
    books: Books, amounts: list[tuple[str, int]], sentence: str
) -> None:
    entry = draft(books, *amounts)
    refused(sentence, lambda: seal(entry))
    assert not MonthlyBalance.objects.exists()


def test_one_bad_entry_refuses_the_whole_statement(books: Books) -> None:
    good, bad = draft(books, ("1010", 5), ("4000", -5)), draft(books, ("1010", 5), ("4000", -6))
    refused("add up to zero", lambda: seal(good, bad))
    assert not JournalEntry.objects.filter(state=EntryState.POSTED).exists()
    assert not MonthlyBalance.objects.exists()


def test_seal_refuses_the_account_of_another_entity(books: Books, other_books: Books) -> None:
    entry = draft(books, ("1010", 5))
    Posting.objects.create(entry=entry, account=other_books.accounts["4000"], month=MONTH, amount_minor=-5)
    refused("belongs to its entity", lambda: seal(entry))


def test_seal_refuses_another_currency(books: Books) -> None:
    entry = draft(books, ("1010", 5), ("4000", -5), currency="MXN")
    refused("keeps its currency", lambda: seal(entry))


def test_an_account_is_kept_in_the_currency_of_its_entity(books: Books) -> None:
    pesos = {
        "entity": books.entity,
        "code": "1011",
        "name": "Pesos",
        "kind": "asset",
        "role": "cash",
        "currency": "MXN",
    }
    refused("the currency of its entity", lambda: Account.objects.create(**pesos))
    refused("the currency of its entity", lambda: Account.objects.bulk_create([Account(**pesos)]))
    refused("the currency of its entity", lambda: Account.objects.filter(code="1010").update(currency="MXN"))
    entity = Entity.objects.filter(pk=books.entity.pk)
    entity.update(currency="MXN")  # Nothing is posted yet, so its accounts follow it.
    assert set(Account.objects.values_list("currency", flat=True)) == {"MXN"}
    entity.update(currency="USD")
    books.post("6100", "1010", 500)
    refused("An account with posted entries", lambda: entity.update(currency="MXN"))


@pytest.mark.parametrize(("entry_month", "posting_month"), [(MONTH + 1, MONTH + 1), (MONTH, MONTH - 1)])
def test_seal_refuses_a_month_that_is_not_its_dates(
    books: Books, entry_month: int, posting_month: int
) -> None:
    entry = draft(books, ("1010", 5), ("4000", -5))
    Posting.objects.filter(entry=entry, amount_minor=5).update(month=posting_month)
    JournalEntry.objects.filter(pk=entry.pk).update(month=entry_month)
    refused("month of its date", lambda: seal(entry))


def test_seal_refuses_a_closed_month(books: Books) -> None:
    Period.objects.create(
        entity=books.entity, month=MONTH, state="closed", statement_minor=0, reconciled_at=AT, closed_at=AT
    )
    for days in (0, -14, -400):  # In the closed month, in the one before it, and in another year.
        on = OCTOBER + dt.timedelta(days)
        entry = draft(books, ("1010", 5), ("4000", -5), on=on, month=months.month_of(on), posted_at=AT)
        Posting.objects.filter(entry=entry).update(month=entry.month)
        refused("is closed", lambda entry=entry: seal(entry))
    other_month = draft(books, ("1010", 5), ("4000", -5), on=OCTOBER + dt.timedelta(days=31), month=MONTH + 1)
    Posting.objects.filter(entry=other_month).update(month=MONTH + 1)
    assert seal(other_month) == 1


def test_nothing_is_inserted_posted(books: Books) -> None:
    posted = {
        "entity": books.entity, "on": OCTOBER, "month": MONTH, "memo": "x", "source": "manual",
        "state": "posted", "posted_at": AT, "body_hash": "",
    }  # fmt: skip
    refused("written as a draft", lambda: JournalEntry.objects.create(**posted))
    refused("written as a draft", lambda: JournalEntry.objects.bulk_create([JournalEntry(**posted)]))
    assert not JournalEntry.objects.exists()


ATTACKS_ON_AN_ENTRY = {
    "memo": "UPDATE portfolio_journalentry SET memo = 'x'",
    "state": "UPDATE portfolio_journalentry SET state = 'draft'",
    "same state": "UPDATE portfolio_journalentry SET state = 'posted'",
    "date": "UPDATE portfolio_journalentry SET month = month + 1",
    "instant": "UPDATE portfolio_journalentry SET posted_at = NULL",
    "id": "UPDATE portfolio_journalentry SET id = id + 1000",
    "delete": "DELETE FROM portfolio_journalentry",
    "delete posting": "DELETE FROM portfolio_posting",
    "amount": "UPDATE portfolio_posting SET amount_minor = amount_minor * 2",
    "account": "UPDATE portfolio_posting SET account_id = account_id",
    "posting id": "UPDATE portfolio_posting SET id = id + 1000",
    "insert": "INSERT INTO portfolio_posting (entry_id, account_id, month, amount_minor, memo) "
    "SELECT entry_id, account_id, month, amount_minor, '' FROM portfolio_posting",
    "balance": "UPDATE portfolio_monthlybalance SET debit_minor = debit_minor + 1",
    "balance delete": "DELETE FROM portfolio_monthlybalance",
    "balance insert": "INSERT INTO portfolio_monthlybalance (account_id, month, debit_minor, credit_minor, cash_minor) "
    "SELECT account_id, month + 1, 1, 1, 1 FROM portfolio_monthlybalance",
    "account currency": "UPDATE portfolio_account SET currency = 'EUR'",
    "account role": "UPDATE portfolio_account SET role = 'loan'",
    "account kind": "UPDATE portfolio_account SET kind = 'equity'",
    "account entity": "UPDATE portfolio_account SET entity_id = entity_id + 1",
}
ATTACKS_ON_SQLITE = {
    "replace entry": 'INSERT OR REPLACE INTO portfolio_journalentry (id, entity_id, "on", month, currency, memo, state, '
    "source, body_hash, origin, reason, chain_hash) "
    "SELECT id, entity_id, \"on\", month, 'USD', 'x', 'draft', source, '', '', '', '' FROM portfolio_journalentry",
    "replace by number": 'INSERT OR REPLACE INTO portfolio_journalentry (entity_id, "on", month, currency, memo, state, '
    "source, body_hash, origin, reason, chain_hash, number) SELECT entity_id, \"on\", month, 'USD', 'x', 'draft', source, "
    "'', '', '', '', number FROM portfolio_journalentry",
    "counted": "UPDATE portfolio_journalentry SET counted = 0",
    "replace by key": 'INSERT OR REPLACE INTO portfolio_journalentry (entity_id, "on", month, currency, memo, state, '
    "source, external_id, body_hash, origin, reason, chain_hash) "
    "SELECT entity_id, \"on\", month, 'USD', 'x', 'draft', source, external_id, '', '', '', '' FROM portfolio_journalentry",
    "update or replace": "UPDATE OR REPLACE portfolio_journalentry SET memo = 'x'",
    "replace posting": "INSERT OR REPLACE INTO portfolio_posting (id, entry_id, account_id, month, amount_minor, memo) "
    "SELECT id, entry_id, account_id, month, amount_minor * 2, '' FROM portfolio_posting",
    "replace balance": "INSERT OR REPLACE INTO portfolio_monthlybalance (id, account_id, month, debit_minor, credit_minor, "
    "cash_minor) SELECT id, account_id, month, 1, 1, 1 FROM portfolio_monthlybalance",
    "replace account": "INSERT OR REPLACE INTO portfolio_account (id, entity_id, code, name, kind, role, currency, active) "
    "SELECT id, entity_id, code, name, kind, role, 'EUR', active FROM portfolio_account",
}
ATTACKS_ON_POSTGRESQL = {
    "truncate entries": "TRUNCATE portfolio_journalentry CASCADE",
    "truncate postings": "TRUNCATE portfolio_posting",
    "truncate balances": "TRUNCATE portfolio_monthlybalance",
    "upsert": 'INSERT INTO portfolio_journalentry (id, entity_id, "on", month, currency, memo, state, source, body_hash, '
    "origin, reason, chain_hash) SELECT id, entity_id, \"on\", month, 'USD', 'x', 'draft', source, '', '', '', '' "
    "FROM portfolio_journalentry ON CONFLICT (id) DO UPDATE SET memo = 'x'",
}


def contents() -> list[Any]:
    """Return every row of the books."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (JournalEntry, Posting, MonthlyBalance, Account)
    ]


ATTACKS = ATTACKS_ON_AN_ENTRY | (ATTACKS_ON_SQLITE if settings.ENGINE == SQLITE else ATTACKS_ON_POSTGRESQL)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_posted_entry_withstands_sql_by_hand(books: Books, attack: str) -> None:
    books.post("6100", "1010", 11800, external_id="a")
    before = contents()
    if connection.vendor != SQLITE:
        run("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE refuses by itself while checks are pending.
    refused(
        "is never|are never|alone|An account with posted|the currency of its entity",
        lambda: run(ATTACKS[attack]),
    )
    assert contents() == before


def test_a_posted_entry_withstands_the_orm(books: Books) -> None:
    entry = books.post("6100", "1010", 11800)
    posting = entry.postings.first()
    before = contents()
    entry.memo = "Changed"
    posting.amount_minor = 1
    refused("never changed", entry.save)
    refused("never added to", posting.save)
    refused("never added to", posting.delete)
    refused("never added to", lambda: Posting.objects.bulk_update([posting], ["amount_minor"]))
    refused("never added to", lambda: Posting.objects.filter(pk=posting.pk).delete())
    posting.pk = None
    refused("never added to", posting.save)
    refused("never added to", lambda: Posting.objects.bulk_create([posting]))
    assert contents() == before


def test_a_posting_does_not_move_between_a_draft_and_a_posted_entry(books: Books) -> None:
    posted = books.post("6100", "1010", 500)
    loose = draft(books, ("6100", 500), ("1010", -500))
    refused("never added to", lambda: Posting.objects.filter(entry=loose).update(entry=posted))
    refused("never added to", lambda: Posting.objects.filter(entry=posted).update(entry=loose))


def test_a_draft_may_be_changed_and_deleted(books: Books) -> None:
    entry = draft(books, ("6100", 500), ("1010", -400))
    Posting.objects.filter(entry=entry, amount_minor=-400).update(amount_minor=-500)
    JournalEntry.objects.filter(pk=entry.pk).update(memo="Better")
    assert seal(entry) == 1
    other = draft(books, ("6100", 500), ("1010", -400))
    Posting.objects.filter(entry=other).delete()
    other.delete()
    assert JournalEntry.objects.count() == 1


def test_accounts_without_posted_entries_may_be_mended(books: Books) -> None:
    draft(books, ("6100", 500), ("1010", -500))
    assert Account.objects.filter(pk=books.accounts["6100"].pk).update(role="direct_cost") == 1
    books.post("6200", "1010", 500)
    assert Account.objects.filter(pk=books.accounts["6200"].pk).update(name="Insurances", active=False) == 1


@on_sqlite
def test_a_seal_keeps_the_balance_under_a_foreign_conflict_clause(books: Books) -> None:
    books.post("6100", "1010", 500)
    for before, clause in enumerate(("REPLACE", "IGNORE", "FAIL", "ROLLBACK")):
        entry = draft(books, ("6100", 70), ("1010", -70))
        run(
            f"UPDATE OR {clause} portfolio_journalentry SET state = 'posted', posted_at = '2026-11-10' WHERE id = %s",
            [entry.pk],
        )
        run("INSERT OR REPLACE INTO portfolio_seal VALUES (%s, %s)", [entry.pk, entry.pk])
        moved = 570 + 70 * before
        assert balances(books)["6100", MONTH] == (moved, 0, -moved)
    unbalanced = draft(books, ("6100", 70), ("1010", -71))
    for clause in ("IGNORE", "REPLACE", "FAIL"):
        refused(
            "add up to zero",
            lambda clause=clause: run(
                f"UPDATE OR {clause} portfolio_journalentry SET state = 'posted', posted_at = '2026-11-10' WHERE id = %s",
                [unbalanced.pk],
            ),
        )


@on_sqlite
def test_no_name_of_the_key_lets_a_row_take_a_posted_place(books: Books) -> None:
    posted, loose = books.post("6100", "1010", 500).pk, draft(books, ("6100", 70), ("1010", -70)).pk
    used, unused = books.accounts["6100"].pk, books.accounts["4000"].pk
    before = contents()
    for name in ("id", "rowid", "OID", "_rowid_"):
        for table, sentence, keys in (
            ("journalentry", "keeps its id", ((posted, loose), (-1, loose))),
            ("account", "An account with posted", ((used, unused), (10**6, used))),
        ):
            for key, pk in keys:
                statement = f"UPDATE OR REPLACE portfolio_{table} SET {name} = {key} WHERE id = {pk}"
                refused(sentence, lambda statement=statement: run(statement))
    assert contents() == before


@on_sqlite
@pytest.mark.parametrize("range_of", [0, 1])
def test_nothing_numbered_below_one_is_sealed(books: Books, range_of: int) -> None:
    """A guard takes -1 for a row that has no id yet; were it sealed, a REPLACE could take its place."""
    entry = draft(books, ("6100", 70), ("1010", -70), posted_at=AT)
    run("UPDATE portfolio_posting SET id = -1 WHERE entry_id = %s AND amount_minor = 70", [entry.pk])
    below = draft(books, id=-1, posted_at=AT)
    for account, amount in (("6100", 70), ("1010", -70)):
        Posting.objects.create(entry=below, account=books.accounts[account], month=MONTH, amount_minor=amount)
    for pk in (entry.pk, -1):
        refused(
            "numbered from 1",
            lambda pk=pk: run("INSERT INTO portfolio_seal VALUES (%s, %s)", [pk, pk + range_of]),
        )
    assert not MonthlyBalance.objects.exists()


@on_sqlite
def test_a_seal_put_there_by_hand_seals_drafts_and_opens_no_balance(books: Books) -> None:
    books.post("6100", "1010", 500)
    loose = draft(books, ("6100", 70), ("1010", -70), posted_at=AT)
    run("INSERT OR REPLACE INTO portfolio_seal VALUES (0, 1000000)")
    run("INSERT INTO portfolio_seal VALUES (0, 1000000)")
    loose.refresh_from_db()
    assert loose.state == EntryState.POSTED
    assert balances(books)["6100", MONTH] == (570, 0, -570)
    refused("alone", lambda: run("UPDATE portfolio_monthlybalance SET debit_minor = 0"))
    for amounts, fields, sentence in (
        ([("6100", 70), ("1010", -71)], {"posted_at": AT}, "add up to zero"),
        ([("6100", 70), ("1010", -70)], {}, "has an instant"),
    ):
        entry = draft(books, *amounts, **fields)
        for clause in ("", "OR IGNORE", "OR REPLACE", "OR FAIL"):
            refused(
                sentence,
                lambda clause=clause: run(f"INSERT {clause} INTO portfolio_seal VALUES (0, 1000000)"),
            )
        refused(
            "Only the seal counts",
            lambda: run("UPDATE portfolio_journalentry SET counted = 1 WHERE state = 'draft'"),
        )
        Posting.objects.filter(entry=entry).delete()
        entry.delete()
    assert balances(books)["6100", MONTH] == (570, 0, -570)


@on_postgresql
def test_copy_posts_nothing_and_adds_nothing(books: Books) -> None:
    entry = books.post("6100", "1010", 500)
    account = books.accounts["6100"].pk

    def copy(table: str, row: str) -> None:
        with (
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            cursor.copy(f"COPY {table} FROM STDIN") as rows,
        ):
            rows.write(row)

    posting = "portfolio_posting (entry_id, account_id, month, amount_minor, memo)"
    refused("never added to", lambda: copy(posting, f"{entry.pk}\t{account}\t{MONTH}\t5\t\n"))
    refused("never added to", lambda: copy(posting, f"{entry.pk + 999}\t{account}\t{MONTH}\t5\t\n"))
    table = (
        'portfolio_journalentry (entity_id, "on", month, currency, memo, state, source, body_hash, origin, reason, '
        "chain_hash, posted_at)"
    )
    row = f"{books.entity.pk}\t{OCTOBER}\t{MONTH}\tUSD\tx\tposted\tmanual\t\t\t\t\t2026-11-10 00:00:00+00\n"
    refused("written as a draft", lambda: copy(table, row))
    refused("alone", lambda: copy(
        "portfolio_monthlybalance (account_id, month, debit_minor, credit_minor, cash_minor)", f"{account}\t1\t1\t1\t1\n"
    ))  # fmt: skip


def test_a_draft_keeps_its_id_and_goes_after_its_postings(books: Books) -> None:
    entry = draft(books, ("6100", 500), ("1010", -500))
    refused("deleted before it", lambda: run("DELETE FROM portfolio_journalentry WHERE state = 'draft'"))
    refused("keeps its id", lambda: run("UPDATE portfolio_journalentry SET id = id + 1000"))
    Posting.objects.filter(entry=entry).update(account_id=10**9)
    refused("belongs to its entity", lambda: seal(entry))
    refused(
        "never added to",
        lambda: Posting.objects.create(
            entry_id=10**9, account=books.accounts["6100"], month=MONTH, amount_minor=1
        ),
    )


@pytest.mark.parametrize("amount", ["0.5", "'ten'", "9e18", "NULL", "0"])
def test_amounts_are_whole_and_within_bounds(books: Books, amount: str) -> None:
    entry = draft(books, ("1010", 5))

    def write() -> None:
        run(
            "INSERT INTO portfolio_posting (entry_id, account_id, month, amount_minor, memo) "
            f"VALUES (%s, %s, %s, {amount}, '')",
            [entry.pk, books.accounts["4000"].pk, MONTH],
        )
        seal(entry)

    with pytest.raises(DatabaseError), transaction.atomic():
        write()
    assert not MonthlyBalance.objects.exists()
