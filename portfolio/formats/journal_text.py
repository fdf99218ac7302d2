"""What beancount and hledger journals have in common once they are read, and what holds for both.

`portfolio.formats.beancount` and `portfolio.formats.hledger` turn lines into the rows below; here an elided amount
is worked out, a transaction is balanced, and the balances that a journal states are checked against its own
transactions. Nothing here executes, includes or looks up anything.
"""

import datetime as dt
import functools
import itertools
import re
import sys
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from core import months
from core.money import EXPONENTS, LIMIT_MINOR, MoneyError, format_minor, parse_minor
from portfolio.formats.errors import FormatError, shown
from portfolio.formats.text import decode

MAX_BYTES = 20_000_000
MAX_TRANSACTIONS = 100_000
MAX_LINE = 5_000
MEMO_LIMIT, LINE_MEMO_LIMIT = 250, 200

_DATE = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})", re.ASCII)
# The first line of a transaction of either program, to count them; what else bears a date says so by its word.
_TRANSACTION = re.compile(
    r"^[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}(?=[\s=])"
    r"(?!\s+(?:open|close|balance|pad|price|commodity|note|document|event|query|custom)\b)",
    re.MULTILINE | re.ASCII,
)
_PART = re.compile(r"[\w(&'.,+-][\w &'./(),+-]*")


@dataclass(frozen=True, slots=True)
class JournalPosting:
    """One posting: debit positive, in minor units. ``asserted_minor`` is the balance stated after it."""

    line: int
    account: str
    amount_minor: int
    currency: str
    memo: str = ""
    booking: str = ""
    asserted_minor: int | None = None


@dataclass(frozen=True, slots=True)
class JournalTransaction:
    """One transaction that balances. ``mark`` is the id it was exported with, where it has one."""

    line: int
    on: dt.date
    memo: str
    postings: tuple[JournalPosting, ...]
    mark: str = ""

    @property
    def moving(self) -> tuple[JournalPosting, ...]:
        """Return the postings that move money."""
        return tuple(posting for posting in self.postings if posting.amount_minor)


@dataclass(frozen=True, slots=True)
class Assertion:
    """A balance that is stated for the start of a day, over an account and the accounts under it."""

    line: int
    on: dt.date
    account: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A line that was understood and left out, and what it was."""

    line: int
    what: str


class Walker(Protocol):
    """What reads the lines of one program's journals: one pass over them."""

    def walk(self) -> Iterator[JournalTransaction]:
        """Yield each transaction, worked out and in balance, in the order of the file."""
        ...


@dataclass(frozen=True, slots=True)
class TextJournal:
    """A journal that was read to its end and is whole; its transactions are read again from its text, one at a time.

    ``codes`` holds the code that an account was declared with, by its name; ``moved`` the accounts that money moves on,
    each with its currency and the first line that says so.
    """

    file: str
    count: int
    last: dt.date | None
    codes: dict[str, str]
    ignored: tuple[Ignored, ...]
    moved: dict[tuple[str, str], int]
    _walk: Callable[[], Iterator[JournalTransaction]]

    def walk(self) -> Iterator[JournalTransaction]:
        """Yield the transactions in the order of the file."""
        return self._walk()

    @property
    def transactions(self) -> tuple[JournalTransaction, ...]:
        """Return all transactions at once: for a file that is known to be small."""
        return tuple(self._walk())

    def accounts(self) -> dict[str, int]:
        """Return the accounts that money moves on, in order of their names, each with its first line."""
        lines: dict[str, int] = {}
        for (name, _), line in self.moved.items():
            lines[name] = min(line, lines.get(name, line))
        return dict(sorted(lines.items()))


@dataclass(slots=True)
class Written:
    """A posting as written; ``amount_minor`` is None where it is left for us to work out."""

    line: int
    column: int
    account: str
    amount_minor: int | None = None
    currency: str = ""
    memo: str = ""
    booking: str = ""
    asserted: tuple[int, str] | None = None


@dataclass(slots=True)
class Draft:
    """A transaction while its lines are read."""

    line: int
    on: dt.date
    memo: str
    mark: str = ""
    postings: list[Written] = field(default_factory=list)


