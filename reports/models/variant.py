"""Variants: the lengths a report is sent in. The edition is one; a variant says which of its parts a mail shows."""

from django.db import models


class Variant(models.Model):
    """A selection of an edition's parts for the mail. What reads it takes no figure that the edition has not."""

    slug = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=60)
    parts = models.JSONField(
        help_text="Kinds of part that are shown, as reports/render/frame_parts.py names them."
    )
    attach_pdf = models.BooleanField(default=True, help_text="Whether the PDF of the whole goes with it.")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name
