"""Books as text journals that beancount and hledger read: the same entries, every byte decided by them.

Names of accounts are made so that both programs take them, such as ``Assets:Cash:1010-Operating-checking``; what has
no place in either language (source, own id, origin, what it reverses) stands as metadata or tags. The last lines state
each account's balance, so that whoever reads the file sees at once whether they read all of it.
"""

import datetime as dt
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.money import exponent

ROOTS = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expenses",
}
_TYPES = {"asset": "A", "liability": "L", "equity": "E", "income": "R", "expense": "X"}
_CONTROL = re.compile("[\x00-\x1f\x7f]")
# What hledger would take for a date of the posting, wherever it stands in a comment.
_DATE_TAG = re.compile(r"(?i)(date2?):")


@dataclass(frozen=True, slots=True)
class BookAccount:
    """One account of the chart, with the name it has in a journal."""

    pk: int
    path: str
    code: str
    name: str
    kind: str
    currency: str


@dataclass(frozen=True, slots=True)
class BookLine:
    """One posting, debit positive."""

    account: BookAccount
    amount_minor: int
    memo: str
    booking: str


@dataclass(frozen=True, slots=True)
class BookEntry:
    """One posted entry. ``mark`` is its id in every export: the entity's slug and the entry's number."""

    mark: str
    on: dt.date
    memo: str
    source: str
    external_id: str
    origin: str
    reverses: str
    reason: str
    lines: tuple[BookLine, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """What stands at the head of a journal."""

    title: str
    currency: str
    accounts: Sequence[BookAccount]
    opens_on: dt.date


def paths(accounts: Iterable[tuple[int, str, str, str, str]]) -> dict[int, str]:
    """Return a name for each account, given as (key, code, name, kind, role); no two are the same."""
    named: dict[int, str] = {}
    taken: set[str] = set()
    for pk, code, name, kind, role in accounts:
        stem = f"{ROOTS[kind]}:{_part(role.replace('_', ' '))}:{_part(f'{code} {name}')}"
        path, count = stem, 1
        while path in taken:
            count += 1
            path = f"{stem}-{count}"
        taken.add(path)
        named[pk] = path
    return named


def beancount(book: Book, entries: Iterable[BookEntry]) -> Iterator[str]:
    """Yield the lines of a beancount journal."""
    yield f"; {_line(book.title)}: posted entries, debit positive.\n"
    yield f'option "title" "{_quoted(book.title)}"\n'
    yield f'option "operating_currency" "{book.currency}"\n\n'
    for account in book.accounts:
        yield f"{book.opens_on} open {account.path} {account.currency}\n"
        yield f'  code: "{_quoted(account.code)}"\n  name: "{_quoted(account.name)}"\n'
    told = _Told()
    for entry in told.through(entries):
        tag = " #reversal" if entry.reverses else ""
        yield f'\n{entry.on} * "{_quoted(entry.memo)}"{tag}\n'
        for key, value in _facts(entry):
            yield f'  {key}: "{_quoted(value)}"\n'
        for line in entry.lines:
            account = line.account
            yield f"  {account.path}  {_amount(line.amount_minor, account.currency)} {account.currency}\n"
            if line.memo:
                yield f'    memo: "{_quoted(line.memo)}"\n'
            if line.booking:
                yield f'    booking: "{_quoted(line.booking)}"\n'
    yield from told.in_beancount(book)


def hledger(book: Book, entries: Iterable[BookEntry]) -> Iterator[str]:
    """Yield the lines of an hledger journal."""
    yield f"; {_line(book.title)}: posted entries, debit positive.\n"
    yield "decimal-mark .\n"
    for currency in sorted({account.currency for account in book.accounts} | {book.currency}):
        # A currency without minor units ends with the mark, or hledger could not tell it from a thousands mark.
        yield f"commodity 1000.{'0' * exponent(currency)} {currency}\n"
    yield "\n"
    for account in book.accounts:
        kind = _TYPES[account.kind]
        yield f"account {account.path}  ; type:{kind}\n"
        yield f"    ; code:{_comment(account.code)}\n    ; name:{_comment(account.name)}\n"
    told = _Told()
    for entry in told.through(entries):
        yield f"\n{entry.on} * ({entry.mark}) {_line(entry.memo).replace(';', ',')}\n"
        for key, value in _facts(entry):
            yield f"    ; {key}:{_comment(value)}\n"
        for line in entry.lines:
            account = line.account
            yield f"    {account.path}  {_amount(line.amount_minor, account.currency)} {account.currency}\n"
            if line.memo:
                yield f"      ; memo:{_comment(line.memo)}\n"
            if line.booking:
                yield f"      ; booking:{_comment(line.booking)}\n"
    yield from told.in_hledger(book)


FORMATS: dict[str, Callable[[Book, Iterable[BookEntry]], Iterator[str]]] = {
    "beancount": beancount,
    "hledger": hledger,
}


class _Told:
    """What the entries that went by add up to, by account, and the day of the last."""

    def __init__(self) -> None:
        self.held: dict[int, int] = defaultdict(int)
        self.last: dt.date | None = None

    def through(self, entries: Iterable[BookEntry]) -> Iterator[BookEntry]:
        for entry in entries:
            for line in entry.lines:
                self.held[line.account.pk] += line.amount_minor
            self.last = entry.on
            yield entry

    def in_beancount(self, book: Book) -> Iterator[str]:
        """Yield each account's balance at the start of the day after the last."""
        if self.last is None:
            return
        yield "\n"
        day = self.last + dt.timedelta(days=1)
        for account in book.accounts:
            if account.pk in self.held:
                held = _amount(self.held[account.pk], account.currency)
                yield f"{day} balance {account.path}  {held} {account.currency}\n"

    def in_hledger(self, book: Book) -> Iterator[str]:
        """Yield a transaction for each currency that moves nothing and states each account's balance."""
        for currency in sorted({account.currency for account in book.accounts if account.pk in self.held}):
            nothing = _amount(0, currency)
            yield f"\n{self.last} * Balances in {currency}\n"
            for account in book.accounts:
                if account.pk in self.held and account.currency == currency:
                    held = _amount(self.held[account.pk], currency)
                    yield f"    {account.path}  {nothing} {currency} = {held} {currency}\n"


def _facts(entry: BookEntry) -> Iterator[tuple[str, str]]:
    for key, value in (
        ("id", entry.mark),
        ("source", entry.source),
        ("external-id", entry.external_id),
        ("origin", entry.origin),
        ("reverses", entry.reverses),
        ("reason", entry.reason),
    ):
        if value:
            yield key, value


def _amount(minor: int, currency: str) -> str:
    digits = exponent(currency)
    sign, size = "-" if minor < 0 else "", abs(minor)
    if not digits:
        return f"{sign}{size}"
    whole, fraction = divmod(size, 10**digits)
    return f"{sign}{whole}.{fraction:0{digits}d}"


def _part(text: str) -> str:
    """Return a part of a name: ASCII letters, digits and hyphens, a capital or a digit first."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    joined = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")
    return joined[:1].upper() + joined[1:] if joined else "X"


def _line(text: str) -> str:
    """Return a text on one line, without what a text file cannot hold."""
    return _CONTROL.sub("", " ".join(text.split())) or "No description"


def _quoted(text: str) -> str:
    return _line(text).replace("\\", "\\\\").replace('"', '\\"')


def _comment(text: str) -> str:
    """Return a text as the value of a tag: nothing in it is taken for a date."""
    return _DATE_TAG.sub(r"\1 :", _line(text)).replace("[", "(").replace("]", ")")
