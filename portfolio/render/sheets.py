"""Tables as CSV and XLSX for people's spreadsheets.

Amounts are `Decimal` and stay numbers. Text stays text: what begins like a formula is never computed by the program
that opens the file (in CSV it gets an apostrophe, as Excel itself writes it). No cell holds a formula.
"""

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.writer.excel import ExcelWriter


@dataclass(frozen=True, slots=True)
class Number:
    """A number and the format code it is shown by."""

    value: Decimal
    shown: str


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to a sheet of the same workbook, by its place from 0, or else to an address."""

    text: str
    sheet: int | None = None
    address: str = ""


Value = str | int | Decimal | Number | Link | dt.date | dt.datetime | dt.timedelta | None

# A write-only sheet, of which the types of openpyxl know less than it has.
_Page = Any

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# What XML 1.0 cannot hold; a spreadsheet shows the replacement character instead.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# What a spreadsheet would read as the code of another character.
_CODED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_UNTITLED = re.compile(r"[\[\]:*?/\\\x00-\x1f\ud800-\udfff\ufffe\uffff]")
_LONGEST_TEXT = 32_767
_LONGEST_TITLE = 31
# Significant digits that a spreadsheet keeps of a number; one with more stays text, so that none is lost.
_DIGITS = 15
# Widths in characters: of a column at most, of a column's label before it is folded, and of a line of text by itself.
_WIDEST = 48
_LABEL = 16
_LINE = 100
_LINE_HEIGHT = 15
_UNSET_WIDTH = 10

_BOLD = Font(bold=True)
_TITLE = Font(bold=True, size=14)
_FAINT = Font(color="566878", italic=True)
_LINKED = Font(color="1F5E8C", underline="single")
_TOP = Alignment(vertical="top")
_FOLDED = Alignment(vertical="top", wrap_text=True)
_ASIDE = Alignment(vertical="top", horizontal="right")
_ASIDE_FOLDED = Alignment(vertical="top", horizontal="right", wrap_text=True)
_LABEL_LEFT = Alignment(vertical="bottom", wrap_text=True)
_LABEL_ASIDE = Alignment(vertical="bottom", horizontal="right", wrap_text=True)
_RULE = Border(bottom=Side(style="medium", color="3D5266"))
_SUM = Border(top=Side(style="thin", color="0D2438"), bottom=Side(style="thin", color="0D2438"))
_WASH = PatternFill("solid", fgColor="ECE6D8")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its rows, how many of them stand above the table's body, and which are totals.

    The first ``heads`` rows and ``fixed`` columns stay in sight while the rest is scrolled, and the rows are printed
    on each page; ``strong`` are the positions of further rows in bold. ``titles`` are those of titles, ``labels``
    those that head a table's columns.
    """

    title: str
    rows: Sequence[Sequence[Value]]
    heads: int = 1
    fixed: int = 0
    strong: frozenset[int] = frozenset()
    titles: frozenset[int] = frozenset()
    labels: frozenset[int] = frozenset()


