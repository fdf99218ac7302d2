"""Bad files of every kind that lands: each gets one error that names file, line and column, soon, and brings no row.

`tests/portfolio/test_fuzz.py` does the same to more than two hundred others of banks, Stripe, openings and invoices.
"""

import functools
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portfolio.domain import exports, intake, journals
from portfolio.domain.receivables import work
from portfolio.domain.receivables.landing import land_invoices
from portfolio.domain.stripe import landing as stripe
from portfolio.formats import FormatError
from portfolio.models import AccountRole
from tests.factories.portfolio import ClientFactory, ContractFactory
from tests.portfolio.conftest import AT, Books, everything

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
HLEDGER = b"2026-10-05 * Dock\n  Expenses:Dock  10.00 USD\n  Assets:Bank  -10.00 USD\n"
XML = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    b'<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\n'
)
OPENING = b"entity,account,on,amount\nqos,1010,2026-10-02,7.00\nqos,3000,2026-10-02,-7.00\n"
INVOICES = b"entity,number,client,issued_on,terms_days,amount,paid_on\nqos,DC-1,Cove,2026-10-02,30,900.00,\n"
TIME = b"on,client,contract,minutes,who,description,billable,rate\n2026-10-02,Cove,,90,Jo,Form,yes,120.00\n"
BANK = b"Date,Description,Amount\n2026-10-01,DOCK,-5.00\n2026-10-02,FUEL,-6.00\n"
STRIPE = b"id,Type,Amount,Fee,Net,Currency,Created (UTC)\ntxn_1,charge,10.00,0.59,9.41,usd,2026-10-01 10:00\n"
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


