"""Money that a statement told of before somebody recorded it is posted once, whatever the deed."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from portfolio.domain import crew_pay, ledger, rules, tax, told
from portfolio.domain.payables import bills, vendors
from portfolio.domain.receivables import clients, invoices, payments
from portfolio.domain.receivables.clients import Particulars
from portfolio.domain.receivables.invoices import LineSaid
from portfolio.models import (
    Account,
    AccountRole,
    Bill,
    Direction,
    EntrySource,
    ImportedLine,
    ImportKind,
    JournalEntry,
    TaxKind,
)
from tests.portfolio.conftest import AT, Books
from tests.portfolio.web.conftest import World, world  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db

ON = dt.date(2026, 11, 5)
QUERIES = 11
Deed = Callable[..., Any]


def a_line(books: Books, minor: int, against: str | None = "4900", words: str = "ACH 8841") -> ImportedLine:
    """Return a bank line as landing leaves it: posted against an account, or waiting."""
    entry = None
    if against is not None:
        entry = ledger.post(
            entity=books.entity, on=ON, memo=words, lines=[books.line("1010", minor), books.line(against, -minor)],
            source=EntrySource.BANK, external_id=f"bank:{words}", at=AT,
        )  # fmt: skip
    return ImportedLine.objects.create(
        entity=books.entity, kind=ImportKind.BANK_CSV, external_id=f"bank:{words}", line=1, on=ON, amount_minor=minor,
        description=words, entry=entry, waits=entry is None, account=books.accounts["1010"],
    )  # fmt: skip


def second(books: Books) -> Account:
    """Return another bank account than the statement's."""
    return Account.objects.get_or_create(
        entity=books.entity, code="1020", name="Savings", kind="asset", role=AccountRole.CASH
    )[0]


def a_payment(books: Books) -> tuple[Deed, int, str]:
    client = clients.add(entity=books.entity, particulars=Particulars("Harbor Dental"), by=None, at=AT)
    draft = invoices.draft(
        client=client, lines=[LineSaid("Work", 50_000, books.accounts["4000"])], by=None, at=AT
    )
    invoices.issue(invoice=draft, on=dt.date(2026, 11, 1), today=ON, by=None, at=AT)
    return (
        lambda **more: payments.take(
            entity=books.entity, client=client, on=dt.date(2026, 11, 6), amount_minor=50_000,
            cash_account=second(books), reference="", by=None, at=AT, **more,
        ),
        50_000, "1200",
    )  # fmt: skip


def a_bill(books: Books) -> tuple[Deed, int, str]:
    vendor = vendors.add(
        entity=books.entity, terms=vendors.VendorTerms(name="Harbour rigging"), by=None, at=AT
    )
    bill = bills.enter(
        vendor=vendor, reference="R-1", issued_on=dt.date(2026, 10, 5), due_on=dt.date(2026, 11, 4),
        lines=[bills.LineDraft(books.accounts["6300"], 50_000)], by=None, at=AT,
    )  # fmt: skip
    return (
        lambda **more: bills.pay(
            bill=bill, on=dt.date(2026, 11, 6), amount_minor=50_000, account=second(books), by=None, at=AT,
            **more,
        ),
        -50_000, "2000",
    )  # fmt: skip


def a_remittance(books: Books) -> tuple[Deed, int, str]:
    ledger.post(
        entity=books.entity, on=dt.date(2026, 10, 20), memo="Set aside",
        lines=[books.line("4000", 50_000), ledger.Line(books.accounts["2400"], -50_000, None, tax.memo_of(TaxKind.SALES))],
        source=EntrySource.MANUAL, at=AT,
    )  # fmt: skip
    return (
        lambda **more: tax.remit(
            entity=books.entity, kind=TaxKind.SALES, amount_minor=50_000, on=dt.date(2026, 11, 6),
            cash_account=second(books), by=None, at=AT, **more,
        ),
        -50_000, "2400",
    )  # fmt: skip


def a_wage(books: Books) -> tuple[Deed, int, str]:
    crew_pay.accrue(
        entity=books.entity, key="position:1", person="Ana Reyes", person_key="7", on=dt.date(2026, 10, 20),
        amount_minor=50_000, booking=None, by=None, at=AT,
    )  # fmt: skip

    def pay(line: ImportedLine | None = None, **more: Any) -> object:
        return crew_pay.pay(
            entity=books.entity, keys=["position:1"], on=dt.date(2026, 11, 6), cash_account=second(books),
            told_by=[line] if line else [], by=None, at=AT, **more,
        )  # fmt: skip

    return pay, -50_000, "2050"


