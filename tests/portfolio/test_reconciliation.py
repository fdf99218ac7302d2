"""A month is reconciled to the cent, and closed for good."""

import datetime as dt

import pytest

from core import months
from core.models import AuditEvent
from portfolio.domain import close_checks, intake, ledger, reconciliation, verification
from portfolio.models import AnchorReason, ChainAnchor, Period, PeriodState
from tests.portfolio.conftest import AT, Books

OCT = months.parse("2026-10")


def spend(books: Books) -> None:
    """Leave 880.00 at the bank at the end of October, and 63.00 at the card processor."""
    books.post("1010", "3000", 1_000_00, on=dt.date(2026, 10, 1))
    books.post("6900", "1010", 120_00, on=dt.date(2026, 10, 31))
    books.post("1050", "2100", 63_00, on=dt.date(2026, 10, 31))
    books.post("6100", "1010", 50_00, on=dt.date(2026, 11, 1))


def test_a_month_reconciles_when_the_bank_agrees(books: Books) -> None:
    spend(books)
    found = reconciliation.reconcile_month(
        entity=books.entity, month=OCT, statement_minor=880_00, by=None, at=AT
    )
    assert (found.cash_minor, found.uncategorised_minor) == (880_00, 120_00)
    period = Period.objects.get()
    assert (period.state, period.statement_minor, period.reconciled_at) == (
        PeriodState.RECONCILED, 880_00, AT,
    )  # fmt: skip
    event = AuditEvent.objects.get(action="portfolio:period:reconcile")
    assert event.data == {"month": "2026-10", "state": ["open", "reconciled"], "statement_minor": 880_00}


def test_a_difference_is_refused_with_both_balances(books: Books) -> None:
    spend(books)
    with pytest.raises(reconciliation.StatementDiffersError) as caught:
        reconciliation.reconcile_month(entity=books.entity, month=OCT, statement_minor=879_99, by=None, at=AT)
    for words in ("QueenofSanDiego Oct 2026", "hold $880.00", "says $879.99", "difference of −$0.01"):
        assert words in str(caught.value)
    assert not Period.objects.exists()
    assert not AuditEvent.objects.filter(action__startswith="portfolio:period").exists()


def test_a_month_that_is_not_over_is_refused(books: Books) -> None:
    with pytest.raises(reconciliation.MonthNotOverError, match="ends on 30 November 2026"):
        reconciliation.reconcile_month(entity=books.entity, month=OCT + 1, statement_minor=0, by=None, at=AT)
    # 31 October 23:30 in Los Angeles is November in UTC, and the month is not over.
    eve = dt.datetime(2026, 11, 1, 6, 30, tzinfo=dt.UTC)
    with pytest.raises(reconciliation.MonthNotOverError):
        reconciliation.reconcile_month(entity=books.entity, month=OCT, statement_minor=0, by=None, at=eve)


def test_closing_needs_a_reconciled_month_and_ends_posting_into_it(books: Books) -> None:
    spend(books)
    with pytest.raises(
        reconciliation.MonthStateError, match="is open and cannot be closed; reconcile it first"
    ):
        reconciliation.close_month(entity=books.entity, month=OCT, by=None, at=AT)
    reconciliation.reconcile_month(entity=books.entity, month=OCT, statement_minor=880_00, by=None, at=AT)
    with pytest.raises(
        reconciliation.ChecksError, match=r"category: \$120.00 waits.*clearing.* holds \$63.00"
    ) as caught:
        reconciliation.close_month(entity=books.entity, month=OCT, by=None, at=AT)
    assert "held for no booking" in str(caught.value)
    with pytest.raises(close_checks.CloseCheckError, match="needs a note"):
        close_checks.tick(entity=books.entity, month=OCT, item="clearing", note=" ", by=None, at=AT)
    with pytest.raises(close_checks.CloseCheckError, match="cannot be ticked off"):
        close_checks.tick(entity=books.entity, month=OCT, item="waiting", note="Never mind", by=None, at=AT)
    for item in ("uncategorised", "clearing", "deferred"):
        close_checks.tick(entity=books.entity, month=OCT, item=item, note="Asked the bank", by=None, at=AT)
    assert reconciliation.close_month(entity=books.entity, month=OCT, by=None, at=AT).closed_at == AT
    assert ChainAnchor.objects.get().reason == AnchorReason.CLOSE
    with pytest.raises(ledger.ClosedPeriodError):
        books.post("6100", "1010", 500, on=dt.date(2026, 10, 3))
    for again in (
        lambda: reconciliation.close_month(entity=books.entity, month=OCT, by=None, at=AT),
        lambda: reconciliation.reconcile_month(
            entity=books.entity, month=OCT, statement_minor=880_00, by=None, at=AT
        ),
    ):
        with pytest.raises(reconciliation.MonthStateError, match="is closed"):
            again()


