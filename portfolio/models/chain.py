"""The hash chain over an entity's sealed entries: where it has come to, and where it had come to before.

`portfolio.domain.sealing` writes both. The head stands in a row of its own, which also lets one pen at a time number
entries; anchors are copies of it that nothing changes, so that a chain that was rewritten or cut shows
(`portfolio.domain.verification`).
"""

from django.db import models

from portfolio.models.entity import Entity


class EntryChain(models.Model):
    """The last number and hash of one entity's entries. No row: no entry yet."""

    entity = models.OneToOneField(Entity, on_delete=models.PROTECT, related_name="chain")
    number = models.PositiveBigIntegerField(default=0)
    head = models.CharField(max_length=64, blank=True)
    opened_on = models.DateField(
        null=True, blank=True, help_text="The day of the opening balances; no entry is of an earlier day."
    )

    class Meta:
        ordering = ["entity_id"]

    def __str__(self) -> str:
        return f"{self.entity_id} {self.number}"


class AnchorReason(models.TextChoices):
    """What made somebody write the head down."""

    DAILY = "daily", "Every day"
    CLOSE = "close", "A month was closed"
    EDITION = "edition", "A report was issued"
    ASKED = "asked", "Somebody asked"


class ChainAnchor(models.Model):
    """The head of an entity's chain at an instant, written down for good. Append-only.

    ``accounts`` is a digest over what the accounts that its entries use are: kind, role, currency and code, which are fixed
    from an account's first posting on and of which the entries themselves say nothing.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="anchors", db_index=False)
    number = models.PositiveBigIntegerField()
    head = models.CharField(max_length=64)
    accounts = models.CharField(max_length=64)
    reason = models.CharField(max_length=8, choices=AnchorReason.choices)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["entity_id", "-recorded_at", "-id"]
        indexes = [models.Index(fields=["entity", "number"], name="anchor_by_entity_number")]

    def __str__(self) -> str:
        return f"{self.entity_id} {self.number}"
