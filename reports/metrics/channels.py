"""Metrics of sales channels: who sees us there, who asks, who books, what it brings and what it costs.

A channel has a scope of its own. What comes through it is counted over the twelve months that end with the month, for one
month of a small business says nothing about a channel. The same metric of an entity, or of the whole report, is the
total over its channels.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from core import months
from core.money import divide
from portfolio.domain import queries
from portfolio.domain.queries import BookingFact, ChannelRows
from portfolio.models import AccountRole, BookingStage, Channel, ChannelStatus, FunnelStep
from reports.document import Badge, Figure, TraceRow, Unit
from reports.metrics.bookings import WON
from reports.metrics.facts import Facts
from reports.metrics.registry import Answer, Better, Desk, Scope, metric, rebadge

WINDOW = 12
COMMISSION_CODES = ("5500",)
YEAR = "in the twelve months that end with the month"
NOT_LISTED = "not listed"


@dataclass(frozen=True, slots=True)
class ChannelScope(Scope):
    """One channel of an entity."""

    channel: Channel


def channels_of(desk: Desk, scope: Scope | None = None) -> tuple[ChannelScope, ...]:
    """Return the channels of a scope's entities: those where guests can book first, the others by name."""
    if isinstance(scope, ChannelScope):
        return (scope,)
    ids = (scope or desk.all).ids
    names = {entity.id: entity for entity in desk.facts.entities}
    found = [
        ChannelScope(
            slug=f"{names[row.entity_id].slug}:{row.slug}",
            label=f"{row.name}, {names[row.entity_id].name}",
            ids=(row.entity_id,),
            channel=row,
        )
        for row in desk.facts.channels
        if row.entity_id in ids
    ]
    order = [entity.id for entity in desk.facts.entities]
    return tuple(
        sorted(
            found,
            key=lambda entry: (
                order.index(entry.channel.entity_id),
                entry.channel.status != ChannelStatus.LIVE,
                entry.channel.name,
            ),
        )
    )


def rows_of(desk: Desk) -> ChannelRows:
    """Return what is known of the channels: gates, presence, counts, commissions."""
    return desk.facts.once(queries.channel_rows)


_came: WeakKeyDictionary[Facts, dict[int, list[BookingFact]]] = WeakKeyDictionary()


def came_by(desk: Desk, channel: Channel) -> list[BookingFact]:
    """Return the bookings that came through a channel; a stay by the channel it names."""
    if desk.facts not in _came:
        named = {(row.entity_id, row.name.casefold()): row.pk for row in desk.facts.channels}
        found: dict[int, list[BookingFact]] = defaultdict(list)
        for row in desk.facts.bookings:
            channel_id = row.channel_id or named.get((row.entity_id, row.stay_channel.casefold()))
            if channel_id is not None:
                found[channel_id].append(row)
        _came[desk.facts] = found
    return _came[desk.facts].get(channel.pk, [])


def won_on(row: BookingFact) -> dt.date | None:
    """Return the day a booking was won: where nobody wrote that down, the day it was served."""
    return row.booked_on or row.service_on


def _within(desk: Desk, day: dt.date | None, month: int) -> bool:
    first = months.first_day(month - WINDOW + 1)
    return day is not None and first <= day <= min(months.last_day(month), desk.as_of)


def _badge(desk: Desk, scope: Scope, month: int) -> Badge:
    return desk.badge_of(scope, month, first=month - WINDOW + 1)


def _over_channels(desk: Desk, key: str, scope: Scope, month: int) -> Answer:
    """Answer with the total over a scope's channels; those without a value count nothing."""
    parts = [desk.get(key, entry, month) for entry in channels_of(desk, scope)]
    known = [part for part in parts if part.value is not None]
    if known:
        return desk.formula("total", *known)
    told = [part.missing for part in parts if part.missing != NOT_LISTED]
    return desk.absent(told[0] if told else NOT_LISTED if parts else "not tracked: no channel is recorded")


OfChannel = Callable[[Desk, ChannelScope, int], Answer]


