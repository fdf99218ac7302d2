"""Money held for bookings is earned, given back or kept once, and taken back by reversals alone."""

import datetime as dt

import pytest

from core import months
from portfolio.domain import bookings, exceptions, ledger, recognition, tax, verification
from portfolio.models import Booking, BookingStage, EntrySource, JournalEntry, Period, TaxKind
from tests.factories.portfolio import ChannelFactory
from tests.portfolio.conftest import AT, Books
from tests.portfolio.recognition.conftest import SERVED, Charter, a_charter

OCTOBER = months.month_of(SERVED)
# Days before the service, what was paid (in part as the agreed deposit, in part as security): what goes back, what is kept.
CANCELLED = [
    (20, 0, 950_00, 0, 950_00, 0),
    (14, 500_00, 950_00, 0, 1_450_00, 0),
    (13, 0, 950_00, 0, 475_00, 475_00),
    (7, 1, 0, 0, 1, 0),  # Half of a cent is the client's.
    (6, 950_00, 950_00, 0, 0, 1_900_00),
    (0, 0, 950_00, 300_00, 300_00, 950_00),  # A security always goes back.
    (-2, 0, 950_00, 0, 0, 950_00),
    (30, 2_000_00, 0, 0, 2_000_00, 0),
    (3, 2_000_00, 0, 0, 100_00, 1_900_00),  # What was paid beyond the price goes back.
    (3, 0, 0, 0, 0, 0),
]


@pytest.mark.parametrize(("days", "balance", "deposit", "security", "back", "kept"), CANCELLED)
def test_cancelling_decides_by_terms_and_days(
    charter: Charter, days: int, balance: int, deposit: int, security: int, back: int, kept: int
) -> None:
    for amount, is_deposit in ((balance, False), (deposit, True), (security, True)):
        if amount:
            charter.pay(amount, deposit=is_deposit)
    before = charter.entries()
    charter.move(BookingStage.CANCELLED, SERVED - dt.timedelta(days=days))
    expected = {name: amount for name, amount in (("refunds_due", back), ("kept", kept)) if amount}
    assert charter.standing() == expected
    assert charter.entries() == before + bool(expected)
    assert recognition.cancelled(booking=charter.fresh(), on=SERVED, by=None, at=AT) is None


def test_without_terms_nothing_is_decided_and_a_person_decides(books: Books) -> None:
    charter = Charter(books, a_charter(books, terms=None))
    charter.pay(950_00)
    charter.move(BookingStage.CANCELLED, SERVED)
    assert charter.standing() == {"deferred": 950_00}
    decide = {"booking": charter.fresh(), "on": SERVED, "by": None, "at": AT}
    with pytest.raises(recognition.OverruledError, match="950.00 of this booking's money is here"):
        recognition.overrule(refund_minor=950_01, reason="Gale", **decide)
    with pytest.raises(recognition.OverruledError, match="Say why"):
        recognition.overrule(refund_minor=950_00, reason=" ", **decide)
    recognition.overrule(refund_minor=200_00, reason="Half the fuel was bought", **decide)
    assert charter.standing() == {"refunds_due": 200_00, "kept": 750_00}
    recognition.overrule(refund_minor=950_00, reason="The owner waives it", **decide)
    assert charter.standing() == {"refunds_due": 950_00}
    assert recognition.overrule(refund_minor=950_00, reason="Again", **decide) is None


def test_an_unpaid_bill_of_a_cancelled_booking_is_taken_back(charter: Charter) -> None:
    charter.books.post("1200", "2100", 1_900_00, booking=charter.booking)
    charter.books.post("1050", "1200", 950_00, booking=charter.booking)
    charter.move(BookingStage.CANCELLED, SERVED)
    assert charter.standing() == {"kept": 950_00}


