"""What one cell of a note is understood as."""

from decimal import Decimal

import pytest

from portfolio.formats.cells import Cell, CellError, CellKind, plain, read_cell, with_unit

pytestmark = pytest.mark.once

SAID = [
    ("", {"kind": "empty"}),
    ("not tracked", {"kind": "not_tracked", "tracked": False}),
    ("Not tracked since 2026-05-01", {"kind": "not_tracked", "on": "2026-05-01", "tracked": False}),
    ("$1,025.00", {"kind": "money", "minor": 102_500}),
    ("$0", {"kind": "money", "minor": 0}),
    ("-$5.00", {"kind": "money", "minor": -500}),
    ("$140 (quote)", {"kind": "money", "minor": 14_000, "note": "quote"}),
    ("retainer $900", {"kind": "money", "minor": 90_000, "word": "retainer"}),
    ("$1,180 / month", {"kind": "money", "minor": 118_000, "per": "month"}),
    ("$6.10", {"kind": "money", "minor": 610}),
    (
        "$10,000 to $50,000 in concert bookings",
        {"kind": "money", "minor": 1_000_000, "minor_high": 5_000_000, "unit": "in concert bookings"},
    ),
    ("7%", {"kind": "percent", "number": "7", "percent_bp": 700}),
    ("2.75 %", {"kind": "percent", "number": "2.75", "percent_bp": 275}),
    ("2026-10-05", {"kind": "date", "on": "2026-10-05"}),
    ("2026-10-08 (weather 2 d)", {"kind": "date", "on": "2026-10-08", "note": "weather 2 d"}),
    ("done 2026-10-19", {"kind": "date", "on": "2026-10-19", "word": "done"}),
    ("expired 2026-08-31", {"kind": "date", "on": "2026-08-31", "word": "expired"}),
    (
        "owner 2026-12-23 to 2026-12-28",
        {"kind": "period", "on": "2026-12-23", "until": "2026-12-28", "word": "owner"},
    ),
    ("2026-10-19 09:12 PDT", {"kind": "datetime", "on": "2026-10-19", "at": "2026-10-19T16:12:00+00:00"}),
    ("2026-11-02 16:10 PST", {"kind": "datetime", "on": "2026-11-02", "at": "2026-11-03T00:10:00+00:00"}),
    ("2026-11-02T16:10:30Z", {"kind": "datetime", "on": "2026-11-02", "at": "2026-11-02T16:10:30+00:00"}),
    ("1/1", {"kind": "pair", "number": "1", "second": "1"}),
    ("7/10", {"kind": "pair", "number": "7", "second": "10"}),
    ("9/", {"kind": "pair", "number": "9"}),
    ("1,180", {"kind": "number", "number": "1180"}),
    ("4.7", {"kind": "number", "number": "4.7"}),
    ("3,676 people", {"kind": "quantity", "number": "3676", "unit": "people"}),
    ("6 charters / month", {"kind": "quantity", "number": "6", "unit": "charters", "per": "month"}),
    ("undefined", {"kind": "text"}),
    ("Captain (primary)", {"kind": "text"}),
    ("No CI/CD, no staging", {"kind": "text"}),
    ("1e400", {"kind": "text"}),
    ("NaN", {"kind": "text"}),
    ("1_000", {"kind": "text"}),
    ("٢٠٢٦-١٠-٠٥", {"kind": "text"}),
    ("1,18", {"kind": "text"}),
    ("9" * 5_000, {"kind": "text"}),
    ("<script>alert(1)</script>", {"kind": "text"}),
    ("[a](javascript:alert(1))", {"kind": "text"}),
    ("{{ settings.SECRET_KEY }}", {"kind": "text"}),
]


@pytest.mark.parametrize(("text", "said"), SAID, ids=[text[:30] or "empty" for text, _ in SAID])
def test_a_cell_says_what_its_text_allows(text: str, said: dict[str, object]) -> None:
    expected = said if said["kind"] == "empty" else {"text": text, **said}
    assert read_cell(text).as_json() == expected


REFUSED = [
    ("2026-02-30", "2026-02-30 is not a day of the calendar — write year-month-day."),
    ("$1.005", "'$1.005' is not an amount — write it as $1,234.50."),
    ("$5k", "'$5k' is not an amount — write it as $1,234.50."),
    ("$", "'$' is not an amount — write it as $1,234.50."),
    ("$50 to $10", "'$50 to $10' is a range that ends below its beginning — put the smaller first."),
    ("2.125%", "'2.125%' is finer than a hundredth of a percent — round it to two decimals."),
    (
        "2026-12-28 to 2026-12-23",
        "'2026-12-28 to 2026-12-23' ends before it begins — put the earlier date first.",
    ),
    (
        "2026-10-19 09:12",
        "'2026-10-19 09:12' does not say its time zone — "
        "end it with one of UTC, GMT, PST, PDT, MST, MDT, CST, CDT, EST, EDT.",
    ),
    (
        "2026-10-19 09:12 XYZ",
        "XYZ is not a time zone we read — end it with one of UTC, GMT, PST, PDT, MST, MDT, CST, CDT, EST, EDT.",
    ),
    ("2026-10-19 25:12 PDT", "25:12 is not a time of day — write hours and minutes as 16:10."),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSED)
def test_what_looks_typed_and_is_not_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(CellError) as refusal:
        read_cell(text)
    assert str(refusal.value) == sentence


def test_an_instant_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(CellError, match="23:59 is not a time of day"):
        read_cell("9999-12-31 23:59 PST")


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [
        ("2,100", "USD", {"kind": "money", "number": "2100", "minor": 210_000, "unit": "USD"}),
        ("25", "%", {"kind": "percent", "number": "25", "percent_bp": 2_500}),
        ("23", "per month", {"kind": "number", "number": "23", "per": "month"}),
        ("4.7", "1-5", {"kind": "number", "number": "4.7", "unit": "1-5"}),
        ("undefined", "USD", {"kind": "text"}),
        ("not tracked", "%", {"kind": "not_tracked", "tracked": False}),
    ],
)
def test_a_unit_column_types_a_plain_number(text: str, unit: str, said: dict[str, object]) -> None:
    assert with_unit(read_cell(text), unit).as_json() == {"text": text, **said}


def test_marks_of_bold_and_code_are_not_part_of_the_text() -> None:
    assert (
        plain("agreement:  **unsigned** in `lambda_function.py`")
        == "agreement: unsigned in lambda_function.py"
    )


def test_an_empty_cell_is_not_an_untracked_one() -> None:
    assert read_cell("") == Cell("", CellKind.EMPTY)
    assert read_cell("") != read_cell("not tracked")
    assert read_cell("").tracked


def test_numbers_are_exact() -> None:
    assert read_cell("0.1").number == Decimal("0.1")
