"""Milestones of a plan: what is promised for when, and the live check that tells whether it is met."""

from django.db import models
from django.db.models import Q

from portfolio.models.entity import Entity


class PlanName(models.TextChoices):
    """The plan a milestone belongs to."""

    BREAK_EVEN = "break_even", "Break-even"
    GO_TO_MARKET = "go_to_market", "Go to market"
    LOCAL_SEARCH = "local_search", "Local search"


class MilestoneCheck(models.TextChoices):
    """A live check that meets a milestone by itself; ``threshold`` is in its unit."""

    MONTHS_RECONCILED = "months_reconciled", "Months reconciled in any entity, at least so many"
    MONTH_CLOSED = "month_closed", "The month is closed in all books (year * 12 + month - 1)"
    SERVICES_IN_MONTH = "services_in_month", "Services completed in one month, at least so many"
    NET_BURN = "net_burn", "Net burn of the quarter is at most so many cents"


class PlanMilestone(models.Model):
    """Something a plan promises by a day. Slip is ``due_on`` minus ``promised_on``, in days.

    ``entity`` is empty where it is about the whole portfolio. ``horizon_days`` is 30, 60 or 90 where the plan counts so.
    With a check it is met when the records say so; without one a person says ``done_on``.
    """

    entity = models.ForeignKey(
        Entity, null=True, blank=True, on_delete=models.PROTECT, related_name="plan_milestones"
    )
    plan = models.CharField(max_length=14, choices=PlanName.choices)
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=160)
    horizon_days = models.PositiveSmallIntegerField(null=True, blank=True)
    promised_on = models.DateField(help_text="As first promised; it never moves.")
    due_on = models.DateField(help_text="As it stands now.")
    owner = models.CharField(max_length=120, blank=True)
    done_on = models.DateField(null=True, blank=True)
    check_name = models.CharField(max_length=20, choices=MilestoneCheck.choices, blank=True)
    threshold = models.BigIntegerField(null=True, blank=True, help_text="In the check's own unit.")
    source = models.CharField(max_length=120)

    class Meta:
        ordering = ["plan", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "plan", "title"],
                condition=Q(entity__isnull=False),
                name="plan_milestone_once_per_entity",
            ),
            models.UniqueConstraint(
                fields=["plan", "title"], condition=Q(entity__isnull=True), name="plan_milestone_once"
            ),
            models.CheckConstraint(
                condition=Q(check_name="", threshold__isnull=True)
                | (~Q(check_name="") & Q(threshold__isnull=False)),
                name="milestone_check_has_a_threshold",
            ),
            models.CheckConstraint(
                condition=Q(check_name="") | Q(done_on__isnull=True), name="checked_milestone_is_not_ticked"
            ),
        ]

    def __str__(self) -> str:
        return self.title
