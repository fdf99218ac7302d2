"""Entries that a person writes by hand: naming accounts and bookings, posting with documents, correcting.

Posting itself is `portfolio.domain.ledger`; what is here makes of what somebody typed what the ledger takes.
"""

import datetime as dt
import difflib
from collections.abc import Iterable, Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from portfolio.domain import documents, held, landing, ledger, matching, recognition, rules, undoing
from portfolio.models import Account, Booking, Entity, EntrySource, JournalEntry
from portfolio.models.account import CASH_ROLES

NEAR = 3


class NotNamedError(ledger.LedgerError):
    """What was typed names no account or booking; the message says what is near it."""


class Names:
    """The accounts of one entity by what people type for them."""

    def __init__(self, entity: Entity) -> None:
        """Read the accounts, lowest code first."""
        self.accounts = list(Account.objects.filter(entity=entity).order_by("code"))
        self._whose = entity.name

    @property
    def offered(self) -> list[Account]:
        """Return the accounts that entries may use."""
        return [account for account in self.accounts if account.active]

    def account(self, text: str) -> Account:
        """Return the account that is meant by its code, its name, both, or a part that only it has.

        Raises:
            NotNamedError: none or several could be meant, or it is not active.
        """
        asked = " ".join(text.split()).casefold()
        exact = [
            account
            for account in self.accounts
            if asked in (account.code.casefold(), account.name.casefold(), str(account).casefold())
        ]
        active = [account for account in exact if account.active]
        if len(active) == 1:
            return active[0]
        if exact and not active:
            raise NotNamedError(f"{exact[0]} is not active; choose another account or make it active again.")
        part = [account for account in self.offered if asked and asked in str(account).casefold()]
        if len(part) == 1:
            return part[0]
        near = active or part or self._near(asked)
        if not near:
            raise NotNamedError(
                f"{self._whose} has no account “{_cut(text)}”; type a code or a part of a name."
            )
        listed = ", ".join(str(account) for account in near[:NEAR])
        if active or part:
            raise NotNamedError(f"“{_cut(text)}” could be several accounts: {listed}. Type more of one.")
        raise NotNamedError(f"{self._whose} has no account “{_cut(text)}”. Near it: {listed}.")

    def _near(self, asked: str) -> list[Account]:
        words = {str(account).casefold(): account for account in self.offered}
        words |= {account.name.casefold(): account for account in self.offered}
        words |= {account.code.casefold(): account for account in self.offered}
        found = difflib.get_close_matches(asked[:60], list(words), n=2 * NEAR, cutoff=0.45)
        return list(dict.fromkeys(words[word] for word in found))


def booking(*, entity: Entity, reference: str) -> Booking:
    """Return the booking with a reference.

    Raises:
        NotNamedError: the entity has none.
    """
    found = Booking.objects.filter(entity=entity, reference__iexact=reference.strip()).first()
    if found is None:
        raise NotNamedError(
            f"{entity.name} has no booking {_cut(reference)}; type its reference, or leave it out."
        )
    return found


