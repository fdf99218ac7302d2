"""Budgets and forecasts."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0017_payables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Budget",
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
                        related_name="budgets",
                        to="portfolio.account",
                    ),
                ),
                ("month", models.IntegerField(help_text="year * 12 + month - 1")),
                ("amount_minor", models.BigIntegerField()),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["account_id", "month"],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "month"), name="budget_once_per_month")
                ],
            },
        ),
        migrations.CreateModel(
            name="Forecast",
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
                        related_name="forecasts",
                        to="portfolio.entity",
                    ),
                ),
                ("key", models.SlugField(help_text="What is forecast: revenue, net, cash.", max_length=60)),
                ("scenario", models.CharField(blank=True, max_length=20)),
                ("made_on", models.DateField()),
                ("month", models.IntegerField(help_text="year * 12 + month - 1")),
                ("value_minor", models.BigIntegerField()),
                ("actual_minor", models.BigIntegerField(blank=True, null=True)),
                ("scored_on", models.DateField(blank=True, null=True)),
                ("source", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "key", "-month", "-made_on"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity", "key", "scenario", "month", "made_on"), name="forecast_once_per_day"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("actual_minor__isnull", True), ("scored_on__isnull", False), _connector="OR"
                        ),
                        name="scored_forecast_has_date",
                    ),
                ],
            },
        ),
    ]