def _totalled(key: str) -> Callable[[OfChannel], Callable[[Desk, Scope, int], Answer]]:
    """Have a function of one channel answer for several with their total."""

    def wrap(of_channel: OfChannel) -> Callable[[Desk, Scope, int], Answer]:
        def work_out(desk: Desk, scope: Scope, month: int) -> Answer:
            if isinstance(scope, ChannelScope):
                return of_channel(desk, scope, month)
            return _over_channels(desk, key, scope, month)

        return work_out

    return wrap


def _unused(desk: Desk, scope: ChannelScope) -> bool:
    """Tell whether nobody can have come through a channel: it is not live, and nothing ever came."""
    return scope.channel.status != ChannelStatus.LIVE and not came_by(desk, scope.channel)


def _counted(desk: Desk, scope: ChannelScope, month: int, step: FunnelStep) -> list[TraceRow]:
    return [
        TraceRow(
            f"{scope.channel.name}, {months.label(row.month)} ({row.source})",
            row.count,
            f"count:{row.pk}",
            months.last_day(row.month),
        )
        for row in rows_of(desk).counts.get(scope.channel.pk, ())
        if row.step == step and month - WINDOW < row.month <= month
    ]


def _named(rows: Iterable[BookingFact], day: Callable[[BookingFact], dt.date | None]) -> list[TraceRow]:
    return [TraceRow(f"{row.reference} {row.title}", 1, f"booking:{row.id}", day(row)) for row in rows]


@metric(
    "channel_impressions",
    name="Impressions by channel, twelve months",
    unit=Unit.COUNT,
    formula=f"Σ impressions that the channel itself counted {YEAR}",
    source="Counts by channel and month",
    better=Better.MORE,
)
@_totalled("channel_impressions")
def channel_impressions(desk: Desk, scope: ChannelScope, month: int) -> Answer:
    """How often a channel showed us."""
    if rows := _counted(desk, scope, month, FunnelStep.IMPRESSIONS):
        return desk.rows(rows, Badge.ENTERED)
    return desk.absent(NOT_LISTED if _unused(desk, scope) else "not tracked")


@metric(
    "channel_enquiries",
    name="Enquiries by channel, twelve months",
    unit=Unit.COUNT,
    formula=f"Enquiries that the channel counted {YEAR}, or else bookings of the channel whose enquiry came in them",
    source="Counts by channel and month; bookings",
    better=Better.MORE,
)
@_totalled("channel_enquiries")
def channel_enquiries(desk: Desk, scope: ChannelScope, month: int) -> Answer:
    """How many asked through a channel."""
    if rows := _counted(desk, scope, month, FunnelStep.ENQUIRIES):
        return desk.rows(rows, Badge.ENTERED)
    dated = [row for row in came_by(desk, scope.channel) if row.enquired_on is not None]
    if not dated:
        return desk.absent(NOT_LISTED if _unused(desk, scope) else "not tracked")
    asked = [row for row in dated if _within(desk, row.enquired_on, month)]
    return desk.rows(_named(asked, lambda row: row.enquired_on), _badge(desk, scope, month))


@metric(
    "channel_bookings",
    name="New bookings by channel, twelve months",
    unit=Unit.COUNT,
    formula=f"Bookings of the channel won {YEAR} and not called off; by their service day where no other is known",
    source="Bookings",
    better=Better.MORE,
)
@_totalled("channel_bookings")
def channel_bookings(desk: Desk, scope: ChannelScope, month: int) -> Answer:
    """How many booked through a channel."""
    if _unused(desk, scope):
        return desk.absent(NOT_LISTED)
    won = [
        row for row in came_by(desk, scope.channel) if row.stage in WON and _within(desk, won_on(row), month)
    ]
    return desk.rows(_named(won, won_on), _badge(desk, scope, month))


def served(desk: Desk, channel: Channel, month: int) -> list[BookingFact]:
    """Return the bookings of a channel that were completed in the twelve months that end with a month."""
    return [
        row
        for row in came_by(desk, channel)
        if row.stage == BookingStage.COMPLETED and _within(desk, row.service_on, month)
    ]


def _booked(
    desk: Desk,
    scope: ChannelScope,
    month: int,
    roles: Iterable[str],
    *,
    sign: int = -1,
    codes: tuple[str, ...] = (),
) -> Answer:
    """Answer with the postings of some roles that name the bookings a channel brought."""
    if _unused(desk, scope):
        return desk.absent(NOT_LISTED)
    ids = [row.id for row in served(desk, scope.channel, month)]
    found = desk.linked(scope, roles, ids, month=month, sign=sign, codes=codes)
    return rebadge(found, _badge(desk, scope, month))


