"""Our side of `bench.posting`, and its limit: the same rows in the same tables by the ORM, without any guard.

``python -m bench.books.ours migrate`` makes the database, another process works in a copy of it: ``ours|bare bulk|one MANY``,
or ``csv FILE``, which lands a bank's file once and tells its memory.
"""

import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from bench import lib
from bench.books.entries import ACCOUNTS, Entry, serve

lib.django_for(Path(os.environ["DATA_DIR"]), migrate=sys.argv[1] == "migrate")

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Sum  # noqa: E402

from core import clock  # noqa: E402
from portfolio.domain import chart, ledger  # noqa: E402
from portfolio.models import (  # noqa: E402
    Entity,
    EntityKind,
    EntrySource,
    EntryState,
    JournalEntry,
    MonthlyBalance,
    Posting,
)


def main() -> None:
    """Prepare the books, then do what is asked."""
    if sys.argv[1] == "migrate":
        # SQLite then has all of it in one file.
        connection.close()
        return
    entity = Entity.objects.create(slug="qos", name="Queen", kind=EntityKind.CHARTER)
    accounts = list(chart.open_chart(entity=entity).values())[:ACCOUNTS]
    if sys.argv[1] == "csv":
        began = time.perf_counter()
        call_command("import_statement", "qos", sys.argv[2], kind="bank_csv")
        taken = time.perf_counter() - began
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(
            f"landed {JournalEntry.objects.filter(state=EntryState.POSTED).count()} {taken} {kilobytes}",
            flush=True,
        )
        return
    side, how, many = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if side == "bare":
        _drop_guards()
    do = {
        ("ours", "bulk"): _post_many,
        ("ours", "one"): _post,
        ("bare", "bulk"): _bulk_create,
        ("bare", "one"): _create,
    }
    serve(
        lambda asked: do[side, how](entity, accounts, asked),
        _check if side == "ours" else _check_postings,
        many,
    )


def _post_many(entity: Entity, accounts: list[Any], asked: list[Entry]) -> None:
    drafts = [
        ledger.Draft(
            entry.on, entry.memo,
            (ledger.Line(accounts[entry.debit], entry.cents), ledger.Line(accounts[entry.credit], -entry.cents)),
            EntrySource.BANK, entry.key, "bank.csv",
        )
        for entry in asked
    ]  # fmt: skip
    ledger.post_many(entity=entity, drafts=drafts, at=clock.now())


def _post(entity: Entity, accounts: list[Any], asked: list[Entry]) -> None:
    for entry in asked:
        ledger.post(
            entity=entity, on=entry.on, memo=entry.memo,
            lines=(ledger.Line(accounts[entry.debit], entry.cents), ledger.Line(accounts[entry.credit], -entry.cents)),
            source=EntrySource.BANK, external_id=entry.key, origin="bank.csv", at=clock.now(),
        )  # fmt: skip


def _row(entity: Entity, entry: Entry) -> JournalEntry:
    return JournalEntry(
        entity=entity, on=entry.on, month=entry.on.year * 12 + entry.on.month - 1, memo=entry.memo,
        source=EntrySource.BANK, external_id=entry.key, origin="bank.csv", body_hash="0" * 64, posted_at=clock.now(),
        chain_hash="0" * 64,
    )  # fmt: skip


def _lines(accounts: list[Any], row: JournalEntry, entry: Entry) -> list[Posting]:
    return [
        Posting(entry=row, account=accounts[account], month=row.month, amount_minor=amount)
        for account, amount in ((entry.debit, entry.cents), (entry.credit, -entry.cents))
    ]


def _bulk_create(entity: Entity, accounts: list[Any], asked: list[Entry]) -> None:
    with transaction.atomic():
        rows = JournalEntry.objects.bulk_create([_row(entity, entry) for entry in asked])
        Posting.objects.bulk_create(
            [line for row, entry in zip(rows, asked, strict=True) for line in _lines(accounts, row, entry)]
        )


def _create(entity: Entity, accounts: list[Any], asked: list[Entry]) -> None:
    for entry in asked:
        with transaction.atomic():
            row = _row(entity, entry)
            row.save()
            for line in _lines(accounts, row, entry):
                line.save()


def _check_postings(many: int) -> str:
    total = Posting.objects.aggregate(total=Sum("amount_minor"))["total"]
    count = Posting.objects.count()
    return "" if (total, count) == (0, 2 * many) else f"{count} postings add up to {total}"


def _check(many: int) -> str:
    posted = JournalEntry.objects.filter(state=EntryState.POSTED, number__lte=many).count()
    sides = MonthlyBalance.objects.aggregate(debit=Sum("debit_minor"), credit=Sum("credit_minor"))
    if posted != many or sides["debit"] != sides["credit"]:
        return f"{posted} entries are posted, and the trial balance is {sides}"
    return _check_postings(many)


def _drop_guards() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            return
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")


if __name__ == "__main__":
    main()
