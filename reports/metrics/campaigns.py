"""Metrics of mail to a list: what the model says it brings, how much the mail service tolerates, and what came of it."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from mail.domain import queries as mail
from mail.domain.campaign_results import BOUNCES_PAUSE, BOUNCES_REVIEW, COMPLAINTS_PAUSE, COMPLAINTS_REVIEW
from mail.domain.queries import CampaignFact
from reports.document import Badge, TraceRow, Unit
from reports.metrics.bookings import WON
from reports.metrics.registry import Answer, Better, Desk, Scope, metric

# The model of a campaign is in this currency alone.
MODELLED_IN = "USD"
UNSENT = "n/a: not sent yet"
# Campaigns that ended so lately are read however many came after them: rules watch them for up to ninety days.
LOOKED_BACK = dt.timedelta(days=100)
# What the mail service tolerates of those it delivers to, before it looks at an account and before it stops it.
TOLERATED = (
    ("complaints_review", "Complaints before a review", COMPLAINTS_REVIEW),
    ("complaints_pause", "Complaints before a pause", COMPLAINTS_PAUSE),
    ("bounces_review", "Hard bounces before a review", BOUNCES_REVIEW),
    ("bounces_pause", "Hard bounces before a pause", BOUNCES_PAUSE),
)


@dataclass(frozen=True, slots=True)
class CampaignScope(Scope):
    """One campaign of an entity."""

    campaign: CampaignFact


def _read(*, entity_ids: Collection[int], as_of: dt.date) -> tuple[CampaignFact, ...]:
    """Read the campaigns of every business: mail knows a business by its slug."""
    return mail.campaign_facts(since=as_of - LOOKED_BACK)


def campaigns_of(desk: Desk, scope: Scope | None = None) -> tuple[CampaignScope, ...]:
    """Return the campaigns of a scope's entities, the newest first; none where the books are not in their currency."""
    if isinstance(scope, CampaignScope):
        return (scope,)
    if desk.currency != MODELLED_IN:
        return ()
    ids = (scope or desk.all).ids
    own = {entity.slug: entity for entity in desk.facts.entities if entity.id in ids}
    return tuple(
        CampaignScope(f"{row.entity_slug}:campaign.{row.id}", row.name, (own[row.entity_slug].id,), row)
        for row in desk.facts.once(_read)
        if row.entity_slug in own
    )


def _of(scope: Scope) -> CampaignFact:
    if not isinstance(scope, CampaignScope):
        raise TypeError(f"{scope.label} is no campaign.")
    return scope.campaign


