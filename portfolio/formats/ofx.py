"""OFX and QFX files (1.x SGML and 2.x XML) as typed statements: accounts, lines and balances.

Banks write both loosely: leaves without closing tags, empty tags, headers that name a charset the text is not in,
no header at all. What is loose in a known way is read; a file that is cut off, doubled or odd is refused with its line
and tag. Nothing is expanded but the entities every SGML reader knows; a document type is refused.
"""

import datetime as dt
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from core import months
from core.money import MoneyError, exponent, parse_minor
from portfolio.formats.csv_rows import MAX_BYTES, MAX_ROWS
from portfolio.formats.errors import FormatError, shown
from portfolio.formats.text import decode

MAX_ACCOUNTS = 200
DESCRIPTION_LIMIT = 250
_DEPTH = 40

_TOKEN = re.compile(r"<!\[CDATA\[(.*?)\]\]>|<(/?)([A-Za-z][A-Za-z0-9._-]{0,63})\s*(/?)>|<", re.DOTALL)
_MOVEMENT = re.compile(r"<STMTTRN\s*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " "}
_DAY = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})(?:[0-9]{2,6}(?:[.:][0-9]{1,3})?)?(?:\s*\[[^\]]{1,20}\])?", re.ASCII
)
_COMMA = re.compile(r"[+-]?[0-9]{1,13},[0-9]*", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9.,]+", re.ASCII)
_HEADER_SAYS = re.compile(r"\b(SECURITY|COMPRESSION)\s*[:=]\s*\"?([A-Za-z0-9]+)", re.ASCII)

# The aggregates we read or must see closed; any other tag without text is an empty leaf or an aggregate we pass over.
_STATEMENTS = frozenset({"STMTRS", "CCSTMTRS"})
_ACCOUNTS = frozenset({"BANKACCTFROM", "CCACCTFROM"})
_AGGREGATES = _STATEMENTS | _ACCOUNTS | {
    "OFX", "SIGNONMSGSRSV1", "SONRS", "STATUS", "FI", "BANKMSGSRSV1", "CREDITCARDMSGSRSV1", "STMTTRNRS", "CCSTMTTRNRS",
    "BANKTRANLIST", "STMTTRN", "LEDGERBAL", "AVAILBAL", "CURRENCY", "ORIGCURRENCY", "PAYEE", "BANKACCTTO", "CCACCTTO",
}  # fmt: skip
_FOREIGN = {"INVSTMTRS": "an investment account", "LOANSTMTRS": "a loan account"}


@dataclass(frozen=True, slots=True)
class OfxBalance:
    """What the bank says an account held at the end of a day."""

    line: int
    on: dt.date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class OfxLine:
    """One movement: money in is positive, zero where the bank only tells something. ``fitid`` may be empty."""

    line: int
    on: dt.date
    amount_minor: int
    description: str
    fitid: str
    reference: str


@dataclass(slots=True)
class OfxStatement:
    """One account of a file. ``balance`` is the ledger's, or what is available at a bank that states only that.

    ``bank`` and ``number`` are as the bank writes them and are not for keeping.
    """

    line: int
    institution: str
    bank: str
    number: str
    currency: str
    balance: OfxBalance | None = None
    lines: list[OfxLine] = field(default_factory=list)


@dataclass(slots=True)
class _Open:
    """An element whose end has not come: its own leaves, each with its line."""

    tag: str
    line: int
    leaves: dict[str, tuple[str, int]] = field(default_factory=dict)


def parse(
    data: bytes, *, name: str, currency: str = "USD", max_rows: int = MAX_ROWS, max_bytes: int = MAX_BYTES
) -> tuple[OfxStatement, ...]:
    """Read a file and return the statements of its accounts in file order, or nothing at all.

    ``currency`` is that of statements that name none, neither themselves nor in their lines.

    Raises:
        FormatError: the file is not OFX, encrypted, cut off, tells of an error at the bank, of an account that is
            neither a bank's nor a card's, or has a movement without a day that exists or an amount.
    """
    text = decode(data, name=name, max_bytes=max_bytes, fallback="cp1252")
    start = re.search(r"<OFX\s*>", text, re.IGNORECASE)
    if start is None:
        raise FormatError(
            file=name, line=1, column="OFX", reason="the file has no <OFX> and is no OFX or QFX file",
            fix="export the statement as OFX, QFX or CSV",
        )  # fmt: skip
    _check_header(text[: start.start()], name)
    over = next(itertools.islice(_MOVEMENT.finditer(text), max_rows, None), None)
    if over is not None:
        raise _too_many(name, text.count("\n", 0, over.start()) + 1, max_rows)
    reader = _Reader(name, currency, max_rows)
    reader.read(text, start.start())
    return tuple(reader.statements)


