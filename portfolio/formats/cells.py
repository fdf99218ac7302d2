"""What one cell or one value of a note says: money, a percentage, a date, a pair, a number, or words.

Pure text to a typed `Cell`. How notes are cut into rows stands next door in `portfolio.formats.markdown`,
what the rows are called in `portfolio.formats.handoff`.
"""

import datetime as dt
import re
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from enum import StrEnum

from core.money import MoneyError, parse_minor
from portfolio.formats.errors import shown


class CellKind(StrEnum):
    """How a cell was understood."""

    EMPTY = "empty"
    NOT_TRACKED = "not_tracked"
    MONEY = "money"
    PERCENT = "percent"
    DATE = "date"
    PERIOD = "period"
    DATETIME = "datetime"
    PAIR = "pair"
    NUMBER = "number"
    QUANTITY = "quantity"
    TEXT = "text"


class CellError(ValueError):
    """A cell that looks like money, a date or a percentage and is not one."""

    def __init__(self, reason: str, fix: str) -> None:
        """Keep both clauses; the reader of the file adds where the cell stands."""
        self.reason, self.fix = reason, fix
        super().__init__(f"{reason} \u2014 {fix}.")


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as typed as its text allows; what it does not say is None or empty.

    ``text`` is what a person sees, without the marks of bold and code. ``minor`` is US cents and
    ``minor_high`` the upper end of a range. ``percent_bp`` is basis points. ``number`` is the plain number
    (of a quantity, the first of a pair), ``second`` the other one of a pair (None while open: "9/").
    ``on`` to ``until`` are dates, both included; ``at`` is an instant in UTC. ``unit`` and ``per`` come
    from "6 charters / month". ``word`` is the word before a date or an amount ("expired 2026-08-31",
    "retainer $900"), ``note`` what stands in brackets behind it. ``tracked`` is False only for
    "not tracked".
    """

    text: str
    kind: CellKind
    number: Decimal | None = None
    second: Decimal | None = None
    minor: int | None = None
    minor_high: int | None = None
    percent_bp: int | None = None
    on: dt.date | None = None
    until: dt.date | None = None
    at: dt.datetime | None = None
    unit: str = ""
    per: str = ""
    word: str = ""
    note: str = ""
    tracked: bool = True

    def as_json(self) -> dict[str, str | int | bool]:
        """Return what the cell says as plain JSON values, leaving out what it does not say."""
        said: dict[str, str | int | bool] = {}
        for key, value in asdict(self).items():
            if value is None or value == "" or (key == "tracked" and value):
                continue
            if isinstance(value, dt.date):
                said[key] = value.isoformat()
            else:
                said[key] = str(value) if isinstance(value, Decimal | CellKind) else value
        return said


# Offsets are literal: the writer names standard or daylight time, and no rule may second-guess it.
ZONE_HOURS = {
    "UTC": 0, "GMT": 0, "PST": -8, "PDT": -7, "MST": -7, "MDT": -6, "CST": -6, "CDT": -5, "EST": -5, "EDT": -4,
}  # fmt: skip
DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_NUMBER = r"-?(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}|[0-9]{1,12})(?:\.[0-9]{1,6})?"
_DATE = re.compile(rf"(?:(?P<word>[a-z][a-z ]{{0,30}}) )?(?P<on>{DATE})", re.ASCII | re.IGNORECASE)
_PERIOD = re.compile(rf"(?:(?P<word>[a-z][a-z ]{{0,30}}) )?(?P<on>{DATE}) (?:to|until) (?P<until>{DATE})",
                     re.ASCII | re.IGNORECASE)  # fmt: skip
_INSTANT = re.compile(rf"(?P<on>{DATE})[ T](?P<time>[0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}})?)(?: ?(?P<zone>[A-Z]{{1,5}}))?",
                      re.ASCII)  # fmt: skip
_NOTE = re.compile(r"(?P<core>[^()]*[^() ]) \((?P<note>[^()]*)\)")
_PER = re.compile(r"(?P<core>.*\S) ?/ ?(?P<per>[a-z]{2,20})", re.ASCII)
_MONEY = re.compile(
    r"(?:(?P<word>[a-z][a-z ]{0,30}) )?(?P<low>[-+\u2212]?\$[^ ]*)(?: (?:to|-|\u2013) (?P<high>\$[^ ]*))?(?: (?P<unit>.+))?",
    re.IGNORECASE,
)
_PERCENT = re.compile(rf"(?P<number>{_NUMBER}) ?%", re.ASCII)
_PAIR = re.compile(r"(?P<first>[0-9]{1,9})/(?P<second>[0-9]{0,9})", re.ASCII)
_PLAIN = re.compile(_NUMBER, re.ASCII)
_QUANTITY = re.compile(rf"(?P<number>{_NUMBER}) (?P<unit>[^0-9\s].*)", re.ASCII)
_NOT_TRACKED = re.compile(rf"not tracked(?: since (?P<on>{DATE}))?", re.ASCII | re.IGNORECASE)
_MARKS = re.compile(r"\*\*([^*`]+)\*\*|`([^`]+)`")


def plain(text: str) -> str:
    """Return a text without the marks of bold and code spans, its white space collapsed."""
    return " ".join(_MARKS.sub(lambda mark: mark[1] or mark[2], text).split())


def read_cell(text: str) -> Cell:
    """Return what a cell says.

    Raises:
        CellError: it looks like an amount, a date, a time or a percentage and cannot be one.
    """
    text = plain(text)
    if not text:
        return Cell("", CellKind.EMPTY)
    if match := _NOT_TRACKED.fullmatch(text):
        return Cell(text, CellKind.NOT_TRACKED, on=_day(match["on"]) if match["on"] else None, tracked=False)
    core, note = text, ""
    if match := _NOTE.fullmatch(text):
        core, note = match["core"], match["note"].strip()
    cell = _typed(core)
    if cell is None:
        return Cell(text, CellKind.TEXT)
    return replace(cell, text=text, note=note)


def with_unit(cell: Cell, unit: str) -> Cell:
    """Return a plain number again as what its unit column makes of it: USD, %, "per month" or a word."""
    if cell.kind != CellKind.NUMBER or cell.number is None:
        return cell
    if unit.upper() == "USD":
        return replace(cell, kind=CellKind.MONEY, minor=_minor(cell.text.split(" (")[0]), unit=unit)
    if unit == "%":
        return replace(cell, kind=CellKind.PERCENT, percent_bp=_basis_points(cell.number, cell.text))
    if unit.casefold().startswith("per "):
        return replace(cell, per=unit[4:].strip())
    return replace(cell, unit=unit)


def _typed(core: str) -> Cell | None:
    """Try each form in turn; None means words."""
    if match := _INSTANT.fullmatch(core):
        on, at = _instant(match, core)
        return Cell(core, CellKind.DATETIME, on=on, at=at)
    if match := _PERIOD.fullmatch(core):
        on, until = _day(match["on"]), _day(match["until"])
        if until < on:
            raise CellError(f"{shown(core)} ends before it begins", "put the earlier date first")
        return Cell(core, CellKind.PERIOD, on=on, until=until, word=match["word"] or "")
    if match := _DATE.fullmatch(core):
        return Cell(core, CellKind.DATE, on=_day(match["on"]), word=match["word"] or "")
    if match := _PAIR.fullmatch(core):
        second = Decimal(match["second"]) if match["second"] else None
        return Cell(core, CellKind.PAIR, number=Decimal(match["first"]), second=second)
    per = ""
    if match := _PER.fullmatch(core):
        core, per = match["core"], match["per"]
    if match := _PERCENT.fullmatch(core):
        number = _decimal(match["number"])
        return Cell(core, CellKind.PERCENT, number=number, percent_bp=_basis_points(number, core), per=per)
    if match := _MONEY.fullmatch(core):
        low, high = match["low"], match["high"]
        cell = Cell(
            core, CellKind.MONEY, minor=_minor(low), minor_high=_minor(high) if high else None, per=per,
            unit=match["unit"] or "", word=match["word"] or "",
        )  # fmt: skip
        if cell.minor is not None and cell.minor_high is not None and cell.minor_high < cell.minor:
            raise CellError(
                f"{shown(core)} is a range that ends below its beginning", "put the smaller first"
            )
        return cell
    if _PLAIN.fullmatch(core):
        return Cell(core, CellKind.NUMBER, number=_decimal(core), per=per)
    if match := _QUANTITY.fullmatch(core):
        return Cell(core, CellKind.QUANTITY, number=_decimal(match["number"]), unit=match["unit"], per=per)
    return None


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _minor(text: str) -> int:
    try:
        return parse_minor(text)
    except MoneyError:
        raise CellError(f"{shown(text)} is not an amount", "write it as $1,234.50") from None


def _basis_points(number: Decimal, text: str) -> int:
    points = number * 100
    if points != points.to_integral_value():
        raise CellError(f"{shown(text)} is finer than a hundredth of a percent", "round it to two decimals")
    return int(points)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise CellError(f"{text} is not a day of the calendar", "write year-month-day") from None


def _instant(match: re.Match[str], text: str) -> tuple[dt.date, dt.datetime]:
    on, zone = _day(match["on"]), match["zone"] or ""
    hours = 0 if zone == "Z" else ZONE_HOURS.get(zone)
    if hours is None:
        raise CellError(
            f"{shown(text)} does not say its time zone" if not zone else f"{zone} is not a time zone we read",
            f"end it with one of {', '.join(ZONE_HOURS)}",
        )
    try:
        local = dt.datetime.combine(on, dt.time.fromisoformat(match["time"]))
        return on, local.replace(tzinfo=dt.timezone(dt.timedelta(hours=hours))).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise CellError(f"{match['time']} is not a time of day", "write hours and minutes as 16:10") from None