def test_completing_is_taken_back_and_done_anew_as_often_as_need_be(charter: Charter) -> None:
    charter.pay(950_00, deposit=True)
    for _ in range(2):
        charter.move(BookingStage.COMPLETED)
        assert charter.standing() == {"receivable": 950_00, "earned": 1_900_00}
        bookings.take_back(booking=charter.fresh(), reason="Said too early", by=None, at=AT, on=SERVED)
        assert charter.standing() == {"deposits": 950_00}
        before = charter.entries()
        assert recognition.undo(booking=charter.fresh(), on=SERVED, reason="Again", by=None, at=AT) == []
        with pytest.raises(bookings.IllegalMoveError):
            bookings.take_back(booking=charter.fresh(), reason="Again", by=None, at=AT, on=SERVED)
        assert charter.entries() == before
    charter.books.post("1050", "2100", 950_00, booking=charter.booking)
    charter.move(BookingStage.COMPLETED)
    assert charter.standing() == {"earned": 1_900_00}
    ids = JournalEntry.objects.filter(source=EntrySource.RECOGNITION).values_list("external_id", flat=True)
    assert sorted(ids) == [f"booking:QOS-0001:completed{end}" for end in ("", ":1", ":2")]
    recognition.settle_paid(booking_ids=[charter.booking.pk])
    assert not verification.verify_books()


def test_what_was_paid_after_the_bill_is_held_again_when_it_is_taken_back(charter: Charter) -> None:
    charter.move(BookingStage.COMPLETED)
    charter.books.post("1050", "1200", 1_900_00, booking=charter.booking)
    bookings.take_back(booking=charter.fresh(), reason="Not sailed", by=None, at=AT, on=SERVED)
    assert charter.standing() == {"deferred": 1_900_00}
    charter.move(BookingStage.COMPLETED)
    assert charter.standing() == {"earned": 1_900_00}


def test_money_that_lands_after_completion_goes_where_it_belongs(charter: Charter) -> None:
    charter.pay(950_00)
    charter.move(BookingStage.COMPLETED)

    def swept() -> dict[str, int]:
        recognition.recognise_due(entity=charter.books.entity, by=None, at=AT)
        assert recognition.recognise_due(entity=charter.books.entity, by=None, at=AT) == 0
        return charter.standing()

    charter.pay(500_00)  # As a card charge that landed at the same moment as the completion.
    assert swept() == {"receivable": 450_00, "earned": 1_900_00}
    charter.pay(600_00)
    assert swept() == {"earned": 1_900_00, "deferred": 150_00}  # Beyond the price: the client's credit.
    charter.refund(400_00)
    assert swept() == {"earned": 1_650_00}  # A refund after completion takes revenue back.


def test_a_security_never_pays_for_the_service(charter: Charter) -> None:
    charter.pay(950_00 + 300_00, deposit=True)  # Of which 950.00 is the agreed deposit.
    charter.move(BookingStage.COMPLETED)
    assert charter.standing() == {"deposits": 300_00, "receivable": 950_00, "earned": 1_900_00}
    assert recognition.recognise_due(entity=charter.books.entity, by=None, at=AT) == 0
    reprice = {"on": SERVED, "reason": "One hour", "by": None, "at": AT}
    recognition.reprice(booking=charter.fresh(), price_minor=2_000_00, **reprice)
    assert charter.standing() == {"deposits": 300_00, "receivable": 1_050_00, "earned": 2_000_00}
    bookings.take_back(booking=charter.fresh(), reason="Not sailed", by=None, at=AT, on=SERVED)
    charter.move(BookingStage.COMPLETED)
    assert charter.standing() == {"deposits": 300_00, "receivable": 1_050_00, "earned": 2_000_00}


def test_what_a_person_reversed_by_hand_is_not_posted_again(charter: Charter) -> None:
    charter.pay(1_900_00)
    charter.move(BookingStage.COMPLETED)
    entry = JournalEntry.objects.get(source=EntrySource.RECOGNITION)
    ledger.reverse(entry=entry, on=SERVED, reason="By hand", by=None, at=AT)
    charter.pay(10_00)
    assert recognition.recognise_due(entity=charter.books.entity, by=None, at=AT) == 0
    assert charter.standing() == {"deferred": 1_910_00}
    found = exceptions.exceptions(entity_ids=[charter.books.entity.pk], as_of=SERVED)
    assert [row.trouble for row in found] == [exceptions.Trouble.COMPLETED]
    bookings.take_back(booking=charter.fresh(), reason="Cleared up", by=None, at=AT, on=SERVED)
    charter.move(BookingStage.COMPLETED)
    charter.refund(60_00)
    assert recognition.recognise_due(entity=charter.books.entity, by=None, at=AT) == 1