class Reader:
    """The lines of one journal in one pass, what it declares and states, and refusals that name file, line and column."""

    def __init__(self, text: str, *, name: str) -> None:
        """Begin at the first line."""
        self.name, self.text = name, text
        self.count = 0
        self.assertions: list[Assertion] = []
        self.codes: dict[str, str] = {}
        self.ignored: list[Ignored] = []

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield each line with its number, without the white space at its end.

        Raises:
            FormatError: a line is longer than any that a person writes.
        """
        number, start, end = 0, 0, 0
        while end >= 0:
            number, end = number + 1, self.text.find("\n", start)
            length = (end if end >= 0 else len(self.text)) - start
            if length > MAX_LINE:
                raise self.error(number, MAX_LINE + 1, f"the line has {length:,} characters", "shorten it")
            yield number, self.text[start : start + length].rstrip()
            start = end + 1

    def error(self, line: int, column: int | str | None, reason: str, fix: str) -> FormatError:
        """Return a refusal, for the caller to raise."""
        return FormatError(
            file=self.name,
            line=line,
            column=None if column is None else str(column),
            reason=reason,
            fix=fix,
        )

    def too_many(self, line: int) -> FormatError:
        """Return the refusal of a journal that is too long, which begins to be so on a line."""
        return self.error(
            line,
            1,
            f"the journal has more than {MAX_TRANSACTIONS:,} transactions",
            "split it by date and bring the parts in one by one",
        )

    def ignore(self, line: int, what: str) -> None:
        """Note that a line was understood and left out."""
        self.ignored.append(Ignored(line, what))

    def day(self, line: int, column: int, text: str) -> dt.date:
        """Return a date written as 2026-10-31, 2026/10/31 or 2026.10.31.

        Raises:
            FormatError: there is no such day, or it lies in another century.
        """
        found = _DATE.fullmatch(text)
        try:
            day = dt.date(int(found[1]), int(found[3]), int(found[4])) if found else None
        except ValueError:
            day = None
        if day is None:
            raise self.error(line, column, f"{shown(text)} is not a date", "write it as 2026-10-31")
        if not months.is_near(day):
            raise self.error(
                line,
                column,
                f"{shown(text)} is outside the years {months.EARLIEST.year} to {months.LATEST.year}",
                "check the year",
            )
        return day

    def amount(self, line: int, column: int, number: str, currency: str) -> int:
        """Return an amount in minor units.

        Raises:
            FormatError: it is no amount, or the currency is none that we keep books in.
        """
        if currency not in EXPONENTS:
            raise self.error(
                line,
                column,
                f"{shown(currency)} is not a currency we keep" if currency else "the amount has no currency",
                f"use one of {', '.join(EXPONENTS)}",
            )
        try:
            return parse_minor(number, currency)
        except MoneyError:
            raise self.error(
                line,
                column,
                f"{shown(number)} is not an amount of {currency}",
                "write it as 1234.50, worked out and with no more decimals than the currency has",
            ) from None

    def done(self, draft: Draft) -> JournalTransaction:
        """Work out the amount that was left out, see that a transaction balances, and return it.

        Raises:
            FormatError: it has fewer than two postings, two amounts missing, two currencies, or does not balance.
        """
        if self.count >= MAX_TRANSACTIONS:
            raise self.too_many(draft.line)
        if len(draft.postings) < 2:
            raise self.error(
                draft.line,
                1,
                f"the transaction has {len(draft.postings)} posting{'s' if len(draft.postings) != 1 else ''}",
                "give it at least two",
            )
        currencies = {posting.currency for posting in draft.postings if posting.currency}
        if len(currencies) > 1:
            raise self.error(
                draft.line,
                1,
                f"the transaction mixes {' and '.join(sorted(currencies))}",
                "write one transaction for each currency",
            )
        elided = [posting for posting in draft.postings if posting.amount_minor is None]
        if len(elided) > 1 or not currencies:
            raise self.error(
                (elided or draft.postings)[-1].line,
                (elided or draft.postings)[-1].column,
                "more than one posting of the transaction has no amount"
                if len(elided) > 1
                else "no posting of the transaction has an amount with its currency",
                "leave at most one amount out",
            )
        currency = sys.intern(currencies.pop())
        total = sum(posting.amount_minor or 0 for posting in draft.postings)
        if total and not elided:
            raise self.error(
                draft.line,
                1,
                f"the transaction is out of balance by {format_minor(total, currency)}",
                "make its postings add up to zero",
            )
        if elided and abs(total) > LIMIT_MINOR:
            raise self.error(
                elided[0].line, elided[0].column, f"the amount left out is more than {LIMIT_MINOR:,} minor units", "split it"
            )  # fmt: skip
        self.count += 1
        return JournalTransaction(
            line=draft.line,
            on=draft.on,
            memo=self._said(draft.line, 1, draft.memo, MEMO_LIMIT) or "No description",
            mark=draft.mark,
            postings=tuple(
                JournalPosting(
                    line=posting.line,
                    account=posting.account,
                    amount_minor=-total if posting.amount_minor is None else posting.amount_minor,
                    currency=currency,
                    memo=self._said(posting.line, posting.column, posting.memo, LINE_MEMO_LIMIT),
                    booking=posting.booking,
                    asserted_minor=self._asserted(posting, currency),
                )
                for posting in draft.postings
            ),
        )

    def _said(self, line: int, column: int, text: str, limit: int) -> str:
        said = " ".join(text.split())
        if len(said) > limit:
            raise self.error(
                line, column, f"the text has {len(said):,} characters", f"shorten it to at most {limit}"
            )
        return said

    def _asserted(self, posting: Written, currency: str) -> int | None:
        if posting.asserted is None:
            return None
        minor, stated = posting.asserted
        if stated != currency:
            raise self.error(
                posting.line,
                posting.column,
                f"the balance is stated in {stated} and the transaction is in {currency}",
                "state it in the currency of the transaction",
            )
        return minor


def whole(data: bytes, *, name: str, max_bytes: int, walker: Callable[[Reader], Walker]) -> TextJournal:
    """Read a journal to its end and check every balance it states, holding little more than its text.

    Raises:
        FormatError: it is refused, or holds nothing to read.
    """
    text = decode(data, name=name, max_bytes=max_bytes)
    reader, totals = Reader(text, name=name), _Totals()
    over = next(itertools.islice(_TRANSACTION.finditer(text), MAX_TRANSACTIONS, None), None)
    if over is not None:
        raise reader.too_many(text.count("\n", 0, over.start()) + 1)
    moved: dict[tuple[str, str], int] = {}
    last: dt.date | None = None
    for found in walker(reader).walk():
        totals.add(found)
        last = found.on if last is None else max(last, found.on)
        for posting in found.moving:
            moved.setdefault((posting.account, posting.currency), posting.line)
    if not reader.count and not reader.codes and not reader.assertions:
        raise reader.error(1, 1, "the file holds no transaction", "export the journal again, whole")
    totals.check(reader)
    return TextJournal(
        file=name,
        count=reader.count,
        last=last,
        codes=reader.codes,
        ignored=tuple(reader.ignored),
        moved=moved,
        _walk=lambda: walker(Reader(text, name=name)).walk(),
    )


class _Totals:
    """What moved, in columns of numbers: a stated balance is checked when all transactions can be put in order of days."""

    def __init__(self) -> None:
        self.keys: dict[tuple[str, str], int] = {}
        self.days, self.ends = array("i"), array("i")
        self.moved, self.lines, self.amounts = array("i"), array("i"), array("q")
        self.asserted: dict[int, int] = {}

    def add(self, found: JournalTransaction) -> None:
        for posting in found.postings:
            if posting.asserted_minor is not None:
                self.asserted[len(self.lines)] = posting.asserted_minor
            key = (posting.account, posting.currency)
            self.moved.append(self.keys.setdefault(key, len(self.keys)))
            self.lines.append(posting.line)
            self.amounts.append(posting.amount_minor)
        self.days.append(found.on.toordinal())
        self.ends.append(len(self.lines))

    def check(self, reader: Reader) -> None:
        """Add the transactions up by day; a stated balance holds for the start of its day or after its posting.

        Raises:
            FormatError: a balance is not what the transactions before it add up to.
        """
        if not self.asserted and not reader.assertions:
            return
        under: dict[tuple[str, str], int] = defaultdict(int)
        alone = [0] * len(self.keys)
        keys = list(self.keys)
        covered = [[(name, currency) for name in (account, *_above(account))] for account, currency in keys]
        waiting = sorted(reader.assertions, key=lambda assertion: (assertion.on, assertion.line))
        place = 0
        for number in sorted(range(len(self.days)), key=self.days.__getitem__):
            while place < len(waiting) and waiting[place].on.toordinal() <= self.days[number]:
                _holds(reader, waiting[place], under)
                place += 1
            for posting in range(self.ends[number - 1] if number else 0, self.ends[number]):
                key, amount = self.moved[posting], self.amounts[posting]
                for name in covered[key]:
                    under[name] += amount
                alone[key] += amount
                if posting in self.asserted and alone[key] != self.asserted[posting]:
                    account, currency = keys[key]
                    raise _differs(
                        reader, self.lines[posting], account, self.asserted[posting], alone[key], currency
                    )
        for assertion in waiting[place:]:
            _holds(reader, assertion, under)


def _holds(reader: Reader, assertion: Assertion, under: dict[tuple[str, str], int]) -> None:
    held = under.get((assertion.account, assertion.currency), 0)
    if held != assertion.amount_minor:
        raise _differs(
            reader, assertion.line, assertion.account, assertion.amount_minor, held, assertion.currency
        )


def _differs(reader: Reader, line: int, account: str, stated: int, held: int, currency: str) -> FormatError:
    return reader.error(
        line,
        "balance",
        f"{account} is stated at {format_minor(stated, currency)} and the transactions before it add up to "
        f"{format_minor(held, currency)}",
        "find the transaction that is missing or wrong",
    )


def _above(account: str) -> Iterable[str]:
    """Yield the accounts an account stands under, nearest first."""
    while ":" in account:
        account = account.rpartition(":")[0]
        yield account


@functools.lru_cache(maxsize=4096)
def is_account_name(name: str) -> bool:
    """Tell whether a name is made of parts that both programs read."""
    return len(name) <= 250 and all(_PART.fullmatch(part) for part in name.split(":"))