def test_a_late_entry_makes_a_reconciled_month_drift(books: Books) -> None:
    spend(books)
    reconciliation.reconcile_month(entity=books.entity, month=OCT, statement_minor=880_00, by=None, at=AT)
    assert verification.verify_books() == []
    books.post("6100", "1010", 5_00, on=dt.date(2026, 10, 3))
    (sentence,) = verification.verify_books()
    assert sentence == "QueenofSanDiego Oct 2026 was reconciled at $880.00, and its books now hold $875.00 at the bank."
    with pytest.raises(reconciliation.StatementDiffersError, match="reconcile it again"):
        reconciliation.close_month(entity=books.entity, month=OCT, by=None, at=AT)
    reconciliation.reconcile_month(entity=books.entity, month=OCT, statement_minor=875_00, by=None, at=AT)
    assert verification.verify_books() == []


def close(books: Books, month: int, statement_minor: int) -> None:
    reconciliation.reconcile_month(
        entity=books.entity, month=month, statement_minor=statement_minor, by=None, at=AT
    )
    reconciliation.close_month(entity=books.entity, month=month, by=None, at=AT)


def test_months_close_in_order_and_reopen_the_other_way(books: Books) -> None:
    books.post("1010", "3000", 100_00, on=dt.date(2026, 9, 1))
    books.post("6100", "1010", 40_00, on=dt.date(2026, 10, 5))
    with pytest.raises(reconciliation.ChecksError, match="Sep 2026 is not closed yet"):
        close(books, OCT, 60_00)
    close(books, OCT - 1, 100_00)
    close(books, OCT, 60_00)

    def reopen(month: int, reason: str = "A receipt came late") -> Period:
        return reconciliation.reopen_month(entity=books.entity, month=month, reason=reason, by=None, at=AT)

    with pytest.raises(reconciliation.MonthStateError, match="Oct 2026 is closed too"):
        reopen(OCT - 1)
    with pytest.raises(reconciliation.ReconciliationError, match="needs a reason"):
        reopen(OCT, " ")
    found = reopen(OCT)
    assert (found.state, found.reopened_at, found.reopen_reason) == (
        PeriodState.OPEN,
        AT,
        "A receipt came late",
    )
    with pytest.raises(reconciliation.MonthStateError, match="only a closed month is reopened"):
        reopen(OCT)
    event = AuditEvent.objects.get(action="portfolio:period:reopen")
    assert event.data["reason"] == "A receipt came late"
    books.post("6100", "1010", 5_00, on=dt.date(2026, 10, 6))
    with pytest.raises(reconciliation.StatementDiffersError):
        close(books, OCT, 60_00)
    close(books, OCT, 55_00)
    assert verification.verify_books() == []


def test_a_line_that_waits_and_a_balance_that_differs_stop_the_close(books: Books) -> None:
    books.post("1010", "3000", 100_00, on=dt.date(2026, 10, 1), memo="Kitty")
    intake.land_bank(
        entity=books.entity, name="o.csv", by=None, at=AT,
        data=b"Date,Description,Amount,Balance\n2026-10-03,MOBILE DEPOSIT,100.00,99.00\n",
    )  # fmt: skip
    found = {check.key: check for check in close_checks.checks(entity=books.entity, month=OCT, at=AT)}
    assert {key for key, check in found.items() if check.state == "stops"} == {"waiting", "statement"}
    assert found["unmatched"].state == "warns"
    reconciliation.reconcile_month(entity=books.entity, month=OCT, statement_minor=100_00, by=None, at=AT)
    with pytest.raises(reconciliation.ChecksError, match="No bank line waits for a decision: 1 wait"):
        reconciliation.close_month(entity=books.entity, month=OCT, by=None, at=AT)