def test_one_booking_that_the_books_refuse_does_not_keep_the_others(books: Books) -> None:
    sail, stay = (
        Charter(books, a_charter(books, reference=f"Q-{kind}", kind=kind)) for kind in ("charter", "stay")
    )
    for each in (sail, stay):
        each.move(BookingStage.COMPLETED)
        each.pay(2_000_00)
    tax.add_rate(
        entity=books.entity, kind=TaxKind.SALES, applies_to="stay", rate_bp=1000,
        effective_on=dt.date(2026, 1, 1), collected_by_channel=False, source="Law", by=None, at=AT,
    )  # fmt: skip
    books.entity.accounts.filter(role="tax").update(active=False)
    Booking.objects.filter(kind="stay").update(price_minor=2_000_00)
    assert recognition.recognise_due(entity=books.entity, by=None, at=AT) == 1
    assert (sail.standing()["deferred"], stay.standing()["deferred"]) == (100_00, 2_000_00)
    with pytest.raises(ledger.LedgerError, match="no active account"):
        recognition.recognise_due(entity=books.entity, by=None, at=AT)


def test_a_price_changed_after_completion_is_an_entry_of_the_difference(charter: Charter) -> None:
    charter.pay(1_900_00)
    charter.move(BookingStage.COMPLETED)
    change = {"on": SERVED, "by": None, "at": AT}
    for price, standing in (
        (2_100_00, {"earned": 2_100_00, "receivable": 200_00}),
        (1_800_00, {"earned": 1_800_00, "deferred": 100_00}),
        (1_850_00, {"earned": 1_850_00, "deferred": 50_00}),
        (0, {"deferred": 1_900_00}),
    ):
        recognition.reprice(booking=charter.fresh(), price_minor=price, reason="One hour", **change)
        assert charter.standing() == standing
    with pytest.raises(recognition.OverruledError, match="has this price already"):
        recognition.reprice(booking=charter.fresh(), price_minor=0, reason="Twice", **change)
    with pytest.raises(recognition.OverruledError, match="Say why"):
        recognition.reprice(booking=charter.fresh(), price_minor=1, reason="", **change)


def test_a_closed_month_is_posted_on_the_first_open_day_and_says_so(charter: Charter) -> None:
    charter.pay(950_00)
    charter.move(BookingStage.COMPLETED)
    charter.pay(950_00)
    Period.objects.create(entity=charter.books.entity, month=OCTOBER, state="closed", closed_at=AT)
    assert recognition.recognise_due(entity=charter.books.entity, by=None, at=AT) == 1
    entry = JournalEntry.objects.filter(source=EntrySource.RECOGNITION).latest("pk")
    assert entry.on == dt.date(2026, 11, 1)
    assert entry.memo.endswith("(of 20 Oct 2026, whose month is closed)")
    with pytest.raises(ledger.ClosedPeriodError):
        bookings.take_back(booking=charter.fresh(), reason="Late", by=None, at=AT, on=SERVED)
    assert charter.fresh().stage == BookingStage.COMPLETED


