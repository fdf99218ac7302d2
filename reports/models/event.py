"""Triggers: what happened elsewhere that makes a report due, and what each of them made of it."""

from django.db import models
from django.db.models import Q

from core.models import Announcement
from portfolio.models import Entity
from reports.models.report import Report


class EventKind(models.TextChoices):
    """Kinds of `core.models.Announcement` that can ask for a report."""

    MONTH_CLOSED = "portfolio:period:closed", "A month was closed"
    CAMPAIGN_FINISHED = "mail:campaign:finished", "A campaign finished"
    FINDING_RAISED = "reports:finding:raised", "A severe finding was raised"


class LeastSeverity(models.TextChoices):
    """How severe a finding must be to ask for a report. Milder ones are not announced."""

    HIGH = "high", "High or critical"
    CRITICAL = "critical", "Critical alone"


class EventTrigger(models.Model):
    """Runs a report when something of a kind is announced: about any entity, or about one."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="triggers")
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
        max_length=10,
        blank=True,
        choices=LeastSeverity.choices,
        help_text="For findings: the least severe that counts.",
    )
    about = models.ForeignKey(
        Entity,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="What the report is about then. Empty: the whole portfolio.",
    )
    send_to = models.JSONField(
        null=True, blank=True, help_text="Addresses instead of the recipients; an empty list sends nothing."
    )
    min_gap_minutes = models.PositiveIntegerField(
        default=60, help_text="Minutes in which it asks for the report once at most."
    )
    active = models.BooleanField(default=True)
    starts_at = models.DateTimeField(help_text="What was announced up to this instant asks for nothing.")

    class Meta:
        ordering = ["report_id", "name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["report", "name"], name="trigger_once_per_name"),
            models.CheckConstraint(
                condition=Q(kind="reports:finding:raised", min_severity__in=["high", "critical"])
                | (~Q(kind="reports:finding:raised") & Q(min_severity="")),
                name="trigger_of_findings_says_how_severe",
            ),
            models.CheckConstraint(condition=Q(min_gap_minutes__gte=1), name="trigger_waits_between_runs"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_kind_display()}"


class EventAnswer(models.Model):
    """What a trigger made of one announcement: the run that answers it, or why there is none.

    Each announcement is answered once. Triggers on both engines refuse UPDATE and DELETE.
    """

    trigger = models.ForeignKey(EventTrigger, on_delete=models.PROTECT, related_name="answers")
    announcement = models.ForeignKey(Announcement, on_delete=models.PROTECT, related_name="+")
    run = models.ForeignKey(
        "reports.Run", null=True, blank=True, on_delete=models.PROTECT, related_name="answers"
    )
    why = models.CharField(max_length=200, blank=True, help_text="Why there is no run.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["trigger", "announcement"], name="announcement_answered_once"),
            models.CheckConstraint(
                condition=Q(run__isnull=False, why="") | (Q(run__isnull=True) & ~Q(why="")),
                name="answer_is_a_run_or_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trigger.name}: {self.announcement}"
