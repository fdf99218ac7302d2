"""Bad files of every sort: one sentence each with file, line and column, in little time, and no row."""

import time
from collections.abc import Callable

import pytest

from portfolio.formats import FormatError, bank_csv, stripe
from portfolio.formats.csv_rows import read

pytestmark = pytest.mark.once

HEAD = "Date,Description,Amount,Balance\n"
GOOD = HEAD + "2026-10-01,DOCKAGE,-5.00,95.00\n2026-10-02,FUEL,-4.00,91.00\n"


def amount(text: str) -> bytes:
    return GOOD.replace("-4.00", text).encode()


def on(text: str) -> bytes:
    return GOOD.replace("2026-10-02", text).encode()


SPLIT = "Date,Description,Debit,Credit\n2026-10-01,DOCKAGE,{},{}\n"
MANY = HEAD + "2026-10-01,A,1.00,\n" * 100_001

# Each file with where its sentence must point and a piece of what it must say.
BAD: dict[str, tuple[bytes, int, str, str]] = {
    "empty": (b"", 1, "1", "the file is empty"),
    "only a byte order mark": (b"\xef\xbb\xbf", 1, "1", "the file is empty"),
    "only line ends": (b"\r\n\r\n", 1, "1", "the file is empty"),
    "only commas": (b",,,\n,,,\n", 1, "1", "the header has an empty name"),
    "utf-16 little end": (GOOD.encode("utf-16-le").join([b"\xff\xfe", b""]), 1, "1", "the file is UTF-16"),
    "utf-16 big end": (b"\xfe\xff" + GOOD.encode("utf-16-be"), 1, "1", "the file is UTF-16"),
    "utf-16 unmarked": (GOOD.encode("utf-16-le"), 1, "2", "a NUL stands in the text"),
    "utf-32": (GOOD.encode("utf-32"), 1, "1", "the file is UTF-16"),
    "latin-1": (GOOD.replace("FUEL", "CAFÉ").encode("latin-1"), 3, "15", "byte 0xC9 is not UTF-8"),
    "windows-1252 quotes": (GOOD.replace("FUEL", "“F”").encode("cp1252"), 3, "12", "byte 0x93 is not UTF-8"),
    "cut inside a character": (GOOD.encode() + "é".encode()[:1], 4, "1", "byte 0xC3 is not UTF-8"),
    "overlong": (GOOD.encode() + b"\xc0\xaf", 4, "1", "byte 0xC0 is not UTF-8"),
    "lone surrogate": (GOOD.encode() + b"\xed\xa0\x80", 4, "1", "byte 0xED is not UTF-8"),
    "carriage returns alone": (GOOD.replace("\n", "\r").encode(), 1, "32", "a carriage return alone"),
    "nul": (GOOD.replace("FUEL", "FU\x00EL").encode(), 3, "14", "a NUL stands in the text"),
    "escape": (GOOD.replace("FUEL", "\x1b[31mFUEL").encode(), 3, "12", "the control character 0x1B"),
    "zip": (b"PK\x03\x04" + bytes(40), 1, "3", "the control character 0x03"),
    "spreadsheet": (b"\xd0\xcf\x11\xe0" + bytes(40), 1, "1", "byte 0xD0 is not UTF-8"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", 2, "2", "byte 0xE2 is not UTF-8"),
    "html": (b"<html><body>Sign in</body></html>\n", 1, "Date", "the header lacks this column"),
    "xml with an entity": (
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        1, "Date", "the header lacks this column",
    ),
    "billion laughs": (b'<!ENTITY l9 "' + b"&l8;" * 10 + b'">', 1, "Date", "the header lacks this column"),
    "ofx": (b"OFXHEADER:100\nDATA:OFXSGML\n<OFX><BANKMSGSRSV1>\n", 1, "Date", "the header lacks this column"),
    "json": (b'{"data": [1, 2]}\n', 1, "Date", "the header lacks this column"),
    "semicolons": (GOOD.replace(",", ";").encode(), 1, "1", "separated by semicolons"),
    "tabs": (GOOD.replace(",", "\t").encode(), 1, "1", "separated by tabs"),
    "no header": (b"2026-10-01,DOCKAGE,-5.00,95.00\n", 1, "Date", "it has 2026-10-01, DOCKAGE, -5.00, 95.00"),
    "header without a date": (b"Day,Description,Amount\n", 1, "Date", "it has Day, Description, Amount"),
    "header without words": (b"Date,Amount\n", 1, "Description", "it has Date, Amount"),
    "header without an amount": (b"Date,Description,Sum\n", 1, "Amount", "it has Date, Description, Sum"),
    "debit without credit": (b"Date,Description,Debit\n", 1, "Amount", "it has Date, Description, Debit"),
    "doubled header": (b"Date,Description,Amount,Amount\n", 1, "Amount", "this name twice"),
    "nameless header": (b"Date,,Amount,Description\n", 1, "2", "the header has an empty name"),
    "header of formulas": (b'"=HYPERLINK(""http://example.com"")",B\n', 1, "Date", "the header lacks this column"),
    "lines before the header": (b"Account ending 7731\n\n" + GOOD.encode(), 1, "Date", "the header lacks this column"),
    "short row": (GOOD.replace("FUEL,-4.00,91.00", "FUEL").encode(), 3, "Amount", "the row has 2 cells"),
    "long row": (GOOD.replace("FUEL", "FUEL,DOCK").encode(), 3, "5", "the row has 5 cells"),
    "amount with a bare thousands comma": (amount("-4,000.00"), 3, "5", "the row has 5 cells"),
    "open quote": (GOOD.replace("FUEL", '"FUEL').encode(), 3, "2", "a quote that opens here never closes"),
    "open quote in the header": (b'Date,"Description,Amount\n1,2,3\n', 1, "2", "a quote that opens here never closes"),
    "text behind a quote": (GOOD.replace("FUEL", '"FUEL"X').encode(), 3, "4", "the quotes of this row do not pair up"),
    "huge cell": (GOOD.replace("FUEL", "F" * 200_000).encode(), 3, "4", "a cell has more than 131,072 characters"),
    "long description": (GOOD.replace("FUEL", "F" * 300).encode(), 3, "Description", "the text has 300 characters"),
    "no description": (GOOD.replace("FUEL", "").encode(), 3, "Description", "the cell is empty"),
    "no amount": (amount(""), 3, "Amount", "the amount is empty"),
    "amount in words": (amount("four"), 3, "Amount", "'four' is not an amount of USD"),
    "exponent": (amount("1e400"), 3, "Amount", "'1e400' is not an amount of USD"),
    "not a number": (amount("NaN"), 3, "Amount", "'NaN' is not an amount of USD"),
    "infinity": (amount("-inf"), 3, "Amount", "'-inf' is not an amount of USD"),
    "underscore": (amount("1_000.00"), 3, "Amount", "'1_000.00' is not an amount of USD"),
    "arabic digits": (amount("٤٫٠٠"), 3, "Amount", "is not an amount of USD"),
    "full-width digits": (amount("-４.００"), 3, "Amount", "is not an amount of USD"),
    "half a cent": (amount("1.005"), 3, "Amount", "'1.005' is not an amount of USD"),
    "comma as decimal sign": (amount('"-4,00"'), 3, "Amount", "'-4,00' is not an amount of USD"),
    "grouping gone wrong": (amount('"-1,23,456.00"'), 3, "Amount", "is not an amount of USD"),
    "another currency": (amount("€4.00"), 3, "Amount", "is not an amount of USD"),
    "brackets and a sign": (amount("(-4.00)"), 3, "Amount", "'(-4.00)' is not an amount of USD"),
    "two signs": (amount("--4.00"), 3, "Amount", "'--4.00' is not an amount of USD"),
    "formula as amount": (amount("=1+1"), 3, "Amount", "'=1+1' is not an amount of USD"),
    "too large": (amount("9" * 30), 3, "Amount", "is not an amount of USD"),
    "negative zero": (amount("-0"), 3, "Amount", "'-0' is a negative zero"),
    "negative zero in brackets": (amount("(0.00)"), 3, "Amount", "'(0.00)' is a negative zero"),
    "zero": (amount("0.00"), 3, "Amount", "the amount is zero"),
    "debit and credit": (SPLIT.format("5.00", "5.00").encode(), 2, "Debit", "both a debit and a credit"),
    "neither debit nor credit": (SPLIT.format("", "").encode(), 2, "Debit", "neither a debit nor a credit"),
    "negative debit": (SPLIT.format("-5.00", "").encode(), 2, "Debit", "the amount -5.00 is negative"),
    "no date": (on(""), 3, "Date", "the date is empty"),
    "year one": (on("0001-01-01"), 3, "Date", "'0001-01-01' is outside the years 2000 to 2099"),
    "year of a slip": (on("2206-10-02"), 3, "Date", "'2206-10-02' is outside the years 2000 to 2099"),
    "30 february": (on("2026-02-30"), 3, "Date", "'2026-02-30' is not a date written as year-month-day"),
    "month 13": (on("2026-13-01"), 3, "Date", "'2026-13-01' is not a date"),
    "another format half way": (on("10/02/2026"), 3, "Date", "'10/02/2026' is not a date written as year-month-day"),
    "day before month": (
        b"Date,Description,Amount\n10/12/2026,A,1.00\n13/10/2026,B,1.00\n",
        3, "Date", "'13/10/2026' is not a date written as month/day/year",
    ),
    "two-digit year": (on("10/02/26"), 3, "Date", "'10/02/26' is not a date"),
    "date in words": (on("2 Oct 2026"), 3, "Date", "'2 Oct 2026' is not a date"),
    "date in arabic digits": (on("٢٠٢٦-١٠-٠٢"), 3, "Date", "is not a date"),
    "serial day of a spreadsheet": (on("46297"), 3, "Date", "'46297' is not a date"),
    "date and time": (on("2026-10-02 10:00"), 3, "Date", "'2026-10-02 10:00' is not a date"),
    "balance in words": (GOOD.replace("91.00", "much").encode(), 3, "Balance", "'much' is not an amount"),
    "balance that does not follow": (GOOD.replace("91.00", "92.00").encode(), 3, "Balance", "(off by $1.00)"),
    "line missing": (GOOD.replace("2026-10-01,DOCKAGE,-5.00,95.00\n", "2026-10-01,A,1.00,99.00\n").encode(),
                     3, "Balance", "(off by $4.00)"),
    "too many rows": (MANY.encode(), 100_002, "Date", "the file has more than 100,000 rows"),
    "too many bytes": (b"x" * 20_000_001, 1, "1", "the file has 20.0 MB and the limit is 20 MB"),
}  # fmt: skip

READERS: dict[str, Callable[[bytes], object]] = {
    "bank": lambda data: bank_csv.parse(data, name="statements/x.csv", account="x"),
    "stripe": lambda data: stripe.parse(data, name="statements/x.csv"),
}


def test_there_are_enough_of_them() -> None:
    assert len(BAD) >= 60


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_gets_one_sentence_with_file_line_and_column(case: str) -> None:
    data, line, column, reason = BAD[case]
    began = time.process_time()
    with pytest.raises(FormatError) as refusal:
        READERS["bank"](data)
    assert time.process_time() - began < 2
    sentence = str(refusal.value)
    assert sentence.startswith(f"statements/x.csv line {line}, column {column}: ")
    assert reason in sentence
    assert len(sentence) < 600
    assert " \u2014 " in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert (refusal.value.line, refusal.value.column) == (line, column)


@pytest.mark.parametrize("case", BAD)
def test_the_same_file_is_no_stripe_history_either(case: str) -> None:
    with pytest.raises(FormatError, match=r"^statements/x\.csv line \d+, column "):
        READERS["stripe"](BAD[case][0])


def test_a_column_that_an_export_must_have_is_named() -> None:
    with pytest.raises(FormatError) as refusal:
        read(b"entity,month\nqos,2026-10\n", name="targets.csv", required=("entity", "month", "revenue"))
    assert str(refusal.value) == (
        "targets.csv line 1, column revenue: the header lacks this column; it has entity, month "
        "\u2014 the file needs entity, month, revenue."
    )


CELLS = {
    "count": (lambda row: row.integer("a", at_most=12), "13", "'13' is not a whole number from 0 to 12"),
    "fraction": (lambda row: row.integer("a"), "1.5", "'1.5' is not a whole number from 0 to 1,000,000,000"),
    "word": (
        lambda row: row.choice("a", {"held", "lost"}),
        "won",
        "'won' is not known \u2014 use one of held, lost",
    ),
    "date": (lambda row: row.optional_day("a"), "soon", "'soon' is not a date written as year-month-day"),
    "money": (lambda row: row.optional_money("a"), "some", "'some' is not an amount of USD"),
}


@pytest.mark.parametrize("case", CELLS)
def test_a_typed_cell_is_refused_with_what_it_should_be(case: str) -> None:
    reader, text, reason = CELLS[case]
    (row,) = read(f"a,b\n{text},1\n".encode(), name="x.csv").rows()
    with pytest.raises(FormatError) as refusal:
        reader(row)
    assert str(refusal.value).startswith(f"x.csv line 2, column a: {reason}")


def test_an_optional_cell_may_be_empty() -> None:
    (row,) = read(b"a,b\n,1\n", name="x.csv").rows()
    assert (row.optional_day("a"), row.optional_money("a"), row.text("a")) == (None, None, "")


def test_a_quoted_cell_may_hold_line_ends_and_the_next_row_knows_its_line() -> None:
    rows = list(read(b'a,b\n"one\ntwo",1\nthree,2\n', name="x.csv").rows())
    assert [(row.line, row.text("a")) for row in rows] == [(2, "one two"), (4, "three")]
