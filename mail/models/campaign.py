"""A campaign: one mail to a list, first to a small cohort, then to the rest, with a rule that stops it.

`mail.domain.campaigns` moves it, `mail.domain.campaign_queue` writes its messages into the outbox.
"""

from django.db import models
from django.db.models import Q

from mail.models.audience import MailingList, Segment


class CampaignState(models.TextChoices):
    """Where a campaign stands; `mail.domain.campaigns.MOVES` holds the legal moves."""

    DRAFT = "draft", "Draft"
    SENDING = "sending", "Sending"
    PAUSED = "paused", "Paused"
    FINISHED = "finished", "Finished"
    CANCELLED = "cancelled", "Cancelled"


class Campaign(models.Model):
    """What is sent, to whom, how carefully, and what the model says it earns.

    ``body`` is Markdown with ``{{ name }}`` and ``{{ first_name }}``. Amounts of the model are cents of US dollars, for the
    whole campaign; ``model_booking_minor`` is what one booking is taken to bring.
    """

    mailing_list = models.ForeignKey(MailingList, on_delete=models.PROTECT, related_name="campaigns")
    segment = models.ForeignKey(
        Segment, null=True, blank=True, on_delete=models.PROTECT, help_text="Empty: the whole list."
    )
    name = models.CharField(max_length=120)
    subject = models.CharField(max_length=200)
    from_name = models.CharField(max_length=120)
    reply_to = models.EmailField(blank=True)
    body = models.TextField()

    first_cohort = models.PositiveIntegerField(default=100, help_text="How many get it first.")
    wait_minutes = models.PositiveIntegerField(
        default=60, help_text="How long bounces and complaints of the first cohort are waited for."
    )
    stop_complaints = models.PositiveSmallIntegerField(default=2)
    stop_bounce_percent = models.PositiveSmallIntegerField(default=2)
    model_low_minor = models.BigIntegerField(null=True, blank=True)
    model_high_minor = models.BigIntegerField(null=True, blank=True)
    model_booking_minor = models.BigIntegerField(null=True, blank=True)

    state = models.CharField(max_length=10, choices=CampaignState.choices, default=CampaignState.DRAFT)
    paused_why = models.CharField(max_length=500, blank=True)
    stopped = models.BooleanField(
        default=False, help_text="The stop rule paused it; a person says why it goes on."
    )
    # What the stop rule no longer counts, because a person saw it and let the campaign go on.
    forgiven_sent = models.PositiveIntegerField(default=0)
    forgiven_complaints = models.PositiveIntegerField(default=0)
    forgiven_bounces = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(
        null=True, blank=True, help_text="When the rest was let go after the first cohort."
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    # The list as it was at the start: subscribers up to this id, and how far the outbox has them.
    last_subscriber_id = models.BigIntegerField(null=True, blank=True)
    queued_through_id = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=CampaignState.values), name="campaign_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state=CampaignState.DRAFT, started_at__isnull=True)
                | Q(state=CampaignState.CANCELLED)
                | (
                    ~Q(state=CampaignState.DRAFT)
                    & Q(started_at__isnull=False, last_subscriber_id__isnull=False)
                ),
                name="campaign_started_has_instant",
            ),
            models.CheckConstraint(
                condition=~Q(state=CampaignState.PAUSED) | ~Q(paused_why=""), name="campaign_paused_says_why"
            ),
            models.CheckConstraint(
                condition=Q(stopped=False) | Q(state__in=[CampaignState.PAUSED, CampaignState.CANCELLED]),
                name="campaign_stopped_is_not_under_way",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[CampaignState.FINISHED, CampaignState.CANCELLED], ended_at__isnull=False
                )
                | (
                    ~Q(state__in=[CampaignState.FINISHED, CampaignState.CANCELLED]) & Q(ended_at__isnull=True)
                ),
                name="campaign_ended_has_instant",
            ),
            models.CheckConstraint(
                condition=Q(first_cohort__gte=1, stop_complaints__gte=1, stop_bounce_percent__gte=1),
                name="campaign_rule_is_real",
            ),
            models.CheckConstraint(
                condition=Q(model_low_minor__isnull=True, model_high_minor__isnull=True)
                | Q(model_low_minor__gte=0, model_high_minor__gte=models.F("model_low_minor")),
                name="campaign_model_is_a_range",
            ),
        ]
        indexes = [
            # campaigns.advance(): those under way, every sweep.
            models.Index(fields=["id"], condition=Q(state=CampaignState.SENDING), name="campaign_under_way"),
        ]

    def __str__(self) -> str:
        return self.name
