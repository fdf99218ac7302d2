"""Bills: in the books once, paid to the cent and never beyond, taken back by reversal; contractors by year; openings."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from portfolio.domain import cards, ledger, statements
from portfolio.domain.payables import bills, opening, queries, vendors
from portfolio.domain.payables.bills import BillRefusedError, LineDraft
from portfolio.domain.sub_ledgers import verify_sub_ledgers
from portfolio.models import (
    Account,
    Assumption,
    Bill,
    BillPayment,
    CrewPay,
    JournalEntry,
    MonthlyBalance,
    Period,
    PeriodState,
    Vendor,
)
from tests.portfolio.conftest import AT, Books, in_parallel, open_books

NOVEMBER = dt.date(2026, 11, 3)
LATER = dt.datetime(2027, 2, 1, 18, 30, tzinfo=dt.UTC)


def a_vendor(books: Books, name: str = "Harbour rigging", **terms: Any) -> Vendor:
    return vendors.add(entity=books.entity, terms=vendors.VendorTerms(name=name, **terms), by=None, at=AT)


def a_bill(books: Books, vendor: Vendor, amount: int = 80_000, reference: str = "R-1", **asked: Any) -> Bill:
    return bills.enter(
        vendor=vendor,
        reference=reference,
        issued_on=asked.get("issued_on", dt.date(2026, 10, 5)),
        due_on=asked.get("due_on", dt.date(2026, 11, 4)),
        lines=asked.get("lines", [LineDraft(books.accounts["6300"], amount, "New halyards")]),
        by=None,
        at=AT,
    )


def pay(
    books: Books, bill: Bill, amount: int, *, key: str = "", on: dt.date = NOVEMBER, at: dt.datetime = AT
) -> BillPayment:
    return bills.pay(
        bill=bill, on=on, amount_minor=amount, account=books.accounts["1010"], key=key, by=None, at=at
    )


def balance(books: Books, code: str) -> int:
    rows = MonthlyBalance.objects.filter(account=books.accounts[code])
    return sum(row.debit_minor - row.credit_minor for row in rows)


def test_a_bill_is_a_cost_and_a_debt_until_it_is_paid(books: Books) -> None:
    bill = a_bill(books, a_vendor(books))
    assert (balance(books, "6300"), balance(books, "2000")) == (80_000, -80_000)

    pay(books, bill, 30_000)
    pay(books, bill, 50_000)

    bill.refresh_from_db()
    assert (bill.settled_minor, bill.settled_on) == (80_000, NOVEMBER)
    assert (balance(books, "2000"), balance(books, "1010")) == (0, -80_000)
    with pytest.raises(BillRefusedError, match="11 November 2026 is ahead"):
        pay(books, bill, 1, on=dt.date(2026, 11, 11))
    with pytest.raises(BillRefusedError, match=r"\$0.00 of bill R-1 is open; \$0.01 is more than that"):
        pay(books, bill, 1)


def test_the_same_bill_entered_twice_is_one_and_another_under_its_number_is_refused(books: Books) -> None:
    vendor = a_vendor(books)
    first = a_bill(books, vendor)
    assert a_bill(books, vendor) == first
    words = [LineDraft(books.accounts["6300"], 80_000, "Other halyards")]
    for changes in ({"amount": 90_000}, {"lines": words}):
        with pytest.raises(BillRefusedError, match="has a bill R-1 already, of 5 October 2026 over"):
            a_bill(books, vendor, **changes)
    assert JournalEntry.objects.count() == 1


def test_a_void_bill_leaves_the_books_and_its_number_may_come_again(books: Books) -> None:
    vendor = a_vendor(books)
    bill = a_bill(books, vendor)
    paid = pay(books, bill, 10_000)
    with pytest.raises(BillRefusedError, match=r"\$100.00 of bill R-1 is paid; reverse the payments first"):
        bills.void(bill=bill, on=NOVEMBER, reason="Wrong vendor", by=None, at=AT)

    bills.take_back(payment=paid, on=NOVEMBER, reason="Never left", by=None, at=AT)
    with pytest.raises(BillRefusedError, match="reversed already"):
        bills.take_back(payment=paid, on=NOVEMBER, reason="Never left", by=None, at=AT)
    bills.void(bill=bill, on=NOVEMBER, reason="Wrong vendor", by=None, at=AT)

    assert (balance(books, "2000"), balance(books, "6300"), balance(books, "1010")) == (0, 0, 0)
    with pytest.raises(BillRefusedError, match="void since"):
        pay(books, bill, 100)
    assert a_bill(books, vendor).pk != bill.pk


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"reference": "  "}, "needs the vendor's own number"),
        ({"due_on": dt.date(2026, 10, 4)}, "before it was written"),
        ({"lines": []}, "add up to more than nothing"),
        ({"amount": -5}, "add up to more than nothing"),
    ],
)
def test_half_a_bill_is_refused_and_nothing_is_written(
    books: Books, asked: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BillRefusedError, match=sentence):
        a_bill(books, a_vendor(books), **asked)
    assert not Bill.objects.exists()
    assert not JournalEntry.objects.exists()


def test_a_closed_month_and_a_foreign_account_leave_nothing_behind(books: Books, other_books: Books) -> None:
    vendor = a_vendor(books)
    Period.objects.create(entity=books.entity, month=2026 * 12 + 9, state=PeriodState.CLOSED, closed_at=AT)
    with pytest.raises(ledger.ClosedPeriodError):
        a_bill(books, vendor)
    with pytest.raises(ledger.ForeignAccountError):
        a_bill(books, vendor, issued_on=NOVEMBER, lines=[LineDraft(other_books.accounts["6300"], 100)])
    bill = a_bill(books, vendor, issued_on=NOVEMBER, due_on=NOVEMBER)
    with pytest.raises(BillRefusedError, match="holds no cash of QueenofSanDiego"):
        bills.pay(bill=bill, on=NOVEMBER, amount_minor=1, account=books.accounts["6300"], by=None, at=AT)
    assert Bill.objects.get().settled_minor == 0


def test_open_bills_are_those_of_the_day_asked_about_and_tie_to_the_ledger(books: Books) -> None:
    vendor = a_vendor(books)
    bill = a_bill(books, vendor)
    a_bill(books, vendor, 20_000, "R-2", due_on=dt.date(2026, 8, 1), issued_on=dt.date(2026, 7, 1))
    pay(books, bill, 30_000)

    before = queries.payables(entity=books.entity, as_of=dt.date(2026, 10, 31))
    after = queries.payables(entity=books.entity, as_of=dt.date(2026, 11, 10))

    assert [(row.bill.reference, row.open_minor, row.days_over, row.bucket) for row in after.bills] == [
        ("R-2", 20_000, 101, 4),
        ("R-1", 50_000, 6, 1),
    ]
    assert (before.bills_minor, before.ledger_minor, before.other_minor) == (100_000, 100_000, 0)
    assert after.by_age == (0, 50_000, 0, 0, 20_000)
    books.post("1010", "2000", 700, on=NOVEMBER)
    assert queries.payables(entity=books.entity, as_of=dt.date(2026, 11, 10)).other_minor == 700


def test_contractors_are_added_up_by_the_day_they_were_paid(books: Books) -> None:
    rigger = a_vendor(books, contractor=True, tax_form_on=dt.date(2026, 1, 9))
    store = a_vendor(books, "Chandlery")
    pay(books, a_bill(books, rigger, 250_000), 250_000, on=dt.date(2026, 12, 31), at=LATER)
    pay(books, a_bill(books, rigger, 60_000, "R-2"), 60_000, on=dt.date(2027, 1, 1), at=LATER)
    pay(books, a_bill(books, store, 900_000), 900_000, on=dt.date(2026, 12, 1), at=LATER)
    entry = books.post("5100", "2050", 45_000)
    CrewPay.objects.create(
        entity=books.entity, key="position:1", person="Mate Mina", person_key="7", on=NOVEMBER,
        amount_minor=45_000, entry=entry, paid_on=NOVEMBER,
    )  # fmt: skip

    unknown = queries.contractor_years(entity=books.entity, year=2026)
    Assumption.objects.create(
        key=queries.THRESHOLD,
        effective_on=dt.date(2026, 1, 1),
        value=200_000,
        unit="cents",
        note="x",
        source="y",
    )
    rows = queries.contractor_years(entity=books.entity, year=2026)

    assert [row.form for row in unknown] == [None, None]
    assert [(row.name, row.kind, row.paid_minor, row.form) for row in rows] == [
        ("Harbour rigging", "vendor", 250_000, True),
        ("Mate Mina", "crew", 45_000, False),
    ]
    assert [row.paid_minor for row in queries.contractor_years(entity=books.entity, year=2027)] == [60_000]
    second = books.post("5100", "2050", 5_000)
    CrewPay.objects.create(
        entity=books.entity, key="position:2", person="Mina Mate-Lund", person_key="7", on=NOVEMBER,
        amount_minor=5_000, entry=second, paid_on=dt.date(2026, 12, 1),
    )  # fmt: skip
    first = BillPayment.objects.get(amount_minor=250_000)
    bills.take_back(payment=first, on=dt.date(2027, 2, 1), reason="Came back", by=None, at=LATER)
    years = {year: queries.contractor_years(entity=books.entity, year=year) for year in (2026, 2027)}
    assert [(row.name, row.paid_minor) for row in years[2026]] == [
        ("Harbour rigging", 250_000),
        ("Mina Mate-Lund", 50_000),
    ], "a name may change, and a year that was filed does not"
    assert [row.paid_minor for row in years[2027]] == [-190_000]
    assert queries.paid_years(entity=books.entity) == [2027, 2026]


def test_opening_balances_are_one_entry_whose_rest_goes_to_the_owner(books: Books) -> None:
    accounts: dict[str, Account] = books.accounts
    on = dt.date(2025, 12, 31)

    def post(rest: Account | None, day: dt.date = on, **amounts: int) -> JournalEntry:
        balances = {accounts[code.removeprefix("a")]: amount for code, amount in amounts.items()}
        return opening.post(entity=books.entity, on=day, balances=balances, rest=rest, by=None, at=AT)

    with pytest.raises(ledger.UnbalancedEntryError):
        post(None, a1010=500_000, a2500=200_000)
    with pytest.raises(ledger.LedgerError, match="no balance of its own"):
        post(accounts["3000"], a1010=500_000, a3000=100_000)
    post(accounts["3000"], a1010=500_000, a2500=200_000)

    assert (balance(books, "1010"), balance(books, "2500"), balance(books, "3000")) == (
        500_000,
        -200_000,
        -300_000,
    )
    trial = statements.Books(
        entities=[books.entity], columns=statements.by_month(2025 * 12 + 11, 2025 * 12 + 11)
    ).trial()
    assert trial.debit_minor == trial.credit_minor == 500_000
    with pytest.raises(
        opening.OpeningError, match="begin with the opening balances of 31 December 2025 already"
    ):
        post(accounts["3000"], a1010=1)
    with pytest.raises(opening.OpeningError, match="already"):
        post(accounts["3000"], a1010=1, day=dt.date(2026, 1, 31))
    ledger.reverse(entry=JournalEntry.objects.get(), on=on, reason="Typed wrong", by=None, at=AT)
    with pytest.raises(opening.OpeningError, match="at least two accounts"):
        post(None, a1010=0)
    post(accounts["3000"], a1010=500_100)
    assert balance(books, "1010") == 500_100


def test_no_opening_comes_after_entries(books: Books) -> None:
    cash, owner = books.accounts["1010"], books.accounts["3000"]
    books.post("1010", "3000", 5_00, on=dt.date(2025, 11, 2))
    with pytest.raises(opening.OpeningError, match="hold entries from 2 November 2025 on"):
        opening.post(
            entity=books.entity, on=dt.date(2025, 12, 31), balances={cash: 1_00}, rest=owner, by=None, at=AT
        )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("keys", [("same", "same"), ("one", "two")])
def test_two_payments_at_once_never_pay_a_bill_twice(keys: tuple[str, str]) -> None:
    books = open_books()
    bill = a_bill(books, a_vendor(books))

    acts: list[Callable[[], Any]] = [lambda key=key: pay(books, bill, 80_000, key=key) for key in keys]  # type: ignore[misc]
    results = in_parallel(*acts)

    assert BillPayment.objects.count() == 1
    assert Bill.objects.get().settled_minor == 80_000
    assert balance(books, "2000") == 0
    refused = [result for result in results if isinstance(result, Exception)]
    assert [type(error) for error in refused] == ([] if keys[0] == keys[1] else [BillRefusedError])


def test_a_bill_paid_by_card_is_owed_to_the_card_and_stays_off_the_tax_form(books: Books) -> None:
    rigger, card = a_vendor(books, contractor=True), books.accounts["2500"]
    bill = a_bill(books, rigger)
    asked: dict[str, Any] = {"bill": bill, "on": NOVEMBER, "account": card, "by": None, "at": AT}
    with pytest.raises(BillRefusedError, match="none of its cards"):
        bills.pay(amount_minor=30_000, **asked)
    with pytest.raises(cards.CardRefusedError, match="is no loan"):
        cards.say(account=books.accounts["2000"], card=True, by=None, at=AT)
    for _ in range(2):
        cards.say(account=card, card=True, by=None, at=AT)
    assert list(cards.paying(entity=books.entity)) == [books.accounts["1010"], card]
    by_card = bills.pay(amount_minor=30_000, **asked)
    pay(books, bill, 50_000)

    assert (balance(books, "2000"), balance(books, "2500"), balance(books, "1010")) == (0, -30_000, -50_000)
    (row,) = queries.contractor_years(entity=books.entity, year=2026)
    assert (row.paid_minor, row.payments, row.card_minor) == (50_000, 1, 30_000)
    bills.take_back(payment=by_card, on=dt.date(2027, 1, 4), reason="Refunded", by=None, at=LATER)
    (row,) = queries.contractor_years(entity=books.entity, year=2027)
    assert (row.paid_minor, row.card_minor) == (0, -30_000)


def test_one_payment_pays_several_bills_of_a_vendor_and_is_taken_back_whole(books: Books) -> None:
    vendor = a_vendor(books)
    late = a_bill(books, vendor, 20_000, "R-3", due_on=dt.date(2026, 12, 1))
    first, second = a_bill(books, vendor), a_bill(books, vendor, 30_000, "R-2")
    asked: dict[str, Any] = {
        "bill": first, "on": NOVEMBER, "account": books.accounts["1010"], "key": "k", "by": None, "at": AT,
    }  # fmt: skip
    with pytest.raises(BillRefusedError, match=r"\$1,300\.00 of all bills of Harbour rigging is open"):
        bills.pay(amount_minor=130_001, others=True, **asked)
    with pytest.raises(BillRefusedError, match=r"\$800\.00 of bill R-1 is open"):
        bills.pay(amount_minor=115_000, **asked)
    made, again = (bills.pay(amount_minor=115_000, others=True, **asked) for _ in range(2))
    assert made == again
    assert made.entry.memo == "Paid Harbour rigging, bills R-1, R-2, R-3"
    assert [row.settled_minor for row in (Bill.objects.get(pk=b.pk) for b in (first, second, late))] == [
        80_000,
        30_000,
        5_000,
    ]
    assert (balance(books, "2000"), balance(books, "1010")) == (-15_000, -115_000)
    assert verify_sub_ledgers() == []

    with pytest.raises(ledger.LedgerError, match="is ahead; record it once it has happened"):
        bills.take_back(payment=made, on=dt.date(2027, 1, 4), reason="Wrong", by=None, at=AT)
    bills.take_back(payment=BillPayment.objects.get(bill=second), on=None, reason="Wrong", by=None, at=AT)
    with pytest.raises(BillRefusedError, match="reversed since"):
        bills.pay(amount_minor=115_000, others=True, **asked)
    assert not Bill.objects.exclude(settled_minor=0).exists()
    assert not BillPayment.objects.filter(void_on=None).exists()
    assert (balance(books, "2000"), balance(books, "1010")) == (-130_000, 0)
    with pytest.raises(BillRefusedError, match="reversed already"):
        bills.take_back(payment=made, on=None, reason="Wrong", by=None, at=AT)
