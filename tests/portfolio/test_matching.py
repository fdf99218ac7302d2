"""What the books know already is not posted again: other formats, entries by hand, and what a person decides."""

import datetime as dt
from pathlib import Path

import pytest

from core.models import AuditEvent
from portfolio.domain import bank_accounts, bank_files, intake, ledger, matching, verification
from portfolio.domain.landing import LandedFile
from portfolio.formats import FormatError
from portfolio.models import (
    Account,
    AccountKind,
    AccountRole,
    BankAccount,
    Entity,
    EntrySource,
    ImportedLine,
    JournalEntry,
    StatementBalance,
)
from tests.portfolio.conftest import AT, Books
from tests.portfolio.test_intake import balance, bank

REAL = Path(__file__).parent / "formats" / "ofx"

OFX = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS></SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD
<BANKACCTFROM><BANKID>121000248<ACCTID>0001234567<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST>
{lines}</BANKTRANLIST>
<LEDGERBAL><BALAMT>{closing}<DTASOF>20261031</LEDGERBAL>
</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""


def movement(day: int, amount: str, fitid: str, name: str, check: str = "") -> str:
    return (
        f"<STMTTRN><TRNTYPE>OTHER<DTPOSTED>202610{day:02d}120000<TRNAMT>{amount}<FITID>{fitid}<CHECKNUM>{check}"
        f"<NAME>{name}</STMTTRN>\n"
    )


def ofx(books: Books, *lines: str, closing: str = "100.00", code: str = "1010") -> LandedFile:
    """Land an OFX file of the checking account."""
    data = OFX.format(lines="".join(lines), closing=closing).encode()
    return intake.land_ofx(
        entity=books.entity, data=data, name="october.ofx", by=None, at=AT, account=books.accounts[code]
    )


def csv(*rows: str) -> str:
    return "Date,Description,Amount,Reference\n" + "".join(f"{row}\n" for row in rows)


def entries() -> int:
    return JournalEntry.objects.count()


def test_an_ofx_file_lands_once_with_its_balance_and_its_account_is_remembered(books: Books) -> None:
    lines = (
        movement(1, "500.00", "A1", "OWNER CONTRIBUTION"),
        movement(2, "-400.00", "A2", "DOCKAGE"),
        movement(3, "0.00", "A3", "A word from your bank"),
    )
    landed = ofx(books, *lines)
    assert (landed.read, landed.new, landed.uncategorised, entries()) == (3, 3, 2, 2)
    again = [ofx(books, *lines).new for _ in range(10)]
    assert (again, entries()) == ([0] * 10, 2)
    known = BankAccount.objects.get()
    assert (known.account, known.last_four) == (books.accounts["1010"], "4567")
    assert "0001234567" not in str(vars(known))
    told = StatementBalance.objects.get()
    assert (told.account, told.on, told.balance_minor) == (known.account, dt.date(2026, 10, 31), 100_00)
    assert [row.differs_minor for row in bank_accounts.asserted(accounts=[known.account])] == [0]
    data = OFX.format(lines="", closing="1.00").encode()
    assert intake.land_ofx(entity=books.entity, data=data, name="x.ofx", by=None, at=AT).read == 0
    assert verification.verify_books() == []


def test_a_reused_id_with_another_amount_refuses_the_file(books: Books) -> None:
    ofx(books, movement(1, "500.00", "A1", "OWNER"))
    with pytest.raises(
        FormatError, match=r"october.ofx line 14, column FITID: 1010:A1 landed before and said something else"
    ):
        ofx(books, movement(2, "5.00", "A2", "NEW"), movement(1, "501.00", "A1", "OWNER"))
    assert entries() == 1


