"""Findings: what a rule saw in the records. A finding keeps its identity over editions and clears itself."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from reports.models.edition import Edition


class FindingState(models.TextChoices):
    """Open while its rule still sees it."""

    OPEN = "open", "Open"
    CLEARED = "cleared", "Cleared"


class Finding(models.Model):
    """One rule's finding about one subject: an entity's slug, or ``portfolio``, and a colon where one rule finds two."""

    rule = models.CharField(max_length=60)
    subject = models.CharField(max_length=80)
    severity = models.CharField(max_length=10)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=8, choices=FindingState.choices, default=FindingState.OPEN)
    first_seen_on = models.DateField()
    last_seen_on = models.DateField()
    cleared_on = models.DateField(null=True, blank=True)
    muted_until = models.DateField(
        null=True, blank=True, help_text="First day on which it counts again. Empty: it was not muted."
    )
    muted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    mute_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["state", "-first_seen_on", "rule", "subject"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "subject"], name="finding_once_per_subject"),
            models.CheckConstraint(
                condition=Q(state="open", cleared_on__isnull=True)
                | Q(state="cleared", cleared_on__isnull=False),
                name="cleared_finding_has_date",
            ),
            models.CheckConstraint(
                condition=Q(muted_until__isnull=True, muted_by__isnull=True, mute_reason="")
                | (Q(muted_until__isnull=False) & ~Q(mute_reason="")),
                name="muted_finding_says_why",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class FindingStatus(models.TextChoices):
    """What an edition said about a finding."""

    NEW = "new", "New"
    OPEN = "open", "Open"
    CLEARED = "cleared", "Cleared"


class EditionFinding(models.Model):
    """One finding in one edition."""

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="findings")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="sightings")
    status = models.CharField(max_length=8, choices=FindingStatus.choices)

    class Meta:
        ordering = ["edition_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "finding"], name="finding_once_per_edition")
        ]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.status}"
