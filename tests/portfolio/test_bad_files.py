"""Bad files of every kind that lands: each gets one error that names file, line and column, soon, and brings no row.

`tests/portfolio/test_fuzz.py` does the same to more than two hundred files of banks, Stripe, openings and invoices.
"""

import functools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portfolio.domain import exports, intake, journals
from portfolio.domain.stripe import landing as stripe
from portfolio.formats import FormatError
from portfolio.models import AccountRole, CategoryRule, ImportedLine, ImportFile, JournalEntry
from tests.portfolio.conftest import AT, Books

pytestmark = pytest.mark.once

OFX = (Path(__file__).parent / "formats" / "ofx" / "checking.ofx").read_bytes()
BROKEN = Path(__file__).parent / "formats" / "ofx" / "broken"
BOOKINGS = (
    b"reference,entity,kind,title,client_name,client_email,channel,party_size,stage,enquired_on,quoted_on,booked_on,"
    b"completed_on,ended_on,starts_at,ends_at,price,deposit,paid,cancellation_terms,stripe_id,crew,fuel,dock,food,"
    b"commission\n"
    b"QOS-0001,qos,charter,Sail,Mara,mara@example.com,direct,4,completed,2025-11-03,2025-11-04,2025-11-06,2025-11-15,,"
    b"2025-11-15 10:00,2025-11-15 14:00,1900.00,950.00,1900.00,,,530.00,45.00,0.00,60.00,0.00\n"
)
STAYS = (
    b"entity,reference,check_in,check_out,channel,gross,fee,cleaning,payout,paid\n"
    b"qos,RS-001,2025-11-06,2025-11-10,Airbnb,740.00,22.20,120.00,717.80,yes\n"
)
RULES = b"entity,position,contains,account\nqos,1,MARINA,6100\n"
BEANCOUNT = (
    b"2026-01-01 open Assets:Bank USD\n2026-01-01 open Expenses:Dock USD\n"
    b'2026-10-05 * "Dock"\n  Expenses:Dock   10.00 USD\n  Assets:Bank  -10.00 USD\n'
)
TRANSACTION = {
    "id": "txn_1", "object": "balance_transaction", "amount": 1000, "fee": 59, "net": 941, "currency": "usd",
    "type": "charge", "created": 1790000000, "available_on": 1790100000, "description": "Sail", "source": "ch_1",
}  # fmt: skip

AMOUNTS = (b"1e400", b"NaN", b"--5", b"$$5", b"five", b"1.005", b"0x10", b"99999999999999999999", b"")
DAYS = (b"20261301", b"20260230", b"tomorrow", b"", b"00000101", b"2026-10-01", b"99991231", b"2026")

Case = tuple[str, bytes]


def swapped(good: bytes, old: bytes, *values: bytes) -> Iterator[bytes]:
    for value in values:
        assert old in good
        yield good.replace(old, value, 1)


def ofx_files() -> Iterator[bytes]:
    yield from (path.read_bytes() for path in sorted(BROKEN.glob("*.ofx")))
    yield (BROKEN.parent / "error_message.ofx").read_bytes()
    yield from swapped(OFX, b"<TRNAMT>-34.51", *(b"<TRNAMT>" + value for value in AMOUNTS))
    yield from swapped(OFX, b"<DTPOSTED>20110405120000.000", *(b"<DTPOSTED>" + value for value in DAYS))
    yield from swapped(OFX, b"<BALAMT>100.99", b"<BALAMT>much", b"<BALAMT>1.999")
    yield from swapped(OFX, b"<DTASOF>20130525225731.258", b"<DTASOF>soon", b"<DTASOF>")
    yield from swapped(OFX, b"<CURDEF>USD", b"<CURDEF>XXX", b"<CURDEF>EUR")
    yield from swapped(OFX, b"<ACCTID>1452687~7", b"<ACCTID>", b"")
    yield from swapped(OFX, b"<FITID>0000487", b"<FITID>0000486")
    yield from swapped(OFX, b"</STMTTRN>", b"", b"</STMTTRN", b"</STMTTRM>")
    yield from swapped(OFX, b"</BANKTRANLIST>", b"", b"<BANKTRANLIST>")
    yield from swapped(
        OFX, b"<STMTRS>", b"<INVSTMTRS>", b"<STMTRS>loose words", b"<STMTRS><STMTRS>", b"<<STMTRS>"
    )
    yield from swapped(OFX, b"<OFX>", b"<XFO>", b"", b"<!DOCTYPE x><OFX>", b"<!ENTITY a 'b'><OFX>")
    yield from swapped(OFX, b"SECURITY:NONE", b"SECURITY:TYPE1")
    yield from swapped(OFX, b"COMPRESSION:NONE", b"COMPRESSION:ZIP")
    yield from swapped(
        OFX, b"AUTOMATIC", b"AUTO\x00MATIC", b"AUTO\x1bMATIC", b"AUTO\x81MATIC", b"AUTO <b MATIC"
    )
    yield from (OFX[:cut] for cut in (200, 400, 800, 1200, 1600))
    yield from (OFX + tail for tail in (b"<OFX>", b"trailing words", b"<STMTTRN>"))
    yield from (
        b"",
        b"\n\n",
        b"PK\x03\x04",
        b"\xff\xfe<\x00O\x00",
        b"{}",
        b"Date,Amount\n",
        b"<OFX>" + b"<A>" * 50,
    )


