"""Where charters leave from, what they sail on, how many may be aboard by law, and what needs mending."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portfolio.models import Asset, Entity


class Port(models.Model):
    """A harbour or venue: coordinates in decimal degrees (north and east positive) and its own time zone."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    latitude = models.FloatField(help_text="Decimal degrees, north positive.")
    longitude = models.FloatField(help_text="Decimal degrees, east positive.")
    zone = models.CharField(max_length=60, default="America/Los_Angeles")

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="port_is_on_the_globe",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Vessel(models.Model):
    """A boat that one entity sails; ``turnaround_minutes`` is what she needs between two events."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="vessels")
    name = models.CharField(max_length=120)
    home_port = models.ForeignKey(Port, on_delete=models.PROTECT, related_name="+")
    asset = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    turnaround_minutes = models.PositiveIntegerField(default=60)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "name"], name="vessel_once_per_entity"),
        ]

    def __str__(self) -> str:
        return self.name


class Mode(models.TextChoices):
    """How a voyage is operated in law. An event ashore has none."""

    UPV_6 = "upv_6", "Uninspected, at most 6"
    BAREBOAT_12 = "bareboat_12", "Bareboat, at most 12"
    INSPECTED_COI = "inspected_coi", "Inspected, by certificate"


class OperatingLimit(models.Model):
    """How many passengers a mode allows from a day on, with its source; a certificate's limit is one vessel's."""

    mode = models.CharField(max_length=16, choices=Mode.choices)
    vessel = models.ForeignKey(
        Vessel, null=True, blank=True, on_delete=models.PROTECT, related_name="operating_limits"
    )
    passengers = models.PositiveIntegerField()
    from_on = models.DateField(help_text="The first day on which it holds.")
    source = models.CharField(max_length=200, help_text="The rule or certificate that says so.")

    class Meta:
        ordering = ["mode", "vessel_id", "-from_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["mode", "from_on"],
                condition=Q(vessel__isnull=True),
                name="limit_once_per_mode_and_day",
            ),
            models.UniqueConstraint(
                fields=["mode", "vessel", "from_on"],
                condition=Q(vessel__isnull=False),
                name="limit_once_per_vessel_and_day",
            ),
            models.CheckConstraint(
                condition=~Q(mode="inspected_coi") | Q(vessel__isnull=False),
                name="certificate_limit_names_its_vessel",
            ),
            models.CheckConstraint(condition=~Q(source=""), name="limit_has_source"),
        ]

    def __str__(self) -> str:
        return f"{self.get_mode_display()}: {self.passengers} from {self.from_on}"


class MaintenanceRecord(models.Model):
    """Something on a vessel that needs mending; a failed checklist number opens one by itself."""

    vessel = models.ForeignKey(
        Vessel, null=True, blank=True, on_delete=models.PROTECT, related_name="maintenance_records"
    )
    event = models.ForeignKey(
        "crew.Event", null=True, blank=True, on_delete=models.PROTECT, related_name="maintenance_records"
    )
    item = models.ForeignKey(
        "crew.ChecklistItem",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="maintenance_records",
    )
    title = models.CharField(max_length=160)
    note = models.TextField(blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resolution = models.TextField(blank=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(vessel__isnull=False) | Q(event__isnull=False),
                name="maintenance_names_its_subject",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | (Q(closed_at__gte=F("opened_at")) & ~Q(resolution="")),
                name="closed_maintenance_says_how",
            ),
            models.UniqueConstraint(
                fields=["item"], condition=Q(closed_at__isnull=True), name="maintenance_open_once_per_item"
            ),
        ]
        indexes = [
            models.Index(
                fields=["vessel", "-opened_at"],
                condition=Q(closed_at__isnull=True),
                name="maintenance_open_by_vessel",
            ),
        ]

    def __str__(self) -> str:
        return self.title
