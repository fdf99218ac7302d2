"""Tables as CSV and XLSX for people's spreadsheets.

Amounts are `Decimal` and stay numbers. Text stays text: what begins like a formula is never computed by the program
that opens the file (in CSV it gets an apostrophe, as Excel itself writes it).
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

Value = str | int | Decimal | dt.date | dt.datetime | None

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# What XML 1.0 cannot hold; a spreadsheet shows the replacement character instead.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_UNTITLED = re.compile(r"[\[\]:*?/\\\x00-\x1f\ud800-\udfff\ufffe\uffff]")
_LONGEST_TEXT = 32_767
_LONGEST_TITLE = 31
_WIDEST = 48


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its rows, how many of them stand above the table's body, and which are totals.

    The first ``heads`` rows and ``fixed`` columns stay in sight while the rest is scrolled; ``strong`` are the
    positions of further rows in bold.
    """

    title: str
    rows: Sequence[Sequence[Value]]
    heads: int = 1
    fixed: int = 0
    strong: frozenset[int] = frozenset()


def csv_bytes(rows: Iterable[Sequence[Value]]) -> bytes:
    """Return rows as CSV in UTF-8 with a byte-order mark, as spreadsheets expect it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([_plain(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _plain(value: Value) -> str:
    if isinstance(value, str):
        text = _UNWRITABLE.sub("\ufffd", value)
        return f"'{text}" if text.startswith(_FORMULA) else text
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def xlsx_bytes(sheets: Sequence[Sheet]) -> bytes:
    """Return the sheets as one workbook."""
    book = Workbook(write_only=True)
    taken: set[str] = set()
    for sheet in sheets:
        page = book.create_sheet(_title(sheet.title, taken))
        page.freeze_panes = f"{get_column_letter(sheet.fixed + 1)}{sheet.heads + 1}"
        for letter, width in _widths(sheet):
            page.column_dimensions[letter].width = width
        page.page_setup.orientation = "landscape"
        page.page_setup.fitToHeight = 0
        page.sheet_properties.pageSetUpPr.fitToPage = True
        for position, row in enumerate(sheet.rows):
            strong = position < sheet.heads or position in sheet.strong
            page.append([_cell(page, value, strong=strong) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _title(title: str, taken: set[str]) -> str:
    """Return a name that Excel takes for a sheet and that no other sheet of the workbook has."""
    plain = _UNTITLED.sub(" ", title).strip(" '") or "Sheet"
    name, number = plain[:_LONGEST_TITLE], 1
    while name.casefold() in taken:
        number += 1
        ending = f" {number}"
        name = plain[: _LONGEST_TITLE - len(ending)] + ending
    taken.add(name.casefold())
    return name


def _widths(sheet: Sheet) -> list[tuple[str, int]]:
    """Return each column's width by its longest value; what stands alone in its row may run over its neighbours."""
    widths: dict[int, int] = {}
    for row in sheet.rows:
        if sum(value not in (None, "") for value in row) > 1:
            for column, value in enumerate(row):
                text = f"{value:,}" if isinstance(value, Decimal) else str(value or "")
                widths[column] = max(widths.get(column, 0), len(text))
    return [(get_column_letter(column + 1), min(width + 2, _WIDEST)) for column, width in widths.items()]


def _cell(page: WriteOnlyWorksheet, value: Value, *, strong: bool) -> Cell:
    cell: Cell = WriteOnlyCell(page)
    if isinstance(value, str):
        cell.value = _UNWRITABLE.sub("\ufffd", value)[:_LONGEST_TEXT]
        cell.data_type = "s"  # Never a formula, whatever it begins with.
    else:
        cell.value = value
    if isinstance(value, Decimal):
        places = max(0, -int(value.as_tuple().exponent))
        number = "#,##0" + (f".{'0' * places}" if places else "")
        cell.number_format = f"{number};-{number}"
        cell.alignment = Alignment(horizontal="right")
    if strong:
        cell.font = Font(bold=True)
    return cell
