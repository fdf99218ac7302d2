"""The businesses' own exports (CSV) as typed rows: opening balances, bookings, stays, invoices, rules and plans.

Each file names its entity in a column, so one file may hold several. What a row does to the records is decided next
door, in `portfolio.domain.exports` and `portfolio.domain.intake`.
"""

import datetime as dt
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from core import months
from portfolio.formats.csv_rows import MAX_BYTES, MAX_ROWS, CsvRow, read
from portfolio.formats.errors import shown

T = TypeVar("T")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9.-]{1,10}", re.ASCII)
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}", re.ASCII)
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,59}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,4})?", re.ASCII)
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}", re.ASCII)
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
class StayRow:
    """A stay at a rental, in cents: the channel keeps the fee and pays out the rest."""

    line: int
    entity: str
    reference: str
    check_in: dt.date
    check_out: dt.date
    channel: str
    gross_minor: int
    fee_minor: int
    cleaning_minor: int
    paid: bool


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
        return OpeningRow(cells.line, _entity(cells), _code(cells), cells.day("on"), _signed(cells, "amount"))

    return _parse(data, name, ("entity", "account", "on", "amount"), row, ("entity", "account"))


def parse_bookings(data: bytes, *, name: str) -> tuple[BookingRow, ...]:
    """Read bookings and enquiries; raises `FormatError` for anything that is not."""
    costs = ("crew", "fuel", "dock", "food", "commission")
    days = ("quoted_on", "booked_on", "completed_on", "ended_on")

    def row(cells: CsvRow) -> BookingRow:
        stage = cells.choice("stage", STAGES)
        dates = {column: cells.optional_day(column) for column in days}
        starts_at, ends_at = _local(cells, "starts_at"), _local(cells, "ends_at")
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
            entity=_entity(cells),
            reference=_reference(cells, "reference"),
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
            price_minor=_unsigned(cells, "price"),
            deposit_minor=_unsigned(cells, "deposit"),
            paid_minor=_unsigned(cells, "paid"),
            cancellation_terms=cells.text("cancellation_terms", limit=200),
            stripe_id=cells.text("stripe_id", limit=80),
            costs=tuple((kind, _unsigned(cells, kind)) for kind in costs if cells.cells[kind]),
        )

    columns = (
        "reference", "entity", "kind", "title", "client_name", "client_email", "channel", "party_size", "stage",
        "enquired_on", *days, "starts_at", "ends_at", "price", "deposit", "paid", "cancellation_terms", "stripe_id",
        *costs,
    )  # fmt: skip
    return _parse(data, name, columns, row, ("entity", "reference"))


def parse_stays(data: bytes, *, name: str) -> tuple[StayRow, ...]:
    """Read stays at a rental; raises `FormatError` for anything that is not."""

    def row(cells: CsvRow) -> StayRow:
        check_in, check_out = cells.day("check_in"), cells.day("check_out")
        gross, fee, payout = (_unsigned(cells, column) for column in ("gross", "fee", "payout"))
        if check_out <= check_in:
            raise cells.error("check_out", "the stay ends before it begins", "correct one of the two dates")
        if payout != gross - fee:
            raise cells.error(
                "payout", "the payout is not the gross less the fee", "correct one of the three"
            )
        return StayRow(
            cells.line, _entity(cells), _reference(cells, "reference"), check_in, check_out,
            cells.text("channel", required=True, limit=40), gross, fee, _unsigned(cells, "cleaning"),
            cells.choice("paid", ("yes", "no")) == "yes",
        )  # fmt: skip

    columns = (
        "entity",
        "reference",
        "check_in",
        "check_out",
        "channel",
        "gross",
        "fee",
        "cleaning",
        "payout",
        "paid",
    )
    return _parse(data, name, columns, row, ("entity", "reference"))


