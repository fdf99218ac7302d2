"""Reading the rows of the businesses' own exports: what their cells have in common, whatever a file is about."""

import datetime as dt
import re
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import TypeVar

from core import months
from portfolio.formats.csv_rows import MAX_BYTES, MAX_ROWS, CsvRow, read
from portfolio.formats.errors import shown

T = TypeVar("T")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9.-]{1,10}", re.ASCII)
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,4})?", re.ASCII)
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}", re.ASCII)


def parse(
    data: bytes,
    name: str,
    columns: Collection[str],
    make: Callable[[CsvRow], T],
    key: Collection[str],
    *,
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
) -> tuple[T, ...]:
    """Read a whole file or nothing; the cells of ``key`` name a row, so no two rows share them."""
    sheet = read(data, name=name, required=columns, max_rows=max_rows, max_bytes=max_bytes)
    found: list[T] = []
    lines: dict[tuple[str, ...], int] = {}
    for cells in sheet.rows():
        found.append(make(cells))
        same = tuple(cells.cells.get(column, "") for column in key)
        if same in lines:
            raise cells.error(
                tuple(key)[-1],
                f"{shown(same[-1])} stands already on line {lines[same]}",
                "keep one of the two",
            )
        lines[same] = cells.line
    return tuple(found)


def entity(cells: CsvRow) -> str:
    """Return an entity's short name."""
    slug = cells.cells["entity"]
    if not _SLUG.fullmatch(slug):
        raise cells.error("entity", f"{shown(slug)} is not an entity", "write its short name, such as qos")
    return slug


def code(cells: CsvRow) -> str:
    """Return an account's code."""
    found = cells.cells["account"]
    if not _CODE.fullmatch(found):
        raise cells.error("account", f"{shown(found)} is not an account", "write its code, such as 1010")
    return found


def reference(cells: CsvRow, column: str) -> str:
    """Return a reference as records carry it."""
    found = cells.cells[column]
    if not _REFERENCE.fullmatch(found):
        raise cells.error(column, f"{shown(found)} is not a reference", "write it as QOS-0001")
    return found


def signed(cells: CsvRow, column: str) -> int:
    """Return an amount in minor units that is not zero."""
    amount = cells.money(column)
    if not amount:
        raise cells.error(column, "the amount is zero", "leave the row out")
    return amount


def unsigned(cells: CsvRow, column: str) -> int:
    """Return an amount in minor units without a sign."""
    amount = cells.money(column)
    if amount < 0:
        raise cells.error(column, f"{shown(cells.cells[column])} is negative", "write it without a sign")
    return amount


def month(cells: CsvRow) -> int:
    """Return a month written as 2026-10."""
    try:
        return months.parse(cells.cells["month"])
    except months.MonthError:
        raise cells.error(
            "month", f"{shown(cells.cells['month'])} is not a month", "write it as 2026-10"
        ) from None


def decimal(cells: CsvRow, column: str) -> Decimal | None:
    """Read a plain decimal of at most 16 digits before and 4 after the point, or nothing."""
    value = cells.cells[column]
    if not value:
        return None
    if not _DECIMAL.fullmatch(value):
        raise cells.error(column, f"{shown(value)} is not a number", "write it as 1234.5")
    return Decimal(value)


def local(cells: CsvRow, column: str) -> dt.datetime | None:
    """Read "2026-10-24 18:03", local to the entity; the zone is put on by whoever knows it."""
    value = cells.cells[column]
    if not value:
        return None
    try:
        if _LOCAL.fullmatch(value):
            return dt.datetime.fromisoformat(value)
    except ValueError:
        pass
    raise cells.error(column, f"{shown(value)} is not a local time", "write it as 2026-10-24 18:03")
