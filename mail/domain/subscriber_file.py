"""Reading a file of subscribers: strict CSV, row by row, every row that cannot be read told with line and column.

Pure: bytes in, rows and refusals out. What they do to a list is decided in `mail.domain.lists`.
"""

import csv
import datetime as dt
import functools
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from core import months
from mail.domain import fields
from mail.domain.fields import UnsendableError

MAX_ROWS = 100_000
MAX_BYTES = 20_000_000
# No row is so long, in characters; blank lines between all rows are forgiven.
LONGEST_LINE = 200_000
MOST_LINES = 2 * MAX_ROWS + 1_000
LONGEST_NAME = 120
LONGEST_SOURCE = 200
LONGEST_SEGMENT = 60

# How a header may be spelled, in any case and with blanks, dashes or underscores between its words, and what it is here.
HEADERS = MappingProxyType({
    "address": "address", "email": "address", "e mail": "address", "mail": "address", "email address": "address",
    "e mail address": "address", "mail address": "address", "name": "name", "full name": "name",
    "consent source": "consent_source", "consented on": "consented_on", "consent date": "consented_on",
    "segments": "segments", "segment": "segments",
})  # fmt: skip
_NEEDED = "It needs address (or email) and consent_source, and may have name, consented_on and segments."
# Dates as people write them. Of figures alone, only those are read that can be one day only.
_WORDY = ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%Y %m %d")
_FIGURES = ("%d %m %Y", "%m %d %Y")
_COLUMNS_NAMED = 20
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_WHERE = "Save it as CSV in UTF-8 and import it again."


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row, or a file, that cannot be taken: where, what is wrong, and what to do. ``line`` is 0 for a whole file."""

    line: int
    column: str
    wrong: str
    fix: str

    @property
    def sentence(self) -> str:
        """Say it in one go."""
        column = f", {self.column}" if self.column else ""
        where = f"Line {self.line}{column}: " if self.line else ""
        return f"{where}{self.wrong} {self.fix}".strip()


@dataclass(frozen=True, slots=True)
class SubscriberRow:
    """A row that can be taken. ``key`` is its address in lower case."""

    line: int
    key: str
    address: str
    name: str
    consent_source: str
    consented_on: dt.date | None
    segments: tuple[str, ...]


class UnreadableFileError(ValueError):
    """A file that cannot be read at all; ``bad`` says where and why."""

    def __init__(self, bad: BadRow) -> None:
        """Keep where and why, too."""
        super().__init__(bad.sentence)
        self.bad = bad


def read(content: bytes, *, today: dt.date) -> Iterator[SubscriberRow | BadRow]:
    """Yield each row of a file in order, taken or refused; only one address of a doubled one is taken, the first.

    Nothing but the addresses seen is kept, so a large file needs little memory.

    Raises:
        UnreadableFileError: it is too large, no UTF-8, without the columns that are needed, or its quotes are broken.
    """
    records = _records(_text(content), _separator(content))
    line, headers = next(records, (1, []))
    columns = _columns(headers, line)
    seen: dict[str, int] = {}
    count = 0
    for count, (line, cells) in enumerate(records, start=1):
        if count > MAX_ROWS:
            raise UnreadableFileError(
                BadRow(
                    line,
                    "",
                    f"The file has more than {MAX_ROWS:,} rows.",
                    "Split it and import the parts one after the other.",
                )
            )
        row = _row(line, cells, columns, headers, today)
        if isinstance(row, SubscriberRow):
            first = seen.setdefault(row.key, line)
            if first != line:
                row = BadRow(
                    line,
                    columns_named(headers, "address"),
                    f"{_shown(row.address)} stands already on line {first}.",
                    "Keep one of the two.",
                )
        yield row
    if not count:
        raise UnreadableFileError(
            BadRow(
                0,
                "",
                "The file has a header and no rows under it.",
                "Choose the file that holds the subscribers.",
            )
        )


def left_aside(content: bytes) -> tuple[str, ...]:
    """Return the columns of a file that no list has, as a sentence shows them; the first of many.

    Raises:
        UnreadableFileError: it cannot be read.
    """
    _, headers = next(_records(_text(content), _separator(content)), (1, []))
    unknown = [_shown(header) for header in headers if header and _meaning(header) is None]
    if len(unknown) > _COLUMNS_NAMED:
        unknown[_COLUMNS_NAMED:] = [f"{len(unknown) - _COLUMNS_NAMED:,} more"]
    return tuple(unknown)


def columns_named(headers: list[str], meaning: str) -> str:
    """Return the header as the file spells it."""
    return next((header for header in headers if _meaning(header) == meaning), meaning)


def _meaning(header: str) -> str | None:
    """Return which column of ours a header means, however it is spelled."""
    return HEADERS.get(" ".join(re.split(r"[\s_-]+", header.strip().lower())))


def _separator(content: bytes) -> str:
    first = _first_line(content)
    return ";" if first.count(b";") > first.count(b",") else ","


def clean_name(text: str) -> str:
    """Return a person's name as mail can bear it, its blanks collapsed; a formula stays the text it is.

    Raises:
        UnsendableError: it is too long or holds what no header can bear.
    """
    return fields.one_line(" ".join(text.split(" ")), what="name", longest=LONGEST_NAME)


@functools.lru_cache(maxsize=1024)
def clean_source(text: str) -> str:
    """Return where somebody agreed.

    Raises:
        UnsendableError: it is empty, too long or holds control characters.
    """
    source = fields.one_line(text, what="consent source", longest=LONGEST_SOURCE)
    if not source:
        raise UnsendableError("The consent source is empty. Say where this person agreed to get mail.")
    return source


@functools.lru_cache(maxsize=1024)
def clean_segment(text: str) -> str:
    """Return the name of a segment.

    Raises:
        UnsendableError: it is empty, too long or holds control characters.
    """
    name = fields.one_line(text, what="segment", longest=LONGEST_SEGMENT)
    if not name:
        raise UnsendableError("The segment has no name. Give it one.")
    return name


def check_consented_on(day: dt.date, *, today: dt.date) -> None:
    """Refuse a day of consent that cannot have been.

    Raises:
        UnsendableError: it is in the future or in another century.
    """
    if day > today:
        raise UnsendableError(f"The date {day} is in the future. Write the day on which they agreed.")
    if not months.is_near(day):
        raise UnsendableError(f"The date {day} is too long ago. Check the year.")


def _first_line(content: bytes) -> bytes:
    return re.split(rb"[\r\n]", content[:10_000], maxsplit=1)[0]


def _text(content: bytes) -> io.TextIOWrapper:
    def refuse(wrong: str, fix: str, line: int = 0) -> UnreadableFileError:
        return UnreadableFileError(BadRow(line, "", wrong, fix))

    if len(content) > MAX_BYTES:
        raise refuse("The file is larger than 20 MB.", "Split it and import the parts one after the other.")
    if not content.strip():
        raise refuse("The file is empty.", "Choose the file that holds the subscribers.")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or content[1:2] == b"\x00" or content[:1] == b"\x00":
        raise refuse("The file is UTF-16, as some spreadsheets save “Unicode text”.", _WHERE)
    if content.startswith(b"PK\x03\x04"):
        raise refuse("The file is a workbook or an archive, not CSV.", _WHERE)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = len(re.findall(rb"\r\n|\r|\n", content[: error.start])) + 1
        raise refuse("This line is not UTF-8.", _WHERE, line) from None
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")


def _records(text: io.TextIOWrapper, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (first line, cells) of each record that is not blank."""
    reader = csv.reader(_lines(text), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell.strip(" \t") for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            long = "field larger" in str(error)
            raise UnreadableFileError(
                BadRow(
                    line,
                    "",
                    "A cell is longer than any address or name; a quote is open, perhaps."
                    if long
                    else "The quotes of this row do not pair up.",
                    "Close the quote, and double a quote that belongs to the text.",
                )
            ) from None
        if any(cells):
            yield line, cells


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Yield the lines of a file: a line without end, or lines without number, cost memory and minutes."""
    for number, line in enumerate(text, start=1):
        if len(line) > LONGEST_LINE:
            wrong = "This line is longer than any row can be; a quote is open, perhaps."
            raise UnreadableFileError(BadRow(number, "", wrong, "Give every row a line of its own."))
        if number > MOST_LINES:
            raise UnreadableFileError(
                BadRow(
                    number,
                    "",
                    f"The file has more than {MAX_ROWS:,} rows.",
                    "Take the blank lines out, or split it.",
                )
            )
        yield line


def _columns(headers: list[str], line: int) -> dict[str, int]:
    """Return where each column stands."""
    found: dict[str, int] = {}
    for place, header in enumerate(headers):
        meaning = _meaning(header)
        if meaning is None:
            continue
        if meaning in found:
            raise UnreadableFileError(
                BadRow(line, header, "The header names this column twice.", "Keep one of them.")
            )
        found[meaning] = place
    if not found:
        has_people = any("@" in header for header in headers)
        wrong = (
            "The first line holds a subscriber, not the names of the columns."
            if has_people
            else "The first line names no column that a list has."
        )
        raise UnreadableFileError(BadRow(line, "", wrong, f"Put a header row above the others. {_NEEDED}"))
    for needed in ("address", "consent_source"):
        if needed not in found:
            raise UnreadableFileError(BadRow(line, needed, "The header lacks this column.", _NEEDED))
    return found


def _row(
    line: int, cells: list[str], columns: dict[str, int], headers: list[str], today: dt.date
) -> SubscriberRow | BadRow:
    # Some programs end each row, but not the header, with a separator.
    while len(cells) > len(headers) and not cells[-1]:
        cells.pop()
    if len(cells) != len(headers):
        return BadRow(
            line,
            "",
            f"The row has {len(cells)} cells and the header has {len(headers)}.",
            "Quote a cell that holds a separator, and give every row all its cells.",
        )
    values = {meaning: cells[place] for meaning, place in columns.items()}
    column = "address"
    try:
        if not values["address"]:
            return BadRow(
                line,
                columns_named(headers, "address"),
                "The address is empty.",
                "Fill it in or remove the row.",
            )
        address = fields.address(values["address"], what="address")
        column = "name"
        name = clean_name(values.get("name", ""))
        column = "consent_source"
        source = clean_source(values["consent_source"])
        column = "consented_on"
        day = _day(values.get("consented_on", ""))
        if day is not None:
            check_consented_on(day, today=today)
        column = "segments"
        segments = tuple(
            clean_segment(part) for part in values.get("segments", "").split("|") if part.strip()
        )
    except UnsendableError as error:
        sentence = str(error)
        wrong, _, fix = sentence.rpartition(". " if ". " in sentence else "; ")
        fix = fix[:1].upper() + fix[1:]
        return BadRow(
            line, columns_named(headers, column), f"{wrong}." if wrong else sentence, fix if wrong else ""
        )
    return SubscriberRow(line, address.lower(), address, name, source, day, segments)


def _day(text: str) -> dt.date | None:
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            return dt.date.fromisoformat(text)
    except ValueError:
        pass
    day = _guessed(text)
    wanted = f"Write it as {day}." if day else "Write year, month and day, like 2026-10-31."
    raise UnsendableError(f"{_shown(text)} is not a date of the form 2026-10-31. {wanted}")


def _guessed(text: str) -> dt.date | None:
    """Return the one day that a date of another form can mean; None where it could be two, or none."""
    words = " ".join(re.split(r"[\s.,/-]+", text[:40])).strip()
    days = set()
    for form in (*_WORDY, *_FIGURES):
        try:
            days.add(dt.datetime.strptime(words, form).date())  # noqa: DTZ007
        except ValueError:
            continue
    return days.pop() if len(days) == 1 else None


def _shown(text: str) -> str:
    """Return a cell for a sentence: quoted, its control characters visible, cut where it is long."""
    return repr(text if len(text) <= 60 else text[:59] + "…")
