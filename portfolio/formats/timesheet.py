"""Time worked for clients (CSV) as typed rows: on, client, contract, minutes, who, description, billable, rate."""

import datetime as dt
from dataclasses import dataclass

from portfolio.formats.csv_rows import MAX_BYTES, read
from portfolio.formats.errors import shown

COLUMNS = ("on", "client", "contract", "minutes", "who", "description", "billable", "rate")
MAX_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class TimeRow:
    """One stretch of work; ``contract`` is its title, ``rate_minor`` cents an hour, None for the contract's own."""

    line: int
    on: dt.date
    client: str
    contract: str
    minutes: int
    who: str
    description: str
    billable: bool
    rate_minor: int | None


def parse(data: bytes, *, name: str, currency: str = "USD") -> tuple[TimeRow, ...]:
    """Read a time sheet.

    Raises:
        FormatError: it is not one; says line and column.
    """
    sheet = read(data, name=name, required=COLUMNS, max_rows=MAX_ROWS, max_bytes=MAX_BYTES)
    rows = []
    for cells in sheet.rows():
        rate = cells.optional_money("rate", currency)
        if rate is not None and rate < 0:
            raise cells.error("rate", f"{shown(cells.cells['rate'])} is negative", "write it without a sign")
        rows.append(
            TimeRow(
                line=cells.line,
                on=cells.day("on"),
                client=cells.text("client", required=True, limit=120),
                contract=cells.text("contract", limit=120),
                minutes=cells.integer("minutes", at_least=1, at_most=1440),
                who=cells.text("who", required=True, limit=120),
                description=cells.text("description", required=True, limit=200),
                billable=cells.choice("billable", ("yes", "no")) == "yes",
                rate_minor=rate,
            )
        )
    return tuple(rows)
