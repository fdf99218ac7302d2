"""What happened to a message, from every table that knows: its own row, the tries, the events of SES, people's decisions.

Instants come from several clocks, ours and SES's, and arrive in any order; they are sorted here, each time they are
read. What bears one instant keeps the order in which such things happen.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from core import trail
from core.models import AuditEvent
from mail.domain.ses_events import NO_SPAM, ON_ITS_LIST
from mail.models import Attempt, EventKind, Message, MessageEvent, State

FAILED, PROVEN = "mail:message:fail", "mail:message:proven"
# What audited actions are called, here and in the audit trail.
ACTIONS = {
    FAILED: "Mail failed",
    "mail:message:doubt": "Mail put in doubt",
    "mail:message:retry": "Mail queued again",
    "mail:message:again": "Mail queued again, as it had not arrived",
    "mail:message:release": "Mail sent by a person who looked at it",
    "mail:message:discard": "Mail thrown away",
    "mail:message:arrived": "Mail confirmed as arrived",
    PROVEN: "Mail proven to have left, by an event of SES",
}
TRANSPORTS = {
    "ses": "Amazon SES",
    "smtp": "the SMTP server",
    "mailbox": "the mailbox folder",
    "person": "a person",
}
# By `mail.transport.Outcome`, as an attempt keeps it.
_TRIED = {
    "later": "Turned away for now by",
    "throttled": "Told to slow down by",
    "used up": "The day's quota was used up at",
    "refused": "Refused by",
    "unknown": "No answer from",
}
_TOLD: dict[str, str] = {
    EventKind.SEND: "Accepted, as SES told",
    EventKind.DELIVERY: "Delivered to the recipient's server",
    EventKind.DELAY: "Delayed: the recipient's server asked for patience",
    EventKind.BOUNCE: "Bounced: the recipient's server turned it back",
    EventKind.COMPLAINT: "Complaint: the recipient called it spam",
    EventKind.OPEN: "Opened",
    EventKind.CLICK: "A link in it was clicked",
    EventKind.REJECT: "Rejected by SES after it was accepted",
}
# A mail in a shared mailbox is opened hundreds of times.
EVENTS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened to a message; ``by`` is empty where the system acted."""

    at: dt.datetime
    title: str
    text: str = ""
    by: str = ""


def of_message(message: Message) -> list[Moment]:
    """Return what happened to a message, oldest first; four queries, whatever happened."""
    tried = list(_tried(message))
    decided = list(_decided(message, already={(moment.at, moment.text) for moment in tried}))
    # The parts stand in the order in which such things happen, and sorting keeps it among equal instants.
    return sorted(
        [
            Moment(message.created_at, "Written into the outbox"),
            *_held_back(message),
            *_taken(message),
            *tried,
            *([] if any(moment.title == ACTIONS[PROVEN] for moment in decided) else _accepted(message)),
            *_told(message),
            *decided,
            *_failed_in_a_body(message, decided),
            *_next_try(message),
        ],
        key=lambda moment: moment.at,
    )


def transport_name(transport: str) -> str:
    """Return what a transport is called in a sentence; one that nobody named is called as it is stored."""
    kind, _, region = transport.partition(":")
    known = TRANSPORTS.get(kind, kind)
    return f"{known} in {region}" if region else known


def _held_back(message: Message) -> Iterator[Moment]:
    if message.state == State.SUPPRESSED and message.settled_at is not None:
        yield Moment(message.settled_at, "Suppressed: it does not leave", message.error)


def _taken(message: Message) -> Iterator[Moment]:
    if message.claimed_at is not None:
        yield Moment(message.claimed_at, f"Taken for sending, try {message.tries}")


def _tried(message: Message) -> Iterator[Moment]:
    for attempt in Attempt.objects.filter(message=message):
        what = _TRIED.get(attempt.outcome, "Answered by")
        yield Moment(attempt.at, f"{what} {transport_name(attempt.transport)}", attempt.reason)


def _accepted(message: Message) -> Iterator[Moment]:
    if message.state != State.SENT or message.settled_at is None or message.transport == "person":
        return
    if message.transport == "mailbox":
        yield Moment(message.settled_at, "Laid in the mailbox folder", message.eml_name)
    else:
        told = f"Message id {message.provider_message_id}" if message.provider_message_id else ""
        yield Moment(message.settled_at, f"Accepted by {transport_name(message.transport)}", told)


def _told(message: Message) -> Iterator[Moment]:
    """Yield what SES told after it took the message, and the suppressions that came of it."""
    events = list(MessageEvent.objects.filter(message=message)[: EVENTS_SHOWN + 1])
    for event in events[:EVENTS_SHOWN]:
        other = "" if event.recipient == message.address_key else f" ({event.recipient})"
        yield Moment(event.at, f"{_called(event)}{other}", event.detail)
    if len(events) > EVENTS_SHOWN:
        yield Moment(
            events[-1].at,
            "And more",
            f"Only the first {EVENTS_SHOWN} events are shown; the admin has them all.",
        )
    for held in message.suppressions.all():
        what = f"The address is suppressed: {held.get_scope_display().lower()}"
        yield Moment(held.created_at, what, held.detail or held.get_reason_display())
        if held.lifted_at is not None:
            yield Moment(held.lifted_at, "The suppression was lifted", held.lifted_why)


def _called(event: MessageEvent) -> str:
    if event.kind == EventKind.COMPLAINT and event.detail.endswith(ON_ITS_LIST):
        return "Not delivered: the address is on the suppression list of SES"
    if event.kind == EventKind.COMPLAINT and event.detail == NO_SPAM:
        return "The recipient called it no spam"
    return _TOLD[event.kind]


def _decided(message: Message, *, already: Collection[tuple[dt.datetime, str]]) -> Iterator[Moment]:
    """Yield what the audit trail has, failures, doubts, and who decided what; a reason ``already`` told is not repeated."""
    for event in (
        AuditEvent.objects.filter(subject_type=Message._meta.label_lower, subject_id=str(message.pk))
        .select_related("actor")
        .order_by("at", "id")
    ):
        text = str(event.data.get("reason", "") or event.data.get("was", ""))
        yield Moment(
            at=event.at,
            title=trail.called(event.action),
            text="" if (event.at, text) in already else text,
            by=str(event.actor) if event.actor else "",
        )


def _failed_in_a_body(message: Message, decided: Iterable[Moment]) -> Iterator[Moment]:
    """Yield the failing of a message that the audit trail does not name, as a cancelled campaign's mail fails together."""
    if message.state != State.FAILED or message.settled_at is None:
        return
    if all((moment.at, moment.title) != (message.settled_at, ACTIONS[FAILED]) for moment in decided):
        yield Moment(message.settled_at, ACTIONS[FAILED], message.error)


def _next_try(message: Message) -> Iterator[Moment]:
    if message.state == State.QUEUED and message.error:
        yield Moment(message.due_at, "Next try", message.error)
