"""Beancount journals to rows: the part of the language that plain books need.

Read: transactions (any flag) with two postings or more of which one may leave its amount out, payee and narration,
tags, links, comments, metadata; open, close and balance, which are checked. Named as ignored: option, commodity, note,
document, event, query, custom, pushtag, poptag. Refused with line and reason: include, plugin, pad, price, costs and
prices of postings, arithmetic, tolerances and everything unknown. Nothing is ever executed or opened.
"""

import datetime as dt
import re
import sys
from collections.abc import Iterator

from portfolio.formats.errors import FormatError, shown
from portfolio.formats.journal_text import (
    MAX_BYTES,
    Assertion,
    Draft,
    JournalTransaction,
    Reader,
    TextJournal,
    Written,
    is_account_name,
    whole,
)

_DATED = re.compile(r"([0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2})(\s+)(\S+)\s*(.*)", re.ASCII)
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_META = re.compile(r"([a-z][A-Za-z0-9_-]*):(?:\s+(.*))?$")
_ACCOUNT = re.compile(r"(?:Assets|Liabilities|Equity|Income|Expenses)(?::[^\s:;\"{}@]+)+")
_AMOUNT = re.compile(r"([+-]?\s*[0-9][0-9,]*(?:\.[0-9]*)?|[+-]?\s*\.[0-9]+)\s+([A-Z][A-Z0-9'._-]*)")
_FLAGS = frozenset("*!&#?%PSTCURM")
_IGNORED = {"commodity", "note", "document", "event", "query", "custom"}
_ESCAPES = {"n": " ", "t": " ", "r": " "}
_OUR_MARK, _OUR_MEMO, _OUR_BOOKING, _OUR_CODE = "id", "memo", "booking", "code"


def read(data: bytes, *, name: str, max_bytes: int = MAX_BYTES) -> TextJournal:
    """Read a whole journal.

    Raises:
        FormatError: anything that is not in the part of the language described above, with file, line and column.
    """
    return whole(data, name=name, max_bytes=max_bytes, walker=_Beancount)


