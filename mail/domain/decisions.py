"""What a person decides about a message: try a failed or suppressed one again, or say what became of one in doubt.

Each decision is one conditional UPDATE and one audit row that names the person, in the same transaction.
"""

import datetime as dt
import enum
import functools
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from core import audit
from mail.domain import campaigns, compose, outbox, suppression
from mail.domain.states import move
from mail.models import CampaignState, EventKind, Message, MessageEvent, State


class DecisionRefusedError(Exception):
    """The message is not in a state in which this can be decided; the message is a sentence."""


class Verdict(enum.Enum):
    """What a person has found out about a message in doubt."""

    ARRIVED = "arrived"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of deciding about many: those it was done to, and those refused, each with its sentence."""

    done: tuple[Message, ...]
    refused: tuple[tuple[Message, str], ...]


def decide_many(
    *, messages: Iterable[Message], verdict: Verdict, by: AbstractBaseUser, at: dt.datetime
) -> Decided:
    """Decide about many messages in doubt, each in a transaction of its own, so that one refusal undoes no other."""
    decide = {Verdict.ARRIVED: confirm_arrival, Verdict.AGAIN: send_again}[verdict]
    done, refused = [], []
    for message in messages:
        try:
            decide(message=message, by=by, at=at)
        except DecisionRefusedError as error:
            refused.append((message, str(error)))
        else:
            done.append(message)
    return Decided(tuple(done), tuple(refused))


def retry(*, message: Message, by: AbstractBaseUser, at: dt.datetime) -> None:
    """Queue a failed message again, with all its tries; or a suppressed one that nothing holds back any more.

    Raises:
        DecisionRefusedError: it has not failed (any more), the secret it bore is gone, its address is suppressed still,
            or its campaign was cancelled.
    """
    was = State.SUPPRESSED if message.state == State.SUPPRESSED else State.FAILED
    if was == State.SUPPRESSED and (held := suppression.holding_for([message]).get(message.pk)) is not None:
        raise DecisionRefusedError(
            f"{suppression.sentence(held)} Lift the suppression first, if you know that this reader wants the mail."
        )
    _queue_again(message=message, was=was, action="mail:message:retry", by=by, at=at)


def send_again(*, message: Message, by: AbstractBaseUser, at: dt.datetime) -> None:
    """Queue a message in doubt again, because a person has found that it did not arrive.

    Raises:
        DecisionRefusedError: it is not in doubt (any more), SES has told of it, or the secret it bore is gone.
    """
    # Told while its sender still waited for the answer; the next sweep settles it (`mail.domain.claims.doubt_stale`).
    if MessageEvent.objects.filter(message=message).exclude(kind=EventKind.REJECT).exists():
        raise DecisionRefusedError(
            "SES has told that it took this mail, so it is not sent again; it is settled by itself."
        )
    _queue_again(message=message, was=State.IN_DOUBT, action="mail:message:again", by=by, at=at)


def confirm_arrival(*, message: Message, by: AbstractBaseUser, at: dt.datetime) -> None:
    """Settle a message in doubt as sent, because a person has found that it arrived.

    Raises:
        DecisionRefusedError: it is not in doubt (any more).
    """
    with transaction.atomic():
        doubtful = Message.objects.filter(pk=message.pk, state=State.IN_DOUBT)
        if not move(doubtful, State.SENT, settled_at=at, transport="person", error=""):
            raise _changed(message, State.IN_DOUBT)
        audit.record(
            action="mail:message:arrived", subject=message, by=by, at=at, data={"was": message.error}
        )


def _queue_again(*, message: Message, was: State, action: str, by: AbstractBaseUser, at: dt.datetime) -> None:
    if not compose.may_go_again(message):
        raise DecisionRefusedError(
            "This mail bore a code that is no longer kept, so it cannot be sent again. "
            "Let the person ask for a new one."
        )
    if message.campaign is not None and message.campaign.state == CampaignState.CANCELLED:
        raise DecisionRefusedError("Its campaign was cancelled, so this mail is not sent any more.")
    with transaction.atomic():
        if message.campaign is not None:
            # Its rule, pausing and cancelling hold for what goes again, too.
            campaigns.reopen(campaign=message.campaign, by=by, at=at)
        held = Message.objects.filter(pk=message.pk, state=was)
        if not move(held, State.QUEUED, due_at=at, tries=0, claimed_at=None, settled_at=None, error=""):
            raise _changed(message, was)
        audit.record(
            action=action, subject=message, by=by, at=at, data={"was": message.error, "tries": message.tries}
        )
        transaction.on_commit(functools.partial(outbox.wake, message.pk))


def _changed(message: Message, expected: State) -> DecisionRefusedError:
    return DecisionRefusedError(
        f"This mail is no longer {expected.label.lower()}: somebody, or the mail system, was quicker. "
        "Look at it again before you decide."
    )
