"""A rental's stays (CSV) as typed rows. What a row does to the records is decided in `portfolio.domain.exports`."""

import datetime as dt
from dataclasses import dataclass

from portfolio.formats import table_rows
from portfolio.formats.csv_rows import CsvRow


@dataclass(frozen=True, slots=True)
class StayRow:
    """A stay at a rental, in cents: the channel keeps the fee and pays out the rest.

    ``booked_on`` is None where the file does not say it, ``cancelled_on`` where the stay stands, ``guests`` 0 where
    nobody counted them.
    """

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
    booked_on: dt.date | None
    cancelled_on: dt.date | None
    guests: int


def parse_stays(data: bytes, *, name: str) -> tuple[StayRow, ...]:
    """Read stays; the columns ``booked``, ``cancelled`` and ``guests`` may be left out.

    Raises:
        FormatError: the file is not one of stays.
    """

    def row(cells: CsvRow) -> StayRow:
        check_in, check_out = cells.day("check_in"), cells.day("check_out")
        gross, fee, payout = (table_rows.unsigned(cells, column) for column in ("gross", "fee", "payout"))
        if check_out <= check_in:
            raise cells.error("check_out", "the stay ends before it begins", "correct one of the two dates")
        if payout != gross - fee:
            raise cells.error(
                "payout", "the payout is not the gross less the fee", "correct one of the three"
            )
        paid = cells.choice("paid", ("yes", "no")) == "yes"
        booked_on, cancelled_on = _optional(cells, "booked"), _optional(cells, "cancelled")
        if booked_on is not None and booked_on > check_in:
            raise cells.error("booked", "the stay is booked after it begins", "correct one of the two dates")
        if cancelled_on is not None:
            if booked_on is not None and cancelled_on < booked_on:
                raise cells.error(
                    "cancelled", "the stay is called off before it is booked", "correct one of the two dates"
                )
            if paid:
                raise cells.error(
                    "paid",
                    "the stay is called off and paid out",
                    "write no, and enter what was kept on the booking",
                )
        guests = cells.integer("guests", at_most=1_000) if cells.cells.get("guests") else 0
        return StayRow(
            cells.line, table_rows.entity(cells), table_rows.reference(cells, "reference"), check_in, check_out,
            cells.text("channel", required=True, limit=40), gross, fee, table_rows.unsigned(cells, "cleaning"), paid,
            booked_on, cancelled_on, guests,
        )  # fmt: skip

    columns = (
        "entity", "reference", "check_in", "check_out", "channel", "gross", "fee", "cleaning", "payout", "paid",
    )  # fmt: skip
    return table_rows.parse(data, name, columns, row, ("entity", "reference"))


def _optional(cells: CsvRow, column: str) -> dt.date | None:
    return cells.day(column) if cells.cells.get(column) else None
