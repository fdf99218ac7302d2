"""Bank statements: column maps, amounts, balances, and ids that make overlapping files land once."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.formats import FormatError
from portfolio.formats.bank_csv import BankColumns, detect_columns, parse

pytestmark = pytest.mark.once

PLAIN = (
    "Date,Description,Amount,Balance,Reference\n"
    "2026-10-01,DOCKAGE,-1180.00,820.00,0001\n"
    '2026-10-02,"STRIPE TRANSFER, po_1","2,038.80","2,858.80",0002\n'
    "2026-10-02,=cmd|' /C calc'!A0,(5.00),2853.80,\n"
)


def bank(text: str, **more: object) -> list[tuple[int, dt.date, str, int, int | None, str]]:
    lines = parse(text.encode(), name="bank.csv", account="qos:1010", **more)  # type: ignore[arg-type]
    return [(x.line, x.on, x.description, x.amount_minor, x.balance_minor, x.reference) for x in lines]


def test_a_plain_statement_gives_typed_lines() -> None:
    day = dt.date(2026, 10, 2)
    assert bank(PLAIN) == [
        (2, dt.date(2026, 10, 1), "DOCKAGE", -118_000, 82_000, "0001"),
        (3, day, "STRIPE TRANSFER, po_1", 203_880, 285_880, "0002"),
        (4, day, "=cmd|' /C calc'!A0", -500, 285_380, ""),
    ]


FORMS = {
    "american dates": "Date,Description,Amount,Running Bal.\r\n10/31/2026,DOCKAGE,-5.00,95.00\r\n",
    "short american dates": "date,payee,amount\n10/31/2026,DOCKAGE,-$5\n",
    "debit and credit": "Transaction Date,Description,Debit,Credit\n2026-10-31,DOCKAGE,5.00,\n",
    "zeros in the other column": "Date,Memo,Withdrawals,Deposits,Balance\n2026-10-31,DOCKAGE,5.00,0.00,95.00\n",
    "rows with a comma at the end": (
        "Details,Posting Date,Description,Amount,Type,Balance,Check or Slip #\n"
        "DEBIT,10/31/2026,DOCKAGE,-5.00,ACH,95.00,,\n"
    ),
    "byte order mark": "\ufeffDate,Description,Amount\n2026-10-31,DOCKAGE,-5.00\n",
    "blank lines": "Date,Description,Amount\n\n2026-10-31,DOCKAGE,-5.00\n,,\n",
    "header with a comma at the end": "Date,Description,Amount,\n2026-10-31,DOCKAGE,-5.00,\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_the_usual_forms_of_banks_are_understood_without_a_map(form: str) -> None:
    ((_, on, description, amount, _, _),) = bank(FORMS[form])
    assert (on, description, amount) == (dt.date(2026, 10, 31), "DOCKAGE", -500)


def test_a_saved_map_reads_a_bank_with_words_of_its_own() -> None:
    text = "Buchung,Text,Betrag\n31.10.2026,LIEGEPLATZ,-5.00\n"
    columns = BankColumns(date="Buchung", description="Text", amount="Betrag", date_format="%d.%m.%Y")
    assert bank(text, columns=columns) == [(2, dt.date(2026, 10, 31), "LIEGEPLATZ", -500, None, "")]


def test_the_preferred_spelling_wins_where_two_columns_could_hold_a_role() -> None:
    headers = ("Details", "Posting Date", "Description", "Amount", "Debit", "Credit")
    assert detect_columns(headers, name="bank.csv") == BankColumns(
        date="Posting Date", description="Description", amount="Amount"
    )


def test_newest_first_is_followed_backwards() -> None:
    head, *rows = PLAIN.splitlines()
    assert [row[0] for row in bank("\n".join([head, *reversed(rows)]))] == [2, 3, 4]


def test_newest_first_within_one_day_is_followed_backwards() -> None:
    text = "Date,Description,Amount,Balance\n2026-10-02,B,-5.00,90.00\n2026-10-02,A,-5.00,95.00\n"
    assert [row[2] for row in bank(text)] == ["B", "A"]


def test_the_first_balance_that_does_not_follow_is_named() -> None:
    broken = PLAIN.replace("2,858.80", "2,868.80").replace("2853.80", "2873.80")
    with pytest.raises(FormatError) as refusal:
        bank(broken)
    assert str(refusal.value) == (
        "bank.csv line 3, column Balance: the balance does not follow from the one before it (off by $10.00) "
        "\u2014 a line is missing or changed; export the file again."
    )


def test_an_open_quote_is_named_by_its_column_whatever_separates_them() -> None:
    columns = BankColumns(date="Date", description="Text", amount="Sum")
    with pytest.raises(FormatError, match="line 2, column 3: a quote that opens here never closes"):
        bank('Date;Text;Sum\n2026-10-01;Ice, two;"5', columns=columns)


def test_a_missing_balance_is_bridged() -> None:
    assert len(bank(PLAIN.replace('"2,858.80"', ""))) == 3
    with pytest.raises(FormatError, match="line 4, column Balance"):
        bank(PLAIN.replace('"2,858.80"', "").replace("2853.80", "2853.81"))


def test_overlapping_files_give_the_same_ids() -> None:
    head, first, second, third = PLAIN.splitlines()
    september = parse(f"{head}\n{first}\n{second}".encode(), name="a.csv", account="qos:1010")
    october = parse(f"{head}\n{second}\n{third}".encode(), name="b.csv", account="qos:1010")
    assert september[1].external_id == october[0].external_id
    assert len({line.external_id for line in (*september, *october)}) == 3


def test_identical_lines_of_one_file_have_ids_of_their_own() -> None:
    text = "Date,Description,Amount\n" + "2026-08-17,DOMAIN RENEWAL,-12.00\n" * 2
    first, second = parse(text.encode(), name="a.csv", account="dc:1010")
    assert first.external_id != second.external_id


def test_another_account_gives_another_id() -> None:
    one, other = (
        parse(PLAIN.encode(), name="a.csv", account=account)[0] for account in ("qos:1010", "dc:1010")
    )
    assert one.external_id != other.external_id


@given(st.lists(st.integers(-10_000_000, 10_000_000).filter(bool), min_size=1, max_size=20), st.randoms())
def test_amounts_and_ids_survive_any_order_and_any_spelling(amounts: list[int], shuffle: object) -> None:
    rows = [
        f'2026-10-01,LINE,"{"-" if minor < 0 else ""}${abs(minor) // 100:,}.{abs(minor) % 100:02d}"'
        for minor in amounts
    ]
    head = "Date,Description,Amount"
    lines = parse("\n".join([head, *rows]).encode(), name="a.csv", account="x")
    assert [line.amount_minor for line in lines] == amounts
    shuffle.shuffle(rows)  # type: ignore[attr-defined]
    again = parse("\n".join([head, *rows]).encode(), name="b.csv", account="x")
    assert {line.external_id for line in again} == {line.external_id for line in lines}
    assert len({line.external_id for line in lines}) == len(amounts)


def test_more_rows_than_allowed_are_refused_by_number() -> None:
    with pytest.raises(FormatError) as refusal:
        bank(PLAIN, max_rows=2)
    assert str(refusal.value) == (
        "bank.csv line 4, column Date: the file has more than 2 rows "
        "\u2014 split it by date and bring the parts in one by one."
    )


@pytest.mark.parametrize(
    ("rows", "read"),
    [
        ("05/11/2026,A,-5.00\n06/11/2026,B,-6.00\n", r"line 2.*'05/11/2026' may be month/day or day/month"),
        ("05/11/2026,A,-5.00\n11/13/2026,B,-6.00\n", [(2026, 5, 11), (2026, 11, 13)]),
        ("10/10/2026,A,-5.00\n", [(2026, 10, 10)]),
        ("2026-10-01,A,1.000\n", r"line 2.*'1.000' may be one or a thousand times as much"),
        ("2026-10-01,A,$1.00\n", [(2026, 10, 1)]),
    ],
)
def test_what_may_be_read_two_ways_asks_for_a_map(rows: str, read: object) -> None:
    text = f"Date,Description,Amount\n{rows}"
    if isinstance(read, str):
        with pytest.raises(FormatError, match=read):
            bank(text)
        columns = BankColumns(date="Date", description="Description", amount="Amount", date_format="%d/%m/%Y")
        if "/" in rows:
            assert [row[1].month for row in bank(text, columns=columns)] == [11, 11]
    else:
        assert [(row[1].year, row[1].month, row[1].day) for row in bank(text)] == read
