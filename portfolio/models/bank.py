"""Bank accounts as the bank knows them, what their statements said, and how a bank's CSV is read."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portfolio.models.account import Account
from portfolio.models.entity import Entity
from portfolio.models.intake import ImportFile


class BankAccount(models.Model):
    """Which account of the books a bank's account is. The bank's number itself is never kept.

    ``number_hash`` is a keyed hash of bank and number as OFX files give them, ``last_four`` is for people.
    """

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="bank_account")
    institution = models.CharField(max_length=80, blank=True)
    last_four = models.CharField(max_length=4, blank=True)
    number_hash = models.CharField(max_length=64, blank=True)
    card = models.BooleanField(default=False, help_text="A credit card: bills are paid by it, too.")

    class Meta:
        ordering = ["account_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["number_hash"], condition=~Q(number_hash=""), name="bank_number_is_one_account"
            )
        ]

    def __str__(self) -> str:
        return f"{self.institution} …{self.last_four}"


class StatementBalance(models.Model):
    """What the bank said an account held at the end of a day, in minor units, negative when overdrawn."""

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="statement_balances", db_index=False
    )
    on = models.DateField()
    balance_minor = models.BigIntegerField()
    file = models.ForeignKey(
        ImportFile, null=True, blank=True, on_delete=models.PROTECT, related_name="balances"
    )
    noted_at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["account_id", "-on"]
        constraints = [
            models.UniqueConstraint(fields=["account", "on"], name="statement_balance_once_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.account}, {self.on}"


class ColumnMap(models.Model):
    """How one bank's CSV is read, saved so that its next file is read alike.

    ``columns`` names the file's headings: ``date``, ``description``, and either ``amount`` or ``debit`` and ``credit``;
    also ``balance`` and ``reference`` where the file has them. ``headings`` are those of the file it was made from, in
    order, so that a later file is recognised by them.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="column_maps")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="column_maps")
    name = models.CharField(max_length=80)
    headings = models.JSONField(default=list)
    columns = models.JSONField(default=dict)
    date_format = models.CharField(max_length=20, help_text="As Python writes it: %m/%d/%Y.")
    decimal_comma = models.BooleanField(default=False)
    money_out_is_positive = models.BooleanField(
        default=False, help_text="The file writes money out without a minus sign, as card statements do."
    )

    class Meta:
        ordering = ["entity_id", "name"]
        constraints = [models.UniqueConstraint(fields=["entity", "name"], name="column_map_once_per_name")]

    def __str__(self) -> str:
        return self.name
