"""Documents that prove an entry: the receipt, the bill, the statement. Append-only, as the entry is."""

from django.conf import settings
from django.db import models

from portfolio.models.journal import JournalEntry


class EntryDocument(models.Model):
    """One file attached to an entry. The same bytes are attached once; what is attached stays."""

    entry = models.ForeignKey(
        JournalEntry, on_delete=models.PROTECT, related_name="documents", db_index=False
    )
    file = models.FileField(upload_to="receipts/")
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=60)
    size = models.PositiveIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["entry_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "sha256"], name="document_once_per_entry"),
        ]

    def __str__(self) -> str:
        return self.name
