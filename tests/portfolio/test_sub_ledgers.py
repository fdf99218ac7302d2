"""What a hand changed in invoices, payments and bills with the guards off is told by `verify_books`."""

import datetime as dt

import pytest
from django.db import connection

from portfolio.domain.payables import bills, vendors
from portfolio.domain.receivables import credit, invoices
from portfolio.domain.sub_ledgers import verify_sub_ledgers
from portfolio.domain.verification import verify_books
from tests.portfolio.conftest import AT, Books
from tests.portfolio.receivables.conftest import TODAY, open_office

DAY = dt.date(2026, 10, 5)


def _by_hand(statement: str) -> None:
    """Run a statement with every trigger and constraint of the two engines out of the way."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints = 1")
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE portfolio_bill DROP CONSTRAINT bill_settled_within_total")
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE portfolio_bill SET settled_minor = 80000",
            "$800.00 of it is paid, and its payments add up to $300.00",
        ),
        (
            "UPDATE portfolio_bill SET total_minor = 90000",
            "says $900.00, its lines $800.00 and its entry $800.00",
        ),
        ("UPDATE portfolio_billline SET amount_minor = 1", "its lines $0.01"),
        ("DELETE FROM portfolio_billpayment", "its payments add up to $0.00"),
    ],
)
def test_a_changed_bill_is_told(books: Books, statement: str, told: str) -> None:
    vendor = vendors.add(entity=books.entity, terms=vendors.VendorTerms(name="Rigging"), by=None, at=AT)
    bill = bills.enter(
        vendor=vendor, reference="R-1", issued_on=DAY, due_on=DAY,
        lines=[bills.LineDraft(books.accounts["6300"], 80_000)], by=None, at=AT,
    )  # fmt: skip
    bills.pay(bill=bill, on=DAY, amount_minor=30_000, account=books.accounts["1010"], by=None, at=AT)
    assert verify_books() == []

    _by_hand(statement)

    assert any(told in sentence for sentence in verify_sub_ledgers()), verify_sub_ledgers()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = 0")


@pytest.mark.django_db
def test_an_invoice_with_a_discount_and_its_credit_note_agree_with_their_entries() -> None:
    office = open_office()
    draft = invoices.draft(
        client=office.client, lines=[office.line(100_000), office.line(-10_000)], by=None, at=AT
    )
    # Both lines of one account are one posting: the discount goes to another.
    draft.lines.filter(amount_minor__lt=0).update(account=office.account("4100"))
    issued = invoices.issue(invoice=draft, on=TODAY, today=TODAY, by=None, at=AT)
    credit.note(invoice=issued, amount_minor=45_000, reason="Slip", on=TODAY, today=TODAY, by=None, at=AT)
    assert verify_books() == []
