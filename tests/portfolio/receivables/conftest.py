"""A small agency with clients, a contract and a bank account."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from portfolio.domain.receivables import clients, invoices, payments
from portfolio.domain.receivables.clients import Particulars
from portfolio.domain.receivables.invoices import LineSaid
from portfolio.models import Account, BillingModel, Client, ClientContract, ContractState, Invoice, Payment
from tests import standing
from tests.portfolio.conftest import Books, open_books

AT = dt.datetime(2026, 11, 10, 18, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 10)


def day(text: str) -> dt.date:
    """Return ``11-03`` of 2026."""
    month, number = text.split("-")
    return dt.date(2026, int(month), int(number))


@dataclass
class Office:
    """An entity's books and one client, with the shortest way to every document."""

    books: Books
    client: Client
    contract: ClientContract

    def account(self, code: str) -> Account:
        return Account.objects.get(entity=self.books.entity, code=code)

    def line(self, minor: int = 100_000, **more: Any) -> LineSaid:
        return LineSaid("Work", minor, more.pop("account", None) or self.account("4000"), **more)

    def draft(self, minor: int = 100_000, *, client: Client | None = None, **more: Any) -> Invoice:
        return invoices.draft(client=client or self.client, lines=[self.line(minor, **more)], by=None, at=AT)

    def issued(
        self, minor: int = 100_000, on: str = "11-01", *, client: Client | None = None, **more: Any
    ) -> Invoice:
        draft = self.draft(minor, client=client, **more)
        return invoices.issue(invoice=draft, on=day(on), today=TODAY, by=None, at=AT)

    def pay(self, minor: int, on: str = "11-05", **more: Any) -> Payment:
        fields = {"client": self.client, "reference": "Check", "to": None, **more}
        return payments.take(
            entity=self.books.entity, on=day(on), amount_minor=minor, cash_account=self.account("1010"), by=None, at=AT,
            **fields,
        )  # fmt: skip

    def balances(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for account in Account.objects.filter(entity=self.books.entity):
            total = sum(row.debit_minor - row.credit_minor for row in account.balances.all())
            if total:
                found[account.code] = total
        return found


def open_office(slug: str = "dc") -> Office:
    """Return an agency with one hourly client."""
    books = open_books(slug, "Dockside")
    client = clients.add(
        entity=books.entity,
        particulars=Particulars("Harbor Dental", "harbor@example.com", "1 Main St"),
        by=None,
        at=AT,
    )
    contract = ClientContract.objects.create(
        entity=books.entity,
        client=client,
        state=ContractState.SIGNED,
        billing_model=BillingModel.HOURLY,
        rate_minor=9_500,
    )
    return Office(books, client, contract)


@standing.fixture
def office() -> Office:
    return open_office()
