"""How entries reach the database: number and hash from the chain, drafts and postings in bulk, then one act that seals.

This is the only SQL the ledger writes by hand, because a statement of 100,000 lines must land in seconds. What an
entry is and when it may be posted is decided next door, in `portfolio.domain.ledger`; what the database refuses by
itself stands in the migration ``journal_guards``.
"""

# ruff: noqa: S608 - the only words put into these statements are the names of tables and columns.

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

from django.db import connection

_ENTRY = (
    'portfolio_journalentry (id, entity_id, "on", month, currency, memo, state, source, external_id, body_hash, '
    "origin, reverses_id, reason, posted_at, by_id, number, chain_hash)"
)
_POSTING = "portfolio_posting (entry_id, account_id, month, amount_minor, booking_id, memo)"
# So many rows go into one INSERT on SQLite, for which it prepares itself anew.
_AT_ONCE = 50
_SEAL_SQLITE = "INSERT INTO portfolio_seal VALUES (%s, %s)"
_SEAL_POSTGRESQL = (
    "UPDATE portfolio_journalentry SET state = 'posted' WHERE entity_id = %s AND number BETWEEN %s AND %s"
)
_MOVE_CHAIN = "UPDATE portfolio_entrychain SET number = %s, head = %s WHERE entity_id = %s"
_OPEN_CHAIN = (
    "INSERT INTO portfolio_entrychain (entity_id, number, head) VALUES (%s, 0, '') ON CONFLICT DO NOTHING"
)
# The last id is the table's own on SQLite, whose transaction holds the only pen there is; PostgreSQL gives the next one.
_TAKE = (
    "SELECT c.number, c.head, {id}, e.id, e.body_hash FROM portfolio_entrychain c LEFT JOIN portfolio_journalentry e "
    "ON e.entity_id = c.entity_id AND e.source = %s AND e.external_id = %s WHERE c.entity_id = %s"
)
_TAKE_SQLITE = _TAKE.format(id="(SELECT seq + 1 FROM sqlite_sequence WHERE name = 'portfolio_journalentry')")
_SEQUENCE = "nextval(pg_get_serial_sequence('portfolio_journalentry', 'id'))"
_TAKE_POSTGRESQL = _TAKE.format(id=_SEQUENCE) + " FOR UPDATE OF c"
_MORE_IDS = f"SELECT string_agg({_SEQUENCE}::text, ' ') FROM generate_series(1, %s)"
_FIND_MANY = (
    "SELECT id, external_id, body_hash FROM portfolio_journalentry WHERE entity_id = %s AND source = %s "
    "AND external_id "
)
# What COPY would take for the end of a field or line, and its own sign.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

# (account, amount in minor units with debit positive, booking, memo) of one posting, without its entry.
PostingRow = tuple[int, int, int | None, str]


class EntryRow(NamedTuple):
    """One entry with its postings, checked and hashed."""

    entity_id: int
    on: dt.date
    month: int
    currency: str
    memo: str
    source: str
    external_id: str | None
    body_hash: str
    origin: str
    reverses_id: int | None
    reason: str
    postings: Sequence[PostingRow]


class Pen(NamedTuple):
    """What whoever holds an entity's chain writes on from, and (id, body hash) of the entry asked for."""

    number: int
    head: str
    next_id: int
    known: tuple[int, str] | None


def take_pen(*, entity_id: int, source: str = "", external_id: str | None = None) -> Pen:
    """Hold an entity's chain until the transaction ends; look for an entry by its external id on the way."""
    sql = _TAKE_SQLITE if connection.vendor == "sqlite" else _TAKE_POSTGRESQL
    with connection.cursor() as cursor:
        cursor.execute(sql, [source, external_id, entity_id])
        found = cursor.fetchone()
        if found is None:
            cursor.execute(_OPEN_CHAIN, [entity_id])
            cursor.execute(sql, [source, external_id, entity_id])
            found = cursor.fetchone()
    number, head, next_id, pk, body_hash = found
    return Pen(number, head, next_id or 1, None if pk is None else (pk, body_hash))


def find_many(*, entity_id: int, source: str, external_ids: Sequence[str]) -> list[tuple[int, str, str]]:
    """Return (id, external id, body hash) of those entries that are there."""
    # One parameter, however many ids: SQLite unpacks a list of JSON, PostgreSQL an array.
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            sql, asked = "IN (SELECT value FROM json_each(%s))", json.dumps(external_ids)
            cursor.execute(_FIND_MANY + sql, [entity_id, source, asked])
        else:
            cursor.execute(_FIND_MANY + "= ANY (%s)", [entity_id, source, list(external_ids)])
        found: list[tuple[int, str, str]] = cursor.fetchall()
    return found


# A statement with its parameters.
Statement = tuple[str, Sequence[Any]]


def write(rows: Sequence[EntryRow], *, pen: Pen, by_id: int | None, at: dt.datetime) -> list[int]:
    """Write entries of one entity as drafts with their postings, seal them all and move the head; return their ids.

    Runs inside the caller's transaction, which took the pen.

    Raises:
        django.db.IntegrityError: a guard or constraint of the database refused.
    """
    hashes = links(rows, before=pen.head, number=pen.number, by_id=by_id, posted_at=at)
    if connection.vendor == "sqlite":
        return _write_sqlite(rows, hashes, pen, by_id, at)
    return _write_postgresql(rows, hashes, pen, by_id, at)


