"""Stripe's balance history (CSV) as typed transactions.

Both spellings are read: the dashboard's export ("id", "Type", "Created (UTC)") and the reports' itemised
one ("balance_transaction_id", "reporting_category", "created_utc"). The same history as JSON is read next door, in
`portfolio.formats.stripe_json`. What a transaction does to the books is decided in `portfolio.domain.stripe`; matching
goes by ids, never by amounts.
"""

import contextlib
import datetime as dt
import re
import sys
from dataclasses import dataclass
from enum import StrEnum

from core.money import EXPONENTS
from portfolio.formats.csv_rows import MAX_BYTES, MAX_ROWS, CsvRow, listed, read, read_day
from portfolio.formats.errors import FormatError, shown


class StripeType(StrEnum):
    """What moved: ``fee`` is a charge of Stripe's own, ``adjustment`` a correction that is no dispute."""

    CHARGE = "charge"
    REFUND = "refund"
    PAYOUT = "payout"
    FEE = "fee"
    DISPUTE = "dispute"
    ADJUSTMENT = "adjustment"


@dataclass(frozen=True, slots=True)
class BalanceTransaction:
    """One movement of the Stripe balance.

    Amounts are signed minor units of ``currency``, positive into the balance; ``net_minor`` =
    ``amount_minor`` - ``fee_minor``, and the fee already holds any application fee. ``created_at`` is UTC,
    ``available_on`` a UTC date. ``payout_id`` is the payout that carried it to the bank, empty while
    pending. ``booking_ref`` comes from the metadata, and is an invoice's where no
    booking is named; empty where there is neither. ``charge_id`` is the charge that a
    refund or dispute belongs to, or the charge itself, and ``intent_id`` its payment intent, where the source tells. ``returned`` marks a payout that came back.
    """

    line: int
    id: str
    type: StripeType
    source: str
    amount_minor: int
    fee_minor: int
    net_minor: int
    currency: str
    created_at: dt.datetime
    available_on: dt.date | None
    description: str
    payout_id: str
    booking_ref: str
    charge_id: str = ""
    intent_id: str = ""
    returned: bool = False


TYPES = {
    "charge": StripeType.CHARGE, "payment": StripeType.CHARGE,
    "refund": StripeType.REFUND, "payment_refund": StripeType.REFUND, "refund_failure": StripeType.REFUND,
    "payment_failure_refund": StripeType.REFUND, "partial_capture_reversal": StripeType.REFUND,
    "payout": StripeType.PAYOUT, "payout_cancel": StripeType.PAYOUT, "payout_failure": StripeType.PAYOUT,
    "payout_reversal": StripeType.PAYOUT, "transfer": StripeType.PAYOUT,
    "stripe_fee": StripeType.FEE, "fee": StripeType.FEE, "network_cost": StripeType.FEE, "tax_fee": StripeType.FEE,
    "adjustment": StripeType.ADJUSTMENT, "other_adjustment": StripeType.ADJUSTMENT,
    "topup": StripeType.ADJUSTMENT, "topup_reversal": StripeType.ADJUSTMENT, "reserve_transaction": StripeType.ADJUSTMENT,
    "risk_reserved_funds": StripeType.ADJUSTMENT, "application_fee": StripeType.ADJUSTMENT,
    "application_fee_refund": StripeType.ADJUSTMENT, "platform_earning": StripeType.ADJUSTMENT,
    "platform_earning_refund": StripeType.ADJUSTMENT, "contribution": StripeType.ADJUSTMENT, "advance": StripeType.ADJUSTMENT,
    "transfer_reversal": StripeType.ADJUSTMENT, "connect_collection_transfer": StripeType.ADJUSTMENT,
    "payment_unreconciled": StripeType.ADJUSTMENT, "payment_reversal": StripeType.REFUND,
    "dispute": StripeType.DISPUTE, "dispute_reversal": StripeType.DISPUTE,
}  # fmt: skip

# Each of our fields and the spellings Stripe has used for it, the dashboard's first.
_SPELLINGS = {
    "id": ("id", "balance transaction id", "balance_transaction_id"),
    "type": ("type", "reporting category", "reporting_category"),
    "source": ("source", "source id", "source_id"),
    "amount": ("amount", "gross"),
    "fee": ("fee", "fees"),
    "net": ("net",),
    "currency": ("currency",),
    "created": ("created (utc)", "created_utc", "created"),
    "available": ("available on (utc)", "available_on_utc", "available_on"),
    "description": ("description",),
    "charge": ("charge_id", "charge id"),
    "intent": ("payment_intent_id", "payment intent id", "payment intent"),
    "payout": ("transfer", "payout id", "payout_id", "automatic payout id", "automatic_payout_id"),
}
_REQUIRED = ("id", "type", "amount", "fee", "net", "currency", "created")
_BOOKING = re.compile(
    r"booking(?:[ _](?:ref|reference))?(?: \(metadata\))?|(?:payment_)?metadata\[booking(?:_ref(?:erence)?)?\]"
)
_INVOICE = re.compile(
    r"invoice(?:[ _](?:ref|reference))? \(metadata\)|(?:payment_)?metadata\[invoice(?:_ref(?:erence)?)?\]"
)
IDENTIFIER = re.compile(r"[a-z]{2,12}_[A-Za-z0-9_]{1,240}", re.ASCII)
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?", re.ASCII)
_SOURCE_TYPES = {"du_": StripeType.DISPUTE, "dp_": StripeType.DISPUTE}
# What Stripe calls the movement by which a payout comes back to the balance.
RETURNS = frozenset({"payout_cancel", "payout_failure", "payout_reversal"})
_CHARGES = ("ch_", "py_")
DESCRIPTION_LIMIT = 250