def balances(books: Books, *codes: str) -> list[int]:
    sums = []
    for code in codes:
        rows = books.accounts[code].balances.all()
        sums.append(sum(row.debit_minor - row.credit_minor for row in rows))
    return sums


@pytest.mark.parametrize("deed", [a_payment, a_bill, a_remittance, a_wage])
@pytest.mark.parametrize("landed", ["uncategorised", "by a rule", "waiting"])
def test_a_deed_asks_for_the_line_that_told_of_it_and_posts_the_money_once(
    books: Books, deed: Callable[[Books], tuple[Deed, int, str]], landed: str
) -> None:
    do, minor, settles = deed(books)
    nowhere = "4900" if minor > 0 else "6900"
    line = a_line(books, minor, {"uncategorised": nowhere, "by a rule": settles, "waiting": None}[landed])

    with pytest.raises(told.ToldError, match="ACH 8841") as refused:
        do()
    assert refused.value.lines == (line,)
    do(line=line)

    assert balances(books, "1010", nowhere, settles) == [minor, 0, 0]
    line.refresh_from_db()
    assert line.entry is not None
    assert not line.waits
    assert not told.unexplained(entity=books.entity).exists()
    moving = JournalEntry.objects.filter(postings__account=books.accounts["1010"], reversed_by=None).exclude(
        source=EntrySource.REVERSAL
    )
    assert [line.entry] == list(moving) or landed == "by a rule"


def test_other_money_than_the_line_near_it_is_said_to_be_so(books: Books) -> None:
    do, minor, _ = a_bill(books)
    a_line(books, minor, "6900")
    do(apart=True)
    assert balances(books, "1010", "6900") == [-50_000, 50_000]
    assert JournalEntry.objects.filter(postings__account__code="1020").count() == 1


def test_a_line_that_a_rule_moved_or_whose_entry_was_reversed_is_no_payment(books: Books) -> None:
    do, minor, _ = a_payment(books)
    moved, undone = a_line(books, minor, words="RENT 1"), a_line(books, minor, words="CHECK 2")
    rule = rules.save(
        entity=books.entity,
        terms=rules.RuleTerms("RENT", books.accounts["4000"], Direction.IN),
        by=None,
        at=AT,
    )
    rules.recategorise(rule=rule, by=None, at=AT)
    assert undone.entry is not None
    ledger.reverse(entry=undone.entry, on=ON, reason="Came back", by=None, at=AT)

    with pytest.raises(told.ToldError, match="A rule has moved"):
        do(line=moved)
    with pytest.raises(told.ToldError, match="something else"):
        do(line=undone)
    do()
    assert balances(books, "1010", "1200") == [50_000, 0]


def test_the_page_of_unexplained_lines_leads_to_what_each_pays(
    world: World,  # noqa: F811
    django_assert_num_queries: Any,
) -> None:
    books = Books(
        world.mine.entity, {row.code: row for row in Account.objects.filter(entity=world.mine.entity)}
    )
    a_payment(books)
    a_bill(books)
    came = a_line(books, 50_000, "4900", "ACH HARBOR DENTAL")
    went = a_line(books, -50_000, "6900", "CHECK 117")
    client = world.client("bookkeeper")

    with django_assert_num_queries(QUERIES):
        page = client.get("/portfolio/entities/qos/bank/unexplained/")
    for number in range(12):
        a_line(books, 50_000, "4900", f"ACH {number}")
    with django_assert_num_queries(QUERIES):
        client.get("/portfolio/entities/qos/bank/unexplained/")
    found = {line: [url for *_, url in offered] for line, offered, _ in page.context["rows"]}
    for line, at_least in ((came, "/pay/?line="), (went, "/portfolio/bills/")):
        form = client.get(next(url for url in found[line] if at_least in url).partition("#")[0]).context[
            "form"
        ]
        assert form["line"].value() == str(line.pk)
        assert form.initial["amount"] == 50_000

    bill = Bill.objects.get(reference="R-1")
    typed = {"amount": "500.00", "on": "2026-11-05", "account": books.accounts["1010"].pk, "key": "k"}
    asked = client.post(f"/portfolio/bills/{bill.pk}/pay/", typed)
    assert asked.status_code == 422
    assert "CHECK 117" in asked.content.decode()
    paid = client.post(f"/portfolio/bills/{bill.pk}/pay/", {**typed, "line": went.pk})
    assert (paid.status_code, balances(books, "6900")) == (302, [0])
