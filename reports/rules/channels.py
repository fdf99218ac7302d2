"""What keeps guests from finding and booking us: live queries over channels, campaigns and the plan to go to market."""

import datetime as dt

from core import clock
from mail.models import CampaignState
from portfolio.models import ChannelStatus, EntityKind, PlanMilestone, PlanName
from reports.document import Cell, FindingNote, Severity
from reports.metrics import Desk
from reports.metrics.bookings import WON
from reports.metrics.campaigns import campaigns_of
from reports.metrics.channels import ChannelScope, channels_of
from reports.metrics.listings import breaches, milestones, open_gates, presence_of, slip
from reports.rules.registry import Rule

# How long after a campaign its model is held against what it brought.
CAMPAIGN_DAYS = 30
# What a campaign fell short by stays a finding for so long after that month.
REVIEW_DAYS = 60
# So long after a campaign its complaints and bounces still weigh with the mail service, which looks at recent mail.
HEADROOM_DAYS = 45
UNKNOWN_DAYS = 90
# Businesses whose bookings come through channels.
SOLD_TO_GUESTS = (EntityKind.CHARTER, EntityKind.EVENTS, EntityKind.RENTAL, EntityKind.LOGISTICS)


def _called(entry: ChannelScope) -> str:
    """Return what a channel is called in a title: a marketplace by its name, our own site with its business."""
    return entry.channel.name if entry.channel.marketplace else entry.label


