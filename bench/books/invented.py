"""Invented books: seven businesses with sixty accounts each over three years, the same for the same size every time.

Sales (with and without a card fee), purchases, pay with its tax, and transfers, more of them in the season. Amounts are
whole cents and every entry adds up to zero.
"""

import datetime as dt
import itertools
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ENTITIES = 7
FIRST_DAY, DAYS = dt.date(2023, 1, 1), 3 * 365
# Of an entity's sixty accounts: kind, the word its names begin with, how many.
KINDS = (
    ("asset", "Assets", 18),
    ("liability", "Liabilities", 10),
    ("equity", "Equity", 4),
    ("income", "Income", 10),
    ("expense", "Expenses", 18),
)


@dataclass(frozen=True, slots=True)
class Holder:
    """An account; ``number`` counts through all entities, ``entity`` from 1."""

    number: int
    entity: int
    kind: str
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A balanced entry: (account number, cents with debit positive) for each of its postings."""

    entity: int
    on: dt.date
    memo: str
    lines: tuple[tuple[int, int], ...]


def accounts() -> list[Holder]:
    """Return the accounts of every entity."""
    made: list[Holder] = []
    for entity in range(1, ENTITIES + 1):
        codes = itertools.count(1001)
        for kind, word, count in KINDS:
            for at in range(1, count + 1):
                name = f"{word}:E{entity}:{word[:3]}{at:02d}"
                made.append(Holder(len(made), entity, kind, name, str(next(codes))))
    return made


def entries(postings: int) -> Iterator[Entry]:
    """Yield entries by date until they hold as many postings as asked for, or one to three fewer."""
    chance = random.Random(1)
    by: dict[tuple[int, str], list[int]] = {}
    for holder in accounts():
        by.setdefault((holder.entity, holder.kind), []).append(holder.number)
    season = [1 + 0.6 * math.sin((day % 365 - 80) / 365 * 2 * math.pi) ** 2 for day in range(DAYS)]
    # 2.3 postings an entry on average, so a few days more than needed; the rest is cut off at the end.
    days = sorted(chance.choices(range(DAYS), season, k=int(postings / 2.1) + 10))
    shapes = chance.choices(range(5), (35, 20, 30, 5, 10), k=len(days))
    kept = _as_many(shapes, postings)
    step = len(days) / max(kept, 1)
    for number in range(kept):
        entity = chance.randint(1, ENTITIES)
        cents = max(100, int(chance.lognormvariate(9.5, 1.3)))

        def any_of(kind: str, entity: int = entity) -> int:
            return chance.choice(by[entity, kind])

        lines = _lines(shapes[number], cents, any_of, chance)
        on = FIRST_DAY + dt.timedelta(days=days[int(number * step)])
        yield Entry(entity, on, f"memo {number + 1}", lines)


def _as_many(shapes: list[int], postings: int) -> int:
    """Return how many entries of these shapes hold no more postings than asked for."""
    held = 0
    for at, shape in enumerate(shapes):
        held += (2, 3, 2, 4, 2)[shape]
        if held > postings:
            return at
    return len(shapes)


def _lines(
    shape: int, cents: int, any_of: Callable[[str], int], chance: random.Random
) -> tuple[tuple[int, int], ...]:
    match shape:
        case 0:
            return (any_of("asset"), cents), (any_of("income"), -cents)
        case 1:
            fee = max(1, cents * 29 // 1000)
            return (any_of("asset"), cents - fee), (any_of("expense"), fee), (any_of("income"), -cents)
        case 2:
            return (any_of("expense"), cents), (any_of(chance.choice(("asset", "liability"))), -cents)
        case 3:
            tax = max(1, cents * 153 // 1000)
            return (
                (any_of("expense"), cents),
                (any_of("expense"), tax),
                (any_of("asset"), -cents),
                (any_of("liability"), -tax),
            )
        case _:
            return (any_of("asset"), cents), (any_of(chance.choice(("liability", "equity"))), -cents)


def write_journal(path: Path, postings: int) -> None:
    """Write the books as a journal that ledger-cli and hledger read alike."""
    names = [holder.name for holder in accounts()]
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"account {name}\n" for name in names)
        file.write("\n")
        for entry in entries(postings):
            file.write(f"{entry.on} * {entry.memo}\n")
            file.writelines(
                f"    {names[number]}  {'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d} USD\n"
                for number, cents in entry.lines
            )
            file.write("\n")
