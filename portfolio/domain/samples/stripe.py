"""Sample events of Stripe: what its webhooks told of the newest movements, and one that waits for a key.

The movements and payouts themselves landed from `demo/exports/stripe-*.csv`; an event moves nothing by its own words.
"""

import datetime as dt
import hashlib

from portfolio.models import (
    Entity,
    ImportedLine,
    ImportKind,
    StripeEvent,
    StripeEventState,
    StripeMovement,
    StripePayout,
)

# Of each entity's account, so many of its newest movements were told by events too.
TOLD = 12
NO_KEY = "There is no Stripe key for {name}; set STRIPE_API_KEYS, and what waits is fetched."


def load(*, at: dt.datetime) -> None:
    """Load events; inside the caller's transaction."""
    for entity in Entity.objects.filter(slug__in=("qos", "jada")):
        charges = dict(
            StripeMovement.objects.filter(entity=entity)
            .exclude(charge_id="")
            .values_list("external_id", "charge_id")
        )
        newest = ImportedLine.objects.filter(entity=entity, kind=ImportKind.STRIPE).order_by("-on", "-pk")[
            :TOLD
        ]
        made = [
            _event(entity, "charge.succeeded", charges[line.external_id], line.on)
            for line in newest
            if line.external_id in charges and line.amount_minor > 0
        ]
        made += [
            _event(entity, "payout.paid", payout.payout_id, payout.arrives_on)
            for payout in StripePayout.objects.filter(entity=entity)[:4]
        ]
        if made:
            last = made[0]
            waiting = _event(entity, "balance.available", "", last.created_at.date())
            waiting.state, waiting.done_at, waiting.tries = StripeEventState.FAILED, None, 3
            waiting.error = NO_KEY.format(name=entity.name)
            waiting.next_try_at = at + dt.timedelta(hours=6)
            made.append(waiting)
        StripeEvent.objects.bulk_create(made)


def _event(entity: Entity, word: str, about: str, on: dt.date) -> StripeEvent:
    digest = hashlib.sha256(f"{entity.slug} {word} {about} {on}".encode()).hexdigest()
    created = dt.datetime.combine(on, dt.time(23, 30), tzinfo=dt.UTC)
    return StripeEvent(
        entity=entity,
        event_id=f"evt_1Q{digest[:22]}",
        type=word,
        object_id=about,
        livemode=True,
        body_hash=digest,
        created_at=created,
        received_at=created + dt.timedelta(seconds=2),
        state=StripeEventState.DONE,
        tries=1,
        done_at=created + dt.timedelta(seconds=3),
    )
