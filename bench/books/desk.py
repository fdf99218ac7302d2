"""A process that holds invented books in Quarterdeck on one engine and makes statements of them when asked.

Each engine has a process of its own, for Django knows one database. The entries are posted by the ledger's own door, with
every guard on. Beside them stands a table of (account, month) filled from the postings, which the limit queries by hand.
"""

import datetime as dt
import multiprocessing
import os
import time
from collections import defaultdict
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench import lib
from bench.books import invented

AT = dt.datetime(2026, 11, 28, 22, 0, tzinfo=dt.UTC)
FIRST, LAST = 2023 * 12, 2025 * 12 + 11
BATCH = 20_000

# Account names to cents: by account and month for income and cost, by account for the others; credit and debit positive.
Totals = dict[str, dict[Any, int]]


class Desk:
    """One such process, seen from the benchmark."""

    def __init__(self, *, url: str, folder: Path, postings: int) -> None:
        """Start it and wait until its books are written."""
        # A process of its own, not a copy: it sets Django up for itself.
        here = multiprocessing.get_context("spawn")
        self._wire, theirs = here.Pipe()
        self._process = here.Process(target=_serve, args=(theirs, url, folder, postings))
        self._process.start()
        theirs.close()
        self.posting_seconds: float = self._wire.recv()

    def ask(self, what: str) -> Any:
        """Ask for ``ours`` or ``limit`` (seconds of one round), or for either's ``totals``."""
        self._wire.send(what)
        return self._wire.recv()

    def side(self, what: str) -> lib.Side:
        """Return a side of a case; what counts is the time inside the process."""
        return lambda: lib.Taken(self.ask(what))

    def close(self) -> None:
        """End the process."""
        self._wire.send("")
        self._process.join()


def _serve(wire: Connection, url: str, folder: Path, postings: int) -> None:
    if url:
        os.environ["DATABASE_URL"] = url
    else:
        os.environ.pop("DATABASE_URL", None)
    lib.django_for(folder, migrate=True)
    began = time.perf_counter()
    _post(postings)
    wire.send(time.perf_counter() - began)
    _prepare()
    does: dict[str, Callable[[], Any]] = {"ours": _ours, "limit": _limit}
    while what := wire.recv():
        if what.endswith(" totals"):
            which = what.partition(" ")[0]
            wire.send({"ours": _our_totals, "limit": _limit_totals}[which]())
        else:
            start = time.perf_counter()
            does[what]()
            wire.send(time.perf_counter() - start)
    wire.close()


def _post(postings: int) -> None:
    from portfolio.domain import ledger  # noqa: PLC0415  (after Django is set up)
    from portfolio.models import Account, AccountKind, AccountRole, Entity, EntrySource  # noqa: PLC0415

    roles = {
        AccountKind.ASSET: AccountRole.RECEIVABLE,
        AccountKind.LIABILITY: AccountRole.PAYABLE,
        AccountKind.EQUITY: AccountRole.CAPITAL,
        AccountKind.INCOME: AccountRole.REVENUE,
        AccountKind.EXPENSE: AccountRole.FIXED_COST,
    }
    entities = [
        Entity.objects.create(slug=f"e{number}", name=f"Business {number}", kind="charter")
        for number in range(1, invented.ENTITIES + 1)
    ]
    accounts = Account.objects.bulk_create(
        Account(
            entity=entities[holder.entity - 1],
            code=holder.code,
            name=holder.name,
            kind=holder.kind,
            role=AccountRole.CASH if holder.name.endswith("Ass01") else roles[AccountKind(holder.kind)],
        )
        for holder in invented.accounts()
    )
    drafts: dict[int, list[ledger.Draft]] = defaultdict(list)
    for entry in invented.entries(postings):
        lines = tuple(ledger.Line(accounts[number], cents) for number, cents in entry.lines)
        waiting = drafts[entry.entity]
        waiting.append(ledger.Draft(entry.on, entry.memo, lines, EntrySource.MANUAL))
        if len(waiting) == BATCH:
            ledger.post_many(entity=entities[entry.entity - 1], drafts=waiting, at=AT)
            waiting.clear()
    for number, rest in drafts.items():
        ledger.post_many(entity=entities[number - 1], drafts=rest, at=AT)


