"""Background work of mail: send one message now, and sweep for everything that is due.

The sweep alone is enough; `deliver` only makes the usual mail quicker.
"""

import datetime as dt
import logging
import time

from celery import shared_task
from django.conf import settings
from kombu.exceptions import KombuError

from core import clock
from mail.domain import campaigns, delivery, pacing

logger = logging.getLogger(__name__)

# A sweep ends after so long and wakes the next one, so that other work has its turn and a worker stops quickly.
LONGEST = 20.0
# The lead is prolonged, and campaigns are taken a step further, so often.
STEP = 1.0


@shared_task(name="mail.tasks.deliver")
def deliver(message_id: int) -> None:
    """Send one message, if it is still queued and due."""
    delivery.deliver(message_id=message_id, clock=clock.now)


@shared_task(name="mail.tasks.sweep")
def sweep() -> None:
    """Put stale claims in doubt, take campaigns further, and send what is due, if no other process does."""
    at = clock.now()
    delivery.doubt_stale(at=at)
    _advance(at)
    if not delivery.due(at=at).exists():
        return
    lead = pacing.lead(transport=settings.MAIL_TRANSPORT, at=at)
    if lead is None:
        return
    turn = _Turn(lead)
    try:
        delivery.run(clock=clock.now, stop=turn.is_over, between=turn.step)
    finally:
        turn.end()
    if turn.is_over() and delivery.due(at=clock.now()).exists():
        _go_on()


def _advance(at: dt.datetime) -> None:
    """Take campaigns a step further; one that cannot go on does not keep codes and reports from leaving."""
    try:
        campaigns.advance(at=at)
    except Exception:
        logger.exception("The campaigns could not be taken further; the next sweep tries again.")


def _go_on() -> None:
    """Wake another sweep, behind the work that waits; without it, the next tick of beat does."""
    try:
        sweep.apply_async(expires=5, retry=False)
    except (KombuError, OSError) as error:
        logger.warning(
            "The broker did not take the wake-up of the next sweep (%s); beat will wake it.", error
        )


class _Turn:
    """One sweep's turn at leading."""

    def __init__(self, lead: pacing.Turn) -> None:
        self.lead: pacing.Turn | None = lead
        self.began = self.stepped = time.monotonic()

    def is_over(self) -> bool:
        """Tell whether it is time to stop: for the others' sake, or because another process took over."""
        return self.lead is None or time.monotonic() - self.began > LONGEST

    def step(self) -> None:
        """Prolong the lead and take campaigns a step further, once in a while."""
        if time.monotonic() - self.stepped < STEP or self.lead is None:
            return
        self.stepped, at = time.monotonic(), clock.now()
        self.lead = pacing.prolong(self.lead, at=at)
        _advance(at)

    def end(self) -> None:
        """Let another sweep lead."""
        if self.lead is not None:
            pacing.resign(self.lead)
