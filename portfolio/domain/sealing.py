"""How entries reach the database: drafts and postings in bulk, then the one UPDATE that seals them.

This is the only SQL the ledger writes by hand, because a statement of 100,000 lines must land in seconds. What an
entry is and when it may be posted is decided next door, in `portfolio.domain.ledger`; what the database refuses by
itself stands in the migration ``journal_guards``.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db import connection

_COPY_ENTRIES = (
    'COPY portfolio_journalentry (id, entity_id, "on", month, currency, memo, state, source, external_id, body_hash, '
    "origin, reverses_id, reason, posted_at, by_id, number, chain_hash) FROM STDIN"
)
_COPY_POSTINGS = (
    "COPY portfolio_posting (entry_id, account_id, month, amount_minor, booking_id, memo) FROM STDIN"
)
_INSERT_ENTRY = (
    'INSERT INTO portfolio_journalentry (id, entity_id, "on", month, currency, memo, state, source, external_id, '
    "body_hash, origin, reverses_id, reason, posted_at, by_id, number, chain_hash) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_FIND = "SELECT id, body_hash FROM portfolio_journalentry WHERE entity_id = %s AND source = %s AND external_id = %s"
# One parameter, however many ids: SQLite unpacks a list of JSON, PostgreSQL an array.
_FIND_MANY_SQLITE = (
    "SELECT id, external_id, body_hash FROM portfolio_journalentry WHERE entity_id = %s AND source = %s "
    "AND external_id IN (SELECT value FROM json_each(%s))"
)
_FIND_MANY_POSTGRESQL = (
    "SELECT id, external_id, body_hash FROM portfolio_journalentry WHERE entity_id = %s AND source = %s "
    "AND external_id = ANY (%s)"
)
_INSERT_ONE = (
    'INSERT INTO portfolio_journalentry (entity_id, "on", month, currency, memo, state, source, external_id, '
    "body_hash, origin, reverses_id, reason, posted_at, by_id, number, chain_hash) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id"
)
_INSERT_POSTINGS = (
    "INSERT INTO portfolio_posting (entry_id, account_id, month, amount_minor, booking_id, memo) VALUES "
)
_OPEN_CHAIN = (
    "INSERT INTO portfolio_entrychain (entity_id, number, head) VALUES (%s, 0, '') ON CONFLICT DO NOTHING"
)
_READ_CHAIN = "SELECT number, head FROM portfolio_entrychain WHERE entity_id = %s"
_MOVE_CHAIN = "UPDATE portfolio_entrychain SET number = %s, head = %s WHERE entity_id = %s"
_INSERT_POSTING = _INSERT_POSTINGS + "(%s, %s, %s, %s, %s, %s)"


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


class Link(NamedTuple):
    """An entry's place in its entity's chain."""

    number: int
    chain_hash: str


def write(rows: Sequence[EntryRow], *, by_id: int | None, at: dt.datetime) -> list[int]:
    """Write entries as drafts with their postings and seal them all; return their ids in the order given.

    Runs inside the caller's transaction.

    Raises:
        django.db.IntegrityError: a guard or constraint of the database refused.
    """
    if not rows:
        return []
    links = _links(rows, at)
    return (
        _write_sqlite(rows, links, by_id, at)
        if connection.vendor == "sqlite"
        else _write_postgresql(rows, links, by_id, at)
    )


def link(*, before: str, number: int, row: EntryRow, posted_at: dt.datetime) -> str:
    """Return the chain's hash at an entry: SHA-256 over the hash before it and everything the entry says.

    The postings, the date and the words are in ``body_hash``.
    """
    said = (
        before, row.entity_id, number, row.currency, row.source, row.external_id, row.origin, row.body_hash,
        posted_at.astimezone(dt.UTC).isoformat(),
    )  # fmt: skip
    return hashlib.sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()


def _links(rows: Sequence[EntryRow], at: dt.datetime) -> list[Link]:
    """Give entries of one entity their numbers and hashes, and move the head; the chain's row is held till commit."""
    entity_id = rows[0].entity_id
    with connection.cursor() as cursor:
        locked = _READ_CHAIN if connection.vendor == "sqlite" else _READ_CHAIN + " FOR UPDATE"
        cursor.execute(locked, [entity_id])
        found = cursor.fetchone()
        if found is None:
            cursor.execute(_OPEN_CHAIN, [entity_id])
            cursor.execute(locked, [entity_id])
            found = cursor.fetchone()
        number, head = found
        links = []
        for row in rows:
            number += 1
            head = link(before=head, number=number, row=row, posted_at=at)
            links.append(Link(number, head))
        cursor.execute(_MOVE_CHAIN, [number, head, entity_id])
    return links


