"""What the database refuses while others write at the same moment."""

import pytest

from core import months
from portfolio.domain import ledger
from portfolio.models import EntryState, JournalEntry, Period, Posting
from tests.portfolio.conftest import AT, in_parallel, open_books
from tests.portfolio.test_guards import MONTH, balances, draft, on_postgresql, refused, run, seal


@pytest.mark.django_db(transaction=True)
def test_two_connections_seal_a_draft_once() -> None:
    books = open_books()
    for _ in range(10):
        entry = draft(books, ("6100", 500), ("1010", -500))
        outcomes = in_parallel(*[lambda entry=entry: seal(entry)] * 4)
        assert sorted(str(type(outcome).__name__) for outcome in outcomes) == ["IntegrityError"] * 3 + ["int"]
    assert balances(books)["6100", MONTH] == (5000, 0, -5000)


@pytest.mark.django_db(transaction=True)
def test_a_posting_cannot_slip_into_an_entry_that_is_being_sealed() -> None:
    books = open_books()
    for _ in range(20):
        entry = draft(books, ("6100", 500), ("1010", -500))
        extra = Posting(entry=entry, account=books.accounts["6200"], month=MONTH, amount_minor=9)
        in_parallel(lambda entry=entry: seal(entry), lambda extra=extra: Posting.objects.bulk_create([extra]))
        entry.refresh_from_db()
        total = sum(entry.postings.values_list("amount_minor", flat=True))
        assert (entry.state, total) in {(EntryState.POSTED, 0), (EntryState.DRAFT, 9)}


@pytest.mark.django_db(transaction=True)
def test_closing_a_month_and_posting_into_it_at_once_leaves_no_entry_behind_the_close() -> None:
    books = open_books()
    for n in range(10):
        month, on = MONTH + n, months.first_day(MONTH + n)
        outcomes = in_parallel(
            lambda on=on: books.post("6100", "1010", 500, on=on).pk,
            lambda month=month: Period.objects.create(
                entity=books.entity, month=month, state="closed", closed_at=AT
            ),
        )
        if isinstance(outcomes[0], ledger.ClosedPeriodError):
            assert not JournalEntry.objects.filter(month=month).exists()
        else:
            assert isinstance(outcomes[0], int)
            assert JournalEntry.objects.get(month=month).pk == outcomes[0]
        assert Period.objects.filter(month=month).count() == 1


@pytest.mark.django_db(transaction=True)
def test_parallel_seals_over_the_same_accounts_do_not_deadlock() -> None:
    books = open_books()
    codes = ["1010", "6100", "6200", "6300"]

    def work(seed: int) -> int:
        for n in range(25):
            one, two = codes[(seed + n) % 4], codes[(seed + n + 1 + seed % 3) % 4]
            if one == two:
                continue
            books.post(one, two, 100 + n)
        return seed

    assert in_parallel(*[lambda seed=seed: work(seed) for seed in range(4)]) == [0, 1, 2, 3]
    assert sum(debit - credit for debit, credit, _ in balances(books).values()) == 0
    posted = Posting.objects.filter(account=books.accounts["6100"]).values_list("amount_minor", flat=True)
    debit, credit, _ = balances(books)["6100", MONTH]
    assert debit - credit == sum(posted)


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_sealing_is_refused_on_a_snapshot_older_than_its_locks() -> None:
    books = open_books()
    entry = draft(books, ("6100", 500), ("1010", -500))

    def act() -> None:
        run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        seal(entry)

    refused("READ COMMITTED", act)
