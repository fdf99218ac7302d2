"""Vendors and contractors, what they are owed, crew pay, and tax set aside."""

from django.db import models
from django.db.models import F, Q

from portfolio.models.account import Account
from portfolio.models.booking import Booking
from portfolio.models.entity import Entity
from portfolio.models.intake import ImportedLine
from portfolio.models.journal import JournalEntry


class Vendor(models.Model):
    """Somebody an entity pays. A contractor's payments are added up by calendar year for the tax form."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="vendors", db_index=False)
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    contractor = models.BooleanField(default=False, help_text="Paid for services, and not a corporation.")
    tax_form_on = models.DateField(null=True, blank=True, help_text="When their W-9 was received.")
    account = models.ForeignKey(
        Account,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Where their bills go.",
    )
    sister = models.ForeignKey(
        Entity, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="The entity of this portfolio that it is, if it is one.",
    )  # fmt: skip
    terms_days = models.PositiveIntegerField(default=30)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["entity_id", "name"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "name"], name="vendor_once_per_name"),
            models.CheckConstraint(
                condition=Q(sister__isnull=True) | ~Q(sister=F("entity")), name="vendor_is_not_its_own_sister"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Bill(models.Model):
    """What a vendor asks for. It is in the books from the day it is entered."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="bills", db_index=False)
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="bills")
    reference = models.CharField(max_length=60, help_text="The vendor's own number.")
    issued_on = models.DateField()
    due_on = models.DateField()
    total_minor = models.BigIntegerField()
    settled_minor = models.BigIntegerField(default=0)
    settled_on = models.DateField(null=True, blank=True)
    void_on = models.DateField(null=True, blank=True, help_text="When it was reversed.")
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="bills")
    brought_forward = models.BooleanField(
        default=False,
        help_text="Open when the books began: its entry is the opening, its total what was open.",
    )

    class Meta:
        ordering = ["entity_id", "-issued_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor", "reference"],
                condition=Q(void_on__isnull=True),
                name="bill_once_per_reference",
            ),
            models.UniqueConstraint(
                fields=["entry"], condition=Q(brought_forward=False), name="bill_once_per_entry"
            ),
            models.CheckConstraint(
                condition=Q(total_minor__gt=0, settled_minor__gte=0, settled_minor__lte=F("total_minor")),
                name="bill_settled_within_total",
            ),
            models.CheckConstraint(
                condition=Q(void_on__isnull=True) | Q(settled_minor=0), name="void_bill_is_not_paid"
            ),
        ]
        indexes = [
            models.Index(fields=["entity", "-issued_on", "-id"], name="bill_newest_by_entity"),
            models.Index(
                fields=["entity", "due_on"],
                condition=Q(void_on__isnull=True, settled_minor__lt=F("total_minor")),
                name="bill_open_by_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vendor} {self.reference}"


class BillLine(models.Model):
    """What a part of a bill is for."""

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    amount_minor = models.BigIntegerField()
    description = models.CharField(max_length=200, blank=True)
    booking = models.ForeignKey(
        Booking, null=True, blank=True, on_delete=models.PROTECT, related_name="bill_lines"
    )

    class Meta:
        ordering = ["bill_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["bill", "position"], name="bill_line_once_per_position")
        ]

    def __str__(self) -> str:
        return self.description


class BillPayment(models.Model):
    """Money paid to a vendor for one bill."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="bill_payments", db_index=False)
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="payments")
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="payments")
    on = models.DateField()
    amount_minor = models.BigIntegerField()
    reference = models.CharField(max_length=80, blank=True)
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="bill_payments")
    imported_line = models.ForeignKey(
        ImportedLine, null=True, blank=True, on_delete=models.PROTECT, related_name="bill_payments"
    )
    void_on = models.DateField(null=True, blank=True, help_text="When it was reversed.")

    class Meta:
        ordering = ["entity_id", "-on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["imported_line"],
                condition=Q(void_on__isnull=True),
                name="bill_payment_once_per_bank_line",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="bill_payment_is_worth_something"),
        ]
        indexes = [models.Index(fields=["vendor", "on"], name="bill_payment_by_vendor")]

    def __str__(self) -> str:
        return f"{self.bill}, {self.on}"


class CrewPay(models.Model):
    """What one person earned on one event, in the books when the event is completed. ``key`` is the portal's own."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="crew_pay", db_index=False)
    key = models.CharField(max_length=80)
    person = models.CharField(max_length=120)
    person_key = models.CharField(
        max_length=64, help_text="Who it is in the portal; years are added up by it."
    )
    on = models.DateField()
    amount_minor = models.BigIntegerField()
    booking = models.ForeignKey(
        Booking, null=True, blank=True, on_delete=models.PROTECT, related_name="crew_pay"
    )
    entry = models.OneToOneField(JournalEntry, on_delete=models.PROTECT, related_name="crew_pay")
    paid_on = models.DateField(null=True, blank=True)
    paid_entry = models.ForeignKey(
        JournalEntry, null=True, blank=True, on_delete=models.PROTECT, related_name="crew_pay_paid"
    )
    void_on = models.DateField(null=True, blank=True, help_text="When it was reversed.")

    class Meta:
        ordering = ["entity_id", "-on", "person"]
        verbose_name_plural = "crew pay"
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "key"], condition=Q(void_on__isnull=True), name="crew_pay_once_per_key"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="crew_pay_is_worth_something"),
            models.CheckConstraint(
                condition=Q(paid_entry__isnull=True) | Q(paid_on__isnull=False), name="paid_crew_pay_has_date"
            ),
        ]
        indexes = [models.Index(fields=["entity", "paid_on"], name="crew_pay_by_payment")]

    def __str__(self) -> str:
        return f"{self.person} {self.on}"