def told_files(good: bytes) -> Iterator[bytes]:
    """Yield what may be wrong with the words of a statement, however its tags are written."""
    yield from swapped(good, b"<TRNAMT>-34.51", *(b"<TRNAMT>" + value for value in AMOUNTS))
    yield from swapped(good, b"<DTPOSTED>20110405120000.000", *(b"<DTPOSTED>" + value for value in DAYS))
    yield from swapped(good, b"<BALAMT>100.99", b"<BALAMT>much", b"<BALAMT>1.999")
    yield from swapped(good, b"<DTASOF>20130525225731.258", b"<DTASOF>soon", b"<DTASOF>")
    yield from swapped(good, b"<CURDEF>USD", b"<CURDEF>XXX", b"<CURDEF>EUR")
    yield from swapped(good, b"<ACCTID>1452687~7", b"<ACCTID>", b"")
    yield from swapped(good, b"<FITID>0000487", b"<FITID>0000486")
    yield from swapped(good, b"</STMTTRN>", b"", b"</STMTTRN", b"</STMTTRM>")
    yield from swapped(good, b"</BANKTRANLIST>", b"", b"<BANKTRANLIST>")
    yield from swapped(
        good, b"<STMTRS>", b"<INVSTMTRS>", b"<STMTRS>loose words", b"<STMTRS><STMTRS>", b"<<STMTRS>"
    )
    yield from swapped(good, b"<OFX>", b"<XFO>", b"", b"<!DOCTYPE x><OFX>", b"<!ENTITY a 'b'><OFX>")
    yield from swapped(
        good, b"AUTOMATIC", b"AUTO\x00MATIC", b"AUTO\x1bMATIC", b"AUTO\x81MATIC", b"AUTO <b MATIC"
    )
    yield from (good[: len(good) * part // 6] for part in range(1, 6))
    yield from (good + tail for tail in (b"<OFX>", b"trailing words", b"<STMTTRN>"))


def ofx_files() -> Iterator[bytes]:
    yield from (path.read_bytes() for path in sorted(BROKEN.glob("*.ofx")))
    yield (BROKEN.parent / "error_message.ofx").read_bytes()
    yield from told_files(OFX)
    yield from swapped(OFX, b"SECURITY:NONE", b"SECURITY:TYPE1")
    yield from swapped(OFX, b"COMPRESSION:NONE", b"COMPRESSION:ZIP")
    yield from (
        b"",
        b"\n\n",
        b"PK\x03\x04",
        b"\xff\xfe<\x00O\x00",
        b"{}",
        b"Date,Amount\n",
        b"<OFX>" + b"<A>" * 50,
    )


def xml_files() -> Iterator[bytes]:
    """Yield OFX 2.x: XML with every tag closed, and what XML alone can do."""
    good = XML + re.sub(rb"<([A-Z][A-Z.]*)>([^<\r\n]+)", rb"<\1>\2</\1>", OFX[OFX.index(b"<OFX>") :])
    yield from told_files(good)
    yield from swapped(good, b'SECURITY="NONE"', b'SECURITY="TYPE1"')
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    for inside in (
        b'[<!ENTITY a SYSTEM "file:///etc/passwd">]',
        b"[" + laughs + b"]",
        b'SYSTEM "http://example.com/x.dtd"',
    ):
        yield good.replace(b"<OFX>", b"<!DOCTYPE OFX " + inside + b"><OFX>")
    yield good.replace(b"<STMTRS>", b"<STMTRS><!-- a comment -->")
    yield good.decode().encode("utf-16")


def qfx_files() -> Iterator[bytes]:
    """Yield QFX as some banks write it: everything after the header on one line."""
    head, body = OFX[: OFX.index(b"<OFX>")], OFX[OFX.index(b"<OFX>") :]
    yield from told_files(head + b"".join(line.strip() for line in body.splitlines()))


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


def beancount_files() -> Iterator[bytes]:
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


def hledger_files() -> Iterator[bytes]:
    yield from swapped(
        HLEDGER, b"-10.00 USD", b"-9.00 USD", b"-10.00 EUR", b"ten USD", b"-10.00 USD @ 2 USD", b"-1,000 USD"
    )
    yield from swapped(
        HLEDGER, b"2026-10-05", b"2026-02-30", b"tomorrow", b"2026-13-01", b"10-05", b"2026-10-05=2026-10-06"
    )
    yield from swapped(
        HLEDGER, b"Assets:Bank  -10", b"Nowhere:Bank  -10", b"(Assets:Bank)  -10", b"Assets:Bank -10"
    )
    yield from swapped(
        HLEDGER, b"* Dock", b"* Dock  ; date:2026-10-07", b"* Dock  ; [2026-10-07]", b"* " + b"x" * 6000
    )
    yield from swapped(
        HLEDGER, b"10.00 USD", b"10.00 USD = 7.00 USD", b"1e400 USD", b"10.001 USD", b"NaN USD"
    )
    yield from (
        line + HLEDGER
        for line in (b"include /etc/passwd\n", b"alias a=b\n", b"Y2026\n", b"~ monthly\n", b"= Dock\n")
    )
    yield from (
        b"",
        HLEDGER + b"\x00",
        HLEDGER[:-30],
        b"\xff\xfe2\x00",
        b"; only words\n",
        b"decimal-mark ,\n" + HLEDGER,
    )


Land = Callable[..., object]


@pytest.fixture
def landers(books: Books) -> dict[str, Land]:
    """Return what lands each kind of file."""
    of = books.entity
    ContractFactory(entity=of, client=ClientFactory(entity=of, name="Cove"))
    ofx = functools.partial(intake.land_ofx, entity=of, account=books.accounts["1010"])
    journal = functools.partial(journals.land_journal, entity=of)
    card = functools.partial(stripe.land_file, entity=of)
    return {
        "OFX 1.x": ofx,
        "OFX 2.x": ofx,
        "QFX": ofx,
        "bank CSV": functools.partial(intake.land_bank, entity=of),
        "Stripe CSV": card,
        "Stripe JSON": card,
        "beancount": journal,
        "hledger": journal,
        "opening": intake.land_opening,
        "invoices": land_invoices,
        "time": functools.partial(work.land_time, entity=of, today=AT.date()),
        "bookings": exports.land_bookings,
        "stays": exports.land_stays,
        "rules": exports.land_rules,
    }


# What is read by a table of columns: a file that is right, its amounts and its days. Others are told apart above.
TABLES = {
    "bank CSV": (BANK, (b"-6.00",), (b"2026-10-02",)),
    "Stripe CSV": (STRIPE, (b"10.00", b"0.59", b"9.41"), (b"2026-10-01 10:00",)),
    "opening": (OPENING, (b"-7.00",), (b"2026-10-02",)),
    "invoices": (INVOICES, (b"900.00",), (b"2026-10-02",)),
    "time": (TIME, (b"120.00",), (b"2026-10-02",)),
    "bookings": (BOOKINGS, (b"1900.00,950.00",), (b"2025-11-03",)),
    "stays": (STAYS, (b"740.00", b"22.20"), (b"2025-11-06", b"2025-11-10")),
    "rules": (RULES, (b",1,",), ()),
}
FAMILIES: dict[str, Callable[[], Iterator[bytes]]] = {
    "OFX 1.x": ofx_files,
    "OFX 2.x": xml_files,
    "QFX": qfx_files,
    "Stripe JSON": json_files,
    "beancount": beancount_files,
    "hledger": hledger_files,
    **{kind: functools.partial(table_files, *about) for kind, about in TABLES.items()},
}
ENDINGS = {"beancount": ".beancount", "hledger": ".journal"}


def test_there_are_hundreds_of_them() -> None:
    count = {kind: len(set(files())) for kind, files in FAMILIES.items()}
    assert sum(count.values()) >= 400
    assert min(count.values()) >= 12


@pytest.mark.parametrize("kind", FAMILIES)
def test_bad_files_bring_one_error_each_and_no_row(landers: dict[str, Land], kind: str) -> None:
    before, faults = everything(), []
    for number, data in enumerate(dict.fromkeys(FAMILIES[kind]())):
        name, begun = f"bad{number}{ENDINGS.get(kind, '')}", time.thread_time()
        try:
            landers[kind](data=data, name=name, by=None, at=AT)
        except FormatError as error:
            said = str(error)
            if (error.file, error.line > 0, bool(error.column), "\n" in said, len(said) < 700) != (
                name, True, True, False, True,
            ) or not said.startswith(f"{name} line {error.line}, column {error.column}: "):  # fmt: skip
                faults.append((number, data[:200], said))
        else:
            faults.append((number, data[-700:], "was taken"))
        if time.thread_time() - begun > 2:
            faults.append((number, data[:80], "took more than two seconds"))
    assert faults == []
    assert everything() == before


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
