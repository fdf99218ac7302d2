"""Background work of the crew portal: what time itself changes."""

from celery import shared_task

from core import clock, limits
from crew.domain import leftovers, positions


@shared_task(name="crew.tasks.sweep")
def sweep() -> None:
    """Hold positions whose holders' papers no longer reach the return, and forget what has ended and counts no more."""
    at = clock.now()
    positions.sweep(at=at)
    limits.forget_old(at=at)
    leftovers.sweep(at=at)
