"""The peers of `bench.posting`, in an environment of their own: ``python -m bench.books.peer migrate``, then in a copy
of that database ``bulk|one MANY``.

``PEER`` says which: django-hordak, whose triggers check each transaction on PostgreSQL, or django-ledger, which checks in
Python and knows no other way than one by one; its bulk is one transaction around all.
"""

import datetime as dt
import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.books.peer_settings"

import django
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Sum

from bench.books.entries import ACCOUNTS, Entry, serve

django.setup()

Do = Callable[[list[Entry]], None]
Check = Callable[[int], str]


def hordak(how: str) -> tuple[Do, Check]:
    """Return what django-hordak does."""
    from hordak.models import Account, Leg, Transaction  # noqa: PLC0415 - the other peer has none
    from moneyed import Money  # noqa: PLC0415

    accounts = [
        Account.objects.create(name=f"Account {number}", code=str(number), type=("AS", "IN")[number % 2], currencies=["USD"])
        for number in range(ACCOUNTS)
    ]  # fmt: skip

    def legs(transaction: Any, entry: Entry) -> list[Any]:
        amount = Money(Decimal(entry.cents) / 100, "USD")
        return [
            Leg(transaction=transaction, account=accounts[entry.debit], currency="USD", debit=amount),
            Leg(transaction=transaction, account=accounts[entry.credit], currency="USD", credit=amount),
        ]

    def bulk(asked: list[Entry]) -> None:
        with transaction.atomic():
            rows = Transaction.objects.bulk_create(
                [Transaction(date=entry.on, description=entry.memo) for entry in asked], batch_size=2000
            )
            Leg.objects.bulk_create(
                [leg for row, entry in zip(rows, asked, strict=True) for leg in legs(row, entry)],
                batch_size=2000,
            )

    def one(asked: list[Entry]) -> None:
        for entry in asked:
            with transaction.atomic():
                row = Transaction.objects.create(date=entry.on, description=entry.memo)
                for leg in legs(row, entry):
                    leg.save()

    def check(many: int) -> str:
        sides = Leg.objects.aggregate(debit=Sum("debit"), credit=Sum("credit"))
        count = Leg.objects.count()
        fine = count == 2 * many and sides["debit"] == sides["credit"]
        return "" if fine else f"{count} legs, {sides}"

    return (bulk if how == "bulk" else one), check


def django_ledger(how: str) -> tuple[Do, Check]:
    """Return what django-ledger does."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from django_ledger.models import EntityModel, TransactionModel  # noqa: PLC0415 - the other peer has none

    user = get_user_model().objects.create_user("bench", "bench@example.com")
    entity = EntityModel.create_entity(name="Bench", use_accrual_method=True, admin=user, fy_start_month=1)
    entity.create_chart_of_accounts(assign_as_default=True, commit=True, coa_name="chart")
    # It refuses entries whose roles it cannot map to one activity of the cash flow.
    roles = (("asset_ca_cash", "debit", 1), ("in_operational", "credit", 4))
    accounts = []
    for number in range(ACCOUNTS):
        role, side, digit = roles[number % 2]
        accounts.append(
            entity.create_account(
                code=f"{digit}{number:04d}", role=role, name=f"Account {number}", balance_type=side, active=True,
                coa_model=entity.default_coa,
            )
        )  # fmt: skip
    books = entity.create_ledger(name="main", posted=True)

    def post(asked: list[Entry]) -> None:
        with transaction.atomic() if how == "bulk" else nullcontext():
            for entry in asked:
                amount = Decimal(entry.cents) / 100
                books.commit_txs(
                    je_timestamp=dt.datetime.combine(entry.on, dt.time(12), tzinfo=dt.UTC),
                    je_posted=True,
                    je_desc=entry.memo,
                    je_txs=[
                        {"account": accounts[number], "amount": amount, "tx_type": side, "description": ""}
                        for number, side in ((entry.debit, "debit"), (entry.credit, "credit"))
                    ],
                )

    def check(many: int) -> str:
        sides = dict(
            TransactionModel.objects.order_by()
            .values_list("tx_type")
            .annotate(total=Sum("amount"))
            .values_list("tx_type", "total")
        )
        count = TransactionModel.objects.count()
        return (
            ""
            if count == 2 * many and sides["debit"] == sides["credit"]
            else f"{count} transactions, {sides}"
        )

    return post, check


def main() -> None:
    """Prepare, then do a round for each line."""
    if sys.argv[1] == "migrate":
        call_command("migrate", run_syncdb=True, verbosity=0)
        # SQLite then has all of it in one file.
        connection.close()
        return
    do, check = {"hordak": hordak, "django_ledger": django_ledger}[os.environ["PEER"]](sys.argv[1])
    serve(do, check, int(sys.argv[2]))


if __name__ == "__main__":
    main()