@pytest.mark.parametrize("marketplace", [False, True])
def test_tax_in_the_price_is_set_aside_unless_the_channel_collects_it(
    books: Books, marketplace: bool
) -> None:
    for kind, rate, collected in ((TaxKind.OCCUPANCY, 1050, True), (TaxKind.SALES, 775, False)):
        tax.add_rate(
            entity=books.entity, kind=kind, applies_to="stay", rate_bp=rate, effective_on=dt.date(2026, 1, 1),
            collected_by_channel=collected, source="Letter of 2 Jan 2026", by=None, at=AT,
        )  # fmt: skip
    tax.add_rate(
        entity=books.entity, kind=TaxKind.SALES, applies_to="stay", rate_bp=5000, effective_on=dt.date(2027, 1, 1),
        collected_by_channel=False, source="Not in force yet", by=None, at=AT,
    )  # fmt: skip
    channel = ChannelFactory(entity=books.entity, marketplace=marketplace)
    stay = Charter(books, a_charter(books, kind="stay", channel=channel, price_minor=1_182_50))
    stay.pay(1_000_00)
    stay.move(BookingStage.COMPLETED)
    stay.pay(182_50)
    recognition.recognise_due(entity=books.entity, by=None, at=AT)
    rows = {row.kind: row.owed_minor for row in tax.owed(entity=books.entity, as_of=SERVED)}
    alone = {"sales": 85_05}  # 7.75 % in 1,182.50
    assert rows == (alone if marketplace else {"occupancy": 105_00, "sales": 77_50})
    assert stay.standing()["earned"] == 1_182_50
    stay.refund(1_182_50, on=SERVED)
    recognition.recognise_due(entity=books.entity, by=None, at=AT)
    assert stay.standing() == {}


def test_tax_is_paid_on_the_oldest_month_first_and_never_more_than_is_owed(books: Books) -> None:
    tax.add_rate(
        entity=books.entity, kind=TaxKind.SALES, applies_to="charter", rate_bp=1000,
        effective_on=dt.date(2026, 1, 1), collected_by_channel=False, source="Law", by=None, at=AT,
    )  # fmt: skip
    for month, price in ((9, 1_100_00), (10, 2_200_00)):
        day = dt.date(2026, month, 20)
        sail = Charter(books, a_charter(books, reference=f"Q-{month}", price_minor=price, service_on=day))
        sail.move(BookingStage.COMPLETED, day)
    paid = {
        "entity": books.entity, "kind": TaxKind.SALES, "on": dt.date(2026, 10, 31), "by": None, "at": AT,
        "cash_account": books.accounts["1010"],
    }  # fmt: skip
    with pytest.raises(tax.TaxRefusedError, match=r"\$300.00 of sales tax is owed"):
        tax.remit(amount_minor=300_01, **paid)
    first = tax.remit(amount_minor=150_00, **paid)
    assert tax.remit(amount_minor=150_00, **paid) == first
    (owed,) = tax.owed(entity=books.entity, as_of=dt.date(2026, 12, 31))
    assert [(row.set_aside_minor, row.remitted_minor) for row in owed.months] == [
        (100_00, 100_00),
        (200_00, 50_00),
    ]
    assert (owed.owed_minor, owed.quarters) == (150_00, (("Q3 2026", 100_00, 0), ("Q4 2026", 200_00, 150_00)))
    with pytest.raises(tax.TaxRefusedError, match="above zero"):
        tax.remit(amount_minor=0, **paid)
    with pytest.raises(tax.TaxRefusedError, match="11 November 2026 is ahead"):
        tax.remit(amount_minor=1, **{**paid, "on": dt.date(2026, 11, 11)})
    for _ in range(2):  # Recorded by mistake, taken back, and recorded again: never the reversed entry.
        ledger.reverse(entry=first, on=dt.date(2026, 10, 31), reason="The wrong bank", by=None, at=AT)
        (owed,) = tax.owed(entity=books.entity, as_of=dt.date(2026, 12, 31))
        assert (owed.set_aside_minor, owed.remitted_minor) == (300_00, 0)
        again = tax.remit(amount_minor=150_00, **paid)
        assert (again.pk > first.pk, tax.remit(amount_minor=150_00, **paid)) == (True, again)
        first = again
    early = {**paid, "on": dt.date(2026, 9, 30), "amount_minor": 100_00}
    tax.remit(**early)  # Owed on that day, and on each later one on which some was paid on.
    with pytest.raises(tax.TaxRefusedError, match=r"\$0.00 of sales tax is owed on 30 September"):
        tax.remit(**{**early, "reference": "Again"})
    tax.remit(**{**paid, "amount_minor": 50_00})
    for day in (dt.date(2026, 10, 25), dt.date(2026, 10, 31)):
        with pytest.raises(tax.TaxRefusedError, match=r"\$0.00 of sales tax is owed"):
            tax.remit(**{**paid, "on": day, "amount_minor": 1})
