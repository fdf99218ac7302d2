"""Binders: the newest editions of all reports as of one date, with an index.

Triggers on both engines refuse UPDATE and DELETE on all three tables.
"""

from django.conf import settings
from django.db import models

from reports.models.edition import Edition


class Binder(models.Model):
    """One binder as issued; ``absent`` are reports that had no edition, each with its title and why."""

    number = models.PositiveIntegerField(unique=True)
    as_of = models.DateField()
    issued_at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    absent = models.JSONField(default=list)

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"Binder {self.number}, as of {self.as_of:%-d %b %Y}"


class BinderEdition(models.Model):
    """One edition in a binder, and its place there from 1."""

    binder = models.ForeignKey(Binder, on_delete=models.PROTECT, related_name="editions")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="binders")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["binder_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["binder", "edition"], name="edition_once_per_binder"),
            models.UniqueConstraint(fields=["binder", "position"], name="place_once_per_binder"),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.edition}"


class BinderFile(models.Model):
    """One form of a binder, byte for byte, made when it is first asked for."""

    binder = models.ForeignKey(Binder, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=80)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["binder_id", "name", "id"]
        constraints = [models.UniqueConstraint(fields=["binder", "name"], name="binder_file_once_per_name")]

    def __str__(self) -> str:
        return self.name