class CrewPayUndone(models.Model):
    """That somebody was paid, and that this was taken back: the pay is owed again. It never changes."""

    pay = models.ForeignKey(CrewPay, on_delete=models.PROTECT, related_name="undone")
    paid_on = models.DateField()
    paid_entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="crew_pay_undone")
    undone_on = models.DateField()

    class Meta:
        ordering = ["undone_on", "id"]
        verbose_name_plural = "crew pay undone"
        constraints = [
            models.UniqueConstraint(fields=["pay", "paid_entry"], name="crew_pay_undone_once_per_payment"),
            models.CheckConstraint(
                condition=Q(undone_on__gte=F("paid_on")), name="crew_pay_undone_after_payment"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pay_id} {self.undone_on}"


class TaxKind(models.TextChoices):
    """The taxes that are taken from guests and clients on somebody else's behalf."""

    OCCUPANCY = "occupancy", "Occupancy tax"
    SALES = "sales", "Sales tax"


class TaxPeriod(models.TextChoices):
    """How often a tax is reported and paid on."""

    MONTH = "month", "Monthly"
    QUARTER = "quarter", "Quarterly"


class TaxFiling(models.Model):
    """To whom an entity reports a kind of tax, how often, and by which day of the month after."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="tax_filings", db_index=False)
    kind = models.CharField(max_length=10, choices=TaxKind.choices)
    jurisdiction = models.CharField(max_length=80, help_text="The city, county or state.")
    every = models.CharField(max_length=8, choices=TaxPeriod.choices)
    due_day = models.PositiveSmallIntegerField(
        help_text="Of the month after the period; 31 is the last day of any month."
    )
    first_on = models.DateField(help_text="A day in the first period that is reported.")
    source = models.CharField(max_length=200)

    class Meta:
        ordering = ["entity_id", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "kind"], name="tax_filing_once_per_kind"),
            models.CheckConstraint(condition=Q(due_day__gte=1, due_day__lte=31), name="tax_is_due_on_a_day"),
            models.CheckConstraint(condition=~Q(source=""), name="tax_filing_has_a_source"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.jurisdiction}"


class TaxRate(models.Model):
    """A rate in force from a day on, with the source that vouches for it, in basis points of the net price."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="tax_rates")
    kind = models.CharField(max_length=10, choices=TaxKind.choices)
    applies_to = models.CharField(
        max_length=20, help_text="The kind of booking (stay, charter …), or invoice."
    )
    rate_bp = models.PositiveIntegerField()
    effective_on = models.DateField()
    collected_by_channel = models.BooleanField(
        default=False, help_text="A marketplace collects and remits it for bookings that come through it."
    )
    source = models.CharField(max_length=200)

    class Meta:
        ordering = ["entity_id", "kind", "-effective_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "kind", "applies_to", "effective_on"], name="tax_rate_once_per_day"
            ),
            models.CheckConstraint(condition=Q(rate_bp__lte=5000), name="tax_rate_is_plausible"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.rate_bp / 100:g} %"
