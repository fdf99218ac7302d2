"""What came in from outside: files, their lines, and the rules that categorise them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from portfolio.models.account import Account
from portfolio.models.booking import Booking
from portfolio.models.entity import Entity
from portfolio.models.journal import JournalEntry


class ImportKind(models.TextChoices):
    """The kinds of file intake can land."""

    BANK_CSV = "bank_csv", "Bank statement (CSV)"
    OFX = "ofx", "Bank statement (OFX, QFX)"
    STRIPE = "stripe", "Stripe balance history"
    JOURNAL = "journal", "Journal (beancount, hledger)"
    OPENING = "opening", "Opening balances (CSV)"
    BOOKINGS = "bookings", "Bookings (CSV)"
    STAYS = "stays", "Stays (CSV)"
    INVOICES = "invoices", "Invoices (CSV)"
    OPEN_ITEMS = "open_items", "Open invoices and bills of an opening (CSV)"


class ImportFile(models.Model):
    """One file landed once, whole."""

    entity = models.ForeignKey(
        Entity,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="import_files",
        help_text="Empty for a file that holds several entities.",
    )
    kind = models.CharField(max_length=12, choices=ImportKind.choices)
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    lines_read = models.PositiveIntegerField()
    lines_new = models.PositiveIntegerField()
    covers_to = models.DateField(null=True, blank=True, help_text="Latest date in the file.")
    landed_at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-landed_at", "-id"]

    def __str__(self) -> str:
        return self.name


class ImportedLine(models.Model):
    """One line of a statement or export. The same external id lands once; with another body it is refused.

    ``payout_id`` is the card processor's id of a transfer to the bank, in lower case; the bank's line and the
    processor's line that name the same payout share one ``entry``.
    """

    entity = models.ForeignKey(
        Entity, on_delete=models.PROTECT, related_name="imported_lines", db_index=False
    )
    file = models.ForeignKey(
        ImportFile,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="lines",
        help_text="Empty for what a webhook told.",
    )
    kind = models.CharField(max_length=12, choices=ImportKind.choices)
    line = models.PositiveIntegerField(default=0)
    external_id = models.CharField(max_length=160)
    body_hash = models.CharField(max_length=64)
    on = models.DateField()
    amount_minor = models.BigIntegerField()
    description = models.CharField(max_length=250)
    entry = models.ForeignKey(
        JournalEntry, null=True, blank=True, on_delete=models.PROTECT, related_name="imported_lines"
    )
    booking = models.ForeignKey(
        Booking, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    payout_id = models.CharField(max_length=80, blank=True)
    account = models.ForeignKey(
        Account,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="The bank or clearing account whose statement it stands on.",
    )
    reference = models.CharField(
        max_length=80, blank=True, help_text="Check number or the bank's own reference."
    )
    waits = models.BooleanField(
        default=False, help_text="It may be an entry that is in the books already; a person says which."
    )
    same_as = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="repeats",
        help_text="The line of another file that tells of the same movement.",
    )
    matched_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was tied to an entry it did not make."
    )
    matched_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["file_id", "line", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "kind", "external_id"], name="imported_line_once_per_external_id"
            ),
            models.CheckConstraint(
                condition=Q(waits=False) | Q(entry__isnull=True), name="waiting_line_has_no_entry"
            ),
        ]
        indexes = [
            models.Index(fields=["entity", "kind", "-on"], name="imported_line_freshness"),
            models.Index(
                fields=["booking"], condition=Q(booking__isnull=False), name="imported_line_by_booking"
            ),
            models.Index(
                fields=["entity", "payout_id"], condition=~Q(payout_id=""), name="imported_line_by_payout"
            ),
            models.Index(fields=["entity", "on"], condition=Q(waits=True), name="imported_line_waiting"),
            models.Index(
                fields=["account", "on", "amount_minor"],
                condition=Q(account__isnull=False),
                name="imported_line_by_account",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.description}"


class Direction(models.TextChoices):
    """Which way the money of a line goes."""

    ANY = "any", "In or out"
    IN = "in", "Money in"
    OUT = "out", "Money out"


class CategoryRule(models.Model):
    """Bank lines whose description holds ``contains`` go to ``account``; the lowest position wins.

    ``direction`` and the two sizes, in minor units without sign and both included, narrow it: the same words may go to
    several accounts.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="category_rules")
    position = models.PositiveIntegerField()
    contains = models.CharField(max_length=80, help_text="Matched without regard to case.")
    direction = models.CharField(max_length=3, choices=Direction.choices, default=Direction.ANY)
    at_least_minor = models.BigIntegerField(null=True, blank=True)
    at_most_minor = models.BigIntegerField(null=True, blank=True)
    active = models.BooleanField(default=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["entity_id", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                "entity", "contains", "direction", Coalesce("at_least_minor", -1), Coalesce("at_most_minor", -1),
                name="category_rule_once",
            ),
            models.CheckConstraint(
                condition=(Q(at_least_minor__isnull=True) | Q(at_least_minor__gte=0))
                & (Q(at_most_minor__isnull=True) | Q(at_most_minor__gte=0)),
                name="category_rule_sizes_have_no_sign",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.contains} to {self.account}"
