"""Events of Stripe: each is kept once, as a record and as a wake-up, and then what it is about is fetched.

An event's own words move nothing: they may come late, twice or in any order. What they are about is fetched as it stands
now, and lands as movements of the balance, each once. Fetching holds no transaction; landing and the event's new state are
one. A process that dies leaves the event due again when its claim has passed, and the sweep takes it up.
"""

import datetime as dt
import hashlib
import json
import logging
from types import MappingProxyType
from typing import Any

from celery import current_app
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from kombu.exceptions import KombuError

from core import audit, clock, months
from portfolio.domain import landing as files
from portfolio.domain import ledger, periods
from portfolio.domain.stripe import api, landing, payouts
from portfolio.formats import stripe_json
from portfolio.formats.errors import FormatError
from portfolio.formats.stripe import IDENTIFIER, BalanceTransaction
from portfolio.models import (
    Entity,
    StripeEvent,
    StripeEventState,
)

logger = logging.getLogger(__name__)

MOVES = MappingProxyType(
    {
        StripeEventState.RECEIVED: frozenset({StripeEventState.DONE, StripeEventState.FAILED}),
        StripeEventState.FAILED: frozenset({StripeEventState.DONE, StripeEventState.FAILED}),
        StripeEventState.DONE: frozenset(),
        StripeEventState.IGNORED: frozenset(),
    }
)
OPEN = tuple(state for state, after in MOVES.items() if after)

# So long one process may take over an event before another may; the API's patience and landing fit in.
CLAIM = dt.timedelta(minutes=3)
FIRST_WAIT, LONGEST_WAIT = dt.timedelta(seconds=30), dt.timedelta(hours=6)
_ONE_ATTEMPT = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}


class EventError(Exception):
    """An event that cannot be taken or tried again; the message is a sentence."""


class MalformedEventError(EventError):
    """The body is no event of Stripe."""


class DifferentEventError(EventError):
    """The id was taken before, with another body or for another entity."""


class ClosedDateError(EventError):
    """The date a person chose is not open."""


class EventStateError(EventError):
    """The event is not waiting to be tried again."""


def take(*, entity: Entity, body: str, at: dt.datetime) -> StripeEvent:
    """Keep an event whose signature was verified, and wake a worker for it; a repeat returns the first.

    Raises:
        MalformedEventError: the body is no event.
        DifferentEventError: its id was taken before with another body, or for another entity.
    """
    told = _read(body)
    kind = _kind(told["type"], told["object_id"])
    state = StripeEventState.RECEIVED if kind and not told["connected"] else StripeEventState.IGNORED
    try:
        with transaction.atomic():
            event = StripeEvent.objects.create(
                entity=entity, event_id=told["id"], type=told["type"][:60], object_id=told["object_id"],
                livemode=told["livemode"], body_hash=told["hash"], created_at=told["created"], received_at=at, state=state,
                next_try_at=at if state == StripeEventState.RECEIVED else None,
                done_at=None if state == StripeEventState.RECEIVED else at,
            )  # fmt: skip
            if state == StripeEventState.RECEIVED:
                transaction.on_commit(lambda: wake(event.pk))
    except IntegrityError:
        first = StripeEvent.objects.get(event_id=told["id"])
        if first.entity_id != entity.pk or first.body_hash != told["hash"]:
            logger.warning(
                "Stripe event %s came again with another body, or for %s.", told["id"], entity.slug
            )
            raise DifferentEventError(
                f"{told['id']} was taken before and said something else; it is refused."
            ) from None
        return first
    return event


def due(*, at: dt.datetime) -> QuerySet[StripeEvent]:
    """Return events whose next try has come, oldest first."""
    return StripeEvent.objects.filter(state__in=OPEN, next_try_at__lte=at).order_by("next_try_at", "pk")


def process(*, pk: int, at: dt.datetime) -> StripeEventState | None:
    """Fetch what an event is about and land it, if it is due; return what it became, None where it was not due."""
    if not due(at=at).filter(pk=pk).update(tries=F("tries") + 1, next_try_at=at + CLAIM):
        return None
    event = StripeEvent.objects.select_related("entity").get(pk=pk)
    try:
        refused = _carry_out(event, at)
    except (api.StripeError, FormatError, ledger.LedgerError) as error:
        refused = _sentence(error)
    except Exception:
        logger.exception("Stripe event %s could not be carried out.", event.event_id)
        _fail(event, "Something unexpected happened; the log has it, and it is tried again.", at)
        raise
    if not refused:
        return StripeEventState.DONE
    _fail(event, refused, at)
    return StripeEventState.FAILED


def try_again(
    *, event: StripeEvent, by: AbstractBaseUser | None, at: dt.datetime, post_on: dt.date | None = None
) -> None:
    """Make a failed event due at once, and wake a worker for it.

    ``post_on`` is an open date on which what belongs in a closed month is posted instead.

    Raises:
        EventStateError: it is not failed (any more).
        ClosedDateError: the month of that date is closed, or the date lies ahead.
    """
    entity = event.entity
    with transaction.atomic():
        if post_on is not None:
            _refuse_closed(entity, post_on, at)
        waiting = StripeEvent.objects.filter(pk=event.pk, state=StripeEventState.FAILED)
        if not waiting.update(next_try_at=at, post_on=post_on or F("post_on")):
            raise EventStateError(f"{event.event_id} is not waiting to be tried again; look at it anew.")
        audit.record(
            action="portfolio:stripe:try_again", subject=event, by=by, at=at, entity=entity.slug,
            data={"event": event.event_id} | ({"post_on": post_on.isoformat()} if post_on else {}),
        )  # fmt: skip
        transaction.on_commit(lambda: wake(event.pk))