def csv_bytes(rows: Iterable[Sequence[Value]]) -> bytes:
    """Return rows as CSV in UTF-8 with a byte-order mark, as spreadsheets expect it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([_plain(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _plain(value: Value) -> str:
    if isinstance(value, Link):
        value = value.text
    elif isinstance(value, Number):
        value = value.value
    if isinstance(value, str):
        text = _UNWRITABLE.sub("\ufffd", value)
        return f"'{text}" if text.startswith(_FORMULA) else text
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def xlsx_bytes(sheets: Sequence[Sheet], *, title: str = "", at: dt.datetime | None = None) -> bytes:
    """Return the sheets as one workbook; the same sheets at the same instant give the same bytes.

    ``at`` is when it says it was made, in UTC; without it, now.
    """
    at = (at or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)
    book = Workbook(write_only=True)
    book.properties.creator = "Quarterdeck"
    book.properties.title = _UNWRITABLE.sub("\ufffd", title) or None
    book.properties.created = book.properties.modified = at
    names: list[str] = []
    for sheet in sheets:
        names.append(_title(sheet.title, {name.casefold() for name in names}))
    for name, sheet in zip(names, sheets, strict=True):
        _write(book.create_sheet(name), sheet, names)
    out = io.BytesIO()
    # `Workbook.save` would date the workbook by the clock.
    ExcelWriter(book, _Dated(out, at)).save()
    return out.getvalue()


class _Dated(zipfile.ZipFile):
    """An archive whose files are all of one instant."""

    def __init__(self, out: io.BytesIO, at: dt.datetime) -> None:
        super().__init__(out, "w", zipfile.ZIP_DEFLATED)
        self._at = (at.year, at.month, at.day, at.hour, at.minute, at.second)

    def writestr(self, name: str, data: str | bytes) -> None:  # type: ignore[override]
        super().writestr(zipfile.ZipInfo(name, self._at), data, zipfile.ZIP_DEFLATED)

    def write(self, filename: str, arcname: str) -> None:  # type: ignore[override]
        self.writestr(arcname, Path(filename).read_bytes())


def _title(title: str, taken: set[str]) -> str:
    """Return a name that Excel takes for a sheet and that no other sheet of the workbook has."""
    plain = _UNTITLED.sub(" ", title).strip(" '") or "Sheet"
    # Excel keeps this name for itself.
    plain = "History of changes" if plain.casefold() == "history" else plain
    name, number = _cut(plain), 1
    while name.casefold() in taken:
        number += 1
        ending = f" {number}"
        name = plain[: _LONGEST_TITLE - len(ending)] + ending
    return name


def _cut(plain: str) -> str:
    """Return a title as long as a sheet's name may be, cut between words where one ends past its middle."""
    name = plain[:_LONGEST_TITLE]
    ends = name.rfind(" ")
    if len(plain) > _LONGEST_TITLE and plain[_LONGEST_TITLE] != " " and ends > _LONGEST_TITLE // 2:
        name = name[:ends]
    return name.strip(" '")


def _write(page: _Page, sheet: Sheet, names: Sequence[str]) -> None:
    widths = _widths(sheet)
    page.freeze_panes = f"{get_column_letter(sheet.fixed + 1)}{sheet.heads + 1}"
    for column, width in enumerate(widths, 1):
        page.column_dimensions[get_column_letter(column)].width = width
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.HeaderFooter.oddFooter.left.text = "&A"
    page.HeaderFooter.oddFooter.right.text = "&P / &N"
    if 0 < sheet.heads < len(sheet.rows):
        page.print_title_rows = f"1:{sheet.heads}"
    numbers: set[int] = set()
    for position, row in enumerate(sheet.rows):
        numbers = (
            _numbers_below(sheet, position)
            if position in sheet.labels
            else numbers
            if len(row) > 1
            else set()
        )
        cells = [
            _cell(page, value, width, names)
            for value, width in zip(row, (*widths, *[_UNSET_WIDTH] * len(row)), strict=False)
        ]
        for column in numbers:
            # Words instead of a number stand where the number would.
            if column < len(cells) and cells[column].data_type == "s" and cells[column].value:
                cells[column].alignment, cells[column].font = _ASIDE_FOLDED, _FAINT
        _set_apart(cells, sheet, position, numbers)
        if len(row) == 1 and isinstance(row[0], str) and position not in sheet.titles:
            _across(page, cells[0], row[0], position, widths)
        page.append(cells)


