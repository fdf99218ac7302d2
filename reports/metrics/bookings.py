"""Metrics read from bookings, channels, assets and entered values: charters, pipeline, conversion, use."""

import datetime as dt
from decimal import ROUND_HALF_UP

from core import months
from core.money import share as share_of
from portfolio.domain.queries import BookingFact
from portfolio.models import AccountRole, AssetKind, Basis, BookingStage
from reports.document import Badge, TraceRow, Unit
from reports.metrics.registry import Answer, Better, Desk, Scope, metric

FIRM = (BookingStage.BOOKED, BookingStage.PAID)
OPEN = (BookingStage.ENQUIRY, BookingStage.QUOTED, BookingStage.HELD, *FIRM)
WON = (*FIRM, BookingStage.COMPLETED)

# What a stage is worth where the owner recorded no probability of his own, in basis points.
STAGE_WORTH = {
    BookingStage.ENQUIRY: 1_000,
    BookingStage.QUOTED: 3_000,
    BookingStage.HELD: 6_000,
    BookingStage.BOOKED: 9_000,
    BookingStage.PAID: 10_000,
}
WINDOW_MONTHS = 3


def completed(desk: Desk, scope: Scope, first: int, last: int) -> list[BookingFact]:
    """Return the bookings of a scope whose service was completed in these months."""
    return [
        row
        for row in desk.facts.bookings
        if row.entity_id in scope.ids
        and row.stage == BookingStage.COMPLETED
        and row.service_on is not None
        and first <= months.month_of(row.service_on) <= last
        and row.service_on <= desk.as_of
    ]


def ahead(
    desk: Desk, scope: Scope, stages: tuple[BookingStage, ...], first: int, last: int
) -> list[BookingFact]:
    """Return bookings in these stages whose service lies ``first`` to ``last`` days after the as-of date."""
    return [
        row
        for row in desk.facts.bookings
        if row.entity_id in scope.ids
        and row.stage in stages
        and row.service_on is not None
        and first <= (row.service_on - desk.as_of).days <= last
    ]


def one_each(rows: list[BookingFact]) -> list[TraceRow]:
    """Return a trace row of one for each booking."""
    return [TraceRow(f"{row.reference} {row.title}", 1, f"booking:{row.id}", row.service_on) for row in rows]


