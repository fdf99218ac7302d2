"""beancount and hledger journals: what is read of them, and what is refused with file, line and column."""

import datetime as dt
from collections.abc import Callable

import pytest

from portfolio.formats import beancount, hledger
from portfolio.formats.errors import FormatError
from portfolio.formats.journal_text import TextJournal

pytestmark = pytest.mark.once

Read = Callable[..., TextJournal]

BEANCOUNT = """\
; comment
option "title" "Books"
* A heading of org-mode
2026-01-01 open Assets:Bank:Main USD
  code: "1010"
2026-01-01 open Expenses:Dock
2026-10-05 * "Harbor \\"A\\"" "Dock fee" #dock ^bill-1
  id: "qos/7"
  Expenses:Dock   1,180.00 USD ; half
    memo: "October"
    booking: "BK-1"
  Assets:Bank:Main
2026-10-06 txn "Refund"
  ! Assets:Bank:Main  80 USD
  Expenses:Dock  -80.00 USD
2026-10-07 balance Assets:Bank  -1100.00 USD
2026-10-07 balance Assets:Bank:Main  -1100.00 USD
2026-10-08 close Expenses:Dock
2026-10-08 note Assets:Bank "all well"
"""

HLEDGER = """\
; comment
decimal-mark .
account assets:bank account  ; type:C, code:1010
account expenses:dock
    ; code:5300
comment
2026-13-45 not read
end comment
2026/10/05 * (7) Dock fee  ; id:qos/7
    expenses:dock   $1,180.00  ; memo:October
      ; booking:BK-1
    assets:bank account
2026.10.06 Refund
\tassets:bank account\tUSD 80.00 = USD -1100
\texpenses:dock  -80 USD
2026-10-07 Balances
    assets:bank account  0 = -1100.00 USD
    expenses:dock  0.00 USD = 1100 USD
"""


@pytest.mark.parametrize(("read", "text"), [(beancount.read, BEANCOUNT), (hledger.read, HLEDGER)])
def test_the_same_books_are_read_from_both(read: Read, text: str) -> None:
    journal = read(text.encode(), name="books")
    dock, refund = [found for found in journal.transactions if found.moving]

    assert (dock.on, dock.mark) == (dt.date(2026, 10, 5), "qos/7")
    assert dock.memo.endswith("Dock fee")
    assert [(p.amount_minor, p.currency, p.memo, p.booking) for p in dock.postings] == [
        (118_000, "USD", "October", "BK-1"),
        (-118_000, "USD", "", ""),
    ]
    assert [p.amount_minor for p in refund.postings] == [8_000, -8_000]
    assert "1010" in journal.codes.values()
    assert len(journal.accounts()) == 2
    assert journal.ignored


B = '2026-10-05 * "Fee"\n  Expenses:Dock  {}\n  Assets:Bank  {}\n'
H = "2026-10-05 Fee\n  expenses:dock  {}\n  assets:bank  {}\n"

BAD_BEANCOUNT: list[tuple[str, str, int, str, str]] = [
    ("empty", "", 1, "1", "empty"),
    ("only a comment", "; nothing\n", 1, "1", "no transaction"),
    ("NUL", "2026-10-05 * \"Fee\x00\"\n", 1, "18", "NUL"),
    ("unknown directive", "2026-10-05 opens Assets:Bank\n", 1, "12", "'opens'"),
    ("no directive", "hello\n", 1, "1", "'hello'"),
    ("include", 'include "../secret"\n', 1, "1", "never opened"),
    ("plugin", 'plugin "os"\n', 1, "1", "ever executed"),
    ("pad", "2026-10-05 pad Assets:Bank Equity:Open\n", 1, "12", "nobody wrote"),
    ("price", "2026-10-05 price USD 1 EUR\n", 1, "12", "prices are not kept"),
    ("30 February", B.replace("10-05", "02-30").format("5 USD", ""), 1, "1", "not a date"),
    ("another century", B.replace("2026", "0206").format("5 USD", ""), 1, "1", "outside the years"),
    ("open quote", '2026-10-05 * "Fee\n', 1, "14", "do not pair up"),
    ("three texts", '2026-10-05 * "a" "b" "c"\n', 1, "14", "3 texts"),
    ("words after the flag", "2026-10-05 * Fee\n", 1, "14", "after the flag"),
    ("one posting", '2026-10-05 * "Fee"\n  Assets:Bank  5 USD\n', 1, "1", "1 posting"),
    ("out of balance", B.format("5 USD", "-4 USD"), 1, "1", "out of balance by $1.00"),
    ("two amounts missing", B.format("", ""), 3, "3", "no amount"),
    ("two currencies", B.format("5 USD", "-5 EUR"), 1, "1", "mixes EUR and USD"),
    ("a currency we do not keep", B.format("5 BTC", ""), 2, "18", "'BTC'"),
    ("1e400", B.format("1e400 USD", ""), 2, "18", "'1e400 USD'"),
    ("NaN", B.format("NaN USD", ""), 2, "18", "'NaN USD'"),
    ("a third of a cent", B.format("1.005 USD", ""), 2, "18", "'1.005'"),
    ("too much", B.format("9" * 30 + " USD", ""), 2, "18", "not an amount"),
    ("arithmetic", B.format("(2+3) USD", ""), 2, "18", "not an amount"),
    ("a lot", B.format("5 USD {2 EUR}", ""), 2, "24", "lots and prices"),
    ("a price at the posting", B.format("5 USD @ 2 EUR", ""), 2, "24", "lots and prices"),
    ("no account", '2026-10-05 * "Fee"\n  bank  5 USD\n', 2, "3", "'bank'"),
    ("a posting of nothing", "\n  Assets:Bank  5 USD\n", 2, "3", "no transaction"),
    ("after its closing", "2026-01-01 close Assets:Bank\n" + B.format("5 USD", ""), 4, "3", "closed"),
    ("before its opening", "2026-12-01 open Assets:Bank\n" + B.format("5 USD", ""), 4, "3", "opened"),
    ("a balance that is not so", B.format("5 USD", "") + "2026-10-06 balance Assets:Bank 5 USD\n", 4, "balance", "−$5.00"),
    ("a tolerance", "2026-10-06 balance Assets:Bank 5 ~ 1 USD\n", 1, "32", "without tolerance"),
    ("a long line", "; " + "x" * 6000, 1, "5001", "6,002 characters"),
    ("a long text", B.replace("Fee", "x" * 251).format("5 USD", ""), 1, "1", "251 characters"),
]  # fmt: skip

