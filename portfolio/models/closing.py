"""What a person vouches for when a month is closed; what the records can tell is asked from them."""

from django.conf import settings
from django.db import models

from core import months
from portfolio.models.entity import Entity


class CloseTick(models.Model):
    """One item of a month's closing checklist that somebody has looked at."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="close_ticks", db_index=False)
    month = models.IntegerField(help_text="year * 12 + month - 1")
    item = models.SlugField(max_length=40)
    note = models.CharField(max_length=250, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["entity_id", "-month", "item"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "month", "item"], name="close_tick_once_per_item")
        ]

    def __str__(self) -> str:
        return f"{self.item}, {months.label(self.month)}"
