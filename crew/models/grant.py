"""Grants: a duty on one entity or on the whole portfolio for staff, a role on one event for those who work it or sail."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from crew.models.event import Event
from crew.models.position import Position
from crew.models.template import Role
from portfolio.models import Entity


class Duty(models.TextChoices):
    """What a member of staff does. `crew.rules` says what each duty allows."""

    OWNER = "owner", "Owner"
    BOOKKEEPER = "bookkeeper", "Bookkeeper"
    BOOKINGS = "bookings", "Bookings"
    READER = "reader", "Reader"


class StaffGrantQuerySet(models.QuerySet["StaffGrant"]):
    """Words for choosing grants."""

    def live(self) -> "StaffGrantQuerySet":
        """Choose grants that nobody has revoked."""
        return self.filter(revoked_at__isnull=True)


class StaffGrant(models.Model):
    """One person's duty on one entity; without an entity it is the whole portfolio."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="staff_grants"
    )
    entity = models.ForeignKey(Entity, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    duty = models.CharField(max_length=12, choices=Duty.choices)
    granted_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = StaffGrantQuerySet.as_manager()

    class Meta:
        ordering = ["person_id", "entity_id", "duty", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "entity", "duty"],
                condition=Q(revoked_at__isnull=True, entity__isnull=False),
                name="staff_grant_once_per_entity_duty",
            ),
            models.UniqueConstraint(
                fields=["person", "duty"],
                condition=Q(revoked_at__isnull=True, entity__isnull=True),
                name="staff_grant_once_per_portfolio_duty",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | Q(revoked_at__gte=F("granted_at")),
                name="staff_grant_revoked_after_granted",
            ),
        ]

    def __str__(self) -> str:
        scope = "the whole portfolio" if self.entity_id is None else f"entity {self.entity_id}"
        return f"{self.get_duty_display()} of {scope}"


class EventGrantQuerySet(models.QuerySet["EventGrant"]):
    """Words for choosing grants on events."""

    def live(self, *, at: dt.datetime) -> "EventGrantQuerySet":
        """Choose grants that hold at an instant: not revoked, not run out."""
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=at), revoked_at__isnull=True)


class EventGrant(models.Model):
    """One person's role on one event, until it is revoked or runs out.

    ``position`` is filled where holding a position brought the grant, which then goes with it. ``version`` counts
    up whenever the grant changes, so that whatever was issued under it can be told old.
    """

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="grants")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="event_grants"
    )
    role = models.CharField(max_length=8, choices=Role.choices)
    position = models.ForeignKey(Position, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = EventGrantQuerySet.as_manager()

    class Meta:
        ordering = ["event_id", "role", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "person", "role"],
                condition=Q(revoked_at__isnull=True),
                name="event_grant_once_per_role",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | Q(revoked_at__gte=F("granted_at")),
                name="event_grant_revoked_after_granted",
            ),
        ]
        indexes = [models.Index(fields=["person", "event"], name="event_grant_by_person")]

    def __str__(self) -> str:
        return f"{self.get_role_display()} of event {self.event_id}"
