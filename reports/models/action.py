"""Actions: what somebody is to do by when. They are carried from edition to edition until done."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from reports.models.finding import Finding
from reports.models.report import Report


class ActionState(models.TextChoices):
    """Overdue is not a state: it is an open action whose due date has passed."""

    OPEN = "open", "Open"
    DONE = "done", "Done"
    DROPPED = "dropped", "No longer needed"


class Action(models.Model):
    """One thing to do, from a finding or from a person."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="actions")
    finding = models.ForeignKey(
        Finding, null=True, blank=True, on_delete=models.PROTECT, related_name="actions"
    )
    title = models.CharField(max_length=200)
    owner = models.CharField(max_length=120)
    due_on = models.DateField()
    state = models.CharField(max_length=8, choices=ActionState.choices, default=ActionState.OPEN)
    opened_on = models.DateField()
    settled_on = models.DateField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["report", "finding"], condition=Q(state="open"), name="one_open_action_per_finding"
            ),
            models.CheckConstraint(
                condition=Q(state="open", settled_on__isnull=True)
                | (~Q(state="open") & Q(settled_on__isnull=False)),
                name="settled_action_has_date",
            ),
        ]
        indexes = [
            models.Index(fields=["report", "due_on"], condition=Q(state="open"), name="open_actions_by_due")
        ]

    def __str__(self) -> str:
        return self.title
