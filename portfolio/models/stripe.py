"""What Stripe told by webhook, and the payouts by which its balance reaches the bank.

An event is a wake-up and a record of it: what it moved is fetched from Stripe as balance transactions, and each of those
lands once, as a line of kind ``stripe``, whether a webhook or a file brought it (`portfolio.domain.stripe`).
"""

from django.db import models
from django.db.models import Q

from portfolio.models.entity import Entity


class StripeEventState(models.TextChoices):
    """How far an event has come."""

    RECEIVED = "received", "Received"
    DONE = "done", "Done"
    IGNORED = "ignored", "Of no concern"
    FAILED = "failed", "Failed, will be tried again"


class StripeEvent(models.Model):
    """One event of one Stripe account, kept once by its id."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="stripe_events", db_index=False)
    event_id = models.CharField(max_length=80, unique=True)
    type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=80, blank=True)
    livemode = models.BooleanField(help_text="Real money, as the event says; a test event moves nothing.")
    body_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(help_text="By Stripe's clock.")
    received_at = models.DateTimeField()
    state = models.CharField(
        max_length=8, choices=StripeEventState.choices, default=StripeEventState.RECEIVED
    )
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=250, blank=True)
    post_on = models.DateField(
        null=True, blank=True, help_text="The open date a person chose for what belongs in a closed month."
    )
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=StripeEventState.values), name="stripe_event_state_is_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(state__in=["received", "failed"]),
                name="stripe_event_due",
            ),
            models.Index(fields=["entity", "-received_at"], name="stripe_event_by_entity"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class StripeMovement(models.Model):
    """What else Stripe's ids say of a movement of the balance: whose charge it is, and which payout carried it.

    The movement itself is an `ImportedLine` with the same id. ``payout_id`` comes later than the movement, when a payout
    takes it along; ``net_minor`` is what it brought to the clearing account.
    """

    entity = models.ForeignKey(
        Entity, on_delete=models.PROTECT, related_name="stripe_movements", db_index=False
    )
    external_id = models.CharField(max_length=160)
    charge_id = models.CharField(max_length=80, blank=True)
    payout_id = models.CharField(max_length=80, blank=True)
    net_minor = models.BigIntegerField()

    class Meta:
        ordering = ["entity_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "external_id"], name="stripe_movement_once_per_id"),
        ]
        indexes = [
            models.Index(
                fields=["entity", "charge_id"], condition=~Q(charge_id=""), name="stripe_movement_by_charge"
            ),
            models.Index(
                fields=["entity", "payout_id"], condition=~Q(payout_id=""), name="stripe_movement_by_payout"
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class StripePayout(models.Model):
    """A payout to the bank. All movements it holds pass the clearing account and add up to it: ``residual_minor`` is 0.

    ``residual_minor`` is None until every movement of the payout is known.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="payouts", db_index=False)
    payout_id = models.CharField(max_length=80)
    amount_minor = models.BigIntegerField(help_text="What reached the bank.")
    arrives_on = models.DateField()
    state = models.CharField(max_length=12, help_text="As Stripe names it: paid, in_transit, failed …")
    lines = models.PositiveIntegerField(default=0)
    residual_minor = models.BigIntegerField(null=True, blank=True)
    manual = models.BooleanField(
        default=False, help_text="Somebody asked for it; Stripe lists no movements that it carried."
    )
    checked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["entity_id", "-arrives_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "payout_id"], name="payout_once_per_id"),
        ]

    def __str__(self) -> str:
        return self.payout_id