def _refuse_closed(entity: Entity, day: dt.date, at: dt.datetime) -> None:
    month = months.month_of(day)
    if not months.is_near(day) or day > clock.today(entity.zone, at=at):
        raise ClosedDateError(f"{months.spelled(day)} lies ahead or far away; name a date up to today.")
    closed = periods.closed_months(entity=entity)
    if month in closed:
        names = periods.named(closed=closed, asked=[month])
        raise ClosedDateError(f"The books of {entity.name} are closed for {names} too; name an open date.")


def wake(pk: int) -> None:
    """Tell a worker that an event came. Losing this loses seconds: the sweep finds the row."""
    try:
        current_app.send_task(
            "portfolio.tasks.fetch_stripe_event", args=[pk], ignore_result=True, retry=True, retry_policy=_ONE_ATTEMPT
        )  # fmt: skip
    except (KombuError, OSError) as error:
        logger.warning(
            "The broker did not take the wake-up for Stripe event %s (%s); the sweep will.", pk, error
        )


def _carry_out(event: StripeEvent, at: dt.datetime) -> str:
    """Fetch and land; return why something stayed out, or nothing."""
    entity = event.entity
    mode = api.livemode(entity)
    if mode is not None and mode != event.livemode:
        told, kept = ("live", "test") if event.livemode else ("test", "live")
        return f"The event is of {told} mode and the key of {entity.name} is for {kept} mode; check both settings."
    client = api.Api(entity)
    payout: dict[str, Any] | None = None
    rows: list[BalanceTransaction]
    kind = _kind(event.type, event.object_id)
    if kind == "payout":
        payout, rows = client.of_payout(event.object_id, landing.Known(entity))
    elif kind == "balance":
        rows = list(client.between(event.created_at - api.LOOK_BACK, None, landing.Known(entity)))
    else:
        fetch = {"charge": client.of_charge, "refund": client.of_refund, "dispute": client.of_dispute, "intent": client.of_intent}  # fmt: skip
        rows = fetch[kind](event.object_id)
    with transaction.atomic():
        files.lock(entity)
        name = f"{api.NAME} {event.event_id}"
        landed = landing.land(entity=entity, rows=rows, name=name, at=at, instead_on=event.post_on)
        if payout is not None:
            payouts.told(entity=entity, payout=payout, at=at)
        if not landed.refused:
            StripeEvent.objects.filter(pk=event.pk, state__in=OPEN).update(
                state=StripeEventState.DONE, done_at=at, next_try_at=None, error=""
            )
        return landed.refused


def _fail(event: StripeEvent, sentence: str, at: dt.datetime) -> None:
    wait = min(FIRST_WAIT * 2 ** min(event.tries - 1, 12), LONGEST_WAIT)
    StripeEvent.objects.filter(pk=event.pk, state__in=OPEN).update(
        state=StripeEventState.FAILED, error=sentence[:250], next_try_at=at + wait
    )


def _sentence(error: Exception) -> str:
    """Return why it failed, without the name of a file where there is none."""
    if isinstance(error, FormatError):
        return f"{error.reason[:1].upper()}{error.reason[1:]}; {error.fix}."
    return str(error)


def _kind(event_type: str, object_id: str) -> str:
    """Return what is to be fetched for an event, or nothing where it moves no money."""
    if event_type == "balance.available":
        return "balance"
    if event_type == "payment_intent.succeeded":
        return "intent" if object_id else ""
    if not object_id or not event_type.startswith(("charge.", "refund.", "payout.")):
        return ""
    if event_type.startswith("charge.dispute."):
        return "dispute"
    if object_id.startswith(("re_", "pyr_")):
        return "refund"
    return event_type.partition(".")[0]


def _read(body: str) -> dict[str, Any]:
    """Read an event strictly: what each value is, or a refusal."""
    try:
        event = stripe_json.loads(body)
    except ValueError as error:
        raise MalformedEventError("The body is no JSON.") from error
    event = event if isinstance(event, dict) else {}
    data = event.get("data")
    thing = data.get("object") if isinstance(data, dict) else None
    created, livemode = event.get("created"), event.get("livemode")
    if (
        event.get("object") != "event"
        or not _is_id(event.get("id"))
        or not isinstance(event.get("type"), str)
        or not event["type"].isprintable()
        or type(created) is not int
        or not 0 <= created < 4_102_444_800
        or not isinstance(livemode, bool)
        or not isinstance(thing, dict)
        or not (thing.get("id") is None or _is_id(thing["id"]))
    ):
        raise MalformedEventError("The body is no event of Stripe.")
    # How often it was delivered, and to whom, is no part of what it says.
    said = {key: value for key, value in event.items() if key not in ("pending_webhooks", "request")}
    try:
        written = json.dumps(said, sort_keys=True)
    except RecursionError:
        raise MalformedEventError("The body is nested too deeply.") from None
    return {
        "id": event["id"],
        "type": event["type"],
        "object_id": thing.get("id") or "",
        "livemode": livemode,
        "connected": bool(event.get("account")),
        "created": dt.datetime.fromtimestamp(created, dt.UTC),
        "hash": hashlib.sha256(written.encode()).hexdigest(),
    }


def _is_id(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 80 and IDENTIFIER.fullmatch(value) is not None
