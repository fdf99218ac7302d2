"""Bank statements (CSV) as typed lines, by a column map that is found from the header or given.

What a line means to the books (its account, its booking, whether it landed before) is decided next door
in `portfolio.domain.intake`; the external id made here is what lets overlapping files land once.
"""

import datetime as dt
import hashlib
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core import months
from core.money import exponent, format_minor
from portfolio.formats.csv_rows import (
    DATE_FORMATS,
    MAX_BYTES,
    MAX_ROWS,
    CsvRow,
    Sheet,
    date_words,
    listed,
    read,
    read_day,
)
from portfolio.formats.errors import FormatError, shown


@dataclass(frozen=True, slots=True)
class BankColumns:
    """Which header holds what. Either ``amount`` (money in positive) or both ``debit`` and ``credit``.

    ``decimal_comma`` reads 1.234,50; ``money_out_is_positive`` turns the amounts of card statements round.
    ``date_format`` is one of `portfolio.formats.csv_rows.DATE_FORMATS`; empty means year-month-day or
    month/day/year, whichever the first row is written in.
    """

    date: str
    description: str
    amount: str = ""
    debit: str = ""
    credit: str = ""
    balance: str = ""
    reference: str = ""
    date_format: str = ""
    decimal_comma: bool = False
    money_out_is_positive: bool = False


@dataclass(frozen=True, slots=True)
class BankLine:
    """One line of a statement: money in is positive, ``balance_minor`` is the balance after it.

    ``external_id`` is a hash of account, date, amount, description and the line's number among identical
    ones, so that it is the same in every file that holds the line.
    """

    line: int
    on: dt.date
    description: str
    amount_minor: int
    balance_minor: int | None
    reference: str
    external_id: str


_SPELLINGS = {
    "date": ("date", "posting date", "posted date", "post date", "transaction date", "booking date"),
    "description": ("description", "transaction description", "payee", "memo", "narrative", "details"),
    "amount": ("amount", "transaction amount", "amount (usd)", "amount usd"),
    "debit": ("debit", "debit amount", "debits", "withdrawal", "withdrawals", "withdrawal amount", "money out", "paid out"),
    "credit": ("credit", "credit amount", "credits", "deposit", "deposits", "deposit amount", "money in", "paid in"),
    "balance": ("balance", "running balance", "running bal.", "running bal", "ledger balance"),
    "reference": ("reference", "reference number", "ref", "check number", "check or slip #", "transaction id"),
}  # fmt: skip
_NEEDED = "Date, Description and either Amount or both Debit and Credit"
_SAY_HOW = "say on the import page how dates and amounts are written; it is saved for this bank's files"
_THOUSANDS = re.compile(r"\D{0,2}[0-9]{1,3}\.[0-9]{2}0\D{0,2}", re.ASCII)
_GUESSED_FORMATS = ("%Y-%m-%d", "%m/%d/%Y")


class Statement:
    """A file whose columns are known; `lines` reads it, as often as it is asked, without holding what it has read."""

    def __init__(
        self, sheet: Sheet, columns: BankColumns, account: str, currency: str, *, guessed: bool
    ) -> None:
        """Take the open file; `open_statement` makes one. ``guessed``: nobody said how dates and amounts are written."""
        self._sheet, self._account, self._currency, self._guessed = sheet, account, currency, guessed
        self.columns = columns
        self.closings: tuple[tuple[dt.date, int], ...] = ()

    def check(self) -> None:
        """Read the file to its end and keep nothing: half the work of reading its lines.

        Raises:
            FormatError: as `lines`.
        """
        for _ in self._told():
            pass

    def lines(self) -> Iterator[BankLine]:
        """Yield the lines in file order; afterwards ``closings`` are the balances told for days that are over.

        Those are the ends of the months that the file goes beyond, and its newest day.

        Raises:
            FormatError: as `parse`; dates that may be read two ways and a balance that does not follow are told at the
                end.
        """
        seen: dict[int, int] = {}
        for line, on, description, amount, balance, reference in self._told():
            key = _key(on, amount, description)
            seen[key] = seen.get(key, 0) + 1
            external_id = _external_id(self._account, on, amount, description, seen[key])
            yield BankLine(line, on, description, amount, balance, reference, external_id)

    def _told(self) -> Iterator[tuple[int, dt.date, str, int, int | None, str]]:
        """Yield line, day, description, amount, balance and reference of each row."""
        columns, currency = self.columns, self._currency
        follow = _Balances(columns.balance, self._sheet.file, currency)
        date_format = columns.date_format
        # A row whose day may be its month, as long as no other tells which is which.
        either: CsvRow | None = None
        told = bool(columns.date_format)
        for row in self._sheet.rows():
            date_format = date_format or _guess(row.cells[columns.date])
            if not told:
                turned = read_day(row.cells[columns.date], "%d/%m/%Y")
                told = turned is None
                if turned is not None and turned.day != turned.month:
                    either = either or row
            if self._guessed and exponent(currency) < 3:
                _refuse_thousands(row, columns)
            if columns.date_format and not read_day(row.cells[columns.date], date_format):
                raise row.error(
                    columns.date, f"{shown(row.cells[columns.date])} is not a date written as {date_words(date_format)}",
                    "choose another way its dates are written, or leave the line out",
                )  # fmt: skip
            on, amount = row.day(columns.date, date_format), _amount(row, columns, currency)
            description = row.text(columns.description, required=True)
            balance = None
            if columns.balance:
                balance = row.optional_money(columns.balance, currency, decimal_comma=columns.decimal_comma)
                follow.add(_Step(row.line, on, amount, balance))
            reference = row.text(columns.reference, limit=80) if columns.reference else ""
            yield row.line, on, description, amount, balance, reference
        if either is not None and not told:
            raise either.error(
                columns.date,
                f"{shown(either.cells[columns.date])} may be month/day or day/month, and no date of the file tells which",
                _SAY_HOW,
            )
        if columns.balance:
            self.closings = follow.closings()


