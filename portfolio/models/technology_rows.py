"""Technology in numbers: cost, measures, deployments, names and caches."""

from django.db import models
from django.db.models import F, Q

from portfolio.models.entity import Entity
from portfolio.models.technology import TechSnapshot, TechSystem


class TechCost(models.Model):
    """What one service cost an entity in a month, in cents, as a snapshot saw it.

    ``forecast_minor`` is the whole month as the provider expects it, ``saveable_minor`` what could be saved of a month;
    empty where nobody judged.
    """

    snapshot = models.ForeignKey(TechSnapshot, on_delete=models.CASCADE, related_name="costs", db_index=False)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="tech_costs")
    month = models.IntegerField(help_text="year * 12 + month - 1")
    service = models.CharField(max_length=60)
    amount_minor = models.BigIntegerField()
    forecast_minor = models.BigIntegerField(null=True, blank=True)
    saveable_minor = models.BigIntegerField(null=True, blank=True)
    saving = models.CharField(max_length=160, blank=True, help_text="What would save it.")

    class Meta:
        ordering = ["snapshot_id", "entity_id", "month", "service"]
        constraints = [
            models.UniqueConstraint(
                fields=["snapshot", "entity", "month", "service"], name="tech_cost_once_per_service"
            ),
            models.CheckConstraint(
                condition=Q(saveable_minor__gte=0), name="tech_cost_saves_nothing_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.amount_minor}"


class MeasureName(models.TextChoices):
    """What is measured, each in its own unit."""

    STORAGE = "storage_gb", "Stored, hundredths of a gigabyte"
    EGRESS = "egress_gb", "Sent out, hundredths of a gigabyte"
    TRAFFIC = "traffic_gb", "Served by the CDN, hundredths of a gigabyte"
    INVOCATIONS = "invocations", "Invocations"
    ERRORS = "errors", "Errors"
    P50 = "p50_ms", "Median time, milliseconds"
    P95 = "p95_ms", "95th percentile, milliseconds"
    P99 = "p99_ms", "99th percentile, milliseconds"


class TechMeasure(models.Model):
    """What was measured of a system on one day, in the unit of its name."""

    snapshot = models.ForeignKey(
        TechSnapshot, on_delete=models.CASCADE, related_name="measures", db_index=False
    )
    system = models.ForeignKey(TechSystem, on_delete=models.CASCADE, related_name="measures")
    on = models.DateField()
    name = models.CharField(max_length=12, choices=MeasureName.choices)
    value = models.BigIntegerField()

    class Meta:
        ordering = ["snapshot_id", "system_id", "on", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["snapshot", "system", "on", "name"], name="measure_once_per_snapshot"
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="measure_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class DeploymentOutcome(models.TextChoices):
    """How a deployment went."""

    OK = "ok", "Went well"
    FAILED = "failed", "Failed"
    ROLLED_BACK = "rolled_back", "Rolled back"


class Deployment(models.Model):
    """One release; ``restored_at`` is when a failed one was made good."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="deployments", db_index=False)
    at = models.DateTimeField()
    what = models.CharField(max_length=120)
    change = models.CharField(max_length=160, blank=True)
    outcome = models.CharField(max_length=12, choices=DeploymentOutcome.choices)
    restored_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "at", "what"], name="deployment_once"),
            models.CheckConstraint(
                condition=Q(restored_at__isnull=True) | (~Q(outcome="ok") & Q(restored_at__gte=F("at"))),
                name="only_a_failed_deployment_is_restored",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.change}"


class DomainName(models.Model):
    """A domain of an entity, when it and its certificate run out, and whether its mail is vouched for. Empty: not known."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="domain_names", db_index=False)
    name = models.CharField(max_length=253)
    expires_on = models.DateField(null=True, blank=True)
    certificate_expires_on = models.DateField(null=True, blank=True)
    spf = models.BooleanField(null=True, blank=True)
    dkim = models.BooleanField(null=True, blank=True)
    dmarc = models.BooleanField(null=True, blank=True)
    seen_on = models.DateField()
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "name"]
        constraints = [models.UniqueConstraint(fields=["entity", "name"], name="domain_once_per_entity")]

    def __str__(self) -> str:
        return self.name


class DnsRecord(models.Model):
    """One DNS record as last seen; ``ttl`` is seconds, ``dangling`` points at nothing of ours any more."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="dns_records", db_index=False)
    zone = models.CharField(max_length=253)
    name = models.CharField(max_length=253)
    type = models.CharField(max_length=10)
    ttl = models.PositiveIntegerField()
    value = models.CharField(max_length=500)
    dangling = models.BooleanField(default=False)
    seen_on = models.DateField()
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "zone", "name", "type", "value"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "zone", "name", "type", "value"], name="dns_record_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.type}"


class CacheRule(models.Model):
    """How long a path may be kept, in seconds, by one of those who say so; two that differ are a conflict."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="cache_rules", db_index=False)
    path = models.CharField(max_length=250)
    seconds = models.PositiveIntegerField()
    said_by = models.CharField(max_length=120)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "path", "said_by"]
        constraints = [models.UniqueConstraint(fields=["entity", "path", "said_by"], name="cache_rule_once")]

    def __str__(self) -> str:
        return f"{self.path} {self.seconds} s"
