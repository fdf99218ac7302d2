"""A list, its subscribers, a campaign to it and its mail, as tests of suppression and unsubscribing start from."""

from typing import Any

from mail.models import Campaign, CampaignState, Kind, MailingList, Message, Subscriber
from tests.mail import letters

AT = letters.AT
READER = "reader@example.com"


def a_list(slug: str = "harbour-news") -> MailingList:
    return MailingList.objects.create(
        slug=slug, name=slug.replace("-", " ").title(), purpose="News of the harbour.", created_at=AT
    )


def a_campaign(mailing_list: MailingList, state: CampaignState = CampaignState.SENDING) -> Campaign:
    return Campaign.objects.create(
        mailing_list=mailing_list,
        name="Autumn",
        subject="Sail in autumn",
        from_name="Harbour",
        body="Hello.",
        state=state,
        paused_why="Somebody paused it." if state == CampaignState.PAUSED else "",
        created_at=AT,
        started_at=AT,
        last_subscriber_id=1,
    )


def a_message(kind: Kind, *, key: str = "", campaign: Campaign | None = None, **changes: Any) -> Message:
    return Message.objects.create(
        **{
            "dedupe_key": key or f"{kind.name}:{Message.objects.count()}",
            "composer": letters.LETTER,
            "kind": kind,
            "campaign": campaign,
            "to_address": "reader@example.com",
            "subject": "Hello",
            "created_at": AT,
            "due_at": AT,
            **changes,
        }
    )


def subscribe(mailing_list: MailingList, address: str = READER) -> Subscriber:
    return Subscriber.objects.create(
        mailing_list=mailing_list, address=address, consent_source="The box at booking", added_at=AT
    )


def a_mail(mailing_list: MailingList, **changes: Any) -> Message:
    """Return a mail of a campaign to a list that its recipient is on."""
    subscribe(mailing_list, changes.get("to_address", READER))
    return a_message(Kind.COMMERCIAL, campaign=a_campaign(mailing_list), **changes)