def _prepare() -> None:
    """Fill the limit's table from the postings, and let the database know its tables."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_balance (account_id bigint, month integer, debit bigint, credit bigint, "
            "PRIMARY KEY (account_id, month))"
        )
        cursor.execute(
            "INSERT INTO bench_balance SELECT account_id, month, "
            "SUM(CASE WHEN amount_minor > 0 THEN amount_minor ELSE 0 END), "
            "SUM(CASE WHEN amount_minor < 0 THEN -amount_minor ELSE 0 END) FROM portfolio_posting GROUP BY 1, 2"
        )
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")


def _ours() -> Any:
    from portfolio.domain import statements  # noqa: PLC0415
    from portfolio.models import Entity  # noqa: PLC0415

    return statements.three(entities=list(Entity.objects.all()), first=FIRST, last=LAST)


def _our_totals() -> Totals:
    group = _ours()
    found = group.together
    for number, month in enumerate(range(FIRST, LAST + 1)):
        if found.income.result[number] != sum(own.income.result[number] for own in group.each.values()):
            raise ValueError(f"The entities' results of month {month} are not the result of all together.")
    if any(own.trial.debit_minor != own.trial.credit_minor for own in group.each.values()):
        raise ValueError("The trial balance of an entity does not balance.")
    income = {
        (row.name, FIRST + at): amount
        for section, sign in (
            (found.income.revenue, 1),
            (found.income.direct_cost, -1),
            (found.income.fixed_cost, -1),
            *found.income.below,
        )
        for row in section.rows
        for at, amount in enumerate(sign * amount for amount in row.amounts)
        if amount
    }
    balance = {
        row.name: sign * row.amounts[-1]
        for section, sign in (
            (found.balance.assets, 1),
            (found.balance.liabilities, -1),
            (found.balance.equity, -1),
        )
        for row in section.rows
        if row.amounts[-1]
    }
    trial = {row.name: row.debit_minor - row.credit_minor for row in found.trial.rows}
    if found.income.result != tuple(
        sum(amount for (_, at), amount in income.items() if at == month) for month in range(FIRST, LAST + 1)
    ):
        raise ValueError("The results of our income statement are not the sum of its rows.")
    return {"income": income, "balance": balance, "trial": trial}


def _rows() -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    from django.db import connection  # noqa: PLC0415

    connection.ensure_connection()
    cursor = connection.connection.cursor()
    accounts = cursor.execute("SELECT id, entity_id, kind, name FROM portfolio_account").fetchall()
    return accounts, cursor.execute("SELECT account_id, month, debit, credit FROM bench_balance").fetchall()


def _limit() -> tuple[dict[Any, int], dict[Any, int], dict[Any, int], dict[Any, int]]:
    """Read the balances by hand and fold them into the three statements, as plainly as that can be done."""
    accounts, rows = _rows()
    kinds = {pk: (entity, kind) for pk, entity, kind, _ in accounts}
    lines: dict[Any, int] = {}
    income: dict[Any, int] = defaultdict(int)
    balance: dict[Any, int] = defaultdict(int)
    trial: dict[Any, int] = defaultdict(int)
    for account, month, debit, credit in rows:
        entity, kind = kinds[account]
        trial[account] += debit - credit
        if kind in ("income", "expense"):
            lines[account, month] = credit - debit
            income[entity, month] += credit - debit
        else:
            balance[account] += debit - credit
    return lines, income, balance, trial


def _limit_totals() -> Totals:
    accounts, _ = _rows()
    names = {row[0]: row[3] for row in accounts}
    lines, _, balance, trial = _limit()
    return {
        "income": {(names[pk], month): cents for (pk, month), cents in lines.items() if cents},
        "balance": {names[pk]: cents for pk, cents in balance.items() if cents},
        "trial": {names[pk]: cents for pk, cents in trial.items() if cents},
    }
