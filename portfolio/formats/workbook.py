"""The first sheet of an XLSX workbook as CSV bytes, so that every reader of CSV reads it, with the same line numbers.

A workbook is a zip of XML: it is refused before it is opened when it would unpack to more than a file of ours may hold,
and entities in its XML are refused by defusedxml, which openpyxl uses where it is installed.
"""

import csv
import datetime as dt
import io
import zipfile
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook

from portfolio.formats.csv_rows import MAX_BYTES, MAX_ROWS
from portfolio.formats.errors import FormatError

MAX_UNPACKED = 5 * MAX_BYTES
MAX_COLUMNS = 100
SIGNATURE = b"PK\x03\x04"


def is_workbook(data: bytes) -> bool:
    """Tell whether these bytes begin as an XLSX file does."""
    return data.startswith(SIGNATURE)


def to_csv(data: bytes, *, name: str) -> bytes:
    """Return the first sheet as CSV in UTF-8: dates as 2026-10-31, numbers without thousands, empty rows kept.

    Raises:
        FormatError: it is no workbook, holds a formula error, or is larger than a file of ours may be.
    """
    try:
        return _csv(data, name)
    except FormatError:
        raise
    except Exception as error:
        reason = f"it is not a workbook that can be read ({type(error).__name__})"
        raise _refused(name, reason, "save it again as XLSX or CSV") from error


def _csv(data: bytes, name: str) -> bytes:
    if len(data) > MAX_BYTES:
        raise _refused(name, "the workbook is larger than 20 MB", "save the one sheet as CSV")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
            raise _refused(name, "the workbook unpacks to more than 100 MB", "save the one sheet as CSV")
    sheet = load_workbook(io.BytesIO(data), read_only=True, data_only=True).worksheets[0]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS), start=1):
        if number > MAX_ROWS + 1:
            raise _refused(name, f"the sheet has more than {MAX_ROWS:,} rows", "split the file", number)
        writer.writerow(_text(value) for value in _trimmed(row))
    return out.getvalue().encode()


def _trimmed(row: tuple[Any, ...]) -> list[Any]:
    cells = list(row)
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float):
        # A sheet stores 1234.5 as a binary number; what it shows is the shortest decimal that means it.
        return format(Decimal(repr(value)), "f")
    return str(value)


def _refused(name: str, reason: str, fix: str, line: int = 1) -> FormatError:
    return FormatError(file=name, line=line, column="A", reason=reason, fix=fix)