class _Beancount:
    """One pass over the lines: a directive begins in the first column, what belongs to it is indented."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.draft: Draft | None = None
        self.declared = ""
        self.opened: dict[str, dt.date] = {}
        self.closed: dict[str, dt.date] = {}

    def walk(self) -> Iterator[JournalTransaction]:
        for number, line in self.reader.lines():
            if not line:
                yield from self._end()
            elif line[0] in " \t":
                self._indented(number, line)
            else:
                yield from self._end()
                self._directive(number, line)
        yield from self._end()

    def _end(self) -> list[JournalTransaction]:
        draft, self.draft, self.declared = self.draft, None, ""
        return [] if draft is None else [self.reader.done(draft)]

    def _directive(self, number: int, line: str) -> None:
        if line[0] in ";*#:!&":
            return
        dated = _DATED.fullmatch(line)
        if dated is None:
            self._undated(number, line)
            return
        on = self.reader.day(number, 1, dated[1])
        column, word, rest = dated.end(2) + 1, dated[3], dated[4]
        if word == "txn" or (len(word) == 1 and word in _FLAGS):
            self.draft = self._transaction(number, dated.start(4) + 1, on, rest)
        elif word.startswith('"'):
            self.draft = self._transaction(number, column, on, line[dated.start(3) :])
        elif word == "open":
            self.declared = self._account(number, dated.start(4) + 1, rest.split(maxsplit=1)[:1])
            self.opened[self.declared] = on
        elif word == "close":
            self.closed[self._account(number, dated.start(4) + 1, rest.split(maxsplit=1)[:1])] = on
        elif word == "balance":
            self._balance(number, dated.start(4) + 1, on, rest)
        elif word in _IGNORED:
            self.reader.ignore(number, word)
        elif word in ("pad", "price"):
            raise self._refused(number, column, word)
        else:
            raise self.reader.error(
                number,
                column,
                f"{shown(word)} is no directive we know",
                "write * for a transaction, or take the line out",
            )

    def _undated(self, number: int, line: str) -> None:
        word = line.split(maxsplit=1)[0]
        if word in ("option", "pushtag", "poptag"):
            self.reader.ignore(number, word)
            return
        if word in ("include", "plugin"):
            raise self._refused(number, 1, word)
        raise self.reader.error(
            number,
            1,
            f"{shown(word)} begins no directive we know",
            "begin with a date as 2026-10-31, or with ; for a comment",
        )

    def _refused(self, number: int, column: int, word: str) -> FormatError:
        why = {
            "include": ("another file is never opened", "put its lines into this one"),
            "plugin": ("nothing of a journal is ever executed", "take the line out"),
            "pad": ("a padding posts what nobody wrote", "write the transaction itself"),
            "price": ("prices are not kept in these books", "take the line out"),
        }[word]
        return self.reader.error(number, column, f"{word} is not read: {why[0]}", why[1])

    def _transaction(self, number: int, column: int, on: dt.date, rest: str) -> Draft:
        texts: list[str] = []
        place = 0
        while place < len(rest):
            if rest[place] in " \t":
                place += 1
            elif rest[place] == ";":
                break
            elif rest[place] == '"':
                found = _STRING.match(rest, place)
                if found is None:
                    raise self.reader.error(
                        number, column + place, "the quotes do not pair up", "end the text on its line"
                    )
                texts.append(_plain(found[1]))
                place = found.end()
            elif rest[place] in "#^":
                place = next((at for at in range(place, len(rest)) if rest[at] in " \t"), len(rest))
            else:
                raise self.reader.error(
                    number,
                    column + place,
                    f"{shown(rest[place:])} stands after the flag",
                    "put texts into quotes; tags begin with # and links with ^",
                )
        if len(texts) > 2:
            raise self.reader.error(
                number,
                column,
                f"the transaction has {len(texts)} texts",
                "write the payee and the narration only",
            )
        return Draft(number, on, ": ".join(text for text in texts if text.strip()))

    def _balance(self, number: int, column: int, on: dt.date, rest: str) -> None:
        body = rest.split(";", 1)[0].rstrip()
        account, _, amount = body.partition(" ")
        name = self._account(number, column, [account])
        found = _AMOUNT.fullmatch(amount.strip())
        if found is None:
            raise self.reader.error(
                number,
                column + len(account) + 1,
                f"{shown(amount.strip())} is not an amount with its currency",
                "write it as 1234.50 USD, without tolerance or arithmetic",
            )
        minor = self.reader.amount(number, column + len(account) + 1, _joined(found[1]), found[2])
        self.reader.assertions.append(Assertion(number, on, name, minor, found[2]))

    def _indented(self, number: int, line: str) -> None:
        body = line.strip()
        column = len(line) - len(line.lstrip()) + 1
        if body[0] == ";":
            return
        meta = _META.fullmatch(body)
        if meta is not None:
            self._meta(meta[1], meta[2] or "")
            return
        if body[0] in "#^" and self.draft is not None:
            return
        if self.draft is None:
            if self.declared or not self._is_posting(body):
                raise self.reader.error(
                    number, column, "the line belongs to nothing", "begin a directive in the first column"
                )
            raise self.reader.error(
                number,
                column,
                "the posting stands under no transaction",
                "write the transaction's date and text above it, without an empty line between",
            )
        self._posting(number, column, body, self.draft)

    def _is_posting(self, body: str) -> bool:
        return _ACCOUNT.match(body) is not None

    def _meta(self, key: str, value: str) -> None:
        found = _STRING.match(value)
        text = _plain(found[1]) if found else value.split(";", 1)[0].strip()
        if self.draft is None:
            if self.declared and key == _OUR_CODE:
                self.reader.codes[self.declared] = text
        elif self.draft.postings:
            if key == _OUR_MEMO:
                self.draft.postings[-1].memo = text
            elif key == _OUR_BOOKING:
                self.draft.postings[-1].booking = text
        elif key == _OUR_MARK:
            self.draft.mark = text

    def _posting(self, number: int, column: int, body: str, draft: Draft) -> None:
        if len(body) > 1 and body[0] in "*!" and body[1] in " \t":
            column += len(body) - len(body[1:].lstrip())
            body = body[1:].lstrip()
        found = _ACCOUNT.match(body)
        name = self._account(number, column, [found[0]] if found else body.split(maxsplit=1)[:1])
        for when, day, word in (
            ("before", self.opened.get(name), "opened"),
            ("after", self.closed.get(name), "closed"),
        ):
            if day is not None and (draft.on < day if when == "before" else draft.on > day):
                raise self.reader.error(
                    number,
                    column,
                    f"{name} is {word} on {day} and the posting is of {draft.on}",
                    "set one right",
                )
        rest = body[len(name) :].split(";", 1)[0]
        at = column + len(name) + len(rest) - len(rest.lstrip())
        rest = rest.strip()
        posting = Written(number, column, name)
        if rest:
            for sign, what in (("{", "a cost"), ("@", "a price")):
                if sign in rest:
                    raise self.reader.error(
                        number,
                        at + rest.index(sign),
                        f"{what} stands at the posting; lots and prices are not kept in these books",
                        "write the amount in the currency of the account alone",
                    )
            amount = _AMOUNT.fullmatch(rest)
            if amount is None:
                raise self.reader.error(
                    number,
                    at,
                    f"{shown(rest)} is not an amount with its currency",
                    "write it as 1234.50 USD, without arithmetic",
                )
            posting.currency = amount[2]
            posting.amount_minor = self.reader.amount(number, at, _joined(amount[1]), amount[2])
        draft.postings.append(posting)

    def _account(self, number: int, column: int, words: list[str]) -> str:
        name = words[0] if words else ""
        if _ACCOUNT.fullmatch(name) is None or not is_account_name(name):
            raise self.reader.error(
                number,
                column,
                f"{shown(name)} is not an account",
                "begin it with Assets:, Liabilities:, Equity:, Income: or Expenses:",
            )
        return sys.intern(name)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text)


def _joined(number: str) -> str:
    return number.replace(" ", "").replace("\t", "")
