"""Entered KPI values, targets, assumptions, models, scenarios, capital options and rules."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crew", "__first__"),
        ("portfolio", "0009_handoffs"),
    ]

    operations = [
        migrations.CreateModel(
            name="KpiValue",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="kpi_values",
                        to="portfolio.entity",
                    ),
                ),
                ("key", models.SlugField(max_length=60)),
                ("label", models.CharField(max_length=120)),
                ("as_of", models.DateField()),
                ("tracked", models.BooleanField(default=True)),
                ("value", models.DecimalField(blank=True, decimal_places=4, max_digits=20, null=True)),
                ("target", models.DecimalField(blank=True, decimal_places=4, max_digits=20, null=True)),
                ("unit", models.CharField(blank=True, max_length=30)),
                (
                    "basis",
                    models.CharField(
                        choices=[("measured", "Measured"), ("modelled", "Modelled"), ("entered", "Entered")],
                        default="entered",
                        max_length=10,
                    ),
                ),
                ("source", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "key", "-as_of"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "key", "as_of"), name="kpi_once_per_date"),
                    models.CheckConstraint(
                        condition=models.Q(("tracked", True), ("value__isnull", True), _connector="OR"),
                        name="untracked_kpi_has_no_value",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MonthlyTarget",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="targets",
                        to="portfolio.entity",
                    ),
                ),
                ("month", models.IntegerField(help_text="year * 12 + month - 1")),
                ("revenue_minor", models.BigIntegerField()),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "month"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "month"), name="target_once_per_month"),
                    models.CheckConstraint(
                        condition=models.Q(("revenue_minor__gte", 0)), name="target_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Assumption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.SlugField(
                        choices=[
                            ("stage-enquiry", "Chance that an enquiry is served"),
                            ("stage-quoted", "Chance that a quoted booking is served"),
                            ("stage-held", "Chance that a held date is served"),
                            ("stage-booked", "Chance that a booked service is served"),
                            ("stage-paid", "Part in which a paid booking counts"),
                            ("measured-window-days", "Days for which a key figure counts as measured"),
                            ("pipeline-from-days", "Days ahead from which the pipeline is asked about"),
                            ("pipeline-to-days", "Days ahead up to which the pipeline is asked about"),
                            ("card-fee-bp", "Card fee, share of the charge (proposed for a new model)"),
                            ("card-fee-fixed", "Card fee, fixed part (proposed for a new model)"),
                            ("runway-alert-critical", "Runway under which it is critical"),
                            ("runway-alert-high", "Runway under which it is a warning"),
                            (
                                "contractor-form-threshold",
                                "Payments in a year from which a contractor’s form is due",
                            ),
                            ("receipt-from-minor", "Sum from which a payment needs a receipt"),
                            ("triage-emergency-days", "Days within which an emergency is looked at"),
                            ("triage-urgent-days", "Days within which something urgent is looked at"),
                            ("triage-routine-days", "Days within which any other ticket is looked at"),
                            ("repair-emergency-days", "Days within which an emergency is mended"),
                            ("repair-urgent-days", "Days within which something urgent is mended"),
                            ("repair-routine-days", "Days within which any other ticket is closed"),
                            ("occupancy-floor-bp", "Adjusted occupancy of a rental under which it is low"),
                            (
                                "expiry-warning-days",
                                "Days before a paper runs out at which it is to be renewed",
                            ),
                            (
                                "gap-warning-days",
                                "Nights open in a row between two stays that are worth a thought",
                            ),
                            ("escalate-overdue-days", "Days overdue from which an action is escalated"),
                            (
                                "escalate-carried-editions",
                                "Editions that carry an action over until it is escalated",
                            ),
                        ],
                        max_length=60,
                    ),
                ),
                ("effective_on", models.DateField()),
                ("value", models.BigIntegerField()),
                ("unit", models.CharField(max_length=20)),
                ("note", models.CharField(max_length=250)),
                ("source", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["key", "-effective_on"],
                "constraints": [
                    models.UniqueConstraint(fields=("key", "effective_on"), name="assumption_once_per_date")
                ],
            },
        ),
        migrations.CreateModel(
            name="ProfitabilityModel",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="profitability_models",
                        to="portfolio.entity",
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("price_minor", models.BigIntegerField()),
                ("crew_minor", models.BigIntegerField(default=0)),
                ("fuel_minor", models.BigIntegerField(default=0)),
                ("dock_minor", models.BigIntegerField(default=0)),
                ("food_minor", models.BigIntegerField(default=0)),
                ("commission_bp", models.PositiveIntegerField(default=0)),
                ("card_fee_bp", models.PositiveIntegerField(default=0)),
                ("card_fee_fixed_minor", models.BigIntegerField(default=0)),
                (
                    "break_even_entered",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Units a month that the source states, to be checked.",
                        null=True,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("adopted", "Adopted")], default="draft", max_length=8
                    ),
                ),
                ("adopted_on", models.DateField(blank=True, null=True)),
                (
                    "adopted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("source", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity", "name"), name="profitability_model_once_per_name"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "adopted"), _negated=True),
                            ("adopted_on__isnull", False),
                            _connector="OR",
                        ),
                        name="adopted_model_has_date",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("crew_minor__gte", 0),
                            ("dock_minor__gte", 0),
                            ("food_minor__gte", 0),
                            ("fuel_minor__gte", 0),
                            ("price_minor__gte", 0),
                        ),
                        name="profitability_model_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Scenario",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=20, unique=True)),
                ("position", models.PositiveSmallIntegerField()),
                ("units_a_month", models.PositiveIntegerField(help_text="Charters a month.")),
                ("price_minor", models.BigIntegerField()),
                (
                    "fixed_change_bp",
                    models.IntegerField(default=0, help_text="Change of fixed cost in basis points."),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
                ("source", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="CapitalOption",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="capital_options",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "tier",
                    models.CharField(
                        choices=[
                            ("zero_cost", "Zero cost"),
                            ("low_cost", "Low cost"),
                            ("revenue", "Revenue-producing"),
                            ("do_not_deploy", "Do not deploy"),
                        ],
                        max_length=14,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("outlay_minor", models.BigIntegerField()),
                (
                    "monthly_return_minor",
                    models.BigIntegerField(blank=True, help_text="Empty: not tracked.", null=True),
                ),
                ("spent_on", models.DateField(blank=True, null=True)),
                ("source", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["tier", "outlay_minor", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("outlay_minor__gte", 0)), name="outlay_not_negative"
                    ),
                    models.UniqueConstraint(fields=("entity", "name"), name="capital_option_once_per_name"),
                ],
            },
        ),
        migrations.CreateModel(
            name="FinancialRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "check_name",
                    models.CharField(
                        choices=[
                            ("runway_floor", "Runway stays above a floor (months x 100)"),
                            (
                                "deposits_untouched",
                                "Deposits never fund operations (cents of shortfall allowed)",
                            ),
                            ("returns_tracked", "No outlay without a tracked return (outlays allowed)"),
                        ],
                        max_length=24,
                        unique=True,
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("statement", models.CharField(max_length=200)),
                ("threshold", models.BigIntegerField(help_text="In the check's own unit.")),
                ("active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["position", "id"],
            },
        ),
    ]
