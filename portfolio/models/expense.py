"""What a person said of an expense entry when it was looked through."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portfolio.models.journal import JournalEntry


class FlagKind(models.TextChoices):
    """What was said of an entry."""

    PERSONAL = "personal", "Personal use"
    DUPLICATE_OK = "duplicate_ok", "No duplicate, though it looks like one"
    RECEIPT_NOT_NEEDED = "receipt_not_needed", "Needs no receipt"


class ExpenseFlag(models.Model):
    """One word said of one entry; the entry itself never changes. It can be taken back, which the trail keeps."""

    entry = models.ForeignKey(
        JournalEntry, on_delete=models.PROTECT, related_name="expense_flags", db_index=False
    )
    kind = models.CharField(max_length=20, choices=FlagKind.choices)
    note = models.CharField(max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["entry_id", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "kind"], name="expense_flag_once_per_kind"),
            models.CheckConstraint(condition=~Q(note=""), name="expense_flag_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.entry_id}"
