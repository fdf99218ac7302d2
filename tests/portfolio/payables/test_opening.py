"""Openings: the books begin on their day, and what was open then is named and tied out."""

import datetime as dt

import pytest
from django.db import connection

from portfolio.domain import ledger, open_items, undoing, verification
from portfolio.domain.payables import bills, opening, queries
from portfolio.domain.receivables import ageing, payments
from portfolio.domain.receivables.landing import land_invoices
from portfolio.formats import FormatError
from portfolio.models import Bill, EntryChain, EntrySource, Invoice, JournalEntry
from tests.portfolio.conftest import AT, Books
from tests.portfolio.web.conftest import World, account_of, world  # noqa: F401 - the fixture

YEAR_END = dt.date(2025, 12, 31)


def an_opening(books: Books, on: dt.date = YEAR_END, **held: int) -> JournalEntry:
    balances = {books.accounts[code.removeprefix("a")]: amount for code, amount in held.items()}
    return opening.post(
        entity=books.entity, on=on, balances=balances, rest=books.accounts["3000"], by=None, at=AT
    )


def test_nothing_is_posted_before_the_opening_by_hand_or_in_a_batch(books: Books) -> None:
    begun = an_opening(books, a1010=500_00)
    early, day = dt.date(2025, 12, 30), EntryChain.objects.get().opened_on
    assert day == YEAR_END
    with pytest.raises(
        ledger.BeforeOpeningError, match="“Dock fee” of 30 December 2025 is of a day before the opening"
    ):
        books.post("6100", "1010", 5_00, on=early)
    drafts = [
        ledger.Draft(on, "Dock fee", [books.line("6100", 5_00), books.line("1010", -5_00)], EntrySource.BANK)
        for on in (YEAR_END, early)
    ]
    with pytest.raises(ledger.BeforeOpeningError, match="31 December 2025, which hold it already"):
        ledger.post_many(entity=books.entity, drafts=drafts, at=AT)
    assert JournalEntry.objects.count() == 1

    books.post("6100", "1010", 5_00, on=YEAR_END)
    assert verification.verify_openings() == []
    EntryChain.objects.update(opened_on=None)
    assert verification.verify_openings() == [
        "The books of QueenofSanDiego are held to begin on no day, and their opening balances are of 31 December 2025."
    ]
    books.post("6100", "1010", 5_00, on=early)
    EntryChain.objects.update(opened_on=YEAR_END)
    assert "hold an entry of 30 December 2025" in verification.verify_openings()[0]

    ledger.reverse(entry=begun, on=YEAR_END, reason="Another day", by=None, at=AT)
    assert EntryChain.objects.get().opened_on is None
    assert books.post("6100", "1010", 5_00, on=early).pk


ITEMS = """entity,kind,name,number,issued_on,due_on,amount
qos,invoice,Harbor Tours,H-7,2025-10-01,2025-10-31,600.00
qos,invoice,Bay Weddings,H-9,2025-12-20,2026-01-19,300.00
qos,bill,Harbour rigging,R-3,2025-11-30,2025-12-30,250.00
"""


def land(text: str = ITEMS) -> int:
    return open_items.land(data=text.encode(), name="open.csv", by=None, at=AT).new


