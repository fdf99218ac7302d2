"""Metrics of a rental's stays: what a booking brings, how long it is, how early it comes, what is called off, what is ahead."""

import datetime as dt
from collections.abc import Callable

from core import months
from portfolio.domain.queries import rental
from portfolio.domain.queries.rental import StayFact
from reports.document import Badge, TraceRow, Unit
from reports.metrics import rental_calendar as nights
from reports.metrics.registry import Answer, Better, Desk, Scope, metric
from reports.metrics.rental import STAYS, YEAR, untracked

AHEAD_DAYS = 90
A_YEAR = 365
NO_STAY = "n/a: no stay began"


def begun(desk: Desk, scope: Scope, first: int, last: int) -> list[StayFact]:
    """Return the stays nobody called off that begin in these months, in order."""
    return [
        stay
        for stay in nights.of(desk.facts).standing
        if stay.entity_id in scope.ids and first <= months.month_of(stay.check_in) <= last
    ]


def called_off(desk: Desk, scope: Scope, first: int, last: int) -> list[StayFact]:
    """Return the stays that were called off in these months."""
    return [
        stay
        for stay in nights.of(desk.facts).stays
        if stay.entity_id in scope.ids
        and stay.called_off_on is not None
        and first <= months.month_of(stay.called_off_on) <= last
    ]


def row(stay: StayFact, amount: int) -> TraceRow:
    """Return a stay's share of a figure."""
    return TraceRow(nights.named(stay), amount, f"stay:{stay.id}", stay.check_in)


def _year(month: int) -> tuple[int, int]:
    return YEAR.months(month)


def _over_stays(
    key: str,
    name: str,
    unit: Unit,
    fold: str,
    formula: str,
    amount: Callable[[StayFact], int],
    better: Better,
) -> None:
    @metric(
        key, name=f"{name}{YEAR.name}", unit=unit,
        formula=f"{formula}, over the stays that begin in {YEAR.words}", source=STAYS, better=better,
    )  # fmt: skip
    def work_out(desk: Desk, scope: Scope, month: int) -> Answer:
        first, last = _year(month)
        rows = [row(stay, amount(stay)) for stay in begun(desk, scope, first, last)]
        return untracked(desk, scope, months.last_day(last)) or desk.folded(
            fold, rows, desk.badge_of(scope, last, first=first), undefined=NO_STAY
        )


_over_stays("stays_begun", "Stays", Unit.COUNT, "total", "One each", lambda stay: 1, Better.MORE)
_over_stays(
    "booking_revenue_gross", "Revenue per booking, gross", Unit.MONEY, "mean", "Mean of what guests pay",
    lambda stay: stay.gross_minor, Better.MORE,
)  # fmt: skip
_over_stays(
    "booking_revenue_net", "Revenue per booking, net", Unit.MONEY, "mean",
    "Mean of what guests pay less the channel’s fee",
    lambda stay: stay.gross_minor - stay.fee_minor, Better.MORE,
)  # fmt: skip
_over_stays(
    "length_of_stay", "Length of stay", Unit.NIGHTS, "mean", "Mean number of nights",
    lambda stay: stay.nights * 10, Better.NEITHER,
)  # fmt: skip


@metric(
    "booking_window",
    name=f"Booking window{YEAR.name}",
    unit=Unit.DAYS,
    formula=f"Mean of the days from booking to arrival, over the stays that begin in {YEAR.words} and say when they were booked",
    source=STAYS,
)
def booking_window(desk: Desk, scope: Scope, month: int) -> Answer:
    """How early guests book."""
    first, last = _year(month)
    stays = begun(desk, scope, first, last)
    rows = [row(stay, (stay.check_in - stay.booked_on).days * 10) for stay in stays if stay.booked_on]
    return untracked(desk, scope, months.last_day(last)) or desk.folded(
        "mean",
        rows,
        desk.badge_of(scope, last, first=first),
        undefined="not tracked: no stay says when it was booked" if stays else NO_STAY,
    )


