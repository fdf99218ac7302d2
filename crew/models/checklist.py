"""Checklist items of an event."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from crew.models.event import Event
from crew.models.template import DueFrom, Evidence, ItemTemplate, Phase, Role


class ItemState(models.TextChoices):
    """Where an item stands; `crew.domain.checklists.MOVES` holds the legal moves."""

    PENDING = "pending", "Pending"
    CLAIMED = "claimed", "Claimed"
    ON_HOLD = "on_hold", "On hold"
    COMPLETED = "completed", "Completed"


class ChecklistItem(models.Model):
    """One thing to be done by one person, with the evidence that it was. A copy of its template's words.

    ``due_at`` follows the event's times. ``first_claimed_at``, ``hold_count`` and ``missed_limits`` outlive the
    states, for the page that compares items over past events.
    """

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="items")
    template = models.ForeignKey(
        ItemTemplate, null=True, blank=True, on_delete=models.PROTECT, related_name="worked"
    )
    phase = models.CharField(max_length=16, choices=Phase.choices)
    sort = models.PositiveIntegerField(default=0)
    text = models.CharField(max_length=200)
    detail = models.TextField(blank=True)
    role = models.CharField(
        max_length=8, choices=[(Role.CAPTAIN, "Captain"), (Role.CREW, "Crew")], default=Role.CREW
    )
    due_from = models.CharField(max_length=10, choices=DueFrom.choices, default=DueFrom.DEPARTURE)
    due_minutes = models.IntegerField(default=0)
    due_at = models.DateTimeField()
    critical = models.BooleanField(default=False)
    evidence = models.CharField(max_length=8, choices=Evidence.choices, default=Evidence.TICK)
    low = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    high = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=10, choices=ItemState.choices, default=ItemState.PENDING)
    claimer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    hold_reason = models.CharField(max_length=300, blank=True)
    hold_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    review_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    completed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    value_number = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    value_text = models.TextField(blank=True)
    photo = models.FileField(upload_to="checklists/", blank=True)
    first_claimed_at = models.DateTimeField(null=True, blank=True)
    hold_count = models.PositiveIntegerField(default=0)
    missed_limits = models.BooleanField(default=False)

    class Meta:
        ordering = ["event_id", "sort", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="pending", claimer__isnull=True)
                | (~Q(state="pending") & Q(claimer__isnull=False)),
                name="item_has_claimer_unless_pending",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state="on_hold", hold_owner__isnull=False, review_at__isnull=False) & ~Q(hold_reason="")
                )
                | (~Q(state="on_hold") & Q(hold_owner__isnull=True, review_at__isnull=True, hold_reason="")),
                name="only_held_item_says_why_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(state="completed", completed_at__isnull=False, completed_by__isnull=False)
                | (~Q(state="completed") & Q(completed_at__isnull=True, completed_by__isnull=True)),
                name="only_completed_item_has_time_and_hand",
            ),
        ]
        indexes = [
            models.Index(fields=["event", "sort"], name="item_by_event"),
            models.Index(fields=["template", "state"], name="item_by_template"),
            models.Index(fields=["claimer", "state"], name="item_by_claimer"),
            models.Index(fields=["due_at"], condition=~Q(state="completed"), name="item_due"),
        ]

    def __str__(self) -> str:
        return self.text