def test_open_invoices_and_bills_of_an_opening_age_and_tie_out_and_are_posted_once(books: Books) -> None:
    begun = an_opening(books, a1010=500_00, a1200=900_00, a2000=250_00)
    assert (land(), land()) == (3, 0)

    for day, owed, late in ((YEAR_END, 900_00, 600_00), (dt.date(2026, 1, 20), 900_00, 900_00)):
        aged = ageing.age(entity=books.entity, as_of=day)
        assert (aged.total_minor, aged.difference_minor, aged.overdue_minor) == (owed, 0, late)
    assert ageing.age(entity=books.entity, as_of=dt.date(2025, 12, 30)).total_minor == 0
    due = queries.payables(entity=books.entity, as_of=YEAR_END)
    assert (due.bills_minor, due.other_minor, due.bills[0].days_over) == (250_00, 0, 1)
    assert queries.open_bills(entity=books.entity, as_of=dt.date(2025, 12, 30)) == ()
    assert (JournalEntry.objects.count(), verification.verify_books()) == (1, [])
    home = undoing.home_of(begun)
    assert home is not None
    assert "open invoices or bills stand on it" in home.sentence

    invoice = Invoice.objects.select_related("client").get(reference="H-7")
    payments.take(
        entity=books.entity, client=invoice.client, on=dt.date(2026, 11, 2), amount_minor=600_00,
        cash_account=books.accounts["1010"], reference="", by=None, at=AT,
    )  # fmt: skip
    bills.void(bill=Bill.objects.get(), on=dt.date(2026, 11, 3), reason="Never delivered", by=None, at=AT)
    with pytest.raises(undoing.MadeElsewhereError, match="voiding bill R-3; enter the bill anew"):
        undoing.refuse_made(JournalEntry.objects.latest("pk"))
    aged = ageing.age(entity=books.entity, as_of=AT.date())
    assert (aged.total_minor, aged.difference_minor) == (300_00, 0)
    due = queries.payables(entity=books.entity, as_of=AT.date())
    assert (due.bills_minor, due.ledger_minor) == (0, 0)
    assert verification.verify_books() == []

    with connection.cursor() as cursor:
        cursor.execute("UPDATE portfolio_bill SET total_minor = 30000")
    assert any(
        "add up to $300.00, and the opening holds $250.00" in told for told in verification.verify_books()
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "600.00",
            "600.01",
            r"Open invoices would add up to \$900.01, and the opening of 31 December 2025 holds \$900.00",
        ),
        ("2025-12-20,2026-01-19", "2026-01-02,2026-01-19", "H-9 is of 2 January 2026, after the opening"),
        ("2025-10-31", "2025-09-30", "H-7 is due on 30 September 2025, before it was written"),
        ("H-9", "H-7", "There is an invoice H-7 already"),
        ("250.00", "0.00", "nothing is open of it"),
        ("qos,bill", "qos,note", "kind"),
    ],
)
def test_what_an_opening_does_not_hold_is_not_brought_forward(
    books: Books, old: str, new: str, words: str
) -> None:
    with pytest.raises(FormatError, match="have no opening balances yet"):
        land()
    an_opening(books, a1200=900_00, a2000=250_00)
    with pytest.raises(FormatError, match=words):
        land(ITEMS.replace(old, new))
    assert not Invoice.objects.exists()
    sold = b"entity,number,client,issued_on,terms_days,amount,paid_on\nqos,H-7,Harbor Tours,2025-10-01,30,600.00,\n"
    with pytest.raises(FormatError, match="opening balances of 31 December 2025, which hold"):
        land_invoices(data=sold, name="invoices.csv", by=None, at=AT)


def test_open_items_are_named_on_a_page(world: World) -> None:  # noqa: F811
    client, path = world.client("bookkeeper"), "/portfolio/entities/qos/opening/items/"
    assert "no opening balances yet" in client.get(path).content.decode()
    entity = world.mine.entity
    held = {account_of(world.mine, "1200"): 900_00}
    day = dt.date(2025, 12, 31)
    owner = account_of(world.mine, "3000")
    opening.post(entity=entity, on=day, balances=held, rest=owner, by=None, at=AT)
    typed = {
        "kind": "invoice", "name": "Harbor Tours", "number": "H-7", "issued_on": "2025-10-01", "due_on": "2025-10-31",
    }  # fmt: skip
    refused = client.post(path, {**typed, "amount": "901"})
    assert refused.status_code == 422
    assert "holds $900.00" in refused.content.decode()
    assert client.post(path, {**typed, "amount": "600"}).status_code == 302
    page = client.get(path).content.decode()
    assert "$600.00 of it is named" in page
    assert "$300.00 is not" in page
    assert world.client("reader").get(path).status_code == 403
