"""Feedback: what SES told about messages after it took them, kept as told.

`mail.domain.feedback` writes these rows together with their effect on the message; nothing changes or deletes them.
"""

from django.db import models
from django.db.models import Q

from mail.models.message import Message


class EventKind(models.TextChoices):
    """What SES says happened."""

    SEND = "send", "Accepted"
    DELIVERY = "delivery", "Delivered"
    DELAY = "delay", "Delayed"
    BOUNCE = "bounce", "Bounced"
    COMPLAINT = "complaint", "Complaint"
    OPEN = "open", "Opened"
    CLICK = "click", "Clicked"
    REJECT = "reject", "Rejected by SES"


class Notification(models.Model):
    """One SNS message whose signature held; its id is why a second copy has no effect."""

    sns_id = models.CharField(max_length=100, unique=True)
    topic_arn = models.CharField(max_length=256)
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.sns_id


class MessageEvent(models.Model):
    """One thing that happened to one recipient of one message. ``message`` is empty where SES speaks of mail not ours.

    ``recipient`` is in lower case; with a blind copy it may be another than the message's own. ``at`` is SES's instant.
    """

    notification = models.ForeignKey(Notification, on_delete=models.PROTECT, related_name="events")
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.PROTECT, related_name="events"
    )
    provider_message_id = models.CharField(max_length=120)
    recipient = models.CharField(max_length=254)
    kind = models.CharField(max_length=10, choices=EventKind.choices)
    detail = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="event_kind_is_known"),
            # SES delivers at least once, each time in an SNS message of its own.
            models.UniqueConstraint(
                fields=["provider_message_id", "recipient", "kind", "at"], name="event_once"
            ),
        ]
        indexes = [
            # feedback: soft bounces of one address of late.
            models.Index(
                fields=["recipient", "at"],
                condition=Q(kind=EventKind.BOUNCE),
                name="event_bounces_by_address",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.recipient}"


class Attempt(models.Model):
    """One handing over that did not end in a yes at once: by which transport, and what it said."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="attempts")
    at = models.DateTimeField()
    transport = models.CharField(max_length=20)
    outcome = models.CharField(max_length=10)
    reason = models.CharField(max_length=500)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.transport}: {self.outcome}"
