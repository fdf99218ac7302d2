"""Mail in doubt, for the person who decides: what is known about each, and what that most likely means.

A message is in doubt when its sender died or heard no answer, so nobody can tell whether it left. An event of SES
settles it (`mail.domain.delivery.proven`); what no event settles, a person does (`mail.domain.decisions`).
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet

from mail.domain import compose, timeline
from mail.models import Attempt, Message, MessageEvent, Notification, State
from mail.transport import Outcome

PAGE = 100
# SES tells of a mail it took within seconds; after this long its silence means something.
EVENTS_COME_WITHIN = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Doubt:
    """One message in doubt: since when, what is known, in sentences, and what may be decided."""

    message: Message
    since: dt.datetime
    known: tuple[str, ...]
    advice: str

    @property
    def may_go_again(self) -> bool:
        """A mail that bore a code or link cannot, where its secret is no longer kept."""
        return compose.may_go_again(self.message)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the queue, the oldest first. ``more`` is the id to ask on from, None on the last page."""

    doubts: tuple[Doubt, ...]
    total: int
    more: int | None


def queue(*, after: int | None = None, at: dt.datetime) -> Page:
    """Return one page of what is in doubt, oldest first; five queries, however many there are."""
    waiting = Message.objects.filter(state=State.IN_DOUBT)
    asked = waiting if after is None else waiting.filter(pk__gt=after)
    found = list(asked.defer("payload", "sealed").select_related("campaign").order_by("id")[: PAGE + 1])
    shown = found[:PAGE]
    return Page(
        doubts=tuple(_with_what_is_known(shown, at=at)),
        total=waiting.count(),
        more=shown[-1].pk if len(found) > PAGE else None,
    )


def chosen(*, public_ids: Collection[uuid.UUID], at: dt.datetime) -> tuple[Doubt, ...]:
    """Return those of these messages that are in doubt still, oldest first; four queries."""
    return tuple(_with_what_is_known(rows(public_ids).filter(state=State.IN_DOUBT), at=at))


def rows(public_ids: Collection[uuid.UUID]) -> QuerySet[Message]:
    """Return these messages, whatever their state is by now, oldest first."""
    found = Message.objects.filter(public_id__in=public_ids)
    return found.defer("payload", "sealed").select_related("campaign").order_by("id")


def of_message(message: Message, *, at: dt.datetime) -> Doubt:
    """Return what is known about one message in doubt; three queries."""
    return _with_what_is_known([message], at=at)[0]


def _with_what_is_known(messages: Iterable[Message], *, at: dt.datetime) -> list[Doubt]:
    found = list(messages)
    # Whose answer was lost; of a process that died nobody knows to whom it was talking.
    lost: dict[int, str] = dict(
        Attempt.objects.filter(message__in=found, outcome=Outcome.UNKNOWN.value)
        .order_by("at", "id")
        .values_list("message_id", "transport")
    )
    told: dict[int, list[MessageEvent]] = defaultdict(list)
    for event in MessageEvent.objects.filter(message__in=found):
        told[event.message_id or 0].append(event)
    heard = Notification.objects.order_by("-id").values_list("received_at", flat=True).first()
    return [
        _doubt(row, transport=lost.get(row.pk, ""), events=told[row.pk], heard=heard, at=at) for row in found
    ]


def _doubt(
    message: Message,
    *,
    transport: str,
    events: list[MessageEvent],
    heard: dt.datetime | None,
    at: dt.datetime,
) -> Doubt:
    since = message.claimed_at or message.created_at
    silent = _long(at - since)
    by = f"Handed to {timeline.transport_name(transport)}" if transport else "Taken for sending"
    known = [f"{by} {silent} ago, try {message.tries}.", message.error]
    advice = "Ask the recipient, or look for it in the SES console, before you decide."
    if events:
        known += [f"SES told: {event.get_kind_display().lower()}. {event.detail}".strip() for event in events]
    elif transport == "smtp":
        known.append("The SMTP server tells nothing afterwards.")
        advice = "Ask the recipient, or look into the server's log, before you decide."
    elif (transport or settings.MAIL_TRANSPORT) == "mailbox":
        known.append("The mailbox folder tells nothing afterwards.")
        advice = (
            "Look whether its file is in the folder; writing it again replaces it, so sending again is safe."
        )
    elif heard is None:
        known.append("No event of SES has ever come here, so its silence means nothing.")
    elif at - since < EVENTS_COME_WITHIN:
        known.append("SES has told nothing yet; its events usually come within a minute.")
        advice = "Wait a minute: an event of SES may settle it."
    elif heard > since + EVENTS_COME_WITHIN:
        known.append(
            f"SES has told nothing about it for {silent}, though its events usually come within one minute and later "
            "ones have come. Most likely SES never took it."
        )
        advice = "If its events are complete, it did not leave: send it again."
    else:
        known.append(
            f"SES has told nothing about it for {silent}; its events usually come within one minute. None has come "
            "about any other mail since either, so they may be late or cut off."
        )
    if not compose.may_go_again(message):
        advice = (
            "It bore a code or link that is no longer kept, so it cannot be sent again. If you know that it arrived, say so; "
            "else let the person ask for a new one."
        )
    return Doubt(message=message, since=since, known=tuple(known), advice=advice)


def _long(span: dt.timedelta) -> str:
    """Return how long, in the largest whole unit."""
    minutes = max(int(span.total_seconds()) // 60, 0)
    for unit, size in (("day", 24 * 60), ("hour", 60)):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit}s"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
