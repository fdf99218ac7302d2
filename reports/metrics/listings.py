"""Metrics of how channels show us, what keeps us off them, in which order they go live, and what was promised for when."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from core import months
from portfolio.domain import queries
from portfolio.models import ChannelGate, ChannelPresence, ChannelStatus, PlanMilestone, PlanName
from reports.document import Badge, Figure, TraceRow, Unit
from reports.metrics.channels import ChannelScope, channels_of, rows_of
from reports.metrics.registry import Answer, Better, Desk, Scope, metric

PARITY_TOLERANCE_BP = 100
NOT_SEEN = "not looked up"


def presence_of(desk: Desk, scope: ChannelScope) -> ChannelPresence | None:
    """Return how a channel showed us when somebody last looked."""
    return rows_of(desk).presence.get(scope.channel.pk)


def open_gates(desk: Desk, scope: ChannelScope) -> tuple[ChannelGate, ...]:
    """Return the gates before a channel that are not passed, in order."""
    gates = rows_of(desk).gates.get(scope.channel.pk, ())
    return tuple(gate for gate in gates if gate.passed_on is None or gate.passed_on > desk.as_of)


def _seen(desk: Desk, scope: Scope, what: str) -> Answer:
    """Answer with one column of a channel's newest presence."""
    row = presence_of(desk, scope) if isinstance(scope, ChannelScope) else None
    value: int | None = getattr(row, what) if row is not None else None
    if row is None or value is None:
        return desk.absent(NOT_SEEN)
    return desk.rows(
        [TraceRow(f"{scope.label} ({row.source})", value, f"presence:{row.pk}", row.on)], Badge.ENTERED
    )


