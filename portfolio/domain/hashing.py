"""What is hashed of an entry: its body, and its link in the chain of its entity's books.

The texts are those that `repr` writes of a tuple, put together by hand because that takes half the time.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

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
    debit_minor: int = 0


def body_hash(
    on: dt.date, memo: str, reverses_id: int | None, reason: str, postings: Sequence[PostingRow]
) -> str:
    """Return the SHA-256 of what makes two postings of one external id the same: not their origin, not their time."""
    lines = ", ".join(
        [f"({pk!r}, {amount!r}, {booking!r}, {words!r})" for pk, amount, booking, words in postings]
    )
    body = f"('{on.isoformat()}', {memo!r}, {reverses_id!r}, {reason!r}, [{lines}])"
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def links(
    rows: Iterable[EntryRow], *, before: str, number: int, by_id: int | None, posted_at: dt.datetime
) -> list[str]:
    """Return the chain's hash at each of the entries that follow ``number``.

    It is the SHA-256 over the hash before it and everything the entry says; the postings, the date and the words are
    in its ``body_hash``.
    """
    sha256, rest = hashlib.sha256, by_and_when(by_id, posted_at)
    found = []
    for row in rows:
        number += 1
        text = f"('{before}', {number}, {said(row)}{rest}"
        before = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        found.append(before)
    return found


def said(row: EntryRow) -> str:
    """Return what is hashed of an entry after the hash before it and its number, without who posted it and when."""
    entity_id, _, _, currency, _, source, external_id, body, origin, _, _, _, _ = row
    return f"{entity_id}, {currency!r}, {source!r}, {external_id!r}, {origin!r}, {body!r}"


def by_and_when(by_id: int | None, at: dt.datetime) -> str:
    """Return what is hashed of an entry at the end: who posted it, and when."""
    return f", {by_id!r}, '{at.astimezone(dt.UTC).isoformat()}')"