def test_an_account_nobody_has_named_is_asked_about(books: Books) -> None:
    data = (REAL / "multiple_accounts.ofx").read_bytes()
    with pytest.raises(intake.UnknownBankAccountError) as caught:
        intake.land_ofx(entity=books.entity, data=data, name="two.ofx", by=None, at=AT)
    assert [statement.number for statement in caught.value.statements] == ["9100", "9200"]
    savings = Account.objects.create(
        entity=books.entity, code="1020", name="Savings", kind=AccountKind.ASSET, role=AccountRole.CASH
    )
    answers = {
        bank_accounts.number_hash(bank="123", number=number): account
        for number, account in (("9100", books.accounts["1010"]), ("9200", savings))
    }
    intake.land_ofx(entity=books.entity, data=data, name="two.ofx", by=None, at=AT, answers=answers)
    assert sorted(StatementBalance.objects.values_list("account__code", "balance_minor")) == [
        ("1010", 11100),
        ("1020", 22200),
    ]


@pytest.mark.parametrize(
    ("name", "currency", "lines", "printed"),
    [
        ("bank_medium.ofx", "CAD", 3, [38234]),
        ("bank_small.ofx", "USD", 0, []),
        ("checking.ofx", "USD", 3, [10099]),
        ("ofx-v102-empty-tags.ofx", "AUD", 1, []),
        ("suncorp.ofx", "AUD", 1, [123412]),
    ],
)
def test_the_banks_own_files_import_with_the_balances_printed_in_them(
    books: Books, name: str, currency: str, lines: int, printed: list[int]
) -> None:
    Entity.objects.filter(pk=books.entity.pk).update(currency=currency)
    account = Account.objects.get(entity=books.entity, code="1010")
    books.entity.currency = currency
    landed = intake.land_ofx(
        entity=books.entity, data=(REAL / name).read_bytes(), name=name, by=None, at=AT, account=account
    )
    assert (landed.read, landed.new, entries()) == (lines, lines, lines)
    assert [row.balance_minor for row in StatementBalance.objects.filter(account=account)] == printed


@pytest.mark.parametrize("ofx_first", [True, False])
def test_a_movement_told_in_two_formats_is_posted_once(books: Books, ofx_first: bool) -> None:
    def from_ofx() -> LandedFile:
        return ofx(
            books,
            movement(1, "-5.00", "A1", "COFFEE ONE"),
            movement(1, "-5.00", "A2", "COFFEE TWO"),
            movement(2, "-9.00", "A3", "ICE", "77"),
            closing="-19.00",
        )

    def from_csv() -> LandedFile:
        return bank(
            books, csv("2026-10-01,COFFEE TWO,-5.00,", "2026-10-02,ICE,-9.00,77", "2026-10-02,ICE,-9.00,78")
        )

    first, second = (from_ofx, from_csv) if ofx_first else (from_csv, from_ofx)
    first()
    landed = second()
    # Two coffees and two checks: the one coffee and the check that both told of are tied, the others are new.
    assert (landed.repeated, entries()) == (2, 4)
    tied = ImportedLine.objects.filter(same_as__isnull=False).select_related("same_as")
    assert {(line.description, line.reference) for line in tied} == {("COFFEE TWO", ""), ("ICE", "77")}
    assert all(line.description == line.same_as.description for line in tied if line.same_as)
    assert all(line.entry_id == line.same_as.entry_id for line in tied if line.same_as)
    assert balance(books, "1010") == -28_00
    assert (from_ofx().new, from_csv().new, entries()) == (0, 0, 4)


def test_an_entry_made_by_hand_is_matched_when_that_is_sure(books: Books) -> None:
    by_hand = books.post(
        "1010", "1200", 800_00, on=dt.date(2026, 10, 3), memo="Invoice payment Lotus INV-0012"
    )
    landed = bank(books, csv("2026-10-06,LOTUS LLC ACH,800.00,"))
    line = ImportedLine.objects.get()
    assert (landed.matched, landed.waiting, entries()) == (1, 0, 1)
    assert (line.entry, line.matched_at, line.waits) == (by_hand, AT, False)


