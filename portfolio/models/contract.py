"""Client contracts: whether there is one, how work is billed, and on what terms."""

from django.db import models
from django.db.models import Q

from portfolio.models.entity import Entity


class ContractState(models.TextChoices):
    """How firm the paper is."""

    NONE = "none", "No contract"
    VERBAL = "verbal", "Verbal"
    SENT = "sent", "Sent"
    SIGNED = "signed", "Signed"
    EXPIRED = "expired", "Expired"


class BillingModel(models.TextChoices):
    """How work turns into an invoice; undefined is a state of its own, and a finding."""

    UNDEFINED = "", "Undefined"
    RETAINER = "retainer", "Retainer"
    HOURLY = "hourly", "Hourly"
    MILESTONE = "milestone", "Milestone"


class ClientContract(models.Model):
    """The terms one client is served on."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="contracts")
    client = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=ContractState.choices)
    expired_on = models.DateField(null=True, blank=True)
    billing_model = models.CharField(max_length=10, choices=BillingModel.choices, blank=True, default="")
    rate_minor = models.BigIntegerField(null=True, blank=True, help_text="Cents an hour, or a month.")
    terms_days = models.PositiveIntegerField(null=True, blank=True)
    active = models.BooleanField(default=True)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "client"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "client"], name="contract_once_per_client"),
            models.CheckConstraint(
                condition=Q(rate_minor__isnull=True) | Q(rate_minor__gte=0), name="contract_rate_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.client