@metric(
    "cancellations",
    name=f"Stays called off{YEAR.name}",
    unit=Unit.COUNT,
    formula=f"Stays that were called off in {YEAR.words}",
    source=STAYS,
    better=Better.LESS,
)
def cancellations(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many stays were called off."""
    first, last = _year(month)
    rows = [
        TraceRow(f"{nights.named(stay)}, called off", 1, f"stay:{stay.id}", stay.called_off_on)
        for stay in called_off(desk, scope, first, last)
    ]
    return untracked(desk, scope, months.last_day(last)) or desk.rows(
        rows, desk.badge_of(scope, last, first=first)
    )


@metric(
    "stays_booked",
    name=f"Stays booked or called off{YEAR.name}",
    unit=Unit.COUNT,
    formula="Stays that begin in the twelve months + stays called off in them",
    source=STAYS,
)
def stays_booked(desk: Desk, scope: Scope, month: int) -> Answer:
    """Stays that stood or fell."""
    return desk.formula(
        "total", desk.get("stays_begun", scope, month), desk.get("cancellations", scope, month)
    )


@metric(
    "cancellation_rate",
    name=f"Cancellation rate{YEAR.name}",
    unit=Unit.PERCENT,
    formula="Stays called off ÷ (stays that begin + stays called off), all of the twelve months",
    source=STAYS,
    better=Better.LESS,
)
def cancellation_rate(desk: Desk, scope: Scope, month: int) -> Answer:
    """Share of stays that were called off."""
    return desk.formula(
        "share",
        desk.get("cancellations", scope, month),
        desk.get("stays_booked", scope, month),
        undefined=NO_STAY,
    )


# What is ahead.


def window(as_of: dt.date, *, years_before: int = 0) -> tuple[dt.date, dt.date]:
    """Return the first and last of the days ahead, or the same number of days before by whole years of 365 days."""
    start = as_of + dt.timedelta(days=1 - A_YEAR * years_before)
    return start, start + dt.timedelta(days=AHEAD_DAYS - 1)


def known_by(stay: StayFact, day: dt.date) -> bool:
    """Tell whether a stay was booked by a day; one that began before it was."""
    return stay.check_in <= day or (stay.booked_on is not None and stay.booked_on <= day)


def _ahead(
    key: str, name: str, unit: Unit, formula: str, rows: nights.Rows, years: int, better: Better = Better.MORE
) -> None:
    @metric(key, name=name, unit=unit, formula=formula, source=STAYS, monthly=False, better=better)
    def work_out(desk: Desk, scope: Scope, month: int) -> Answer:
        first, last = window(desk.as_of, years_before=years)
        return untracked(desk, scope, last) or desk.rows(
            rows(nights.of(desk.facts), scope.ids, first, last), Badge.UNRECONCILED
        )


_THESE = f"the {AHEAD_DAYS} days after the as-of date"
_THOSE = f"the same {AHEAD_DAYS} days {A_YEAR} days earlier"
_ahead(
    "nights_ahead", f"Nights on the books, next {AHEAD_DAYS} days", Unit.COUNT, f"Sold nights in {_THESE}",
    nights.nights_sold, 0,
)  # fmt: skip
_ahead(
    "nights_last_year", f"Nights sold, same {AHEAD_DAYS} days last year", Unit.COUNT,
    f"Sold nights in {_THOSE}, as it came out in the end", nights.nights_sold, 1,
)  # fmt: skip
_ahead(
    "revenue_ahead", f"Revenue on the books, next {AHEAD_DAYS} days", Unit.MONEY,
    f"Σ gross price of the nights sold in {_THESE}", nights.revenue_of, 0,
)  # fmt: skip
_ahead(
    "revenue_last_year", f"Revenue of stays, same {AHEAD_DAYS} days last year", Unit.MONEY,
    f"Σ gross price of the nights sold in {_THOSE}, as it came out in the end", nights.revenue_of, 1,
)  # fmt: skip
_ahead(
    "blocked_ahead", f"Blocked nights, next {AHEAD_DAYS} days", Unit.COUNT, f"Blocked nights in {_THESE}",
    nights.nights_blocked, 0, Better.LESS,
)  # fmt: skip


@metric(
    "nights_last_year_then",
    name="Nights on the books a year ago",
    unit=Unit.COUNT,
    formula=f"Sold nights in {_THOSE} that were booked by then, of stays that stood in the end",
    source=STAYS,
    monthly=False,
    better=Better.MORE,
)
def nights_last_year_then(desk: Desk, scope: Scope, month: int) -> Answer:
    """What was on the books at the same day a year earlier."""
    first, last = window(desk.as_of, years_before=1)
    calendar = nights.of(desk.facts)
    absent = untracked(desk, scope, last)
    if absent is not None:
        return absent
    stays = {stay.id: stay for stay in calendar.staying(scope.ids, first, last)}
    day = desk.as_of - dt.timedelta(days=A_YEAR)
    unsaid = sum(stay.booked_on is None and stay.check_in > day for stay in stays.values())
    if unsaid:
        return desk.absent(
            f"not known: {unsaid} stay{'' if unsaid == 1 else 's'} of last year "
            f"{'does' if unsaid == 1 else 'do'} not say when {'it was' if unsaid == 1 else 'they were'} booked",
            Badge.UNRECONCILED,
        )
    early = {f"stay:{pk}" for pk, stay in stays.items() if known_by(stay, day)}
    return desk.rows(
        entry for entry in nights.nights_sold(calendar, scope.ids, first, last) if entry.ref in early
    )


@metric(
    "gap_nights",
    name=f"Gap nights, next {AHEAD_DAYS} days",
    unit=Unit.COUNT,
    formula=f"Open nights in {_THESE} that lie between two stays or blocks",
    source=STAYS,
    monthly=False,
    better=Better.LESS,
)
def gap_nights(desk: Desk, scope: Scope, month: int) -> Answer:
    """Open nights that something comes after."""
    first, last = window(desk.as_of)
    absent = untracked(desk, scope, last)
    if absent is not None:
        return absent
    rows = [
        TraceRow(f"Open from {nights.span(gap.first_on, gap.last_on)}", left(gap, first, last), "", gap.first_on)
        for gap in nights.of(desk.facts).gaps(scope.ids, first, last)
    ]  # fmt: skip
    return desk.rows(rows)


def left(gap: nights.Gap, first: dt.date, last: dt.date) -> int:
    """Return how many nights of a gap lie in these days."""
    return (min(gap.last_on, last) - max(gap.first_on, first)).days + 1


@metric(
    "open_value_ahead",
    name=f"Open nights at the rate card, next {AHEAD_DAYS} days",
    unit=Unit.MONEY,
    formula=f"Σ offered rate of the nights in {_THESE} that are neither sold nor blocked",
    source="Stays, blocked nights and night rates",
    monthly=False,
)
def open_value_ahead(desk: Desk, scope: Scope, month: int) -> Answer:
    """What the open nights would bring if all were sold as offered."""
    first, last = window(desk.as_of)
    calendar = nights.of(desk.facts)
    absent = untracked(desk, scope, last)
    if absent is not None:
        return absent
    offered = desk.facts.once(rental.night_rates)
    rows = []
    for rate in offered:
        if rate.entity_id not in scope.ids:
            continue
        inside = nights.days(max(rate.first_on, first), min(rate.last_on, last))
        count = sum(
            (rate.entity_id, night) not in calendar.sold and (rate.entity_id, night) not in calendar.blocked
            for night in inside
        )
        if count:
            label = f"{count} open {'night' if count == 1 else 'nights'} of {nights.span(rate.first_on, rate.last_on)}"
            rows.append(TraceRow(label, count * rate.night_minor, f"rate:{rate.id}", rate.first_on))
    if not any(rate.entity_id in scope.ids for rate in offered):
        return desk.absent("not tracked: no night rate is recorded")
    return desk.rows(rows, Badge.ENTERED)
