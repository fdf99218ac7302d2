"""A charter booked under terms, and short ways to move its money."""

import datetime as dt
from dataclasses import dataclass

import pytest

from portfolio.domain import bookings, held, terms
from portfolio.models import Booking, BookingStage, CancellationTerms, JournalEntry
from tests.portfolio.conftest import AT, Books
from tests.portfolio.test_intake import a_booking

SERVED = dt.date(2026, 10, 20)
# As the charter business words them: all until 14 days before, half until 7 days before, none after.
STEPS = ((14, 10_000), (7, 5_000), (0, 0))


def a_charter(books: Books, **facts: object) -> Booking:
    """Return a booked charter of 1,900.00 under the usual terms, of which 950.00 is the deposit."""
    found = CancellationTerms.objects.filter(entity=books.entity).first()
    agreed = found or terms.add(
        entity=books.entity, name="Usual", note="", steps=STEPS, make_standard=True, by=None, at=AT
    )
    return a_booking(books, **{"terms": agreed, "deposit_minor": 950_00, **facts})


@dataclass(frozen=True)
class Charter:
    """One charter and the books it stands in."""

    books: Books
    booking: Booking

    def pay(self, amount: int, *, deposit: bool = False, on: dt.date = dt.date(2026, 10, 1)) -> None:
        self.books.post("1050", "2150" if deposit else "2100", amount, booking=self.booking, on=on)

    def refund(self, amount: int, *, on: dt.date = dt.date(2026, 10, 25)) -> None:
        self.books.post("2100", "1050", amount, booking=self.booking, on=on)

    def move(self, to: BookingStage, on: dt.date = SERVED) -> None:
        bookings.advance(booking=self.fresh(), to=to, by=None, at=AT, on=on)

    def fresh(self) -> Booking:
        return Booking.objects.select_related("entity", "terms", "channel").get(pk=self.booking.pk)

    def money(self) -> held.Money:
        return held.of(self.fresh())

    def standing(self) -> dict[str, int]:
        """Return where its money stands, without what is nothing."""
        money = self.money()
        names = ("deferred", "deposits", "refunds_due", "receivable", "earned", "kept", "tax")
        return {name: getattr(money, name) for name in names if getattr(money, name)}

    def entries(self) -> int:
        return JournalEntry.objects.count()


@pytest.fixture
def charter(books: Books) -> Charter:
    """Return a charter that is booked and unpaid."""
    return Charter(books, a_charter(books))
