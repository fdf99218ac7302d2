"""Feedback: what SES told about a mail becomes rows, facts about the message, and suppressions, in one transaction.

Events come more than once and in any order, and before the worker has settled the message. So every effect is monotone: a row
is inserted once, a fact keeps the earliest instant, a suppression is added, doubt ends. Whatever order they come in, the same is
left. Facts are set by events of any try: which try is in the event's provider id, and the message's own is never overwritten.

Order of locks, the same as where campaigns and claims move: the fence of suppression, the campaign, the message.
"""

import datetime as dt
import enum
import logging
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Q

from mail.domain import campaigns, delivery, feedback_rows, ses_events, suppression
from mail.domain.ses_events import Complaint, Told
from mail.domain.sns import Envelope
from mail.models import (
    Bounce,
    Campaign,
    EventKind,
    Message,
    MessageEvent,
    Notification,
    Reason,
    Scope,
)

SOFT_BOUNCES = 3
SOFT_WITHIN = dt.timedelta(days=30)

# These may suppress, and so stand at the fence before they touch a message.
_MAY_SUPPRESS = frozenset({EventKind.BOUNCE, EventKind.COMPLAINT})
# SES does not say who of several recipients it was.
_BY_NOBODY_IN_PARTICULAR = frozenset({EventKind.OPEN, EventKind.CLICK})

logger = logging.getLogger(__name__)


class Answer(enum.Enum):
    """What came of a message of SNS, in a word."""

    TAKEN = "taken"
    KNOWN = "known"
    NOT_OURS = "not ours"
    IGNORED = "ignored"


def receive(*, envelope: Envelope, at: dt.datetime) -> Answer:
    """Take a notification whose signature held, with all it leads to; a second copy has no effect.

    Mail that did not come from this outbox leaves no trace. ``at`` is the present instant.

    Raises:
        MalformedMessageError: SES writes no such thing.
    """
    told = ses_events.read(envelope.message, sent_at=envelope.at)
    if told is None:
        return Answer.IGNORED
    try:
        return _take(told, envelope, at=at, careful=False)
    except IntegrityError:
        if Notification.objects.filter(sns_id=envelope.sns_id).exists():
            return Answer.KNOWN
        # SES tells at least once, each time in another message of SNS.
        return _take(told, envelope, at=at, careful=True)


def _take(told: Told, envelope: Envelope, *, at: dt.datetime, careful: bool) -> Answer:
    """Write and apply an event; ``careful`` asks first which of its rows are there."""
    with transaction.atomic():
        if told.kind in _MAY_SUPPRESS:
            suppression.fence(exclusive=True)
            _hold_campaign(told)
        message = feedback_rows.find(public_id=told.public_id, provider_message_id=told.provider_message_id)
        if message is None:
            return Answer.NOT_OURS
        noted = feedback_rows.note(sns_id=envelope.sns_id, topic_arn=envelope.topic_arn, at=at)
        events = _events(told, message, noted)
        if careful:
            events = _new(told, events)
        feedback_rows.tell(events)
        if events:
            _apply(told, message, {event.recipient for event in events}, at=at)
    return Answer.TAKEN if events else Answer.KNOWN


def _hold_campaign(told: Told) -> None:
    """Lock the campaign of an event's message, which the event may stop: before the message, as whoever settles does."""
    # Never an empty id, said so that SQLite sees that the index of such ids serves.
    named = Q(provider_message_id=told.provider_message_id) & ~Q(provider_message_id="")
    if told.public_id is not None:
        named = Q(public_id=told.public_id)
    of_it = Message.objects.filter(named).order_by().values("campaign_id")
    list(
        Campaign.objects.select_for_update(no_key=True).filter(pk__in=of_it).order_by("pk").values_list("pk")
    )


def _events(told: Told, message: Message, noted: int) -> list[MessageEvent]:
    details = told.details
    if told.kind in _BY_NOBODY_IN_PARTICULAR and told.destinations > 1:
        detail = next(iter(details.values()))
        details = {_own(message): f"{detail} By one of {told.destinations} recipients.".strip()}
    return [
        MessageEvent(
            notification_id=noted,
            message=message,
            provider_message_id=told.provider_message_id,
            recipient=recipient,
            kind=told.kind,
            detail=detail,
            at=told.at,
        )
        for recipient, detail in details.items()
    ]


