"""Entities, who holds them, what they own, and who answers for what."""

from django.db import models
from django.db.models import Q


class EntityKind(models.TextChoices):
    """The trade an entity is in, as its handoff note names it."""

    EVENTS = "events", "Events and concerts"
    CHARTER = "charter", "Sailing charters"
    LOGISTICS = "logistics", "Hauling and logistics"
    AGENCY = "agency", "Client services"
    RENTAL = "rental", "Short-stay rental"
    DELIVERY = "delivery", "Yacht delivery"
    RECEIVABLES = "receivables", "Client billing and receivables"


class Entity(models.Model):
    """One owner-operated business with books of its own."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=EntityKind.choices)
    zone = models.CharField(max_length=60, default="America/Los_Angeles")
    currency = models.CharField(max_length=3, default="USD")
    fiscal_year_ends = models.PositiveSmallIntegerField(
        default=12, help_text="The month, 1 to 12, with which its fiscal year ends."
    )
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["slug"]
        verbose_name_plural = "entities"
        constraints = [
            models.CheckConstraint(
                condition=Q(fiscal_year_ends__gte=1, fiscal_year_ends__lte=12),
                name="fiscal_year_ends_with_a_month",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Agreement(models.TextChoices):
    """Whether the paper behind a stake is signed."""

    NONE = "none", "No agreement"
    UNSIGNED = "unsigned", "Drafted, unsigned"
    SIGNED = "signed", "Signed"


class Stake(models.Model):
    """A share of an entity held by someone. Shares are basis points: 2000 is 20 %."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="stakes")
    holder = models.CharField(max_length=120)
    share_bp = models.PositiveIntegerField(help_text="Basis points: 2000 is 20 %.")
    vesting_months = models.PositiveIntegerField(default=0)
    founder = models.BooleanField(
        default=False, help_text="The owner's own stake, which needs no partner agreement."
    )
    agreement = models.CharField(max_length=10, choices=Agreement.choices, default=Agreement.NONE)
    signed_on = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=120, blank=True, help_text="File and line, or who said so.")

    class Meta:
        ordering = ["entity_id", "-share_bp", "holder"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "holder"], name="stake_once_per_holder"),
            models.CheckConstraint(
                condition=Q(share_bp__gt=0) & Q(share_bp__lte=10000), name="stake_share_within_whole"
            ),
            models.CheckConstraint(
                condition=~Q(agreement="signed") | Q(signed_on__isnull=False),
                name="signed_stake_has_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder} {self.share_bp / 100:g} % of {self.entity}"


class AssetKind(models.TextChoices):
    """What an asset is."""

    VESSEL = "vessel", "Vessel"
    PROPERTY = "property", "Property"
    DOMAIN = "domain", "Domain"
    LIST = "list", "Mailing list"
    CODE = "code", "Code"
    EQUIPMENT = "equipment", "Equipment"
    CONTRACT = "contract", "Contract"
    PERSON = "person", "Key person"
    OTHER = "other", "Other"


class Asset(models.Model):
    """Something an entity owns or may use, with its value and the days a year it can be sold."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="assets")
    kind = models.CharField(max_length=12, choices=AssetKind.choices)
    name = models.CharField(max_length=160)
    value_minor = models.BigIntegerField(null=True, blank=True, help_text="Cents; empty where not valued.")
    days_available_a_year = models.PositiveIntegerField(null=True, blank=True)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "name"], name="asset_once_per_entity"),
            models.CheckConstraint(
                condition=Q(days_available_a_year__isnull=True) | Q(days_available_a_year__lte=366),
                name="asset_days_within_year",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Handover(models.TextChoices):
    """How far a responsibility has been handed over and written down."""

    NOT_STARTED = "not_started", "Not started"
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETE = "complete", "Complete"


class Responsibility(models.Model):
    """A role someone answers for; the key-person register is made of these."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="responsibilities")
    role = models.CharField(max_length=80)
    who = models.CharField(max_length=120)
    handover = models.CharField(max_length=12, choices=Handover.choices, default=Handover.NOT_STARTED)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "role"]
        verbose_name_plural = "responsibilities"
        constraints = [
            models.UniqueConstraint(fields=["entity", "role"], name="responsibility_once_per_role")
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.who}"
