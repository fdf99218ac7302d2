"""Mail as the tests of the mailbox's pages start from: one that came to nothing, and where its pages are."""

from django.urls import reverse

from mail.domain import delivery
from mail.models import Message
from mail.transport import Outcome, Receipt
from tests.mail import letters


def left(outcome: Outcome, **changes: object) -> Message:
    """Return a mail that its transport answered so."""
    message = delivery.claim(message_id=letters.enqueue(**changes).pk, at=letters.AT)
    assert message is not None
    receipt = Receipt(outcome, letters.AT, "SES answered 400 MessageRejected: no.")
    delivery.settle(message=message, receipt=receipt, size_bytes=None)
    message.refresh_from_db()
    return message


def url(name: str, message: Message, **more: object) -> str:
    """Return the address of one of a mail's pages."""
    return reverse(f"mail:{name}", kwargs={"public_id": message.public_id, **more})