def write(
    *,
    entity: Entity,
    on: dt.date,
    memo: str,
    lines: Sequence[ledger.Line],
    key: str,
    files: Sequence[documents.Document] = (),
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> JournalEntry:
    """Post an entry that a person wrote, with its documents, all or nothing; the same key posts once.

    Raises:
        ledger.LedgerError: the books refuse it.
    """
    return _write(entity, on, memo, lines, f"form:{key}", "", files, by, at)


def reverse(
    *, entry: JournalEntry, on: dt.date, reason: str, by: AbstractBaseUser | None, at: dt.datetime
) -> JournalEntry:
    """Reverse an entry by hand, with what a rule moved of it since; the bank lines that made it wait for a decision again.

    One that a person or a deed posted keeps its line: that money did move, and its reversal awaits a line of its own.

    Raises:
        undoing.MadeElsewhereError: it is undone with the record that made it.
        ledger.LedgerError: the books refuse it.
    """
    with transaction.atomic():
        landing.lock(entry.entity)
        undoing.refuse_made(entry)
        paid_for = _paid_for(entry)
        _lock(paid_for)
        rules.take_back(entry=entry, on=on, reason=reason, by=by, at=at)
        reversal = ledger.reverse(entry=entry, on=on, reason=reason, by=by, at=at)
        if entry.source == EntrySource.BANK:
            matching.pass_on(entry=entry, by=by, at=at)
        recognition.settle_paid(booking_ids=paid_for)
        return reversal


def correct(
    *,
    entry: JournalEntry,
    reversed_on: dt.date,
    reason: str,
    on: dt.date,
    memo: str,
    lines: Sequence[ledger.Line],
    files: Sequence[documents.Document] = (),
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> JournalEntry:
    """Reverse an entry and post what is right in its place, all or nothing; return the new entry.

    What a rule moved of it since is reversed too: the new entry says where all of its money belongs.

    Raises:
        undoing.MadeElsewhereError: it is undone with the record that made it.
        ledger.LedgerError: the books refuse either of the two.
    """
    with transaction.atomic():
        landing.lock(entry.entity)
        undoing.refuse_made(entry)
        paid_for = _paid_for(entry)
        _lock(paid_for | _bookings_of(lines))
        rules.take_back(entry=entry, on=reversed_on, reason=reason, by=by, at=at)
        ledger.reverse(entry=entry, on=reversed_on, reason=reason, by=by, at=at)
        new = _write(
            entry.entity,
            on,
            memo,
            lines,
            f"{matching.CORRECTS}{entry.pk}",
            f"Corrects entry {entry.number}",
            files,
            by,
            at,
        )
        matching.pass_on(entry=entry, to=new, by=by, at=at)
        recognition.settle_paid(booking_ids=paid_for)
        return new


def correction_of(entry: JournalEntry) -> JournalEntry | None:
    """Return the entry that was posted in place of one that was wrong, or None."""
    return JournalEntry.objects.filter(
        entity_id=entry.entity_id, source=EntrySource.MANUAL, external_id=f"{matching.CORRECTS}{entry.pk}"
    ).first()


def corrected_by(entry: JournalEntry) -> JournalEntry | None:
    """Return the wrong entry in whose place this one was posted, or None."""
    said, _, pk = (entry.external_id or "").partition(":")
    if entry.source != EntrySource.MANUAL or said != "corrects" or not pk.isdecimal():
        return None
    return JournalEntry.objects.filter(entity_id=entry.entity_id, pk=int(pk)).first()


def _write(
    entity: Entity,
    on: dt.date,
    memo: str,
    lines: Sequence[ledger.Line],
    external_id: str,
    origin: str,
    files: Sequence[documents.Document],
    by: AbstractBaseUser | None,
    at: dt.datetime,
) -> JournalEntry:
    for line in lines:
        if not line.account.active:
            raise NotNamedError(f"{line.account} is not active; choose another account.")
    paid_for = _bookings_of(lines) if any(line.account.role in CASH_ROLES for line in lines) else set()
    with documents.removed_on_failure() as stored, transaction.atomic():
        _lock(paid_for)
        entry = ledger.post(
            entity=entity,
            on=on,
            memo=memo,
            lines=lines,
            source=EntrySource.MANUAL,
            external_id=external_id,
            origin=origin,
            by=by,
            at=at,
        )
        for file in files:
            documents.keep(entry=entry, document=file, stored=stored, by=by, at=at)
        recognition.settle_paid(booking_ids=paid_for)
    return entry


def _lock(bookings: set[int]) -> None:
    """Hold bookings before anything is posted, as everybody does."""
    if bookings:
        held.lock(bookings)


def _bookings_of(lines: Iterable[ledger.Line]) -> set[int]:
    return {line.booking.pk for line in lines if line.booking is not None}


def _paid_for(entry: JournalEntry) -> set[int]:
    """Return the bookings for which an entry moved cash: reversing it changes what their clients have paid."""
    postings = list(entry.postings.values_list("booking_id", "account__role"))
    if not any(role in CASH_ROLES for _, role in postings):
        return set()
    return {pk for pk, _ in postings if pk is not None}


def _cut(text: str) -> str:
    shown = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text.strip()
    )
    return shown if len(shown) <= 40 else shown[:39] + "…"
