"""Metrics of a rental's nights: what can be sold, what is blocked, what is sold, and at what rate.

Each is there for a month and for the twelve months that end with it. A month's nights of a stay that crosses into the
next are its own, and its price is spread evenly over its nights.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from core import months
from reports.document import TraceRow, Unit
from reports.metrics import rental_calendar as nights
from reports.metrics.registry import Answer, Better, Desk, Scope, metric
from reports.metrics.rental_calendar import Calendar, Rows

STAYS = "Stays"
NO_RENTAL = "n/a: no entity of the report lets a place"
NO_STAYS = "not tracked: no stay or blocked night is recorded"


@dataclass(frozen=True, slots=True)
class Time:
    """A length of time for which a metric stands, and what it adds to the metric's key and name."""

    suffix: str
    length: int
    name: str
    words: str

    def months(self, month: int) -> tuple[int, int]:
        """Return its first and last month."""
        return month - self.length + 1, month


MONTH = Time("", 1, "", "the month")
YEAR = Time("_12m", 12, ", twelve months", "the twelve months that end with the month")
TIMES = (MONTH, YEAR)


def untracked(desk: Desk, scope: Scope, last: dt.date) -> Answer | None:
    """Return the answer that says why nothing is known up to a day, or None where something is."""
    if not scope.ids:
        return desk.absent(NO_RENTAL)
    begun = nights.of(desk.facts).begun_of(scope.ids)
    if begun is None:
        return desk.absent(NO_STAYS)
    if months.month_of(last) < months.month_of(begun):
        return desk.absent(f"not tracked before {months.label(months.month_of(begun))}")
    return None


def counted(desk: Desk, scope: Scope, first: int, last: int, rows: Rows) -> Answer:
    """Answer with the sum of rows over whole months."""
    start, end = months.first_day(first), months.last_day(last)
    return untracked(desk, scope, end) or desk.rows(
        rows(nights.of(desk.facts), scope.ids, start, end), desk.badge_of(scope, last, first=first)
    )


def by_day(rows: Rows) -> Callable[[Desk, Scope, dt.date, dt.date], Answer]:
    """Return how to answer with the sum of rows over any run of days that are all tracked: part of a run is not the run."""

    def work_out(desk: Desk, scope: Scope, first: dt.date, last: dt.date) -> Answer:
        return untracked(desk, scope, first) or desk.rows(
            rows(nights.of(desk.facts), scope.ids, first, last),
            desk.badge_of(scope, months.month_of(last), first=months.month_of(first)),
        )

    return work_out


def _calendar(calendar: Calendar, ids: tuple[int, ...], first: dt.date, last: dt.date) -> list[TraceRow]:
    """Return the nights of these days, of each rental from the month on in which its records begin."""
    found = []
    for entity in calendar.tracked(ids):
        start = max(first, calendar.begun[entity].replace(day=1))
        count = (last - start).days + 1
        if count > 0:
            found.append(TraceRow(f"Nights from {nights.span(start, last)}", count, "", start))
    return found


def _register(time: Time) -> None:
    suffix, name, words = time.suffix, time.name, time.words

    def rows_over(key: str, title: str, formula: str, rows: Rows, *, better: Better, unit: Unit) -> None:
        @metric(
            f"{key}{suffix}", name=f"{title}{name}", unit=unit, formula=f"{formula} in {words}", source=STAYS,
            better=better, daily=by_day(rows) if time is MONTH else None,
        )  # fmt: skip
        def work_out(desk: Desk, scope: Scope, month: int) -> Answer:
            return counted(desk, scope, *time.months(month), rows)

    def of_two(
        key: str, title: str, unit: Unit, operation: str, inputs: tuple[str, ...], formula: str, *,
        undefined: str = "n/a", better: Better = Better.MORE,
    ) -> None:  # fmt: skip
        def between(desk: Desk, scope: Scope, first: dt.date, last: dt.date) -> Answer:
            figures = (desk.between(entry, scope, first, last) for entry in inputs)
            return desk.formula(operation, *figures, undefined=undefined)

        @metric(
            f"{key}{suffix}", name=f"{title}{name}", unit=unit, formula=f"{formula}, of {words}", source=STAYS,
            better=better, daily=between if time is MONTH else None,
        )  # fmt: skip
        def work_out(desk: Desk, scope: Scope, month: int) -> Answer:
            figures = (desk.get(f"{entry}{suffix}", scope, month) for entry in inputs)
            return desk.formula(operation, *figures, undefined=undefined)

    rows_over(
        "calendar_nights", "Calendar nights", "Nights", _calendar, better=Better.NEITHER, unit=Unit.COUNT
    )
    rows_over(
        "blocked_nights", "Blocked nights", "Nights that cannot be sold and are not", nights.nights_blocked,
        better=Better.LESS, unit=Unit.COUNT,
    )  # fmt: skip
    rows_over(
        "sold_nights", "Sold nights", "Nights of stays nobody called off", nights.nights_sold,
        better=Better.MORE, unit=Unit.COUNT,
    )  # fmt: skip
    rows_over(
        "stay_revenue", "Revenue of sold nights",
        "Σ gross price of stays, each spread evenly over its nights, for the nights",
        nights.revenue_of, better=Better.MORE, unit=Unit.MONEY,
    )  # fmt: skip
    of_two(
        "available_nights", "Available nights", Unit.COUNT, "difference", ("calendar_nights", "blocked_nights"),
        "Calendar nights − blocked nights",
    )  # fmt: skip
    of_two(
        "open_nights", "Open nights", Unit.COUNT, "difference", ("available_nights", "sold_nights"),
        "Available nights − sold nights", better=Better.LESS,
    )  # fmt: skip
    of_two(
        "occupancy_paid", "Occupancy, paid", Unit.PERCENT, "share", ("sold_nights", "calendar_nights"),
        "Sold nights ÷ calendar nights",
    )  # fmt: skip
    of_two(
        "occupancy_adjusted", "Occupancy, adjusted", Unit.PERCENT, "share", ("sold_nights", "available_nights"),
        "Sold nights ÷ (calendar nights − blocked nights)", undefined="n/a: no night could be sold",
    )  # fmt: skip
    of_two(
        "adr", "ADR", Unit.MONEY, "per_unit", ("stay_revenue", "sold_nights"),
        "Average daily rate: revenue of sold nights ÷ sold nights", undefined="n/a: no night sold",
    )  # fmt: skip
    of_two(
        "revpar", "RevPAR", Unit.MONEY, "per_unit", ("stay_revenue", "available_nights"),
        "Revenue per available night: revenue of sold nights ÷ available nights",
        undefined="n/a: no night could be sold",
    )  # fmt: skip
    of_two(
        "revenue_lost", "Revenue lost to blocked nights", Unit.MONEY, "product", ("blocked_nights", "adr"),
        "Blocked nights × ADR", better=Better.LESS,
    )  # fmt: skip


for _time in TIMES:
    _register(_time)
