"""Posting and reversing journal entries: the one door through which money enters the books.

An entry is checked here so that a refusal can say what is wrong with it, and again by the database, which seals it
(migration ``journal_guards``) whatever code wrote it. The SQL lives next door in `portfolio.domain.sealing`; files
become entries in `portfolio.domain.intake`; whether the books still hold is asked in
`portfolio.domain.verification`.
"""

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, TypeVar

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from core import audit, months
from core.collector import uncollected
from core.money import LIMIT_MINOR, format_minor
from portfolio.domain import hashing, periods, sealing
from portfolio.models import (
    Account,
    Booking,
    Entity,
    EntryChain,
    EntrySource,
    EntryState,
    JournalEntry,
)

MEMO_LIMIT, EXTERNAL_ID_LIMIT, ORIGIN_LIMIT, LINE_MEMO_LIMIT, REASON_LIMIT = 250, 160, 200, 200, 250
# NUL, and halves of characters that JSON can smuggle in.
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")

# What the audit trail calls an entry.
_SUBJECT = JournalEntry._meta.label_lower
_EARLIEST, _LATEST = months.EARLIEST, months.LATEST

T = TypeVar("T")
_Key = tuple[str, str | None]
# Id and currency of the accounts of a batch that are the entity's, by their place in memory, which each is kept to hold.
_Accounts = dict[int, tuple[int, str, Account]]
# So many ids of a batch are looked for before all of them are.
_SAMPLE = 32


class LedgerError(Exception):
    """An entry that the books refuse; the message is a sentence for the person who sent it."""


class EmptyEntryError(LedgerError):
    """Fewer than two postings, or a posting that moves nothing."""


class UnbalancedEntryError(LedgerError):
    """The postings do not add up to zero."""


class MixedCurrencyError(LedgerError):
    """The accounts keep different currencies."""


class ForeignAccountError(LedgerError):
    """An account belongs to another entity."""


class ClosedPeriodError(LedgerError):
    """The month of the entry is closed, or one after it is."""


class BeforeOpeningError(LedgerError):
    """The entry is of a day before the opening balances, which hold it already."""


class DifferentBodyError(LedgerError):
    """The external id is in the books already, with another date, memo or postings."""


class AlreadyReversedError(LedgerError):
    """An entry is reversed once."""


class EarlyReversalError(LedgerError):
    """An entry is reversed on its own day or later."""


class ReversedOpeningError(LedgerError):
    """An opening that was reversed is posted anew: the reversal of its reversal would be no opening."""


class NotPostedError(LedgerError):
    """Only posted entries are reversed; a draft is simply deleted."""


class FarDateError(LedgerError):
    """The date lies in another century: a slip of the hand that the books would keep for ever."""


class TextError(LedgerError):
    """A memo, reason or id is missing or too long."""


class Line(NamedTuple):
    """One posting to be: debit positive, credit negative, in minor units of the account's currency."""

    account: Account
    amount_minor: int
    booking: Booking | None = None
    memo: str = ""


class Draft(NamedTuple):
    """One entry to be. ``external_id`` is unique within entity and source; ``origin`` names file and line."""

    on: dt.date
    memo: str
    lines: Sequence[Line]
    source: EntrySource
    external_id: str | None = None
    origin: str = ""
    reverses: JournalEntry | None = None
    reason: str = ""


def post(
    *,
    entity: Entity,
    on: dt.date,
    memo: str,
    lines: Sequence[Line],
    source: EntrySource,
    external_id: str | None = None,
    origin: str = "",
    by: AbstractBaseUser | None = None,
    at: dt.datetime,
) -> JournalEntry:
    """Post one balanced entry and return it; posting the same external id and body again returns the first.

    ``on`` is the local date of the entity. Amounts are minor units, debit positive.

    Raises:
        LedgerError: one of its kinds, each with a sentence; nothing is written.
    """
    draft = Draft(on, memo, tuple(lines), source, external_id, origin)
    return _post_one(entity=entity, draft=draft, action="portfolio:entry:post", by=by, at=at)


def post_many(
    *, entity: Entity, drafts: Sequence[Draft], by: AbstractBaseUser | None = None, at: dt.datetime
) -> list[int]:
    """Post entries of one entity in bulk, all or none; return their ids in the order given.

    Entries whose external id is in the books with the same body are not posted again; their ids are those of
    the first posting. One audit row tells of the whole batch.

    Raises:
        LedgerError: one of its kinds for the first entry that is refused; nothing is written.
    """
    with uncollected(), _translated(entity, drafts):
        # The rows are gone again before anybody looks through what is left.
        return _retried(lambda: _post_batch(entity, drafts, by, at))


