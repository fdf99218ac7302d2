"""A rental: stays, blocked nights, rates, maintenance tickets, and papers that expire.

An entity of kind rental lets one property, so these hang on the entity. Dates are local to it.
"""

from django.db import models
from django.db.models import F, Q

from portfolio.models.booking import Booking
from portfolio.models.entity import Entity


class Stay(models.Model):
    """The nights of a booking of kind stay, from ``check_in`` up to but not including ``check_out``.

    Price, guests, when it was booked or called off, the channel's fee and the cleaning stand on the booking and its costs.
    """

    booking = models.OneToOneField(Booking, on_delete=models.CASCADE, related_name="stay")
    check_in = models.DateField()
    check_out = models.DateField(help_text="The day of leaving, whose night is not theirs.")
    channel_name = models.CharField(
        max_length=80, blank=True, help_text="Where it was booked, in its own words."
    )

    class Meta:
        ordering = ["check_in", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(check_out__gt=F("check_in")), name="stay_lasts_a_night"),
        ]
        indexes = [models.Index(fields=["check_out"], name="stay_by_check_out")]

    def __str__(self) -> str:
        return f"{self.check_in} to {self.check_out}"


class TicketPriority(models.TextChoices):
    """How soon a ticket must be done."""

    EMERGENCY = "emergency", "Emergency"
    URGENT = "urgent", "Urgent"
    ROUTINE = "routine", "Routine"


class TicketState(models.TextChoices):
    """Where a ticket stands, in this order; steps between may be left out."""

    REPORTED = "reported", "Reported"
    TRIAGED = "triaged", "Triaged"
    QUOTED = "quoted", "Quoted"
    SCHEDULED = "scheduled", "Scheduled"
    DONE = "done", "Done"


class MaintenanceTicket(models.Model):
    """Something to be mended. Amounts are cents; a date is empty where nobody said when.

    ``scheduled_on`` is the day it was arranged, ``scheduled_for`` the day it is to be done. ``cost_minor`` is what it cost
    in the end; ``entry`` is where the books hold that.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="tickets", db_index=False)
    reference = models.CharField(max_length=40)
    what = models.CharField(max_length=160)
    priority = models.CharField(max_length=10, choices=TicketPriority.choices)
    state = models.CharField(max_length=10, choices=TicketState.choices, default=TicketState.REPORTED)
    reported_on = models.DateField()
    triaged_on = models.DateField(null=True, blank=True)
    quoted_on = models.DateField(null=True, blank=True)
    scheduled_on = models.DateField(null=True, blank=True)
    scheduled_for = models.DateField(null=True, blank=True)
    done_on = models.DateField(null=True, blank=True)
    quote_minor = models.BigIntegerField(null=True, blank=True)
    cost_minor = models.BigIntegerField(null=True, blank=True)
    entry = models.ForeignKey(
        "portfolio.JournalEntry", null=True, blank=True, on_delete=models.PROTECT, related_name="tickets"
    )
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "-reported_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "reference"], name="ticket_once_per_reference"),
            models.CheckConstraint(
                condition=(Q(state="done") & Q(done_on__isnull=False))
                | (~Q(state="done") & Q(done_on__isnull=True)),
                name="ticket_is_done_on_a_date",
            ),
            models.CheckConstraint(
                condition=~Q(state="scheduled") | Q(scheduled_for__isnull=False),
                name="scheduled_ticket_has_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(state="quoted") | Q(quote_minor__isnull=False), name="quoted_ticket_has_a_quote"
            ),
            models.CheckConstraint(
                condition=(Q(quote_minor__isnull=True) | Q(quote_minor__gte=0))
                & (Q(cost_minor__isnull=True) | Q(cost_minor__gte=0)),
                name="ticket_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(done_on__isnull=True) | Q(done_on__gte=F("reported_on")),
                name="ticket_done_after_it_was_reported",
            ),
        ]
        indexes = [models.Index(fields=["entity", "state", "reported_on"], name="ticket_pipeline")]

    def __str__(self) -> str:
        return f"{self.reference} {self.what}"


class BlockReason(models.TextChoices):
    """Why nights cannot be sold."""

    MAINTENANCE = "maintenance", "Maintenance"
    OWNER = "owner", "Owner’s own use"
    OTHER = "other", "Other"


class BlockedNights(models.Model):
    """Nights that cannot be sold, ``first_on`` and ``last_on`` both included."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="blocked", db_index=False)
    first_on = models.DateField()
    last_on = models.DateField()
    reason = models.CharField(max_length=12, choices=BlockReason.choices)
    ticket = models.ForeignKey(
        MaintenanceTicket, null=True, blank=True, on_delete=models.PROTECT, related_name="blocked"
    )
    note = models.CharField(max_length=160, blank=True)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "first_on"]
        verbose_name_plural = "blocked nights"
        constraints = [
            models.UniqueConstraint(fields=["entity", "first_on"], name="nights_blocked_once"),
            models.CheckConstraint(
                condition=Q(last_on__gte=F("first_on")), name="block_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_on} to {self.last_on}"


class NightRate(models.Model):
    """What a night is offered at, in cents, ``first_on`` and ``last_on`` both included."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="night_rates", db_index=False)
    first_on = models.DateField()
    last_on = models.DateField()
    night_minor = models.BigIntegerField()
    source = models.CharField(max_length=120)

    class Meta:
        ordering = ["entity_id", "first_on"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "first_on"], name="night_rate_once"),
            models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="rate_ends_after_it_begins"),
            models.CheckConstraint(condition=Q(night_minor__gt=0), name="night_rate_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.first_on} to {self.last_on}: {self.night_minor}"


class ExpiryKind(models.TextChoices):
    """What expires."""

    PERMIT = "permit", "Permit"
    INSURANCE = "insurance", "Insurance"
    LICENCE = "licence", "Licence"
    CERTIFICATE = "certificate", "Certificate"
    CONTRACT = "contract", "Contract"


class Expiry(models.Model):
    """A paper of an entity that runs out; a renewal moves its date."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="expiries", db_index=False)
    kind = models.CharField(max_length=12, choices=ExpiryKind.choices)
    name = models.CharField(max_length=120)
    expires_on = models.DateField(help_text="The last day it is good for.")
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "expires_on", "name"]
        verbose_name_plural = "expiries"
        constraints = [models.UniqueConstraint(fields=["entity", "name"], name="expiry_once_per_name")]

    def __str__(self) -> str:
        return f"{self.name} {self.expires_on}"
