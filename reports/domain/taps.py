"""Taps: links in an agenda mail that do one thing to one action for one person, without sign-in.

A link's secret is 256 random bits, made when the mail is sent; its SHA-256 is all that is kept. A mail that is sent again
gets fresh links, and those it bore before end. Looking at a link spends nothing, however often and by whom: scanners of
mail open every address. `answer` spends it in one conditional UPDATE that asks for everything that must still hold, so
that of many who press at once exactly one acts.
"""

import datetime as dt
import enum
import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from core import audit
from crew.models import Person
from mail.models import Message
from reports.domain import actions, owners, queries
from reports.models import Action, ActionLink, ActionState, LinkVerb

LIFE = dt.timedelta(days=14)
LATER = dt.timedelta(days=7)
# Whoever holds an old mail may ask about it for a while, and is told why its links do nothing.
KEPT = dt.timedelta(days=30)
# So that no sweep holds anybody up.
MOST_AT_ONCE = 1_000
# 32 bytes in base64 without its padding; around it what a sentence or a mail program puts there.
_AROUND = r"[\s.,;:!?\"'<>()\[\]{}]*"
_TOKEN = re.compile(rf"{_AROUND}(?P<token>[\w-]{{43}}){_AROUND}", re.ASCII)
_LONGEST = 200


class Standing(enum.Enum):
    """How a link stands; only an open one can be answered."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    SETTLED = "settled"
    NOT_YOURS = "not yours"


class TapRefusedError(ValueError):
    """The link did nothing; ``tap`` says how it stands, the message why in a sentence."""

    def __init__(self, message: str, tap: "Tap") -> None:
        """Keep how it stands for the page."""
        super().__init__(message)
        self.tap = tap


@dataclass(frozen=True, slots=True)
class Tap:
    """A link as its holder sees it: the action with its finding, what pressing does, and to which day it would move it."""

    link: ActionLink
    action: Action
    standing: Standing
    later: dt.date


def issue(
    *, rows: Iterable[Action], person: Person, message: Message, at: dt.datetime
) -> dict[tuple[int, LinkVerb], str]:
    """Make the links of a mail, one for each action and verb, and return their secrets in clear, this once.

    Those that an earlier try of the same mail bore end.
    """
    made = {(action.pk, verb): secrets.token_urlsafe(32) for action in rows for verb in LinkVerb}
    with transaction.atomic():
        ActionLink.objects.filter(message=message, used_at__isnull=True, expires_at__gt=at).update(
            expires_at=at
        )
        ActionLink.objects.bulk_create(
            ActionLink(
                action_id=action,
                person=person,
                message=message,
                verb=verb,
                token_hash=_hash(token),
                issued_at=at,
                expires_at=at + LIFE,
            )
            for (action, verb), token in made.items()
        )
    return made


def forget_old(*, at: dt.datetime) -> int:
    """Delete links that ran out long ago, at most so many at once; return how many.

    What was done by one stays in the trail of its action: by whom, when, and which mail bore it.
    """
    ended = ActionLink.objects.filter(expires_at__lt=at - KEPT)
    rows = list(ended.order_by().values_list("pk", flat=True)[:MOST_AT_ONCE])
    return ActionLink.objects.filter(pk__in=rows).delete()[0] if rows else 0


def look(*, text: str, at: dt.datetime) -> Tap | None:
    """Return what the link in a part of an address is about; None where nobody was ever given it. Writes nothing."""
    found = _TOKEN.fullmatch(text) if len(text) <= _LONGEST else None
    link = None if found is None else _links().filter(token_hash=_hash(found["token"])).first()
    return None if link is None else _tap(link, at)


def answer(*, text: str, at: dt.datetime) -> Tap | None:
    """Do what a link is for: mark its action done, or move it a week on; return it done, None where it is unknown.

    Raises:
        TapRefusedError: it was used, has run out, is not that person's any more, or the action is settled.
    """
    tap = look(text=text, at=at)
    if tap is None:
        return None
    if tap.standing is not Standing.OPEN:
        raise _refused(tap)
    link = tap.link
    try:
        with transaction.atomic():
            _spend(link, at)
            _do(tap, at)
    except actions.ActionRefusedError as error:
        now = _tap(_links().get(pk=link.pk), at)
        if now.standing is Standing.OPEN:
            raise TapRefusedError(str(error), now) from error
        raise _refused(now) from error
    return tap


def _spend(link: ActionLink, at: dt.datetime) -> None:
    open_still = Action.objects.filter(
        pk=OuterRef("action_id"), state=ActionState.OPEN, assignee=OuterRef("person_id")
    )
    used = ActionLink.objects.filter(
        Exists(open_still),
        Exists(Person.objects.filter(pk=OuterRef("person_id"), is_active=True)),
        pk=link.pk,
        used_at__isnull=True,
        expires_at__gt=at,
    ).update(used_at=at)
    if not used:
        raise actions.ActionRefusedError("It changed at this moment; look at it again.")


def _do(tap: Tap, at: dt.datetime) -> None:
    action, person = tap.action, tap.link.person
    if tap.link.verb == LinkVerb.DONE:
        actions.settle(action=action, state=ActionState.DONE, by=person, at=at)
    else:
        actions.move_due(action=action, due_on=tap.later, today=queries.standing_on(at=at), by=person, at=at)
    audit.record(
        action="reports:action:tap",
        subject=action,
        at=at,
        by=person,
        data={"verb": str(tap.link.verb), "mail": str(tap.link.message.public_id)},
    )


def _links() -> QuerySet[ActionLink]:
    return ActionLink.objects.select_related("person", "message", "action__finding", "action__settled_by")


def _tap(link: ActionLink, at: dt.datetime) -> Tap:
    action = link.action
    later = max(action.due_on, queries.standing_on(at=at)) + LATER
    return Tap(link, action, _standing(link, action, at), later)


def _standing(link: ActionLink, action: Action, at: dt.datetime) -> Standing:
    # First of all: who may not read it any more is not told what became of it either.
    if not owners.may_read(link.person, subject=actions.subject_of(action)):
        return Standing.NOT_YOURS
    if link.used_at is not None:
        return Standing.USED
    if action.state != ActionState.OPEN:
        return Standing.SETTLED
    if action.assignee_id != link.person_id:
        return Standing.NOT_YOURS
    return Standing.EXPIRED if link.expires_at <= at else Standing.OPEN


def _refused(tap: Tap) -> TapRefusedError:
    return TapRefusedError(
        {
            Standing.USED: "This link was used before, and works once.",
            Standing.EXPIRED: "This link has run out.",
            Standing.SETTLED: "Somebody settled it in the meantime.",
            Standing.NOT_YOURS: "It is somebody else’s by now.",
        }[tap.standing],
        tap,
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("ascii")).hexdigest()