def kind_of(word: str, source: str) -> StripeType:
    """Return what moved, from Stripe's word for it and the object behind it: a dispute calls itself an adjustment."""
    kind = TYPES[word]
    return _SOURCE_TYPES.get(source[:3], kind) if kind == StripeType.ADJUSTMENT else kind


def is_wrong_way(word: str, amount_minor: int) -> bool:
    """Tell whether a charge takes money or a refund brings it."""
    return (
        amount_minor <= 0
        if word in ("charge", "payment")
        else amount_minor >= 0 and word in ("refund", "payment_refund")
    )


def parse(
    data: bytes, *, name: str, max_rows: int = MAX_ROWS, max_bytes: int = MAX_BYTES
) -> tuple[BalanceTransaction, ...]:
    """Read a balance history and return its transactions in file order, or nothing at all.

    Raises:
        FormatError: the header is not Stripe's, an id is doubled, a type or currency is unknown, a net is
            not amount less fee, a charge takes or a refund gives, or any cell cannot be read.
    """
    sheet = read(data, name=name, max_rows=max_rows, max_bytes=max_bytes)
    columns = _columns(name, sheet.headers)
    found: list[BalanceTransaction] = []
    lines: dict[str, int] = {}
    days: dict[dt.date, dt.date] = {}
    for row in sheet.rows():
        transaction = _transaction(row, columns, days)
        if transaction.id in lines:
            raise row.error(
                columns["id"],
                f"{transaction.id} stands already on line {lines[transaction.id]}",
                "export the file again; an id names one transaction",
            )
        lines[transaction.id] = row.line
        found.append(transaction)
    return tuple(found)


def _columns(name: str, headers: tuple[str, ...]) -> dict[str, str]:
    """Return our field to the header that holds it."""
    folded: dict[str, str] = {}
    for header in headers:
        folded.setdefault(header.casefold(), header)
    columns = {}
    for field, spellings in _SPELLINGS.items():
        found = next((spelling for spelling in spellings if spelling in folded), None)
        if found is not None:
            columns[field] = folded[found]
        elif field in _REQUIRED:
            raise FormatError(
                file=name,
                line=1,
                column=spellings[0],
                reason=f"the header lacks this column; it has {listed(headers)}",
                fix=f"a Stripe balance history needs {', '.join(_REQUIRED)}",
            )
    named = (folded[header] for words in (_BOOKING, _INVOICE) for header in folded if words.fullmatch(header))
    booking = next(named, None)
    return columns | ({"booking": booking} if booking else {})


def _transaction(row: CsvRow, columns: dict[str, str], days: dict[dt.date, dt.date]) -> BalanceTransaction:
    def text(field: str) -> str:
        return row.text(columns[field]) if field in columns else ""

    identifier, source = text("id"), text("source")
    if not IDENTIFIER.fullmatch(identifier):
        raise row.error(columns["id"], f"{shown(identifier)} is not a Stripe id", "it begins with txn_")
    if source and not IDENTIFIER.fullmatch(source):
        raise row.error(
            columns["source"], f"{shown(source)} is not a Stripe id", "it begins with ch_, re_ or po_"
        )
    kind = kind_of(row.choice(columns["type"], TYPES), source)
    currency = sys.intern(text("currency").upper())
    if currency not in EXPONENTS:
        raise row.error(columns["currency"], f"{shown(currency)} is not a currency we keep",
                        f"use one of {', '.join(EXPONENTS)}")  # fmt: skip
    amount, fee, net = (row.money(columns[field], currency) for field in ("amount", "fee", "net"))
    if net != amount - fee:
        raise row.error(
            columns["net"],
            f"the net {shown(row.cells[columns['net']])} is not the amount {row.cells[columns['amount']]} less the fee "
            f"{row.cells[columns['fee']]}",
            "export the file again",
        )
    _sign(row, columns, amount)
    # What many rows say alike is kept once.
    payout = sys.intern(text("payout")) or (source if kind == StripeType.PAYOUT else "")
    available = _instant(row, columns["available"]).date() if text("available") else None
    return BalanceTransaction(
        line=row.line, id=identifier, type=kind, source=source, amount_minor=amount, fee_minor=fee, net_minor=net,
        currency=currency, created_at=_instant(row, columns["created"]),
        available_on=days.setdefault(available, available) if available else None,
        description=row.text(columns["description"], limit=5000)[:DESCRIPTION_LIMIT] if "description" in columns else "",
        payout_id=payout, booking_ref=text("booking"),
        charge_id=source if source.startswith(_CHARGES) else text("charge"), intent_id=text("intent"),
        returned=row.cells[columns["type"]].casefold() in RETURNS,
    )  # fmt: skip


def _sign(row: CsvRow, columns: dict[str, str], amount: int) -> None:
    """Refuse a charge that takes money and a refund that brings it: the columns have been mixed up."""
    word = row.cells[columns["type"]].casefold()
    if is_wrong_way(word, amount):
        raise row.error(
            columns["amount"],
            f"a {word} of {row.cells[columns['amount']]} has the wrong sign",
            "charges are positive and refunds negative; export the file again",
        )


def _instant(row: CsvRow, column: str) -> dt.datetime:
    """Read "2026-10-24 18:03" or "2026-10-24 18:03:11" or a bare date as UTC."""
    value = row.cells[column]
    if day := read_day(value, "%Y-%m-%d"):
        return dt.datetime.combine(row.near(column, day), dt.time(), tzinfo=dt.UTC)
    at = None
    if _INSTANT.fullmatch(value):
        with contextlib.suppress(ValueError):  # Digits in the right places that are no time of any day.
            at = dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC)
    if at is None:
        raise row.error(column, f"{shown(value)} is not an instant", "write it as 2026-10-24 18:03:11")
    row.near(column, at.date())
    return at
