"""Books out to beancount and hledger journals, and journals of either back in.

An export is read in small steps up to the entry that was the last when it began, so it is whole however large the books
are and whatever is posted meanwhile. An import lands whole or not at all: each transaction becomes one entry, known by
the id an export gave it or else by what it says and how often the file has said it before, so that the same file again,
or one that overlaps it, adds nothing twice.
"""

import datetime as dt
import difflib
import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from core import months
from portfolio.domain import held, landing, ledger, recognition
from portfolio.formats import beancount, hledger
from portfolio.formats.errors import FormatError, shown
from portfolio.formats.journal_text import MAX_BYTES, JournalTransaction, TextJournal
from portfolio.models import (
    Account,
    Booking,
    Entity,
    EntrySource,
    EntryState,
    ImportKind,
    JournalEntry,
    Posting,
)
from portfolio.models.account import CASH_ROLES
from portfolio.render import journals as texts

FORMATS = tuple(texts.FORMATS)
STEP, BATCH = 500, 2_000
_READERS = {"beancount": beancount.read, "hledger": hledger.read}
_ENDINGS = {
    ".beancount": "beancount",
    ".bean": "beancount",
    ".hledger": "hledger",
    ".journal": "hledger",
    ".ledger": "hledger",
    ".j": "hledger",
}
_BEANCOUNT = re.compile(rb'^(?:option "|[0-9]{4}-[0-9]{2}-[0-9]{2}\s+(?:open|txn|close|balance|commodity)\s|'
                        rb'[0-9]{4}-[0-9]{2}-[0-9]{2}\s+[*!]\s+")', re.MULTILINE)  # fmt: skip
