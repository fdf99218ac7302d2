"""Runs: every attempt to issue a report, failed, held and dry ones too, with its progress."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portfolio.models import Entity
from reports.models.edition import Edition
from reports.models.event import EventTrigger
from reports.models.report import Report, Schedule
from reports.models.variant import Variant


class Trigger(models.TextChoices):
    """What asked for the run."""

    SCHEDULE = "schedule", "Schedule"
    PORTAL = "portal", "Portal"
    COMMAND = "command", "Command"
    EVENT = "event", "Event"


class RunState(models.TextChoices):
    """Queued runs are found by a sweep; a running one whose process died is taken up again.

    A held one waits for a person, who lets it go on (it is queued again) or discards it.
    """

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    HELD = "held", "Held"
    DISCARDED = "discarded", "Discarded"


class Run(models.Model):
    """One run of one report. ``step`` of ``steps`` says how far it is, in words and numbers."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="runs")
    entity = models.ForeignKey(Entity, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    schedule = models.ForeignKey(
        Schedule, null=True, blank=True, on_delete=models.SET_NULL, related_name="runs"
    )
    occurrence_at = models.DateTimeField(null=True, blank=True)
    event_trigger = models.ForeignKey(
        EventTrigger, null=True, blank=True, on_delete=models.PROTECT, related_name="runs"
    )
    not_before = models.DateTimeField(
        null=True, blank=True, help_text="Nobody takes it up before this instant. Empty: at once."
    )
    as_of = models.DateField()
    send_to = models.JSONField(
        null=True, blank=True, help_text="Addresses instead of the recipients; an empty list sends nothing."
    )
    variant = models.ForeignKey(
        Variant,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="For every reader of this edition. Empty: each reader's own.",
    )
    dry_run = models.BooleanField(default=False)
    hold = models.BooleanField(
        default=False, help_text="Its edition waits for a person, whatever the report says of that."
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=9, choices=RunState.choices, default=RunState.QUEUED)
    step = models.PositiveSmallIntegerField(default=0)
    steps = models.PositiveSmallIntegerField(default=4)
    doing = models.CharField(max_length=120, blank=True)
    error = models.TextField(
        blank=True, help_text="Why there is no edition: what failed, or why it was discarded."
    )
    reasons = models.TextField(blank=True, help_text="Why it was held, one sentence a line.")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who let it go on or discarded it. Empty where its time was up.",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    edition = models.ForeignKey(Edition, null=True, blank=True, on_delete=models.PROTECT, related_name="runs")
    mails = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many mails its edition put on their way. Empty: no edition."
    )
    asked = models.CharField(
        max_length=64,
        blank=True,
        help_text="SHA-256 of what a person asked for: asked again while it is under way, it is the same run.",
    )
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
            models.UniqueConstraint(
                fields=["asked"],
                condition=Q(state__in=["queued", "running"], decided_at__isnull=True) & ~Q(asked=""),
                name="run_once_while_under_way",
            ),
            models.CheckConstraint(
                condition=Q(mails__isnull=True) | Q(edition__isnull=False), name="mails_are_of_an_edition"
            ),
            models.CheckConstraint(condition=~Q(state="held") | ~Q(reasons=""), name="held_run_says_why"),
            models.CheckConstraint(
                condition=~Q(state="discarded")
                | (~Q(error="") & Q(settled_at__isnull=False, decided_at__isnull=False)),
                name="discarded_run_says_why",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True) | ~Q(reasons=""), name="decided_run_was_held"
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | Q(decided_at__isnull=False),
                name="decided_run_has_instant",
            ),
        ]
        indexes = [
            models.Index(
                fields=["queued_at"], condition=Q(state__in=["queued", "running"]), name="runs_to_take_up"
            ),
            models.Index(fields=["report", "-queued_at"], name="runs_newest_of_report"),
        ]

    def __str__(self) -> str:
        return f"{self.report.title}, as of {self.as_of:%-d %b %Y}"


class HeldDraft(models.Model):
    """What a held run had worked out, for a person to see and, once let go on, to be issued exactly so.

    Triggers on both engines refuse UPDATE and DELETE.
    """

    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="held_draft")
    draft = models.JSONField(help_text="A reports.document.Draft.")
    sha256 = models.CharField(max_length=64, help_text="Of the draft's canonical JSON.")
    built_at = models.DateTimeField()

    class Meta:
        ordering = ["-built_at", "-id"]

    def __str__(self) -> str:
        return f"Draft of run {self.run_id}"
