"""Templates: what an event of a kind starts with, its positions and its checklists."""

from django.db import models
from django.db.models import Q

from crew.models.vessel import Mode
from portfolio.models import Entity


class EventKind(models.TextChoices):
    """What is done on the day."""

    SUNSET_SAIL = "sunset_sail", "Sunset sail"
    DAY_CHARTER = "day_charter", "Day charter"
    CONCERT = "concert", "Concert"
    DELIVERY = "delivery", "Delivery"
    MAINTENANCE = "maintenance", "Maintenance day"


class Anchor(models.TextChoices):
    """What a time of day is counted from."""

    CLOCK = "clock", "Local time"
    SUNRISE = "sunrise", "Sunrise"
    SUNSET = "sunset", "Sunset"
    CIVIL_DUSK = "civil_dusk", "Civil dusk"


class Role(models.TextChoices):
    """What somebody is on one event. `crew.rules` says what each may see and do."""

    CAPTAIN = "captain", "Captain"
    CREW = "crew", "Crew"
    GUEST = "guest", "Guest"
    ADMIN = "admin", "Admin"


class Station(models.TextChoices):
    """What a position is for."""

    CAPTAIN = "captain", "Captain"
    MATE = "mate", "Mate"
    DECKHAND = "deckhand", "Deckhand"
    HOST = "host", "Host"
    ENGINEER = "engineer", "Engineer"
    SOUND = "sound", "Sound"


class CredentialKind(models.TextChoices):
    """The papers that people who work aboard hold."""

    CAPTAIN_LICENCE = "captain_licence", "Captain's licence"
    MEDICAL = "medical", "Medical certificate"
    TWIC = "twic", "TWIC"
    DRUG_PROGRAMME = "drug_programme", "Drug programme"
    FIRST_AID = "first_aid", "First aid"


class Phase(models.TextChoices):
    """When on the day a checklist is worked, in this order."""

    PRE_DEPARTURE = "pre_departure", "Pre-departure"
    SAFETY_BRIEFING = "safety_briefing", "Safety briefing"
    GUEST_BOARDING = "guest_boarding", "Guest boarding"
    UNDERWAY = "underway", "Underway"
    RETURN = "return", "Return"
    SHUTDOWN = "shutdown", "Shutdown"


class DueFrom(models.TextChoices):
    """What an item's due time is counted from."""

    DEPARTURE = "departure", "Departure"
    RETURN = "return", "Return"


class Evidence(models.TextChoices):
    """What completing an item asks for."""

    TICK = "tick", "Tick"
    NUMBER = "number", "Number"
    TEXT = "text", "Text"
    PHOTO = "photo", "Photo"


class ChecklistTemplate(models.Model):
    """A list worked in one phase, shared by the event templates that name it."""

    entity = models.ForeignKey(
        Entity,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty: for every entity.",
    )
    name = models.CharField(max_length=120)
    phase = models.CharField(max_length=16, choices=Phase.choices)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "name"], name="checklist_template_once_per_entity"),
        ]

    def __str__(self) -> str:
        return self.name


class ItemTemplate(models.Model):
    """One line of a list. ``due_minutes`` is negative before departure or return, positive after."""

    checklist = models.ForeignKey(ChecklistTemplate, on_delete=models.PROTECT, related_name="items")
    text = models.CharField(max_length=200)
    detail = models.TextField(blank=True)
    role = models.CharField(
        max_length=8, choices=[(Role.CAPTAIN, "Captain"), (Role.CREW, "Crew")], default=Role.CREW
    )
    due_from = models.CharField(max_length=10, choices=DueFrom.choices, default=DueFrom.DEPARTURE)
    due_minutes = models.IntegerField(default=0, help_text="Minutes after; negative is before.")
    critical = models.BooleanField(default=False, help_text="No departure before it is completed.")
    evidence = models.CharField(max_length=8, choices=Evidence.choices, default=Evidence.TICK)
    low = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    high = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    sort = models.PositiveIntegerField(default=0)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["checklist_id", "sort", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(low__isnull=True) | Q(high__isnull=True) | Q(low__lte=models.F("high")),
                name="item_template_limits_in_order",
            ),
            models.CheckConstraint(
                condition=Q(evidence="number") | Q(low__isnull=True, high__isnull=True),
                name="item_template_limits_are_of_numbers",
            ),
        ]

    def __str__(self) -> str:
        return self.text


class EventTemplate(models.Model):
    """What an event starts with. Times are rules: minutes from a sun time, or a local clock time (minutes of the day)."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="event_templates")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=EventKind.choices)
    mode = models.CharField(max_length=16, choices=Mode.choices, blank=True, help_text="Empty: ashore.")
    capacity = models.PositiveIntegerField(default=0)
    departure_anchor = models.CharField(max_length=12, choices=Anchor.choices, default=Anchor.CLOCK)
    departure_minutes = models.IntegerField(default=600, help_text="600 of the local clock is 10:00.")
    return_anchor = models.CharField(max_length=12, choices=Anchor.choices, default=Anchor.CLOCK)
    return_minutes = models.IntegerField(default=1020)
    crew_call_minutes = models.PositiveIntegerField(default=90, help_text="Before departure.")
    boarding_minutes = models.PositiveIntegerField(default=20, help_text="Before departure.")
    release_hours = models.PositiveIntegerField(
        default=48, help_text="A position may be released freely until so many hours before crew call."
    )
    waiver_required = models.BooleanField(default=True)
    meeting_point = models.CharField(max_length=200, blank=True)
    notes_captain = models.TextField(blank=True)
    notes_crew = models.TextField(blank=True)
    notes_guests = models.TextField(blank=True)
    checklists = models.ManyToManyField(ChecklistTemplate, blank=True, related_name="event_templates")
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "name"], name="event_template_once_per_entity"),
        ]

    def __str__(self) -> str:
        return self.name


class PositionTemplate(models.Model):
    """A position that events of a template start with. ``requires`` lists credential kinds."""

    template = models.ForeignKey(EventTemplate, on_delete=models.CASCADE, related_name="positions")
    station = models.CharField(max_length=10, choices=Station.choices)
    count = models.PositiveIntegerField(default=1)
    requires = models.JSONField(default=list, blank=True)
    rate_minor = models.BigIntegerField(default=0, help_text="Cents for the whole event.")
    sort = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["template_id", "sort", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(count__gte=1, rate_minor__gte=0), name="position_template_sane"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} × {self.get_station_display()}"