def write_one(row: EntryRow, *, pen: Pen, by_id: int | None, at: dt.datetime, also: Statement) -> str:
    """Write and seal one entry under the pen's next id, and run one more statement with it; return its chain hash.

    PostgreSQL takes all of it in one round trip.

    Raises:
        django.db.IntegrityError: a guard or constraint of the database refused.
    """
    pk, number = pen.next_id, pen.number + 1
    (chain_hash,) = links([row], before=pen.head, number=pen.number, by_id=by_id, posted_at=at)
    sqlite = connection.vendor == "sqlite"
    posted_at = connection.ops.adapt_datetimefield_value(at)
    postings = [
        value for account_id, amount, booking_id, memo in row.postings
        for value in (pk, account_id, row.month, amount, booking_id, memo)
    ]  # fmt: skip
    statements: list[Statement] = [
        (_inserting(_ENTRY, 1), _entry(pk, row, row.on.isoformat(), posted_at, by_id, number, chain_hash)),
        (_inserting(_POSTING, len(row.postings)), postings),
        (_SEAL_SQLITE, [pk, pk]) if sqlite else (_SEAL_POSTGRESQL, [row.entity_id, number, number]),
        (_MOVE_CHAIN, [number, chain_hash, row.entity_id]),
        also,
    ]
    with connection.cursor() as cursor:
        if sqlite:
            for sql, values in statements:
                cursor.execute(sql, values)
        else:
            cursor.execute(
                "; ".join([sql for sql, _ in statements]), list(chain.from_iterable(v for _, v in statements))
            )
    return chain_hash


def links(
    rows: Iterable[EntryRow], *, before: str, number: int, by_id: int | None, posted_at: dt.datetime
) -> list[str]:
    """Return the chain's hash at each of the entries that follow ``number``.

    It is the SHA-256 over the hash before it and everything the entry says; the postings, the date and the words are
    in its ``body_hash``.
    """
    sha256, instant = hashlib.sha256, posted_at.astimezone(dt.UTC).isoformat()
    found = []
    for row in rows:
        number += 1
        said = (
            before, number, row.entity_id, row.currency, row.source, row.external_id, row.origin, row.body_hash, by_id,
            instant,
        )  # fmt: skip
        before = sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()
        found.append(before)
    return found


def _entry(
    pk: int, row: EntryRow, on: object, posted_at: object, by_id: int | None, number: int, chain_hash: str
) -> tuple[Any, ...]:
    return (
        pk, row.entity_id, on, row.month, row.currency, row.memo, "draft", row.source, row.external_id,
        row.body_hash, row.origin, row.reverses_id, row.reason, posted_at, by_id, number, chain_hash,
    )  # fmt: skip


def _inserting(table: str, rows: int) -> str:
    """Return the INSERT of so many rows into a table named with its columns."""
    one = f"({', '.join(['%s'] * (table.count(',') + 1))})"
    return f"INSERT INTO {table} VALUES {', '.join([one] * rows)}"


def _write_sqlite(
    rows: Sequence[EntryRow], hashes: Sequence[str], pen: Pen, by_id: int | None, at: dt.datetime
) -> list[int]:
    posted_at = connection.ops.adapt_datetimefield_value(at)
    ids = range(pen.next_id, pen.next_id + len(rows))
    numbers = range(pen.number + 1, pen.number + 1 + len(rows))
    # SQLite keeps dates as ISO text, and Python's own adapter for dates is deprecated.
    entries = [
        _entry(pk, row, row.on.isoformat(), posted_at, by_id, number, chain_hash)
        for pk, row, number, chain_hash in zip(ids, rows, numbers, hashes, strict=True)
    ]
    postings = [
        (pk, account_id, row.month, amount, booking_id, memo)
        for pk, row in zip(ids, rows, strict=True)
        for account_id, amount, booking_id, memo in row.postings
    ]
    with connection.cursor() as cursor:
        for table, values in ((_ENTRY, entries), (_POSTING, postings)):
            parts = [
                list(chain.from_iterable(values[n : n + _AT_ONCE])) for n in range(0, len(values), _AT_ONCE)
            ]
            last = parts.pop()
            if parts:
                cursor.executemany(_inserting(table, _AT_ONCE), parts)
            cursor.execute(_inserting(table, len(last) // len(values[0])), last)
        cursor.execute(_SEAL_SQLITE, [ids[0], ids[-1]])
        cursor.execute(_MOVE_CHAIN, [numbers[-1], hashes[-1], rows[0].entity_id])
    return list(ids)


def _write_postgresql(
    rows: Sequence[EntryRow], hashes: Sequence[str], pen: Pen, by_id: int | None, at: dt.datetime
) -> list[int]:
    entity_id, last = rows[0].entity_id, pen.number + len(rows)
    with connection.cursor() as cursor:
        cursor.execute(_MORE_IDS, [len(rows) - 1])
        ids = [pen.next_id, *map(int, (cursor.fetchone()[0] or "").split())]
        with connection.wrap_database_errors:
            with cursor.copy(f"COPY {_ENTRY} FROM STDIN") as copy:
                for number, (pk, row, chain_hash) in enumerate(
                    zip(ids, rows, hashes, strict=True), pen.number + 1
                ):
                    copy.write(_copied(_entry(pk, row, row.on, at, by_id, number, chain_hash)))
            with cursor.copy(f"COPY {_POSTING} FROM STDIN") as copy:
                for pk, row in zip(ids, rows, strict=True):
                    for account_id, amount, booking_id, memo in row.postings:
                        copy.write(_copied((pk, account_id, row.month, amount, booking_id, memo)))
        cursor.execute(_SEAL_POSTGRESQL, [entity_id, pen.number + 1, last])
        cursor.execute(_MOVE_CHAIN, [last, hashes[-1], entity_id])
    return ids


def _copied(values: Iterable[object]) -> str:
    """Return a row as COPY reads it."""
    return "\t".join(["\\N" if value is None else str(value).translate(_ESCAPES) for value in values]) + "\n"
