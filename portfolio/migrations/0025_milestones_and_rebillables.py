"""Milestones of plans, what is paid for clients, and what was said of expenses."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0024_technology"),
    ]

    operations = [
        migrations.CreateModel(
            name="PlanMilestone",
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plan_milestones",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "plan",
                    models.CharField(
                        choices=[
                            ("break_even", "Break-even"),
                            ("go_to_market", "Go to market"),
                            ("local_search", "Local search"),
                        ],
                        max_length=14,
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("title", models.CharField(max_length=160)),
                ("horizon_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("promised_on", models.DateField(help_text="As first promised; it never moves.")),
                ("due_on", models.DateField(help_text="As it stands now.")),
                ("owner", models.CharField(blank=True, max_length=120)),
                ("done_on", models.DateField(blank=True, null=True)),
                (
                    "check_name",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("months_reconciled", "Months reconciled in any entity, at least so many"),
                            ("month_closed", "The month is closed in all books (year * 12 + month - 1)"),
                            ("services_in_month", "Services completed in one month, at least so many"),
                            ("net_burn", "Net burn of the quarter is at most so many cents"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "threshold",
                    models.BigIntegerField(blank=True, help_text="In the check's own unit.", null=True),
                ),
                ("source", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["plan", "position", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("entity__isnull", False)),
                        fields=("entity", "plan", "title"),
                        name="plan_milestone_once_per_entity",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("entity__isnull", True)),
                        fields=("plan", "title"),
                        name="plan_milestone_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("check_name", ""), ("threshold__isnull", True)),
                            models.Q(
                                models.Q(("check_name", ""), _negated=True), ("threshold__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="milestone_check_has_a_threshold",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("check_name", ""), ("done_on__isnull", True), _connector="OR"),
                        name="checked_milestone_is_not_ticked",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Rebillable",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rebillables",
                        to="portfolio.clientcontract",
                    ),
                ),
                ("on", models.DateField()),
                ("what", models.CharField(max_length=160)),
                ("amount_minor", models.BigIntegerField()),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rebillables",
                        to="portfolio.journalentry",
                    ),
                ),
                (
                    "invoice_line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rebillables",
                        to="portfolio.invoiceline",
                    ),
                ),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["contract_id", "-on", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("invoice_line__isnull", True)),
                        fields=["contract", "on"],
                        name="rebillable_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("contract", "on", "what"), name="rebillable_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="rebillable_is_worth_something"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExpenseFlag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="expense_flags",
                        to="portfolio.journalentry",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("personal", "Personal use"),
                            ("duplicate_ok", "No duplicate, though it looks like one"),
                            ("receipt_not_needed", "Needs no receipt"),
                        ],
                        max_length=20,
                    ),
                ),
                ("note", models.CharField(max_length=200)),
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
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["entry_id", "kind"],
                "constraints": [
                    models.UniqueConstraint(fields=("entry", "kind"), name="expense_flag_once_per_kind"),
                    models.CheckConstraint(
                        condition=models.Q(("note", ""), _negated=True), name="expense_flag_says_why"
                    ),
                ],
            },
        ),
    ]
