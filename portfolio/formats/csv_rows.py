"""Strict CSV: a header, then rows of the same width, each with the line it starts on.

`portfolio.formats.stripe` and `portfolio.formats.bank_csv` read through this, and so may any other export
whose columns are known by name (bookings, invoices, targets).
"""

import csv
import datetime as dt
import functools
import itertools
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from core import months
from core.money import MoneyError, parse_minor
from portfolio.formats.errors import FormatError, shown
from portfolio.formats.text import decode

MAX_ROWS = 100_000
MAX_BYTES = 20_000_000
MAX_ROW = 250_000

_INTEGER = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_NEGATIVE_ZERO = re.compile(r"[-(\u2212]\W*0[0,.]*\W*")
_COMMA_AMOUNT = re.compile(
    "[-+(\u2212]?[$\u20ac\u00a3]?(?:[0-9]{1,3}(?:[. \u00a0\u202f\u2019'][0-9]{3})+|[0-9]+)(?:,[0-9]*)?\\)?",
    re.ASCII,
)
_CURRENCY_AFTER = re.compile("[ \u00a0\u202f]?(?:[$\u20ac\u00a3]|EUR|USD|GBP)$")
_DATE_SHAPES = {
    "%Y-%m-%d": ("year-month-day", re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII), (1, 2, 3)),
    "%m/%d/%Y": ("month/day/year", re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", re.ASCII), (3, 1, 2)),
    "%d/%m/%Y": ("day/month/year", re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", re.ASCII), (3, 2, 1)),
    "%d.%m.%Y": (
        "day.month.year",
        re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", re.ASCII),
        (3, 2, 1),
    ),
    "%d-%m-%Y": ("day-month-year", re.compile(r"([0-9]{1,2})-([0-9]{1,2})-([0-9]{4})", re.ASCII), (3, 2, 1)),
    "%m-%d-%Y": ("month-day-year", re.compile(r"([0-9]{1,2})-([0-9]{1,2})-([0-9]{4})", re.ASCII), (3, 1, 2)),
    "%Y%m%d": ("yearmonthday", re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII), (1, 2, 3)),
}
DATE_FORMATS = tuple(_DATE_SHAPES)


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row of a file: its cells by header, stripped, and readers that refuse with file, line, column."""

    file: str
    line: int
    cells: dict[str, str]

    def error(self, column: str, reason: str, fix: str) -> FormatError:
        """Return the refusal of one cell of this row, for the caller to raise."""
        return FormatError(file=self.file, line=self.line, column=column, reason=reason, fix=fix)

    def text(self, column: str, *, required: bool = False, limit: int = 250) -> str:
        """Return a cell with its white space collapsed; a formula (``=cmd|``) stays the text it is."""
        value = " ".join(self.cells[column].split())
        if required and not value:
            raise self.error(column, "the cell is empty", "fill it in")
        if len(value) > limit:
            raise self.error(
                column, f"the text has {len(value):,} characters", f"shorten it to at most {limit:,}"
            )
        return value

    def money(self, column: str, currency: str = "USD", *, decimal_comma: bool = False) -> int:
        """Return an amount in whole minor units, signed as written."""
        value = self.cells[column]
        example = "1.234,50" if decimal_comma else "1234.50"
        if not value:
            raise self.error(column, "the amount is empty", f"write it as {example}")
        try:
            minor = parse_minor(_with_point(value) if decimal_comma else value, currency)
        except MoneyError:
            raise self.error(
                column, f"{shown(value)} is not an amount of {currency}", f"write it as {example}"
            ) from None
        if minor == 0 and _NEGATIVE_ZERO.fullmatch(value):
            raise self.error(column, f"{shown(value)} is a negative zero", "write 0.00")
        return minor

    def optional_money(
        self, column: str, currency: str = "USD", *, decimal_comma: bool = False
    ) -> int | None:
        """Return an amount in whole minor units, or None where the cell is empty."""
        return self.money(column, currency, decimal_comma=decimal_comma) if self.cells[column] else None

    def day(self, column: str, date_format: str = "%Y-%m-%d") -> dt.date:
        """Return a date written in one of `DATE_FORMATS`."""
        value = self.cells[column]
        day = read_day(value, date_format)
        if day is None:
            words = _DATE_SHAPES[date_format][0]
            reason = f"{shown(value)} is not a date written as {words}" if value else "the date is empty"
            raise self.error(column, reason, f"write it as {dt.date(2026, 10, 31).strftime(date_format)}")
        return self.near(column, day)

    def near(self, column: str, day: dt.date) -> dt.date:
        """Return a date that was read from a cell, unless a slip of the hand put it into another century."""
        if not months.is_near(day):
            raise self.error(
                column,
                f"{shown(self.cells[column])} is outside the years {months.EARLIEST.year} to {months.LATEST.year}",
                "check the year",
            )
        return day

    def optional_day(self, column: str, date_format: str = "%Y-%m-%d") -> dt.date | None:
        """Return a date, or None where the cell is empty."""
        return self.day(column, date_format) if self.cells[column] else None

    def integer(self, column: str, *, at_least: int = 0, at_most: int = 10**9) -> int:
        """Return a whole number within bounds."""
        value = self.cells[column]
        if not _INTEGER.fullmatch(value) or not at_least <= int(value) <= at_most:
            raise self.error(
                column,
                f"{shown(value)} is not a whole number from {at_least:,} to {at_most:,}",
                "write it in digits",
            )
        return int(value)

    def choice(self, column: str, options: Collection[str]) -> str:
        """Return a cell that must be one of some words, in any case of letters."""
        value = self.cells[column].casefold()
        if value not in options:
            raise self.error(
                column,
                f"{shown(self.cells[column])} is not known",
                f"use one of {', '.join(sorted(options))}",
            )
        return value


@dataclass(slots=True)
class Sheet:
    """A file whose header was accepted; `rows` reads on from there."""

    file: str
    headers: tuple[str, ...]
    _text: str
    _separator: str
    _max_rows: int
    _counted: bool = False

    def rows(self) -> Iterator[CsvRow]:
        """Yield each row, skipping blank lines; asked again, from the first.

        Raises:
            FormatError: there are more rows than the limit, which is told before the first; a row has another number of
                cells than the header, quotes do not pair up, or a cell is longer than 131,072 characters.
        """
        self._refuse_too_many()
        width = len(self.headers)
        records = _records(self._text, self.file, self._separator)
        next(records, None)  # The header.
        for line, record in records:
            # Several banks end each row, but not the header, with a comma.
            cells = record if any(record[width:]) else record[:width]
            if len(cells) != width:
                short = len(cells) < width
                raise FormatError(
                    file=self.file,
                    line=line,
                    column=self.headers[len(cells)] if short else str(width + 1),
                    reason=f"the row has {len(cells)} cells and the header has {width}",
                    fix="quote a cell that holds a comma" if not short else "export the file again, whole",
                )
            yield CsvRow(self.file, line, dict(zip(self.headers, cells, strict=True)))

    def _refuse_too_many(self) -> None:
        """Count the rows, which takes a tenth of reading them."""
        # Each row but the last has an end of line of its own.
        if self._counted or self._text.count("\n") <= self._max_rows:
            return
        self._counted = True
        records = _records(self._text, self.file, self._separator)
        try:
            over = next(itertools.islice(records, self._max_rows + 1, None), None)
        except FormatError:
            return  # A row cannot be read at all: told when it is its turn.
        if over is not None:
            raise FormatError(
                file=self.file,
                line=over[0],
                column=self.headers[0],
                reason=f"the file has more than {self._max_rows:,} rows",
                fix="split it by date and bring the parts in one by one",
            )


def read(
    data: bytes,
    *,
    name: str,
    required: Collection[str] = (),
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
    any_separator: bool = False,
) -> Sheet:
    """Open a CSV file and check its header; rows come from `Sheet.rows`.

    ``required`` names headers that must stand there; others may too. With ``any_separator`` semicolons and tabs
    separate cells where the header has no comma, as banks write them whose decimals have one.

    Raises:
        FormatError: the bytes are not text, or the header is empty, doubled, lacks a column or is separated
            by something other than commas.
    """
    text = decode(data, name=name, max_bytes=max_bytes)
    between = _separator(text) if any_separator else ","
    records = _records(text, name, between)
    line, cells = next(records, (1, [""]))
    headers = tuple(" ".join(cell.split()) for cell in cells)
    while len(headers) > 1 and not headers[-1]:
        headers = headers[:-1]
    for separator, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(headers) == 1 and separator in cells[0] and not cells[0].startswith("<"):
            raise FormatError(
                file=name,
                line=line,
                column="1",
                reason=f"the columns are separated by {word}",
                fix="say which column is which where you bring a bank's file in; any other file has to be comma-separated",
            )
    for position, header in enumerate(headers, start=1):
        if not header:
            raise FormatError(
                file=name,
                line=line,
                column=str(position),
                reason="the header has an empty name",
                fix="name every column",
            )
        if header in headers[: position - 1]:
            raise FormatError(
                file=name,
                line=line,
                column=header,
                reason="the header has this name twice",
                fix="give every column its own name",
            )
    for header in required:
        if header not in headers:
            raise FormatError(
                file=name,
                line=line,
                column=header,
                reason=f"the header lacks this column; it has {listed(headers)}",
                fix=f"the file needs {listed(required)}",
            )
    return Sheet(name, headers, text, between, max_rows)


def listed(names: Collection[str], limit: int = 12) -> str:
    """Join column names for a sentence, cut where there are many or one is long."""
    words = [shown(name, 30)[1:-1] for name in names]
    return ", ".join(words[:limit]) + (f" and {len(words) - limit} more" if len(words) > limit else "")


@functools.lru_cache(maxsize=4096)
def read_day(value: str, date_format: str) -> dt.date | None:
    """Return the date a text states in one of `DATE_FORMATS`, or None; ASCII digits only."""
    _, shape, (year, month, day) = _DATE_SHAPES[date_format]
    match = shape.fullmatch(value)
    if not match:
        return None
    try:
        return dt.date(int(match[year]), int(match[month]), int(match[day]))
    except ValueError:
        return None


def date_words(date_format: str) -> str:
    """Return one of `DATE_FORMATS` in words: ``day/month/year``."""
    return _DATE_SHAPES[date_format][0]


def _lines(text: str) -> Iterator[str]:
    """Yield lines with their ends, one at a time, so that a large file is not held twice."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


