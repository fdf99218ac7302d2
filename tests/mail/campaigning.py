"""Lists and campaigns as tests start from them."""

import datetime as dt
from typing import Any

from mail.domain import campaign_queue, campaigns, lists, states
from mail.models import (
    Campaign,
    CampaignState,
    EventKind,
    MailingList,
    Message,
    MessageEvent,
    Notification,
    State,
    Subscriber,
)

AT = dt.datetime(2026, 11, 10, 17, 0, tzinfo=dt.UTC)
BODY = """# Jazz by the water, {{ first_name }}

Dear {{ name }}, four evenings at the pier. [See the dates](https://jada.example.com/dates?a=1&b=2).

- Friday
- Saturday
"""


def minutes(number: float) -> dt.timedelta:
    return dt.timedelta(minutes=number)


def mailing_list(name: str = "Concert guests", count: int = 0) -> MailingList:
    """Open a list with so many subscribers, guest0@example.com and on."""
    opened = lists.open_list(name=name, purpose="News of our concerts.", by=None, at=AT)
    people(opened, count)
    return opened


def people(opened: MailingList, count: int, *, start: int = 0) -> None:
    """Put invented subscribers on a list, quickly."""
    Subscriber.objects.bulk_create(
        Subscriber(
            mailing_list=opened, address=f"guest{number}@example.com", name=f"Guest {number}", consent_source="Ticket", added_at=AT
        )
        for number in range(start, start + count)
    )  # fmt: skip


def draft(opened: MailingList, **changes: Any) -> campaigns.Draft:
    """Return a draft that may be mailed, with some things different."""
    asked: dict[str, Any] = {
        "name": "Autumn concerts",
        "mailing_list": opened,
        "segment": None,
        "subject": "Four evenings of jazz",
        "from_name": "JADA Concerts",
        "reply_to": "hello@example.com",
        "body": BODY,
        "first_cohort": 3,
        "wait_minutes": 60,
        **changes,
    }
    return campaigns.Draft(**asked)


def drafted(opened: MailingList, **changes: Any) -> Campaign:
    """Write a campaign down."""
    return campaigns.create(draft=draft(opened, **changes), by=None, at=AT)


def started(opened: MailingList, **changes: Any) -> Campaign:
    """Write a campaign down and start it."""
    return campaigns.start(campaign=drafted(opened, **changes), by=None, at=AT)


def states_of(campaign: Campaign) -> dict[str, int]:
    """Count a campaign's messages by state."""
    found: dict[str, int] = {}
    for state in Message.objects.filter(campaign=campaign).values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def send_queued(campaign: Campaign, *, at: dt.datetime, limit: int | None = None, told: bool = True) -> int:
    """Settle queued messages as sent, as delivery does once SES said yes; and, unless told not, let SES tell of one."""
    queued = Message.objects.filter(campaign=campaign, state=State.QUEUED).order_by("pk")
    chosen = Message.objects.filter(pk__in=list(queued.values_list("pk", flat=True)[:limit]))
    states.move(chosen, State.SENDING, claimed_at=at, tries=1)
    if told and (first := chosen.first()) is not None:
        hear(first, at=at)
    return states.move(chosen, State.SENT, settled_at=at, transport="ses", provider_message_id="")


def hear(message: Message, *, at: dt.datetime) -> None:
    """Let SES have told that it took a message."""
    noted = Notification.objects.create(
        sns_id=f"told:{message.pk}:{at}", topic_arn="arn:aws:sns:us-west-2:123456789012:mail", received_at=at
    )
    MessageEvent.objects.create(
        notification=noted, message=message, provider_message_id=f"told-{message.pk}",
        recipient=message.address_key, kind=EventKind.SEND, at=at,
    )  # fmt: skip


def queue_all(campaign: Campaign, *, at: dt.datetime = AT) -> None:
    """Write every row, as the sweeps do one after the other once the rest was let go."""
    Campaign.objects.filter(pk=campaign.pk, state=CampaignState.SENDING).update(released_at=at)
    while campaign_queue.fill(campaign_id=campaign.pk, at=at):
        pass
    campaign.refresh_from_db()