@metric(
    "services_completed",
    name="Services completed",
    unit=Unit.COUNT,
    formula="Bookings completed with a service date in the month",
    source="Bookings",
    better=Better.MORE,
)
def services_completed(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many charters (or concerts, stays, jobs) were completed in a month."""
    return desk.rows(one_each(completed(desk, scope, month, month)), desk.badge_of(scope, month))


@metric(
    "service_revenue",
    name="Revenue of completed services",
    unit=Unit.MONEY,
    formula="Σ sales postings that name a booking completed in the month",
    source="Journal postings linked to bookings",
    better=Better.MORE,
)
def service_revenue(desk: Desk, scope: Scope, month: int) -> Answer:
    """Revenue linked to the bookings completed in a month."""
    return desk.linked(
        scope, [AccountRole.REVENUE], [row.id for row in completed(desk, scope, month, month)], month=month
    )


@metric(
    "service_contribution",
    name="Contribution of completed services",
    unit=Unit.MONEY,
    formula="Σ sales − direct cost postings that name a booking completed in the month: price − crew − fuel − dock − food − commission − card fee",
    source="Journal postings linked to bookings",
    better=Better.MORE,
)
def service_contribution(desk: Desk, scope: Scope, month: int) -> Answer:
    """Revenue less direct cost linked to the bookings completed in a month."""
    return desk.linked(
        scope,
        [AccountRole.REVENUE, AccountRole.DIRECT_COST],
        [row.id for row in completed(desk, scope, month, month)],
        month=month,
    )


@metric(
    "revenue_per_charter",
    name="Revenue per charter",
    unit=Unit.MONEY,
    formula="Revenue of completed services ÷ services completed in the month",
    source="Journal postings linked to bookings",
    better=Better.MORE,
)
def revenue_per_charter(desk: Desk, scope: Scope, month: int) -> Answer:
    """Mean revenue of a charter completed in a month."""
    return desk.formula(
        "per_unit",
        desk.get("service_revenue", scope, month),
        desk.get("services_completed", scope, month),
        undefined="n/a: no charter completed",
    )


@metric(
    "contribution_per_charter",
    name="Contribution per charter",
    unit=Unit.MONEY,
    formula="Contribution of completed services ÷ services completed in the month",
    source="Journal postings linked to bookings",
    better=Better.MORE,
)
def contribution_per_charter(desk: Desk, scope: Scope, month: int) -> Answer:
    """Mean contribution of a charter completed in a month."""
    return desk.formula(
        "per_unit",
        desk.get("service_contribution", scope, month),
        desk.get("services_completed", scope, month),
        undefined="n/a: no charter completed",
    )


@metric(
    "used_days",
    name="Vessel days used",
    unit=Unit.COUNT,
    formula="Days with a completed service on a vessel in the twelve months that end with the month",
    source="Bookings linked to assets",
    better=Better.MORE,
)
def used_days(desk: Desk, scope: Scope, month: int) -> Answer:
    """Distinct vessel days used in twelve months."""
    vessels = {
        row.pk for row in desk.facts.assets if row.kind == AssetKind.VESSEL and row.entity_id in scope.ids
    }
    days: dict[tuple[int | None, dt.date | None], BookingFact] = {}
    for row in completed(desk, scope, month - 11, month):
        if row.asset_id in vessels:
            days.setdefault((row.asset_id, row.service_on), row)
    return desk.rows(one_each(list(days.values())), desk.badge_of(scope, month))


@metric(
    "available_days",
    name="Vessel days available",
    unit=Unit.COUNT,
    formula="Σ days a year each vessel can be sold",
    source="Assets",
    monthly=False,
)
def available_days(desk: Desk, scope: Scope, month: int) -> Answer:
    """Vessel days that can be sold in a year."""
    vessels = [
        row for row in desk.facts.assets if row.kind == AssetKind.VESSEL and row.entity_id in scope.ids
    ]
    counted = [row for row in vessels if row.days_available_a_year is not None]
    if not counted:
        return desk.absent("n/a: no vessel's available days are recorded")
    return desk.rows(
        [TraceRow(row.name, row.days_available_a_year or 0, f"asset:{row.pk}") for row in counted],
        Badge.ENTERED,
    )


@metric(
    "utilisation",
    name="Utilisation",
    unit=Unit.PERCENT,
    formula="Vessel days used in twelve months ÷ vessel days available in a year",
    source="Bookings and assets",
    better=Better.MORE,
)
def utilisation(desk: Desk, scope: Scope, month: int) -> Answer:
    """Share of sellable vessel days that were used."""
    used = desk.get("used_days", scope, month)
    answer = desk.formula("share", used, desk.get("available_days", scope))
    return Answer(answer.value, answer.trace, used.badge, answer.missing)


def _enquiries(desk: Desk, scope: Scope) -> list[tuple[dt.date, BookingFact]]:
    """Return a scope's bookings of which somebody wrote down when the enquiry came, with that day."""
    return desk.facts.keep(
        ("enquiries", scope.ids),
        lambda: [
            (row.enquired_on, row)
            for row in desk.facts.bookings
            if row.entity_id in scope.ids and row.enquired_on is not None
        ],
    )


def _enquired_between(desk: Desk, scope: Scope, first: dt.date, last: dt.date) -> list[BookingFact]:
    return [row for on, row in _enquiries(desk, scope) if first <= on <= last]


def _enquired(desk: Desk, scope: Scope, month: int) -> list[BookingFact]:
    return _enquired_between(desk, scope, months.first_day(month - WINDOW_MONTHS + 1), months.last_day(month))


def enquiries_between(desk: Desk, scope: Scope, first: dt.date, last: dt.date) -> Answer:
    """Enquiries that came on some days; before the first there ever was, nobody wrote them down."""
    begun = min((on for on, _ in _enquiries(desk, scope)), default=None)
    if begun is None or months.month_of(first) < months.month_of(begun):
        return desk.absent(
            "not tracked" if begun is None else f"not tracked before {months.label(months.month_of(begun))}"
        )
    return desk.rows(
        [
            TraceRow(f"{row.reference} {row.title}", 1, f"booking:{row.id}", row.enquired_on)
            for row in _enquired_between(desk, scope, first, last)
        ],
        desk.badge_of(scope, months.month_of(last), first=months.month_of(first)),
    )


@metric(
    "enquiries_come",
    name="Enquiries",
    unit=Unit.COUNT,
    formula="Bookings whose enquiry came in the month or on the days",
    source="Bookings",
    better=Better.MORE,
    daily=enquiries_between,
)
def enquiries_come(desk: Desk, scope: Scope, month: int) -> Answer:
    """Enquiries that came in a month."""
    return enquiries_between(desk, scope, months.first_day(month), months.last_day(month))


@metric(
    "enquiries",
    name="Enquiries, three months",
    unit=Unit.COUNT,
    formula="Bookings whose enquiry came in the three months that end with the month",
    source="Bookings",
    better=Better.MORE,
)
def enquiries(desk: Desk, scope: Scope, month: int) -> Answer:
    """Enquiries of three months."""
    rows = _enquired(desk, scope, month)
    return desk.rows(
        [TraceRow(f"{row.reference} {row.title}", 1, f"booking:{row.id}", row.enquired_on) for row in rows],
        desk.badge_of(scope, month),
    )


@metric(
    "enquiries_won",
    name="Enquiries won, three months",
    unit=Unit.COUNT,
    formula="Of the enquiries of the three months, those booked, paid or completed since",
    source="Bookings",
    better=Better.MORE,
)
def enquiries_won(desk: Desk, scope: Scope, month: int) -> Answer:
    """Enquiries of three months that became bookings."""
    rows = [row for row in _enquired(desk, scope, month) if row.stage in WON]
    return desk.rows(one_each(rows), desk.badge_of(scope, month))


@metric(
    "lead_conversion",
    name="Lead conversion",
    unit=Unit.PERCENT,
    formula="Enquiries won ÷ enquiries, both of the three months that end with the month",
    source="Bookings",
    better=Better.MORE,
)
def lead_conversion(desk: Desk, scope: Scope, month: int) -> Answer:
    """Share of enquiries that became bookings."""
    return desk.formula(
        "share",
        desk.get("enquiries_won", scope, month),
        desk.get("enquiries", scope, month),
        undefined="n/a: no enquiries",
    )


@metric(
    "satisfaction",
    name="Guest satisfaction",
    unit=Unit.SCORE,
    formula="Mean of guests' ratings, 1 to 5",
    source="Entered or surveyed KPI values guest-satisfaction",
    monthly=False,
    better=Better.MORE,
)
def satisfaction(desk: Desk, scope: Scope, month: int) -> Answer:
    """Mean rating by guests, as recorded."""
    return _entered(desk, scope, "guest-satisfaction", scale=100)


def _entered(desk: Desk, scope: Scope, key: str, *, scale: int) -> Answer:
    """Answer with the newest recorded value of a KPI, or say since when nobody has tracked it."""
    rows = [row for row in desk.facts.kpi_values if row.entity_id in scope.ids and row.key == key]
    if not rows:
        return desk.absent("not tracked: no value was ever recorded")
    row = max(rows, key=lambda found: (found.as_of, found.pk))
    if not row.tracked or row.value is None:
        since = min(found.as_of for found in rows if not found.tracked or found.value is None)
        return desk.absent(f"not tracked since {since:%-d %b %Y}")
    badge = {Basis.MEASURED: Badge.MEASURED, Basis.MODELLED: Badge.MODELLED}.get(
        Basis(row.basis), Badge.ENTERED
    )
    return desk.rows(
        [
            TraceRow(
                f"{row.label} ({row.source})",
                int((row.value * scale).to_integral_value(ROUND_HALF_UP)),
                f"kpi:{row.pk}",
                row.as_of,
            )
        ],
        badge,
    )


@metric(
    "weighted_pipeline",
    name="Weighted pipeline",
    unit=Unit.MONEY,
    formula="Σ price × stage probability over open bookings whose service is still ahead",
    source="Bookings; stage probabilities in the assumptions",
    monthly=False,
    better=Better.MORE,
)
def weighted_pipeline(desk: Desk, scope: Scope, month: int) -> Answer:
    """What the open bookings are worth, weighted by stage."""
    rows = []
    for row in desk.facts.bookings:
        if row.entity_id not in scope.ids or row.stage not in OPEN:
            continue
        if not row.price_minor or (row.service_on is not None and row.service_on <= desk.as_of):
            continue
        stage = BookingStage(row.stage)
        worth = desk.facts.assumed(f"stage-{stage.value}", STAGE_WORTH[stage])
        rows.append(
            TraceRow(
                f"{row.reference} {row.title}: {stage.label.lower()}, {worth / 100:g} %",
                share_of(row.price_minor, worth),
                f"booking:{row.id}",
                row.service_on,
            )
        )
    return desk.rows(rows, Badge.MODELLED)


@metric(
    "coverage",
    name="Pipeline coverage",
    unit=Unit.RATIO,
    formula="Weighted pipeline ÷ target still to earn this quarter",
    source="Bookings and targets",
    monthly=False,
    better=Better.MORE,
)
def coverage(desk: Desk, scope: Scope, month: int) -> Answer:
    """How often the weighted pipeline covers what is still to earn."""
    return desk.formula(
        "times",
        desk.get("weighted_pipeline", scope),
        desk.get("target_remaining", scope),
        undefined="n/a: nothing left to earn",
    )


def _firm(desk: Desk, scope: Scope, days: int) -> Answer:
    rows = ahead(desk, scope, FIRM, 1, days)
    return desk.rows(
        [
            TraceRow(f"{row.reference} {row.title}", row.price_minor, f"booking:{row.id}", row.service_on)
            for row in rows
        ]
    )


def _register_firm(days: int) -> None:
    @metric(
        f"booked_{days}",
        name=f"Booked, next {days} days",
        unit=Unit.MONEY,
        formula=f"Σ price of booked and paid services in the {days} days after the as-of date",
        source="Bookings",
        monthly=False,
        better=Better.MORE,
    )
    def booked(desk: Desk, scope: Scope, month: int) -> Answer:
        return _firm(desk, scope, days)


for _days in (30, 60, 90):
    _register_firm(_days)
