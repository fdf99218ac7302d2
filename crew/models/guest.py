"""Guests: one row per passenger. Waivers and boarding come with the departure board."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from crew.models.event import Event


class GuestState(models.TextChoices):
    """Whether a guest may board. ``removed`` frees the seat."""

    HELD = "held", "Held"
    CLEARED = "cleared", "Cleared"
    REMOVED = "removed", "Removed"


class Guest(models.Model):
    """One passenger of one event, child or adult. Triggers refuse one too many, whoever adds them."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="guests")
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=8, choices=GuestState.choices, default=GuestState.HELD)
    walk_up = models.BooleanField(default=False)
    cleared_how = models.CharField(max_length=120, blank=True)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["event_id", "id"]
        constraints = [
            models.UniqueConstraint(
                "event",
                Lower("email"),
                condition=~Q(email="") & ~Q(state="removed"),
                name="guest_once_per_event_and_address",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="guest_has_name"),
            models.CheckConstraint(
                condition=~Q(state="cleared") | ~Q(cleared_how=""), name="cleared_guest_says_how"
            ),
        ]

    def __str__(self) -> str:
        return self.name
