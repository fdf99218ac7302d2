"""What is known of a sales channel over time: its gates, how it shows us, what came through it and what it cost."""

from django.db import models
from django.db.models import Q

from portfolio.models.channel import Channel


class ChannelGate(models.Model):
    """Something that must be done before a channel can list us; ``external`` waits for a paper somebody else issues.

    The names of a channel's open gates also stand in ``Channel.gates``; `portfolio.domain.channels` keeps the two alike.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="gate_rows", db_index=False)
    position = models.PositiveSmallIntegerField(help_text="The order in which they are taken, from 1.")
    name = models.CharField(max_length=120)
    external = models.BooleanField(default=False)
    passed_on = models.DateField(null=True, blank=True)
    evidence = models.CharField(max_length=200, blank=True, help_text="What shows that it is passed.")
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["channel_id", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["channel", "name"], name="gate_once_per_channel")]

    def __str__(self) -> str:
        return self.name


class ChannelPresence(models.Model):
    """How a channel showed us on a date. Prices are cents of the same offer there and on our own site.

    ``rating_x100`` is the mean of stars times 100 (487 is 4.87). Empty is not looked up, never zero.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="presences", db_index=False)
    on = models.DateField()
    photos = models.PositiveIntegerField(null=True, blank=True)
    listed_minor = models.BigIntegerField(null=True, blank=True, help_text="Cents, as the channel shows it.")
    direct_minor = models.BigIntegerField(
        null=True, blank=True, help_text="Cents, the same offer on our site."
    )
    reviews = models.PositiveIntegerField(null=True, blank=True)
    rating_x100 = models.PositiveIntegerField(null=True, blank=True)
    calendar_synced = models.BooleanField(null=True, blank=True)
    source = models.CharField(max_length=120)

    class Meta:
        ordering = ["channel_id", "-on"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "on"], name="presence_once_per_date"),
            models.CheckConstraint(
                condition=(Q(listed_minor__isnull=True) | Q(listed_minor__gte=0))
                & (Q(direct_minor__isnull=True) | Q(direct_minor__gte=0)),
                name="presence_prices_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(rating_x100__isnull=True) | Q(rating_x100__gte=100, rating_x100__lte=500),
                name="presence_rating_within_stars",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.on}"


class FunnelStep(models.TextChoices):
    """What a channel counts for us; bookings are counted from the records."""

    IMPRESSIONS = "impressions", "Impressions"
    CLICKS = "clicks", "Clicks"
    ENQUIRIES = "enquiries", "Enquiries"


class ChannelCount(models.Model):
    """How many reached one step on a channel in a month."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="counts", db_index=False)
    month = models.IntegerField(help_text="year * 12 + month - 1")
    step = models.CharField(max_length=12, choices=FunnelStep.choices)
    count = models.PositiveIntegerField()
    source = models.CharField(max_length=120)

    class Meta:
        ordering = ["channel_id", "month", "step"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "month", "step"], name="channel_count_once_per_month")
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.count}"


class ChannelSpend(models.Model):
    """What a channel cost in a month beside its commission: money in cents, and work in minutes at cents an hour."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="spends", db_index=False)
    month = models.IntegerField(help_text="year * 12 + month - 1")
    spend_minor = models.BigIntegerField(default=0)
    labour_minutes = models.PositiveIntegerField(default=0)
    labour_rate_minor = models.BigIntegerField(default=0, help_text="Cents an hour.")
    source = models.CharField(max_length=120)

    class Meta:
        ordering = ["channel_id", "month"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "month"], name="channel_spend_once_per_month"),
            models.CheckConstraint(
                condition=Q(spend_minor__gte=0, labour_rate_minor__gte=0), name="channel_spend_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.month}"