def table_files(good: bytes, amounts: tuple[bytes, ...], days: tuple[bytes, ...]) -> Iterator[bytes]:
    for cell in amounts:
        yield from swapped(good, cell, b"five", b"1.005", b"NaN", b"1e400")
    for cell in days:
        yield from swapped(good, cell, b"2026-02-30", b"31.12.2026", b"soon")
    head, row = good.split(b"\n", 1)
    for column in head.split(b",")[:4]:
        yield good.replace(column, b"wrong", 1)
    yield from swapped(good, b"\n", b"\n\x00")
    yield from (good + row[:-1] + b",more\n", good + b'"open', good + b"one\n", head + b"\n" + b"\xff" + row)
    yield from (b"", b"PK\x03\x04", good.replace(b",", b";"), row)


def json_files() -> Iterator[bytes]:
    def one(**changes: Any) -> bytes:
        said = {key: value for key, value in {**TRANSACTION, **changes}.items() if value != "leave out"}
        return json.dumps({"object": "list", "data": [said]}).encode()

    odd = ("leave out", None, "x", [], {}, 1.5, 10**30, True)
    for key in ("amount", "fee", "net", "created"):
        yield from (one(**{key: value}) for value in odd)
    for key in ("id", "currency", "type"):
        yield from (one(**{key: value}) for value in ("leave out", None, "", "x" * 300, [], 7))
    yield from (
        b"{",
        b"[1,",
        b'{"data": 1}',
        b'{"data": [1]}',
        b"[[]]",
        b"{}",
        b'{"data": [NaN]}',
        b"[" * 5000,
    )


def journal_files() -> Iterator[bytes]:
    yield from swapped(
        BEANCOUNT, b"  -10.00 USD", b"  -9.00 USD", b"  -10.00 EUR", b"  ten USD", b"  -10.00 @ 2 USD"
    )
    yield from swapped(BEANCOUNT, b"2026-10-05", b"2026-02-30", b"tomorrow", b"2026-13-01", b"0000-01-01")
    yield from swapped(
        BEANCOUNT, b"Assets:Bank  -10", b"Nowhere:Bank  -10", b"Assets:None  -10", b"Assets  -10"
    )
    yield from swapped(BEANCOUNT, b'* "Dock"', b'* "Dock', b"pad Assets:Bank Expenses:Dock", b"nonsense")
    yield from (
        b'include "/etc/passwd"\n' + BEANCOUNT,
        b'plugin "os"\n' + BEANCOUNT,
        BEANCOUNT + b"\x00",
        b"",
    )
    yield from (BEANCOUNT + b"2026-10-06 balance Assets:Bank 7.00 USD\n", BEANCOUNT[:-30], b"\xff\xfe2\x00")


Land = Callable[..., object]


@pytest.fixture
def landers(books: Books) -> dict[str, Land]:
    """Return what lands each kind of file."""
    of = books.entity
    return {
        "ofx": functools.partial(intake.land_ofx, entity=of, account=books.accounts["1010"]),
        "bookings": exports.land_bookings,
        "stays": exports.land_stays,
        "rules": exports.land_rules,
        "stripe json": functools.partial(stripe.land_file, entity=of),
        "journal": functools.partial(journals.land_journal, entity=of),
    }


# Kind, its files, how many there are at least, and whether each fault stands in a column or only on a line.
FAMILIES: list[tuple[str, Callable[[], Iterator[bytes]], int, bool]] = [
    ("ofx", ofx_files, 55, False),
    ("bookings", lambda: table_files(BOOKINGS, (b"1900.00,950.00",), (b"2025-11-03",)), 15, True),
    ("stays", lambda: table_files(STAYS, (b"740.00", b"22.20"), (b"2025-11-06", b"2025-11-10")), 20, True),
    ("rules", lambda: table_files(RULES, (b",1,",), ()), 12, True),
    ("stripe json", json_files, 45, False),
    ("journal", journal_files, 18, False),
]


@pytest.mark.parametrize(
    ("kind", "files", "least", "columns"), FAMILIES, ids=[family[0] for family in FAMILIES]
)
def test_bad_files_bring_one_error_each_and_no_row(
    landers: dict[str, Land], kind: str, files: Callable[[], Iterator[bytes]], least: int, columns: bool
) -> None:
    found = list(dict.fromkeys(files()))
    assert len(found) >= least
    faults = []
    for number, data in enumerate(found):
        name, begun = f"bad{number}", time.perf_counter()
        try:
            landers[kind](data=data, name=name, by=None, at=AT)
        except FormatError as error:
            if (
                error.file != name
                or error.line < 1
                or (columns and not error.column)
                or "\n" in str(error)
                or len(str(error)) > 700
            ):
                faults.append((number, data[:200], str(error)))
        else:
            faults.append((number, data[-700:], "was taken"))
        if time.perf_counter() - begun > 2:
            faults.append((number, data[:80], "took more than two seconds"))
    assert faults == []
    assert not any(model.objects.exists() for model in (JournalEntry, ImportFile, ImportedLine, CategoryRule))


def test_a_portal_file_of_too_many_rows_or_bytes_is_refused_by_its_size(books: Books) -> None:
    assert books.accounts["1010"].role == AccountRole.CASH
    line = b"<STMTTRN><DTPOSTED>20261001<TRNAMT>1<FITID>%d</STMTTRN>"
    head, tail = (
        OFX.split(b"<BANKTRANLIST>")[0] + b"<BANKTRANLIST>",
        b"</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>",
    )
    many = head + b"".join(line % n for n in range(100_001)) + tail
    for data, words in ((many, "more than 100,000 rows"), (OFX + b" " * 20_000_000, "the limit is 20 MB")):
        with pytest.raises(FormatError, match=words):
            intake.land_ofx(
                entity=books.entity,
                data=data,
                name="large.ofx",
                by=None,
                at=AT,
                account=books.accounts["1010"],
            )