def reverse(
    *, entry: JournalEntry, on: dt.date, reason: str, by: AbstractBaseUser | None, at: dt.datetime
) -> JournalEntry:
    """Post the mirror image of a posted entry, linked to it, and return it; repeating the call changes nothing.

    Raises:
        NotPostedError: the entry is still a draft.
        AlreadyReversedError: it was reversed before, on another date or for another reason.
        EarlyReversalError: ``on`` is before the entry.
        ReversedOpeningError: it is the reversal of an opening.
        TextError: the reason is empty or too long.
        ClosedPeriodError: the month of ``on`` is closed.
    """
    if entry.state != EntryState.POSTED:
        raise NotPostedError(f"{_named(entry)} is a draft; delete it instead of reversing it.")
    reason = reason.strip()
    if not reason:
        raise TextError(f"Reversing {_named(entry)} needs a reason; say why.")
    if on < entry.on:
        raise EarlyReversalError(
            f"{_named(entry)} is not reversed before its day; choose that day or a later one."
        )
    # Only where a reversal is reversed, what it reversed is looked up.
    undone = entry.reverses if entry.source == EntrySource.REVERSAL else None
    if undone is not None and undone.source == EntrySource.OPENING:
        raise ReversedOpeningError(
            f"{_named(entry)} undid the opening balances; post them anew instead of reversing it."
        )
    draft = Draft(
        on=on,
        memo=f"Reversal: {entry.memo}"[:MEMO_LIMIT],
        lines=tuple(
            Line(p.account, -p.amount_minor, p.booking, p.memo)
            for p in entry.postings.select_related("account", "booking")
        ),
        source=EntrySource.REVERSAL,
        external_id=f"reversal:{entry.pk}",
        reverses=entry,
        reason=reason,
    )
    try:
        return _post_one(entity=entry.entity, draft=draft, action="portfolio:entry:reverse", by=by, at=at)
    except DifferentBodyError as error:
        raise AlreadyReversedError(
            f"{_named(entry)} is reversed already; post a new entry for what is still to be corrected."
        ) from error


def _post_one(
    *, entity: Entity, draft: Draft, action: str, by: AbstractBaseUser | None, at: dt.datetime
) -> JournalEntry:
    row = _row(entity, draft, {})
    by_id = by.pk if by is not None else None

    data: dict[str, Any] = {"source": row.source, "debit_minor": row.debit_minor}
    if row.external_id is not None:
        data["external_id"] = row.external_id
    if row.reverses_id is not None:
        data |= {"reverses": row.reverses_id, "reason": row.reason}
    event = audit.Event(
        action, _SUBJECT, audit.label(f"{row.on} {row.memo}"), entity.slug, "", json.dumps(data)
    )  # fmt: skip

    def attempt() -> JournalEntry:
        with sealing.at_once() as own:
            written = sealing.write_one(row, own=own, by_id=by_id, at=at, event=event)
        if written.known is not None:
            _same_body(row, written.known)
            return JournalEntry.objects.get(pk=written.id)
        return sealing.as_read(entity, row, written, by_id, at)

    with _translated(entity, [draft]):
        if EntrySource.OPENING not in (draft.source, draft.reverses and draft.reverses.source):
            return _retried(attempt)
        with transaction.atomic():
            entry = _retried(attempt)
            _mark_opening(entity)
        return entry


