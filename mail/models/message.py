"""A message: one row for one recipient, written with what caused it and kept for good.

The row is the truth about what left. `mail.domain.outbox` writes it, `mail.domain.delivery` moves it,
`mail.domain.decisions` lets a person decide what no machine can. Nothing else changes its state.
"""

import uuid

from django.db import models
from django.db.models import Q


class State(models.TextChoices):
    """Where a message is on its way. `MOVES` says which way it may go."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    IN_DOUBT = "in_doubt", "In doubt"


# From a state to those it may move to. In doubt is no dead end: the sender's own late answer or a person settles it.
MOVES: dict[str, frozenset[str]] = {
    State.QUEUED: frozenset({State.SENDING}),
    State.SENDING: frozenset({State.SENT, State.QUEUED, State.FAILED, State.IN_DOUBT}),
    State.IN_DOUBT: frozenset({State.SENT, State.QUEUED, State.FAILED}),
    State.FAILED: frozenset({State.QUEUED}),
    State.SENT: frozenset(),
}

_UNSETTLED = (State.QUEUED, State.SENDING)


class Message(models.Model):
    """One mail to one recipient. The body is composed anew at each try from ``composer`` and ``payload``.

    ``sealed`` holds what must not be read in the table, a sign-in code for one, and is emptied the moment the
    message is settled or in doubt. ``claimed_at`` names the claim: whoever holds that instant may settle it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    dedupe_key = models.CharField(max_length=400, unique=True)
    composer = models.CharField(max_length=60, help_text="Its name in the registry of composers.")
    payload = models.JSONField(default=dict, blank=True, help_text="Ids the composer needs, never a secret.")
    bears_secret = models.BooleanField(
        default=False, help_text="Bears a code or link: never copied, never shown."
    )
    sealed = models.BinaryField(null=True, blank=True, help_text="The secret, encrypted, until it has gone.")

    to_address = models.EmailField()
    to_name = models.CharField(max_length=120, blank=True)
    from_name = models.CharField(max_length=120, blank=True)
    reply_to = models.EmailField(blank=True)
    subject = models.CharField(max_length=250)
    bcc_audit = models.BooleanField(default=False, help_text="Goes in copy to the audit address.")

    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Not tried before this instant.")
    claimed_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True, help_text="Why the last try did not get through.")

    transport = models.CharField(max_length=20, blank=True)
    provider_message_id = models.CharField(max_length=120, blank=True)
    bcc_address = models.EmailField(blank=True, help_text="Who was in blind copy when it went.")
    size_bytes = models.PositiveIntegerField(null=True, blank=True)
    eml_name = models.CharField(max_length=80, blank=True, help_text="Its file in the mailbox folder.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="mail_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state__in=[State.SENDING, State.IN_DOUBT]) | Q(claimed_at__isnull=False),
                name="mail_sending_has_claim",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.QUEUED) | Q(claimed_at__isnull=True),
                name="mail_queued_has_no_claim",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[State.SENT, State.FAILED], settled_at__isnull=False)
                | (~Q(state__in=[State.SENT, State.FAILED]) & Q(settled_at__isnull=True)),
                name="mail_settled_has_instant",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.SENT) | ~Q(transport=""), name="mail_sent_names_transport"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.FAILED, State.IN_DOUBT]) | ~Q(error=""),
                name="mail_failed_or_doubted_says_why",
            ),
            models.CheckConstraint(
                condition=Q(sealed__isnull=True) | Q(bears_secret=True, state__in=_UNSETTLED),
                name="mail_secret_is_forgotten_when_gone",
            ),
            models.CheckConstraint(
                condition=Q(bears_secret=False) | Q(bcc_audit=False, bcc_address=""),
                name="mail_with_secret_is_never_copied",
            ),
        ]
        indexes = [
            # delivery.due(): the sweep's query, every five seconds.
            models.Index(fields=["due_at", "id"], condition=Q(state=State.QUEUED), name="mail_queued_by_due"),
            # delivery.doubt_stale(): claims whose process died.
            models.Index(
                fields=["claimed_at"], condition=Q(state=State.SENDING), name="mail_sending_by_claim"
            ),
            # queries.mailbox(): the list filtered by state, newest first; without a filter the primary key serves.
            models.Index(fields=["state", "-id"], name="mail_list_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to_address}"
