"""Claims: a message is one sender's from the claim to the settling, and in doubt where nobody can say.

`mail.domain.delivery` sends what is claimed here; it says why it goes like this.
"""

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.expressions import RawSQL

from core import audit
from mail import transport
from mail.domain import compose, sealing, suppression
from mail.domain.fields import UnsendableError, storable
from mail.domain.states import CANCELLED, move
from mail.models import MOVES, Attempt, Campaign, CampaignState, EventKind, Message, MessageEvent, State
from mail.transport import Outcome, Receipt

logger = logging.getLogger(__name__)

TRIES = 12
FIRST_PAUSE = dt.timedelta(seconds=30)
LONGEST_PAUSE = dt.timedelta(hours=1)
# A throttled message goes again at once, but not into the same moment.
THROTTLED_PAUSE = dt.timedelta(milliseconds=700)
# Far longer than composing and sending one mail can take, by both transports: EMAIL_TIMEOUT is half a minute.
STALE_AFTER = dt.timedelta(minutes=10)
# A sender that has not handed its message over so long after the claim (its machine slept, say) does so no more: by the
# time it were done, the message might be in doubt, and decided about.
HAND_OVER_WITHIN = dt.timedelta(minutes=3)

_UNDER_WAY = (CampaignState.SENDING, CampaignState.FINISHED)
# What an event of SES about an earlier try settles.
PROVABLE = (State.IN_DOUBT, State.QUEUED, State.HELD)
# These say nothing against the message, so they cost it no try; neither does a later that no transport said.
_FREE_OF_CHARGE = (Outcome.THROTTLED, Outcome.USED_UP)


@dataclass(frozen=True, slots=True)
class Handed:
    """A claimed message that was handed over, and what came of it; no size where it could not be composed."""

    message: Message
    receipt: Receipt
    size_bytes: int | None


def pause_after(tries: int) -> dt.timedelta:
    """Return how long to wait after that many tries: 30 s, doubling, an hour at most."""
    return min(FIRST_PAUSE * 2 ** min(max(tries - 1, 0), 20), LONGEST_PAUSE)


def due(*, at: dt.datetime) -> QuerySet[Message]:
    """Return queued messages whose time has come: what somebody waits for first, then the longest waiting."""
    # Written out, because SQLite takes a partial index only where it reads the state, and else sorts the whole queue.
    queued = RawSQL(f"'{State.QUEUED.value}'", [])  # noqa: S611 - no word of anybody else's is in it  # nosec B611
    return Message.objects.filter(state=queued, due_at__lte=at).order_by("kind", "due_at", "id")


def claim_batch(
    *, limit: int, at: dt.datetime, only: int | None = None, known: dict[int, Campaign] | None = None
) -> list[Message]:
    """Take up to ``limit`` due messages for sending, commit that, and return them; ``only`` names the one to take.

    ``known`` keeps campaigns from one claim to the next, for a run; where each of them stands is read every time.

    What has been suppressed meanwhile is put aside instead, in the same transaction, behind the fence: once a
    suppression has committed, nothing it covers is claimed.
    """
    # Durable: inside somebody's transaction the claim would not be committed before the mail leaves.
    with transaction.atomic(durable=True):
        suppression.fence(exclusive=False)
        candidates = due(at=at)
        if only is not None:
            candidates = candidates.filter(pk=only)
        if connection.features.has_select_for_update_skip_locked:
            # Two that claim at once share the queue; SQLite lets one in at a time anyway.
            candidates = candidates.select_for_update(skip_locked=True, of=("self",))
        while rows := list(candidates[:limit]):
            free = _set_aside(rows, at, {} if known is None else known)
            if free:
                won = move(
                    Message.objects.filter(pk__in=[row.pk for row in free]),
                    State.SENDING,
                    claimed_at=at,
                    tries=F("tries") + 1,
                )
                if won != len(free):
                    raise AssertionError("Rows that this transaction holds were moved by another.")
                for row in free:
                    row.state, row.claimed_at, row.tries = State.SENDING, at, row.tries + 1
                return free
    return []


def claim(*, message_id: int, at: dt.datetime) -> Message | None:
    """Take one queued, due message for sending, commit that, and return it; None where it is not ours to send."""
    return next(iter(claim_batch(limit=1, at=at, only=message_id)), None)


def prepare(message: Message) -> tuple[EmailMessage, int] | str:
    """Return the mail and its size in bytes, or the sentence that says why there can be none."""
    if message.sealed is None and not compose.may_go_again(message):
        # Its sender was thought dead, the secret was forgotten, and then the transport said: later.
        return "The code this mail bore was forgotten while it was in doubt; a new one can be asked for."
    try:
        secret = compose.MADE_WHEN_SENT if message.bears_secret else None
        if message.sealed is not None:
            secret = sealing.unseal(message.sealed)
        email = compose.prepare(message, secret)
        return email, len(transport.wire_bytes(email))
    except (compose.CannotComposeError, sealing.BrokenSealError, UnsendableError) as error:
        return str(error)
    except Exception as error:  # a composer is another app's code: its fault must not leave the row in doubt
        logger.exception("The composer %s failed on mail %s.", message.composer, message.public_id)
        return (
            f"The composer {message.composer!r} failed with {type(error).__name__}; the log has the details."
        )


