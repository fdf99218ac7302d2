"""Technology: systems, dated snapshots of them, and what was found.

Collectors, imports, notes and people all write the same rows. A row says only what is safe to show: evidence is masked
before it is stored, and a secret never is.
"""

from django.db import models
from django.db.models import F, Q

from portfolio.models.entity import Entity


class SystemKind(models.TextChoices):
    """What a system is."""

    FUNCTION = "function", "Function"
    SITE = "site", "Web site"
    API = "api", "API"
    STORE = "store", "Storage"
    DATABASE = "database", "Database"
    MAIL = "mail", "Mail"
    REPOSITORY = "repository", "Repository"
    OTHER = "other", "Other"


class Exposure(models.TextChoices):
    """Who can reach it."""

    INTERNET = "internet", "Anybody on the internet"
    INTERNAL = "internal", "Only our own"


class TechSystem(models.Model):
    """Something that runs for an entity."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="systems", db_index=False)
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=SystemKind.choices)
    exposure = models.CharField(max_length=8, choices=Exposure.choices, default=Exposure.INTERNAL)
    supported_until = models.DateField(null=True, blank=True, help_text="The last day its runtime is mended.")
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "slug"]
        constraints = [models.UniqueConstraint(fields=["entity", "slug"], name="system_once_per_entity")]

    def __str__(self) -> str:
        return self.name


class SnapshotSource(models.TextChoices):
    """Where a snapshot came from."""

    AWS = "aws", "AWS"
    PROWLER = "prowler", "Prowler file"
    NOTE = "note", "Handoff note"
    HAND = "hand", "Entered by hand"
    SAMPLE = "sample", "Sample"


class TechSnapshot(models.Model):
    """What was seen of the technology up to and on one day, from one source.

    ``denied`` lists what the source was not allowed to read; what it lists is unknown, not absent.
    """

    source = models.CharField(max_length=8, choices=SnapshotSource.choices)
    taken_at = models.DateTimeField()
    covers_on = models.DateField(help_text="The last day it covers.")
    complete = models.BooleanField(default=True)
    denied = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["-covers_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "covers_on"], name="snapshot_once_per_source_and_day")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.covers_on}"


class TechFindingKind(models.TextChoices):
    """What a finding is about."""

    SECURITY = "security", "Security"
    UX = "ux", "User experience"
    CYCLE = "cycle", "Development cycle"
    DNS = "dns", "DNS"
    CACHE = "cache", "Cache"
    DEBT = "debt", "Technical debt"


class TechFinding(models.Model):
    """Something to be put right; open while ``fixed_on`` is empty.

    ``severity`` is 4 critical, 3 high, 2 medium, 1 low; ``exposure`` 2 what anybody can reach, else 1; ``effort`` 1 to 3.
    Its place among the actions is severity x exposure / effort. ``evidence`` is masked. ``changed_on`` is the day its
    words or weights last changed. Muted, it counts again from ``muted_until`` on.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="tech_findings", db_index=False)
    system = models.ForeignKey(
        TechSystem, null=True, blank=True, on_delete=models.PROTECT, related_name="findings"
    )
    key = models.SlugField(max_length=80)
    kind = models.CharField(max_length=8, choices=TechFindingKind.choices)
    title = models.CharField(max_length=200)
    severity = models.PositiveSmallIntegerField()
    exposure = models.PositiveSmallIntegerField(default=1)
    effort = models.PositiveSmallIntegerField(default=1)
    evidence = models.CharField(max_length=250, blank=True)
    remedy = models.CharField(max_length=200, blank=True, help_text="What puts it right.")
    first_seen_on = models.DateField()
    changed_on = models.DateField(null=True, blank=True)
    fixed_on = models.DateField(null=True, blank=True)
    muted_until = models.DateField(null=True, blank=True)
    mute_reason = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "-severity", "key"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "key"], name="tech_finding_once_per_key"),
            models.CheckConstraint(
                condition=Q(
                    severity__gte=1,
                    severity__lte=4,
                    exposure__gte=1,
                    exposure__lte=2,
                    effort__gte=1,
                    effort__lte=3,
                ),
                name="tech_finding_weights",
            ),
            models.CheckConstraint(
                condition=Q(fixed_on__isnull=True) | Q(fixed_on__gte=F("first_seen_on")),
                name="tech_finding_fixed_after_it_was_seen",
            ),
            models.CheckConstraint(
                condition=Q(muted_until__isnull=True) | ~Q(mute_reason=""),
                name="tech_finding_muted_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.title
