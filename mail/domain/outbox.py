"""The outbox: the one way to ask for a mail. A row in the caller's transaction, nothing more.

If the caller's transaction fails, the mail never was; if it commits, the row is found and sent, at once by a
wake-up or a few seconds later by the sweep. Domain code calls `enqueue` and never sends.

Mail that a suppression stops is written too, as suppressed and with the reason, so that what went to whom, and
what did not, stays whole; the caller gets `Skipped`.

A letter that a person must look at first is laid in as a draft (`draft`): nothing claims it until somebody sends it
(`mail.domain.drafts`).
"""

import datetime as dt
import functools
import logging
from dataclasses import dataclass
from typing import Any

from celery import current_app
from django.db import IntegrityError, transaction
from kombu.exceptions import KombuError

from mail.domain import compose, sealing, suppression
from mail.domain.fields import UnsendableError, address, one_line
from mail.models import Kind, Message, Reason, State

__all__ = [
    "NeverCopiedError",
    "Skipped",
    "UnknownComposerError",
    "UnsendableError",
    "draft",
    "enqueue",
    "wake",
]

# Turned off altogether (``retry=False``), kombu would try to connect for four seconds: somebody's page waits for this.
_ONE_ATTEMPT = {"max_retries": 0, "interval_start": 0}

logger = logging.getLogger(__name__)


class NeverCopiedError(ValueError):
    """Mail with a code or link, or of a campaign, was to go in copy to the audit address."""


class UnknownComposerError(ValueError):
    """No composer is registered under the name given."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Mail that will not go: why, that why as a sentence, and the row that is kept of it."""

    reason: Reason
    sentence: str
    message: Message


def enqueue(
    *,
    dedupe_key: str,
    composer: str,
    payload: dict[str, Any],
    to_address: str,
    to_name: str = "",
    from_name: str = "",
    reply_to: str = "",
    subject: str,
    bcc_audit: bool = False,
    secret: str | None = None,
    kind: Kind = Kind.SERVICE,
    at: dt.datetime,
) -> Message | Skipped:
    """Put one mail to one recipient into the outbox, in the caller's transaction; return its row, or why it will not go.

    ``dedupe_key`` names the mail for good (``edition:12:to:a@example.com``): a second call with the same key
    returns the row of the first and changes nothing. ``payload`` holds ids for the composer, never a secret;
    ``secret`` (a sign-in code) is sealed, and forgotten once the mail has gone; `compose.MADE_WHEN_SENT` is for a composer
    that makes its own, and nothing is kept. ``bcc_audit`` sends a blind copy to
    ``ADMIN_BCC_ADDRESS``. ``kind`` says what may stop it and who goes first; with a secret it is essential, whatever
    was asked. ``at`` is the present instant.

    Raises:
        UnsendableError: an address, name or subject that no mail can bear.
        NeverCopiedError: a blind copy of a secret or of a campaign was asked for.
        UnknownComposerError: no composer has that name.
    """
    row = _row(
        dedupe_key=dedupe_key, composer=composer, payload=payload, to_address=to_address, to_name=to_name,
        from_name=from_name, reply_to=reply_to, subject=subject, bcc_audit=bcc_audit, secret=secret, kind=kind, at=at,
    )  # fmt: skip
    # Not under the fence: whoever claims looks again. This one keeps a row that cannot go from waiting.
    key = row.to_address.lower()
    held = suppression.holding(keys=[key], kind=Kind(row.kind)).get(key)
    if held is not None:
        row.state, row.settled_at, row.error = State.SUPPRESSED, at, suppression.sentence(held)
    row, made = _written(row)
    if made and held is None:
        transaction.on_commit(functools.partial(wake, row.pk))
    if held is not None and row.state == State.SUPPRESSED:
        return Skipped(Reason(held.reason), row.error, row)
    return row


def draft(
    *,
    dedupe_key: str,
    composer: str,
    payload: dict[str, Any],
    to_address: str,
    to_name: str = "",
    from_name: str = "",
    reply_to: str = "",
    subject: str,
    at: dt.datetime,
) -> Message:
    """Lay one letter into the outbox for a person to look at, in the caller's transaction; return its row.

    It leaves when somebody sends it, and never by itself. ``dedupe_key`` names it for good, as with `enqueue`: a second
    call returns the row of the first, wherever that one stands by now.

    Raises:
        UnsendableError: an address, name or subject that no mail can bear.
        UnknownComposerError: no composer has that name.
    """
    row = _row(
        dedupe_key=dedupe_key, composer=composer, payload=payload, to_address=to_address, to_name=to_name,
        from_name=from_name, reply_to=reply_to, subject=subject, at=at,
    )  # fmt: skip
    row.state = State.DRAFT
    return _written(row)[0]


def _row(
    *, dedupe_key: str, composer: str, payload: dict[str, Any], to_address: str, to_name: str, from_name: str,
    reply_to: str, subject: str, bcc_audit: bool = False, secret: str | None = None, kind: Kind = Kind.SERVICE,
    at: dt.datetime,
) -> Message:  # fmt: skip
    """Return the row to be, everything that can be refused checked."""
    if not compose.is_registered(composer):
        raise UnknownComposerError(f"No composer is called {composer!r}; register it in its app's ready().")
    if bcc_audit and (secret is not None or kind == Kind.COMMERCIAL):
        raise NeverCopiedError(
            "Mail that bears a code or link, and mail of a campaign, is never copied; leave bcc_audit off."
        )
    subject = one_line(subject, what="subject", longest=compose.LONGEST_SUBJECT)
    if not subject:
        raise UnsendableError("The subject is empty; say in a few words what the mail is about.")
    if secret is not None:
        kind = Kind.ESSENTIAL
    return Message(
        dedupe_key=dedupe_key,
        composer=composer,
        payload=payload,
        bears_secret=secret is not None,
        sealed=None if secret in (None, compose.MADE_WHEN_SENT) else sealing.seal(secret),
        kind=kind,
        to_address=address(to_address, what="recipient"),
        to_name=one_line(to_name, what="recipient's name", longest=120),
        from_name=one_line(from_name, what="sender's name", longest=120),
        reply_to=address(reply_to, what="reply-to address") if reply_to else "",
        subject=subject,
        bcc_audit=bcc_audit,
        created_at=at,
        due_at=at,
    )


def _written(row: Message) -> tuple[Message, bool]:
    """Write a row, or return the one that has its key already; and whether it was written now."""
    try:
        # A savepoint, so that on PostgreSQL a key already taken does not spoil the caller's transaction.
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        first = Message.objects.filter(dedupe_key=row.dedupe_key).first()
        if first is None:
            raise
        return first, False
    return row, True


def wake(message_id: int) -> None:
    """Tell a worker that a message is due. Losing this loses seconds, no mail: the sweep finds the row."""
    try:
        current_app.send_task(
            "mail.tasks.deliver", args=[message_id], ignore_result=True, retry=True, retry_policy=_ONE_ATTEMPT
        )
    except (KombuError, OSError) as error:
        logger.warning(
            "The broker did not take the wake-up for mail %s (%s); the sweep will.", message_id, error
        )
