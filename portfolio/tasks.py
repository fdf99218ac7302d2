"""Background work of the books: heads of the chains written down, what was served earned, what Stripe told of fetched."""

import logging
import time

from celery import shared_task

from core import clock
from portfolio.domain import chain, ledger, recognition, served
from portfolio.domain.plan import forecasts
from portfolio.domain.stripe import events
from portfolio.models import Entity

logger = logging.getLogger(__name__)

# A sweep of Stripe's events ends after so long, so that other work has its turn; the next one goes on.
LONGEST = 20.0


@shared_task(name="portfolio.tasks.record_heads")
def record_heads() -> None:
    """Write down each head that moved, once a day; safe to repeat."""
    chain.record_daily(at=clock.now())


@shared_task(name="portfolio.tasks.recognise_revenue")
def recognise_revenue() -> None:
    """Post what the books could not take before, and earn what is held for completed bookings; safe to repeat.

    An entity whose books refuse is passed over: its exceptions say why, and the next sweep tries again.
    """
    at = clock.now()
    served.post_waiting(at=at)
    for entity in Entity.objects.filter(active=True).order_by("pk"):
        try:
            recognition.recognise_due(entity=entity, by=None, at=at)
        except ledger.LedgerError as error:
            logger.warning("Revenue of %s could not be recognised: %s", entity.slug, error)


@shared_task(name="portfolio.tasks.score_forecasts")
def score_forecasts() -> None:
    """Score the forecasts whose month is over; safe to repeat."""
    forecasts.score_due(today=clock.today())


@shared_task(name="portfolio.tasks.fetch_stripe_event")
def fetch_stripe_event(pk: int) -> None:
    """Fetch what one event of Stripe is about, if it is still due."""
    events.process(pk=pk, at=clock.now())


@shared_task(name="portfolio.tasks.sweep_stripe")
def sweep_stripe() -> None:
    """Carry out the events of Stripe that are due; one that cannot be does not keep the others."""
    began = time.monotonic()
    for pk in events.due(at=clock.now()).values_list("pk", flat=True)[:500]:
        if time.monotonic() - began > LONGEST:
            return
        try:
            events.process(pk=pk, at=clock.now())
        except Exception:
            logger.exception("The event of Stripe in row %s waits for a later sweep.", pk)
