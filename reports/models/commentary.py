"""Commentary: what staff write into a report's editions, in Markdown. Rows are never changed.

Triggers on both engines refuse UPDATE and DELETE; what is withdrawn is withdrawn by a row of its own.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portfolio.models import Entity
from reports.models.report import Report


class Commentary(models.Model):
    """One piece of commentary at one place of a report, or the withdrawal of one."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="commentary")
    entity = models.ForeignKey(
        Entity,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="For editions about this entity. Empty: about the whole portfolio.",
    )
    anchor = models.CharField(
        max_length=60, blank=True, help_text="The section it stands in. Empty: under the headline."
    )
    body = models.TextField(blank=True, help_text="Markdown; empty in a withdrawal.")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    once = models.BooleanField(default=True, help_text="For the next edition alone.")
    until_on = models.DateField(
        null=True, blank=True, help_text="The last as-of date whose edition prints it. Empty: no end."
    )
    withdraws = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="withdrawal"
    )

    class Meta:
        ordering = ["-written_at", "-id"]
        verbose_name_plural = "commentary"
        constraints = [
            models.CheckConstraint(
                condition=(Q(withdraws__isnull=True) & ~Q(body="")) | Q(withdraws__isnull=False, body=""),
                name="commentary_says_or_withdraws",
            )
        ]
        indexes = [
            models.Index(fields=["report", "entity", "-written_at"], name="commentary_newest_of_report")
        ]

    def __str__(self) -> str:
        return f"{self.report} {self.anchor or 'headline'}, {self.written_at:%-d %b %Y}"