class _Feed:
    """The lines of a file for the reader of its records, which may not take a whole file for one of them."""

    def __init__(self, text: str) -> None:
        self.lines, self.taken = _lines(text), 0

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            self.taken += len(line)
            if self.taken > MAX_ROW:
                raise csv.Error("row limit")
            yield line


def _separator(text: str) -> str:
    """Return what separates the cells of the first line that holds anything: a comma, a semicolon or a tab."""
    header = next((line for line in _lines(text) if line.strip()), "")
    return max(",;\t", key=header.count)


def _with_point(value: str) -> str:
    """Return an amount written 1.234,50 or 1 234,50 as 1234.50; one with both signs the other way stays refused."""
    bare = _CURRENCY_AFTER.sub("", value)
    if not _COMMA_AMOUNT.fullmatch(bare):
        return "?"
    return re.sub("[. \u00a0\u202f\u2019']", "", bare).replace(",", ".")


def _records(text: str, name: str, separator: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Yield (first line, stripped cells) of each record that is not blank."""
    feed = _Feed(text)
    reader = csv.reader(feed, strict=True, delimiter=separator)
    while True:
        line = reader.line_num + 1
        feed.taken = 0
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            reason = "the quotes of this row do not pair up"
            if "field limit" in str(error):
                reason = (
                    f"a cell has more than {csv.field_size_limit():,} characters (an open quote, perhaps)"
                )
            elif "row limit" in str(error):
                reason = f"the row has more than {MAX_ROW:,} characters (an open quote, perhaps)"
            elif "unexpected end" in str(error):
                reason = "a quote that opens here never closes"
            raise FormatError(
                file=name,
                line=line,
                column=str(_open_quote(text, line, separator)),
                reason=reason,
                fix="close the quote, and double a quote that belongs to the text",
            ) from error
        if any(cells):
            yield line, cells


def _open_quote(text: str, line: int, separator: str) -> int:
    """Return the position of the column on that line in which a quote stays open, or the last one."""
    content = next(itertools.islice(_lines(text), line - 1, None))[:MAX_ROW]
    column, quoted = 1, False
    for character in content:
        if character == '"':
            quoted = not quoted
        elif character == separator and not quoted:
            column += 1
    return column
