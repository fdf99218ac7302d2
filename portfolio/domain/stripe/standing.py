"""How things stand between an entity and Stripe: what came last, what failed, and what is on its way."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, F, Max, QuerySet, Sum

from core import months
from portfolio.domain.stripe import payouts
from portfolio.models import (
    AccountRole,
    Entity,
    EntryState,
    ImportedLine,
    ImportKind,
    MonthlyBalance,
    Posting,
    StripeEvent,
    StripeEventState,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """``listens``: events are taken; ``asks``: what they are about can be fetched. Amounts are minor units."""

    listens: bool
    asks: bool
    last_event_at: dt.datetime | None
    last_movement_on: dt.date | None
    received: int
    failed: int
    clearing_minor: int
    explained: payouts.Explained
    residuals: tuple[payouts.Residual, ...]

    @property
    def other_minor(self) -> int:
        """Return what clearing holds beyond Stripe's own movements: entries by hand, and lines of the bank."""
        told = self.explained
        return self.clearing_minor - told.under_way_minor - told.at_stripe_minor - told.residual_minor


def look(*, entity: Entity, as_of: dt.date) -> Standing:
    """Return how an entity stands with Stripe on a day."""
    by_state = dict(
        StripeEvent.objects.filter(entity=entity).order_by().values_list("state").annotate(events=Count("pk"))
    )
    month = months.month_of(as_of)
    clearing = {"account__entity": entity, "account__role": AccountRole.CLEARING}
    before = MonthlyBalance.objects.filter(**clearing, month__lt=month).aggregate(
        held=Sum(F("debit_minor") - F("credit_minor"))
    )
    since = Posting.objects.filter(
        **clearing, month=month, entry__on__lte=as_of, entry__state=EntryState.POSTED
    ).aggregate(moved=Sum("amount_minor"))
    return Standing(
        listens=entity.slug in settings.STRIPE_WEBHOOK_SECRETS,
        asks=entity.slug in settings.STRIPE_API_KEYS,
        last_event_at=StripeEvent.objects.filter(entity=entity).aggregate(last=Max("received_at"))["last"],
        last_movement_on=ImportedLine.objects.filter(entity=entity, kind=ImportKind.STRIPE).aggregate(
            last=Max("on")
        )["last"],
        received=by_state.get(StripeEventState.RECEIVED, 0),
        failed=by_state.get(StripeEventState.FAILED, 0),
        clearing_minor=(before["held"] or 0) + (since["moved"] or 0),
        explained=payouts.explained(entity=entity, as_of=as_of),
        residuals=payouts.residuals(entity=entity, as_of=as_of),
    )


def waiting(*, entity: Entity) -> QuerySet[StripeEvent]:
    """Return the events that failed or were not carried out yet, newest first."""
    return StripeEvent.objects.filter(
        entity=entity, state__in=[StripeEventState.FAILED, StripeEventState.RECEIVED]
    ).order_by("-received_at", "-pk")


def failed(*, entity: Entity) -> int:
    """Return how many events failed and wait: money of Stripe that the books may lack."""
    return StripeEvent.objects.filter(entity=entity, state=StripeEventState.FAILED).count()