BAD_HLEDGER: list[tuple[str, str, int, str, str]] = [
    ("empty", " \n", 1, "1", "empty"),
    ("only a comment", "# nothing\n", 1, "1", "no transaction"),
    ("include", "include ../secret\n", 1, "1", "never opened"),
    ("alias", "alias a=b\n", 1, "1", "as they are written"),
    ("apply account", "apply account a\n", 1, "1", "by itself"),
    ("year", "Y2026\n", 1, "1", "'Y2026'"),
    ("price", "P 2026-10-05 EUR 1 USD\n", 1, "1", "prices are not kept"),
    ("periodic rule", "~ monthly\n    a  5 USD\n    b\n", 1, "1", "nobody wrote"),
    ("auto rule", "= expenses\n    a  *2\n", 1, "1", "nobody wrote"),
    ("unknown word", "hello\n", 1, "1", "'hello'"),
    ("decimal comma", "decimal-mark ,\n", 1, "14", "decimal mark"),
    ("commodity with decimal comma", "commodity 1.000,00 EUR\n", 1, "11", "decimal comma"),
    ("no such day", H.replace("10-05", "02-30").format("$5", ""), 1, "1", "not a date"),
    ("a date without a year", "10/05 Fee\n", 1, "1", "not a date"),
    ("two dates", H.replace("-05", "-05=2026-10-06").format("$5", ""), 1, "11", "second date"),
    ("a posting date", H.format("$5  ; date:2026-10-09", ""), 2, "comment", "another date"),
    ("a bracketed date", H.format("$5  ; [2026-10-09]", ""), 2, "comment", "another date"),
    ("virtual", "2026-10-05 Fee\n  (a)  $5\n", 2, "3", "virtual"),
    ("balanced virtual", "2026-10-05 Fee\n  [a]  $5\n  b\n", 2, "3", "virtual"),
    ("a lot", H.format("5 USD {2 EUR}", ""), 2, "24", "lots and prices"),
    ("a price at the posting", H.format("5 USD @@ 2 EUR", ""), 2, "24", "lots and prices"),
    ("no currency", H.format("5", "-5"), 2, "18", "its currency"),
    ("nothing but zero", H.format("0", ""), 3, "3", "no posting"),
    ("thousands or decimals", H.format("1,000 USD", ""), 2, "18", "thousands or decimals"),
    ("1e400", H.format("1e400 USD", ""), 2, "18", "'1e400 USD'"),
    ("a third of a cent", H.format("$1.005", ""), 2, "18", "'1.005'"),
    ("arithmetic", H.format("(2*3) USD", ""), 2, "18", "not an amount"),
    ("a total balance", H.format("5 USD == 5 USD", ""), 2, "24", "more than one sign"),
    ("a balance in the place of an amount", H.format("= 5 USD", ""), 2, "18", "place of an amount"),
    ("a balance that is not so", H.format("5 USD = 6 USD", ""), 2, "balance", "$6.00"),
    ("out of balance", H.format("$5", "-$4"), 1, "1", "out of balance by $1.00"),
    ("one posting", "2026-10-05 Fee\n  a  $5\n", 1, "1", "1 posting"),
    ("two currencies", H.format("$5", "-5 EUR"), 1, "1", "mixes EUR and USD"),
    ("a posting of nothing", "\n  a  $5\n", 2, "3", "no transaction"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("read", "text", "line", "column", "words"),
    [
        pytest.param(read, text, line, column, words, id=f"{form} {name}")
        for form, read, cases in (
            ("beancount", beancount.read, BAD_BEANCOUNT),
            ("hledger", hledger.read, BAD_HLEDGER),
        )
        for name, text, line, column, words in cases
    ],
)
def test_a_bad_journal_is_refused_with_its_line_and_column(
    read: Read, text: str, line: int, column: str, words: str
) -> None:
    with pytest.raises(FormatError) as refused:
        read(text.encode(), name="books")

    error = refused.value
    assert words in str(error)
    assert (error.file, error.line, error.column) == ("books", line, column)


@pytest.mark.parametrize("read", [beancount.read, hledger.read])
def test_bytes_that_are_no_text_are_refused(read: Read) -> None:
    for data in (
        b"\xff\xfe2\x00",
        "2026-10-05 Café".encode("latin-1"),
        b"2026-10-05 *\r2026",
        b"x" * 2_000_000,
    ):
        with pytest.raises(FormatError):
            read(data, name="books", max_bytes=1_000_000)
