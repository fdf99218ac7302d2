"""Stripe's side of the sample: what guests paid by card, what Stripe kept, and when it reached the bank.

A charge becomes available two business days later, is paid out that day together with everything else
available, and stands on the bank statement on the next business day.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from demo import draw, story
from demo.bookings import BookingRow


@dataclass(frozen=True, slots=True)
class CardRow:
    """One movement of a Stripe balance, in cents, positive into it."""

    id: str
    type: str
    source: str
    amount_minor: int
    fee_minor: int
    created_at: dt.datetime
    available_on: dt.date
    description: str
    payout_id: str
    booking: str

    @property
    def net_minor(self) -> int:
        """Return what the movement leaves in the balance."""
        return self.amount_minor - self.fee_minor


def card_fee(amount_minor: int) -> int:
    """Return Stripe's fee of a charge: 2.9 % rounded to the cent, plus 30 cents."""
    return (amount_minor * 29 + 500) // 1000 + 30


def movements(bookings: Iterable[BookingRow], *, entity: str) -> list[CardRow]:
    """Return an entity's balance history up to the as-of date, oldest first, payouts included."""
    rows = [row for booking in bookings if booking.entity == entity for row in _of(booking)]
    rows = sorted(
        (row for row in rows if row.created_at.date() <= story.AS_OF),
        key=lambda row: (row.created_at, row.id),
    )
    return _paid_out(rows, entity)


def arrivals(rows: Sequence[CardRow]) -> list[tuple[dt.date, str, int]]:
    """Return (bank date, text, cents) of each payout that reached the bank by the as-of date."""
    landed = [
        (draw.business_day(row.created_at.date(), after=1), f"STRIPE TRANSFER {row.source}", -row.amount_minor)
        for row in rows if row.type == "payout"
    ]  # fmt: skip
    return [line for line in landed if line[0] <= story.AS_OF]


def _of(booking: BookingRow) -> list[CardRow]:
    if booking.kind == "concert":
        return _tickets(booking)
    if booking.kind != "charter" or booking.booked_on is None or booking.starts_at is None:
        return []
    refundable = booking.booked_on >= story.REFUNDABLE_FROM
    rows = [
        _charge(
            booking,
            "Deposit" if refundable else "First half",
            booking.booked_on,
            booking.deposit_minor,
        )
    ]
    if booking.stage == "completed":
        before = booking.starts_at.date() - dt.timedelta(days=5)
        rows.append(
            _charge(
                booking,
                "Balance",
                max(before, booking.booked_on),
                booking.price_minor - booking.deposit_minor,
            )
        )
    refunded = booking.deposit_minor - booking.paid_minor if booking.stage == "cancelled" else 0
    if refunded and booking.ended_on:
        rows.append(
            replace(
                _charge(booking, "Refund of first half", booking.ended_on, refunded),
                type="refund", source=draw.identifier("re", booking.reference), amount_minor=-refunded, fee_minor=0,
                available_on=booking.ended_on,
            )
        )  # fmt: skip
    return rows


def _charge(booking: BookingRow, what: str, on: dt.date, amount: int) -> CardRow:
    key = (booking.reference, what, on)
    at = dt.datetime.combine(
        on, dt.time(17 + draw.number("hour", *key, below=6), draw.number("minute", *key, below=60))
    )
    return CardRow(
        id=draw.identifier("txn", *key), type="charge", source=draw.identifier("ch", *key), amount_minor=amount,
        fee_minor=card_fee(amount), created_at=at, available_on=draw.business_day(on, after=2),
        description=f"{what} {booking.reference}, {booking.title}", payout_id="", booking=booking.reference,
    )  # fmt: skip


def _tickets(booking: BookingRow) -> list[CardRow]:
    """Return the ticket orders of a concert that played: two to four seats each, over its last twelve days."""
    if booking.stage != "completed" or booking.starts_at is None:
        return []
    rows, left, order = [], booking.party, 0
    while left:
        order += 1
        seats = min(left, 2 + draw.number("seats", booking.reference, order, below=3))
        left -= seats
        on = booking.starts_at.date() - dt.timedelta(
            days=1 + draw.number("bought", booking.reference, order, below=12)
        )
        what = f"Tickets, {seats} seats, order {order}"
        rows.append(_charge(booking, what, on, seats * story.TICKET * 100))
    return rows


def _paid_out(rows: Sequence[CardRow], entity: str) -> list[CardRow]:
    """Add a payout on each day something became available and the balance was above zero."""
    done: list[CardRow] = []
    waiting = list(rows)
    for on in sorted({draw.business_day(row.available_on) for row in rows}):
        ready = [row for row in waiting if draw.business_day(row.available_on) <= on]
        total = sum(row.net_minor for row in ready)
        if total <= 0 or on > story.AS_OF:
            continue  # A refund larger than the day's charges waits for the next ones.
        payout = draw.identifier("po", entity, on)
        waiting = [row for row in waiting if row not in ready]
        done += [replace(row, payout_id=payout) for row in ready]
        done.append(
            CardRow(
                id=draw.identifier("txn", entity, "payout", on), type="payout", source=payout, amount_minor=-total,
                fee_minor=0, created_at=dt.datetime.combine(on, dt.time(23, 30)), available_on=on,
                description="STRIPE PAYOUT", payout_id=payout, booking="",
            )
        )  # fmt: skip
    return sorted(done + waiting, key=lambda row: (row.created_at, row.id))
