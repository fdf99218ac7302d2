"""Stripe's balance transactions as its API gives them, one by one or as a file of JSON.

A file is a list as the API answers it (``{"data": […]}``), a bare array, or one object a line. Amounts are whole minor
units already. What the words mean is shared with the CSV, next door in `portfolio.formats.stripe`.
"""

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from core import months
from core.money import EXPONENTS, LIMIT_MINOR
from portfolio.formats.csv_rows import MAX_BYTES, MAX_ROWS
from portfolio.formats.errors import FormatError, shown
from portfolio.formats.stripe import (
    DESCRIPTION_LIMIT,
    IDENTIFIER,
    RETURNS,
    TYPES,
    BalanceTransaction,
    StripeType,
    is_wrong_way,
    kind_of,
)
from portfolio.formats.text import decode

_BOOKING = re.compile(r"booking(?:[ _](?:ref|reference))?", re.IGNORECASE)
_INVOICE = re.compile(r"invoice(?:[ _](?:ref|reference|number))?", re.IGNORECASE)
_LAST_INSTANT = 4_102_444_800  # 2100, as far as books go.
_EXPORT = "export the file again, or fetch it with the API"
MAX_OBJECT, MAX_NAMES = 250_000, 200
_SPACE = re.compile(r"[ \t\n\r]*")


class _NotJsonError(ValueError):
    """Text that Python reads and JSON does not know: NaN, Infinity."""


def is_json(data: bytes) -> bool:
    """Tell whether a file is JSON rather than CSV, by its first character."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def loads(text: str) -> Any:
    """Read strict JSON.

    Raises:
        ValueError: the text is no JSON, holds NaN or a number beyond all bounds, or is nested thousands deep.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def parse(
    data: bytes, *, name: str, max_rows: int = MAX_ROWS, max_bytes: int = MAX_BYTES
) -> tuple[BalanceTransaction, ...]:
    """Read a file of balance transactions and return them in file order, or nothing at all.

    Raises:
        FormatError: it is no such JSON, an id is doubled, or a value cannot be read.
    """
    text = decode(data, name=name, max_bytes=max_bytes)
    found: list[BalanceTransaction] = []
    lines: dict[str, int] = {}
    for line, raw in _objects(text, name):
        if len(found) >= max_rows:
            raise FormatError(
                file=name, line=line, column="id", reason=f"there are more than {max_rows:,} transactions",
                fix="split the file by date",
            )  # fmt: skip
        transaction = movement(raw, name=name, line=line)
        if transaction.id in lines:
            raise FormatError(
                file=name, line=line, column="id", reason=f"{transaction.id} stands already on line {lines[transaction.id]}",
                fix="export the file again; an id names one transaction",
            )  # fmt: skip
        lines[transaction.id] = line
        found.append(transaction)
    return tuple(found)


def movement(
    raw: object, *, name: str, line: int, payout_id: str = "", charge: Mapping[str, Any] | None = None
) -> BalanceTransaction:
    """Read one balance transaction, with its ``source`` expanded or not.

    ``payout_id`` is the payout whose list it stands in; ``charge`` is the charge of its refund or dispute.

    Raises:
        FormatError: a value is missing or is not what Stripe's API says it is.
    """
    reader = _Reader(raw, name, line)
    identifier = reader.identifier("id")
    given = reader.get("source")
    source = given if isinstance(given, dict) else {}
    source_id = reader.identifier("source", source.get("id") if source else given, required=False)
    word = reader.word("type", TYPES)
    if word == "adjustment" and reader.get("reporting_category") in TYPES:
        word = reader.get("reporting_category")
    kind = kind_of(word, source_id)
    currency = reader.text("currency").upper()
    if currency not in EXPONENTS:
        raise reader.error("currency", f"{shown(currency)} is not a currency we keep", f"use one of {', '.join(EXPONENTS)}")  # fmt: skip
    amount, fee, net = (reader.amount(key) for key in ("amount", "fee", "net"))
    if net != amount - fee:
        raise reader.error("net", f"the net {net} is not the amount {amount} less the fee {fee}", _EXPORT)
    if is_wrong_way(word, amount):
        raise reader.error("amount", f"a {word} of {amount} has the wrong sign", "charges are positive and refunds negative")  # fmt: skip
    reader.check_fees(fee)
    named = source.get("charge")
    whose = charge or (
        named if isinstance(named, dict) else source if source.get("object") == "charge" else {}
    )
    charge_id = _id(source.get("id")) if source.get("object") == "charge" else _id(named)
    if not charge_id and source_id.startswith(("ch_", "py_")):
        charge_id = source_id
    return BalanceTransaction(
        line=line, id=identifier, type=kind, source=source_id, amount_minor=amount, fee_minor=fee, net_minor=net,
        currency=currency, created_at=reader.instant("created"), available_on=reader.instant("available_on").date(),
        description=reader.text("description", required=False)[:DESCRIPTION_LIMIT],
        payout_id=payout_id or (source_id if kind == StripeType.PAYOUT else ""),
        booking_ref=_booking(source) or _booking(whose), charge_id=charge_id,
        intent_id=_id(source.get("payment_intent")) or _id(whose.get("payment_intent")),
        returned=word in RETURNS,
    )  # fmt: skip