def _parity_breached(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A channel shows the same offer at another price than our own site."""
    found = []
    for entry in breaches(desk):
        row, gap = presence_of(desk, entry), desk.get("parity_gap", entry)
        apart = "more by " if (gap.value or 0) > 0 else "a difference of "
        found.append(
            rule.finding(
                entry.slug,
                f"{_called(entry)} shows another price than our own site",
                "The same offer was ",
                desk.get("listed_price", entry),
                " there and ",
                desk.get("direct_price", entry),
                f" on our own site on {row.on:%-d %b %Y}, {apart}" if row is not None else ", ",
                gap,
                ".",
            )
        )
    return found


def _calendar_apart(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A live channel does not know which days are taken."""
    found = []
    for entry in channels_of(desk):
        row = presence_of(desk, entry)
        if entry.channel.status == ChannelStatus.LIVE and row is not None and row.calendar_synced is False:
            found.append(
                rule.finding(
                    entry.slug,
                    f"The calendar of {_called(entry)} is not connected",
                    f"Guests can book there, and on {row.on:%-d %b %Y} ",
                    Cell("its calendar", ref=f"presence:{row.pk}"),
                    " did not take over the days that are sold elsewhere: two parties can book one day.",
                )
            )
    return found


def _commission_unknown(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A marketplace has no commission on record."""
    return [
        rule.finding(
            entry.slug,
            f"The commission of {_called(entry)} is not known",
            "Nobody wrote down what ",
            Cell(entry.channel.name, ref=f"channel:{entry.channel.pk}"),
            " keeps of a booking, so what it would leave is reckoned with ",
            desk.get("counted_commission", entry),
            ".",
        )
        for entry in channels_of(desk)
        if entry.channel.marketplace and desk.get("agreed_commission", entry).value is None
    ]


def _nobody_goes_on(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A marketplace that is not live has no next step, or nobody to take it."""
    found = []
    for entry in channels_of(desk):
        row = entry.channel
        if not row.marketplace or row.status == ChannelStatus.LIVE or (row.next_step and row.next_owner):
            continue
        gates = ", ".join(gate.name for gate in open_gates(desk, entry)) or "none on record"
        found.append(
            rule.finding(
                entry.slug,
                f"Nobody takes {_called(entry)} on",
                f"Its open gates: {gates}. ",
                "No next step is written down." if not row.next_step else f"“{row.next_step}” has no owner.",
            )
        )
    return found


def _spend_without_booking(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Money went into a channel for a year and nobody booked through it."""
    found = []
    for entry in channels_of(desk):
        spend, won = desk.get("channel_spend", entry), desk.get("channel_bookings", entry)
        if spend.value and won.value == 0:
            found.append(
                rule.finding(
                    entry.slug,
                    f"{_called(entry)}: money spent, no booking",
                    "In twelve months it cost ",
                    spend,
                    "; ",
                    desk.get("channel_enquiries", entry),
                    " asked and nobody booked.",
                )
            )
    return found


def _channel_unknown(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Bookings of the last quarter do not say where they came from."""
    since = desk.as_of - dt.timedelta(days=UNKNOWN_DAYS)
    through = {row.pk for row in desk.facts.channels}
    names = {(row.entity_id, row.name.casefold()) for row in desk.facts.channels}
    found = []
    for entity in (entry for entry in desk.entities if entry.kind in SOLD_TO_GUESTS):
        recent = [
            row
            for row in desk.facts.bookings
            if row.entity_id == entity.id
            and row.stage in WON
            and (day := row.booked_on or row.service_on) is not None
            and since < day <= desk.as_of
        ]
        nameless = [
            row
            for row in recent
            if row.channel_id not in through and (entity.id, row.stay_channel.casefold()) not in names
        ]
        if nameless:
            found.append(
                rule.finding(
                    entity.slug,
                    f"{entity.name}: where bookings came from is not written down",
                    f"{len(nameless)} of {len(recent)} {'booking' if len(recent) == 1 else 'bookings'} of the last "
                    f"{UNKNOWN_DAYS} days {'names' if len(nameless) == 1 else 'name'} no channel: ",
                    ", ".join(row.reference for row in nameless[:5]),
                    "." if len(nameless) <= 5 else " and more.",
                )
            )
    return found


def _blast_unsent(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A campaign with a model stays a draft."""
    return [
        rule.finding(
            f"{entry.slug.partition(':')[0]}:campaign:{entry.campaign.id}",
            f"“{entry.label}” is drafted and not sent",
            "It is for ",
            desk.get("campaign_recipients", entry),
            " people and modelled to bring ",
            desk.get("blast_low", entry),
            " to ",
            desk.get("blast_high", entry),
            ".",
        )
        for entry in campaigns_of(desk)
        if entry.campaign.state == CampaignState.DRAFT and entry.campaign.model_low_minor is not None
    ]


def _days_since(desk: Desk, ended: dt.datetime | None) -> int:
    """Return how many days ago a campaign ended on the portfolio's calendar; 0 for one that is under way."""
    return 0 if ended is None else (desk.as_of - ended.astimezone(clock.zone()).date()).days


def _headroom_low(rule: Rule, desk: Desk) -> list[FindingNote]:
    """Complaints or hard bounces of a campaign have used up half of what is tolerated before a review.

    The mail service judges by what went out lately, so one that ended `HEADROOM_DAYS` ago weighs no more.
    """
    found = []
    for entry in campaigns_of(desk):
        if _days_since(desk, entry.campaign.ended_at) > HEADROOM_DAYS:
            continue
        for what, counted in (("complaints", "campaign_complaints"), ("bounces", "campaign_bounces")):
            count, review = desk.get(counted, entry), desk.get(f"{what}_review", entry)
            if not count.value or review.value is None or count.value * 2 < review.value:
                continue
            paused = count.value >= (desk.get(f"{what}_pause", entry).value or 0)
            found.append(
                rule.finding(
                    f"{entry.slug.partition(':')[0]}:campaign:{entry.campaign.id}:{what}",
                    f"“{entry.label}”: {'hard bounces' if what == 'bounces' else what} near the limit",
                    count,
                    " so far; the mail service looks at an account at ",
                    review,
                    " and stops it at ",
                    desk.get(f"{what}_pause", entry),
                    ".",
                    severity=Severity.CRITICAL if paused else None,
                )
            )
    return found


def _model_missed(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A campaign ended a month ago and brought less than its model said at least; the next one can still learn from it."""
    found = []
    for entry in campaigns_of(desk):
        ended, score = entry.campaign.ended_at, desk.get("blast_score", entry)
        if entry.campaign.state != CampaignState.FINISHED or ended is None:
            continue
        if not CAMPAIGN_DAYS <= _days_since(desk, ended) <= CAMPAIGN_DAYS + REVIEW_DAYS:
            continue
        if score.value is None or score.value >= 10_000:
            continue
        found.append(
            rule.finding(
                f"{entry.slug.partition(':')[0]}:campaign:{entry.campaign.id}",
                f"“{entry.label}” brought less than its model",
                "It brought ",
                desk.get("blast_measured", entry),
                " of the ",
                desk.get("blast_low", entry),
                " that the model said at least (",
                score,
                ").",
            )
        )
    return found


def _slips(desk: Desk, plan: PlanName) -> list[tuple[PlanMilestone, int]]:
    """Return the open milestones of a plan that are later than promised, with their days."""
    return [
        (row, days)
        for row in milestones(desk, plan)
        if (row.done_on is None or row.done_on > desk.as_of) and (days := slip(row, desk.as_of)) > 0
    ]


def _slipping(plan: PlanName, rule: Rule, desk: Desk) -> list[FindingNote]:
    names = {entity.id: entity for entity in desk.facts.entities}
    found = []
    for row, days in _slips(desk, plan):
        entity = names[row.entity_id or 0]
        late = row.due_on < desk.as_of
        found.append(
            rule.finding(
                f"{entity.slug}:milestone:{row.pk}",
                f"{row.title}: {days} {'day' if days == 1 else 'days'} {'late' if late else 'behind its promise'}",
                f"{entity.name} promised it for {row.promised_on:%-d %b %Y}; ",
                Cell("it", ref=f"milestone_plan:{row.pk}"),
                f" was due on {row.due_on:%-d %b %Y} and is not met."
                if late
                else f" is now due on {row.due_on:%-d %b %Y}.",
                severity=Severity.HIGH if late else None,
            )
        )
    return found


def _market_slipping(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A milestone of going to market is later than promised."""
    return _slipping(PlanName.GO_TO_MARKET, rule, desk)


def _search_late(rule: Rule, desk: Desk) -> list[FindingNote]:
    """A step of local search is later than promised."""
    return _slipping(PlanName.LOCAL_SEARCH, rule, desk)


MARKET_RULES = (
    Rule(
        "calendar-apart", "Every live channel's calendar connected", Severity.HIGH,
        "Connect the channel's calendar with our own", "Operations lead", 7, _calendar_apart,
    ),
    Rule(
        "headroom-low", "Complaints and bounces below half of what is tolerated", Severity.HIGH,
        "Stop the campaign and clean the list", "Owner", 1, _headroom_low,
    ),
    Rule(
        "spend-without-booking", "No money for a channel that nobody books through", Severity.HIGH,
        "Mend the way from enquiry to booking, or stop the spend", "Owner", 10, _spend_without_booking,
    ),
    Rule(
        "blast-unsent", "Campaigns sent once they are drafted", Severity.MEDIUM,
        "Send it to a first hundred, or say why not", "Owner", 14, _blast_unsent,
    ),
    Rule(
        "parity-breached", "One price for one offer wherever it is sold", Severity.MEDIUM,
        "Set the channel's price to our own, or say why it differs", "Operations lead", 7, _parity_breached,
    ),
    Rule(
        "market-slipping", "Milestones of going to market on their day", Severity.MEDIUM,
        "Take the milestone up again, or promise another day", "Owner", 7, _market_slipping,
    ),
    Rule(
        "model-missed", "Campaigns that bring what their model says", Severity.MEDIUM,
        "Correct the model before the next letter", "Owner", 14, _model_missed,
    ),
    Rule(
        "channel-unowned", "A next step and an owner for every marketplace that is not live", Severity.MEDIUM,
        "Name the next step and who takes it", "Owner", 7, _nobody_goes_on,
    ),
    Rule(
        "search-late", "Steps of local search on their day", Severity.LOW,
        "Do the step, or promise another day", "Owner", 14, _search_late,
    ),
    Rule(
        "commission-unknown", "A commission on record for every marketplace", Severity.LOW,
        "Look the commission up and write it down", "Operations lead", 14, _commission_unknown,
    ),
    Rule(
        "channel-unknown", "A channel behind every booking", Severity.LOW,
        "Write down where the bookings came from", "Operations lead", 14, _channel_unknown,
    ),
)  # fmt: skip
