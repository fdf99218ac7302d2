"""What one statement does to several entries, and what it leaves behind where it is refused: SQL typed by hand."""

import datetime as dt
from contextlib import suppress

import pytest
from django.db import IntegrityError, connection

from core import months
from portfolio.models import EntryState, JournalEntry, MonthlyBalance, Posting
from tests.portfolio.conftest import AT, OCTOBER, Books
from tests.portfolio.test_guards import (
    MONTH,
    balances,
    contents,
    draft,
    on_postgresql,
    on_sqlite,
    refused,
    run,
    seal,
)


def test_what_is_wrong_is_told_of_a_statement_that_seals_several(books: Books, other_books: Books) -> None:
    good = draft(books, ("1010", 5), ("4000", -5))
    over, under = draft(books, ("1010", 6), ("4000", -5)), draft(books, ("1010", 5), ("4000", -6))
    alone, bare = draft(books, ("1010", 5)), draft(books)
    pesos = draft(books, ("1010", 5), ("4000", -5), currency="MXN")
    foreign, moved = draft(books, ("1010", 5)), draft(books, ("1010", 5), entity=other_books.entity)
    for entry in (foreign, moved):
        Posting.objects.create(
            entry=entry, account=other_books.accounts["4000"], month=MONTH, amount_minor=-5
        )
    late, misdated = draft(books, ("1010", 5), ("4000", -5)), draft(books, ("1010", 5), ("4000", -5))
    Posting.objects.filter(entry=late, amount_minor=5).update(month=MONTH + 1)
    JournalEntry.objects.filter(pk=misdated.pk).update(on=OCTOBER + dt.timedelta(31))
    before = contents()
    for sentence, wrong in (
        ("add up to zero", (over, under)),  # Together they would.
        ("at least two postings", (alone,)),
        ("at least two postings", (bare,)),
        ("keeps its currency", (pesos,)),
        ("belongs to its entity", (foreign,)),
        ("belongs to its entity", (moved,)),
        ("month of its date", (late,)),
        ("month of its date", (misdated,)),
    ):
        refused(sentence, lambda wrong=wrong: seal(good, *wrong))
        assert contents() == before


def test_one_statement_seals_entries_of_two_entities_and_those_that_touch_cash(
    books: Books, other_books: Books
) -> None:
    owed = draft(books, ("1200", 700), ("4000", -700))
    paid = draft(books, ("1010", 200), ("1200", -200))
    seal(owed, paid)
    mine = {("1200", MONTH): (700, 200, 200), ("4000", MONTH): (0, 700, 0), ("1010", MONTH): (200, 0, -200)}
    assert balances(books) == mine
    seal(draft(books, ("1200", 1), ("4000", -1)), draft(other_books, ("1010", 30), ("4000", -30)))
    assert balances(books) == mine | {("1200", MONTH): (701, 200, 200), ("4000", MONTH): (0, 701, 0)}
    assert balances(other_books) == {("1010", MONTH): (30, 0, -30), ("4000", MONTH): (0, 30, 30)}


@pytest.mark.parametrize("many", [1, 2])
@pytest.mark.parametrize("on", ["1999-12-31", "2100-01-01", "7487-01-15"])
def test_a_day_of_another_century_is_not_sealed(books: Books, many: int, on: str) -> None:
    """SQLite would count the last of these days in a month of another account."""
    day = dt.date.fromisoformat(on)
    month = months.month_of(day)
    entries = [draft(books, ("1010", 5), ("4000", -5), posted_at=AT) for _ in range(many)]
    JournalEntry.objects.filter(pk=entries[-1].pk).update(on=day, month=month)
    Posting.objects.filter(entry=entries[-1]).update(month=month)
    refused("from 2000 to 2099", lambda: seal(*entries))
    if connection.vendor == "sqlite":
        refused(
            "from 2000 to 2099",
            lambda: run("INSERT INTO portfolio_seal VALUES (%s, %s)", [entries[0].pk, entries[-1].pk]),
        )
    assert not MonthlyBalance.objects.exists()


@on_postgresql
@pytest.mark.parametrize("many", [1, 2])
@pytest.mark.parametrize("on", ["infinity", "-infinity"])
def test_a_day_without_end_is_in_no_month(books: Books, many: int, on: str) -> None:
    """Python has no such day: whoever read the entry would fall."""
    entries = [draft(books, ("1010", 5), ("4000", -5)) for _ in range(many)]
    run(f'UPDATE portfolio_journalentry SET "on" = %s WHERE id = {entries[0].pk}', [on])
    refused("month of its date", lambda: seal(*entries))
    assert not MonthlyBalance.objects.exists()


@on_sqlite
def test_a_seal_over_entries_that_are_counted_counts_the_drafts_among_them_alone(books: Books) -> None:
    first = draft(books, ("6100", 70), ("1010", -70), posted_at=AT)
    books.post("6100", "1010", 500)
    last = draft(books, ("6100", 30), ("1200", -30), posted_at=AT)
    wrong = draft(books, ("6100", 30), ("1010", -31), posted_at=AT)
    before = contents()
    # Without a savepoint: the statement undoes itself, and what it sealed before it came to the wrong one.
    for clause in ("", "OR IGNORE", "OR REPLACE", "OR FAIL"):
        with pytest.raises(IntegrityError, match="add up to zero"):
            run(f"INSERT {clause} INTO portfolio_seal VALUES (%s, %s)", [first.pk, wrong.pk])
        assert contents() == before
        refused("alone", lambda: run("UPDATE portfolio_monthlybalance SET debit_minor = 0"))
    for upto in (last.pk - 1, last.pk, last.pk):  # Each range overlaps the one before.
        run("INSERT INTO portfolio_seal VALUES (%s, %s)", [first.pk, upto])
    assert balances(books) == {
        ("6100", MONTH): (600, 0, -570), ("1010", MONTH): (0, 570, 570), ("1200", MONTH): (0, 30, 0),
    }  # fmt: skip


@on_sqlite
def test_an_update_that_is_refused_after_it_was_written_undoes_itself(books: Books) -> None:
    books.post("6100", "1010", 500, external_id="a")
    books.post("6100", "1010", 600, external_id="b")
    loose = draft(books, ("6100", 70), ("1010", -70), posted_at=AT)
    unbalanced = draft(books, ("6100", 70), ("1010", -71), posted_at=AT)
    before = contents()
    for clause in ("", "OR IGNORE", "OR REPLACE", "OR FAIL"):
        for change in (
            "number = 3 - number WHERE state = 'posted'",
            "number = 1 WHERE number = 2",
            "rowid = 1 - rowid WHERE number = 2",
            "state = 'draft', counted = 0, memo = 'x'",
            "state = 'posted', counted = 1 WHERE state = 'draft'",
            f"state = 'posted', counted = 2, number = 9 WHERE id = {loose.pk}",
            f"state = 'posted', number = 1 WHERE id = {loose.pk}",
            "state = 'posted' WHERE state = 'draft'",  # The second of the two is out of balance.
            "memo = other.memo FROM portfolio_journalentry AS other WHERE other.state = 'draft'",
        ):
            # Told, or with OR IGNORE passed over where a key is taken.
            with suppress(IntegrityError):
                run(f"UPDATE {clause} portfolio_journalentry SET {change}")
            assert contents() == before, (clause, change)
    run(
        "UPDATE portfolio_journalentry SET state = 'posted', counted = 'x', memo = 'y' WHERE id = %s",
        [loose.pk],
    )
    assert balances(books)["6100", MONTH] == (1170, 0, -1170)
    assert not JournalEntry.objects.filter(pk=unbalanced.pk, state=EntryState.POSTED).exists()