class _Reader:
    """Reads one object and refuses by line and key."""

    def __init__(self, raw: object, name: str, line: int) -> None:
        self.name, self.line = name, line
        if not isinstance(raw, dict):
            raise self.error("data", "this is no balance transaction", _EXPORT)
        self.raw: dict[str, Any] = raw

    def error(self, key: str, reason: str, fix: str) -> FormatError:
        """Return the refusal of one value, for the caller to raise."""
        return FormatError(file=self.name, line=self.line, column=key, reason=reason, fix=fix)

    def get(self, key: str) -> Any:
        """Return a value as it stands."""
        return self.raw.get(key)

    def text(self, key: str, *, required: bool = True) -> str:
        """Return text with its white space collapsed and without what no database keeps."""
        value = self.raw.get(key)
        if value is None and not required:
            return ""
        if not isinstance(value, str):
            raise self.error(key, f"{shown(repr(value))} is no text", _EXPORT)
        return _clean(value)

    def word(self, key: str, known: Mapping[str, object]) -> str:
        """Return one of Stripe's words."""
        value = self.text(key)
        if value not in known:
            raise self.error(key, f"{shown(value)} is not known", f"use one of {', '.join(sorted(known))}")
        return value

    def identifier(self, key: str, value: object = None, *, required: bool = True) -> str:
        """Return an id."""
        value = self.raw.get(key) if required else value
        if value is None and not required:
            return ""
        if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
            raise self.error(
                key, f"{shown(repr(value))} is not a Stripe id", "it begins with txn_, ch_, re_ or po_"
            )
        return value

    def amount(self, key: str) -> int:
        """Return a whole number of minor units."""
        value = self.raw.get(key)
        if type(value) is not int or not -LIMIT_MINOR <= value <= LIMIT_MINOR:
            raise self.error(key, f"{shown(repr(value))} is not a whole number of minor units", _EXPORT)
        return value

    def instant(self, key: str) -> dt.datetime:
        """Return seconds since 1970 as an instant."""
        value = self.raw.get(key)
        if type(value) is not int or not 0 <= value < _LAST_INSTANT:
            raise self.error(key, f"{shown(repr(value))} is not an instant in seconds", _EXPORT)
        at = dt.datetime.fromtimestamp(value, dt.UTC)
        if not months.is_near(at.date()):
            raise self.error(key, f"{at.date()} is outside the years of these books", "check the year")
        return at

    def check_fees(self, fee: int) -> None:
        """Compare the fee with its details, which only explain it: an application fee is in it already."""
        details = self.raw.get("fee_details")
        if not details:
            return
        amounts: list[Any] = [None]
        if isinstance(details, list):
            amounts = [part.get("amount") if isinstance(part, dict) else None for part in details]
        if any(type(amount) is not int for amount in amounts) or sum(amounts) != fee:
            raise self.error("fee_details", f"the parts of the fee do not add up to {fee}", _EXPORT)