def parse_invoices(data: bytes, *, name: str) -> tuple[InvoiceRow, ...]:
    """Read invoices; raises `FormatError` for anything that is not."""

    def row(cells: CsvRow) -> InvoiceRow:
        amount = _unsigned(cells, "amount")
        if not amount:
            raise cells.error("amount", "an invoice over nothing", "leave the row out")
        return InvoiceRow(
            cells.line, _entity(cells), _reference(cells, "number"), cells.text("client", required=True, limit=120),
            cells.day("issued_on"), cells.integer("terms_days", at_most=3650), amount, cells.optional_day("paid_on"),
        )  # fmt: skip

    columns = ("entity", "number", "client", "issued_on", "terms_days", "amount", "paid_on")
    return _parse(data, name, columns, row, ("entity", "number"))


def parse_open_items(data: bytes, *, name: str) -> tuple[OpenItemRow, ...]:
    """Read the open invoices and bills of an opening; raises `FormatError` for anything that is not."""

    def row(cells: CsvRow) -> OpenItemRow:
        amount = _unsigned(cells, "amount")
        if not amount:
            raise cells.error("amount", "nothing is open of it", "leave the row out")
        return OpenItemRow(
            cells.line, _entity(cells), cells.choice("kind", ("invoice", "bill")),
            cells.text("name", required=True, limit=100), _reference(cells, "number"), cells.day("issued_on"),
            cells.day("due_on"), amount,
        )  # fmt: skip

    columns = ("entity", "kind", "name", "number", "issued_on", "due_on", "amount")
    return _parse(data, name, columns, row, ("entity", "kind", "name", "number"))


def parse_rules(data: bytes, *, name: str) -> tuple[RuleRow, ...]:
    """Read category rules; raises `FormatError` for anything that is not."""

    def row(cells: CsvRow) -> RuleRow:
        given = cells.cells
        low, high = (
            _unsigned(cells, column) if given.get(column) else None for column in ("at_least", "at_most")
        )
        if low is not None and high is not None and low > high:
            raise cells.error("at_most", "the largest amount is below the smallest", "exchange the two")
        return RuleRow(
            cells.line, _entity(cells), cells.integer("position", at_most=100_000),
            cells.text("contains", required=True, limit=80), _code(cells),
            cells.choice("direction", ("any", "in", "out")) if given.get("direction") else "any", low, high,
        )  # fmt: skip

    columns = ("entity", "position", "contains", "account")
    return _parse(data, name, columns, row, ("entity", "direction", "at_least", "at_most", "contains"))


def parse_targets(data: bytes, *, name: str) -> tuple[TargetRow, ...]:
    """Read monthly revenue targets; raises `FormatError` for anything that is not."""

    def row(cells: CsvRow) -> TargetRow:
        return TargetRow(
            cells.line,
            _entity(cells),
            _month(cells),
            _unsigned(cells, "revenue"),
            cells.text("source", limit=120),
        )

    return _parse(data, name, ("entity", "month", "revenue", "source"), row, ("entity", "month"))


def parse_budgets(data: bytes, *, name: str) -> tuple[BudgetRow, ...]:
    """Read budgets by account and month; raises `FormatError` for anything that is not."""

    def row(cells: CsvRow) -> BudgetRow:
        return BudgetRow(
            cells.line, _entity(cells), _code(cells), _month(cells), cells.money("amount"),
            cells.text("source", limit=120),
        )  # fmt: skip

    columns = ("entity", "account", "month", "amount", "source")
    return _parse(data, name, columns, row, ("entity", "account", "month"))


def parse_kpis(data: bytes, *, name: str) -> tuple[KpiRow, ...]:
    """Read dated KPI values; an empty value says that it is not tracked. Raises `FormatError` for anything else."""

    def row(cells: CsvRow) -> KpiRow:
        key = cells.cells["key"]
        if not _KEY.fullmatch(key):
            raise cells.error("key", f"{shown(key)} is not a key", "write it as enquiries-a-month")
        return KpiRow(
            cells.line, _entity(cells), key, cells.text("label", required=True, limit=120), cells.day("as_of"),
            _decimal(cells, "value"), _decimal(cells, "target"), cells.text("unit", limit=30),
            cells.text("source", required=True, limit=120),
        )  # fmt: skip

    columns = ("entity", "key", "label", "as_of", "value", "target", "unit", "source")
    return _parse(data, name, columns, row, ("entity", "key", "as_of"))


