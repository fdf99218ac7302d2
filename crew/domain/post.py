"""How the mail stands, for the portal's home. The mail itself is `mail`'s."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db.models import Count

from mail.models import Message, State

# How a state looks at a glance; those not named are neutral.
TONES: dict[str, str] = {
    State.SENT: "sent",
    State.FAILED: "failed",
    State.IN_DOUBT: "watch",
    State.QUEUED: "info",
}


@dataclass(frozen=True, slots=True)
class MailCount:
    """How many messages are in one state, in words: ``3 queued``."""

    words: str
    tone: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One message on its way or gone."""

    public_id: uuid.UUID
    subject: str
    to: str
    state: str
    tone: str
    at: dt.datetime


def mail_counts() -> list[MailCount]:
    """Return the states that messages are in, with how many are; one query."""
    found = dict(
        Message.objects.order_by().values("state").annotate(count=Count("pk")).values_list("state", "count")
    )
    return [
        MailCount(f"{found[state.value]} {state.label.lower()}", TONES.get(state, ""))
        for state in State
        if state.value in found
    ]


def newest_letters(*, limit: int) -> list[Letter]:
    """Return the newest messages; one query."""
    return [
        Letter(
            public_id=message.public_id,
            subject=message.subject,
            to=message.to_address,
            state=message.get_state_display(),
            tone=TONES.get(message.state, ""),
            at=message.settled_at or message.created_at,
        )
        for message in Message.objects.defer("payload", "sealed")[:limit]
    ]