@metric(
    "channel_photos",
    name="Photos on a channel",
    unit=Unit.COUNT,
    formula="Photos of us that the channel showed when somebody last looked",
    source="Presence by channel",
    monthly=False,
    better=Better.MORE,
)
def channel_photos(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many photos guests see."""
    return _seen(desk, scope, "photos")


@metric(
    "channel_reviews",
    name="Reviews on a channel",
    unit=Unit.COUNT,
    formula="Reviews of us that the channel showed when somebody last looked",
    source="Presence by channel",
    monthly=False,
    better=Better.MORE,
)
def channel_reviews(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many reviews guests see."""
    return _seen(desk, scope, "reviews")


@metric(
    "channel_rating",
    name="Rating on a channel",
    unit=Unit.SCORE,
    formula="Mean of stars, 1 to 5, that the channel showed when somebody last looked",
    source="Presence by channel",
    monthly=False,
    better=Better.MORE,
)
def channel_rating(desk: Desk, scope: Scope, month: int) -> Answer:
    """What guests think of us there."""
    return _seen(desk, scope, "rating_x100")


@metric(
    "listed_price",
    name="Price on a channel",
    unit=Unit.MONEY,
    formula="Price of one offer as the channel showed it when somebody last looked",
    source="Presence by channel",
    monthly=False,
)
def listed_price(desk: Desk, scope: Scope, month: int) -> Answer:
    """What a guest pays there."""
    return _seen(desk, scope, "listed_minor")


@metric(
    "direct_price",
    name="Price on our own site",
    unit=Unit.MONEY,
    formula="Price of the same offer on our own site on the same day",
    source="Presence by channel",
    monthly=False,
)
def direct_price(desk: Desk, scope: Scope, month: int) -> Answer:
    """What a guest pays us directly."""
    return _seen(desk, scope, "direct_minor")


@metric(
    "parity_gap",
    name="Price against our own site",
    unit=Unit.PERCENT,
    formula="Price on a channel ÷ price of the same offer on our own site − 1",
    source="Presence by channel",
    monthly=False,
    better=Better.NEITHER,
)
def parity_gap(desk: Desk, scope: Scope, month: int) -> Answer:
    """How far a channel's price is from our own."""
    return desk.formula("change", desk.get("listed_price", scope), desk.get("direct_price", scope))


def breaches(desk: Desk, scope: Scope | None = None) -> list[ChannelScope]:
    """Return the channels whose price is further from our own than is tolerated."""
    return [
        entry
        for entry in channels_of(desk, scope)
        if abs(desk.get("parity_gap", entry).value or 0) > PARITY_TOLERANCE_BP
    ]


@metric(
    "parity_breaches",
    name="Parity breaches",
    unit=Unit.COUNT,
    formula=f"Channels whose price is more than {PARITY_TOLERANCE_BP // 100} % off the same offer on our own site",
    source="Presence by channel",
    monthly=False,
    better=Better.LESS,
)
def parity_breaches(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many channels show another price than we do."""
    if not any(desk.get("parity_gap", entry).value is not None for entry in channels_of(desk, scope)):
        return desk.absent("not tracked: no price was looked up")
    rows = [
        TraceRow(entry.label, 1, f"presence:{row.pk}", row.on)
        for entry in breaches(desk, scope)
        if (row := presence_of(desk, entry)) is not None
    ]
    return desk.rows(rows, Badge.ENTERED)


@metric(
    "live_marketplaces",
    name="Marketplaces live",
    unit=Unit.COUNT,
    formula="Marketplaces where guests can book us and that were listed by the end of the month",
    source="Channels",
    better=Better.MORE,
)
def live_marketplaces(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many marketplaces show us."""
    marketplaces = [entry for entry in channels_of(desk, scope) if entry.channel.marketplace]
    if not marketplaces:
        return desk.absent("n/a: no marketplace is recorded")
    rows = [
        TraceRow(entry.label, 1, f"channel:{entry.channel.pk}", entry.channel.listed_on)
        for entry in marketplaces
        if entry.channel.status == ChannelStatus.LIVE
        and (entry.channel.listed_on is None or entry.channel.listed_on <= months.last_day(month))
    ]
    return desk.rows(rows, Badge.ENTERED)


@metric(
    "agreed_commission",
    name="Agreed commission",
    unit=Unit.PERCENT,
    formula="The channel's commission in force, as a share of the list price",
    source="Commissions by channel",
    monthly=False,
    better=Better.LESS,
)
def agreed_commission(desk: Desk, scope: Scope, month: int) -> Answer:
    """What a channel says it keeps."""
    row = rows_of(desk).commissions.get(scope.channel.pk) if isinstance(scope, ChannelScope) else None
    if row is None:
        return desk.absent("not known")
    since = TraceRow(
        f"{scope.label} ({row.source})", row.rate_bp, f"channel:{row.channel_id}", row.effective_on
    )
    return desk.rows([since], Badge.ENTERED)


@metric(
    "counted_commission",
    name="Commission reckoned with",
    unit=Unit.PERCENT,
    formula="Agreed commission; where none is known, the highest that a channel of the same entity takes",
    source="Commissions by channel",
    monthly=False,
    better=Better.LESS,
)
def counted_commission(desk: Desk, scope: Scope, month: int) -> Answer:
    """What an expectation leaves for a channel."""
    agreed = desk.get("agreed_commission", scope)
    if agreed.value is not None:
        return desk.formula("total", agreed)
    sisters = channels_of(desk, desk.scope(scope.slug.partition(":")[0]))
    known = [found for entry in sisters if (found := desk.get("agreed_commission", entry)).value is not None]
    if not known:
        return desk.absent("not known: no channel of the entity has a commission")
    return desk.formula("maximum", *known)


@metric(
    "expected_sales",
    name="Expected sales a month",
    unit=Unit.MONEY,
    formula="What the channel is expected to bring a month, before commission",
    source="Channels, each expectation with its source",
    monthly=False,
    better=Better.MORE,
)
def expected_sales(desk: Desk, scope: Scope, month: int) -> Answer:
    """What people expect of a channel."""
    channel = scope.channel if isinstance(scope, ChannelScope) else None
    if channel is None or channel.expected_minor is None:
        return desk.absent("nothing is expected on record")
    row = TraceRow(
        f"{scope.label} ({channel.expected_source or 'entered by hand'})",
        channel.expected_minor,
        f"channel:{channel.pk}",
    )
    return desk.rows([row], Badge.MODELLED)


@metric(
    "expected_net",
    name="Expected net revenue a month",
    unit=Unit.MONEY,
    formula="Expected sales a month × (1 − commission reckoned with)",
    source="Channels and their commissions",
    monthly=False,
    better=Better.MORE,
)
def expected_net(desk: Desk, scope: Scope, month: int) -> Answer:
    """What would be left of what people expect of a channel."""
    return desk.formula(
        "after_commission", desk.get("expected_sales", scope), desk.get("counted_commission", scope)
    )


@dataclass(frozen=True, slots=True)
class Ranked:
    """A channel that is not live, in its place: what is before it and what it is expected to bring."""

    place: int
    scope: ChannelScope
    gates: tuple[ChannelGate, ...]
    expected: Figure

    @property
    def waits(self) -> bool:
        """Tell whether a paper is missing that somebody else issues."""
        return any(gate.external for gate in self.gates)


def sequence(desk: Desk) -> tuple[Ranked, ...]:
    """Return the marketplaces that are not live in the order in which they go live.

    Those that wait for somebody else's paper come after all others. Then the one that is expected to leave most a month
    is first, and of two alike the one with fewer gates.
    """
    waiting = [
        (entry, open_gates(desk, entry), desk.get("expected_net", entry))
        for entry in channels_of(desk)
        if entry.channel.marketplace and entry.channel.status != ChannelStatus.LIVE
    ]
    waiting.sort(
        key=lambda found: (
            any(gate.external for gate in found[1]),
            -(found[2].value or 0),
            len(found[1]),
            found[0].slug,
        )
    )
    return tuple(
        Ranked(place, entry, gates, expected)
        for place, (entry, gates, expected) in enumerate(waiting, start=1)
    )


def milestones(desk: Desk, plan: PlanName) -> list[PlanMilestone]:
    """Return what a plan promised, in its order."""
    return [
        row
        for row in desk.facts.once(queries.market_milestones)
        if row.plan == plan and row.entity_id in desk.all.ids
    ]


def slip(row: PlanMilestone, as_of: dt.date) -> int:
    """Return how many days after its promise a milestone was met, or is to be met as things stand."""
    met = row.done_on is not None and row.done_on <= as_of
    reached = row.done_on if met and row.done_on is not None else max(row.due_on, as_of)
    return (reached - row.promised_on).days


@metric(
    "market_milestones_promised",
    name="Milestones of going to market promised",
    unit=Unit.COUNT,
    formula="Milestones of going to market that were first promised for the day or before",
    source="Milestones of plans",
    monthly=False,
)
def market_milestones_promised(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many milestones were to be met by now."""
    return _milestones(desk, scope, lambda row: row.promised_on <= desk.as_of)


@metric(
    "market_milestones_met",
    name="Milestones of going to market met",
    unit=Unit.COUNT,
    formula="Milestones of going to market that were met on the day or before",
    source="Milestones of plans",
    monthly=False,
    better=Better.MORE,
)
def market_milestones_met(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many milestones are met."""
    return _milestones(desk, scope, lambda row: row.done_on is not None and row.done_on <= desk.as_of)


def _milestones(desk: Desk, scope: Scope, counts: Callable[[PlanMilestone], bool]) -> Answer:
    known = [row for row in milestones(desk, PlanName.GO_TO_MARKET) if row.entity_id in scope.ids]
    if not known:
        return desk.absent("not tracked: no milestone is recorded")
    rows = [
        TraceRow(row.title, 1, f"milestone_plan:{row.pk}", row.promised_on) for row in known if counts(row)
    ]
    return desk.rows(rows, Badge.ENTERED)


@metric(
    "market_slip",
    name="Longest slip",
    unit=Unit.DAYS,
    formula="The most days by which a milestone of going to market that is not met is later than first promised",
    source="Milestones of plans",
    monthly=False,
    better=Better.LESS,
)
def market_slip(desk: Desk, scope: Scope, month: int) -> Answer:
    """How far the plan has slipped."""
    rows = [
        TraceRow(row.title, slip(row, desk.as_of) * 10, f"milestone_plan:{row.pk}", row.due_on)
        for row in milestones(desk, PlanName.GO_TO_MARKET)
        if row.entity_id in scope.ids and (row.done_on is None or row.done_on > desk.as_of)
    ]
    return desk.folded("maximum", rows, Badge.ENTERED, undefined="n/a: no milestone is open")
