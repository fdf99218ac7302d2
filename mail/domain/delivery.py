"""Delivery: claim, commit, send outside any transaction, settle.

SES has no idempotency key, so the claim is what keeps a mail from leaving twice: one conditional UPDATE, committed
before anything is sent, which exactly one process wins. What happens to that process afterwards decides the rest:

- it lives and gets an answer: sent, queued again with a later due time, or failed;
- it lives and gets no answer (a time-out): in doubt;
- it dies: the row stays claimed, and `doubt_stale` puts it in doubt. Nothing in doubt is ever resent by itself.

What a person decides about failed and doubtful mail is `mail.domain.decisions`.
"""

import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F

from core import audit
from mail import transport
from mail.domain import compose, sealing
from mail.domain.fields import UnsendableError
from mail.domain.states import move
from mail.models import Message, State
from mail.transport import Outcome, Receipt

logger = logging.getLogger(__name__)

TRIES = 12
FIRST_PAUSE = dt.timedelta(seconds=30)
LONGEST_PAUSE = dt.timedelta(hours=1)
# Far longer than composing and sending one mail can take: EMAIL_TIMEOUT is half a minute.
STALE_AFTER = dt.timedelta(minutes=10)
BATCH = 100


def pause_after(tries: int) -> dt.timedelta:
    """Return how long to wait after that many tries: 30 s, doubling, an hour at most."""
    return min(FIRST_PAUSE * 2 ** min(max(tries - 1, 0), 20), LONGEST_PAUSE)


def due(*, at: dt.datetime, limit: int = BATCH) -> list[int]:
    """Return the ids of queued messages whose time has come, the longest waiting first."""
    queued = Message.objects.filter(state=State.QUEUED, due_at__lte=at).order_by("due_at", "id")
    return list(queued.values_list("id", flat=True)[:limit])


def deliver_due(*, clock: Callable[[], dt.datetime], limit: int = BATCH) -> int:
    """Deliver what is due over one connection, one message at a time; return how many were accepted.

    Each is claimed right before it is sent, so a killed process leaves at most one in doubt. When the transport
    turns a message away for now, the batch ends: the rest would meet the same, and the next sweep is near.
    """
    over, accepted = transport.connect(), 0
    try:
        for message_id in due(at=clock(), limit=limit):
            outcome = deliver(message_id=message_id, at=clock(), over=over)
            accepted += outcome is Outcome.ACCEPTED
            if outcome is Outcome.LATER:
                break
    finally:
        over.close()
    return accepted


def deliver(*, message_id: int, at: dt.datetime, over: BaseEmailBackend) -> Outcome | None:
    """Claim, send and settle one message; return what came of it, or None where it was not ours to send.

    It is not ours when it is gone, not queued, not yet due, or another process claimed it first.
    """
    message = claim(message_id=message_id, at=at)
    if message is None:
        return None
    prepared = _prepare(message)
    if isinstance(prepared, str):
        receipt, size = Receipt(Outcome.REFUSED, at, prepared), None
    else:
        email, size = prepared
        receipt = transport.hand_over(email, over=over)
    settle(message=message, receipt=receipt, size_bytes=size)
    return receipt.outcome


def claim(*, message_id: int, at: dt.datetime) -> Message | None:
    """Take a queued, due message for sending, commit that, and return it; None where another was quicker."""
    # Durable: inside somebody's transaction the claim would not be committed before the mail leaves.
    with transaction.atomic(durable=True):
        won = move(
            Message.objects.filter(pk=message_id, due_at__lte=at),
            State.SENDING,
            claimed_at=at,
            tries=F("tries") + 1,
        )
    return Message.objects.get(pk=message_id) if won else None


def settle(*, message: Message, receipt: Receipt, size_bytes: int | None) -> bool:
    """Write down what came of a claimed message; return whether the claim was still ours.

    A sender that answers late, its row in doubt already, still settles it: it knows. One whose row a person has
    sent on its way again since does not: that is another claim.
    """
    ours = Message.objects.filter(pk=message.pk, claimed_at=message.claimed_at)
    changes = _consequence(message, receipt, size_bytes)
    state = changes.pop("state")
    with transaction.atomic():
        settled = bool(move(ours, state, **changes))
        if settled and state in {State.FAILED, State.IN_DOUBT}:
            audit.record(
                action=f"mail:message:{'fail' if state == State.FAILED else 'doubt'}",
                subject=message,
                at=receipt.at,
                data={"tries": message.tries, "reason": changes["error"]},
            )
    if not settled:
        logger.error(
            "Mail %s was %s, but its claim was no longer ours.", message.public_id, receipt.outcome.value
        )
    return settled


def doubt_stale(*, at: dt.datetime) -> int:
    """Put into doubt every message whose sender has been silent too long; return how many."""
    silent = Message.objects.filter(state=State.SENDING, claimed_at__lte=at - STALE_AFTER)
    doubted = 0
    for message in silent.order_by("claimed_at", "id"):
        reason = (
            "The process that was sending this died or hung after it took the message, so nobody can tell whether "
            "it left."
        )
        with transaction.atomic():
            still = silent.filter(pk=message.pk, claimed_at=message.claimed_at)
            if move(still, State.IN_DOUBT, error=reason, sealed=None):
                doubted += 1
                audit.record(action="mail:message:doubt", subject=message, at=at, data={"reason": reason})
    return doubted


def _prepare(message: Message) -> tuple[EmailMessage, int] | str:
    """Return the mail and its size in bytes, or the sentence that says why there can be none."""
    if message.bears_secret and message.sealed is None:
        # Its sender was thought dead, the secret was forgotten, and then the transport said: later.
        return "The code this mail bore was forgotten while it was in doubt; a new one can be asked for."
    try:
        secret = None if message.sealed is None else sealing.unseal(message.sealed)
        email = compose.build(message, compose.compose(message, secret))
        return email, len(transport.wire_bytes(email))
    except (compose.CannotComposeError, sealing.BrokenSealError, UnsendableError) as error:
        return str(error)
    except Exception as error:  # a composer is another app's code: its fault must not leave the row in doubt
        logger.exception("The composer %s failed on mail %s.", message.composer, message.public_id)
        return (
            f"The composer {message.composer!r} failed with {type(error).__name__}; the log has the details."
        )


def _consequence(message: Message, receipt: Receipt, size_bytes: int | None) -> dict[str, Any]:
    """Return the new values of a row, state included, that a receipt leads to."""
    if receipt.outcome is Outcome.ACCEPTED:
        return {
            "state": State.SENT,
            "settled_at": receipt.at,
            "transport": settings.MAIL_TRANSPORT,
            "provider_message_id": receipt.provider_message_id,
            "bcc_address": compose.blind_copy(message),
            "eml_name": receipt.eml_name,
            "size_bytes": size_bytes,
            "sealed": None,
            "error": "",
        }
    reason = receipt.reason[:500]
    if receipt.outcome is Outcome.UNKNOWN:
        return {"state": State.IN_DOUBT, "error": reason, "sealed": None, "size_bytes": size_bytes}
    if receipt.outcome is Outcome.LATER and message.tries < TRIES:
        return {
            "state": State.QUEUED,
            "due_at": receipt.at + pause_after(message.tries),
            "claimed_at": None,
            "error": reason,
        }
    return {"state": State.FAILED, "settled_at": receipt.at, "error": reason, "sealed": None}
