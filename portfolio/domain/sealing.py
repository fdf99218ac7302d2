"""How entries reach the database: number and hash from the chain, drafts and postings in bulk, then one act that seals.

This is the only SQL the ledger writes by hand, because a statement of 100,000 lines must land in seconds. What an
entry is and when it may be posted is decided next door, in `portfolio.domain.ledger`; what the database refuses by
itself stands in the migration ``journal_guards``.
"""

# ruff: noqa: S608 - the only words put into these statements are the names of tables and columns.

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import islice
from threading import Event
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.base import ModelState

from core import audit
from portfolio.domain import hashing
from portfolio.models import Entity, JournalEntry

_ENTRY = (
    'portfolio_journalentry (id, entity_id, "on", month, currency, memo, state, source, external_id, body_hash, '
    "origin, reverses_id, reason, posted_at, by_id, number, chain_hash)"
)
_POSTING = "portfolio_posting (entry_id, account_id, month, amount_minor, booking_id, memo)"
# What the pen refuses by the day it reads with the head; PostgreSQL says the same (migration ``post_in_one_call``).
EARLY = "An entry is not of a day before the opening."
# So many entries the database is given at once in bulk.
_PART = {"sqlite": 5_400, "postgresql": 10_000}
# So often, in seconds, the two threads of a batch may take turns; Python's own 5 ms is longer than most statements.
_TURN = 0.0005
# So many rows go into one INSERT on SQLite, for which it prepares itself anew; it takes 32,766 values.
_SIZES = (900, 50, 1)
_SEAL_SQLITE = "INSERT INTO portfolio_seal VALUES (?, ?)"
_SEAL_POSTGRESQL = (
    "UPDATE portfolio_journalentry SET state = 'posted' WHERE entity_id = %s AND number BETWEEN %s AND %s"
)
_MOVE_CHAIN = "UPDATE portfolio_entrychain SET number = %s, head = %s WHERE entity_id = %s"
_MOVE_CHAIN_SQLITE = _MOVE_CHAIN.replace("%s", "?")
_OPEN_CHAIN = (
    "INSERT INTO portfolio_entrychain (entity_id, number, head) VALUES (%s, 0, '') ON CONFLICT DO NOTHING"
)
_HOLD = "SELECT number, head, CAST(opened_on AS text) FROM portfolio_entrychain WHERE entity_id = %s"
_HOLD_POSTGRESQL = f"{_HOLD} FOR UPDATE"
# The next id is told by the table on SQLite, whose transaction holds the only pen there is.
_NEXT_ID = "SELECT seq + 1 FROM sqlite_sequence WHERE name = 'portfolio_journalentry'"
_FIND_ONE = (
    "SELECT c.number, c.head, CAST(c.opened_on AS text), e.id, e.body_hash FROM portfolio_entrychain c LEFT JOIN "
    "portfolio_journalentry e ON e.entity_id = c.entity_id AND e.source = ? AND e.external_id = ? WHERE c.entity_id = ?"
)
_NEW_IDS = (
    "SELECT string_agg(nextval(ids.name)::text, ' ') FROM generate_series(1, %s), "
    "(SELECT pg_get_serial_sequence('portfolio_journalentry', 'id')::regclass AS name OFFSET 0) AS ids"
)
# Everything of one post in one round trip: migration ``post_in_one_call``.
_POST_POSTGRESQL = (
    "SELECT id, number, chain_hash, body_hash FROM portfolio_post(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, "
    "%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s, %s, %s, %s, %s, %s)"
)
_FIND_MANY = (
    "SELECT id, external_id, body_hash FROM portfolio_journalentry WHERE entity_id = %s AND source = %s "
    "AND external_id "
)


class _Form(NamedTuple):
    """A table with its columns, and a row of SQLite's INSERT into it; what is shared by all rows has a number there."""

    table: str
    row: str


# Numbers stand first, for what has none is numbered on from there.
_ENTRY_FORM = _Form(
    'portfolio_journalentry (entity_id, posted_at, by_id, "on", month, currency, memo, source, external_id, body_hash, origin, '
    "reverses_id, reason, number, chain_hash, state)",
    "(?1, ?2, ?3, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'draft')",
)
_POSTING_FORM = _Form(
    "portfolio_posting (entry_id, month, account_id, amount_minor, booking_id, memo)", "(?, ?, ?, ?, ?, ?)"
)
_BARE_FORM = _Form(_POSTING_FORM.table, "(?, ?, ?, ?, NULL, '')")
# What COPY would take for the end of a field or line, and its own sign.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

# Sends one part over a connection, statement by statement.
_Send = Callable[[Any], Iterator[None]]


