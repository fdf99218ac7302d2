"""Files of one kind that overlap, land again or come in any order: every row exactly once, whatever the format."""

import functools
import json
from collections.abc import Callable, Iterable

import pytest
from django.db import transaction

from portfolio.domain import exports, intake, journals
from portfolio.domain.receivables import work
from portfolio.domain.receivables.landing import land_invoices
from portfolio.domain.stripe import landing as stripe
from portfolio.models import Booking, ImportedLine, Invoice, JournalEntry, MonthlyBalance, WorkEntry
from tests.factories.portfolio import ClientFactory, ContractFactory
from tests.portfolio.conftest import AT, Books, open_books

pytestmark = [pytest.mark.once, pytest.mark.django_db]

Rows = Iterable[int]


def bank(rows: Rows) -> str:
    # Two lines of a day that say the same are two.
    return "Date,Description,Amount\n" + "".join(
        f"2026-10-0{n},DOCK {n},-{n}.00\n2026-10-0{n},ICE,-2.00\n2026-10-0{n},ICE,-2.00\n" for n in rows
    )


def ofx(
    rows: Rows, head: str = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n", end: str = "", fitid: bool = True
) -> str:
    def leaf(tag: str, value: object) -> str:
        return f"<{tag}>{value}" + (f"</{tag}>" if end else "") + "\n"

    def line(n: int, again: int) -> str:
        named = leaf("FITID", f"F{n}{again}") if fitid else ""
        return f"<STMTTRN>{leaf('DTPOSTED', f'2026100{n}')}{leaf('TRNAMT', f'-{n}.00')}{named}{leaf('NAME', 'DOCK')}</STMTTRN>"

    account = f"<BANKACCTFROM>{leaf('BANKID', 1)}{leaf('ACCTID', 1234)}</BANKACCTFROM>"
    lines = "".join(line(n, again) for n in rows for again in (1, 2))
    return (
        f"{head}\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS>{leaf('CURDEF', 'USD')}{account}<BANKTRANLIST>{lines}"
        "</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )


def card(rows: Rows) -> str:
    return "id,Type,Amount,Fee,Net,Currency,Created (UTC)\n" + "".join(
        f"txn_{n},charge,{n}.00,0.50,{n - 0.5:.2f},usd,2026-10-0{n} 20:00\n" for n in rows
    )


def card_json(rows: Rows) -> str:
    told = [
        {"id": f"txn_{n}", "type": "charge", "amount": n * 100, "fee": 50, "net": n * 100 - 50, "currency": "usd",
         "created": 1_791_000_000 + n * 86_400, "available_on": 1_792_000_000, "description": "Sail"}
        for n in rows
    ]  # fmt: skip
    return json.dumps({"object": "list", "data": told})


def beancount(rows: Rows) -> str:
    return "2026-01-01 open Assets:1010-Bank USD\n" + "".join(
        f'2026-10-0{n} * "Dock"\n  Expenses:6100-Dock  {n}.00 USD\n  Assets:1010-Bank\n\n' * 2 for n in rows
    )


def hledger(rows: Rows) -> str:
    return "".join(
        f"2026-10-0{n} Dock\n    Expenses:6100-Dock  {n}.00 USD\n    Assets:1010-Bank\n\n" * 2 for n in rows
    )


def invoices(rows: Rows) -> str:
    return "entity,number,client,issued_on,terms_days,amount,paid_on\n" + "".join(
        f"qos,DC-{n},Cove,2026-10-0{n},30,{n}00.00,\n" for n in rows
    )


def time(rows: Rows) -> str:
    return "on,client,contract,minutes,who,description,billable,rate\n" + "".join(
        f"2026-10-0{n},Cove,,{n}0,Jo,Form,yes,120.00\n" * 2 for n in rows
    )


def stays(rows: Rows) -> str:
    return "entity,reference,check_in,check_out,channel,gross,fee,cleaning,payout,paid\n" + "".join(
        f"qos,RS-{n},2026-10-0{n},2026-10-1{n},VRBO,{n}00.00,10.00,0.00,{n * 100 - 10}.00,yes\n" for n in rows
    )


XML = '<?xml version="1.0"?><?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE"?>'
FORMATS: dict[str, tuple[Callable[[Rows], str], str]] = {
    "bank CSV": (bank, "b.csv"),
    "OFX 1.x": (ofx, "b.ofx"),
    "OFX 2.x": (functools.partial(ofx, head=XML, end="/"), "b.ofx"),
    "QFX without ids": (functools.partial(ofx, fitid=False), "b.qfx"),
    "Stripe CSV": (card, "s.csv"),
    "Stripe JSON": (card_json, "s.json"),
    "beancount": (beancount, "j.beancount"),
    "hledger": (hledger, "j.journal"),
    "invoices": (invoices, "i.csv"),
    "time": (time, "t.csv"),
    "stays": (stays, "r.csv"),
}


def lander(kind: str, books: Books) -> Callable[..., object]:
    of = books.entity
    if kind.startswith(("OFX", "QFX")):
        return functools.partial(intake.land_ofx, entity=of, account=books.accounts["1010"])
    if kind == "time":
        ContractFactory(entity=of, client=ClientFactory(entity=of, name="Cove"))
        return functools.partial(work.land_time, entity=of, today=AT.date())
    if kind in ("invoices", "stays"):
        return {"invoices": land_invoices, "stays": exports.land_stays}[kind]
    if kind == "bank CSV":
        return functools.partial(intake.land_bank, entity=of)
    if kind.startswith("Stripe"):
        return functools.partial(stripe.land_file, entity=of)
    return functools.partial(journals.land_journal, entity=of)


def told(books: Books) -> tuple[object, ...]:
    """Return what the books say, and how many records of each kind there are."""
    of = books.entity
    return (
        sorted(
            (row.account.code, row.month, row.debit_minor, row.credit_minor)
            for row in MonthlyBalance.objects.filter(account__entity=of).select_related("account")
        ),
        *(
            model.objects.filter(entity=of).count()
            for model in (JournalEntry, ImportedLine, Invoice, Booking)
        ),
        WorkEntry.objects.filter(contract__entity=of).count(),
    )


@pytest.mark.parametrize("kind", FORMATS)
def test_overlapping_files_make_the_books_of_the_whole_one(kind: str) -> None:
    write, name = FORMATS[kind]
    books = open_books()
    land = lander(kind, books)
    with transaction.atomic():
        land(data=write(range(1, 8)).encode(), name=name, by=None, at=AT)
        expected = told(books)
        transaction.set_rollback(True)
    assert any(expected[1:])
    for rows in (range(3, 6), range(1, 5), range(4, 8), range(3, 6), range(1, 8), range(1, 8)):
        land(data=write(rows).encode(), name=name, by=None, at=AT)
    assert told(books) == expected
