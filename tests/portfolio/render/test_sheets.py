"""Tables as files: amounts stay numbers, text stays text, whatever it is."""

import csv
import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest

from portfolio.render.sheets import Sheet, Value, csv_bytes, xlsx_bytes

pytestmark = pytest.mark.once

ROWS: list[list[Value]] = [
    ["Name", "Amount"],
    ["=1+1", Decimal("-12.50")],
    ["+31", 7],
    ["-x", None],
    ["@cmd", dt.date(2026, 11, 10)],
    ["a\x00b\ud800", Decimal("0.00")],
]


def test_nothing_a_person_typed_becomes_a_formula() -> None:
    read = list(csv.reader(io.StringIO(csv_bytes(ROWS).decode("utf-8-sig"))))
    assert read[1:5] == [["'=1+1", "-12.50"], ["'+31", "7"], ["'-x", ""], ["'@cmd", "2026-11-10"]]

    (sheet,) = openpyxl.load_workbook(io.BytesIO(xlsx_bytes([Sheet("Any", ROWS)]))).worksheets
    cells = [row[0] for row in sheet.iter_rows()]
    assert [(cell.value, cell.data_type) for cell in cells[1:3]] == [("=1+1", "s"), ("+31", "s")]
    assert cells[5].value == "a\ufffdb\ufffd"
    assert sheet["B2"].value == -12.5
    assert sheet["B2"].number_format == "#,##0.00;-#,##0.00"


def test_sheets_have_names_that_spreadsheets_take_each_its_own() -> None:
    titles = ["a/b:c" * 10, "a/b:c" * 10, "", "'"]
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes([Sheet(title, []) for title in titles])))
    names = book.sheetnames
    assert len({name.casefold() for name in names}) == 4
    assert all(0 < len(name) <= 31 and not set("[]:*?/\\") & set(name) for name in names)
