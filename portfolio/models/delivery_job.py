"""Yacht deliveries: a job's stages, gates, crew and incidents. What it is quoted, costs and earns hangs on its booking."""

from django.db import models
from django.db.models import Q

from portfolio.models.booking import Booking


class JobStage(models.TextChoices):
    """Where a delivery stands; the booking's own stage says what it means for money."""

    ENQUIRY = "enquiry", "Enquiry"
    QUOTED = "quoted", "Quoted"
    CONTRACTED = "contracted", "Contracted"
    DEPOSIT = "deposit", "Deposit paid"
    READY = "ready", "Ready"
    UNDER_WAY = "under_way", "Under way"
    ARRIVED = "arrived", "Arrived"
    CLOSED = "closed", "Closed"


class DeliveryJob(models.Model):
    """The passage of a booking of kind delivery.

    ``miles_tenths`` are tenths of a nautical mile. ``weather_days`` are days lost to weather, which the slip is told
    without. When each stage was reached is a row of `JobStep`; leaving is the step under way. Estimated and recovered cost
    stand in the booking's costs, what was paid and spent in the ledger. ``rating`` is the client's, 0 to 10.
    """

    booking = models.OneToOneField(Booking, on_delete=models.CASCADE, related_name="job")
    vessel = models.CharField(max_length=80)
    from_place = models.CharField(max_length=80)
    to_place = models.CharField(max_length=80)
    miles_tenths = models.PositiveIntegerField(null=True, blank=True, help_text="Tenths of a nautical mile.")
    stage = models.CharField(max_length=10, choices=JobStage.choices, default=JobStage.ENQUIRY)
    promised_on = models.DateField(null=True, blank=True, help_text="The day the client expects arrival.")
    arrived_on = models.DateField(null=True, blank=True)
    weather_days = models.PositiveSmallIntegerField(default=0)
    estimated_days = models.PositiveSmallIntegerField(null=True, blank=True)
    actual_days = models.PositiveSmallIntegerField(null=True, blank=True)
    rating = models.PositiveSmallIntegerField(null=True, blank=True, help_text="0 to 10, from the client.")
    rated_on = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["booking_id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__lte=10), name="job_rating_up_to_ten"
            ),
            models.CheckConstraint(
                condition=~Q(stage__in=["arrived", "closed"]) | Q(arrived_on__isnull=False),
                name="arrived_job_has_a_date",
            ),
        ]
        indexes = [models.Index(fields=["stage"], name="job_by_stage")]

    def __str__(self) -> str:
        return f"{self.vessel}, {self.from_place} to {self.to_place}"


class JobStep(models.Model):
    """The day a job reached a stage; a stage that was passed over has none."""

    job = models.ForeignKey(DeliveryJob, on_delete=models.CASCADE, related_name="steps", db_index=False)
    stage = models.CharField(max_length=10, choices=JobStage.choices)
    on = models.DateField()

    class Meta:
        ordering = ["job_id", "on", "id"]
        constraints = [models.UniqueConstraint(fields=["job", "stage"], name="step_once_per_stage")]

    def __str__(self) -> str:
        return f"{self.stage} {self.on}"


class GateKind(models.TextChoices):
    """What must be ready before a vessel leaves."""

    INSURANCE = "insurance", "Insurance names the crew"
    SURVEY = "survey", "Survey"
    DOCUMENTS = "documents", "Documents"
    WEATHER = "weather", "Weather window"
    OTHER = "other", "Other"


class JobGate(models.Model):
    """One thing that must be ready before a job leaves; open while it has no date."""

    job = models.ForeignKey(DeliveryJob, on_delete=models.CASCADE, related_name="gates", db_index=False)
    kind = models.CharField(max_length=10, choices=GateKind.choices)
    name = models.CharField(max_length=120)
    passed_on = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["job_id", "id"]
        constraints = [models.UniqueConstraint(fields=["job", "name"], name="gate_once_per_job")]

    def __str__(self) -> str:
        return self.name


class JobRole(models.TextChoices):
    """What somebody does aboard on a delivery."""

    CAPTAIN = "captain", "Captain"
    CREW = "crew", "Crew"


class JobCrew(models.Model):
    """Who works a delivery and for how long, in tenths of a day."""

    job = models.ForeignKey(DeliveryJob, on_delete=models.CASCADE, related_name="crew", db_index=False)
    role = models.CharField(max_length=8, choices=JobRole.choices)
    who = models.CharField(max_length=120)
    days_tenths = models.PositiveIntegerField(help_text="Tenths of a day.")

    class Meta:
        ordering = ["job_id", "role", "who"]
        verbose_name_plural = "job crew"
        constraints = [models.UniqueConstraint(fields=["job", "who"], name="crew_once_per_job")]

    def __str__(self) -> str:
        return f"{self.who}, {self.role}"


class IncidentSeverity(models.TextChoices):
    """How bad it was."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


class JobIncident(models.Model):
    """Something that went wrong on a delivery."""

    job = models.ForeignKey(DeliveryJob, on_delete=models.CASCADE, related_name="incidents")
    on = models.DateField()
    severity = models.CharField(max_length=8, choices=IncidentSeverity.choices)
    what = models.CharField(max_length=200)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["job_id", "on", "id"]

    def __str__(self) -> str:
        return f"{self.on} {self.what}"
