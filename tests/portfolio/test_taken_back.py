"""A payment taken back sets its bank line free where the record was wrong, and keeps it where the money came back."""

import datetime as dt

import pytest

from portfolio.domain import close_checks, ledger, matching, statements, taken_back, told
from portfolio.domain.landing import NewLine
from portfolio.domain.payables import bills, vendors
from portfolio.domain.receivables import payments
from portfolio.domain.verification import verify_books
from portfolio.models import (
    Bill,
    BillPayment,
    EntrySource,
    ImportedLine,
    ImportKind,
    JournalEntry,
    Payment,
    Period,
    PeriodState,
)
from tests.portfolio.conftest import AT, Books
from tests.portfolio.receivables.conftest import Office, day, office  # noqa: F401 - the fixture
from tests.portfolio.test_told import a_line, balances

pytestmark = pytest.mark.django_db

PAID = dt.date(2026, 10, 28)
TODAY = dt.date(2026, 11, 10)


def a_bill(books: Books, reference: str) -> Bill:
    vendor = books.entity.vendors.first() or vendors.add(
        entity=books.entity,
        terms=vendors.VendorTerms(name="Harbour rigging", contractor=True),
        by=None,
        at=AT,
    )
    return bills.enter(
        vendor=vendor, reference=reference, issued_on=dt.date(2026, 10, 5), due_on=PAID,
        lines=[bills.LineDraft(books.accounts["6300"], 50_000)], by=None, at=AT,
    )  # fmt: skip


def pay(books: Books, bill: Bill, line: ImportedLine | None = None, on: dt.date = PAID) -> BillPayment:
    return bills.pay(
        bill=bill, on=on, amount_minor=50_000, account=books.accounts["1010"], line=line, by=None, at=AT
    )


def landed(books: Books, minor: int, on: dt.date, words: str) -> ImportedLine:
    """Land one line of a statement as the bank's files do."""
    new = NewLine(1, words, on, minor, words, (words,))
    new.account_id = books.accounts["1010"].pk
    matching.tie_known(account=books.accounts["1010"], lines=[new], at=AT)
    return ImportedLine.objects.create(
        entity=books.entity, kind=ImportKind.BANK_CSV, external_id=words, line=1, on=on, amount_minor=minor,
        description=words, entry_id=new.entry_id, waits=new.waits, account=books.accounts["1010"],
        matched_at=new.matched_at,
    )  # fmt: skip


def wrong_in_the_books() -> list[str]:
    """Return what does not hold, but for the lines above, which are of no file's bytes."""
    return [said for said in verify_books() if "not what landed" not in said]


@pytest.mark.parametrize("first", ["recorded", "landed"])
def test_a_line_that_paid_another_bill_is_free_again_and_pays_the_right_one_once(
    books: Books, first: str
) -> None:
    wrong, right = a_bill(books, "R-1"), a_bill(books, "R-2")
    if first == "recorded":
        paid = pay(books, wrong)
        line = landed(books, -50_000, PAID, "CHECK 117 RIGGING")
        assert (line.entry, line.waits) == (paid.entry, False)
    else:
        line = a_line(books, -50_000, None)
        paid = pay(books, wrong, line)

    with pytest.raises(taken_back.TakeBackRefusedError, match="choose 28 October 2026"):
        bills.take_back(payment=paid, on=TODAY, reason="Wrong bill", by=None, at=AT)
    bills.take_back(payment=paid, on=None, reason="Wrong bill", by=None, at=AT)

    line.refresh_from_db()
    paid.refresh_from_db()
    assert (line.entry, line.waits, line.matched_at, paid.void_on) == (None, True, None, PAID)
    assert list(told.unexplained(entity=books.entity)) == [line]
    assert matching.suggestions(line=line) == []
    with pytest.raises(told.ToldError, match="already"):
        pay(books, right)
    again = pay(books, right, line)

    line.refresh_from_db()
    assert (line.entry, line.waits) == (again.entry, False)
    assert again.imported_line == line
    assert balances(books, "1010", "2000", "6300", "6900") == [-50_000, -50_000, 100_000, 0]
    october = statements.Books(
        entities=[books.entity], columns=statements.by_month(2026 * 12 + 9, 2026 * 12 + 9)
    )
    assert october.trial().debit_minor == october.trial().credit_minor
    assert [bill.settled_minor for bill in Bill.objects.order_by("pk")] == [0, 50_000]
    told_by = {
        check.key: check for check in close_checks.checks(entity=books.entity, month=2026 * 12 + 9, at=AT)
    }
    for key in ("waiting", "payables"):
        assert told_by[key].state == close_checks.CheckState.HOLDS, told_by[key]
    assert wrong_in_the_books() == []


