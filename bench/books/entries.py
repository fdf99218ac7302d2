"""The entries that every side of `bench.posting` writes: two postings each, over sixty accounts and three years."""

import datetime as dt
import gc
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

FIRST = dt.date(2024, 1, 1)
ACCOUNTS = 30


class Entry(NamedTuple):
    """What is to be posted: a date, words, a key, and an amount in cents from one account to another."""

    on: dt.date
    memo: str
    key: str
    debit: int
    credit: int
    cents: int


def entries(many: int, turn: int) -> list[Entry]:
    """Return the entries of one round; those of another round have other keys."""
    return [
        Entry(
            FIRST + dt.timedelta(days=number % 1000), f"Dockage {number}", f"{turn}-{number}",
            number % ACCOUNTS, (number % ACCOUNTS + 1 + number % 7) % ACCOUNTS, 100 + number,
        )
        for number in range(many)
    ]  # fmt: skip


def serve(do: Callable[[list[Entry]], None], check: Callable[[int], str], many: int) -> None:
    """Do a round for each line on standard input, and say how long it took or what is wrong with what it wrote.

    What is to be posted is made before the clock runs, and what was posted is looked at after it stops. The modules of
    every side are out of the collector's sight, as in a process of the portal (`config.wsgi`).
    """
    gc.collect()
    gc.freeze()
    print("ready", flush=True)
    for turn, _ in enumerate(sys.stdin):
        asked = entries(many, turn)
        began = time.perf_counter()
        do(asked)
        taken = time.perf_counter() - began
        print(check(many * (turn + 1)) or f"done {taken}", flush=True)
