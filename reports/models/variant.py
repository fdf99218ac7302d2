"""Variants: the lengths a report is sent in. The edition is one; a variant says which of its parts a mail shows."""

from django.db import models


class Variant(models.Model):
    """A selection of an edition's parts for the mail. What reads it takes no figure that the edition has not."""

    slug = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=60)
    parts = models.JSONField(help_text="Kinds of part that are shown, as reports/render/frame.py names them.")
    charts = models.BooleanField(default=True, help_text="Whether the mail shows charts.")
    attach_pdf = models.BooleanField(default=True)
    attach_xlsx = models.BooleanField(default=False)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name
