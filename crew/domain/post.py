"""How the mail stands, for the portal's home, and which of it needs a person. The mail itself is `mail`'s."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q
from django.urls import reverse

from core import access
from crew.domain.home_cards import HomeCard
from crew.models import Person
from mail.domain import fates
from mail.models import Message, State

# How a state looks at a glance; those not named are neutral.
TONES: dict[str, str] = {
    State.SENT: "sent",
    State.FAILED: "failed",
    State.IN_DOUBT: "watch",
    State.QUEUED: "info",
    State.HELD: "watch",
}

# What failed longer ago is history: it stands in the mailbox and asks for nobody.
FAILED_LATELY = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class MailCount:
    """How many messages are in one state, in words: ``3 queued``."""

    words: str
    tone: str
    state: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One message on its way or gone."""

    public_id: uuid.UUID
    subject: str
    to: str
    state: str
    tone: str
    at: dt.datetime
    fate: str


def mail_counts() -> list[MailCount]:
    """Return the states that messages are in, with how many are; one query."""
    found = dict(
        Message.objects.order_by().values("state").annotate(count=Count("pk")).values_list("state", "count")
    )
    return [
        MailCount(f"{state.label}: {found[state.value]:,}", TONES.get(state, ""), state.value)
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
            fate=fate.words if (fate := fates.of(message)) is not None else "",
        )
        for message in Message.objects.defer("payload", "sealed")[:limit]
    ]


def cards(person: Person, at: dt.datetime) -> Iterable[HomeCard]:
    """Return what of the mail needs a person, in doubt, or failed or rejected of late, for whoever may decide; one query."""
    if not access.may(person, "own"):
        return []
    lately = at - FAILED_LATELY
    rejected = Q(state=State.SENT, rejected_at__gt=lately)
    unsettled = Message.objects.filter(Q(state__in=[State.IN_DOUBT, State.FAILED]) | rejected).aggregate(
        doubtful=Count("pk", filter=Q(state=State.IN_DOUBT)),
        failed=Count("pk", filter=Q(state=State.FAILED, settled_at__gt=lately)),
        rejected=Count("pk", filter=rejected),
    )
    found = []
    if doubtful := unsettled["doubtful"]:
        found.append(
            HomeCard(
                title="Nobody can tell whether a mail left"
                if doubtful == 1
                else "Nobody can tell whether some mails left",
                url=reverse("mail:doubt"),
                value=f"{doubtful:,} in doubt",
                note="They are not sent again by themselves. Say what became of them.",
                severity="high",
                kind="Mail",
            )
        )
    if failed := unsettled["failed"]:
        found.append(
            HomeCard(
                title="A mail did not leave" if failed == 1 else "Some mails did not leave",
                url=f"{reverse('mail:mailbox')}?state={State.FAILED}",
                value=f"{failed:,} failed",
                note="Each says why, and can be tried again.",
                severity="medium",
                kind="Mail",
            )
        )
    if rejected_count := unsettled["rejected"]:
        found.append(
            HomeCard(
                title="SES took a mail and then rejected it"
                if rejected_count == 1
                else "SES took some mails and then rejected them",
                url=f"{reverse('mail:mailbox')}?state={State.SENT}",
                value=f"{rejected_count:,} rejected by SES",
                note="They did not reach anybody, though their state is sent. Each one's page says why.",
                severity="medium",
                kind="Mail",
            )
        )
    return found
