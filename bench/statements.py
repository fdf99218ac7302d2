"""How long the three statements of seven businesses take, from the first query to the finished statements, without HTML.

Income statement and balance sheet by month over three years and the trial balance, for each business and for all together
(`portfolio.domain.statements.three`), on both engines, at three sizes. The limit reads a table of balances by account and
month with a query by hand and folds it into the totals of the same statements, no more. The peers read the same postings
from a journal: ledger-cli beside PostgreSQL, hledger beside SQLite. Every side's statements are compared account by
account and month by month before anything is timed. The last cases hold the largest books beside the smallest.
"""

import contextlib
import csv
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench import lib
from bench.books import invented
from bench.books.desk import Desk, Totals

DEBIAN_PACKAGES = ["postgresql", "ledger", "hledger"]

SIZES = {lib.Size.QUICK: (10_000,), lib.Size.STANDARD: (10_000, 100_000, 1_000_000)}
# What is promised at a million postings, and from ten thousand to a million.
FROM_LIMIT, BETTER, GROWTH = 3.0, 300.0, 1.2
_AMOUNT = re.compile(r"(-?)([0-9]+)\.([0-9]{2}) USD")
_CREDIT = ("Liabilities", "Equity")
_ACCOUNTS = tuple(f"{word}:" for _, word, _ in invented.KINDS)


class UnlikeError(Exception):
    """Two sides made different statements, or a promise was not kept."""


def cases(size: lib.Size) -> Iterator[lib.Case]:
    """Yield a case for each size and engine, then how both grew."""
    sys.path.insert(0, str(lib.HERE.parent / "bin"))
    import testing  # noqa: PLC0415  (how the tests start their server)

    with contextlib.ExitStack() as stack:
        url = stack.enter_context(testing.postgresql())
        if url:
            lib.note("PostgreSQL runs as for the tests, without fsync, for ours and the limit alike")
        else:
            lib.note("PostgreSQL could not be started here, so it was not measured")
        smallest: dict[str, Desk] = {}
        for postings in SIZES.get(size, SIZES[lib.Size.STANDARD]):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            journal = folder / "books.journal"
            invented.write_journal(journal, postings)
            engines = {"": "postgresql"} if url else {}
            for suffix, engine in {**engines, " sqlite": "sqlite"}.items():
                where = _database(url, postings) if engine == "postgresql" else ""
                (folder / engine).mkdir()
                desk = Desk(url=where, folder=folder / engine, postings=postings)
                stack.callback(desk.close)
                lib.note(f"{postings:,} postings were posted to {engine} in {desk.posting_seconds:.1f} s")
                program = "ledger" if engine == "postgresql" else "hledger"
                yield _case(f"{postings}{suffix}", desk, program, journal, postings)
                if engine in smallest:
                    if postings >= 1_000_000:
                        yield lib.Case(
                            name=f"growth {engine}",
                            unit="ms",
                            n=postings,
                            ours=desk.side("ours"),
                            limit=smallest[engine].side("ours"),
                            rounds=40,
                        )
                else:
                    smallest[engine] = desk


def judge(outcomes: Sequence[lib.Outcome]) -> None:
    """Hold the largest books against what is promised.

    Raises:
        UnlikeError: a promise was not kept.
    """
    missed = []
    for outcome in outcomes:
        far, better = outcome.times_from_limit or 0.0, outcome.times_better_than_peer
        if outcome.case.startswith("growth"):
            if far > GROWTH:
                missed.append(f"{outcome.case} is {far:.2f}×, and {GROWTH}× is promised")
        elif outcome.n >= 1_000_000:
            if far > FROM_LIMIT:
                missed.append(f"{outcome.case} is {far:.2f}× its limit, and {FROM_LIMIT}× is promised")
            if better is not None and better < BETTER:
                missed.append(
                    f"{outcome.case} beats its peer {better:.0f} times, and {BETTER:.0f} is promised"
                )
    if missed:
        raise UnlikeError("; ".join(missed) + ".")


def _database(url: str, postings: int) -> str:
    """Make an empty database on the server; return its address."""
    import psycopg  # noqa: PLC0415  (where there is a server)

    name = f"statements_{postings}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    return f"{url.rpartition('/')[0]}/{name}"