def _across(page: _Page, cell: Cell, text: str, position: int, widths: Sequence[int]) -> None:
    """Give a line of text by itself the width of the table, or of a line, folded where it is longer."""
    columns, wide = 0, 0
    while wide < _LINE or columns < len(widths):
        wide += widths[columns] if columns < len(widths) else _UNSET_WIDTH
        columns += 1
        if wide >= 2 * _LINE:
            break
    lines = sum(max(1, -(-len(line) * 11 // (10 * wide))) for line in text.splitlines())
    if lines > 1:
        page.merged_cells.ranges.add(
            CellRange(min_col=1, max_col=columns, min_row=position + 1, max_row=position + 1)
        )
        page.row_dimensions[position + 1].height = _LINE_HEIGHT * lines
        cell.alignment = _FOLDED
    else:
        cell.alignment = _TOP


def _widths(sheet: Sheet) -> list[int]:
    """Return each column's width by its longest value; what stands alone in its row may run over its neighbours."""
    widths: dict[int, int] = {}
    for position, row in enumerate(sheet.rows):
        if sum(value not in (None, "") for value in row) > 1 and position not in sheet.titles:
            for column, value in enumerate(row):
                length = _length(value)
                if position in sheet.labels:
                    longest = max(map(len, str(value or "").split()), default=0)
                    length = min(length, max(_LABEL, longest))
                widths[column] = max(widths.get(column, 0), length)
    return [min(widths.get(column, 0) + 3, _WIDEST) for column in range(max(widths, default=-1) + 1)]


def _length(value: Value) -> int:
    match value:
        case Number():
            # Digits with their commas, and the words that the format puts behind them.
            return len(f"{value.value:,.2f}") + sum(map(len, re.findall('"([^"]*)"', value.shown)))
        case Link():
            return len(value.text)
        case Decimal():
            return len(f"{value:,}")
        case dt.timedelta():
            return len("000:00")
        case dt.date():
            return len("2026-11-10")
        case _:
            return max(map(len, str(value or "").splitlines()), default=0)


def _cell(page: WriteOnlyWorksheet, value: Value, width: int, names: Sequence[str]) -> Cell:
    cell: Cell = WriteOnlyCell(page)
    shown = value.shown if isinstance(value, Number) else ""
    if isinstance(value, Number):
        value = value.value
    if isinstance(value, Decimal) and len(value.as_tuple().digits) > _DIGITS:
        value = f"{value:,f}"
    if isinstance(value, str | Link):
        text = value.text if isinstance(value, Link) else value
        _put_text(cell, text)
        cell.alignment = _FOLDED if len(text) > width or "\n" in text else _TOP
    else:
        cell.value = value
        cell.alignment = _ASIDE if isinstance(value, Decimal | int | dt.timedelta) else _TOP
    if isinstance(value, Decimal):
        cell.number_format = shown or _digits(value)
    elif isinstance(value, dt.timedelta):
        cell.number_format = "[h]:mm"
    elif isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        cell.number_format = "d mmm yyyy"
    if isinstance(value, Link):
        cell.hyperlink = _hyperlink(value, names)
        cell.font = _LINKED
    return cell


def _hyperlink(link: Link, names: Sequence[str]) -> Hyperlink:
    if link.sheet is None:
        return Hyperlink(ref="", target=link.address)
    quoted = names[link.sheet].replace("'", "''")
    return Hyperlink(ref="", location=f"'{quoted}'!A1")


def _put_text(cell: Cell, text: str) -> None:
    if not text:
        return
    text = _CODED.sub("_x005F_", _UNWRITABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n")))
    cell.value = text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
    cell.data_type = "s"  # Never a formula, whatever it begins with.


def _digits(value: Decimal) -> str:
    places = max(0, -int(value.as_tuple().exponent))
    number = "#,##0" + (f".{'0' * places}" if places else "")
    return f"{number};-{number}"


def _set_apart(cells: Sequence[Cell], sheet: Sheet, position: int, numbers: set[int]) -> None:
    """Set a row of titles, of columns' labels or of totals apart from the others."""
    if position in sheet.titles:
        for cell in cells:
            cell.font, cell.alignment = _TITLE, _TOP
    elif position in sheet.labels:
        for column, cell in enumerate(cells):
            cell.font, cell.fill, cell.border = _BOLD, _WASH, _RULE
            cell.alignment = _LABEL_ASIDE if column in numbers else _LABEL_LEFT
    elif position in sheet.strong or (position < sheet.heads and not sheet.labels):
        summed = position in sheet.strong and any(cell.data_type == "n" for cell in cells)
        for cell in cells:
            cell.font = _BOLD
            if summed:
                cell.border = _SUM


def _numbers_below(sheet: Sheet, position: int) -> set[int]:
    """Return the columns of the table under this row of labels whose first value is a number."""
    found: dict[int, bool] = {}
    for row in sheet.rows[position + 1 :]:
        if len(row) < 2:
            break
        for column, value in enumerate(row):
            if value not in (None, "") and not isinstance(value, str):
                found.setdefault(column, isinstance(value, Number | Decimal | int | dt.timedelta))
    return {column for column, number in found.items() if number}