def _too_many(name: str, line: int, max_rows: int) -> FormatError:
    return FormatError(
        file=name, line=line, column="STMTTRN", reason=f"the file has more than {max_rows:,} rows",
        fix="export it by date and bring the parts in one by one",
    )  # fmt: skip


def _check_header(head: str, name: str) -> None:
    for line, words in enumerate(head.split("\n"), start=1):
        if "<!" in words:
            raise FormatError(
                file=name, line=line, column="DOCTYPE", reason="the file declares a document type or entities",
                fix="export the statement again; no bank's file needs them",
            )  # fmt: skip
        for key, value in _HEADER_SAYS.findall(words):
            if value.upper() != "NONE":
                raise FormatError(
                    file=name, line=line, column=key, reason=f"the header says {key} {value}",
                    fix="export it without encryption and compression",
                )  # fmt: skip


class _Reader:
    """Walks the tags once and keeps what a statement is made of."""

    def __init__(self, name: str, currency: str, max_rows: int) -> None:
        self.name, self.default_currency, self.rows_left, self.max_rows = name, currency, max_rows, max_rows
        self.statements: list[OfxStatement] = []
        self.institution = ""
        self.current: OfxStatement | None = None
        self.open: list[_Open] = []

    def read(self, text: str, start: int) -> None:
        """Read all elements from ``<OFX>`` to its end."""
        leaf: tuple[str, int] | None = None  # The tag whose text may stand next.
        for what, value, line in _tokens(text, start, self.name):
            if what == "text":
                if leaf is not None:
                    self._leaf(*leaf, value)
                    leaf = None
                    continue
                if value:
                    raise self._error(line, self._inside(), f"{shown(value)} stands between the tags")
                continue
            if leaf is not None:
                if what == "close" and value == leaf[0]:
                    self._leaf(*leaf, "")
                    leaf = None
                    continue
                self._begin(*leaf)
                leaf = None
            if what == "open":
                leaf = value, line
            else:
                self._end(value, line)
        if leaf is not None:
            self._begin(*leaf)
        if self.open:
            left = next((found for found in reversed(self.open) if found.tag in _AGGREGATES), self.open[-1])
            raise self._error(
                left.line, left.tag, f"the file ends before <{left.tag}> does; it was cut off",
                "download the whole file again",
            )  # fmt: skip

    def _leaf(self, tag: str, line: int, value: str) -> None:
        if tag in _AGGREGATES:
            if not value:
                self._begin(tag, line)
                self._end(tag, line)
                return
            raise self._error(line, tag, f"{shown(value)} stands where tags are expected")
        if self.open:
            self.open[-1].leaves.setdefault(tag, (value, line))

    def _begin(self, tag: str, line: int) -> None:
        if tag in _FOREIGN:
            raise self._error(
                line, tag, f"it is the statement of {_FOREIGN[tag]}", "export bank and card accounts only"
            )
        if tag in _AGGREGATES:
            for found in self.open:
                if found.tag == tag:
                    raise self._error(
                        line,
                        tag,
                        f"<{tag}> begins inside the one of line {found.line}",
                        "download the file again",
                    )
        if len(self.open) >= _DEPTH:
            raise self._error(
                line, tag, f"the tags are nested more than {_DEPTH} deep", "download the file again"
            )
        self.open.append(_Open(tag, line))
        if tag in _STATEMENTS:
            self.current = OfxStatement(line, self.institution, "", "", "")

    def _end(self, tag: str, line: int) -> None:
        place = next((n for n in range(len(self.open) - 1, -1, -1) if self.open[n].tag == tag), None)
        if place is None:
            if not self.open or tag in self.open[-1].leaves:
                # Some banks close a leaf twice, or the file after its end.
                return
            raise self._error(line, tag, f"</{tag}> closes what never began", "download the file again")
        for left in self.open[place + 1 :]:
            # A leaf without text and without an end: what seemed to stand inside it stands beside it.
            if left.tag in _AGGREGATES:
                raise self._error(
                    left.line,
                    left.tag,
                    f"<{left.tag}> does not end before </{tag}>",
                    "download the file again",
                )
            for key, value in left.leaves.items():
                self.open[place].leaves.setdefault(key, value)
            self.open[place].leaves.setdefault(left.tag, ("", left.line))
        done = self.open[place]
        del self.open[place:]
        self._take(done)

    def _take(self, done: _Open) -> None:
        if done.tag == "STATUS":
            self._status(done)
        elif done.tag == "FI":
            self.institution = _collapsed(done.leaves.get("ORG", ("", 0))[0])[:80]
        elif done.tag == "CURRENCY" and self.open:
            self.open[-1].leaves.setdefault("CURSYM", done.leaves.get("CURSYM", ("", done.line)))
        elif done.tag == "PAYEE" and self.open:
            self.open[-1].leaves.setdefault("NAME", done.leaves.get("NAME", ("", done.line)))
        elif self.current is None:
            return
        elif done.tag in _ACCOUNTS:
            self.current.bank = done.leaves.get("BANKID", ("", 0))[0]
            self.current.number = done.leaves.get("ACCTID", ("", 0))[0]
        elif done.tag == "STMTTRN":
            self.current.lines.append(self._line(done, self.current))
        elif done.tag == "LEDGERBAL":  # What is available counts what has not been booked yet.
            self.current.balance = self._balance(done, self.current) or self.current.balance
        elif done.tag in _STATEMENTS:
            self._statement(done, self.current)

    def _status(self, done: _Open) -> None:
        code, severity, message = (
            done.leaves.get(tag, ("", 0))[0] for tag in ("CODE", "SEVERITY", "MESSAGE")
        )
        if severity.upper() == "ERROR":
            words = f": {_collapsed(message)[:200]}" if message.strip() else ""
            raise self._error(
                done.line, "STATUS", f"the bank answered with error {code[:12] or 'unknown'}{words}",
                "the file holds no statement; ask the bank for it again",
            )  # fmt: skip

    def _statement(self, done: _Open, statement: OfxStatement) -> None:
        if not statement.number:
            raise self._error(done.line, "ACCTID", "the statement does not say of which account it is")
        if not statement.currency:
            statement.currency = self._currency(self._find("CURDEF", done), done.line)
        if len(self.statements) >= MAX_ACCOUNTS:
            raise self._error(done.line, done.tag, f"the file has more than {MAX_ACCOUNTS} statements")
        self.statements.append(statement)
        self.current = None

    def _find(self, tag: str, done: _Open | None = None) -> str:
        """Return a leaf of the statement that is being read; empty leaves without an end may hold it meanwhile."""
        for found in ([done] if done is not None else []) + self.open[::-1]:
            if tag in found.leaves:
                return found.leaves[tag][0]
        return ""

    def _currency(self, code: str, line: int, tag: str = "CURDEF") -> str:
        code = code.strip().upper() or self.default_currency
        try:
            exponent(code)
        except MoneyError as error:
            raise self._error(line, tag, str(error).rstrip("."), "keep that account elsewhere") from None
        return code

    def _line(self, done: _Open, statement: OfxStatement) -> OfxLine:
        if not self.rows_left:
            raise _too_many(self.name, done.line, self.max_rows)
        self.rows_left -= 1
        own = done.leaves.get("CURSYM", ("", done.line))
        if not statement.currency:
            statement.currency = self._currency(self._find("CURDEF") or own[0], own[1])
        if own[0] and own[0].strip().upper() != statement.currency:
            raise self._error(
                own[1], "CURSYM", f"the movement is in {own[0]} and the account in {statement.currency}",
                "post it by hand in the account's currency and leave it out of the file",
            )  # fmt: skip
        on = self._day(done, "DTPOSTED")
        amount = self._amount(done, "TRNAMT", statement.currency)
        reference = done.leaves.get("CHECKNUM", ("", 0))[0] or done.leaves.get("REFNUM", ("", 0))[0]
        return OfxLine(
            line=done.line, on=on, amount_minor=amount,
            description=_description(done), fitid=_collapsed(done.leaves.get("FITID", ("", 0))[0]),
            reference="" if not reference.strip("0 ") else _collapsed(reference)[:80],
        )  # fmt: skip

    def _balance(self, done: _Open, statement: OfxStatement) -> OfxBalance | None:
        if not done.leaves.get("BALAMT", ("", 0))[0]:
            return None
        if not statement.currency:
            statement.currency = self._currency(self._find("CURDEF"), done.line)
        return OfxBalance(
            done.line, self._day(done, "DTASOF"), self._amount(done, "BALAMT", statement.currency)
        )

    def _day(self, done: _Open, tag: str) -> dt.date:
        """Return the day as the bank printed it, which is the day on its own statements, whatever zone it adds."""
        value, line = done.leaves.get(tag, ("", done.line))
        if not value:
            raise self._error(line, tag, f"<{done.tag}> has no {tag}")
        match = _DAY.fullmatch(value.strip())
        try:
            day = dt.date(int(match[1]), int(match[2]), int(match[3])) if match else None
        except ValueError:
            day = None
        if day is None:
            raise self._error(line, tag, f"{shown(value)} is not a date written as 20261031")
        if not months.is_near(day):
            raise self._error(
                line,
                tag,
                f"{shown(value)} is outside the years {months.EARLIEST.year} to {months.LATEST.year}",
            )
        return day

    def _amount(self, done: _Open, tag: str, currency: str) -> int:
        value, line = done.leaves.get(tag, ("", done.line))
        if not value:
            raise self._error(line, tag, f"<{done.tag}> has no {tag}")
        written = value.strip()
        if _COMMA.fullmatch(written):
            written = written.replace(",", ".")
        try:
            return parse_minor(written if _NUMBER.fullmatch(written) else "", currency)
        except MoneyError:
            raise self._error(line, tag, f"{shown(value)} is not an amount of {currency}") from None

    def _inside(self) -> str:
        return self.open[-1].tag if self.open else "OFX"

    def _error(
        self, line: int, tag: str, reason: str, fix: str = "ask the bank for the file again, or use its CSV"
    ) -> FormatError:
        return FormatError(file=self.name, line=line, column=tag, reason=reason, fix=fix)


