"""Bookings: from a first enquiry to a completed charter, concert, stay or delivery."""

from django.db import models
from django.db.models import F, Q

from portfolio.models.channel import Channel
from portfolio.models.entity import Asset, Entity
from portfolio.models.terms import CancellationTerms


class BookingStage(models.TextChoices):
    """Where a booking stands; `portfolio.domain.bookings.MOVES` holds the legal moves."""

    ENQUIRY = "enquiry", "Enquiry"
    QUOTED = "quoted", "Quoted"
    HELD = "held", "Held"
    BOOKED = "booked", "Booked"
    PAID = "paid", "Paid"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"
    LOST = "lost", "Lost"


class Booking(models.Model):
    """What a client asked for, at what price, by which channel, and how far it has come.

    ``paid_minor`` and ``deposit_minor`` are cents of the entity's currency. ``event_key`` names the event
    in the crew portal that works it; the portal is a floor above, so this is a key and no foreign key.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="bookings")
    reference = models.CharField(max_length=40)
    title = models.CharField(max_length=160)
    kind = models.CharField(max_length=20, help_text="charter, concert, stay, delivery, haul or work")
    asset = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.PROTECT, related_name="bookings")
    channel = models.ForeignKey(
        Channel, null=True, blank=True, on_delete=models.PROTECT, related_name="bookings"
    )
    client_name = models.CharField(max_length=120, blank=True)
    client_email = models.EmailField(blank=True)
    party_size = models.PositiveIntegerField(default=0)
    stage = models.CharField(max_length=10, choices=BookingStage.choices, default=BookingStage.ENQUIRY)
    enquired_on = models.DateField(
        null=True, blank=True, help_text="Empty where a note or file does not say."
    )
    quoted_on = models.DateField(null=True, blank=True)
    booked_on = models.DateField(null=True, blank=True)
    completed_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True, help_text="Cancelled or lost on.")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    service_on = models.DateField(null=True, blank=True, help_text="Local date of the service.")
    price_minor = models.BigIntegerField(default=0)
    deposit_minor = models.BigIntegerField(default=0)
    paid_minor = models.BigIntegerField(default=0)
    cancellation_terms = models.CharField(
        max_length=200, blank=True, help_text="As a note or file words them."
    )
    terms = models.ForeignKey(
        CancellationTerms,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="bookings",
        help_text="The terms that decide what goes back when it is called off.",
    )
    stripe_id = models.CharField(max_length=80, blank=True)
    payment_link = models.URLField(blank=True)
    event_key = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=120, blank=True)
    campaign = models.ForeignKey(
        "mail.Campaign",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="bookings",
        help_text="The campaign whose mail it came from, as the client said.",
    )

    class Meta:
        ordering = ["entity_id", "service_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "reference"], name="booking_reference_once_per_entity"),
            models.UniqueConstraint(
                fields=["event_key"], condition=~Q(event_key=""), name="event_has_one_booking"
            ),
            models.CheckConstraint(
                condition=Q(price_minor__gte=0, deposit_minor__gte=0, paid_minor__gte=0),
                name="booking_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=~Q(stage__in=["booked", "paid", "completed"]) | Q(service_on__isnull=False),
                name="firm_booking_has_service_date",
            ),
            models.CheckConstraint(
                condition=~Q(stage="completed") | Q(completed_on__isnull=False),
                name="completed_booking_has_date",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="booking_ends_after_it_starts",
            ),
        ]
        indexes = [
            models.Index(fields=["entity", "stage", "service_on"], name="booking_pipeline"),
            models.Index(fields=["enquired_on"], name="booking_by_enquiry"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"


class CostKind(models.TextChoices):
    """The direct costs of a charter, stay, job or concert."""

    CREW = "crew", "Crew"
    FUEL = "fuel", "Fuel"
    DOCK = "dock", "Dock"
    FOOD = "food", "Provisions"
    COMMISSION = "commission", "Commission"
    CARD_FEE = "card_fee", "Card fee"
    OTHER = "other", "Other"


class BookingCost(models.Model):
    """An expected direct cost of one booking; what was spent is in the ledger, linked to the booking.

    ``rebillable`` is passed on to the client at cost; ``recovered_minor`` is what the client has paid of that. Both cents.
    """

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="costs")
    kind = models.CharField(max_length=12, choices=CostKind.choices)
    amount_minor = models.BigIntegerField()
    rebillable = models.BooleanField(default=False)
    recovered_minor = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["booking_id", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["booking", "kind"], name="cost_once_per_kind"),
            models.CheckConstraint(condition=Q(amount_minor__gte=0), name="cost_not_negative"),
            models.CheckConstraint(
                condition=Q(recovered_minor__gte=0) & (Q(rebillable=True) | Q(recovered_minor=0)),
                name="only_rebillable_cost_is_recovered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor}"


class ServedDeed(models.TextChoices):
    """What the portal says of the event that works a booking."""

    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"
    REOPENED = "reopened", "Taken back from completed"


class UnpostedDeed(models.Model):
    """What became of a booking's event while the books could not take it yet; gone once they have.

    No captain waits for the books: the event moves on, and this stays behind until it is posted.
    """

    booking = models.OneToOneField(Booking, on_delete=models.CASCADE, related_name="unposted")
    deed = models.CharField(max_length=10, choices=ServedDeed.choices)
    on = models.DateField(help_text="Local date of the entity.")
    refusal = models.CharField(
        max_length=500, help_text="Why the books did not take it, at the last attempt."
    )
    since = models.DateTimeField()
    tried_at = models.DateTimeField()

    class Meta:
        ordering = ["since", "id"]

    def __str__(self) -> str:
        return f"{self.booking_id} {self.deed}"