class Pen(NamedTuple):
    """What whoever holds an entity's chain writes on from; ``opened_on`` is the ISO day of its opening balances."""

    number: int
    head: str
    opened_on: str | None


class Written(NamedTuple):
    """One entry in the books; ``known`` is the body hash of one that was there already under its external id."""

    id: int
    number: int
    chain_hash: str
    known: str | None


def take_pen(*, entity_id: int) -> Pen:
    """Hold an entity's chain until the transaction ends."""
    sql = _HOLD if connection.vendor == "sqlite" else _HOLD_POSTGRESQL
    with connection.cursor() as cursor:
        cursor.execute(sql, [entity_id])
        found = cursor.fetchone()
        if found is None:
            cursor.execute(_OPEN_CHAIN, [entity_id])
            cursor.execute(sql, [entity_id])
            found = cursor.fetchone()
    return Pen(*found)


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


def write(
    rows: Iterable[hashing.EntryRow],
    *,
    pen: Pen,
    entity_id: int,
    many: int,
    by_id: int | None,
    at: dt.datetime,
) -> tuple[list[int], int]:
    """Write so many entries of one entity as drafts with their postings, seal them and move the head.

    Returns their ids and the sum of their debits in minor units.

    Runs inside the caller's transaction, which took the pen. Where there are several parts, the database writes one
    while Python makes the next: another thread waits for it meanwhile on this thread's connection, which whoever makes
    the rows leaves alone.

    Raises:
        django.db.IntegrityError: a guard or constraint of the database refused.
    """
    own = connections[DEFAULT_DB_ALIAS]
    own.ensure_connection()
    lite = own.vendor == "sqlite"
    ids_of, send = (_ids_sqlite, _send_sqlite) if lite else (_ids_postgresql, _send_postgresql)
    at_once, number, head, debit_minor = _PART[own.vendor], pen.number, pen.head, 0
    rows = iter(rows)

    def parts(ids: Sequence[int]) -> Iterator[_Send]:
        nonlocal number, head, debit_minor
        # The database has nothing to do while the first of several parts is made, so that one is small.
        start, end = 0, many if many <= at_once else -(-at_once // 3)
        while start < many:
            part = list(islice(rows, end - start))
            if pen.opened_on is not None and min(row.on for row in part).isoformat() < pen.opened_on:
                raise IntegrityError(EARLY)
            hashes = hashing.links(part, before=head, number=number, by_id=by_id, posted_at=at)
            sent = send(part, ids[start:end], number + 1, hashes, by_id, at)
            number, head = number + len(part), hashes[-1]
            debit_minor += sum([row.debit_minor for row in part])
            start, end = end, end + at_once
            yield sent

    with own.wrap_database_errors:
        ids = ids_of(own.connection, many)
        (_here if many <= at_once else _beside)(parts(ids), own.connection)
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_CHAIN, [number, head, entity_id])
    return ids, debit_minor


def _here(parts: Iterable[_Send], connected: Any) -> None:
    """Send what is too little for another thread."""
    for send in parts:
        for _ in send(connected):
            pass


def _beside(parts: Iterable[_Send], connected: Any) -> None:
    """Let another thread send each part while this one makes the next.

    Nothing is rolled back under it, for leaving waits for it; and where an interrupt ends that wait too, it begins no
    other statement, which nobody would roll back.
    """
    left = Event()

    def run(send: _Send) -> None:
        for _ in send(connected):
            if left.is_set():
                return

    with _short_turns(), ThreadPoolExecutor(1) as hand:
        # The thread runs before it has anything to write: one whose start was interrupted is not waited for.
        hand.submit(int).result()
        under_way: Future[None] | None = None
        try:
            for send in parts:
                if under_way is not None:
                    under_way.result()
                under_way = hand.submit(run, send)
            if under_way is not None:
                under_way.result()
        finally:
            left.set()