@pytest.mark.parametrize(
    ("entry_day", "memo", "row"),
    [
        (3, "Cash for the kitty", "2026-10-06,MOBILE DEPOSIT,800.00,"),
        (3, "Lotus pays INV-0012", "2026-10-03,LOTUS,800.00,INV-0013"),
    ],
    ids=["nothing agrees", "another reference"],
)
def test_a_line_that_may_be_an_entry_waits_and_posts_nothing(
    books: Books, entry_day: int, memo: str, row: str
) -> None:
    books.post("1010", "1200", 800_00, on=dt.date(2026, 10, entry_day), memo=memo)
    landed = bank(books, csv(row))
    assert (landed.matched, landed.waiting, entries()) == (0, 1, 1)


def test_what_can_never_be_the_same_money_is_posted(books: Books) -> None:
    books.post("1010", "1200", 800_00, on=dt.date(2026, 9, 3), memo="Lotus long ago")
    wrong = books.post("1010", "1200", 70_00, memo="Lotus twice")
    ledger.reverse(entry=wrong, on=wrong.on, reason="Typed twice", by=None, at=AT)
    landed = bank(books, csv("2026-10-15,LOTUS,800.00,", "2026-10-15,LOTUS,70.00,"))
    assert (landed.matched, landed.waiting, landed.new) == (0, 0, 2)


def test_two_that_could_be_meant_wait_with_suggestions_and_a_person_decides(books: Books) -> None:
    near = books.post("1010", "1200", 800_00, on=dt.date(2026, 10, 4), memo="Lotus pays INV-0012")
    far = books.post("1010", "1200", 800_00, on=dt.date(2026, 10, 8), memo="Jackson pays")
    close = books.post("1010", "1200", 801_00, on=dt.date(2026, 10, 8), memo="Lotus, a dollar more")
    bank(books, csv("2026-10-05,LOTUS LLC INV-0012,800.00,"))
    line = matching.waiting(entity_id=books.entity.pk).get()

    offered = matching.suggestions(line=line)
    assert [(found.entry, found.differs_minor, found.reference) for found in offered] == [
        (near, 0, True),
        (far, 0, False),
        (close, -100, False),
    ]
    with pytest.raises(matching.MatchError, match=r"moves \$800.00 and that entry \$801.00"):
        matching.match(line=line, entry=close, by=None, at=AT)
    matching.match(line=line, entry=near, by=None, at=AT)
    assert (line.entry, line.waits) == (near, False)
    with pytest.raises(matching.MatchError, match="decided on this line already|stands for that entry"):
        matching.match(line=line, entry=far, by=None, at=AT)
    matching.unmatch(line=line, by=None, at=AT)
    assert (line.entry, line.waits) == (None, True)
    with pytest.raises(matching.MatchError, match="was not matched"):
        matching.unmatch(line=line, by=None, at=AT)
    posted = bank_files.post_waiting(line=line, account=None, by=None, at=AT)
    line.refresh_from_db()
    assert (line.entry, line.waits, posted.source) == (posted, False, EntrySource.BANK)
    assert balance(books, "1010") == 800_00 * 3 + 801_00
    assert list(
        AuditEvent.objects.filter(action__startswith="portfolio:line")
        .order_by("pk")
        .values_list("action", flat=True)
    ) == ["portfolio:line:match", "portfolio:line:unmatch", "portfolio:line:post"]
    assert verification.verify_books() == []


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_balance_column_tells_the_ends_of_months(books: Books, newest_first: bool) -> None:
    rows = [
        "2026-08-30,A,5.00,105.00", "2026-09-03,B,1.00,106.00", "2026-09-20,C,2.00,108.00", "2026-10-02,D,3.00,111.00",
    ]  # fmt: skip
    text = "Date,Description,Amount,Balance\n" + "\n".join(rows[::-1] if newest_first else rows)
    bank(books, text)
    told = StatementBalance.objects.order_by("on").values_list("on", "balance_minor")
    assert [(f"{on:%m-%d}", minor) for on, minor in told] == [
        ("08-31", 10500),
        ("09-30", 10800),
        ("10-02", 11100),
    ]