def _tokens(text: str, start: int, name: str) -> Iterator[tuple[str, str, int]]:
    """Yield (open, close or text; tag in capitals or text; line); text is only yielded where there is some."""
    position, line = start, text.count("\n", 0, start) + 1
    words: list[str] = []
    said_at = line
    for found in _TOKEN.finditer(text, start):
        raw = text[position : found.start()]
        if raw.strip():
            said_at = said_at if words else line + raw[: len(raw) - len(raw.lstrip())].count("\n")
            words.append(_ENTITY.sub(_entity, raw))
        line += raw.count("\n")
        if found[1] is not None:
            if found[1].strip():
                said_at = said_at if words else line
                words.append(found[1])
        elif found[3] is None:
            raise FormatError(
                file=name, line=line, column=str(found.start() - text.rfind("\n", 0, found.start())),
                reason=f"{shown(text[found.start() : found.start() + 30])} is no tag",
                fix="ask the bank for the file again, or use its CSV",
            )  # fmt: skip
        else:
            if words:
                yield "text", "".join(words).strip(), said_at
                words = []
            tag = found[3].upper()
            if found[2]:
                yield "close", tag, line
            else:
                yield "open", tag, line
                if found[4]:
                    yield "close", tag, line
        line += found[0].count("\n")
        position = found.end()
    rest = "".join([*words, text[position:]]).strip()
    if rest:
        yield "text", rest, line


def _entity(found: re.Match[str]) -> str:
    if found[3]:
        return _ENTITIES[found[3]]
    number = int(found[1]) if found[1] else int(found[2], 16)
    return chr(number) if 32 <= number < 0xD800 or 0xE000 <= number < 0x110000 else " "


def _description(done: _Open) -> str:
    """Join name and memo, each once: banks repeat the one in the other."""
    name, memo, kind = (_collapsed(done.leaves.get(tag, ("", 0))[0]) for tag in ("NAME", "MEMO", "TRNTYPE"))
    if not name or memo.casefold().startswith(name.casefold()):
        said = memo
    elif not memo or memo.casefold() in name.casefold():
        said = name
    else:
        said = f"{name} {memo}"
    return (said or kind or "Bank movement")[:DESCRIPTION_LIMIT]


def _collapsed(text: str) -> str:
    return " ".join(text.split())
