"""The mark that the sample portfolio is loaded, and the date its reports stand at."""

from django.db import models
from django.db.models import Q


class SampleMark(models.Model):
    """At most one row: the sample is here, and its records end on ``as_of``."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    as_of = models.DateField()
    loaded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_sample_mark")]

    def __str__(self) -> str:
        return f"Sample as of {self.as_of}"
