"""Events of SES about a message, in both of its shapes, as its documentation shows them."""

import datetime as dt
from typing import Any

from mail.domain import feedback, sns
from mail.domain.feedback import Answer
from mail.models import Campaign, CampaignState, Kind, MailingList, Message, State
from tests.mail import letters, signing

AUDIT = "audit@example.com"
AT = letters.AT
DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)
# Every kind, as SES names it, with the instant it tells.
KINDS = {
    "Send": AT + 1 * SECOND,
    "Delivery": AT + 4 * SECOND,
    "DeliveryDelay": AT + 2 * SECOND,
    "Bounce": AT + 5 * SECOND,
    "Complaint": AT + 9 * SECOND,
    "Open": AT + 6 * SECOND,
    "Click": AT + 7 * SECOND,
    "Reject": AT + 3 * SECOND,
}
NOW = AT + 60 * SECOND
DONE = ("delivered_at", "bounced_at", "bounce", "complained_at", "opened_at", "clicked_at", "rejected_at")


def row(to: str = "Reader.One@example.com", **changes: Any) -> Message:
    """Return a message that SES took, stored as the worker settled it."""
    number = Message.objects.count() + 1
    asked: dict[str, Any] = {
        "dedupe_key": f"told:{number}",
        "composer": letters.LETTER,
        "payload": {},
        "to_address": to,
        "subject": "Whale season begins",
        "state": State.SENT,
        "tries": 1,
        "created_at": letters.AT,
        "due_at": letters.AT,
        "claimed_at": letters.AT,
        "settled_at": letters.AT,
        "transport": "ses",
        "provider_message_id": f"0100018f-{number}-000000",
        **changes,
    }
    message = Message(**asked)
    message.save(force_insert=True)
    return Message.objects.get(pk=message.pk)


def doubtful(**changes: Any) -> Message:
    """Return a message whose sender got no answer."""
    return row(
        **{
            "state": State.IN_DOUBT,
            "error": "The answer of the transport was lost.",
            "settled_at": None,
            "transport": "",
            "provider_message_id": "",
            **changes,
        }
    )


def body(
    message: Message,
    kind: str,
    *,
    at: dt.datetime,
    more: dict[str, Any] | None = None,
    mail: dict[str, Any] | None = None,
    recipients: list[str] | None = None,
    old: bool = False,
) -> dict[str, Any]:
    """Return what SES tells: ``kind`` is its name for it, ``more`` and ``mail`` change parts, ``old`` is the older shape."""
    named = [message.to_address] if recipients is None else recipients
    stamp = signing.stamp(at)
    told: dict[str, tuple[str, dict[str, Any]]] = {
        "Send": ("send", {}),
        "Delivery": (
            "delivery",
            {
                "timestamp": stamp,
                "processingTimeMillis": 1183,
                "recipients": named,
                "smtpResponse": "250 2.6.0 Message received",
                "reportingMTA": "a8-50.smtp-out.amazonses.com",
            },
        ),
        "DeliveryDelay": (
            "deliveryDelay",
            {
                "timestamp": stamp,
                "delayType": "MailboxFull",
                "expirationTime": stamp,
                "delayedRecipients": [
                    {"emailAddress": one, "status": "4.2.2", "diagnosticCode": "smtp; 452 full"} for one in named
                ],
            },
        ),
        "Bounce": (
            "bounce",
            {
                "bounceType": "Permanent",
                "bounceSubType": "General",
                "bouncedRecipients": [
                    {"emailAddress": one, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1"}
                    for one in named
                ],
                "timestamp": stamp,
                "feedbackId": "0100018f-feedback",
                "reportingMTA": "dsn; a8-50.smtp-out.amazonses.com",
            },
        ),
        "Complaint": (
            "complaint",
            {
                "complainedRecipients": [{"emailAddress": one} for one in named],
                "timestamp": stamp,
                "feedbackId": "0100018f-feedback",
                "userAgent": "Yahoo!-Mail-Feedback/2.0",
                "complaintFeedbackType": "abuse",
                "arrivalDate": stamp,
            },
        ),
        "Open": ("open", {"ipAddress": "192.0.2.1", "timestamp": stamp, "userAgent": "Mozilla/5.0"}),
        "Click": (
            "click",
            {
                "ipAddress": "192.0.2.1",
                "timestamp": stamp,
                "userAgent": "Mozilla/5.0",
                "link": "https://book.example.com/u/Zk3v-secret-token?a=1",
                "linkTags": None,
            },
        ),
        "Reject": ("reject", {"reason": "Bad content"}),
    }  # fmt: skip
    where, said = told[kind]
    tag = (
        {}
        if old
        else {"tags": {"ses:configuration-set": ["quarterdeck"], "quarterdeck": [str(message.public_id)]}}
    )
    return {
        "notificationType" if old else "eventType": kind,
        where: {**said, **(more or {})},
        "mail": {
            "timestamp": stamp,
            "messageId": message.provider_message_id or "0100018f-unseen-000000",
            "source": "quarterdeck@example.com",
            "sendingAccountId": "123456789012",
            "destination": [message.to_address],
            "headersTruncated": False,
            "headers": [
                {"name": "From", "value": "quarterdeck@example.com"},
                {"name": "X-Quarterdeck-Message", "value": str(message.public_id)},
            ],
            "commonHeaders": {"subject": message.subject},
            **tag,
            **(mail or {}),
        },
    }


def soft(message: Message, *, at: dt.datetime, kind: str = "Transient") -> dict[str, Any]:
    """Return a bounce that may pass."""
    return body(message, "Bounce", at=at, more={"bounceType": kind, "bounceSubType": "MailboxFull"})


def envelope(told: dict[str, Any] | str, *, at: dt.datetime, **changes: Any) -> sns.Envelope:
    """Return an event as it stands once its envelope was read and its signature held."""
    return sns.read(signing.wire(signing.notification(told, at=at, **changes)))


def tell(told: dict[str, Any], *, at: dt.datetime = NOW, **changes: Any) -> Answer:
    """Let SES tell something, as it stands once its signature held."""
    return feedback.receive(envelope=envelope(told, at=at, **changes), at=at)


def facts(message: Message) -> dict[str, Any]:
    return Message.objects.values(*DONE).get(pk=message.pk)


def campaign(**changes: Any) -> Campaign:
    """Return a campaign under way."""
    mailing_list = MailingList.objects.create(
        slug="whales", name="Whale season", purpose="News of the season", created_at=AT
    )
    return Campaign.objects.create(
        **{
            "mailing_list": mailing_list,
            "name": "November",
            "subject": "Whale season begins",
            "from_name": "Angel Gate Charters",
            "body": "Hello {{ name }}",
            "state": CampaignState.SENDING,
            "created_at": AT,
            "started_at": AT,
            "last_subscriber_id": 10_000,
            **changes,
        }
    )


def of_campaign(owner: Campaign, number: int, **changes: Any) -> Message:
    return row(f"guest{number}@example.com", kind=Kind.COMMERCIAL, campaign=owner, **changes)


def waiting(to: str, **changes: Any) -> Message:
    """Return a message that waits for its turn."""
    return row(
        to,
        **{
            "state": State.QUEUED,
            "claimed_at": None,
            "settled_at": None,
            "transport": "",
            "provider_message_id": "",
            "tries": 0,
            **changes,
        },
    )
