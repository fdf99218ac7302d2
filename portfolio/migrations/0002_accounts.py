"""The chart of accounts, monthly balances, and the state of each month."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crew", "__first__"),
        ("portfolio", "0001_entities"),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="accounts",
                        to="portfolio.entity",
                    ),
                ),
                ("code", models.CharField(max_length=10)),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("asset", "Asset"),
                            ("liability", "Liability"),
                            ("equity", "Equity"),
                            ("income", "Income"),
                            ("expense", "Expense"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("cash", "Cash at bank"),
                            ("clearing", "Card processor clearing"),
                            ("receivable", "Receivables"),
                            ("intercompany", "Between sister entities"),
                            ("other_asset", "Prepaid costs, stock and deposits paid"),
                            ("fixed_asset", "Fixed assets"),
                            ("payable", "Payables"),
                            ("deferred", "Deferred revenue"),
                            ("deposits_held", "Refundable deposits held"),
                            ("refunds_due", "Refunds owed to clients"),
                            ("crew_pay", "Crew pay owed"),
                            ("accrued", "Payroll and other accrued liabilities"),
                            ("tax", "Occupancy and sales tax set aside"),
                            ("held_for_others", "Funds held for others"),
                            ("loan", "Loans"),
                            ("capital", "Owner capital"),
                            ("draw", "Owner draws"),
                            ("revenue", "Revenue"),
                            ("direct_cost", "Direct cost of a charter, stay, job or concert"),
                            ("fixed_cost", "Fixed operating cost"),
                            ("other_income", "Other income"),
                            ("interest", "Interest expense"),
                            ("depreciation", "Depreciation"),
                            ("income_tax", "Income tax"),
                            ("uncategorised", "Not yet categorised"),
                        ],
                        max_length=16,
                    ),
                ),
                ("currency", models.CharField(default="USD", max_length=3)),
                ("active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["entity_id", "code"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "code"), name="account_code_once_per_entity"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["asset", "liability", "equity", "income", "expense"]),
                            (
                                "role__in",
                                [
                                    "cash",
                                    "clearing",
                                    "receivable",
                                    "intercompany",
                                    "other_asset",
                                    "fixed_asset",
                                    "payable",
                                    "deferred",
                                    "deposits_held",
                                    "refunds_due",
                                    "crew_pay",
                                    "accrued",
                                    "tax",
                                    "held_for_others",
                                    "loan",
                                    "capital",
                                    "draw",
                                    "revenue",
                                    "direct_cost",
                                    "fixed_cost",
                                    "other_income",
                                    "interest",
                                    "depreciation",
                                    "income_tax",
                                    "uncategorised",
                                ],
                            ),
                        ),
                        name="account_kind_and_role_are_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MonthlyBalance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="balances",
                        to="portfolio.account",
                    ),
                ),
                ("month", models.IntegerField(help_text="year * 12 + month - 1")),
                ("debit_minor", models.BigIntegerField(default=0)),
                ("credit_minor", models.BigIntegerField(default=0)),
                ("cash_minor", models.BigIntegerField(default=0)),
            ],
            options={
                "ordering": ["account_id", "month"],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "month"), name="balance_once_per_month"),
                    models.CheckConstraint(
                        condition=models.Q(("credit_minor__gte", 0), ("debit_minor__gte", 0)),
                        name="balance_sides_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Period",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="periods",
                        to="portfolio.entity",
                    ),
                ),
                ("month", models.IntegerField(help_text="year * 12 + month - 1")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("reconciled", "Reconciled"), ("closed", "Closed")],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "statement_minor",
                    models.BigIntegerField(
                        blank=True, help_text="Cents on the bank statement at the month's end.", null=True
                    ),
                ),
                ("reconciled_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("reopened_at", models.DateTimeField(blank=True, null=True)),
                (
                    "reopen_reason",
                    models.CharField(blank=True, help_text="Why it was last reopened.", max_length=250),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["entity_id", "-month"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "month"), name="period_once_per_month"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["open", "reconciled", "closed"])),
                        name="period_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "reconciled"), _negated=True),
                            models.Q(("reconciled_at__isnull", False), ("statement_minor__isnull", False)),
                            _connector="OR",
                        ),
                        name="reconciled_period_has_statement",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "closed"), _negated=True),
                            ("closed_at__isnull", False),
                            _connector="OR",
                        ),
                        name="closed_period_has_date",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reopened_at__isnull", True),
                            models.Q(("reopen_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="reopened_period_has_reason",
                    ),
                ],
            },
        ),
    ]
