"""Journal entries and postings: append-only, sealed only when balanced.

An entry is written as a draft, its postings are added, and one UPDATE to ``posted`` seals it. The seal
trigger (migration ``journal_guards``) refuses an entry that is empty, unbalanced, of mixed currency, of
another entity's accounts or in a closed month, and moves the monthly balances in the same statement.
A posted entry and its postings can be neither changed nor deleted, by any path. Drafts enter no figure.

Keys to entity, entry and account bear no foreign key in the database: the seal refuses an account that is not there or of
another entity, the guards a posting without its draft and a draft deleted before its postings, and the balances' own keys
keep the account. A second look at each posting would cost more than all of these together.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.money import LIMIT_MINOR
from portfolio.models.account import Account
from portfolio.models.booking import Booking
from portfolio.models.entity import Entity


class EntryState(models.TextChoices):
    """Drafts are being written; posted entries are sealed for ever."""

    DRAFT = "draft", "Draft"
    POSTED = "posted", "Posted"


class EntrySource(models.TextChoices):
    """Where an entry came from."""

    MANUAL = "manual", "Entered by a person"
    OPENING = "opening", "Opening balances"
    BANK = "bank", "Bank statement"
    STRIPE = "stripe", "Stripe"
    INVOICE = "invoice", "Invoice"
    BILL = "bill", "Bill"
    PAYMENT = "payment", "Payment recorded by a person"
    CREW_PAY = "crew_pay", "Crew pay"
    TAX = "tax", "Tax set aside or paid"
    JOURNAL = "journal", "Imported journal"
    RECOGNITION = "recognition", "Revenue recognition"
    REVERSAL = "reversal", "Reversal"


class JournalEntry(models.Model):
    """One balanced event in an entity's books. ``external_id`` makes a repeat of it visible."""

    entity = models.ForeignKey(
        Entity, on_delete=models.PROTECT, related_name="entries", db_index=False, db_constraint=False
    )
    on = models.DateField()
    month = models.IntegerField(help_text="year * 12 + month - 1 of the date")
    currency = models.CharField(max_length=3, default="USD")
    memo = models.CharField(max_length=250)
    state = models.CharField(max_length=6, choices=EntryState.choices, default=EntryState.DRAFT)
    source = models.CharField(max_length=12, choices=EntrySource.choices)
    external_id = models.CharField(max_length=160, null=True, blank=True)  # noqa: DJ001 - NULLs are never equal
    body_hash = models.CharField(max_length=64, help_text="SHA-256 over date, memo and postings.")
    origin = models.CharField(max_length=200, blank=True, help_text="File and line it was read from.")
    reverses = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversed_by", db_index=False
    )
    reason = models.CharField(max_length=250, blank=True)
    posted_at = models.DateTimeField(null=True, blank=True)
    number = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Its place in the entity's books: 1, 2, 3 … in the order of sealing."
    )
    chain_hash = models.CharField(
        max_length=64,
        blank=True,
        help_text="SHA-256 over the entry before it in the books and over this one whole.",
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    class Meta:
        ordering = ["-on", "-id"]
        verbose_name_plural = "journal entries"
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "source", "external_id"], name="entry_once_per_external_id"
            ),
            models.UniqueConstraint(fields=["entity", "number"], name="entry_number_once_per_entity"),
            # No key of one to one, whose index every entry would stand in that reverses nothing.
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="entry_reversed_once"
            ),
            models.CheckConstraint(
                # SQLite would build the list of an IN anew for each row.
                condition=Q(*[("state", value) for value in EntryState.values], _connector=Q.OR)
                & Q(*[("source", value) for value in EntrySource.values], _connector=Q.OR),
                name="entry_state_and_source_are_known",
            ),
            models.CheckConstraint(
                condition=Q(external_id__isnull=True) | ~Q(external_id=""), name="entry_external_id_not_empty"
            ),
            models.CheckConstraint(
                condition=~Q(state="posted") | Q(posted_at__isnull=False), name="posted_entry_has_instant"
            ),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True) | ~Q(reason=""), name="reversal_has_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["entity", "-on", "-id"], name="entry_newest_by_entity"),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.memo}"


class Posting(models.Model):
    """One line of an entry: debit positive, credit negative, in minor units of the account's currency."""

    entry = models.ForeignKey(
        JournalEntry, on_delete=models.PROTECT, related_name="postings", db_constraint=False
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="postings", db_index=False, db_constraint=False
    )
    month = models.IntegerField(help_text="The entry's month, repeated so that an index can cover it.")
    amount_minor = models.BigIntegerField()
    booking = models.ForeignKey(
        Booking, null=True, blank=True, on_delete=models.PROTECT, related_name="postings", db_index=False
    )
    memo = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["entry_id", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(amount_minor=0), name="posting_moves_money"),
            models.CheckConstraint(
                condition=Q(amount_minor__gte=-LIMIT_MINOR, amount_minor__lte=LIMIT_MINOR),
                name="posting_within_limit",
            ),
        ]
        indexes = [
            models.Index(fields=["booking"], condition=Q(booking__isnull=False), name="posting_by_booking"),
            models.Index(fields=["account", "month", "amount_minor"], name="posting_by_account_month"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.amount_minor}"