def _new(told: Told, events: Iterable[MessageEvent]) -> list[MessageEvent]:
    known = set(
        MessageEvent.objects.filter(
            provider_message_id=told.provider_message_id, kind=told.kind, at=told.at
        ).values_list("recipient", flat=True)
    )
    return [event for event in events if event.recipient not in known]


def _apply(told: Told, message: Message, recipients: set[str], *, at: dt.datetime) -> None:
    """Draw the consequences of an event about these recipients."""
    if told.kind == EventKind.REJECT:
        logger.error("SES took mail %s and then rejected it: look at its page.", message.public_id)
    elif message.state in delivery.PROVABLE:
        # Whatever else SES tells about a mail, it took it before.
        delivery.proven(message=message, provider_message_id=told.provider_message_id, at=at)
    if told.kind == EventKind.BOUNCE and recipients - {_own(message)}:
        logger.warning(
            "The blind copy of mail %s bounced (%s): look at ADMIN_BCC_ADDRESS.",
            message.public_id,
            told.bounce,
        )
    alone = told.destinations == 1 or told.kind not in _BY_NOBODY_IN_PARTICULAR
    if _own(message) not in recipients or not alone:
        return
    if told.complaint is Complaint.TAKEN_BACK:
        return  # Who said so once was suppressed stays so: that it was no spam is no wish for more.
    if told.kind in feedback_rows.FACTS and told.complaint is not Complaint.NOT_TRIED:
        feedback_rows.keep_earliest(message=message, kind=told.kind, at=told.at)
    elif told.bounce is not None:
        _keep_bounce(told, told.bounce, message)
    if told.kind in _MAY_SUPPRESS:
        _suppress(told, message, at=at)
        if message.campaign_id is not None and told.bounce is not Bounce.SOFT:
            campaigns.consider_stopping(campaign_id=message.campaign_id, at=at)


def _keep_bounce(told: Told, bounce: Bounce, message: Message) -> None:
    """Set the earliest bounce; a hard one counts before any soft one, as an out-of-office notice must not hide it."""
    later = Q(bounced_at__isnull=True) | Q(bounced_at__gt=told.at, bounce=bounce)
    if bounce == Bounce.HARD:
        later |= Q(bounce=Bounce.SOFT)
    Message.objects.filter(later, pk=message.pk).update(bounced_at=told.at, bounce=bounce)


def _suppress(told: Told, message: Message, *, at: dt.datetime) -> None:
    """Stop what an event says must stop: everything to a dead address, campaigns to whom they are not welcome."""
    detail = told.details[_own(message)]
    if told.kind == EventKind.COMPLAINT:
        scope, reason = Scope.COMMERCIAL, Reason.COMPLAINT
    elif told.bounce == Bounce.HARD:
        scope, reason = Scope.ALL, Reason.HARD_BOUNCE
    elif _bounces_again_and_again(told, message):
        scope, reason = Scope.COMMERCIAL, Reason.SOFT_BOUNCES
    else:
        return
    suppression.add(
        address=message.to_address, scope=scope, reason=reason, detail=detail, message=message, at=at
    )


def _bounces_again_and_again(told: Told, message: Message) -> bool:
    """Tell whether this soft bounce is one of so many to the address within the time, with no delivery between them.

    The messages' own facts say so, in the order in which things happened and not in which they were told.
    """
    near = (told.at - SOFT_WITHIN, told.at + SOFT_WITHIN)
    facts = Message.objects.filter(
        Q(bounced_at__range=near) | Q(delivered_at__range=near), address_key=message.address_key
    ).values_list("pk", "bounce", "bounced_at", "delivered_at")
    story: list[tuple[dt.datetime, int | None]] = []
    for pk, bounce, bounced_at, delivered_at in facts:
        if bounced_at is not None:
            story.append((bounced_at, pk if bounce == Bounce.SOFT else None))
        if delivered_at is not None:
            story.append((delivered_at, None))
    # What lies between two deliveries, or other ends, is one row of soft bounces; ours is the one that counts.
    row: dict[int, dt.datetime] = {}
    for happened_at, softly in sorted(story, key=lambda moment: moment[0]):
        if softly is not None:
            row[softly] = happened_at
        elif message.pk in row:
            break
        else:
            row = {}
    instants = list(row.values()) if message.pk in row else []
    return any(
        last - first <= SOFT_WITHIN
        for first, last in zip(instants, instants[SOFT_BOUNCES - 1 :], strict=False)
    )


def _own(message: Message) -> str:
    """Return the message's own recipient as events name recipients."""
    return message.to_address.lower()
