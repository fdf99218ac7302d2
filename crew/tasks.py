"""Background work of the crew portal: what time itself changes."""

from celery import shared_task

from core import clock, limits
from crew.domain import positions


@shared_task(name="crew.tasks.sweep")
def sweep() -> None:
    """Hold positions whose holders' papers no longer reach the return, and forget counters of windows that ended."""
    at = clock.now()
    positions.sweep(at=at)
    limits.forget_old(at=at)
