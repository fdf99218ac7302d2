"""What a person decides about a letter that waits for one: send it, or throw it away.

`mail.domain.outbox.draft` lays it in. Before it goes it is composed once more, so that a letter that has become untrue
(an invoice paid meanwhile) is refused with its composer's own sentence instead of being sent.
"""

import datetime as dt
import functools

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit
from mail.domain import compose, outbox
from mail.domain.decisions import DecisionRefusedError
from mail.domain.fields import UnsendableError
from mail.domain.states import move
from mail.models import Message, State


def release(*, message: Message, by: AbstractBaseUser, at: dt.datetime) -> None:
    """Send a draft: it is queued and goes out like any mail.

    Raises:
        DecisionRefusedError: it is no draft (any more), or what it says is no longer true; the sentence says which.
    """
    if not Message.objects.filter(pk=message.pk, state=State.DRAFT).exists():
        raise _gone(message)
    try:
        # Outside the transaction: it may set a PDF, and nobody waits for that. It is composed anew when it goes.
        compose.prepare(message)
    except (compose.CannotComposeError, UnsendableError) as error:
        raise DecisionRefusedError(f"{error} Throw this letter away.") from error
    with transaction.atomic():
        if not move(Message.objects.filter(pk=message.pk, state=State.DRAFT), State.QUEUED, due_at=at):
            raise _gone(message)
        audit.record(action="mail:message:release", subject=message, by=by, at=at)
        transaction.on_commit(functools.partial(outbox.wake, message.pk))


def discard(*, message: Message, by: AbstractBaseUser, at: dt.datetime) -> None:
    """Throw a draft away; its row stays and says so.

    Raises:
        DecisionRefusedError: it is no draft (any more).
    """
    with transaction.atomic():
        drafts = Message.objects.filter(pk=message.pk, state=State.DRAFT)
        if not move(drafts, State.DISCARDED, settled_at=at, error=f"Thrown away by {by}."[:500]):
            raise _gone(message)
        audit.record(action="mail:message:discard", subject=message, by=by, at=at)


def _gone(message: Message) -> DecisionRefusedError:
    state = Message.objects.get(pk=message.pk).get_state_display().lower()
    return DecisionRefusedError(f"This letter is no draft any more: it is {state}. Look at it again.")