_MARK = re.compile(r"([-a-zA-Z0-9_]{1,60})/([0-9]{1,18})", re.ASCII)
_CODE_FIRST = re.compile(r"([0-9][0-9.]{0,9})(?:[-_ ].*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """An account that a file names, where the file first does, and the account of the books it goes to."""

    name: str
    line: int
    account: Account | None


def export(
    *, entity: Entity, form: str, first: dt.date | None = None, last: dt.date | None = None
) -> Iterator[str]:
    """Yield a journal of an entity's posted entries from one day to another, both included; by default all of them.

    With a first day, balances are those of the entries shown: what was before is left out.
    """
    entries = JournalEntry.objects.filter(entity=entity, state=EntryState.POSTED)
    newest = _newest(entity)
    if first is not None:
        entries = entries.filter(on__gte=first)
    if last is not None:
        entries = entries.filter(on__lte=last)
    accounts = list(Account.objects.filter(entity=entity).order_by("code", "pk"))
    paths = texts.paths(
        (account.pk, account.code, account.name, account.kind, account.role) for account in accounts
    )
    shown_as = {
        account.pk: texts.BookAccount(
            account.pk, paths[account.pk], account.code, account.name, account.kind, account.currency
        )
        for account in accounts
    }
    oldest = entries.order_by("on", "pk").values_list("on", flat=True).first()
    book = texts.Book(
        title=f"{entity.name} ({entity.slug})",
        currency=entity.currency,
        accounts=tuple(shown_as.values()),
        opens_on=oldest or months.EARLIEST,
    )
    return _pieces(texts.FORMATS[form](book, _entries(entity, entries, newest, shown_as)))


def _pieces(lines: Iterator[str]) -> Iterator[str]:
    """Join lines, so that each that is sent is worth sending."""
    yield from iter(lambda: "".join(itertools.islice(lines, STEP)), "")


def _entries(
    entity: Entity, rows: QuerySet[JournalEntry], newest: int, accounts: Mapping[int, texts.BookAccount]
) -> Iterator[texts.BookEntry]:
    """Read entries by day, a few hundred at a time, leaving out those that came after the newest."""
    after: tuple[dt.date, int] | None = None
    while True:
        step = rows.order_by("on", "pk")
        if after is not None:
            step = step.filter(on__gte=after[0]).filter(Q(on__gt=after[0]) | Q(pk__gt=after[1]))
        found = list(
            step.values_list(
                "pk", "number", "on", "memo", "source", "external_id", "origin", "reverses__number", "reason"
            )[:STEP]
        )
        if not found:
            return
        lines: dict[int, list[texts.BookLine]] = {row[0]: [] for row in found}
        for entry_id, account_id, amount, memo, booking in (
            Posting.objects.filter(entry_id__in=list(lines))
            .order_by("entry_id", "id")
            .values_list("entry_id", "account_id", "amount_minor", "memo", "booking__reference")
        ):
            lines[entry_id].append(texts.BookLine(accounts[account_id], amount, memo, booking or ""))
        for pk, number, on, memo, source, external_id, origin, reverses, reason in found:
            if (number or 0) > newest:
                continue
            yield texts.BookEntry(
                mark=f"{entity.slug}/{number}",
                on=on,
                memo=memo,
                source=source,
                external_id=external_id or "",
                origin=origin,
                reverses=f"{entity.slug}/{reverses}" if reverses is not None else "",
                reason=reason,
                lines=tuple(lines[pk]),
            )
        after = (found[-1][2], found[-1][0])


def read(*, data: bytes, name: str, max_bytes: int = MAX_BYTES) -> TextJournal:
    """Read a journal of either program, told apart by the file's name, else by its lines.

    Raises:
        FormatError: the file is refused.
    """
    form = _ENDINGS.get(PurePath(name).suffix.lower()) or (
        "beancount" if _BEANCOUNT.search(data[:MAX_BYTES]) else "hledger"
    )
    return _READERS[form](data, name=name, max_bytes=max_bytes)


def accounts_named(
    *, entity: Entity, journal: TextJournal, mapping: Mapping[str, str] | None = None
) -> list[NamedAccount]:
    """Return the accounts a journal moves money on, each with the account of the books it goes to, if there is one.

    ``mapping`` says for a name in the file which code it goes to, and outweighs what the name says by itself: the code
    it was declared with, a code its last part begins with, or the whole name of an account.
    """
    accounts = list(Account.objects.filter(entity=entity, active=True).order_by("code"))
    by_code = {account.code: account for account in accounts}
    by_name: dict[str, Account | None] = {}
    for account in accounts:
        key = _key(account.name)
        # Two accounts of one name: the name alone says nothing.
        by_name[key] = None if key in by_name else account
    found = []
    for name, line in journal.accounts().items():
        last = name.rpartition(":")[2].strip()
        coded = _CODE_FIRST.fullmatch(last)
        chosen = by_code.get((mapping or {}).get(name, ""))
        for said in (
            by_code.get(journal.codes.get(name, "")),
            by_code.get(last),
            by_code.get(coded[1]) if coded else None,
            by_name.get(_key(last)),
            by_name.get(_key(name)),
        ):
            chosen = chosen or said
        found.append(NamedAccount(name, line, chosen))
    return found


def land_journal(
    *,
    entity: Entity,
    data: bytes,
    name: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
    mapping: Mapping[str, str] | None = None,
    max_bytes: int = MAX_BYTES,
) -> landing.LandedFile:
    """Post a journal's transactions that are not in the books yet, all or none.

    Raises:
        FormatError: the file is refused; nothing of it is kept.
    """
    journal = read(data=data, name=name, max_bytes=max_bytes)
    with transaction.atomic():
        landing.lock(entity)
        accounts = _all_mapped(entity, journal, mapping)
        _refuse_currencies(journal, accounts)
        # To the end of the file before the first entry: what is refused is refused before anything of it is posted.
        newest = _newest(entity)
        named: set[int] = set()
        paid: set[int] = set()
        for transactions, new in _fresh(entity, journal, accounts, newest):
            landing.refuse_closed(entity=entity, lines=new, name=name, column="date")
            landing.refuse_early(entity=entity, lines=new, name=name, column="date")
            bookings = _bookings(entity, transactions)
            named.update(booking.pk for booking in bookings.values())
            paid.update(
                bookings[reference].pk for reference in _in_cash(transactions, accounts) & set(bookings)
            )
        held.lock(named)
        file = landing.open_file(entity=entity, kind=ImportKind.JOURNAL, name=name, data=data, by=by, at=at)
        count = 0
        for found, new in _fresh(entity, journal, accounts, newest):
            drafts = _drafts(entity, found, new, accounts, name)
            if drafts:
                landing.post(entity=entity, drafts=drafts, lines=new, name=name, by=by, at=at)
                landing.add_lines(file=file, lines=((entity, line) for line in new))
            count += len(new)
        recognition.settle_paid(booking_ids=paid)
        landing.close_file(
            file=file, entity=entity, read=journal.count, new=count, covers_to=journal.last, by=by, at=at
        )
    return landing.LandedFile(file, journal.count, count)


def _in_cash(transactions: Sequence[JournalTransaction], accounts: Mapping[str, Account]) -> set[str]:
    """Return the bookings that transactions name which move cash: without it nobody has paid anything."""
    return {
        posting.booking
        for found in transactions
        if any(accounts[posting.account].role in CASH_ROLES for posting in found.moving)
        for posting in found.moving
        if posting.booking
    }


def _newest(entity: Entity) -> int:
    last = JournalEntry.objects.filter(entity=entity, state=EntryState.POSTED).order_by("-number")
    return last.values_list("number", flat=True).first() or 0


def _fresh(
    entity: Entity, journal: TextJournal, accounts: Mapping[str, Account], newest: int
) -> Iterator[tuple[list[JournalTransaction], list[landing.NewLine]]]:
    """Yield the transactions that are not in the books yet with their lines, some at a time.

    ``newest`` is the number of the last entry before the file: its own ids say nothing about what it posts itself.

    Raises:
        FormatError: one says an id that is in the books, or stands in the file before, with something else.
    """
    names = _Names(journal.file)
    moving = (found for found in journal.walk() if found.moving)
    while batch := list(itertools.islice(moving, BATCH)):
        known = _known_marks(entity, journal, batch, accounts, newest)
        asked = [found for found in batch if found.mark not in known]
        lines = [names.line(found) for found in asked]
        places = landing.unseen(entity=entity, kind=ImportKind.JOURNAL, lines=lines, name=journal.file)
        yield [asked[place] for place in places], [lines[place] for place in places]


def _drafts(
    entity: Entity,
    transactions: Sequence[JournalTransaction],
    lines: Sequence[landing.NewLine],
    accounts: Mapping[str, Account],
    name: str,
) -> list[ledger.Draft]:
    bookings = _bookings(entity, transactions)
    return [
        ledger.Draft(
            on=found.on,
            memo=found.memo,
            lines=tuple(
                ledger.Line(
                    accounts[posting.account],
                    posting.amount_minor,
                    bookings.get(posting.booking),
                    posting.memo,
                )
                for posting in found.moving
            ),
            source=EntrySource.JOURNAL,
            external_id=line.external_id,
            origin=landing.origin(name, found.line),
        )
        for found, line in zip(transactions, lines, strict=True)
    ]


def _all_mapped(
    entity: Entity, journal: TextJournal, mapping: Mapping[str, str] | None
) -> dict[str, Account]:
    accounts: dict[str, Account] = {}
    for named in accounts_named(entity=entity, journal=journal, mapping=mapping):
        if named.account is None:
            names = {str(account): account for account in Account.objects.filter(entity=entity, active=True)}
            near = difflib.get_close_matches(named.name.rpartition(":")[2], list(names), n=2, cutoff=0.3)
            raise FormatError(
                file=journal.file,
                line=named.line,
                column="account",
                reason=f"{shown(named.name)} is no active account of {entity.name}"
                + (f" (near it: {' or '.join(near)})" if near else ""),
                fix="bring the file in from the entity's Journal page, where you choose its account, or add it to the chart",
            )
        accounts[named.name] = named.account
    return accounts


def _refuse_currencies(journal: TextJournal, accounts: Mapping[str, Account]) -> None:
    for (name, currency), line in journal.moved.items():
        account = accounts[name]
        if account.currency != currency:
            raise FormatError(
                file=journal.file,
                line=line,
                column="currency",
                reason=f"the posting is in {currency} and account {account} is kept in {account.currency}",
                fix="send it to an account of its currency",
            )


def _known_marks(
    entity: Entity,
    journal: TextJournal,
    moving: Sequence[JournalTransaction],
    accounts: Mapping[str, Account],
    newest: int,
) -> frozenset[str]:
    """Return the ids that our own export of these very books gave to entries that are still what the file says."""
    asked: dict[int, JournalTransaction] = {}
    for found in moving:
        mark = _MARK.fullmatch(found.mark)
        if mark is not None and mark[1] == entity.slug and int(mark[2]) <= newest:
            asked[int(mark[2])] = found
    known: set[str] = set()
    numbers = sorted(asked)
    for start in range(0, len(numbers), STEP):
        rows = dict(
            JournalEntry.objects.filter(
                entity=entity, state=EntryState.POSTED, number__in=numbers[start : start + STEP]
            ).values_list("pk", "number")
        )
        days = dict(JournalEntry.objects.filter(pk__in=list(rows)).values_list("pk", "on"))
        sums: dict[int, list[tuple[int, int]]] = {pk: [] for pk in rows}
        for entry_id, account_id, amount in Posting.objects.filter(entry_id__in=list(rows)).values_list(
            "entry_id", "account_id", "amount_minor"
        ):
            sums[entry_id].append((account_id, amount))
        for pk, number in rows.items():
            found = asked[number or 0]
            said = sorted((accounts[posting.account].pk, posting.amount_minor) for posting in found.moving)
            if days[pk] == found.on and sorted(sums[pk]) == said:
                known.add(found.mark)
            elif not _landed_as(entity, found.mark):
                raise FormatError(
                    file=journal.file,
                    line=found.line,
                    column="id",
                    reason=f"entry {number} of {entity.name} is in the books and says something else",
                    fix="a posted entry never changes; take the id away to post this as another entry",
                )
    return frozenset(known)


def _landed_as(entity: Entity, mark: str) -> bool:
    """Tell whether a file brought an entry under this id before, whose number here is another."""
    return JournalEntry.objects.filter(
        entity=entity, source=EntrySource.JOURNAL, external_id=_external(mark)
    ).exists()


class _Names:
    """Names the transactions of one file, in its order: by the id of an export, else by what they say, counted."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.said: Counter[bytes] = Counter()
        self.marks: dict[str, int] = {}

    def line(self, found: JournalTransaction) -> landing.NewLine:
        """Return the line of a transaction.

        Raises:
            FormatError: its id stands in the file before.
        """
        body = (
            found.on.isoformat(),
            found.memo,
            tuple((p.account, p.amount_minor, p.currency, p.memo) for p in found.moving),
        )
        if _MARK.fullmatch(found.mark):
            external_id = _external(found.mark)
            before = self.marks.setdefault(found.mark, found.line)
            if before != found.line:
                raise FormatError(
                    file=self.file,
                    line=found.line,
                    column="id",
                    reason=f"{found.mark} stands already on line {before}",
                    fix="keep one of the two",
                )
        else:
            digest = hashlib.sha256(repr(body).encode()).digest()[:20]
            self.said[digest] += 1
            external_id = f"text:{digest.hex()}:{self.said[digest]}"
        return landing.NewLine(
            line=found.line,
            external_id=external_id,
            on=found.on,
            amount_minor=sum(p.amount_minor for p in found.moving if p.amount_minor > 0),
            description=found.memo,
            # An exported id is told by both formats, which name accounts alike but not every letter of a memo.
            body=(body[0], tuple(sorted((p.account, p.amount_minor) for p in found.moving))),
        )


def _external(mark: str) -> str:
    return f"export:{mark}"


def _bookings(entity: Entity, transactions: Sequence[JournalTransaction]) -> dict[str, Booking]:
    asked = sorted({p.booking for found in transactions for p in found.moving if p.booking})
    found: dict[str, Booking] = {}
    for start in range(0, len(asked), STEP):
        for booking in Booking.objects.filter(entity=entity, reference__in=asked[start : start + STEP]):
            found[booking.reference] = booking
    return found


def _key(name: str) -> str:
    """Return a name without what the formats cannot write: case, signs and spaces."""
    return re.sub(r"[\W_]+", " ", name.casefold()).strip()


@dataclass(frozen=True, slots=True)
class Effect:
    """What a journal would post to one account: how many postings, and their sum, debit positive."""

    account: str
    postings: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What landing a journal would do."""

    read: int
    new: int
    first: dt.date | None
    last: dt.date | None
    effects: tuple[Effect, ...]


def preview(
    *,
    entity: Entity,
    data: bytes,
    name: str,
    by: AbstractBaseUser | None,
    at: dt.datetime,
    mapping: Mapping[str, str] | None = None,
) -> Preview:
    """Return what landing a journal would do, by doing it and taking it back.

    Raises:
        FormatError: the file would be refused.
    """
    with transaction.atomic():
        landed = land_journal(entity=entity, data=data, name=name, by=by, at=at, mapping=mapping)
        entries = landed.file.lines.filter(entry__isnull=False)
        days = entries.aggregate(first=Min("on"), last=Max("on"))
        effects = tuple(
            Effect(f"{code} {title}", count, amount)
            for code, title, count, amount in Posting.objects.filter(entry_id__in=entries.values("entry_id"))
            .order_by("account__code")
            .values_list("account__code", "account__name")
            .annotate(count=Count("pk"), amount=Sum("amount_minor"))
        )
        transaction.set_rollback(True)
    return Preview(landed.read, landed.new, days["first"], days["last"], effects)
