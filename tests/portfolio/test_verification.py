"""What bypassed the guards is found from outside them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from core import months
from portfolio.domain import reconciliation, verification
from portfolio.models import JournalEntry, Period, PeriodState
from tests.portfolio.conftest import AT, OCTOBER, Books, open_books

MONTH = months.month_of(OCTOBER)


@contextmanager
def without_guards() -> Iterator[None]:
    """Take the guards away as only whoever owns the database can."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'portfolio_%%'"
            )
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            yield
            for _, sql in triggers:
                cursor.execute(sql)
        else:
            cursor.execute("SET session_replication_role = replica")
            yield
            cursor.execute("SET session_replication_role = DEFAULT")


def run(sql: str) -> None:
    """Run one statement without any guard."""
    with without_guards(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def kept(books: Books) -> Books:
    """Return books that hold, with one entry that touches cash and one that does not."""
    books.post("6100", "1010", 118_000)
    books.post("1200", "4000", 70_000)
    assert verification.verify_books() == []
    return books


def test_a_month_opened_posted_into_and_closed_again_past_the_ledger_is_found(books: Books) -> None:
    books.post("6100", "1010", 118_000)
    close = {"entity": books.entity, "month": MONTH, "by": None, "at": AT}
    reconciliation.reconcile_month(statement_minor=-118_000, **close)
    reconciliation.close_month(**close)
    assert verification.verify_books() == []
    for month in (MONTH, MONTH - 1):
        run("UPDATE portfolio_period SET state = 'open'")
        books.post("6100", "6200", 500, on=months.first_day(month), memo="Slipped in")
        (sentence,) = verification.verify_periods()
        assert sentence == "qos Oct 2026 is open, and the audit trail does not say who did that and when."
        run("UPDATE portfolio_period SET state = 'closed'")
    assert [sentence.partition(" (")[0] for sentence in verification.verify_books()] == [
        "Entry 2 of qos",
        "Entry 3 of qos",
    ]
    Period.objects.create(
        entity=books.entity, month=MONTH + 1, state=PeriodState.CLOSED, closed_at=AT, statement_minor=-118_000
    )
    assert verification.verify_books()[0].startswith("qos Nov 2026 is closed, and the audit trail")


def test_a_changed_balance_is_found(kept: Books) -> None:
    run("UPDATE portfolio_monthlybalance SET debit_minor = debit_minor + 5 WHERE debit_minor = 118000")
    (found,) = verification.verify_balances()
    assert (found.account_id, found.month) == (kept.accounts["6100"].pk, MONTH)
    assert (found.stored, found.counted) == ((118_005, 0, -118_000), (118_000, 0, -118_000))
    (sentence,) = verification.verify_books()
    assert sentence.startswith("Balance of account 6100 Dockage in Oct 2026 says")


def test_a_changed_cash_share_and_a_lost_balance_are_found(kept: Books) -> None:
    run("UPDATE portfolio_monthlybalance SET cash_minor = 1 WHERE cash_minor = 0 AND debit_minor = 70000")
    run("DELETE FROM portfolio_monthlybalance WHERE credit_minor = 70000")
    assert [found.stored for found in verification.verify_balances()] == [(70_000, 0, 1), (0, 0, 0)]


def test_a_changed_posting_is_found_twice(kept: Books) -> None:
    run("UPDATE portfolio_posting SET amount_minor = 118001 WHERE amount_minor = 118000")
    entry = JournalEntry.objects.get(postings__amount_minor=118_001)
    first, chained, second = verification.verify_books()
    assert first == (
        f"Journal entry {entry.pk} (2026-10-15 Dock fee) is broken: 2 postings, out of balance by $0.01, 0 of another "
        "entity, 0 of another currency, 0 of another month."
    )
    assert chained == (
        "Entry 1 of qos (2026-10-15 Dock fee) is not what was sealed: its date, memo or postings were changed."
    )
    assert "Balance of account 6100" in second


def test_a_posted_entry_without_postings_is_found(kept: Books) -> None:
    run("DELETE FROM portfolio_posting WHERE amount_minor IN (70000, -70000)")
    sentences = verification.verify_entries()
    assert len(sentences) == 1
    assert "0 postings, out of balance by $0.00" in sentences[0]


def test_postings_in_foreign_accounts_and_months_are_found(kept: Books) -> None:
    other = open_books("qdn", "QuickDumpNow")
    run(f"UPDATE portfolio_posting SET account_id = {other.accounts['6100'].pk} WHERE amount_minor = 118000")
    run("UPDATE portfolio_posting SET month = month + 1 WHERE amount_minor = 70000")
    sentences = verification.verify_entries()
    assert "1 of another entity" in sentences[0]
    assert "1 of another month" in sentences[1]


def test_the_command_tells_every_fault_with_exit_status_one(kept: Books) -> None:
    run("UPDATE portfolio_monthlybalance SET credit_minor = 0")
    with pytest.raises(CommandError) as caught:
        call_command("verify_books")
    assert caught.value.returncode == 1
    assert str(caught.value).count("\n") == 1
