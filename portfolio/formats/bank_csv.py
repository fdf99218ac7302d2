"""Bank statements (CSV) as typed lines, by a column map that is found from the header or given.

What a line means to the books (its account, its booking, whether it landed before) is decided next door
in `portfolio.domain.intake`; the external id made here is what lets overlapping files land once.
"""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from portfolio.formats.csv_rows import DATE_FORMATS, MAX_BYTES, MAX_ROWS, CsvRow, listed, read, read_day
from portfolio.formats.errors import FormatError


@dataclass(frozen=True, slots=True)
class BankColumns:
    """Which header holds what. Either ``amount`` (money in positive) or both ``debit`` and ``credit``.

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
_GUESSED_FORMATS = ("%Y-%m-%d", "%m/%d/%Y")


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
    sheet = read(data, name=name, max_rows=max_rows, max_bytes=max_bytes)
    columns = detect_columns(sheet.headers, name=name) if columns is None else columns
    _check(columns, sheet.headers, name)
    lines: list[BankLine] = []
    seen: Counter[tuple[dt.date, int, str]] = Counter()
    date_format = columns.date_format
    for row in sheet.rows():
        date_format = date_format or _guess(row.cells[columns.date])
        on, amount = row.day(columns.date, date_format), _amount(row, columns, currency)
        description = row.text(columns.description, required=True)
        seen[on, amount, description] += 1
        lines.append(
            BankLine(
                line=row.line, on=on, description=description, amount_minor=amount,
                balance_minor=row.optional_money(columns.balance, currency) if columns.balance else None,
                reference=row.text(columns.reference) if columns.reference else "",
                external_id=_external_id(account, on, amount, description, seen[on, amount, description]),
            )
        )  # fmt: skip
    if columns.balance:
        _check_balances(lines, column=columns.balance, name=name)
    return tuple(lines)


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
    return BankColumns(**found)


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


def _amount(row: CsvRow, columns: BankColumns, currency: str) -> int:
    if columns.amount:
        minor, column = row.money(columns.amount, currency), columns.amount
    else:
        debit = row.optional_money(columns.debit, currency)
        credit = row.optional_money(columns.credit, currency)
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


def _external_id(account: str, on: dt.date, amount: int, description: str, occurrence: int) -> str:
    body = "\x1f".join((account, on.isoformat(), str(amount), description, str(occurrence)))
    return "bank:" + hashlib.sha256(body.encode()).hexdigest()[:40]


def _check_balances(lines: Sequence[BankLine], *, column: str, name: str) -> None:
    """Follow the balances from the oldest line to the newest; a line without one is carried over."""
    newest_first = _newest_first(lines)
    known: int | None = None
    moved = 0
    for line in reversed(lines) if newest_first else lines:
        moved += line.amount_minor
        if line.balance_minor is None:
            continue
        if known is not None and line.balance_minor != known + moved:
            short = line.balance_minor - known - moved
            raise FormatError(
                file=name,
                line=line.line,
                column=column,
                reason=f"the balance does not follow from the one before it (off by {abs(short) / 100:.2f})",
                fix="a line is missing or changed; export the file again",
            )
        known, moved = line.balance_minor, 0


def _newest_first(lines: Sequence[BankLine]) -> bool:
    """Say how the file is sorted: by its dates, or by its first two balances where all dates agree."""
    if not lines or lines[0].on != lines[-1].on:
        return bool(lines) and lines[0].on > lines[-1].on
    balances = [line for line in lines if line.balance_minor is not None]
    if len(balances) < 2 or len(balances) != len(lines):
        return False
    first, second = lines[0], lines[1]
    return (first.balance_minor or 0) - first.amount_minor == second.balance_minor
