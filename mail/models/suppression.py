"""Suppression: an address that mail of some kind no longer goes to, since when and why.

A row is never changed but to lift it; a second reason for the same address and scope adds nothing.
`mail.domain.suppression` writes it.
"""

from django.db import models
from django.db.models import Q

from mail.models.audience import MailingList
from mail.models.message import Message


class Scope(models.TextChoices):
    """What is held back. Codes, links and safety mail (`Kind.ESSENTIAL`) never are."""

    ALL = "all", "All mail but codes and links"
    COMMERCIAL = "commercial", "All campaigns"
    LIST = "list", "Campaigns of one list"


class Reason(models.TextChoices):
    """Why."""

    HARD_BOUNCE = "hard_bounce", "Hard bounce"
    SOFT_BOUNCES = "soft_bounces", "Repeated soft bounces"
    COMPLAINT = "complaint", "Complaint"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    BY_HAND = "by_hand", "Set by hand"


class Suppression(models.Model):
    """One address, one scope. Live until lifted."""

    address_key = models.CharField(max_length=254, help_text="The address in lower case.")
    scope = models.CharField(max_length=10, choices=Scope.choices)
    # Without an index of its own: SQLite would take it for "no list" and read every row there is.
    mailing_list = models.ForeignKey(
        MailingList,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="suppressions",
        db_index=False,
    )
    reason = models.CharField(max_length=12, choices=Reason.choices)
    detail = models.CharField(max_length=500, blank=True)
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.PROTECT, related_name="suppressions"
    )
    created_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_why = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope=Scope.LIST, mailing_list__isnull=False)
                | (~Q(scope=Scope.LIST) & Q(mailing_list__isnull=True)),
                name="suppression_of_list_names_it",
            ),
            models.CheckConstraint(condition=~Q(address_key=""), name="suppression_has_address"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_why="")
                | (Q(lifted_at__isnull=False) & ~Q(lifted_why="")),
                name="suppression_lifted_says_why",
            ),
            # Also what suppression.holding() looks up.
            models.UniqueConstraint(
                fields=["address_key", "scope"],
                condition=Q(lifted_at__isnull=True, mailing_list__isnull=True),
                name="suppression_live_once",
            ),
            models.UniqueConstraint(
                fields=["address_key", "mailing_list"],
                condition=Q(lifted_at__isnull=True, mailing_list__isnull=False),
                name="suppression_live_once_per_list",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address_key}: {self.get_scope_display().lower()}"
