"""The businesses' own exports (CSV) as typed rows: opening balances, bookings, invoices, rules and plans.

Each file names its entity in a column, so one file may hold several. Stays are next door in `stays`. What a row does to the records is decided next
door, in `portfolio.domain.exports` and `portfolio.domain.intake`.
"""

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal

from portfolio.formats import table_rows
from portfolio.formats.csv_rows import CsvRow
from portfolio.formats.errors import shown

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,59}", re.ASCII)
STAGES = ("enquiry", "quoted", "held", "booked", "paid", "completed", "cancelled", "lost")
KINDS = ("charter", "concert", "stay", "delivery", "haul", "work")
TIERS = ("zero_cost", "low_cost", "revenue", "do_not_deploy")


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """A balance brought forward, in cents, debit positive."""

    line: int
    entity: str
    account: str
    on: dt.date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """What an account should move in a month, in cents, in the account's own sense."""

    line: int
    entity: str
    account: str
    month: int
    amount_minor: int
    source: str


@dataclass(frozen=True, slots=True)
class KpiRow:
    """A KPI's value on a day; None where the row says that it is not tracked."""

    line: int
    entity: str
    key: str
    label: str
    as_of: dt.date
    value: Decimal | None
    target: Decimal | None
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class BookingRow:
    """A booking or an enquiry. Amounts are cents; instants are local to the entity and have no zone yet."""

    line: int
    entity: str
    reference: str
    kind: str
    title: str
    client_name: str
    client_email: str
    channel: str
    party_size: int
    stage: str
    enquired_on: dt.date
    quoted_on: dt.date | None
    booked_on: dt.date | None
    completed_on: dt.date | None
    ended_on: dt.date | None
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None
    price_minor: int
    deposit_minor: int
    paid_minor: int
    cancellation_terms: str
    stripe_id: str
    costs: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice to a client, in cents; ``paid_on`` is None while it is open."""

    line: int
    entity: str
    number: str
    client: str
    issued_on: dt.date
    terms_days: int
    amount_minor: int
    paid_on: dt.date | None


@dataclass(frozen=True, slots=True)
class OpenItemRow:
    """An invoice or bill that was open when the books began, in cents: what was open of it."""

    line: int
    entity: str
    kind: str
    name: str
    number: str
    issued_on: dt.date
    due_on: dt.date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class RuleRow:
    """Text in a bank line and the account it goes to; the lowest position wins. Sizes are in cents, without a sign."""

    line: int
    entity: str
    position: int
    contains: str
    account: str
    direction: str = "any"
    at_least_minor: int | None = None
    at_most_minor: int | None = None


@dataclass(frozen=True, slots=True)
class TargetRow:
    """The revenue wanted of an entity in a month, in cents."""

    line: int
    entity: str
    month: int
    revenue_minor: int
    source: str


@dataclass(frozen=True, slots=True)
class CapitalRow:
    """Something money could be spent on, in cents; a return of None is not tracked."""

    line: int
    entity: str
    tier: str
    name: str
    outlay_minor: int
    monthly_return_minor: int | None
    source: str


def parse_opening(data: bytes, *, name: str) -> tuple[OpeningRow, ...]:
    """Read opening balances; raises `FormatError` for anything that is not."""

    def row(cells: CsvRow) -> OpeningRow:
        return OpeningRow(
            cells.line,
            table_rows.entity(cells),
            table_rows.code(cells),
            cells.day("on"),
            table_rows.signed(cells, "amount"),
        )

    return table_rows.parse(data, name, ("entity", "account", "on", "amount"), row, ("entity", "account"))


def parse_bookings(data: bytes, *, name: str) -> tuple[BookingRow, ...]:
    """Read bookings and enquiries; raises `FormatError` for anything that is not."""
    costs = ("crew", "fuel", "dock", "food", "commission")
    days = ("quoted_on", "booked_on", "completed_on", "ended_on")

    def row(cells: CsvRow) -> BookingRow:
        stage = cells.choice("stage", STAGES)
        dates = {column: cells.optional_day(column) for column in days}
        starts_at, ends_at = table_rows.local(cells, "starts_at"), table_rows.local(cells, "ends_at")
        if stage == "completed" and dates["completed_on"] is None:
            raise cells.error("completed_on", "a completed booking has no date", "fill it in")
        if stage in ("booked", "paid", "completed") and starts_at is None:
            raise cells.error("starts_at", f"a {stage} booking has no date of service", "fill it in")
        if starts_at and ends_at and ends_at <= starts_at:
            raise cells.error("ends_at", "it ends before it starts", "correct one of the two times")
        email = cells.text("client_email", limit=254)
        if email and email.count("@") != 1:
            raise cells.error(
                "client_email", f"{shown(email)} is not an address", "write it as name@example.com"
            )
        return BookingRow(
            line=cells.line,
            entity=table_rows.entity(cells),
            reference=table_rows.reference(cells, "reference"),
            kind=cells.choice("kind", KINDS),
            title=cells.text("title", required=True, limit=160),
            client_name=cells.text("client_name", limit=120),
            client_email=email,
            channel=cells.text("channel", limit=40),
            party_size=cells.integer("party_size", at_most=10_000),
            stage=stage,
            enquired_on=cells.day("enquired_on"),
            quoted_on=dates["quoted_on"],
            booked_on=dates["booked_on"],
            completed_on=dates["completed_on"],
            ended_on=dates["ended_on"],
            starts_at=starts_at,
            ends_at=ends_at,
            price_minor=table_rows.unsigned(cells, "price"),
            deposit_minor=table_rows.unsigned(cells, "deposit"),
            paid_minor=table_rows.unsigned(cells, "paid"),
            cancellation_terms=cells.text("cancellation_terms", limit=200),
            stripe_id=cells.text("stripe_id", limit=80),
            costs=tuple((kind, table_rows.unsigned(cells, kind)) for kind in costs if cells.cells[kind]),
        )

    columns = (
        "reference", "entity", "kind", "title", "client_name", "client_email", "channel", "party_size", "stage",
        "enquired_on", *days, "starts_at", "ends_at", "price", "deposit", "paid", "cancellation_terms", "stripe_id",
        *costs,
    )  # fmt: skip
    return table_rows.parse(data, name, columns, row, ("entity", "reference"))


def parse_invoices(data: bytes, *, name: str) -> tuple[InvoiceRow, ...]:
    """Read invoices; raises `FormatError` for anything that is not."""

    def row(cells: CsvRow) -> InvoiceRow:
        amount = table_rows.unsigned(cells, "amount")
        if not amount:
            raise cells.error("amount", "an invoice over nothing", "leave the row out")
        return InvoiceRow(
            cells.line, table_rows.entity(cells), table_rows.reference(cells, "number"), cells.text("client", required=True, limit=120),
            cells.day("issued_on"), cells.integer("terms_days", at_most=3650), amount, cells.optional_day("paid_on"),
        )  # fmt: skip

    columns = ("entity", "number", "client", "issued_on", "terms_days", "amount", "paid_on")
    return table_rows.parse(data, name, columns, row, ("entity", "number"))


def parse_open_items(data: bytes, *, name: str) -> tuple[OpenItemRow, ...]:
    """Read the open invoices and bills of an opening; raises `FormatError` for anything that is not."""

    def row(cells: CsvRow) -> OpenItemRow:
        amount = table_rows.unsigned(cells, "amount")
        if not amount:
            raise cells.error("amount", "nothing is open of it", "leave the row out")
        return OpenItemRow(
            cells.line, table_rows.entity(cells), cells.choice("kind", ("invoice", "bill")),
            cells.text("name", required=True, limit=100), table_rows.reference(cells, "number"), cells.day("issued_on"),
            cells.day("due_on"), amount,
        )  # fmt: skip

    columns = ("entity", "kind", "name", "number", "issued_on", "due_on", "amount")
    return table_rows.parse(data, name, columns, row, ("entity", "kind", "name", "number"))


def parse_rules(data: bytes, *, name: str) -> tuple[RuleRow, ...]:
    """Read category rules; raises `FormatError` for anything that is not."""

    def row(cells: CsvRow) -> RuleRow:
        given = cells.cells
        low, high = (
            table_rows.unsigned(cells, column) if given.get(column) else None
            for column in ("at_least", "at_most")
        )
        if low is not None and high is not None and low > high:
            raise cells.error("at_most", "the largest amount is below the smallest", "exchange the two")
        return RuleRow(
            cells.line, table_rows.entity(cells), cells.integer("position", at_most=100_000),
            cells.text("contains", required=True, limit=80), table_rows.code(cells),
            cells.choice("direction", ("any", "in", "out")) if given.get("direction") else "any", low, high,
        )  # fmt: skip

    columns = ("entity", "position", "contains", "account")
    return table_rows.parse(
        data, name, columns, row, ("entity", "direction", "at_least", "at_most", "contains")
    )


def parse_targets(data: bytes, *, name: str) -> tuple[TargetRow, ...]:
    """Read monthly revenue targets; raises `FormatError` for anything that is not."""

    def row(cells: CsvRow) -> TargetRow:
        return TargetRow(
            cells.line,
            table_rows.entity(cells),
            table_rows.month(cells),
            table_rows.unsigned(cells, "revenue"),
            cells.text("source", limit=120),
        )

    return table_rows.parse(data, name, ("entity", "month", "revenue", "source"), row, ("entity", "month"))


def parse_budgets(data: bytes, *, name: str) -> tuple[BudgetRow, ...]:
    """Read budgets by account and month; raises `FormatError` for anything that is not."""

    def row(cells: CsvRow) -> BudgetRow:
        return BudgetRow(
            cells.line, table_rows.entity(cells), table_rows.code(cells), table_rows.month(cells), cells.money("amount"),
            cells.text("source", limit=120),
        )  # fmt: skip

    columns = ("entity", "account", "month", "amount", "source")
    return table_rows.parse(data, name, columns, row, ("entity", "account", "month"))


def parse_kpis(data: bytes, *, name: str) -> tuple[KpiRow, ...]:
    """Read dated KPI values; an empty value says that it is not tracked. Raises `FormatError` for anything else."""

    def row(cells: CsvRow) -> KpiRow:
        key = cells.cells["key"]
        if not _KEY.fullmatch(key):
            raise cells.error("key", f"{shown(key)} is not a key", "write it as enquiries-a-month")
        return KpiRow(
            cells.line, table_rows.entity(cells), key, cells.text("label", required=True, limit=120), cells.day("as_of"),
            table_rows.decimal(cells, "value"), table_rows.decimal(cells, "target"), cells.text("unit", limit=30),
            cells.text("source", required=True, limit=120),
        )  # fmt: skip

    columns = ("entity", "key", "label", "as_of", "value", "target", "unit", "source")
    return table_rows.parse(data, name, columns, row, ("entity", "key", "as_of"))


def parse_capital(data: bytes, *, name: str) -> tuple[CapitalRow, ...]:
    """Read capital options; raises `FormatError` for anything that is not."""

    def row(cells: CsvRow) -> CapitalRow:
        return CapitalRow(
            cells.line, table_rows.entity(cells), cells.choice("tier", TIERS), cells.text("name", required=True, limit=120),
            table_rows.unsigned(cells, "outlay"), cells.optional_money("monthly_return"),
            cells.text("source", required=True, limit=120),
        )  # fmt: skip

    columns = ("entity", "tier", "name", "outlay", "monthly_return", "source")
    return table_rows.parse(data, name, columns, row, ("entity", "name"))
