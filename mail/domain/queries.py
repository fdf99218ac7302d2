"""Reading mail: the mailbox list, one message with its content, and what a person must look at."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q, QuerySet

from core.models import AuditEvent
from mail import transport
from mail.domain import compose, fields
from mail.domain.content import Content, take_apart
from mail.models import Message, State

PAGE = 50

# What audited actions are called, here and in the audit trail.
ACTIONS = {
    "mail:message:fail": "Mail failed",
    "mail:message:doubt": "Mail put in doubt",
    "mail:message:retry": "Mail queued again",
    "mail:message:again": "Mail queued again, as it had not arrived",
    "mail:message:arrived": "Mail confirmed as arrived",
}


@dataclass(frozen=True)
class Page:
    """One page of the mailbox, newest first. ``older`` is the id to ask on from, None on the last page."""

    messages: tuple[Message, ...]
    older: int | None


@dataclass(frozen=True)
class Moment:
    """One thing that happened to a message; ``by`` is empty where the system acted."""

    at: dt.datetime
    title: str
    text: str = ""
    by: str = ""


@dataclass(frozen=True)
class Reading:
    """A message's content, or the sentence that says why it is not shown.

    ``kept`` is true for the bytes that left; otherwise the mail was composed anew from its records, without any
    secret.
    """

    content: Content | None
    kept: bool = False
    why_not: str = ""


def mailbox(*, state: str = "", search: str = "", before: int | None = None) -> Page:
    """Return one page of messages, newest first, without their payloads.

    ``search`` is looked for in address and subject, in any case. ``before`` is an id; only older rows are returned.
    """
    rows = Message.objects.defer("payload", "sealed")
    if state:
        rows = rows.filter(state=state)
    if search:
        rows = rows.filter(Q(to_address__icontains=search) | Q(subject__icontains=search))
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows.order_by("-id")[: PAGE + 1])
    page = tuple(found[:PAGE])
    return Page(messages=page, older=page[-1].pk if len(found) > PAGE else None)


def with_key_prefix(prefix: str) -> QuerySet[Message]:
    """Return the messages whose dedupe keys begin so, by address: one mailing, to all its recipients."""
    return (
        Message.objects.filter(dedupe_key__startswith=prefix)
        .defer("payload", "sealed")
        .order_by("to_address", "id")
    )


def read(message: Message, *, secrets: bool) -> Reading:
    """Return the content of a message: the file it left as, or else composed anew from its records.

    Mail that bore a code or link is read only on a laptop with the sample, where the mailbox is the only way to it, and
    there only with ``secrets``: whoever reads another's code signs in as them.
    """
    if _is_private(message, secrets):
        return Reading(
            None, why_not="This mail bears a code or a link for its reader alone, so it is not shown."
        )
    raw = transport.read_eml(message.eml_name)
    if raw is not None:
        return Reading(take_apart(raw), kept=True)
    try:
        email = compose.build(message, compose.compose(message))
    except (compose.CannotComposeError, fields.UnsendableError) as error:
        return Reading(None, why_not=str(error))
    return Reading(take_apart(transport.wire_bytes(email)))


def kept_bytes(message: Message, *, secrets: bool) -> bytes | None:
    """Return the bytes a message left as; None where they are not kept here or must not be shown."""
    return None if _is_private(message, secrets) else transport.read_eml(message.eml_name)


def timeline(message: Message) -> list[Moment]:
    """Return what happened to a message, oldest first."""
    moments = [Moment(message.created_at, "Written into the outbox")]
    for event in AuditEvent.objects.filter(
        subject_type=Message._meta.label_lower, subject_id=str(message.pk)
    ).select_related("actor"):
        title = ACTIONS[event.action]
        text = str(event.data.get("reason", "") or event.data.get("was", ""))
        moments.append(Moment(event.at, title, text, str(event.actor) if event.actor else ""))
    if message.claimed_at is not None:
        moments.append(Moment(message.claimed_at, f"Taken for sending, try {message.tries}"))
    if message.state == State.SENT and message.settled_at is not None and message.transport != "person":
        where = (
            f"Message id {message.provider_message_id}" if message.provider_message_id else message.eml_name
        )
        by = {"ses": "Accepted by Amazon SES", "mailbox": "Laid in the mailbox folder"}
        moments.append(Moment(message.settled_at, by.get(message.transport, "Accepted"), where))
    if message.state == State.QUEUED and message.tries:
        moments.append(Moment(message.due_at, "Next try", message.error))
    return sorted(moments, key=lambda moment: moment.at)


def doubtful_count() -> int:
    """Return how many messages are in doubt, for the tabs; one query."""
    return Message.objects.filter(state=State.IN_DOUBT).count()


def unsettled_counts() -> dict[str, int]:
    """Return how many messages need a person's eye, by state: failed and in doubt."""
    return {state: Message.objects.filter(state=state).count() for state in (State.FAILED, State.IN_DOUBT)}


def _is_private(message: Message, secrets: bool) -> bool:
    on_sample_laptop = settings.DEMO and settings.MAIL_TRANSPORT == "mailbox"
    return message.bears_secret and not (secrets and on_sample_laptop)