@metric(
    "channel_list_price",
    name="Price of services by channel, twelve months",
    unit=Unit.MONEY,
    formula=f"Σ price of the channel's bookings completed {YEAR}",
    source="Bookings",
    better=Better.MORE,
)
@_totalled("channel_list_price")
def channel_list_price(desk: Desk, scope: ChannelScope, month: int) -> Answer:
    """What guests of a channel were to pay."""
    if _unused(desk, scope):
        return desk.absent(NOT_LISTED)
    rows = [
        TraceRow(f"{row.reference} {row.title}", row.price_minor, f"booking:{row.id}", row.service_on)
        for row in served(desk, scope.channel, month)
    ]
    return desk.rows(rows, _badge(desk, scope, month))


@metric(
    "channel_sales",
    name="Sales by channel, twelve months",
    unit=Unit.MONEY,
    formula=f"Σ sales postings that name a booking of the channel completed {YEAR}",
    source="Journal postings linked to bookings",
    better=Better.MORE,
)
@_totalled("channel_sales")
def channel_sales(desk: Desk, scope: ChannelScope, month: int) -> Answer:
    """What a channel's guests brought."""
    return _booked(desk, scope, month, [AccountRole.REVENUE])


@metric(
    "channel_commission",
    name="Commission by channel, twelve months",
    unit=Unit.MONEY,
    formula=f"Σ postings to commissions (5500) that name a booking of the channel completed {YEAR}",
    source="Journal postings linked to bookings",
    better=Better.LESS,
)
@_totalled("channel_commission")
def channel_commission(desk: Desk, scope: ChannelScope, month: int) -> Answer:
    """What a channel kept."""
    return _booked(desk, scope, month, [AccountRole.DIRECT_COST], sign=1, codes=COMMISSION_CODES)


@metric(
    "channel_contribution",
    name="Contribution by channel, twelve months",
    unit=Unit.MONEY,
    formula=f"Σ sales − direct cost, commission included, that name a booking of the channel completed {YEAR}",
    source="Journal postings linked to bookings",
    better=Better.MORE,
)
@_totalled("channel_contribution")
def channel_contribution(desk: Desk, scope: ChannelScope, month: int) -> Answer:
    """What a channel's services left after what they cost themselves."""
    return _booked(desk, scope, month, [AccountRole.REVENUE, AccountRole.DIRECT_COST])


@metric(
    "channel_net_revenue",
    name="Net revenue by channel, twelve months",
    unit=Unit.MONEY,
    formula="Sales by channel − commission by channel: the net payout",
    source="Journal postings linked to bookings",
    better=Better.MORE,
)
def channel_net_revenue(desk: Desk, scope: Scope, month: int) -> Answer:
    """What is left of sales after the channel's commission."""
    return desk.formula(
        "difference",
        desk.get("channel_sales", scope, month),
        desk.get("channel_commission", scope, month),
    )


@metric(
    "effective_commission",
    name="Effective commission, twelve months",
    unit=Unit.PERCENT,
    formula="1 − net revenue by channel ÷ price of its services",
    source="Journal postings linked to bookings, and bookings",
    better=Better.LESS,
)
def effective_commission(desk: Desk, scope: Scope, month: int) -> Answer:
    """What share of the price did not arrive."""
    return desk.formula(
        "kept_by_channel",
        desk.get("channel_net_revenue", scope, month),
        desk.get("channel_list_price", scope, month),
        undefined="n/a: nothing served",
    )


@metric(
    "channel_spend",
    name="Spend by channel, twelve months",
    unit=Unit.MONEY,
    formula=f"Σ money spent on the channel {YEAR}",
    source="Spend by channel and month",
    better=Better.LESS,
)
@_totalled("channel_spend")
def channel_spend(desk: Desk, scope: ChannelScope, month: int) -> Answer:
    """What was paid to be found there."""
    return _spent(desk, scope, month, lambda spend, minutes, rate: spend)


