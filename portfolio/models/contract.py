"""Clients, their contracts, and the work done for them."""

from django.db import models
from django.db.models import F, Q

from portfolio.models.entity import Entity


class Client(models.Model):
    """Somebody an entity invoices."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="clients", db_index=False)
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True, help_text="Where invoices and reminders go.")
    address = models.TextField(max_length=400, blank=True, help_text="As it stands on an invoice.")
    sister = models.ForeignKey(
        Entity, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="The entity of this portfolio that it is, if it is one.",
    )  # fmt: skip
    terms_days = models.PositiveIntegerField(default=30)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["entity_id", "name"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "name"], name="client_once_per_name"),
            models.CheckConstraint(
                condition=Q(sister__isnull=True) | ~Q(sister=F("entity")), name="client_is_not_its_own_sister"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ContractState(models.TextChoices):
    """How firm the paper is; `portfolio.domain.receivables.contracts.MOVES` holds the legal moves."""

    NONE = "none", "No paper yet"
    VERBAL = "verbal", "Verbal"
    SENT = "sent", "Sent"
    SIGNED = "signed", "Signed"
    EXPIRED = "expired", "Expired"


class BillingModel(models.TextChoices):
    """How work turns into an invoice; undefined is a state of its own, and a finding."""

    UNDEFINED = "", "Undefined"
    RETAINER = "retainer", "Retainer"
    HOURLY = "hourly", "Hourly"
    MILESTONE = "milestone", "Milestone"


class ClientContract(models.Model):
    """The terms one client is served on."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="contracts")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="contracts")
    title = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=10, choices=ContractState.choices)
    signed_on = models.DateField(null=True, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    renews = models.BooleanField(
        default=False, help_text="Runs on for another term unless somebody gives notice."
    )
    notice_days = models.PositiveIntegerField(null=True, blank=True)
    expired_on = models.DateField(null=True, blank=True)
    billing_model = models.CharField(max_length=10, choices=BillingModel.choices, blank=True, default="")
    rate_minor = models.BigIntegerField(null=True, blank=True, help_text="Cents an hour, or a month.")
    terms_days = models.PositiveIntegerField(null=True, blank=True)
    active = models.BooleanField(default=True)
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "client__name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["client", "title"], name="contract_once_per_client"),
            models.CheckConstraint(
                condition=Q(rate_minor__isnull=True) | Q(rate_minor__gte=0), name="contract_rate_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(ends_on__gte=F("starts_on")),
                name="contract_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client}, {self.title}" if self.title else str(self.client)


class WorkEntry(models.Model):
    """Time worked for a client, in minutes. ``rate_minor`` is cents an hour; empty means the contract's."""

    contract = models.ForeignKey(
        ClientContract, on_delete=models.PROTECT, related_name="work", db_index=False
    )
    on = models.DateField()
    minutes = models.PositiveIntegerField()
    description = models.CharField(max_length=200)
    who = models.CharField(max_length=120)
    billable = models.BooleanField(default=True)
    rate_minor = models.BigIntegerField(null=True, blank=True)
    invoice_line = models.ForeignKey(
        "portfolio.InvoiceLine", null=True, blank=True, on_delete=models.PROTECT, related_name="work"
    )

    class Meta:
        ordering = ["contract_id", "-on", "-id"]
        verbose_name_plural = "work entries"
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gt=0, minutes__lte=1440), name="work_within_a_day"),
            models.CheckConstraint(
                condition=Q(rate_minor__isnull=True) | Q(rate_minor__gte=0), name="work_rate_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["contract", "-on"], name="work_by_contract"),
            models.Index(
                fields=["contract", "on"],
                condition=Q(billable=True, invoice_line__isnull=True),
                name="work_unbilled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.description}"


class Milestone(models.Model):
    """An agreed result with its price; it can be invoiced once it is reached."""

    contract = models.ForeignKey(ClientContract, on_delete=models.PROTECT, related_name="milestones")
    name = models.CharField(max_length=120)
    amount_minor = models.BigIntegerField()
    due_on = models.DateField(null=True, blank=True)
    reached_on = models.DateField(null=True, blank=True)
    invoice_line = models.ForeignKey(
        "portfolio.InvoiceLine", null=True, blank=True, on_delete=models.PROTECT, related_name="milestones"
    )

    class Meta:
        ordering = ["contract_id", "due_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "name"], name="milestone_once_per_name"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="milestone_is_worth_something"),
            models.CheckConstraint(
                condition=Q(invoice_line__isnull=True) | Q(reached_on__isnull=False),
                name="invoiced_milestone_was_reached",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Rebillable(models.Model):
    """Something paid for a client that is to be invoiced on at cost, in cents: hosting, a licence, a part.

    ``entry`` is where the books hold the payment, maybe those of a sister; ``invoice_line`` is empty until it is invoiced.
    """

    contract = models.ForeignKey(
        ClientContract, on_delete=models.PROTECT, related_name="rebillables", db_index=False
    )
    on = models.DateField()
    what = models.CharField(max_length=160)
    amount_minor = models.BigIntegerField()
    entry = models.ForeignKey(
        "portfolio.JournalEntry", null=True, blank=True, on_delete=models.PROTECT, related_name="rebillables"
    )
    invoice_line = models.ForeignKey(
        "portfolio.InvoiceLine", null=True, blank=True, on_delete=models.PROTECT, related_name="rebillables"
    )
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["contract_id", "-on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "on", "what"], name="rebillable_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="rebillable_is_worth_something"),
        ]
        indexes = [
            models.Index(
                fields=["contract", "on"], condition=Q(invoice_line__isnull=True), name="rebillable_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.what}"
