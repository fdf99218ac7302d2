"""Handoff notes as typed rows, each with its file and line. The notes stay; newer versions replace older."""

from django.db import models
from django.db.models import Q

from portfolio.models.entity import Entity


class HandoffFile(models.Model):
    """One version of one entity's handoff note."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="handoff_files")
    name = models.CharField(max_length=160)
    sha256 = models.CharField(max_length=64)
    updated_on = models.DateField(help_text="The date the note itself gives.")
    read_at = models.DateTimeField()
    current = models.BooleanField(default=True)

    class Meta:
        ordering = ["entity_id", "-read_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity"], condition=Q(current=True), name="one_current_handoff_per_entity"
            ),
            models.UniqueConstraint(fields=["entity", "sha256"], name="handoff_version_once"),
        ]

    def __str__(self) -> str:
        return self.name


class HandoffRow(models.Model):
    """One statement of a note: a KPI, a baseline, a debt, a role, a deployment, a stay, a sentence.

    Typed columns are empty where the cell held something else; ``cells`` keeps a table row whole.
    """

    file = models.ForeignKey(HandoffFile, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    section = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=20)
    label = models.CharField(max_length=250)
    text = models.TextField(blank=True)
    number = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    unit = models.CharField(max_length=30, blank=True)
    amount_minor = models.BigIntegerField(null=True, blank=True)
    percent_bp = models.IntegerField(null=True, blank=True)
    on = models.DateField(null=True, blank=True)
    tracked = models.BooleanField(default=True)
    done = models.BooleanField(null=True, blank=True)
    severity = models.CharField(max_length=10, blank=True)
    exposure = models.CharField(max_length=20, blank=True)
    effort = models.PositiveSmallIntegerField(null=True, blank=True)
    cells = models.JSONField(default=dict)

    class Meta:
        ordering = ["file_id", "line", "id"]
        indexes = [models.Index(fields=["file", "kind"], name="handoff_rows_by_kind")]

    def __str__(self) -> str:
        return f"{self.label} (line {self.line})"
