"""The worst files that fit the limits of size: refused in little time and memory, each in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = [pytest.mark.full, pytest.mark.once]

MANY = 99_999
OFX_HEAD = b"<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>12</BANKACCTFROM><BANKTRANLIST>\n"
OFX_TAIL = b"</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"


def rows(head: bytes, row: bytes, last: bytes = b"", many: int = MANY) -> bytes:
    return head + b"".join(row % {b"n": n} for n in range(many)) + last


def csv(last: bytes, many: int = MANY) -> bytes:
    return rows(b"Date,Description,Amount\n", b"2026-10-01,LINE %(n)d,-1.00\n", last, many)


def ofx(last: bytes, many: int = MANY) -> bytes:
    row = b"<STMTTRN>\n<TRNTYPE>DEBIT\n<DTPOSTED>20261001\n<TRNAMT>-1.00\n<FITID>%(n)d\n<NAME>LINE\n</STMTTRN>\n"
    return rows(OFX_HEAD, row, last + OFX_TAIL, many)


def balance(last: bytes, many: int = MANY) -> bytes:
    head = b"id,Type,Source,Amount,Fee,Net,Currency,Created (UTC)\n"
    return rows(head, b"txn_%(n)d,charge,ch_%(n)d,10.00,0.59,9.41,usd,2026-10-01 10:00\n", last, many)


def api(last: bytes, many: int = 85_000) -> bytes:
    row = (
        b'{"id":"txn_%(n)d","object":"balance_transaction","amount":1000,"fee":59,"net":941,"currency":"usd","type":'
        b'"charge","created":1790000000,"available_on":1790100000,"description":"Sail","source":"ch_%(n)d"},'
    )
    return rows(b'{"object":"list","data":[', row, last + b"]}", many)


def beancount(last: bytes, many: int = MANY) -> bytes:
    head = b"2026-01-01 open Assets:Bank USD\n2026-01-01 open Expenses:Dock USD\n"
    row = b'\n2026-10-01 * "Dock at the harbour %(n)d"\n  id: "other/%(n)d"\n  Expenses:Dock  1.00 USD\n  Assets:Bank\n'
    return rows(head, row, last, many)


def hledger(last: bytes, many: int = MANY) -> bytes:
    return rows(b"", b"2026-10-01 Dock %(n)d\n    Expenses:Dock  1.00 USD\n    Assets:Bank\n\n", last, many)


def invoices(last: bytes, many: int = MANY) -> bytes:
    head = b"entity,number,client,issued_on,terms_days,amount,paid_on\n"
    return rows(head, b"qos,X-%(n)d,Cove,2026-10-02,30,7.00,\n", last, many)


WORST: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a statement too long": ("csv", lambda: csv(b"", 100_001)),
    "20 MB of statement": ("csv", lambda: csv(b"", 700_000)[:19_900_000]),
    "a fault in the last line": ("csv", lambda: csv(b"2026-02-30,x,-1.00\n")),
    "one field of 19 MB": ("csv", lambda: csv(b"2026-10-01," + b"x" * 19_000_000 + b",-1.00\n", 1)),
    "a header of millions of columns": ("csv", lambda: b"a," * 9_000_000 + b"\n"),
    "a row of millions of cells": ("csv", lambda: csv(b"," * 19_000_000, 1)),
    "a quote that opens and never closes": ("csv", lambda: csv(b'2026-10-01,"' + b"x,\n" * 6_000_000, 1)),
    "cells on lines of their own": ("csv", lambda: csv(b'"\n",' * 4_000_000, 1)),
    "OFX too long": ("ofx", lambda: ofx(b"", 140_000)),
    "OFX with a fault at its end": (
        "ofx",
        lambda: ofx(b"<STMTTRN><DTPOSTED>20260230<TRNAMT>1<FITID>x</STMTTRN>"),
    ),
    "OFX of millions of tags": ("ofx", lambda: OFX_HEAD + b"<A>\n" * 4_900_000),
    "OFX of entities": ("ofx", lambda: OFX_HEAD + b"<STMTTRN><NAME>" + b"&amp;" * 3_800_000 + OFX_TAIL),
    "a history too long": ("stripe", lambda: balance(b"", 100_001)),
    "a history with a fault at its end": ("stripe", lambda: balance(b"txn_x,charge,ch,1,1,1,usd,x\n")),
    "JSON with a fault at its end": ("json", lambda: api(b'{"id":"txn_x","amount":1.5}')),
    "JSON of millions of objects": ("json", lambda: b"[" + b"{}," * 3_300_000 + b"{}]"),
    "JSON of one object of 10 MB": ("json", lambda: b'[{"id":[' + b"[]," * 3_300_000 + b"[]]}]"),
    "JSON of one object of many names": ("json", lambda: b"{" + b'"a":1,' * 1_700_000 + b'"a":1}'),
    "JSON 5 million deep": ("json", lambda: b"[" * 5_000_000),
    "beancount too long": ("beancount", lambda: beancount(b"", 100_001)),
    "beancount with a fault at its end": (
        "beancount",
        lambda: beancount(b"2026-10-02 balance Assets:Bank 7 USD\n"),
    ),
    "hledger with a fault at its end": ("hledger", lambda: hledger(b"nonsense\n")),
    "millions of comments": ("hledger", lambda: b"; x\n" * 4_900_000),
    "invoices with a fault at their end": ("invoices", lambda: invoices(b"qos,X,Cove,2026-02-30,30,7.00,\n")),
}
# Read to their last line before they are refused, which takes as long as reading them.
SLOWER = 4


@pytest.mark.parametrize("what", WORST)
def test_the_worst_files_take_little_time_and_memory(what: str, tmp_path: Path) -> None:
    kind, make = WORST[what]
    path = tmp_path / "file"
    path.write_bytes(make())
    told = subprocess.run(
        [sys.executable, "-m", "tests.portfolio.formats.measured", kind, path], cwd=settings.BASE_DIR, check=True,
        capture_output=True, env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
    )  # fmt: skip
    found = json.loads(told.stdout)
    assert found["said"].startswith("f line "), found
    assert ", column " in found["said"], found
    assert found["megabytes"] <= 200, found
    assert found["seconds"] <= (SLOWER if "end" in what or "comments" in what else 2), found
