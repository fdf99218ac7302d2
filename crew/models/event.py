"""Events: a charter, concert, delivery or maintenance day of one entity."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from crew.models.template import Anchor, EventKind, EventTemplate
from crew.models.vessel import Mode, Port, Vessel
from portfolio.models import Channel, Entity


class EventState(models.TextChoices):
    """Where an event stands; `crew.domain.events.MOVES` holds the legal moves."""

    DRAFT = "draft", "Draft"
    OPEN = "open", "Open"
    CONFIRMED = "confirmed", "Confirmed"
    UNDERWAY = "underway", "Underway"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"


# An event in one of these stays as it was.
OVER = (EventState.COMPLETED, EventState.CANCELLED)


class Event(models.Model):
    """One day's work. Instants are UTC; ``departs_on`` is the local date at the port.

    ``key`` addresses it everywhere. A sun-anchored time is a rule, and the instant beside it is worked out from the
    rule whenever date or port change. Triggers refuse more guests than ``capacity``, and positions on a bareboat charter.
    """

    key = models.CharField(max_length=16, unique=True)
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="events")
    template = models.ForeignKey(
        EventTemplate, null=True, blank=True, on_delete=models.PROTECT, related_name="events"
    )
    kind = models.CharField(max_length=16, choices=EventKind.choices)
    title = models.CharField(max_length=160)
    state = models.CharField(max_length=10, choices=EventState.choices, default=EventState.DRAFT)
    vessel = models.ForeignKey(Vessel, null=True, blank=True, on_delete=models.PROTECT, related_name="events")
    venue = models.CharField(max_length=160, blank=True, help_text="Where it is, if not on a vessel.")
    port = models.ForeignKey(Port, on_delete=models.PROTECT, related_name="+")
    end_port = models.ForeignKey(
        Port, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="If not the same."
    )
    stops = models.JSONField(default=list, blank=True, help_text="Names, in order.")
    mode = models.CharField(max_length=16, choices=Mode.choices, blank=True, help_text="Empty: ashore.")
    legal_limit = models.PositiveIntegerField(null=True, blank=True)
    legal_source = models.CharField(max_length=200, blank=True)
    capacity = models.PositiveIntegerField()
    departs_on = models.DateField()
    departure_anchor = models.CharField(max_length=12, choices=Anchor.choices, default=Anchor.CLOCK)
    departure_minutes = models.IntegerField()
    departs_at = models.DateTimeField()
    return_anchor = models.CharField(max_length=12, choices=Anchor.choices, default=Anchor.CLOCK)
    return_minutes = models.IntegerField()
    returns_at = models.DateTimeField()
    crew_call_minutes = models.PositiveIntegerField(default=90)
    boarding_minutes = models.PositiveIntegerField(default=20)
    release_hours = models.PositiveIntegerField(default=48)
    waiver_required = models.BooleanField(default=True)
    meeting_point = models.CharField(max_length=200, blank=True)
    gate_code = models.CharField(max_length=40, blank=True)
    client_name = models.CharField(max_length=120, blank=True)
    price_minor = models.BigIntegerField(default=0)
    channel = models.ForeignKey(Channel, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    notes_captain = models.TextField(blank=True)
    notes_crew = models.TextField(blank=True)
    notes_guests = models.TextField(blank=True)
    notes_staff = models.TextField(blank=True)
    cancel_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    sample = models.BooleanField(default=False)

    class Meta:
        ordering = ["departs_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(returns_at__gt=F("departs_at")), name="event_returns_after_departure"
            ),
            models.CheckConstraint(
                condition=Q(legal_limit__isnull=True) | Q(capacity__lte=F("legal_limit")),
                name="event_capacity_within_law",
            ),
            models.CheckConstraint(
                condition=Q(mode="") | Q(legal_limit__isnull=False, vessel__isnull=False),
                name="voyage_has_vessel_and_limit",
            ),
            models.CheckConstraint(
                condition=(~Q(state="cancelled") & Q(cancel_reason=""))
                | (Q(state="cancelled") & ~Q(cancel_reason="")),
                name="only_cancelled_event_says_why",
            ),
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="event_price_not_negative"),
        ]
        indexes = [
            models.Index(fields=["entity", "departs_at"], name="event_agenda"),
            models.Index(fields=["vessel", "departs_at"], name="event_by_vessel"),
            models.Index(fields=["state", "departs_at"], name="event_by_state"),
        ]

    def __str__(self) -> str:
        return self.title
