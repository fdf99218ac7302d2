"""Positions of an event, the credentials they ask for, and the days on which people cannot."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from crew.models.event import Event
from crew.models.template import CredentialKind, Station


class PositionState(models.TextChoices):
    """Where a position stands; `crew.domain.positions.MOVES` holds the legal moves."""

    OPEN = "open", "Open"
    CLAIMED = "claimed", "Claimed"
    CONFIRMED = "confirmed", "Confirmed"
    HELD = "held", "Held"


class Position(models.Model):
    """One slot to be worked by one person. Held: somebody has it, and something must be put right first."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="positions")
    station = models.CharField(max_length=10, choices=Station.choices)
    requires = models.JSONField(default=list, blank=True, help_text="Credential kinds.")
    rate_minor = models.BigIntegerField(default=0, help_text="Cents for the whole event.")
    sort = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=PositionState.choices, default=PositionState.OPEN)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="positions"
    )
    hold_reason = models.CharField(max_length=300, blank=True)
    stand_in_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when the holder seeks a stand-in."
    )
    stand_in_reason = models.CharField(max_length=300, blank=True)
    override_reason = models.CharField(
        max_length=300, blank=True, help_text="Why an admin put the holder in against the rules."
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    paid_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["event_id", "sort", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", holder__isnull=True) | (~Q(state="open") & Q(holder__isnull=False)),
                name="position_has_holder_unless_open",
            ),
            models.CheckConstraint(
                condition=(Q(state="held") & ~Q(hold_reason="")) | (~Q(state="held") & Q(hold_reason="")),
                name="only_held_position_says_why",
            ),
            models.CheckConstraint(
                condition=Q(stand_in_at__isnull=True) | Q(holder__isnull=False),
                name="stand_in_is_sought_by_holder",
            ),
            models.CheckConstraint(
                condition=Q(override_reason="") | Q(holder__isnull=False),
                name="overridden_position_has_holder",
            ),
            models.CheckConstraint(condition=Q(rate_minor__gte=0), name="position_rate_not_negative"),
            models.CheckConstraint(
                condition=Q(paid_on__isnull=True) | Q(holder__isnull=False), name="paid_position_has_holder"
            ),
        ]
        indexes = [
            models.Index(fields=["holder", "event"], name="position_by_holder"),
        ]

    def __str__(self) -> str:
        return self.get_station_display()


class Credential(models.Model):
    """A paper somebody holds; ``expires_on`` is its last valid day, empty where it does not expire."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="credentials")
    kind = models.CharField(max_length=16, choices=CredentialKind.choices)
    number = models.CharField(max_length=60, blank=True)
    issued_on = models.DateField(null=True, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    file = models.FileField(upload_to="credentials/", blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["person_id", "kind", "-expires_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(issued_on__isnull=True)
                | Q(expires_on__isnull=True)
                | Q(expires_on__gte=F("issued_on")),
                name="credential_expires_after_issue",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_on"], condition=Q(withdrawn_at__isnull=True), name="credential_by_expiry"
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class DayOff(models.Model):
    """Days, first to last inclusive and local to the person, on which somebody cannot work."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="days_off")
    first_on = models.DateField()
    last_on = models.DateField()
    note = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["first_on", "id"]
        verbose_name_plural = "days off"
        constraints = [
            models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="day_off_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first_on} to {self.last_on}"
