"""Each entity's checking account, line by line, from the story and from what Stripe paid out."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from demo import cards, draw, story
from demo.bookings import BookingRow
from demo.story import day


class BankRow(NamedTuple):
    """One statement line in cents, positive into the account, with the balance after it."""

    on: dt.date
    text: str
    amount_minor: int
    balance_minor: int


def statement(
    entity: str, *, bookings: Sequence[BookingRow], card_rows: Sequence[cards.CardRow]
) -> list[BankRow]:
    """Return the entity's lines from the first day to the as-of date, oldest first."""
    lines = [
        *_monthly(entity), *_costs(entity, bookings), *cards.arrivals(card_rows),
        *((draw.business_day(day(move.on)), move.text, move.amount_minor)
          for move in (*story.FINANCING, *story.UNCATEGORISED, *story.DELIVERIES) if move.entity == entity),
    ]  # fmt: skip
    if entity == "rental-3028":
        lines += [*_mortgage(), *_stays()]
    if entity == "dc":
        lines += [
            (draw.business_day(day(invoice.paid)), f"RECEIVED INVOICE {invoice.number} {invoice.client.upper()}",
             invoice.amount * 100)
            for invoice in story.INVOICES if invoice.paid
        ]  # fmt: skip
    balance, rows = story.OPENING_CASH[entity] * 100, []
    # Money in comes first within a day, as the bank books it.
    for on, text, amount in sorted(lines, key=lambda line: (line[0], -line[2], line[1])):
        if on <= story.AS_OF:
            balance += amount
            rows.append(BankRow(on, text, amount, balance))
    return rows


def mortgage_payments() -> list[tuple[dt.date, int, int]]:
    """Return (date, interest, principal) in cents of each level payment, the balance amortising."""
    balance, paid = story.MORTGAGE_OPENING * 100, []
    for first in _months():
        interest = (balance * story.MORTGAGE_RATE_BP_MONTH + 5_000) // 10_000
        principal = story.MORTGAGE * 100 - interest
        balance -= principal
        paid.append((draw.business_day(first), interest, principal))
    return paid


def _months() -> Iterable[dt.date]:
    """Yield the first of each month from the first day to the as-of date."""
    first = story.FIRST_DAY
    while first <= story.AS_OF:
        yield first
        first = (first + dt.timedelta(days=31)).replace(day=1)


def _monthly(entity: str) -> list[tuple[dt.date, str, int]]:
    return [
        (draw.business_day(first.replace(day=cost.on_day)), cost.text, -cost.amount * 100)
        for first in _months() for cost in story.MONTHLY if cost.entity == entity
    ]  # fmt: skip


def _mortgage() -> list[tuple[dt.date, str, int]]:
    lines = []
    for on, interest, principal in mortgage_payments():
        lines += [
            (on, "MORTGAGE INTEREST LOAN 7731", -interest),
            (on, "MORTGAGE PRINCIPAL LOAN 7731", -principal),
        ]
    return lines


def _stays() -> list[tuple[dt.date, str, int]]:
    """Return channel payouts after check-in, guests' own transfers before it, cleaning after check-out, repairs."""
    lines = []
    for count, stay in enumerate(story.STAYS, start=1):
        arrive, leave = day(stay.check_in), day(stay.check_out)
        reference, net = f"RS-{count:03d}", stay.gross_minor - stay.fee_minor
        if stay.channel == "Direct":
            lines.append(
                (draw.business_day(arrive - dt.timedelta(days=3)), f"ZELLE DIRECT STAY {reference}", net)
            )
        else:
            on = draw.business_day(arrive + dt.timedelta(days=1))
            lines.append((on, f"{stay.channel.upper()} PAYOUT {reference}", net))
        cleaned = draw.business_day(leave + dt.timedelta(days=1))
        lines.append((cleaned, f"CLEANING STAY {reference}", -story.CLEANING * 100))
    lines += [(draw.business_day(day(on)), text, -amount * 100) for on, text, amount in story.REPAIRS]
    return lines


def _costs(entity: str, bookings: Sequence[BookingRow]) -> list[tuple[dt.date, str, int]]:
    """Return what each completed charter and concert cost, its reference in the text."""
    lines = []
    for row in bookings:
        if row.entity != entity or row.completed_on is None:
            continue
        on, next_on = (
            draw.business_day(row.completed_on),
            draw.business_day(row.completed_on + dt.timedelta(days=1)),
        )
        if row.kind == "charter":
            lines += [
                (on, f"FUEL DOCK {row.reference}", -story.FUEL * 100),
                (on, f"PROVISIONS {row.reference}", -story.PROVISIONS * 100),
                (next_on, f"CAPTAIN PAY {row.reference}", -story.CAPTAIN * 100),
                (next_on, f"MATE PAY {row.reference}", -story.MATE * 100),
            ]
            if dock := story.GUEST_DOCK.get(row.completed_on.isoformat()):
                lines.append((next_on, f"GUEST DOCK CORONADO {row.reference}", -dock * 100))
        elif row.kind == "concert":
            lines += [
                (next_on, f"MUSICIANS {row.reference}", -story.MUSICIANS * 100),
                (next_on, f"VENUE SHARE {row.reference}", -(row.dock_minor or 0)),
            ]
    return lines