def find(*, entity_id: int, source: str, external_id: str) -> tuple[int, str] | None:
    """Return (id, body hash) of the entry with an external id, or None."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [entity_id, source, external_id])
        found: tuple[int, str] | None = cursor.fetchone()
    return found


def find_many(*, entity_id: int, source: str, external_ids: Sequence[str]) -> list[tuple[int, str, str]]:
    """Return (id, external id, body hash) of those entries that are there."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(_FIND_MANY_SQLITE, [entity_id, source, json.dumps(external_ids)])
        else:
            cursor.execute(_FIND_MANY_POSTGRESQL, [entity_id, source, list(external_ids)])
        found: list[tuple[int, str, str]] = cursor.fetchall()
    return found


def _entries(
    rows: Sequence[EntryRow], links: Sequence[Link], ids: Sequence[int], by_id: int | None, posted_at: object
) -> Iterator[tuple[Any, ...]]:
    for pk, row, place in zip(ids, rows, links, strict=True):
        yield (
            pk, row.entity_id, row.on, row.month, row.currency, row.memo, "draft", row.source,
            row.external_id, row.body_hash, row.origin, row.reverses_id, row.reason, posted_at, by_id, *place,
        )  # fmt: skip


def _postings(rows: Sequence[EntryRow], ids: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    for number, row in zip(ids, rows, strict=True):
        month = row.month
        for account_id, amount, booking_id, memo in row.postings:
            yield (number, account_id, month, amount, booking_id, memo)


def _write_sqlite(
    rows: Sequence[EntryRow], links: Sequence[Link], by_id: int | None, at: dt.datetime
) -> list[int]:
    """Number the entries ourselves: the transaction holds the only pen there is."""
    posted_at = connection.ops.adapt_datetimefield_value(at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = 'portfolio_journalentry'")
        found = cursor.fetchone()
        first = (found[0] if found else 0) + 1
        ids = range(first, first + len(rows))
        # SQLite keeps dates as ISO text, and Python's own adapter for dates is deprecated.
        entries = [
            (e[0], e[1], row.on.isoformat(), *e[3:])
            for row, e in zip(rows, _entries(rows, links, ids, by_id, posted_at), strict=True)
        ]
        cursor.executemany(_INSERT_ENTRY, entries)
        cursor.executemany(_INSERT_POSTING, list(_postings(rows, ids)))
        cursor.execute(
            "UPDATE portfolio_journalentry SET state = 'posted' WHERE id BETWEEN %s AND %s", [ids[0], ids[-1]]
        )
    return list(ids)


def _write_one_postgresql(row: EntryRow, place: Link, by_id: int | None, at: dt.datetime) -> list[int]:
    """Write one entry in three round trips, where COPY would take eight."""
    (entry,) = _entries([row], [place], [0], by_id, at)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_ONE, entry[1:])
        (number,) = cursor.fetchone()
        postings = list(_postings([row], [number]))
        cursor.execute(
            _INSERT_POSTINGS + ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(postings)),
            [value for posting in postings for value in posting],
        )
        cursor.execute("UPDATE portfolio_journalentry SET state = 'posted' WHERE id = %s", [number])
    return [number]


def _write_postgresql(
    rows: Sequence[EntryRow], links: Sequence[Link], by_id: int | None, at: dt.datetime
) -> list[int]:
    if len(rows) == 1:
        return _write_one_postgresql(rows[0], links[0], by_id, at)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('portfolio_journalentry', 'id')) FROM generate_series(1, %s)",
            [len(rows)],
        )
        ids = [number for (number,) in cursor.fetchall()]
        with connection.wrap_database_errors:
            with cursor.copy(_COPY_ENTRIES) as copy:
                for entry in _entries(rows, links, ids, by_id, at):
                    copy.write_row(entry)
            with cursor.copy(_COPY_POSTINGS) as copy:
                for posting in _postings(rows, ids):
                    copy.write_row(posting)
        cursor.execute("UPDATE portfolio_journalentry SET state = 'posted' WHERE id = ANY (%s)", [ids])
    return ids