def _post_batch(
    entity: Entity, drafts: Sequence[Draft], by: AbstractBaseUser | None, at: dt.datetime
) -> list[int]:
    """Take a batch for new where a sample of it is, and look all its ids up where the books say that it is not.

    The books hold an external id once, so that a batch which is not new is refused there, and nothing of it stays.
    """
    if not _known(entity, [*drafts[:: len(drafts) // _SAMPLE + 1], *drafts[-1:]]):
        with suppress(LedgerError, IntegrityError), transaction.atomic():
            return _post_new(entity, drafts, _checked(entity, drafts), by, at)
        # What is wrong with it, if anything is, is now said in the order of the batch.
    with transaction.atomic():
        sealing.take_pen(entity_id=entity.pk)
        known = _known(entity, drafts)
        # The id where an entry is in the books, None where it is new.
        places = [known.get((draft.source, draft.external_id)) for draft in drafts]
        for draft, place in zip(drafts, places, strict=True):
            if place is not None:
                _same_body(_row(entity, draft, {}), place[1])
        new = [draft for draft, place in zip(drafts, places, strict=True) if place is None]
        fresh = iter(_post_new(entity, new, _once_each(_checked(entity, new)), by, at))
        return [next(fresh) if place is None else place[0] for place in places]


def _checked(entity: Entity, drafts: Iterable[Draft]) -> Iterator[hashing.EntryRow]:
    accounts: _Accounts = {}
    for draft in drafts:
        yield _row(entity, draft, accounts)


def _once_each(rows: Iterable[hashing.EntryRow]) -> Iterator[hashing.EntryRow]:
    seen: set[_Key] = set()
    for row in rows:
        if row.external_id is not None:
            key = (row.source, row.external_id)
            if key in seen:
                raise DifferentBodyError(
                    f"{_named(row)} has the id {row.external_id!r} of another entry of this batch; "
                    "give each its own."
                )
            seen.add(key)
        yield row


def _post_new(
    entity: Entity,
    drafts: Sequence[Draft],
    rows: Iterator[hashing.EntryRow],
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> list[int]:
    """Write the rows of these drafts, each as it is made, and tell the audit trail; runs inside the caller's transaction."""
    if not drafts:
        return []
    pen = sealing.take_pen(entity_id=entity.pk)
    by_id = by.pk if by is not None else None
    written, debit_minor = sealing.write(
        rows, pen=pen, entity_id=entity.pk, many=len(drafts), by_id=by_id, at=at
    )
    sources = {draft.source for draft in drafts}
    if EntrySource.OPENING in sources:
        _mark_opening(entity)
    audit.record(
        action="portfolio:entries:post",
        subject=entity,
        by=by,
        at=at,
        entity=entity.slug,
        data={
            "entries": len(written),
            "first": written[0],
            "last": written[-1],
            "debit_minor": debit_minor,
            "sources": sorted(source.value for source in sources),
        },
    )
    return written


def _mark_opening(entity: Entity) -> None:
    """Write beside the head on which day the books begin, where every later post reads it with the head."""
    standing = JournalEntry.objects.filter(
        entity=entity, source=EntrySource.OPENING, state=EntryState.POSTED, reversed_by__isnull=True
    )
    day = standing.order_by("on").values_list("on", flat=True).first()
    EntryChain.objects.filter(entity=entity).update(opened_on=day)


def _known(entity: Entity, drafts: Sequence[Draft]) -> dict[_Key, tuple[int, str]]:
    """Return (id, body hash) by (source, external id) for those of the drafts that are in the books."""
    by_source: dict[str, list[str]] = {}
    for draft in drafts:
        if draft.external_id is not None:
            by_source.setdefault(draft.source.value, []).append(draft.external_id)
    return {
        (source, external_id): (number, body_hash)
        for source, ids in by_source.items()
        for number, external_id, body_hash in sealing.find_many(
            entity_id=entity.pk, source=source, external_ids=_writable(ids)
        )
    }


def _writable(ids: list[str]) -> list[str]:
    """Leave out ids that no database keeps: they are refused with their drafts."""
    if not _UNWRITABLE.search("".join(ids)):
        return ids
    return [external_id for external_id in ids if not _UNWRITABLE.search(external_id)]


def _retried(attempt: Callable[[], T]) -> T:
    """Run an attempt again when another connection posted the same external id while it ran."""
    try:
        return attempt()
    except IntegrityError as error:
        # A reversal stands under its external id and under the entry it reverses; either may be told of first.
        if not any(key in str(error) for key in ("entry_once_per_external_id", "reverses_id")):
            raise
        return attempt()


def _row(entity: Entity, draft: Draft, accounts: _Accounts) -> hashing.EntryRow:
    """Check an entry whole and return it as the row to be written, with its hash."""
    on, memo, lines, source, external_id, origin, reverses, reason = draft
    said = f"{memo}{external_id}{origin}{reason}"
    # A draft whose words are plain is seen to be so at once; the others are looked at one by one.
    if (
        len(said) > EXTERNAL_ID_LIMIT or external_id == "" or not memo or memo.isspace()
        or "\0" in said or not said.isascii()
    ):  # fmt: skip
        _check_texts(draft)
    if not _EARLIEST <= on <= _LATEST:
        raise FarDateError(f"{_named(draft)} is outside {_EARLIEST.year} to {_LATEST.year}; check the year.")
    if len(lines) < 2:
        raise EmptyEntryError(f"{_named(draft)} has {len(lines)} postings; an entry needs at least two.")
    currency, total, debit = "", 0, 0
    postings: list[hashing.PostingRow] = []
    for account, amount, booking, words in lines:
        looked_at = accounts.get(id(account))
        if looked_at is None:
            looked_at = accounts[id(account)] = _look_at(entity, draft, account)
        account_id, its_currency, _ = looked_at
        if its_currency != currency:
            if currency:
                raise MixedCurrencyError(
                    f"{_named(draft)} mixes {currency} and {its_currency}; post one entry for each currency."
                )
            currency = its_currency
        if type(amount) is not int or not -LIMIT_MINOR <= amount <= LIMIT_MINOR or not amount:
            raise EmptyEntryError(
                f"{_named(draft)} posts {amount!r} to account {account}; an amount is a whole number of minor units, "
                f"not zero and at most {LIMIT_MINOR:,}."
            )
        if words:
            _check_text(draft, "posting memo", words, LINE_MEMO_LIMIT)
        total += amount
        if amount > 0:
            debit += amount
        postings.append((account_id, amount, None if booking is None else booking.pk, words))
    if total:
        raise UnbalancedEntryError(
            f"{_named(draft)} is out of balance by {format_minor(total, currency)}; its postings must add up to zero."
        )
    reverses_id = None if reverses is None else reverses.pk
    return hashing.EntryRow(
        entity.id, on, on.year * 12 + on.month - 1, currency, memo, source._value_, external_id,
        hashing.body_hash(on, memo, reverses_id, reason, postings), origin, reverses_id, reason, postings, debit,
    )  # fmt: skip


def _look_at(entity: Entity, draft: Draft, account: Account) -> tuple[int, str, Account]:
    if account.entity_id != entity.id:
        raise ForeignAccountError(
            f"{_named(draft)} uses account {account} of another entity; use an account of {entity.name}."
        )
    return account.id, account.currency, account


def _check_texts(draft: Draft) -> None:
    if not draft.memo.strip():
        raise TextError(f"The entry on {months.spelled(draft.on)} has no memo; say what happened.")
    _check_text(draft, "memo", draft.memo, MEMO_LIMIT)
    if draft.external_id is not None:
        if not draft.external_id:
            raise TextError(f"{_named(draft)} has an empty external id; leave it out or give one.")
        _check_text(draft, "external id", draft.external_id, EXTERNAL_ID_LIMIT)
    if draft.origin:
        _check_text(draft, "origin", draft.origin, ORIGIN_LIMIT)
    if draft.reason:
        _check_text(draft, "reason", draft.reason, REASON_LIMIT)


def _check_text(draft: Draft, what: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise TextError(f"{_named(draft)} has a {what} longer than {limit} characters; shorten it.")
    if _UNWRITABLE.search(text):
        raise TextError(f"{_named(draft)} has a character in its {what} that no database keeps; remove it.")


def _same_body(row: hashing.EntryRow, body_hash: str) -> None:
    if row.body_hash != body_hash:
        raise DifferentBodyError(
            f"{_named(row)} has the id {row.external_id!r} of an entry that is in the books with another "
            "date, memo or postings; reverse that one first, or give this one its own id."
        )


def _named(entry: Draft | JournalEntry | hashing.EntryRow) -> str:
    memo = _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", entry.memo)
    shown = memo if len(memo) <= 60 else memo[:59] + "…"
    return f"The entry “{shown}” of {months.spelled(entry.on)}"


@contextmanager
def _translated(entity: Entity, drafts: Sequence[Draft]) -> Iterator[None]:
    """Turn a refusal of the database, which saw what we could not, into the ledger's own sentence."""
    try:
        yield
    except IntegrityError as error:
        text = str(error)
        if "is closed" in text:
            names = periods.named(
                closed=periods.closed_months(entity=entity),
                asked=[months.month_of(draft.on) for draft in drafts],
            )
            raise ClosedPeriodError(
                f"The books of {entity.name} are closed for {names}; post into an open month."
            ) from error
        if sealing.EARLY in text:
            day = EntryChain.objects.values_list("opened_on", flat=True).get(entity=entity)
            early = next((draft for draft in drafts if day is not None and draft.on < day), drafts[0])
            raise BeforeOpeningError(
                f"{_named(early)} is of a day before the opening balances of {months.spelled(day or early.on)}, which hold it "
                "already; leave it out, or name it among the open invoices and bills of the opening."
            ) from error
        if "belongs to its entity" in text:
            raise ForeignAccountError(
                f"An account moved to another entity meanwhile; load it again. {text}"
            ) from error
        if "keeps its currency" in text:
            raise MixedCurrencyError(
                f"An account changed its currency meanwhile; load it again. {text}"
            ) from error
        raise
