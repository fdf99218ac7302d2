"""The audit trail, one append-only row for each thing a person or the system did; announcements; counters of rate limits.

Audit rows are written by `core.audit.record`, in the transaction of the change itself; triggers on both engines
refuse UPDATE and DELETE. Announcements, append-only too, are made by `core.announcements`. Counters are kept by
`core.limits`.
"""

from django.conf import settings
from django.db import models


class AuditEvent(models.Model):
    """What happened, to what, by whom, when. ``action`` reads ``source:subject:verb``."""

    at = models.DateTimeField()
    action = models.CharField(max_length=80)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        # Nobody asks for all that one person did, and every event would pay for the answer.
        db_index=False,
        help_text="Empty when the system acted by itself.",
    )
    subject_type = models.CharField(max_length=80)
    subject_id = models.CharField(max_length=80)
    subject_label = models.CharField(max_length=200)
    entity_slug = models.CharField(max_length=40, blank=True)
    scope = models.CharField(
        max_length=40, blank=True, help_text="What it happened within, for example event:KEY; empty for most."
    )
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-id"], name="audit_by_subject"),
            models.Index(fields=["entity_slug", "id"], name="audit_by_entity"),
            # A page that follows one scope live asks for its newest id and its count every two seconds.
            models.Index(fields=["scope", "-id"], condition=~models.Q(scope=""), name="audit_by_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_label}"


class Announcement(models.Model):
    """That something happened which a floor above may want to act on. ``kind`` reads ``source:subject:what``.

    ``key`` names the deed itself, so that it is announced once: a month closed anew has another key.
    """

    at = models.DateTimeField()
    kind = models.CharField(max_length=80)
    key = models.CharField(max_length=120, unique=True)
    subject_type = models.CharField(max_length=80)
    subject_id = models.CharField(max_length=80)
    subject_label = models.CharField(max_length=200)
    entity_slug = models.CharField(max_length=40, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["kind", "id"], name="announcement_by_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_label}"


class RateCount(models.Model):
    """How often something was tried in one window; used where no Redis counts (`core.limits`)."""

    key = models.CharField(max_length=80, primary_key=True)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
