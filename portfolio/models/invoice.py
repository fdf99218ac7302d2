"""Invoices, credit notes, payments, and which paid what.

Numbers have no gaps: a document takes the next number of its series in the transaction that issues it
(`portfolio.domain.receivables.numbers`). An issued document never changes; a credit note corrects it. What is settled of
an invoice is kept on it, is always the sum of its allocations and cannot pass its total, so that no two payments settle
it twice; the same holds for what is allocated of a payment. The database keeps all of that (migration
``invoice_guards``).
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portfolio.models.account import Account
from portfolio.models.booking import Booking
from portfolio.models.contract import Client, ClientContract
from portfolio.models.entity import Entity
from portfolio.models.intake import ImportedLine
from portfolio.models.journal import JournalEntry


class SeriesKind(models.TextChoices):
    """What is numbered."""

    INVOICE = "invoice", "Invoices"
    CREDIT_NOTE = "credit_note", "Credit notes"


class NumberSeries(models.Model):
    """The last number given out in an entity's series; ``prefix`` stands before it on paper."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="number_series", db_index=False)
    kind = models.CharField(max_length=12, choices=SeriesKind.choices)
    prefix = models.CharField(max_length=12, blank=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["entity_id", "kind"]
        verbose_name_plural = "number series"
        constraints = [models.UniqueConstraint(fields=["entity", "kind"], name="series_once_per_kind")]

    def __str__(self) -> str:
        return f"{self.prefix}{self.last}"


class InvoiceState(models.TextChoices):
    """A draft can be changed and thrown away; an issued invoice is in the books and stays."""

    DRAFT = "draft", "Draft"
    ISSUED = "issued", "Issued"


class Invoice(models.Model):
    """What a client is asked to pay. ``reference`` is the number as printed; a landed one keeps its own."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="invoices", db_index=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="invoices")
    contract = models.ForeignKey(
        ClientContract, null=True, blank=True, on_delete=models.PROTECT, related_name="invoices"
    )
    booking = models.ForeignKey(
        Booking, null=True, blank=True, on_delete=models.PROTECT, related_name="invoices"
    )
    state = models.CharField(max_length=6, choices=InvoiceState.choices, default=InvoiceState.DRAFT)
    number = models.PositiveIntegerField(
        null=True, blank=True, help_text="In the series; empty for a landed one."
    )
    reference = models.CharField(max_length=40, blank=True)
    issued_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    currency = models.CharField(max_length=3, default="USD")
    note = models.CharField(max_length=400, blank=True, help_text="Printed under the lines.")
    retainer_month = models.IntegerField(
        null=True, blank=True, help_text="The month whose retainer it bills: year * 12 + month - 1."
    )
    seller = models.TextField(blank=True, help_text="Who issued it, as it stood that day.")
    billed_to = models.TextField(blank=True, help_text="Who it was issued to, as it stood that day.")
    how_to_pay = models.TextField(blank=True, help_text="As it stood that day.")
    total_minor = models.BigIntegerField(default=0)
    settled_minor = models.BigIntegerField(default=0, help_text="Paid or credited.")
    settled_on = models.DateField(null=True, blank=True, help_text="When the last of it was settled.")
    entry = models.ForeignKey(
        JournalEntry, null=True, blank=True, on_delete=models.PROTECT, related_name="invoices"
    )
    brought_forward = models.BooleanField(
        default=False,
        help_text="Open when the books began: its entry is the opening, its total what was open.",
    )
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["entity_id", "-issued_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "number"], name="invoice_number_once_per_entity"),
            models.UniqueConstraint(
                fields=["entity", "reference"], condition=~Q(reference=""), name="invoice_reference_once"
            ),
            models.UniqueConstraint(
                fields=["contract", "retainer_month"], name="invoice_once_per_retainer_month"
            ),
            models.UniqueConstraint(
                fields=["entry"], condition=Q(brought_forward=False), name="invoice_once_per_entry"
            ),
            models.CheckConstraint(
                condition=Q(total_minor__gte=0, settled_minor__gte=0, settled_minor__lte=F("total_minor")),
                name="invoice_settled_within_total",
            ),
            models.CheckConstraint(
                condition=~Q(state="issued")
                | (Q(issued_on__isnull=False, due_on__isnull=False, entry__isnull=False) & ~Q(reference="")),
                name="issued_invoice_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(state="issued") | Q(number__isnull=True, entry__isnull=True),
                name="draft_invoice_has_no_number",
            ),
        ]
        indexes = [
            models.Index(fields=["entity", "-issued_on", "-id"], name="invoice_newest_by_entity"),
            models.Index(
                fields=["entity", "due_on"],
                condition=Q(state="issued", settled_minor__lt=F("total_minor")),
                name="invoice_open_by_due",
            ),
        ]

    def __str__(self) -> str:
        return self.reference or f"Draft for {self.client}"


class InvoiceLine(models.Model):
    """One line: ``quantity_milli`` thousandths of a unit at ``unit_minor``; ``amount_minor`` is before tax."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=200)
    quantity_milli = models.BigIntegerField(default=1000)
    unit_minor = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    tax_bp = models.PositiveIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["invoice_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="invoice_line_once_per_position"),
        ]

    def __str__(self) -> str:
        return self.description


class CreditNote(models.Model):
    """What takes an issued invoice back, whole or in part."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="credit_notes", db_index=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_notes")
    number = models.PositiveIntegerField()
    reference = models.CharField(max_length=40)
    issued_on = models.DateField()
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=250)
    entry = models.OneToOneField(JournalEntry, on_delete=models.PROTECT, related_name="credit_note")

    class Meta:
        ordering = ["entity_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "number"], name="credit_note_number_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="credit_note_is_worth_something"),
            models.CheckConstraint(condition=~Q(reason=""), name="credit_note_has_reason"),
        ]

    def __str__(self) -> str:
        return self.reference


class WriteOff(models.Model):
    """What an owner has given up of an invoice: a bad debt, with the reason."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="write_offs")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="write_offs")
    on = models.DateField()
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=250)
    entry = models.OneToOneField(JournalEntry, on_delete=models.PROTECT, related_name="write_off")

    class Meta:
        ordering = ["entity_id", "-on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="write_off_is_worth_something"),
            models.CheckConstraint(condition=~Q(reason=""), name="write_off_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.amount_minor}"


class Payment(models.Model):
    """Money a client paid. What is neither allocated to an invoice nor went back stands to the client's credit."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="payments", db_index=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="payments")
    on = models.DateField()
    amount_minor = models.BigIntegerField()
    allocated_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    reference = models.CharField(max_length=80, blank=True)
    entry = models.OneToOneField(JournalEntry, on_delete=models.PROTECT, related_name="payment")
    imported_line = models.ForeignKey(
        ImportedLine, null=True, blank=True, on_delete=models.PROTECT, related_name="payments"
    )
    void_on = models.DateField(null=True, blank=True, help_text="When it was reversed.")

    class Meta:
        ordering = ["entity_id", "-on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["imported_line"], condition=Q(void_on__isnull=True), name="payment_once_per_bank_line"
            ),
            models.CheckConstraint(
                condition=Q(void_on__isnull=True) | Q(allocated_minor=0, refunded_minor=0),
                name="void_payment_settles_nothing",
            ),
            models.CheckConstraint(
                condition=Q(
                    amount_minor__gt=0,
                    allocated_minor__gte=0,
                    refunded_minor__gte=0,
                    allocated_minor__lte=F("amount_minor") - F("refunded_minor"),
                ),
                name="payment_allocated_within_amount",
            ),
        ]
        indexes = [models.Index(fields=["entity", "-on", "-id"], name="payment_newest_by_entity")]

    def __str__(self) -> str:
        return f"{self.client}, {self.on}"


class PaymentRefund(models.Model):
    """What of a payment went back to its client; below zero, what failed or was undone. It never changes."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    on = models.DateField()
    amount_minor = models.BigIntegerField()
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="payment_refunds")

    class Meta:
        ordering = ["payment_id", "on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["payment", "entry"], name="refund_once_per_entry"),
            models.CheckConstraint(condition=~Q(amount_minor=0), name="refund_is_worth_something"),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.amount_minor}"


class Allocation(models.Model):
    """How much of a payment, a credit note or a write-off settles an invoice.

    It never changes or vanishes; taken back, it gets a mirror image with a negative amount.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="allocations")
    payment = models.ForeignKey(
        Payment, null=True, blank=True, on_delete=models.PROTECT, related_name="allocations"
    )
    credit_note = models.OneToOneField(
        CreditNote, null=True, blank=True, on_delete=models.PROTECT, related_name="allocation"
    )
    write_off = models.OneToOneField(
        WriteOff, null=True, blank=True, on_delete=models.PROTECT, related_name="allocation"
    )
    reverses = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversed_by"
    )
    on = models.DateField()
    amount_minor = models.BigIntegerField()

    class Meta:
        ordering = ["invoice_id", "on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, amount_minor__gt=0)
                | Q(reverses__isnull=False, amount_minor__lt=0, payment__isnull=False),
                name="allocation_is_worth_something",
            ),
            models.CheckConstraint(
                condition=Q(payment__isnull=False, credit_note__isnull=True, write_off__isnull=True)
                | Q(payment__isnull=True, credit_note__isnull=False, write_off__isnull=True)
                | Q(payment__isnull=True, credit_note__isnull=True, write_off__isnull=False),
                name="allocation_has_one_origin",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.amount_minor}"


class BillingProfile(models.Model):
    """How an entity invoices: what stands on its paper, and after how many days overdue it reminds."""

    entity = models.OneToOneField(Entity, on_delete=models.PROTECT, related_name="billing_profile")
    name = models.CharField(max_length=120, help_text="The name on invoices.")
    address = models.TextField(max_length=400, blank=True)
    email = models.EmailField(blank=True, help_text="Where clients answer.")
    how_to_pay = models.TextField(
        max_length=600, blank=True, help_text="Bank and account, or the address for checks."
    )
    first_days = models.PositiveSmallIntegerField(default=7)
    second_days = models.PositiveSmallIntegerField(default=21)
    third_days = models.PositiveSmallIntegerField(default=45)

    class Meta:
        ordering = ["entity_id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    first_days__gte=1,
                    second_days__gt=F("first_days"),
                    third_days__gt=F("second_days"),
                    third_days__lte=365,
                ),
                name="reminders_follow_each_other",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DunningLetter(models.Model):
    """A reminder about overdue invoices of one client, drafted into the outbox; a person sends it or throws it away."""

    entity = models.ForeignKey(
        Entity, on_delete=models.PROTECT, related_name="dunning_letters", db_index=False
    )
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="dunning_letters")
    level = models.PositiveSmallIntegerField(help_text="1 reminds, 2 asks again, 3 announces the next step.")
    drafted_on = models.DateField()
    drafted_at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    message = models.OneToOneField("mail.Message", on_delete=models.PROTECT, related_name="dunning_letter")
    invoices = models.ManyToManyField(Invoice, related_name="dunning_letters")

    class Meta:
        ordering = ["entity_id", "-drafted_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["client", "level", "drafted_on"], name="dunning_once_per_day"),
        ]

    def __str__(self) -> str:
        return f"Reminder {self.level} to {self.client}"
