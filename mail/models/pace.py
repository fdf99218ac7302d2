"""Pace: how fast a transport lets us send, as it told us, and the place all workers share in that line.

One row for each transport. `mail.domain.pacing` reads and writes it; with Redis, ``next_at`` lives there instead.
"""

from django.db import models
from django.db.models import Q


class Pace(models.Model):
    """``next_at`` is the next free moment to start a message, in seconds since 1970 by the store's own clock."""

    transport = models.CharField(max_length=20, unique=True)
    next_at = models.FloatField(default=0)
    rate = models.FloatField(null=True, blank=True, help_text="Messages a second allowed, as SES said.")
    daily = models.FloatField(null=True, blank=True, help_text="Recipients in 24 hours allowed.")
    used = models.FloatField(null=True, blank=True, help_text="Recipients in the last 24 hours.")
    production = models.BooleanField(null=True, blank=True, help_text="Out of the SES sandbox.")
    read_at = models.DateTimeField(null=True, blank=True, help_text="When SES said so.")
    slowed = models.FloatField(default=1, help_text="Share of the rate in use; throttling lowers it.")
    slowed_at = models.DateTimeField(null=True, blank=True)
    closed_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Nothing is sent this way until then: it is down, or its quota is used up.",
    )
    leader_until = models.DateTimeField(
        null=True, blank=True, help_text="One process at a time sends what is due; its turn ends then."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(slowed__gt=0, slowed__lte=1), name="pace_slowed_is_a_share"),
        ]

    def __str__(self) -> str:
        return self.transport
