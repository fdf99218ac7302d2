"""A month is reconciled to the cent, and closed for good."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command

from core import months
from core.models import Announcement, AuditEvent
from portfolio.domain import bank_accounts, close_checks, intake, ledger, reconciliation, verification
from portfolio.models import Account, AnchorReason, ChainAnchor, Entity, Period, PeriodState, StatementBalance
from tests.portfolio.conftest import AT, Books, open_books

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
    assert (
        sentence
        == "QueenofSanDiego Oct 2026 was reconciled at $880.00, and its books now hold $875.00 at the bank."
    )
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
    later = AT + dt.timedelta(minutes=5)
    reconciliation.reconcile_month(entity=books.entity, month=OCT, statement_minor=55_00, by=None, at=later)
    reconciliation.close_month(entity=books.entity, month=OCT, by=None, at=later)
    assert verification.verify_books() == []
    said = Announcement.objects.filter(kind="portfolio:period:closed", entity_slug=books.entity.slug)
    assert [row.data["month"] for row in said] == ["2026-10", "2026-10", "2026-09"]


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


def account(books: Books, code: str, kind: str, role: str) -> Account:
    return Account.objects.create(entity=books.entity, code=code, name=code, kind=kind, role=role)


def state_of(books: Books, key: str) -> tuple[str, str]:
    (found,) = (c for c in close_checks.checks(entity=books.entity, month=OCT, at=AT) if c.key == key)
    return found.state, found.found


def test_a_mortgage_is_asked_nothing_and_a_card_counts_on_its_own_last_day(books: Books) -> None:
    card = account(books, "2550", "liability", "loan")
    cards = Books(books.entity, {**books.accounts, "2550": card})
    books.post("1500", "2500", 900_000_00, on=dt.date(2026, 10, 1))
    books.post("1010", "3000", 100_00, on=dt.date(2026, 10, 1))
    cards.post("6300", "2550", 40_00, on=dt.date(2026, 10, 10))
    cards.post("6300", "2550", 5_00, on=dt.date(2026, 10, 20))
    assert state_of(books, "lenders") == ("holds", "No statement is asked for.")

    def told(day: int, minor: int, code: str = "2550", month: int = 10) -> None:
        bank_accounts.note_balance(
            account=cards.accounts[code], on=dt.date(2026, month, day), balance_minor=minor, file=None, by=None, at=AT
        )  # fmt: skip

    told(17, 0, month=9)
    assert state_of(books, "lenders")[0] == "stops"
    assert "newest statement balance of 2550 2550 is of 17 September 2026" in state_of(books, "lenders")[1]
    told(17, -39_00)
    assert "differs by $1.00 on 17 October 2026" in state_of(books, "lenders")[1]
    told(17, -40_00)
    assert state_of(books, "lenders") == (
        "holds",
        "1 of 1 agree to the cent. 2550 2550 agrees on 17 October 2026; what was posted since stands on its next statement.",
    )
    told(28, 99_00, "1010")
    assert state_of(books, "statement")[0] == "stops"
    told(28, 100_00, "1010")
    assert state_of(books, "statement")[0] == "holds"
    reconciliation.reconcile_month(entity=books.entity, month=OCT, statement_minor=100_00, by=None, at=AT)
    assert reconciliation.close_month(entity=books.entity, month=OCT, by=None, at=AT).state == "closed"


def test_several_bank_accounts_are_reconciled_each_by_its_own_statement(books: Books) -> None:
    account(books, "1020", "asset", "cash")
    old = account(books, "1030", "asset", "cash")
    two = Books(books.entity, {a.code: a for a in books.entity.accounts.all()})
    Account.objects.filter(pk=old.pk).update(active=False)
    two.post("1010", "3000", 100_00, on=dt.date(2026, 10, 1))
    two.post("1020", "1010", 30_00, on=dt.date(2026, 10, 2))

    def say(*said: str) -> None:
        call_command("reconcile_month", "qos", "2026-10", *said)

    # The sum is right, and neither account is.
    with pytest.raises(
        CommandError, match=r"1010 Operating checking holds \$70.00 .* difference of \$5.00; 1020"
    ):
        say("1010=75", "1020=25")
    with pytest.raises(CommandError, match="needs the balance of 1020 1020, too"):
        say("1010=70")
    with pytest.raises(CommandError, match="1030 1030 is no bank account"):
        say("1010=70", "1020=30", "1030=0")
    with pytest.raises(CommandError, match="is no account of"):
        say("1010=70", "9999=30")
    say("1010=70", "1020=30")
    assert Period.objects.get().statement_minor == 100_00
    assert list(StatementBalance.objects.order_by("account__code").values_list("account__code", "balance_minor")) == [
        ("1010", 70_00), ("1020", 30_00),
    ]  # fmt: skip
    assert state_of(books, "statement")[0] == "holds"
    # One put away since is asked for as long as it held something then.
    Account.objects.filter(entity=books.entity, code="1020").update(active=False)
    two.post("1010", "1020", 1_00)
    assert "1020 1020 differs by $1.00" in state_of(books, "statement")[1]
    two.post("1010", "1020", 29_00)
    assert "1020" not in state_of(books, "statement")[1]


def test_what_no_record_explains_on_an_account_of_debts_stops_the_close_until_it_is_accepted(
    books: Books,
) -> None:
    said = {
        "crew-pay": ("2050", "They differ by $7.00."),
        "tax": ("2400", "$7.00 is of no kind, or was paid beyond what was owed."),
        "refunds": ("2170", "$7.00 is owed back for no booking, or went back beyond what was owed."),
        "sisters": (
            "2300",
            "$7.00 is due to them beyond the open bills. The books of all sisters differ by −$7.00.",
        ),
    }
    for key, (code, words) in said.items():
        assert state_of(books, key)[0] == "holds"
        books.post("6100", code, 7_00)
        assert state_of(books, key) == ("stops", words)
        close_checks.tick(entity=books.entity, month=OCT, item=key, note="From before", by=None, at=AT)
        assert state_of(books, key)[0] == "accepted"
    books.post("1300", "4800", 3_00)
    assert "$3.00 is due from them beyond the open invoices." in state_of(books, "sisters")[1]
    open_books("jada", "Jada").post("1010", "2300", 3_00)
    assert state_of(books, "sisters")[0] == "accepted"
    open_books("dc", "DC").post("1300", "1010", 7_00)
    assert state_of(books, "sisters")[0] == "holds"
    # Seven of another currency are not these seven.
    abroad = open_books("paris", "Paris")
    Entity.objects.filter(pk=abroad.entity.pk).update(currency="EUR")
    euros = {
        code: Account.objects.create(
            entity=abroad.entity, code=f"9{code}", name=code, kind=kind, role=role, currency="EUR"
        )
        for code, kind, role in (("1300", "asset", "intercompany"), ("1010", "asset", "cash"))
    }
    Books(abroad.entity, euros).post("1010", "1300", 7_00)
    books.post("1300", "4800", 7_00)
    assert state_of(books, "sisters")[1].endswith("The books of all sisters differ by −€7.00 and $7.00.")
