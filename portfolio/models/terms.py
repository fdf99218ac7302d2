"""Cancellation terms: how much of what was paid goes back, by how long before the service a booking is called off."""

from django.db import models
from django.db.models import Q

from portfolio.models.entity import Entity


class CancellationTerms(models.Model):
    """Named terms of one entity. Terms in use never change; new ones are added and the old retired."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="cancellation_terms")
    name = models.CharField(max_length=80)
    note = models.CharField(max_length=200, blank=True)
    active = models.BooleanField(default=True)
    standard = models.BooleanField(
        default=False, help_text="Chosen for new bookings of the entity unless another is."
    )

    class Meta:
        ordering = ["entity_id", "name"]
        verbose_name_plural = "cancellation terms"
        constraints = [
            models.UniqueConstraint(fields=["entity", "name"], name="terms_once_per_name"),
            models.UniqueConstraint(
                fields=["entity"], condition=Q(standard=True), name="entity_has_one_standard_terms"
            ),
            models.CheckConstraint(
                condition=Q(standard=False) | Q(active=True), name="standard_terms_are_active"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TermsStep(models.Model):
    """Called off at least ``days_before`` days before the service: ``refund_bp`` of what was paid goes back.

    The step with the most days that still fits applies; with none, nothing goes back.
    """

    terms = models.ForeignKey(CancellationTerms, on_delete=models.CASCADE, related_name="steps")
    days_before = models.PositiveIntegerField()
    refund_bp = models.PositiveIntegerField(help_text="Basis points: 5000 is half.")

    class Meta:
        ordering = ["terms_id", "-days_before"]
        constraints = [
            models.UniqueConstraint(fields=["terms", "days_before"], name="terms_step_once_per_days"),
            models.CheckConstraint(condition=Q(refund_bp__lte=10000), name="refund_within_whole"),
        ]

    def __str__(self) -> str:
        return f"{self.days_before} days: {self.refund_bp / 100:g} %"
