"""Whatever is done to bookings in whatever order, their money is in exactly one place and ties to the ledger."""

import datetime as dt

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from hypothesis.extra.django import TestCase

from core import months
from portfolio.domain import bookings, held, ledger, recognition, roll_forward, tax, verification
from portfolio.models import AccountRole, BookingStage, MonthlyBalance, TaxKind
from tests.portfolio.conftest import AT, open_books
from tests.portfolio.recognition.conftest import SERVED, Charter, a_charter

FIRST, LAST = months.parse("2026-09"), months.parse("2026-11")
DEEDS = st.tuples(
    st.sampled_from(
        ["pay", "deposit", "refund", "complete", "undo", "cancel", "decide", "reprice", "sweep", "receivable"]
    ),
    st.integers(0, 1),
    st.integers(1, 2_500_00),
    st.integers(0, 30),
)
REFUSED = (
    bookings.BookingError,
    recognition.OverruledError,
    recognition.NotCancelledError,
    ledger.LedgerError,
)


def do(charter: Charter, deed: str, amount: int, days: int) -> None:
    """Do one thing to a booking's money, as the portal, the bank or a person would."""
    on = SERVED - dt.timedelta(days=days)
    money, booking = charter.money(), charter.fresh()
    if deed in ("pay", "deposit"):
        charter.pay(amount, deposit=deed == "deposit", on=on)
    elif deed == "refund":
        due = min(amount, max(money.refunds_due, 0))
        if due:
            charter.books.post("2170", "1050", due, booking=booking, on=SERVED)
        if amount > due and money.held > 0:
            charter.refund(min(amount - due, money.held), on=SERVED)
    elif deed == "receivable":
        if money.receivable > 0:
            charter.books.post("1050", "1200", min(amount, money.receivable), booking=booking, on=SERVED)
    elif deed == "complete":
        charter.move(BookingStage.COMPLETED)
    elif deed == "undo":
        bookings.take_back(booking=booking, reason="A slip", by=None, at=AT, on=SERVED)
    elif deed == "cancel":
        charter.move(BookingStage.CANCELLED, on)
    elif deed == "decide":
        recognition.overrule(booking=booking, refund_minor=amount, on=SERVED, reason="So", by=None, at=AT)
    elif deed == "reprice":
        recognition.reprice(booking=booking, price_minor=amount, on=SERVED, reason="So", by=None, at=AT)
    else:
        recognition.recognise_due(entity=charter.books.entity, by=None, at=AT)


class TestBookings(TestCase):
    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(deeds=st.lists(DEEDS, max_size=10), rate=st.sampled_from([0, 775]))
    def test_money_is_in_one_place_and_the_roll_forward_ties(
        self, deeds: list[tuple[str, int, int, int]], rate: int
    ) -> None:
        books = open_books()
        if rate:
            tax.add_rate(
                entity=books.entity, kind=TaxKind.SALES, applies_to="charter", rate_bp=rate,
                effective_on=dt.date(2026, 1, 1), collected_by_channel=False, source="Law", by=None, at=AT,
            )  # fmt: skip
        charters = [Charter(books, a_charter(books, reference=f"Q-{n}")) for n in range(2)]
        for deed, which, amount, days in deeds:
            try:
                do(charters[which], deed, amount, days)
            except REFUSED:
                continue
        recognition.recognise_due(entity=books.entity, by=None, at=AT)
        assert recognition.recognise_due(entity=books.entity, by=None, at=AT) == 0
        moneys = [charter.money() for charter in charters]
        totals = {
            role: -sum(
                row.debit_minor - row.credit_minor
                for row in MonthlyBalance.objects.filter(account__entity=books.entity, account__role=role)
            )
            for role in (*held.PAID_ROLES, AccountRole.CLEARING)
        }
        assert totals[AccountRole.DEFERRED] == sum(money.deferred for money in moneys)
        assert totals[AccountRole.DEPOSITS_HELD] == sum(money.deposits for money in moneys)
        assert totals[AccountRole.REFUNDS_DUE] == sum(money.refunds_due for money in moneys)
        assert -totals[AccountRole.CLEARING] == sum(money.paid for money in moneys)
        for charter, money in zip(charters, moneys, strict=True):
            booking = charter.fresh()
            parts = (money.held, money.refunds_due, money.earned, money.kept)
            assert sum(parts) - money.receivable == money.paid
            assert min(parts) >= 0, (booking.stage, parts)
            assert money.receivable >= 0
            if booking.stage == BookingStage.BOOKED:
                assert (money.earned, money.kept, money.refunds_due, money.receivable) == (0, 0, 0, 0)
            if booking.stage == BookingStage.COMPLETED:
                assert (money.kept, money.refunds_due) == (0, 0)
                assert not (money.receivable and money.deferred)  # Security may be held: it pays for nothing.
                assert abs(money.tax - round(money.earned * rate / (10_000 + rate))) <= 1
            if booking.stage == BookingStage.CANCELLED:
                assert (money.earned, money.receivable) == (0, 0)
        roll = roll_forward.roll_forward(entity=books.entity, first=FIRST, last=LAST)
        assert roll.ties
        assert not any(row.other_minor for row in roll.months)
        now = roll_forward.held_now(entity=books.entity, month=LAST, as_of=SERVED)
        assert (now.off_minor, now.unnamed_minor) == (0, 0)
        recognition.settle_paid(booking_ids=[charter.booking.pk for charter in charters])
        assert not verification.verify_books()