def open_statement(
    data: bytes,
    *,
    name: str,
    account: str,
    columns: BankColumns | None = None,
    currency: str = "USD",
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
) -> Statement:
    """Open a statement and settle which column is which, from the header where no ``columns`` are given.

    Raises:
        FormatError: the file is no CSV, or its header lacks a column.
    """
    sheet = read(data, name=name, max_rows=max_rows, max_bytes=max_bytes, any_separator=columns is not None)
    guessed = columns is None
    columns = detect_columns(sheet.headers, name=name) if columns is None else columns
    _check(columns, sheet.headers, name)
    return Statement(sheet, columns, account, currency, guessed=guessed)


def parse(
    data: bytes,
    *,
    name: str,
    account: str,
    columns: BankColumns | None = None,
    currency: str = "USD",
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
) -> tuple[BankLine, ...]:
    """Read a statement and return its lines in file order, or nothing at all.

    ``account`` names the bank account and is part of every external id, such as "qos:1010". Where there is
    a balance column, every balance must follow from the one before it, oldest or newest first.

    Raises:
        FormatError: a header lacks a column, a date or amount cannot be read, an amount is zero, debit and
            credit are both there or both empty, or a balance does not follow.
    """
    statement = open_statement(
        data, name=name, account=account, columns=columns, currency=currency, max_rows=max_rows, max_bytes=max_bytes
    )  # fmt: skip
    return tuple(statement.lines())


def detect_columns(headers: Sequence[str], *, name: str) -> BankColumns:
    """Return the column map that a bank's own header spellings suggest.

    Raises:
        FormatError: the header names no date, no description or no amount; says what it has and needs.
    """
    folded = {header.casefold(): header for header in headers}
    found = {
        role: next((folded[spelling] for spelling in spellings if spelling in folded), "")
        for role, spellings in _SPELLINGS.items()
    }
    if found["amount"]:
        found["debit"] = found["credit"] = ""
    for role in ("date", "description", "amount"):
        if not found[role] and not (role == "amount" and found["debit"] and found["credit"]):
            raise FormatError(
                file=name,
                line=1,
                column=role.capitalize(),
                reason=f"the header lacks this column; it has {listed(headers)}",
                fix=f"a bank statement needs {_NEEDED}",
            )
    return BankColumns(**found)  # type: ignore[arg-type]


def _check(columns: BankColumns, headers: Sequence[str], name: str) -> None:
    """Refuse a map that names columns the file lacks, or that has no way to an amount."""
    named = (columns.date, columns.description, columns.amount, columns.debit, columns.credit, columns.balance,
             columns.reference)  # fmt: skip
    for header in filter(None, named):
        if header not in headers:
            raise FormatError(
                file=name,
                line=1,
                column=header,
                reason=f"the header lacks this column; it has {listed(headers)}",
                fix="correct the column map or export the file with that column",
            )
    if bool(columns.amount) == bool(columns.debit or columns.credit) or bool(columns.debit) != bool(
        columns.credit
    ):
        raise FormatError(
            file=name,
            line=1,
            column=columns.amount or columns.debit or columns.credit or "Amount",
            reason="the column map does not say where the amount stands",
            fix="name either Amount or both Debit and Credit",
        )
    if columns.date_format and columns.date_format not in DATE_FORMATS:
        raise FormatError(
            file=name,
            line=1,
            column=columns.date,
            reason=f"{columns.date_format!r} is not a date format we read",
            fix=f"use one of {', '.join(DATE_FORMATS)}",
        )


def _guess(value: str) -> str:
    """Return the format the first date is written in; one it fits in neither is refused by `CsvRow.day`."""
    return next((known for known in _GUESSED_FORMATS if read_day(value, known)), _GUESSED_FORMATS[0])


def _refuse_thousands(row: CsvRow, columns: BankColumns) -> None:
    """Refuse 1.000 where nobody said whether that is one or a thousand."""
    for column in filter(None, (columns.amount, columns.debit, columns.credit, columns.balance)):
        if _THOUSANDS.fullmatch(row.cells[column]):
            raise row.error(
                column, f"{shown(row.cells[column])} may be one or a thousand times as much", _SAY_HOW
            )


