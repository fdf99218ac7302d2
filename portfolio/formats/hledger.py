"""hledger journals to rows: the part of the language that plain books need.

Read: transactions with status, code, description and comment; postings of which one may leave its amount out; amounts as
``1234.50 USD``, ``USD 1234.50`` or ``$1,234.50``; balances stated with ``=``, which are checked; account directives;
comments, comment blocks and tags. Named as ignored: commodity, decimal-mark, payee, tag, D. Refused with line and reason:
include, alias, apply, year, P, prices and costs, virtual postings, rules (``~`` and ``=``), posting dates and everything
unknown. Nothing is ever executed or opened.
"""

import re
import sys
from collections.abc import Iterator

from core.money import SYMBOLS
from portfolio.formats.errors import FormatError, shown
from portfolio.formats.journal_text import (
    MAX_BYTES,
    Draft,
    JournalTransaction,
    Reader,
    TextJournal,
    Written,
    is_account_name,
    whole,
)

_HEAD = re.compile(
    r"([0-9][0-9/.-]*)(=[0-9/.-]+)?(?:\s+([*!])(?=\s|\(|$))?(?:\s*\(([^)]*)\))?(?:\s+(.*))?", re.ASCII
)
_SPLIT = re.compile(r"\s{2,}|\t")
_TAG = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):\s*(.*)")
_POSTING_DATE = re.compile(r"(?:^|[\s,])date2?:|\[=?[0-9]")
_NUMBER = r"[+-]?\s*[0-9][0-9,]*(?:\.[0-9]*)?|[+-]?\s*\.[0-9]+"
_WORD = re.compile(rf"({_NUMBER})\s*\"?([A-Za-z]+)\"?")
_WORD_FIRST = re.compile(rf"([+-])?\s*\"?([A-Za-z]+)\"?\s*({_NUMBER})")
_SIGNS = "".join(sign for sign in SYMBOLS.values() if len(sign) == 1)
_SIGN_FIRST = re.compile(rf"([+-])?\s*([{re.escape(_SIGNS)}])\s*({_NUMBER})")
_SIGN_LAST = re.compile(rf"({_NUMBER})\s*([{re.escape(_SIGNS)}])")
_ZERO = re.compile(r"[+-]?0+(?:\.0*)?")
_BY_SIGN = {sign: currency for currency, sign in SYMBOLS.items() if len(sign) == 1}
_IGNORED = {"commodity", "payee", "tag", "D"}
_REFUSED = {
    "include": ("another file is never opened", "put its lines into this one"),
    "alias": ("names are taken as they are written", "write the accounts' own names"),
    "apply": ("every line must say what it means by itself", "write the accounts and dates whole"),
    "end": ("every line must say what it means by itself", "write the accounts and dates whole"),
    "year": ("dates must be whole", "write each date as 2026-10-31"),
    "Y": ("dates must be whole", "write each date as 2026-10-31"),
    "P": ("prices are not kept in these books", "take the line out"),
    "~": ("a rule posts what nobody wrote", "write the transactions themselves"),
    "=": ("a rule posts what nobody wrote", "write the transactions themselves"),
}
_OUR_MARK, _OUR_MEMO, _OUR_BOOKING, _OUR_CODE = "id", "memo", "booking", "code"


def read(data: bytes, *, name: str, max_bytes: int = MAX_BYTES) -> TextJournal:
    """Read a whole journal.

    Raises:
        FormatError: anything that is not in the part of the language described above, with file, line and column.
    """
    return whole(data, name=name, max_bytes=max_bytes, walker=_Hledger)