def _case(name: str, desk: Desk, program: str, journal: Path, postings: int) -> lib.Case:
    ours = desk.ask("ours totals")
    _same(f"{name}: the limit", ours, desk.ask("limit totals"))
    peer = None
    if shutil.which(program):
        commands = _commands(program, journal)
        _same(f"{name}: {program}", ours, _READ[program]([_run(command) for command in commands]))
        peer = _peer(commands)
    else:
        lib.note(f"{program} is not installed here, so it was not measured")
    # A peer that takes a minute has few rounds; ours is then called several times for each of them.
    slow = peer is not None and postings >= 1_000_000
    rounds = (2 if program == "hledger" else 3) if slow else (5 if postings >= 100_000 else 15)
    return lib.Case(
        name=name,
        unit="ms",
        n=postings,
        ours=_often(desk, "ours"),
        peer=peer,
        limit=_often(desk, "limit"),
        rounds=rounds,
        warm=0 if slow else 1,
    )


def _often(desk: Desk, what: str) -> lib.Side:
    """Return a side that takes the middle of nine calls, so that few rounds suffice."""
    return lambda: lib.Taken(sorted(desk.ask(what) for _ in range(9))[4])


def _peer(commands: Sequence[list[str]]) -> lib.Side:
    def side() -> None:
        for command in commands:
            _run(command)

    return side


def _run(command: list[str]) -> str:
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"}
    ).stdout


def _same(what: str, ours: Totals, theirs: Totals) -> None:
    """Refuse sides whose statements differ anywhere.

    Raises:
        UnlikeError: they do, with the first difference.
    """
    for part, mine in ours.items():
        other = theirs[part]
        for key in mine.keys() | other.keys():
            if mine.get(key, 0) != other.get(key, 0):
                raise UnlikeError(f"{what} differs in {part} at {key}: {mine.get(key)} and {other.get(key)}.")


# The peers' commands and what they answer


def _commands(program: str, journal: Path) -> list[list[str]]:
    """Return the commands that give income statement, balance sheet and trial balance."""
    if program == "hledger":
        start = ["hledger", "-f", str(journal)]
        return [
            [*start, "is", "-M", "-O", "csv"],
            [*start, "bse", "-O", "csv"],
            [*start, "bal", "--flat", "-O", "csv"],
        ]
    start = ["ledger", "-f", str(journal), "--args-only"]
    by_month = '%(format_date(date, "%Y-%m"))\t%(account)\t%(amount)\n'
    balance = "%(account)\t%(display_total)\n%/"
    return [
        [*start, "reg", "-M", "-F", by_month, "^Income", "^Expenses"],
        [*start, "bal", "--flat", "-F", balance, "^Assets", "^Liabilities", "^Equity"],
        [*start, "bal", "--flat", "-F", balance],
    ]


def _cents(text: str) -> int:
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        return 0
    return (-1 if match[1] else 1) * (int(match[2]) * 100 + int(match[3]))


def _month(text: str) -> int:
    return int(text[:4]) * 12 + int(text[5:7]) - 1


def _of_ledger(said: Sequence[str]) -> Totals:
    income: dict[tuple[str, int], int] = defaultdict(int)
    for row in said[0].splitlines():
        month, account, amount = row.split("\t")
        income[account, _month(month)] -= _cents(amount)
    return {"income": dict(income), "balance": _balances(said[1]), "trial": _balances(said[2])}


def _balances(text: str) -> dict[str, int]:
    found = {}
    for row in text.splitlines():
        account, _, amount = row.partition("\t")
        if account.startswith(_ACCOUNTS):
            found[account] = _cents(amount)
    return found


def _of_hledger(said: Sequence[str]) -> Totals:
    income: dict[tuple[str, int], int] = {}
    rows = list(csv.reader(io.StringIO(said[0])))
    heads = next(row for row in rows if row[0] == "Account")
    for row in rows:
        if row[0].startswith(_ACCOUNTS):
            sign = -1 if row[0].startswith("Expenses") else 1
            income |= {
                (row[0], _month(head)): sign * _cents(amount)
                for head, amount in zip(heads[1:], row[1:], strict=True)
                if head[:2] == "20"
            }
    balance = {
        row[0]: (-1 if row[0].startswith(_CREDIT) else 1) * _cents(row[1])
        for row in csv.reader(io.StringIO(said[1]))
        if row[0].startswith(_ACCOUNTS)
    }
    trial = {
        row[0]: _cents(row[1]) for row in csv.reader(io.StringIO(said[2])) if row[0].startswith(_ACCOUNTS)
    }
    return {"income": income, "balance": balance, "trial": trial}


_READ: dict[str, Callable[[Sequence[str]], Totals]] = {"ledger": _of_ledger, "hledger": _of_hledger}