def _objects(text: str, name: str) -> Iterator[tuple[int, Any]]:
    """Yield each transaction with the line it begins on, one at a time, so that a large file is not held as objects.

    Raises:
        FormatError: it is neither a list, nor an object that holds one under ``data``, nor one transaction a line.
    """
    reader = _Pieces(text, name)
    if reader.next() == "[":
        yield from reader.array()
        reader.end()
        return
    if reader.next() != "{":
        raise reader.error("this is no list of balance transactions", column="data")
    while reader.next():
        begun, rest, listed = reader.line, {}, False
        for count, key in enumerate(reader.names(), start=1):
            if key != "data":
                rest[key] = reader.value()
                if count > MAX_NAMES:
                    raise reader.error(f"the object has more than {MAX_NAMES} names")
                continue
            listed = True
            if reader.next() != "[":
                raise reader.error("this is no list of balance transactions", column="data")
            yield from reader.array()
        if listed:
            reader.end()
            return
        yield begun, rest


class _Pieces:
    """Reads JSON piece by piece: a list is walked through, and what stands in it is read through a window."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.line, self.at = 1, 0
        self.window, self.begins = text[: 4 * MAX_OBJECT], 0

    def error(self, reason: str, *, column: str | None = None) -> FormatError:
        """Return a refusal at the present place, for the caller to raise."""
        if column is None:
            column = str(self.at - self.text.rfind("\n", 0, self.at))
        return FormatError(file=self.name, line=self.line, column=column, reason=reason, fix=_EXPORT)

    def next(self) -> str:
        """Pass white space and return the character that follows, or nothing at the end."""
        found = _SPACE.match(self.text, self.at)
        self._move(found.end() if found else self.at)
        return self.text[self.at : self.at + 1]

    def take(self, sign: str) -> None:
        """Pass one sign."""
        if self.next() != sign:
            found = self.text[self.at : self.at + 20]
            raise self.error(
                f"this is no JSON ({shown(found) if found else 'it ends'} where {sign} should stand)"
            )
        self._move(self.at + 1)

    def array(self) -> Iterator[tuple[int, Any]]:
        """Yield what stands in a list, each with its line."""
        self.take("[")
        if self.next() == "]":
            self.take("]")
            return
        while True:
            self.next()
            yield self.line, self.value()
            if self.next() == "]":
                self.take("]")
                return
            self.take(",")

    def names(self) -> Iterator[str]:
        """Yield the names in an object; the caller takes the value of each."""
        self.take("{")
        if self.next() == "}":
            self.take("}")
            return
        while True:
            if self.next() != '"':
                raise self.error("this is no JSON (a name in quotes should stand here)")
            key: str = self.value()
            self.take(":")
            yield key
            if self.next() == "}":
                self.take("}")
                return
            self.take(",")

    def value(self) -> Any:
        """Read one value, of no more characters than a transaction has."""
        self.next()
        if self.at + MAX_OBJECT > self.begins + len(self.window) < len(self.text):
            self.window, self.begins = self.text[self.at : self.at + 4 * MAX_OBJECT], self.at
        try:
            found, end = _DECODER.raw_decode(self.window, self.at - self.begins)
        except (ValueError, RecursionError) as error:
            if self.begins + len(self.window) < len(self.text):
                reason = f"this is no JSON, or one transaction of more than {MAX_OBJECT:,} characters"
                raise self.error(reason) from None
            if isinstance(error, json.JSONDecodeError):
                self._move(min(self.begins + error.pos, len(self.text)))
            reason = {
                json.JSONDecodeError: getattr(error, "msg", ""),
                RecursionError: "it is nested too deeply",
            }.get(type(error), str(error))
            raise self.error(f"this is no JSON ({_clean(reason)[:120]})") from None
        self._move(self.begins + end)
        return found

    def end(self) -> None:
        """See that nothing follows."""
        if self.next():
            raise self.error("this is no JSON (something stands behind its end)")

    def _move(self, to: int) -> None:
        self.line += self.text.count("\n", self.at, to)
        self.at = to


def _refuse(word: str) -> NoReturn:
    raise _NotJsonError(f"{word} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def _booking(holder: Mapping[str, Any]) -> str:
    """Return the booking, or else the invoice, that the metadata of a charge, refund or dispute names."""
    metadata = holder.get("metadata")
    for named in (_BOOKING, _INVOICE):
        for key, value in metadata.items() if isinstance(metadata, dict) else ():
            if isinstance(value, str) and named.fullmatch(key):
                return _clean(value)[:DESCRIPTION_LIMIT]
    return ""


def _id(value: object) -> str:
    """Return the id of an object that is expanded or not."""
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) and IDENTIFIER.fullmatch(found) else ""


def _clean(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
