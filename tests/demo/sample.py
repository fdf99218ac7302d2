"""The sample portfolio as the files have it, read without a database: what the tests beside this add up."""

import datetime as dt
import functools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from portfolio.formats import bank_csv, handoff, stripe
from portfolio.formats.csv_rows import CsvRow, read

DEMO = Path(__file__).parents[2] / "demo"
ENTITIES = ("dc", "eyd", "jada", "qdn", "qos", "rental-3028")
AS_OF = dt.date(2026, 11, 10)
BURN_MONTHS = ("2026-08", "2026-09", "2026-10")
# Money of the owner, of a lender or of a sister, between our own accounts, or held as a refundable deposit.
NOT_OPERATING = ("3000", "3100", "2500", "1300", "2300", "1050", "2150")


@functools.cache
def rows(name: str) -> tuple[CsvRow, ...]:
    """Return the rows of an export."""
    return tuple(read((DEMO / "exports" / name).read_bytes(), name=name).rows())


@functools.cache
def note(entity: str) -> handoff.Handoff:
    """Return an entity's handoff note."""
    return handoff.parse((DEMO / "handoffs" / f"{entity}.md").read_bytes(), name=f"handoffs/{entity}.md")


@functools.cache
def bank(entity: str) -> tuple[bank_csv.BankLine, ...]:
    """Return an entity's bank lines, oldest first."""
    data = (DEMO / "statements" / f"{entity}-checking.csv").read_bytes()
    lines = bank_csv.parse(data, name=f"{entity}-checking.csv", account=f"{entity}:1010")
    return lines if lines[0].on <= lines[-1].on else lines[::-1]


@functools.cache
def card(entity: str) -> tuple[stripe.BalanceTransaction, ...]:
    """Return an entity's movements at Stripe; only QOS and JADA take cards."""
    if entity not in ("qos", "jada"):
        return ()
    return stripe.parse((DEMO / "exports" / f"stripe-{entity}.csv").read_bytes(), name=f"stripe-{entity}.csv")


@dataclass(frozen=True)
class Flow:
    """Cents that moved the entity's cash on a date, and the account that explains them (empty: no rule)."""

    entity: str
    on: dt.date
    account: str
    amount_minor: int
    text: str


def account_of(entity: str, text: str) -> str:
    """Return the account that the first matching rule names, or nothing."""
    rules = (row for row in rows("rules.csv") if row.cells["entity"] == entity)
    return next((row.cells["account"] for row in rules if row.cells["contains"] in text), "")


@functools.cache
def flows() -> tuple[Flow, ...]:
    """Return every movement of cash, at the bank and at Stripe, payouts between the two left out."""
    found = []
    for entity in ENTITIES:
        for line in bank(entity):
            account = account_of(entity, line.description)
            if account != "1050":
                found.append(Flow(entity, line.on, account, line.amount_minor, line.description))
        for move in card(entity):
            if move.type == "payout":
                continue
            account = "2150" if move.description.startswith("Deposit") else "2100"
            found.append(Flow(entity, move.created_at.date(), account, move.amount_minor, move.description))
            if move.fee_minor:
                found.append(Flow(entity, move.created_at.date(), "5600", -move.fee_minor, move.description))
    return tuple(found)


def total(chosen: Iterable[Flow]) -> int:
    """Return the sum in cents."""
    return sum(flow.amount_minor for flow in chosen)


def by_month(chosen: Iterable[Flow]) -> dict[str, int]:
    """Return cents by ISO month."""
    sums: dict[str, int] = defaultdict(int)
    for flow in chosen:
        sums[f"{flow.on:%Y-%m}"] += flow.amount_minor
    return dict(sums)


def opening(entity: str, account: str) -> int:
    """Return a balance on the opening day, debit positive."""
    return sum(
        row.money("amount")
        for row in rows("opening.csv")
        if (row.cells["entity"], row.cells["account"]) == (entity, account)
    )


def cash(on: dt.date) -> int:
    """Return the portfolio's cash at the end of a date: bank and Stripe together."""
    started = sum(opening(entity, "1010") for entity in ENTITIES)
    return started + total(flow for flow in flows() if flow.on <= on)


def bookings(entity: str, *stages: str) -> list[CsvRow]:
    """Return an entity's bookings, of some stages or of all."""
    return [
        row
        for row in rows("bookings.csv")
        if row.cells["entity"] == entity and (not stages or row.cells["stage"] in stages)
    ]


def baseline(entity: str, label: str) -> int:
    """Return what a note states as a monthly or single cost, in cents."""
    (row,) = [row for row in note(entity).of(handoff.RowKind.BASELINE) if row.label.startswith(label)]
    assert row.value is not None
    assert row.value.minor is not None
    return row.value.minor
