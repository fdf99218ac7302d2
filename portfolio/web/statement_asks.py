"""What the address of a statement asks for: which months, which columns, what stands beside them."""

import datetime as dt

from django.http import QueryDict

from core import months
from portfolio.domain.statement_columns import Asked, By, Compare, Form


class AskedError(ValueError):
    """An address asks for something that is not there; the message is a sentence."""


def _month(text: str, *, end: bool) -> int:
    """Read 2026-10, 2026-Q4 or 2026; of a quarter or year the first or the last month.

    Raises:
        AskedError: it is none of these, or not near.
    """
    year, _, part = text.partition("-")
    if (
        len(year) == 4
        and year.isascii()
        and year.isdigit()
        and (not part or part in ("Q1", "Q2", "Q3", "Q4"))
    ):
        start = int(year) * 12 + (int(part[1]) - 1) * 3 if part else int(year) * 12
        month = start + ((2 if part else 11) if end else 0)
    else:
        try:
            month = months.parse(text)
        except months.MonthError:
            raise AskedError(f"{text[:20]!r} is not a month; write it as 2026-10, 2026-Q4 or 2026.") from None
    if not months.month_of(months.EARLIEST) <= month <= months.month_of(months.LATEST):
        raise AskedError("Statements run from January 2000 to December 2099; check the year.")
    return month


def read(form: Form, told: QueryDict, today: dt.date) -> Asked:
    """Read what an address asks for; nothing said is the year to date in one column.

    Raises:
        AskedError: a part of it cannot be read.
    """
    now = months.month_of(today)
    last = _month(told["to"], end=True) if told.get("to") else None
    first = _month(told["from"], end=False) if told.get("from") else None
    if last is None:
        last = now if first is None or first <= now else first
    if first is None:
        first = last - last % 12
    if first > last:
        raise AskedError(
            f"{months.label(first)} comes after {months.label(last)}; swap the two, or choose other months."
        )
    by, compare = told.get("by") or By.TOTAL.value, told.get("compare") or ""
    if by not in {one.value for one in By}:
        raise AskedError("Columns are by total, month, quarter or entity; choose one of them.")
    if compare not in {one.value for one in Compare}:
        raise AskedError("A statement is compared with the previous period or the same months a year before.")
    budget = told.get("budget") or ""
    if budget not in ("", "1"):
        raise AskedError("Budget columns are asked for by 1, or left out.")
    return Asked(form, first, last, By(by), Compare(compare), budget == "1", today)


def usual_spans(today: dt.date) -> list[tuple[str, int, int]]:
    """Return the periods that one press asks for."""
    now = months.month_of(today)
    quarter, year = now - now % 3, now - now % 12
    return [
        ("This month", now, now),
        ("Last month", now - 1, now - 1),
        ("This quarter", quarter, quarter + 2),
        ("Last quarter", quarter - 3, quarter - 1),
        ("Year to date", year, now),
        ("Last year", year - 12, year - 1),
    ]
