"""The stop rule: when a campaign has had too many complaints or hard bounces to go on by itself.

It only counts and says so; `mail.domain.campaigns` pauses. What a person let pass, when the campaign was resumed, is not
counted again.
"""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Max, Q

from mail.models import Bounce, Campaign, EventKind, Message, MessageEvent, State

# Percents are of so many at least, or of the first cohort where that is smaller: a bounce among the first ten says little.
LEAST = 100
BLIND = (
    "SES took the first cohort and has told nothing of what became of it, so this campaign's rule would see no bounces and "
    "no complaints. Look at the topic and its subscription; or let the rest go and resume."
)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a campaign's messages so far, as far as its moves ask."""

    sent: int
    failed: int
    in_doubt: int
    complaints: int
    hard_bounces: int
    last_sent_at: dt.datetime | None


def fate(campaign_id: int) -> Fate:
    """Count a campaign's messages; one query."""
    sent = Q(state=State.SENT)
    counts = Message.objects.filter(campaign_id=campaign_id).aggregate(
        sent=Count("pk", filter=sent),
        failed=Count("pk", filter=Q(state=State.FAILED)),
        in_doubt=Count("pk", filter=Q(state=State.IN_DOUBT)),
        complaints=Count("complained_at"),
        hard_bounces=Count("pk", filter=Q(bounce=Bounce.HARD)),
        last_sent_at=Max("settled_at", filter=sent),
    )
    return Fate(**counts)


def base(campaign: Campaign, sent: int) -> int:
    """Return what the percent of hard bounces is a share of, so many being sent that count."""
    return max(sent, min(campaign.first_cohort, LEAST))


def why(campaign: Campaign) -> str:
    """Return the sentence with which the rule stops a campaign; empty while it is quiet.

    Asked every second of a blast, so it counts what went wrong, by its own indexes, and what was sent only if need be.
    """
    mine = Message.objects.filter(campaign=campaign)
    complaints = mine.filter(complained_at__isnull=False).count() - campaign.forgiven_complaints
    bounced = mine.filter(bounced_at__isnull=False, bounce=Bounce.HARD).count()
    bounces = bounced - campaign.forgiven_bounces
    too_many = complaints >= campaign.stop_complaints
    if not too_many and bounces * 100 < campaign.stop_bounce_percent * base(campaign, 0):
        return ""
    sent = mine.filter(state=State.SENT).count() - campaign.forgiven_sent
    since = " since it was resumed" if campaign.forgiven_sent else ""
    if too_many:
        return (
            f"{_count(complaints, 'complaint')} came in for {sent:,} sent{since}; "
            f"its rule stops at {campaign.stop_complaints:,}."
        )
    if bounces * 100 >= campaign.stop_bounce_percent * base(campaign, sent):
        return (
            f"{_count(bounces, 'hard bounce')} came in for {sent:,} sent{since}; "
            f"its rule stops at {campaign.stop_bounce_percent} %."
        )
    return ""


def hopeless(counted: Fate) -> str:
    """Return why the rest would fare no better than a first cohort of which nothing got through."""
    return (
        f"Nothing of the first cohort is known to have been sent: {counted.failed:,} failed and "
        f"{counted.in_doubt:,} are in doubt. Look at their reasons, and try them again; or let the rest go and resume."
    )


def is_blind(campaign: Campaign) -> bool:
    """Tell whether SES took mail of a campaign and has told nothing of what became of it; that it rejected it says nothing."""
    taken = Message.objects.filter(campaign=campaign, state=State.SENT, transport__startswith="ses")
    told = MessageEvent.objects.filter(message__campaign=campaign).exclude(kind=EventKind.REJECT)
    return taken.exists() and not told.exists()


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
