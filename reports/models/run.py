"""Runs: every attempt to issue a report, failed and dry ones too, with its progress."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portfolio.models import Entity
from reports.models.edition import Edition
from reports.models.report import Report, Schedule


class Trigger(models.TextChoices):
    """What asked for the run."""

    SCHEDULE = "schedule", "Schedule"
    PORTAL = "portal", "Portal"
    COMMAND = "command", "Command"


class RunState(models.TextChoices):
    """Queued runs are found by a sweep; a running one whose process died is taken up again."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Run(models.Model):
    """One run of one report. ``step`` of ``steps`` says how far it is, in words and numbers."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="runs")
    entity = models.ForeignKey(Entity, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    schedule = models.ForeignKey(
        Schedule, null=True, blank=True, on_delete=models.SET_NULL, related_name="runs"
    )
    occurrence_at = models.DateTimeField(null=True, blank=True)
    as_of = models.DateField()
    send_to = models.JSONField(
        null=True, blank=True, help_text="Addresses instead of the recipients; an empty list sends nothing."
    )
    dry_run = models.BooleanField(default=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=8, choices=RunState.choices, default=RunState.QUEUED)
    step = models.PositiveSmallIntegerField(default=0)
    steps = models.PositiveSmallIntegerField(default=4)
    doing = models.CharField(max_length=120, blank=True)
    error = models.TextField(blank=True)
    edition = models.ForeignKey(Edition, null=True, blank=True, on_delete=models.PROTECT, related_name="runs")
    tries = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-queued_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "occurrence_at"],
                condition=Q(schedule__isnull=False),
                name="run_once_per_occurrence",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(error=""), name="failed_run_says_why"),
            models.CheckConstraint(
                condition=~Q(state__in=["done", "failed"]) | Q(settled_at__isnull=False),
                name="settled_run_has_instant",
            ),
        ]
        indexes = [
            models.Index(
                fields=["queued_at"], condition=Q(state__in=["queued", "running"]), name="runs_to_take_up"
            ),
            models.Index(fields=["report", "-queued_at"], name="runs_newest_of_report"),
        ]

    def __str__(self) -> str:
        return f"{self.report.title}, as of {self.as_of}"
