"""Sales channels, their dated commissions and what came through the funnel."""

from django.db import models
from django.db.models import Q

from portfolio.models.entity import Entity


class ChannelStatus(models.TextChoices):
    """Whether guests can find and book us there."""

    LIVE = "live", "Live"
    NOT_LISTED = "not_listed", "Not listed"
    BLOCKED = "blocked", "Blocked"


class Channel(models.Model):
    """A place bookings come from. ``marketplace`` marks an online travel agency, ``direct`` our own site.

    ``gates`` names the gates still open; each has its row in `portfolio.models.channel_rows`.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="channels")
    slug = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    status = models.CharField(max_length=12, choices=ChannelStatus.choices)
    marketplace = models.BooleanField(default=True)
    gates = models.JSONField(default=list, help_text="What must be done before it can be listed.")
    listed_on = models.DateField(null=True, blank=True)
    next_step = models.CharField(max_length=160, blank=True)
    next_owner = models.CharField(max_length=120, blank=True, help_text="Who takes the next step.")
    expected_minor = models.BigIntegerField(
        null=True, blank=True, help_text="Cents a month that it is expected to bring, before commission."
    )
    expected_source = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "slug"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "slug"], name="channel_once_per_entity"),
            models.CheckConstraint(
                condition=Q(expected_minor__isnull=True) | Q(expected_minor__gte=0),
                name="channel_expects_no_loss",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Commission(models.Model):
    """A channel's commission from a date on, in basis points of the list price."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="commissions")
    effective_on = models.DateField()
    rate_bp = models.PositiveIntegerField(help_text="Basis points: 2500 is 25 %.")
    source = models.CharField(max_length=120)

    class Meta:
        ordering = ["channel_id", "effective_on"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "effective_on"], name="commission_once_per_date"),
            models.CheckConstraint(condition=Q(rate_bp__lte=10000), name="commission_within_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.rate_bp / 100:g} % from {self.effective_on}"


class FunnelCount(models.Model):
    """How many reached one step of an entity's funnel, as counted on a date."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="funnel_counts")
    counted_on = models.DateField()
    position = models.PositiveSmallIntegerField()
    step = models.CharField(max_length=40)
    count = models.PositiveIntegerField()
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "-counted_on", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "counted_on", "position"], name="funnel_step_once_per_count"
            )
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.count}"