@contextmanager
def _short_turns() -> Iterator[None]:
    """Let two threads take turns often: one that comes back from the database would wait for Python 5 ms each time.

    Where two batches are under way in one process, whoever made the turns short makes them long again, and nobody else.
    """
    usual = sys.getswitchinterval()
    if usual <= _TURN:
        yield
        return
    sys.setswitchinterval(_TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


@contextmanager
def at_once() -> Iterator[BaseDatabaseWrapper]:
    """Hold the transaction of one post, and give the connection on which it is, which is looked up once.

    Where none is under way, Django need not know of it, for nothing in it waits for its end: on PostgreSQL the one
    statement is one by itself, on SQLite it begins and ends here.
    """
    own = connections[DEFAULT_DB_ALIAS]
    if not own.get_autocommit():
        with transaction.atomic():
            yield own
    elif own.vendor == "postgresql":
        yield own
    else:
        opened = own.connection
        with own.wrap_database_errors:
            opened.execute("BEGIN IMMEDIATE")
            try:
                yield own
                opened.execute("COMMIT")
            except BaseException:
                opened.rollback()
                raise


def write_one(
    row: hashing.EntryRow, *, own: BaseDatabaseWrapper, by_id: int | None, at: dt.datetime, event: audit.Event
) -> Written:
    """Write and seal one entry, move the head and tell the audit trail, unless its external id is in the books.

    Runs inside `at_once`, which gives ``own``.

    Raises:
        django.db.IntegrityError: a guard or constraint of the database refused.
    """
    if own.vendor == "sqlite":
        return _write_one_sqlite(own, row, by_id, at, event)
    accounts, amounts, bookings, memos = map(list, zip(*row.postings, strict=True))
    with own.cursor() as cursor:
        cursor.execute(_POST_POSTGRESQL, [
            row.entity_id, row.on, row.month, row.currency, row.memo, row.source, row.external_id, row.body_hash,
            row.origin, row.reverses_id, row.reason, at, by_id, hashing.said(row) + hashing.by_and_when(by_id, at),
            accounts, amounts, bookings, memos,
            event.action, event.subject_type, event.subject_label, event.entity, event.scope, event.data,
        ])  # fmt: skip
        return Written(*cursor.fetchone())


def _kept(at: dt.datetime) -> str:
    """Return an instant as Django keeps it on SQLite, without asking it, which takes longer."""
    return str(at.astimezone(dt.UTC).replace(tzinfo=None))


def as_read(
    entity: Entity, row: hashing.EntryRow, written: Written, by_id: int | None, at: dt.datetime
) -> JournalEntry:
    """Return an entry as it will be read back, without the round that Django makes for every field of a new object."""
    entry = JournalEntry.__new__(JournalEntry)
    state = ModelState()
    state.adding, state.db, state.fields_cache = False, DEFAULT_DB_ALIAS, {"entity": entity}
    entry.__dict__ = {
        "_state": state, "id": written.id, "entity_id": row.entity_id, "on": row.on, "month": row.month,
        "currency": row.currency, "memo": row.memo, "state": "posted", "source": row.source,
        "external_id": row.external_id, "body_hash": row.body_hash, "origin": row.origin,
        "reverses_id": row.reverses_id, "reason": row.reason, "posted_at": at, "number": written.number,
        "chain_hash": written.chain_hash, "by_id": by_id,
    }  # fmt: skip
    return entry


@cache
def _inserting(form: _Form, rows: int) -> str:
    """Return SQLite's INSERT of so many rows."""
    return f"INSERT INTO {form.table} VALUES {', '.join([form.row] * rows)}"


def _write_one_sqlite(
    own: BaseDatabaseWrapper, row: hashing.EntryRow, by_id: int | None, at: dt.datetime, event: audit.Event
) -> Written:
    # Django's cursor would cost as much as the statements.
    execute = own.connection.execute
    with own.wrap_database_errors:
        asked = (row.source, row.external_id, row.entity_id)
        found = execute(_FIND_ONE, asked).fetchone()
        if found is None:
            execute(_OPEN_CHAIN.replace("%s", "?"), (row.entity_id,))
            found = execute(_FIND_ONE, asked).fetchone()
        number, head, opened_on, known_id, known = found
        if known_id is not None:
            return Written(known_id, number, head, known)
        on = row.on.isoformat()
        if opened_on is not None and on < opened_on:
            raise IntegrityError(EARLY)
        number += 1
        (chain_hash,) = hashing.links([row], before=head, number=number - 1, by_id=by_id, posted_at=at)
        posted_at = _kept(at)
        pk = execute(_inserting(_ENTRY_FORM, 1), (
            row.entity_id, posted_at, by_id, on, row.month, row.currency, row.memo, row.source, row.external_id,
            row.body_hash, row.origin, row.reverses_id, row.reason, number, chain_hash,
        )).lastrowid  # fmt: skip
        execute(_inserting(_POSTING_FORM, len(row.postings)), [
            value for posting in row.postings for value in (pk, row.month, *posting)
        ])  # fmt: skip
        execute(_SEAL_SQLITE, (pk, pk))
        execute(_MOVE_CHAIN_SQLITE, (number, chain_hash, row.entity_id))
        execute(audit.INSERT_SQLITE, event.values(subject_id=pk, at=posted_at, by_id=by_id))
    return Written(pk, number, chain_hash, None)


def _ids_sqlite(connected: Any, many: int) -> list[int]:
    last_id = connected.execute(_NEXT_ID).fetchone()
    first = last_id[0] if last_id else 1
    return list(range(first, first + many))


def _send_sqlite(
    rows: Sequence[hashing.EntryRow],
    ids: Sequence[int],
    number: int,
    hashes: Sequence[str],
    by_id: int | None,
    at: dt.datetime,
) -> _Send:
    shared = (rows[0].entity_id, _kept(at), by_id)
    entries: list[Any] = []
    for place, (row, chain_hash) in enumerate(zip(rows, hashes, strict=True), number):
        _, on, month, currency, memo, source, external_id, body, origin, reverses_id, reason, _, _ = row
        # SQLite keeps dates as ISO text, and Python's own adapter for dates is deprecated.
        entries += (
            on.isoformat(), month, currency, memo, source, external_id, body, origin, reverses_id, reason,
            place, chain_hash,
        )  # fmt: skip
    # Most postings have no booking and no words; where all have neither, nothing of the kind is handed over.
    form, postings = _BARE_FORM, _bare(rows, ids)
    if postings is None:
        form, postings = _POSTING_FORM, [
            value for pk, row in zip(ids, rows, strict=True) for posting in row.postings
            for value in (pk, row.month, *posting)
        ]  # fmt: skip
    first = list(_inserts(_ENTRY_FORM, entries, shared))
    rest = [*_inserts(form, postings, ()), (_SEAL_SQLITE, (ids[0], ids[-1]))]

    def send(connected: Any) -> Iterator[None]:
        for sql, values in first:
            last_id = connected.execute(sql, values).lastrowid
            yield
        if last_id != ids[-1]:
            raise IntegrityError("The table of journal entries counts otherwise than it did.")
        for sql, values in rest:
            connected.execute(sql, values)
            yield

    return send


def _bare(rows: Sequence[hashing.EntryRow], ids: Sequence[int]) -> list[Any] | None:
    found: list[Any] = []
    for pk, row in zip(ids, rows, strict=True):
        month = row.month
        for account_id, amount, booking_id, memo in row.postings:
            if memo or booking_id is not None:
                return None
            found += (pk, month, account_id, amount)
    return found


def _inserts(
    form: _Form, values: Sequence[Any], shared: tuple[Any, ...]
) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield INSERTs of as many rows at once as there are: of few sizes, for SQLite keeps a statement it knows."""
    start, width = 0, form.row.count("?") - len(shared)
    for size in _SIZES:
        step = size * width
        while len(values) - start >= step:
            yield _inserting(form, size), (*shared, *values[start : start + step])
            start += step


def _ids_postgresql(connected: Any, many: int) -> list[int]:
    return list(map(int, connected.execute(_NEW_IDS, [many]).fetchone()[0].split()))


def _send_postgresql(
    rows: Sequence[hashing.EntryRow],
    ids: Sequence[int],
    number: int,
    hashes: Sequence[str],
    by_id: int | None,
    at: dt.datetime,
) -> _Send:
    entity_id = rows[0].entity_id
    entries = "".join([
        f"{pk}\t{entity_id}\t{row.on}\t{row.month}\t{row.currency}\t{_copied(row.memo)}\tdraft\t{row.source}\t"
        f"{_copied(row.external_id)}\t{row.body_hash}\t{_copied(row.origin)}\t{_or_null(row.reverses_id)}\t"
        f"{_copied(row.reason)}\t{at}\t{_or_null(by_id)}\t{number}\t{chain_hash}\n"
        for number, (pk, row, chain_hash) in enumerate(zip(ids, rows, hashes, strict=True), number)
    ])  # fmt: skip
    postings = "".join([
        f"{pk}\t{account_id}\t{row.month}\t{amount}\t{_or_null(booking_id)}\t{_copied(memo)}\n"
        for pk, row in zip(ids, rows, strict=True)
        for account_id, amount, booking_id, memo in row.postings
    ])  # fmt: skip
    last = number + len(rows) - 1

    def send(connected: Any) -> Iterator[None]:
        with connected.cursor() as cursor:
            for table, lines in ((_ENTRY, entries), (_POSTING, postings)):
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(lines)
                yield
            cursor.execute(_SEAL_POSTGRESQL, [entity_id, number, last])

    return send


def _or_null(key: int | None) -> str:
    return "\\N" if key is None else str(key)


def _copied(text: str | None) -> str:
    """Return words as COPY reads them."""
    if text is None:
        return "\\N"
    return text if text.isprintable() and "\\" not in text else text.translate(_ESCAPES)