@metric(
    "channel_labour",
    name="Labour by channel, twelve months",
    unit=Unit.MONEY,
    formula=f"Σ minutes worked on the channel {YEAR} × the rate an hour ÷ 60",
    source="Spend by channel and month",
    better=Better.LESS,
)
@_totalled("channel_labour")
def channel_labour(desk: Desk, scope: ChannelScope, month: int) -> Answer:
    """What the work on a channel is worth."""
    return _spent(desk, scope, month, lambda spend, minutes, rate: divide(minutes * rate, 60))


def _spent(desk: Desk, scope: ChannelScope, month: int, amount: Callable[[int, int, int], int]) -> Answer:
    rows = [
        row
        for row in desk.facts.once(queries.channel_spends).get(scope.channel.pk, ())
        if month - WINDOW < row.month <= month
    ]
    if not rows:
        return desk.absent(NOT_LISTED if _unused(desk, scope) else "not tracked")
    shares = [
        TraceRow(
            f"{scope.channel.name}, {months.label(row.month)} ({row.source})",
            amount(row.spend_minor, row.labour_minutes, row.labour_rate_minor),
            f"spend:{row.pk}",
            months.last_day(row.month),
        )
        for row in rows
    ]
    badge = _badge(desk, scope, month)
    return desk.rows(shares, Badge.ENTERED if badge is Badge.UNRECONCILED else badge)


@metric(
    "acquisition_cost",
    name="Acquisition cost, twelve months",
    unit=Unit.MONEY,
    formula="(spend + commission + labour) ÷ new bookings, for each channel and over all of them",
    source="Spend by channel and month, postings linked to bookings, bookings",
    better=Better.LESS,
)
def acquisition_cost(desk: Desk, scope: Scope, month: int) -> Answer:
    """What a new booking cost to win."""
    parts = ("channel_spend", "channel_commission", "channel_labour", "channel_bookings")
    return desk.formula(
        "cost_to_win", *(desk.get(key, scope, month) for key in parts), undefined="n/a: no new booking"
    )


@metric(
    "roas",
    name="Return on ad spend, twelve months",
    unit=Unit.RATIO,
    formula="Sales by channel ÷ spend by channel",
    source="Journal postings linked to bookings; spend by channel and month",
    better=Better.MORE,
)
def roas(desk: Desk, scope: Scope, month: int) -> Answer:
    """What each unit of money spent brought in sales."""
    return desk.formula(
        "times",
        desk.get("channel_sales", scope, month),
        desk.get("channel_spend", scope, month),
        undefined="n/a: no spend",
    )


@metric(
    "contribution_after_channel",
    name="Contribution after channel, twelve months",
    unit=Unit.MONEY,
    formula="Contribution by channel − spend − labour",
    source="Journal postings linked to bookings; spend by channel and month",
    better=Better.MORE,
)
def contribution_after_channel(desk: Desk, scope: Scope, month: int) -> Answer:
    """What a channel left once it was paid for."""
    parts = ("channel_contribution", "channel_spend", "channel_labour")
    return desk.formula("difference", *(desk.get(key, scope, month) for key in parts))


@metric(
    "enquiry_rate",
    name="Impressions that became enquiries, twelve months",
    unit=Unit.PERCENT,
    formula="Enquiries by channel ÷ impressions by channel",
    source="Counts by channel and month; bookings",
    better=Better.MORE,
)
def enquiry_rate(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many of those who saw us asked."""
    return _step(desk, scope, month, "channel_enquiries", "channel_impressions", "n/a: no impressions")


@metric(
    "booking_rate",
    name="Enquiries that became bookings, twelve months",
    unit=Unit.PERCENT,
    formula="New bookings by channel ÷ enquiries by channel",
    source="Counts by channel and month; bookings",
    better=Better.MORE,
)
def booking_rate(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many of those who asked booked."""
    return _step(desk, scope, month, "channel_bookings", "channel_enquiries", "n/a: no enquiries")


def _step(desk: Desk, scope: Scope, month: int, part: str, whole: str, undefined: str) -> Answer:
    figures: tuple[Figure, ...] = (desk.get(part, scope, month), desk.get(whole, scope, month))
    return desk.formula("share", *figures, undefined=undefined)
