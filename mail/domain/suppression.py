"""Suppression: who gets no more mail of some kind, from which instant on, and why.

Three scopes. ``all`` is a dead address: it stops everything but what is essential. ``commercial`` and ``list`` stop
campaigns alone, so an opt-out never costs anybody a report or a notice. What is essential (a code, a link, a safety
notice) is never stopped.

Nothing starts after a suppression has committed: `add` and the claims of `mail.domain.delivery` meet at a `fence`.
A claim holds it shared while it looks here and claims; `add` holds it alone. So a claim either committed before `add`
began, or it sees the row.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from core import audit, clock
from mail.domain import fields, states
from mail.models import Campaign, Kind, MailingList, Message, Reason, Scope, State, Suppression

# What audited actions are called.
ACTIONS = MappingProxyType({
    "mail:suppression:add": "Address suppressed",
    "mail:suppression:lift": "Suppression lifted",
})  # fmt: skip

# What a scope stops, the widest scope first: where several hold, the widest is named.
STOPS: Mapping[str, frozenset[int]] = MappingProxyType({
    Scope.ALL: frozenset({Kind.SERVICE, Kind.COMMERCIAL}),
    Scope.COMMERCIAL: frozenset({Kind.COMMERCIAL}),
    Scope.LIST: frozenset({Kind.COMMERCIAL}),
})  # fmt: skip
_WIDTH = {scope: width for width, scope in enumerate(STOPS)}

LONGEST_WHY = 500
# These two are the person's own word; whoever overrules it says why in a sentence, not in a word.
OWN_WORD = frozenset({Reason.COMPLAINT, Reason.UNSUBSCRIBED})
_WORDS_OF_A_SENTENCE = 4

_WHY = MappingProxyType({
    Reason.HARD_BOUNCE: "mail to this address bounced for good",
    Reason.SOFT_BOUNCES: "mail to this address bounced again and again",
    Reason.COMPLAINT: "this reader reported our mail as spam",
    Reason.UNSUBSCRIBED: "this reader unsubscribed",
    Reason.BY_HAND: "one of us set it by hand",
})  # fmt: skip

# Any number, the same in every process. It is the fence's own: nothing else takes this advisory lock.
_FENCE = 7_215_604_118


class SuppressionRefusedError(ValueError):
    """A suppression that cannot be set or lifted so; the message is a sentence."""


class AlreadyLiftedError(SuppressionRefusedError):
    """Somebody was quicker."""


def key(address: str) -> str:
    """Return the one spelling under which an address is suppressed: bare, domain in ASCII, lower case.

    Raises:
        UnsendableError: this is not one mail address.
    """
    return fields.address(address, what="address").lower()


def fence(*, exclusive: bool) -> None:
    """Hold the fence until the present transaction ends: shared to claim, alone to suppress.

    Take it before any row: whoever waits for it with a message's row in hand would wait for a claim that waits for
    that row. SQLite needs none, because its transactions that write run one after another.

    Raises:
        TransactionManagementError: there is no transaction to hold it.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "The fence of suppression is held by a transaction only."
        )
    if connection.vendor == "postgresql":
        lock = "pg_advisory_xact_lock" if exclusive else "pg_advisory_xact_lock_shared"
        with connection.cursor() as cursor:
            # The only word put in is the name of one of two functions.
            cursor.execute(f"SELECT {lock}(%s)", [_FENCE])


def holding(*, keys: Collection[str], kind: int, list_id: int | None = None) -> dict[str, Suppression]:
    """Return what stops mail of a kind to each of these address keys, by key; an address not in it may be mailed.

    ``list_id`` is the mailing list a campaign goes to. One query; none for essential mail.
    """
    if kind == Kind.ESSENTIAL or not keys:
        return {}
    found: dict[str, Suppression] = {}
    for row in _live(keys, lists=kind == Kind.COMMERCIAL and list_id is not None):
        if _stops(row, kind, list_id):
            found[row.address_key] = _widest(found.get(row.address_key), row)
    return found


def holding_for(messages: Iterable[Message]) -> dict[int, Suppression]:
    """Return what stops each of these messages, by its primary key; a message not in it may go.

    Campaigns' rows must come with their campaign (``select_related("campaign")``). One query, two where anything is
    stopped: who claims a thousand messages asks for each few of them, and mostly there is nothing.
    """
    asked = [message for message in messages if message.kind != Kind.ESSENTIAL]
    if not asked:
        return {}
    by_key: dict[str, list[Suppression]] = {}
    lists = any(message.campaign_id is not None for message in asked)
    keys = {message.address_key for message in asked}
    if not _is_any_live(keys):
        return {}
    for row in _live(keys, lists=lists):
        by_key.setdefault(row.address_key, []).append(row)
    found: dict[int, Suppression] = {}
    for message in asked if by_key else ():
        list_id = message.campaign.mailing_list_id if message.campaign is not None else None
        for row in by_key.get(message.address_key, ()):
            if _stops(row, message.kind, list_id):
                found[message.pk] = _widest(found.get(message.pk), row)
    return found


def live(address_key: str) -> list[Suppression]:
    """Return all that is suppressed for an address now, with its lists, the widest scope first. One query."""
    return sorted(_live([address_key], lists=True), key=lambda row: _WIDTH[Scope(row.scope)])