def test_a_check_that_came_back_keeps_its_line_and_its_return_is_matched(books: Books) -> None:
    paid = pay(books, a_bill(books, "R-1"), a_line(books, -50_000, "6900"))
    bills.take_back(payment=paid, on=None, came_back=True, reason="Returned", by=None, at=AT)
    paid.refresh_from_db()
    line = ImportedLine.objects.get()
    assert (line.entry, line.waits, paid.void_on) == (paid.entry, False, TODAY)
    assert not told.unexplained(entity=books.entity).exists()

    back = landed(books, 50_000, TODAY, "RETURNED CHECK RIGGING")
    assert back.entry == JournalEntry.objects.get(reverses=paid.entry)
    assert balances(books, "1010", "2000", "6900") == [0, -50_000, 0]


def test_in_a_closed_month_a_wrong_payment_is_undone_today(books: Books) -> None:
    paid = pay(books, a_bill(books, "R-1"), a_line(books, -50_000, None))
    Period.objects.create(entity=books.entity, month=2026 * 12 + 9, state=PeriodState.CLOSED, closed_at=AT)
    bills.take_back(payment=paid, on=None, reason="Wrong bill", by=None, at=AT)
    paid.refresh_from_db()
    assert paid.void_on == TODAY
    assert ImportedLine.objects.get().waits


@pytest.mark.parametrize("own", [True, False])
def test_a_clients_payment_of_somebody_else_gives_its_line_to_the_right_one(
    office: Office,  # noqa: F811
    own: bool,
) -> None:
    """``own``: the line's own entry was the payment's, because a rule had sent it to receivables."""
    books, issued = office.books, office.issued()
    line = a_line(books, 100_000, "1200" if own else "4900", "RECEIVED DC-1")
    if own:
        assert payments.settle_landed(entity=books.entity, by=None, at=AT) == 1
        wrong = Payment.objects.get()
    else:
        wrong = office.pay(100_000, line=line)

    payments.reverse(payment=wrong, on=None, reason="Of somebody else", by=None, at=AT)

    issued.refresh_from_db()
    line.refresh_from_db()
    assert (issued.settled_minor, line.entry, line.waits) == (0, None, True)
    assert [one.invoice for one in payments.candidates(line)] == [issued]
    # Whose payment was undone is for a person, whatever its words name.
    entry = ledger.post(
        entity=books.entity, on=line.on, memo="By the rule", source=EntrySource.BANK, external_id="again:1",
        lines=[books.line("1010", 100_000), books.line("1200", -100_000)], at=AT,
    )  # fmt: skip
    matching.settle(line=line, entry_id=entry.pk)
    assert payments.settle_landed(entity=books.entity, by=None, at=AT) == 0
    line.refresh_from_db()
    right = office.pay(100_000, on="11-05", line=line)
    line.refresh_from_db()
    assert (right.imported_line, line.entry) == (line, right.entry)
    assert office.balances() == {"1010": 100_000, "4000": -100_000}
    assert wrong_in_the_books() == []
    assert day("11-05") == right.on
