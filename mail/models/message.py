"""A message: one row for one recipient, written with what caused it and kept for good.

The row is the truth about what left. `mail.domain.outbox` writes it, `mail.domain.delivery` moves it,
`mail.domain.decisions` lets a person decide what no machine can. Nothing else changes its state.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower


class Kind(models.IntegerChoices):
    """What a message is for: it decides who goes first and what may stop it (`mail.domain.suppression`).

    Essential is what somebody waits for or what keeps them safe: a code, a link, a safety notice. Nothing suppresses it.
    Service is a report, a notice, a nudge: only a dead address stops it. Commercial is a campaign: an opt-out stops it.
    """

    ESSENTIAL = 1, "Essential"
    SERVICE = 2, "Service"
    COMMERCIAL = 3, "Commercial"


class State(models.TextChoices):
    """Where a message is on its way. `MOVES` says which way it may go."""

    DRAFT = "draft", "Waits for a person"
    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    IN_DOUBT = "in_doubt", "In doubt"
    HELD = "held", "Held"
    SUPPRESSED = "suppressed", "Suppressed"
    DISCARDED = "discarded", "Thrown away"


# From a state to those it may move to. In doubt is no dead end: the sender's own late answer, an event of SES or a person
# settles it. Held is queued mail of a campaign that is paused; cancelled, its mail fails without having left. A draft is a
# letter that somebody looks at first: no claim sees it before a person sends it, and thrown away it stays what it is.
MOVES: dict[str, frozenset[str]] = {
    State.DRAFT: frozenset({State.QUEUED, State.DISCARDED}),
    State.QUEUED: frozenset({State.SENDING, State.SENT, State.HELD, State.FAILED, State.SUPPRESSED}),
    State.HELD: frozenset({State.QUEUED, State.SENT, State.FAILED, State.SUPPRESSED}),
    State.SENDING: frozenset({State.SENT, State.QUEUED, State.HELD, State.FAILED, State.IN_DOUBT}),
    State.IN_DOUBT: frozenset({State.SENT, State.QUEUED, State.FAILED}),
    State.FAILED: frozenset({State.QUEUED}),
    State.SUPPRESSED: frozenset({State.QUEUED}),
    State.SENT: frozenset(),
    State.DISCARDED: frozenset(),
}

_UNSETTLED = (State.QUEUED, State.SENDING)
_SETTLED = (State.SENT, State.FAILED, State.SUPPRESSED, State.DISCARDED)


class Bounce(models.TextChoices):
    """How the recipient's server turned a message back."""

    HARD = "hard", "Hard"
    SOFT = "soft", "Soft"


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

    kind = models.PositiveSmallIntegerField(choices=Kind.choices, default=Kind.SERVICE)
    campaign = models.ForeignKey(
        "mail.Campaign", null=True, blank=True, on_delete=models.PROTECT, related_name="messages"
    )

    to_address = models.EmailField()
    address_key = models.GeneratedField(
        expression=Lower("to_address"), output_field=models.CharField(max_length=254), db_persist=True
    )
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

    # What its recipient's server and reader made of it, as SES told; each the first of its kind.
    delivered_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    bounce = models.CharField(max_length=4, choices=Bounce.choices, blank=True)
    complained_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    clicked_at = models.DateTimeField(null=True, blank=True)
    # SES took it, found a virus, and did not send it after all.
    rejected_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="mail_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state__in=[State.SENDING, State.IN_DOUBT]) | Q(claimed_at__isnull=False),
                name="mail_sending_has_claim",
            ),
            models.CheckConstraint(
                condition=~Q(
                    state__in=[State.DRAFT, State.QUEUED, State.HELD, State.SUPPRESSED, State.DISCARDED]
                )
                | Q(claimed_at__isnull=True),
                name="mail_queued_has_no_claim",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_SETTLED, settled_at__isnull=False)
                | (~Q(state__in=_SETTLED) & Q(settled_at__isnull=True)),
                name="mail_settled_has_instant",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.SENT) | ~Q(transport=""), name="mail_sent_names_transport"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.FAILED, State.IN_DOUBT, State.SUPPRESSED, State.DISCARDED])
                | ~Q(error=""),
                name="mail_stopped_says_why",
            ),
            models.CheckConstraint(
                condition=Q(sealed__isnull=True) | Q(bears_secret=True, state__in=_UNSETTLED),
                name="mail_secret_is_forgotten_when_gone",
            ),
            models.CheckConstraint(
                condition=Q(bears_secret=False) | Q(bcc_audit=False, bcc_address=""),
                name="mail_with_secret_is_never_copied",
            ),
            models.CheckConstraint(
                condition=~Q(kind=Kind.COMMERCIAL) | Q(bcc_audit=False, bears_secret=False),
                name="mail_of_campaign_is_never_copied",
            ),
            models.CheckConstraint(
                condition=Q(campaign__isnull=True) | Q(kind=Kind.COMMERCIAL),
                name="mail_of_campaign_is_commercial",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.HELD) | Q(campaign__isnull=False), name="mail_held_is_of_campaign"
            ),
            models.CheckConstraint(
                condition=Q(bounce="", bounced_at__isnull=True)
                | (~Q(bounce="") & Q(bounced_at__isnull=False)),
                name="mail_bounce_has_instant",
            ),
            models.UniqueConstraint(
                fields=["campaign", "address_key"],
                condition=Q(campaign__isnull=False),
                name="mail_once_per_campaign_and_address",
            ),
        ]
        indexes = [
            # claims.due(): what goes next, codes before reports before campaigns.
            # By state too, else SQLite prefers the index by state alone and sorts the whole queue at each claim.
            models.Index(
                fields=["state", "kind", "due_at", "id"],
                condition=Q(state=State.QUEUED),
                name="mail_queued_by_due",
            ),
            # suppression.add() and unsubscribing: what waits for one address.
            models.Index(
                fields=["address_key"],
                condition=Q(state__in=[State.QUEUED, State.HELD]),
                name="mail_waiting_by_address",
            ),
            # campaigns: how far one has come, and its held mail.
            models.Index(
                fields=["campaign", "state"], condition=Q(campaign__isnull=False), name="mail_by_campaign"
            ),
            # campaigns.consider_stopping(), every second of a blast: what went wrong in it.
            models.Index(
                fields=["campaign"],
                condition=Q(complained_at__isnull=False),
                name="mail_complained_by_campaign",
            ),
            models.Index(
                fields=["campaign"], condition=Q(bounced_at__isnull=False), name="mail_bounced_by_campaign"
            ),
            # the portal's home: what SES rejected of late.
            models.Index(
                fields=["rejected_at"], condition=Q(rejected_at__isnull=False), name="mail_rejected"
            ),
            # feedback.apply(): the message an event speaks of.
            models.Index(
                fields=["provider_message_id"],
                condition=~Q(provider_message_id=""),
                name="mail_by_provider_id",
            ),
            # delivery.doubt_stale(): claims whose process died.
            models.Index(
                fields=["claimed_at"], condition=Q(state=State.SENDING), name="mail_sending_by_claim"
            ),
            # queries.mailbox(): the list filtered by state, newest first; without a filter the primary key serves.
            models.Index(fields=["state", "-id"], name="mail_list_by_state"),
            # queries.mailbox(): all that went to one address.
            models.Index(fields=["address_key", "-id"], name="mail_list_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to_address}"