class _Hledger:
    """One pass over the lines: an entry begins in the first column, what belongs to it is indented."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.draft: Draft | None = None
        self.declared = ""
        self.tolerates_indent = False
        self.point_is_decimal = False

    def walk(self) -> Iterator[JournalTransaction]:
        inside_comment = 0
        for number, line in self.reader.lines():
            if inside_comment:
                inside_comment = 0 if line == "end comment" else inside_comment
            elif not line.strip():
                yield from self._end()
            elif line == "comment":
                yield from self._end()
                inside_comment = number
            elif line[0] in " \t":
                self._indented(number, line)
            else:
                yield from self._end()
                self._directive(number, line)
        yield from self._end()

    def _end(self) -> list[JournalTransaction]:
        draft, self.draft, self.declared, self.tolerates_indent = self.draft, None, "", False
        return [] if draft is None else [self.reader.done(draft)]

    def _directive(self, number: int, line: str) -> None:
        if line[0] in ";#*":
            return
        if line[0].isascii() and line[0].isdigit():
            self.draft = self._transaction(number, line)
            return
        word = line.split(maxsplit=1)[0]
        if word[0] in "~=":
            word = word[0]
        rest = line[len(word) :].strip()
        if word == "account":
            self._declare(number, rest)
        elif word == "decimal-mark":
            if rest[:1] != ".":
                raise self.reader.error(
                    number, 14, f"the decimal mark is {shown(rest)}", "write amounts with a point, as 1234.50"
                )
            self.point_is_decimal = True
            self.reader.ignore(number, word)
        elif word in _IGNORED:
            self.tolerates_indent = True
            if word in ("commodity", "D") and re.search(r",[0-9]{1,2}(?![0-9])", rest):
                raise self.reader.error(
                    number, len(word) + 2, "the commodity has a decimal comma", "write amounts as 1234.50"
                )
            self.point_is_decimal |= word in ("commodity", "D") and "." in rest
            self.reader.ignore(number, word)
        elif word in _REFUSED:
            raise self._refused(number, word)
        else:
            raise self.reader.error(
                number,
                1,
                f"{shown(word)} begins nothing we know",
                "begin with a date as 2026-10-31, or with ; for a comment",
            )

    def _refused(self, number: int, word: str) -> FormatError:
        why, fix = _REFUSED[word]
        return self.reader.error(number, 1, f"{word} is not read: {why}", fix)

    def _declare(self, number: int, rest: str) -> None:
        name, _, comment = rest.partition(";")
        self.declared = self._account(number, 9, _SPLIT.split(name.strip(), maxsplit=1)[0])
        self.tolerates_indent = True
        self._declared_tags(comment)

    def _declared_tags(self, comment: str) -> None:
        for part in comment.split(","):
            tag = _TAG.fullmatch(part.strip())
            if tag is not None and tag[1] == _OUR_CODE:
                self.reader.codes[self.declared] = tag[2].strip()

    def _transaction(self, number: int, line: str) -> Draft:
        body, _, comment = line.partition(";")
        found = _HEAD.fullmatch(body.rstrip())
        if found is None:
            raise self.reader.error(
                number,
                1,
                f"{shown(line)} begins no transaction",
                "write its date as 2026-10-31, then its text",
            )
        on = self.reader.day(number, 1, found[1])
        if found[2]:
            raise self.reader.error(
                number,
                found.start(2) + 1,
                "the transaction has a second date",
                "write one date; a transaction of two days is two transactions",
            )
        draft = Draft(number, on, " ".join((found[5] or "").split()))
        self._tags(number, comment, draft)
        return draft

    def _tags(self, number: int, comment: str, draft: Draft) -> None:
        if _POSTING_DATE.search(comment):
            raise self.reader.error(
                number, "comment", "a comment sets another date", "write one date; take date: and [date] out"
            )
        tag = _TAG.fullmatch(comment.strip())
        if tag is None:
            return
        if draft.postings:
            if tag[1] == _OUR_MEMO:
                draft.postings[-1].memo = tag[2]
            elif tag[1] == _OUR_BOOKING:
                draft.postings[-1].booking = tag[2].strip()
        elif tag[1] == _OUR_MARK:
            draft.mark = tag[2].strip()

    def _indented(self, number: int, line: str) -> None:
        body = line.strip()
        column = len(line) - len(line.lstrip()) + 1
        if self.draft is None:
            if body[0] == ";":
                if self.declared:
                    self._declared_tags(body[1:])
                return
            if self.tolerates_indent:
                return
            raise self.reader.error(
                number,
                column,
                "the line stands under no transaction",
                "write the transaction's date and text above it, without an empty line between",
            )
        if body[0] == ";":
            self._tags(number, body[1:], self.draft)
            return
        self._posting(number, column, body, self.draft)

    def _posting(self, number: int, column: int, body: str, draft: Draft) -> None:
        if len(body) > 1 and body[0] in "*!":
            column += len(body) - len(body[1:].lstrip())
            body = body[1:].lstrip()
        plain, _, comment = body.partition(";")
        if body[0] in "([":
            raise self.reader.error(
                number,
                column,
                "the posting is virtual; these books keep whole transactions only",
                "write the account without brackets",
            )
        parts = _SPLIT.split(plain.strip(), maxsplit=1)
        posting = Written(number, column, self._account(number, column, parts[0]))
        draft.postings.append(posting)
        if len(parts) > 1:
            written = parts[1].strip()
            self._amount(number, column + plain.index(written, len(parts[0])), written, posting)
        self._tags(number, comment, draft)

    def _amount(self, number: int, column: int, written: str, posting: Written) -> None:
        for sign, what in (("{", "a cost"), ("@", "a price")):
            if sign in written:
                raise self.reader.error(
                    number,
                    column + written.index(sign),
                    f"{what} stands at the posting; lots and prices are not kept in these books",
                    "write the amount in the currency of the account alone",
                )
        amount, equals, stated = written.partition("=")
        if equals and stated[:1] in ("=", "*"):
            raise self.reader.error(
                number,
                column + len(amount),
                "the balance is stated with more than one sign",
                "state it with = alone",
            )
        if amount.strip():
            minor, currency = self._money(number, column, amount.strip())
            posting.amount_minor, posting.currency = minor, currency
        if equals:
            posting.asserted = self._money(number, column + len(amount) + 1, stated.strip())
            posting.currency = posting.currency or posting.asserted[1]
            if posting.amount_minor is None:
                raise self.reader.error(
                    number,
                    column,
                    "a balance stands in the place of an amount",
                    "write the amount, and the balance after it",
                )

    def _money(self, number: int, column: int, text: str) -> tuple[int, str]:
        if found := _WORD.fullmatch(text):
            digits, currency = found[1], found[2]
        elif found := _SIGN_LAST.fullmatch(text):
            digits, currency = found[1], _BY_SIGN[found[2]]
        elif found := _SIGN_FIRST.fullmatch(text):
            digits, currency = (found[1] or "") + found[3], _BY_SIGN[found[2]]
        elif found := _WORD_FIRST.fullmatch(text):
            digits, currency = (found[1] or "") + found[3], found[2]
        elif _ZERO.fullmatch(text):
            return 0, ""
        else:
            raise self.reader.error(
                number,
                column,
                f"{shown(text)} is not an amount with its currency",
                "write it as 1234.50 USD, without arithmetic",
            )
        digits = digits.replace(" ", "").replace("\t", "")
        if "," in digits and "." not in digits and not self.point_is_decimal:
            raise self.reader.error(
                number,
                column,
                f"{shown(text)} may mean thousands or decimals",
                "write it with a point and two decimals, as 1,234.00",
            )
        return self.reader.amount(number, column, digits, currency), currency

    def _account(self, number: int, column: int, name: str) -> str:
        if not is_account_name(name):
            raise self.reader.error(
                number,
                column,
                f"{shown(name)} is not an account",
                "write its name, then two spaces, then the amount",
            )
        return sys.intern(name)