def _amount(row: CsvRow, columns: BankColumns, currency: str) -> int:
    comma = columns.decimal_comma
    if columns.amount:
        minor, column = row.money(columns.amount, currency, decimal_comma=comma), columns.amount
        minor = -minor if columns.money_out_is_positive else minor
    else:
        debit = row.optional_money(columns.debit, currency, decimal_comma=comma)
        credit = row.optional_money(columns.credit, currency, decimal_comma=comma)
        if bool(debit) == bool(credit):
            both = "both a debit and a credit" if debit else "neither a debit nor a credit"
            raise row.error(columns.debit, f"the row has {both}", "fill in exactly one of them")
        column = columns.debit if debit else columns.credit
        if (debit or credit or 0) < 0:
            raise row.error(column, f"the amount {row.cells[column]} is negative", "write it without a sign")
        minor = (credit or 0) - (debit or 0)
    if minor == 0:
        raise row.error(column, "the amount is zero, and a statement line moves money", "delete the row")
    return minor


def _key(on: dt.date, amount: int, description: str) -> int:
    """Return a small stand-in for a line's body: a file of 100,000 lines is counted by these."""
    body = f"{on.toordinal()}\x1f{amount}\x1f{description}".encode()
    return int.from_bytes(hashlib.blake2b(body, digest_size=12).digest())


def _external_id(account: str, on: dt.date, amount: int, description: str, occurrence: int) -> str:
    body = "\x1f".join((account, on.isoformat(), str(amount), description, str(occurrence)))
    return "bank:" + hashlib.sha256(body.encode()).hexdigest()[:40]


class _Step(NamedTuple):
    """What the balances are followed by."""

    line: int
    on: dt.date
    amount_minor: int
    balance_minor: int | None


class _Balances:
    """Follows the balances in both directions at once; which one the file runs in is known at its end.

    A line without a balance is carried over.
    """

    def __init__(self, column: str, name: str, currency: str) -> None:
        self.column, self.name, self.currency = column, name, currency
        self.first: _Step | None = None
        self.second: _Step | None = None
        self.last: _Step | None = None
        self.all_told = True
        self.known: _Step | None = None  # The line that stated a balance last.
        self.moved = 0  # What moved since, without it and with the present line.
        self.oldest_first: tuple[int, int] | None = None  # (line, off by) of the first fault.
        self.newest_first: tuple[int, int] | None = None  # Of the last fault in file order, the oldest.
        self.months: dict[
            int, tuple[_Step, _Step]
        ] = {}  # The first and the last line of each, in file order.

    def add(self, line: _Step) -> None:
        """Compare a line with the ones before it."""
        if self.first is None:
            self.first = line
        elif self.second is None:
            self.second = line
        self.last = line
        month = months.month_of(line.on)
        self.months[month] = (self.months[month][0] if month in self.months else line, line)
        if line.balance_minor is None:
            self.all_told = False
            self.moved += line.amount_minor
            return
        if self.known is not None and self.known.balance_minor is not None:
            between, newer, newer_minor = self.moved, self.known, self.known.balance_minor
            short = line.balance_minor - newer_minor - between - line.amount_minor
            if short and self.oldest_first is None:
                self.oldest_first = line.line, short
            short = newer_minor - line.balance_minor - between - newer.amount_minor
            if short:
                self.newest_first = newer.line, short
        self.known, self.moved = line, 0

    def closings(self) -> tuple[tuple[dt.date, int], ...]:
        """Return the ends of all months but the newest, then the newest day, each with its balance where one is told.

        Raises:
            FormatError: a balance does not follow from the one before it.
        """
        if self.first is None or self.last is None:
            return ()
        turned = self._turned(self.first, self.last)
        fault = self.newest_first if turned else self.oldest_first
        if fault is not None:
            raise FormatError(
                file=self.name,
                line=fault[0],
                column=self.column,
                reason=f"the balance does not follow from the one before it (off by {format_minor(abs(fault[1]), self.currency)})",
                fix="a line is missing or changed; export the file again",
            )
        ends = [(month, self.months[month][0 if turned else 1]) for month in sorted(self.months)]
        newest = ends[-1][1]
        # A month without a line ends as the one before it.
        told = [
            (months.last_day(month), line.balance_minor)
            for (first, line), (later, _) in itertools.pairwise(ends)
            for month in range(first, later)
        ]
        return tuple(
            (on, minor) for on, minor in (*told, (newest.on, newest.balance_minor)) if minor is not None
        )

    def _turned(self, first: _Step, last: _Step) -> bool:
        """Say whether the newest stands first: by the dates, or by two balances where all dates agree."""
        if first.on != last.on:
            return first.on > last.on
        if self.second is None or not self.all_told:
            return False
        return (first.balance_minor or 0) - first.amount_minor == self.second.balance_minor