def parse_capital(data: bytes, *, name: str) -> tuple[CapitalRow, ...]:
    """Read capital options; raises `FormatError` for anything that is not."""

    def row(cells: CsvRow) -> CapitalRow:
        return CapitalRow(
            cells.line, _entity(cells), cells.choice("tier", TIERS), cells.text("name", required=True, limit=120),
            _unsigned(cells, "outlay"), cells.optional_money("monthly_return"),
            cells.text("source", required=True, limit=120),
        )  # fmt: skip

    columns = ("entity", "tier", "name", "outlay", "monthly_return", "source")
    return _parse(data, name, columns, row, ("entity", "name"))


def _parse(
    data: bytes,
    name: str,
    columns: Collection[str],
    make: Callable[[CsvRow], T],
    key: Collection[str],
    *,
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
) -> tuple[T, ...]:
    """Read a whole file or nothing; the cells of ``key`` name a row, so no two rows share them."""
    sheet = read(data, name=name, required=columns, max_rows=max_rows, max_bytes=max_bytes)
    found: list[T] = []
    lines: dict[tuple[str, ...], int] = {}
    for cells in sheet.rows():
        found.append(make(cells))
        same = tuple(cells.cells.get(column, "") for column in key)
        if same in lines:
            raise cells.error(
                tuple(key)[-1],
                f"{shown(same[-1])} stands already on line {lines[same]}",
                "keep one of the two",
            )
        lines[same] = cells.line
    return tuple(found)


def _entity(cells: CsvRow) -> str:
    slug = cells.cells["entity"]
    if not _SLUG.fullmatch(slug):
        raise cells.error("entity", f"{shown(slug)} is not an entity", "write its short name, such as qos")
    return slug


def _code(cells: CsvRow) -> str:
    code = cells.cells["account"]
    if not _CODE.fullmatch(code):
        raise cells.error("account", f"{shown(code)} is not an account", "write its code, such as 1010")
    return code


def _reference(cells: CsvRow, column: str) -> str:
    reference = cells.cells[column]
    if not _REFERENCE.fullmatch(reference):
        raise cells.error(column, f"{shown(reference)} is not a reference", "write it as QOS-0001")
    return reference


def _signed(cells: CsvRow, column: str) -> int:
    amount = cells.money(column)
    if not amount:
        raise cells.error(column, "the amount is zero", "leave the row out")
    return amount


def _unsigned(cells: CsvRow, column: str) -> int:
    amount = cells.money(column)
    if amount < 0:
        raise cells.error(column, f"{shown(cells.cells[column])} is negative", "write it without a sign")
    return amount


def _month(cells: CsvRow) -> int:
    try:
        return months.parse(cells.cells["month"])
    except months.MonthError:
        raise cells.error(
            "month", f"{shown(cells.cells['month'])} is not a month", "write it as 2026-10"
        ) from None


def _decimal(cells: CsvRow, column: str) -> Decimal | None:
    """Read a plain decimal of at most 16 digits before and 4 after the point, or nothing."""
    value = cells.cells[column]
    if not value:
        return None
    if not _DECIMAL.fullmatch(value):
        raise cells.error(column, f"{shown(value)} is not a number", "write it as 1234.5")
    return Decimal(value)


def _local(cells: CsvRow, column: str) -> dt.datetime | None:
    """Read "2026-10-24 18:03", local to the entity; the zone is put on by whoever knows it."""
    value = cells.cells[column]
    if not value:
        return None
    try:
        if _LOCAL.fullmatch(value):
            return dt.datetime.fromisoformat(value)
    except ValueError:
        pass
    raise cells.error(column, f"{shown(value)} is not a local time", "write it as 2026-10-24 18:03")
