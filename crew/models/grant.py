"""Staff grants: a duty on one entity, or on the whole portfolio. Grants on an event come with events."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

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