def settle(*, message: Message, receipt: Receipt, size_bytes: int | None) -> bool:
    """Write down what came of a claimed message; return whether the claim was still ours.

    A sender that answers late, its row in doubt already, still settles it: it knows. One whose row a person has
    sent on its way again since does not: that is another claim.
    """
    ours = Message.objects.filter(pk=message.pk, claimed_at=message.claimed_at)
    changes = _consequence(message, receipt, size_bytes)
    state = changes.pop("state")
    with transaction.atomic():
        if state == State.QUEUED and message.campaign_id is not None:
            state, changes = _as_its_campaign(message.campaign_id, receipt, changes)
        settled = bool(move(ours, state, **changes))
        if not settled and state == State.HELD:
            # In doubt meanwhile, from where it cannot be held; `campaigns.advance` holds what is queued astray.
            settled = bool(move(ours, State.QUEUED, **changes))
        if settled:
            attempted(message=message, receipt=receipt)
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


def settle_accepted(handed: Sequence[Handed]) -> None:
    """Settle many messages that were accepted, in one transaction; one by one where a claim is no longer ours."""
    if not handed:
        return
    changes = [_consequence(one.message, one.receipt, one.size_bytes) for one in handed]
    # From these states, as `move` would: only the accepted values of `_consequence` are written here, and many at once.
    before = [state.value for state in State if State.SENT in MOVES[state]]
    name, instant = connection.ops.quote_name, connection.ops.adapt_datetimefield_value
    # The only words put in are names of the table and its columns, which are called as their fields, and marks for values.
    statement = (
        f"UPDATE {name(Message._meta.db_table)} SET "  # noqa: S608
        + ", ".join(f"{name(field)} = %s" for field in changes[0])
        + f" WHERE id = %s AND claimed_at = %s AND state IN ({', '.join(['%s'] * len(before))})"
    )
    values = [
        (
            *(instant(value) if isinstance(value, dt.datetime) else value for value in change.values()),
            one.message.pk,
            instant(one.message.claimed_at),
            *before,
        )
        for change, one in zip(changes, handed, strict=True)
    ]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.executemany(statement, values)
            whole = cursor.rowcount == len(values)
        if not whole:
            transaction.set_rollback(True)
    if not whole:
        for one in handed:
            settle(message=one.message, receipt=one.receipt, size_bytes=one.size_bytes)


def attempted(*, message: Message, receipt: Receipt) -> None:
    """Keep what a transport said that was not a yes at once."""
    if receipt.transport and receipt.outcome is not Outcome.ACCEPTED:
        Attempt.objects.create(
            message=message,
            at=receipt.at,
            transport=receipt.transport,
            outcome=receipt.outcome.value,
            reason=storable(receipt.reason)[:500],
        )


def passed_on(*, message: Message, receipt: Receipt) -> bool:
    """Keep what the first transport said, and tell whether the message may still go by the other.

    It may not where it was suppressed, its campaign stopped, or the claim given up for dead (a person may have sent it again)
    since it was claimed; then nothing is kept here.
    """
    with transaction.atomic():
        suppression.fence(exclusive=False)
        stopped = message.campaign_id is not None and not (
            Campaign.objects.filter(pk=message.campaign_id, state__in=_UNDER_WAY).exists()
        )
        ours = Message.objects.filter(pk=message.pk, state=State.SENDING, claimed_at=message.claimed_at)
        if stopped or not ours.exists() or suppression.holding_for([message]):
            return False
        attempted(message=message, receipt=receipt)
    return True


def doubt_stale(*, at: dt.datetime) -> int:
    """Put into doubt every message whose sender has been silent too long; return how many.

    Before that, whatever an event of SES proves to have been taken is settled as sent, long in doubt or just silent.
    """
    for message in Message.objects.filter(state=State.IN_DOUBT, events__isnull=False).distinct():
        _settle_proven(message, at)
    silent = Message.objects.filter(state=State.SENDING, claimed_at__lte=at - STALE_AFTER)
    doubted = 0
    for message in silent.order_by("claimed_at", "id"):
        if _settle_proven(message, at):
            continue
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