@metric(
    "list_size",
    name="People on mailing lists",
    unit=Unit.COUNT,
    formula="Σ subscribers of the lists that campaigns are for, each list once",
    source="Mailing lists",
    monthly=False,
    better=Better.MORE,
)
def list_size(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many people have agreed to get mail."""
    lists = {entry.campaign.list_id: entry.campaign for entry in campaigns_of(desk, scope)}
    if not lists:
        return desk.absent("not tracked: no campaign is drafted")
    return desk.rows([TraceRow(row.list_name, row.subscribers) for row in lists.values()], Badge.MEASURED)


@metric(
    "campaign_recipients",
    name="Recipients of a campaign",
    unit=Unit.COUNT,
    formula="People of its list who may be mailed; once it is started, those it goes or went to",
    source="Mailing lists and the outbox",
    monthly=False,
    better=Better.MORE,
)
def campaign_recipients(desk: Desk, scope: Scope, month: int) -> Answer:
    """Whom a campaign is for."""
    row = _of(scope)
    return desk.rows([TraceRow(f"{row.name}: {row.list_name}", row.recipients)], Badge.MEASURED)


def _model(desk: Desk, scope: Scope, amount: int | None, end: str) -> Answer:
    row = _of(scope)
    if amount is None:
        return desk.absent("no model is recorded")
    return desk.rows([TraceRow(f"{row.name}: {end} of its model", amount)], Badge.MODELLED)


@metric(
    "blast_low",
    name="Modelled result, low end",
    unit=Unit.MONEY,
    formula="What the campaign's model says it brings at least",
    source="The campaign's model",
    monthly=False,
)
def blast_low(desk: Desk, scope: Scope, month: int) -> Answer:
    """The least the model expects."""
    return _model(desk, scope, _of(scope).model_low_minor, "low end")


@metric(
    "blast_high",
    name="Modelled result, high end",
    unit=Unit.MONEY,
    formula="What the campaign's model says it brings at most",
    source="The campaign's model",
    monthly=False,
)
def blast_high(desk: Desk, scope: Scope, month: int) -> Answer:
    """The most the model expects."""
    return _model(desk, scope, _of(scope).model_high_minor, "high end")


@metric(
    "blast_booking",
    name="What one booking is taken to bring",
    unit=Unit.MONEY,
    formula="What the campaign's model takes one booking to bring",
    source="The campaign's model",
    monthly=False,
)
def blast_booking(desk: Desk, scope: Scope, month: int) -> Answer:
    """The price the model reckons with."""
    return _model(desk, scope, _of(scope).model_booking_minor, "one booking")


def _register_ends(end: str, words: str) -> None:
    @metric(
        f"blast_each_{end}",
        name=f"Modelled result a recipient, {words}",
        unit=Unit.MONEY,
        formula=f"Modelled result, {words} ÷ recipients",
        source="The campaign's model and its list",
        monthly=False,
    )
    def each(desk: Desk, scope: Scope, month: int) -> Answer:
        parts = (desk.get(f"blast_{end}", scope), desk.get("campaign_recipients", scope))
        return desk.formula("per_unit", *parts, undefined="n/a: nobody to mail")

    @metric(
        f"blast_bookings_{end}",
        name=f"Bookings needed for the {words}",
        unit=Unit.COUNT,
        formula=f"⌈modelled result, {words} ÷ what one booking is taken to bring⌉",
        source="The campaign's model",
        monthly=False,
    )
    def needed(desk: Desk, scope: Scope, month: int) -> Answer:
        parts = (desk.get(f"blast_{end}", scope), desk.get("blast_booking", scope))
        return desk.formula("units_to_cover", *parts)


for _end, _words in (("low", "low end"), ("high", "high end")):
    _register_ends(_end, _words)


def _register_tolerated(key: str, name: str, share: Fraction) -> None:
    points = int(share * 10_000)

    @metric(
        key,
        name=name,
        unit=Unit.COUNT,
        formula=f"⌈recipients × {points / 100:g} %⌉, were this all that is sent",
        source="Amazon SES: review at 0.1 % complaints or 5 % bounces, pause at 0.5 % or 10 %",
        monthly=False,
    )
    def tolerated(desk: Desk, scope: Scope, month: int) -> Answer:
        rate = desk.own(
            f"{key}.rate", f"Share for “{name.lower()}”", Unit.PERCENT,
            desk.rows([TraceRow("Amazon SES, sending review process", points)], Badge.ENTERED),
        )  # fmt: skip
        return desk.formula("share_of_people", desk.get("campaign_recipients", scope), rate)


for _key, _name, _share in TOLERATED:
    _register_tolerated(_key, _name, _share)


def _told(desk: Desk, scope: Scope, what: str, count: int) -> Answer:
    row = _of(scope)
    if row.started_at is None:
        return desk.absent(UNSENT)
    if not row.told:
        return desk.absent("not told: the way it was sent reports no deliveries")
    return desk.rows([TraceRow(f"{row.name}: {what}", count)], Badge.MEASURED)


@metric(
    "campaign_complaints",
    name="Complaints",
    unit=Unit.COUNT,
    formula="Recipients of the campaign who marked it as unwanted",
    source="Reports of the mail service",
    monthly=False,
    better=Better.LESS,
)
def campaign_complaints(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many complained."""
    return _told(desk, scope, "complaints", _of(scope).complaints)


@metric(
    "campaign_bounces",
    name="Hard bounces",
    unit=Unit.COUNT,
    formula="Recipients of the campaign whose address does not exist",
    source="Reports of the mail service",
    monthly=False,
    better=Better.LESS,
)
def campaign_bounces(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many addresses are gone."""
    return _told(desk, scope, "hard bounces", _of(scope).hard_bounces)


@metric(
    "complaints_headroom",
    name="Complaints left before a review",
    unit=Unit.COUNT,
    formula="Complaints before a review − complaints",
    source="Reports of the mail service",
    monthly=False,
    better=Better.MORE,
)
def complaints_headroom(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many more may complain."""
    parts = (desk.get("complaints_review", scope), desk.get("campaign_complaints", scope))
    return desk.formula("difference", *parts)


@metric(
    "bounces_headroom",
    name="Hard bounces left before a review",
    unit=Unit.COUNT,
    formula="Hard bounces before a review − hard bounces",
    source="Reports of the mail service",
    monthly=False,
    better=Better.MORE,
)
def bounces_headroom(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many more may bounce."""
    parts = (desk.get("bounces_review", scope), desk.get("campaign_bounces", scope))
    return desk.formula("difference", *parts)


def _brought(desk: Desk, scope: Scope, *, money: bool) -> Answer:
    row = _of(scope)
    if row.started_at is None:
        return desk.absent(UNSENT)
    came = [
        entry
        for entry in desk.facts.bookings
        if entry.campaign_id == row.id
        and entry.stage in WON
        and (entry.booked_on is None or entry.booked_on <= desk.as_of)
    ]
    rows = [
        TraceRow(
            f"{entry.reference} {entry.title}",
            entry.price_minor if money else 1,
            f"booking:{entry.id}",
            entry.booked_on,
        )
        for entry in came
    ]
    return desk.rows(rows, Badge.MEASURED)


@metric(
    "blast_bookings",
    name="Bookings from a campaign",
    unit=Unit.COUNT,
    formula="Booked, paid and completed bookings that came from the campaign's mail, as the clients said",
    source="Bookings",
    monthly=False,
    better=Better.MORE,
)
def blast_bookings(desk: Desk, scope: Scope, month: int) -> Answer:
    """How many booked."""
    return _brought(desk, scope, money=False)


@metric(
    "blast_measured",
    name="Measured result",
    unit=Unit.MONEY,
    formula="Σ price of the bookings that came from the campaign's mail",
    source="Bookings",
    monthly=False,
    better=Better.MORE,
)
def blast_measured(desk: Desk, scope: Scope, month: int) -> Answer:
    """What a campaign brought."""
    return _brought(desk, scope, money=True)


@metric(
    "blast_each",
    name="Measured result a recipient",
    unit=Unit.MONEY,
    formula="Measured result ÷ recipients",
    source="Bookings and the outbox",
    monthly=False,
    better=Better.MORE,
)
def blast_each(desk: Desk, scope: Scope, month: int) -> Answer:
    """What each letter brought."""
    parts = (desk.get("blast_measured", scope), desk.get("campaign_recipients", scope))
    return desk.formula("per_unit", *parts, undefined="n/a: nobody was mailed")


@metric(
    "blast_score",
    name="Measured against the low end of the model",
    unit=Unit.PERCENT,
    formula="Measured result ÷ modelled result, low end",
    source="Bookings and the campaign's model",
    monthly=False,
    better=Better.MORE,
)
def blast_score(desk: Desk, scope: Scope, month: int) -> Answer:
    """How far the model was right."""
    parts = (desk.get("blast_measured", scope), desk.get("blast_low", scope))
    return desk.formula("share", *parts)
