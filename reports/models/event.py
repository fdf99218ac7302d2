"""Triggers: what happened elsewhere that makes a report due."""

from django.db import models

from portfolio.models import Entity
from reports.models.report import Report


class EventKind(models.TextChoices):
    """Kinds of `core.models.Announcement` that can ask for a report."""

    MONTH_CLOSED = "portfolio:period:closed", "A month was closed"
    CAMPAIGN_FINISHED = "mail:campaign:finished", "A campaign finished"
    FINDING_RAISED = "reports:finding:raised", "A finding was raised"


class EventTrigger(models.Model):
    """Runs a report when something of a kind is announced: about any entity, or about one."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="triggers")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=80, choices=EventKind.choices)
    entity = models.ForeignKey(
        Entity,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Only what is announced of this entity. Empty: of any.",
    )
    min_severity = models.CharField(
        max_length=10, blank=True, help_text="For findings: the least severe that counts. Empty: any."
    )
    min_gap_minutes = models.PositiveIntegerField(
        default=60, help_text="Minutes in which it asks for the report once at most."
    )
    active = models.BooleanField(default=True)
    starts_at = models.DateTimeField(help_text="What was announced before this instant asks for nothing.")

    class Meta:
        ordering = ["report_id", "name", "id"]
        constraints = [models.UniqueConstraint(fields=["report", "name"], name="trigger_once_per_name")]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_kind_display()}"