def proven(*, message: Message, provider_message_id: str, at: dt.datetime) -> bool:
    """Settle a message in doubt as sent, because an event of SES says that it took it; tell whether this settled it.

    One that a person has since queued again is settled too, before it goes a second time. For the transaction in which
    the event is written.
    """
    unsettled = Message.objects.filter(pk=message.pk, state__in=PROVABLE)
    return _proven(unsettled, message, provider_message_id, at)


def _settle_proven(message: Message, at: dt.datetime) -> bool:
    event = (
        MessageEvent.objects.filter(message=message)
        .exclude(kind=EventKind.REJECT)
        .order_by("at", "id")
        .first()
    )
    if event is None:
        return False
    same = Message.objects.filter(pk=message.pk, state=message.state, claimed_at=message.claimed_at)
    return _proven(same, message, event.provider_message_id, at)


def _proven(rows: QuerySet[Message], message: Message, provider_message_id: str, at: dt.datetime) -> bool:
    with transaction.atomic():
        lost = Attempt.objects.filter(message=message, outcome=Outcome.UNKNOWN.value).order_by("-id").first()
        won = move(
            rows,
            State.SENT,
            settled_at=at,
            transport=lost.transport if lost is not None else "ses",
            provider_message_id=provider_message_id,
            bcc_address=compose.blind_copy(message),
            sealed=None,
            error="",
        )
        if won:
            audit.record(action="mail:message:proven", subject=message, at=at, data={"was": message.error})
    return bool(won)


def _set_aside(rows: list[Message], at: dt.datetime, known: dict[int, Campaign]) -> list[Message]:
    """Return those of some queued rows that may go; the others are suppressed, held or failed here and now."""
    keys = {row.campaign_id for row in rows if row.campaign_id is not None}
    if seen := keys & known.keys():
        for key, state in Campaign.objects.filter(pk__in=seen).values_list("pk", "state"):
            known[key].state = state
    if new := keys - seen:
        known |= Campaign.objects.select_related("mailing_list").in_bulk(new)
    for row in rows:
        if row.campaign_id is not None:
            row.campaign = known[row.campaign_id]
    stopped = suppression.holding_for(rows)
    free = []
    for row in rows:
        campaign = row.campaign
        if row.pk in stopped:
            _put(row, State.SUPPRESSED, settled_at=at, error=suppression.sentence(stopped[row.pk]))
        elif campaign is None or campaign.state in _UNDER_WAY:
            free.append(row)
        elif campaign.state == CampaignState.CANCELLED:
            _put(row, State.FAILED, settled_at=at, error=CANCELLED)
        else:
            _put(row, State.HELD)
    return free


def _put(row: Message, state: State, **changes: Any) -> None:
    move(Message.objects.filter(pk=row.pk), state, **changes)


def _as_its_campaign(
    campaign_id: int, receipt: Receipt, changes: dict[str, Any]
) -> tuple[State, dict[str, Any]]:
    """Return where a message that was to be queued again goes, its campaign's pausing or end being waited for."""
    state = (
        Campaign.objects.select_for_update(no_key=True)
        .filter(pk=campaign_id)
        .values_list("state", flat=True)
        .get()
    )
    if state == CampaignState.CANCELLED:
        return State.FAILED, {"settled_at": receipt.at, "error": CANCELLED}
    return (State.QUEUED if state in _UNDER_WAY else State.HELD), changes


def _consequence(message: Message, receipt: Receipt, size_bytes: int | None) -> dict[str, Any]:
    """Return the new values of a row, state included, that a receipt leads to."""
    if receipt.outcome is Outcome.ACCEPTED:
        return {
            "state": State.SENT.value,
            "settled_at": receipt.at,
            "transport": receipt.transport,
            "provider_message_id": storable(receipt.provider_message_id)[:120],
            "bcc_address": compose.blind_copy(message),
            "eml_name": receipt.eml_name,
            "size_bytes": size_bytes,
            "sealed": None,
            "error": "",
        }
    reason = storable(receipt.reason)[:500]
    if receipt.outcome is Outcome.UNKNOWN:
        return {"state": State.IN_DOUBT, "error": reason, "sealed": None, "size_bytes": size_bytes}
    nobody_asked = receipt.outcome is Outcome.LATER and not receipt.transport
    if receipt.outcome in _FREE_OF_CHARGE or nobody_asked:
        pause = THROTTLED_PAUSE if receipt.outcome is Outcome.THROTTLED else dt.timedelta()
        return {
            "state": State.QUEUED,
            "due_at": receipt.at + pause,
            "claimed_at": None,
            "tries": max(message.tries - 1, 0),
            "error": reason,
        }
    if receipt.outcome is Outcome.LATER and message.tries < TRIES:
        return {
            "state": State.QUEUED,
            "due_at": receipt.at + pause_after(message.tries),
            "claimed_at": None,
            "error": reason,
        }
    return {"state": State.FAILED, "settled_at": receipt.at, "error": reason, "sealed": None}
