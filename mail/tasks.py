"""Background work of mail: send one message now, and sweep for everything that is due.

The sweep alone is enough; `deliver` only makes the usual mail quicker.
"""

from celery import shared_task

from core import clock
from mail import transport
from mail.domain import delivery


@shared_task(name="mail.tasks.deliver")
def deliver(message_id: int) -> None:
    """Send one message, if it is still queued and due."""
    over = transport.connect()
    try:
        delivery.deliver(message_id=message_id, at=clock.now(), over=over)
    finally:
        over.close()


@shared_task(name="mail.tasks.sweep")
def sweep() -> None:
    """Put stale claims in doubt, then send what is due."""
    delivery.doubt_stale(at=clock.now())
    delivery.deliver_due(clock=clock.now)