def add(
    *,
    address: str,
    scope: Scope,
    reason: Reason,
    detail: str = "",
    mailing_list: MailingList | None = None,
    message: Message | None = None,
    by: AbstractBaseUser | None = None,
    at: dt.datetime,
) -> Suppression | None:
    """Suppress an address and take the mail it stops out of the queue; return the row, None where there was one already.

    Once this has committed, no covered message starts any more. In a transaction of the caller's, call it (or `fence`)
    before touching messages. ``message`` is the mail that led to it; ``by`` is None where the reader or SES said so.

    Raises:
        UnsendableError: this is not one mail address.
        SuppressionRefusedError: the scope needs a list and none is named, or the other way round.
    """
    if (scope == Scope.LIST) != (mailing_list is not None):
        raise SuppressionRefusedError(
            "Name the list whose campaigns are to stop."
            if scope == Scope.LIST
            else "Only the scope “Campaigns of one list” takes a list; leave it empty."
        )
    row = Suppression(
        address_key=key(address),
        scope=scope,
        mailing_list=mailing_list,
        reason=reason,
        detail=fields.storable(detail)[:500],
        message=message,
        created_at=at,
    )
    with transaction.atomic():
        fence(exclusive=True)
        try:
            # A savepoint, so that on PostgreSQL a row already there does not spoil the transaction.
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            if not _same(row).exists():
                raise
            return None
        stopped = states.move(_waiting(row), State.SUPPRESSED, settled_at=at, error=sentence(row))
        audit.record(
            action="mail:suppression:add",
            subject=row,
            by=by,
            at=at,
            data={"scope": row.scope, "reason": row.reason, "detail": row.detail, "messages": stopped}
            | ({"list": mailing_list.slug} if mailing_list is not None else {}),
        )
    return row


def lift(*, suppression: Suppression, why: str, by: AbstractBaseUser | None, at: dt.datetime) -> None:
    """End a suppression. What it has stopped stays stopped; a person may queue it again.

    ``by`` is None where the reader did it on their own page.

    Raises:
        SuppressionRefusedError: no reason is given, or not a sentence where the reader's own word is overruled.
        AlreadyLiftedError: somebody has lifted it already.
    """
    why = " ".join(fields.storable(why).split())
    if not why:
        raise SuppressionRefusedError("Say why this address may be mailed again; the reason is kept.")
    if len(why) > LONGEST_WHY:
        raise SuppressionRefusedError(
            f"The reason has {len(why)} characters; at most {LONGEST_WHY} fit. Shorten it."
        )
    if by is not None and suppression.reason in OWN_WORD and len(why.split()) < _WORDS_OF_A_SENTENCE:
        raise SuppressionRefusedError(
            f"It stands because {_WHY[Reason(suppression.reason)]}. Say in a whole sentence why they are to be mailed "
            "again, for instance when and how they asked for it."
        )
    with transaction.atomic():
        live = Suppression.objects.filter(pk=suppression.pk, lifted_at__isnull=True)
        if not live.update(lifted_at=at, lifted_why=why):
            raise AlreadyLiftedError("This suppression was lifted already; look at the list again.")
        audit.record(
            action="mail:suppression:lift",
            subject=suppression,
            by=by,
            at=at,
            data={"scope": suppression.scope, "reason": suppression.reason, "why": why},
        )


def sentence(suppression: Suppression) -> str:
    """Return, for the message's row and for people, what stopped a mail and why."""
    stopped = {
        Scope.ALL: "This address gets no mail but codes and links",
        Scope.COMMERCIAL: "This address gets no campaigns",
        Scope.LIST: f"This address gets no campaigns of the list “{suppression.mailing_list}”",
    }[Scope(suppression.scope)]
    since = suppression.created_at.astimezone(clock.zone())
    return f"{stopped}, because {_WHY[Reason(suppression.reason)]} ({since:%-d %B %Y})."


def _live(keys: Collection[str], *, lists: bool) -> Iterable[Suppression]:
    # With their lists, which `sentence` names.
    rows = Suppression.objects.filter(address_key__in=keys, lifted_at__isnull=True).select_related(
        "mailing_list"
    )
    # Named by scope as well: the index has it.
    wide = rows.filter(mailing_list__isnull=True, scope__in=[Scope.ALL, Scope.COMMERCIAL])
    if not lists:
        return wide.order_by()
    # A union rather than an OR: each half is answered by its own partial index.
    return wide.order_by().union(rows.filter(mailing_list__isnull=False).order_by(), all=True)


def _is_any_live(keys: Collection[str]) -> bool:
    """Tell whether `_live` may find anything. Written out: Django takes longer to write it than a database to answer."""
    marks = ", ".join(["%s"] * len(keys))
    one = f"SELECT 1 FROM mail_suppression WHERE address_key IN ({marks}) AND lifted_at IS NULL AND mailing_list_id"  # noqa: S608
    with connection.cursor() as cursor:
        # Two halves as in `_live`, each with an index of its own. The only words put in are marks for values.
        cursor.execute(f"{one} IS NULL UNION ALL {one} IS NOT NULL LIMIT 1", [*keys, *keys])
        return cursor.fetchone() is not None


def _stops(row: Suppression, kind: int, list_id: int | None) -> bool:
    return kind in STOPS[row.scope] and (row.scope != Scope.LIST or row.mailing_list_id == list_id)


def _widest(one: Suppression | None, other: Suppression) -> Suppression:
    return other if one is None else min(one, other, key=lambda row: _WIDTH[Scope(row.scope)])


def _same(row: Suppression) -> QuerySet[Suppression]:
    live = Suppression.objects.filter(address_key=row.address_key, lifted_at__isnull=True)
    if row.mailing_list_id is None:
        return live.filter(mailing_list__isnull=True, scope=row.scope)
    return live.filter(mailing_list_id=row.mailing_list_id)


def _waiting(row: Suppression) -> QuerySet[Message]:
    waiting = Message.objects.filter(address_key=row.address_key, kind__in=STOPS[row.scope])
    if row.scope == Scope.LIST:
        of_list = Campaign.objects.filter(mailing_list_id=row.mailing_list_id)
        waiting = waiting.filter(campaign__in=of_list.values("pk"))
    return waiting
