"""Background work of the books: a sweep that writes down where each chain of entries has come to."""

from celery import shared_task

from core import clock
from portfolio.domain import chain


@shared_task(name="portfolio.tasks.record_heads")
def record_heads() -> None:
    """Write down each head that moved, once a day; safe to repeat."""
    chain.record_daily(at=clock.now())
