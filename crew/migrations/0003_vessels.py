"""Ports, vessels and how many may be aboard by law."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crew", "0002_staff_grant"),
        ("portfolio", "0003_channels"),
    ]

    operations = [
        migrations.CreateModel(
            name="Port",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("latitude", models.FloatField(help_text="Decimal degrees, north positive.")),
                ("longitude", models.FloatField(help_text="Decimal degrees, east positive.")),
                ("zone", models.CharField(default="America/Los_Angeles", max_length=60)),
            ],
            options={
                "ordering": ["name", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("latitude__gte", -90),
                            ("latitude__lte", 90),
                            ("longitude__gte", -180),
                            ("longitude__lte", 180),
                        ),
                        name="port_is_on_the_globe",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Vessel",
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
                        related_name="vessels",
                        to="portfolio.entity",
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "home_port",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="crew.port"
                    ),
                ),
                (
                    "asset",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portfolio.asset",
                    ),
                ),
                ("turnaround_minutes", models.PositiveIntegerField(default=60)),
                ("active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["name", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "name"), name="vessel_once_per_entity")
                ],
            },
        ),
        migrations.CreateModel(
            name="OperatingLimit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("upv_6", "Uninspected, at most 6"),
                            ("bareboat_12", "Bareboat, at most 12"),
                            ("inspected_coi", "Inspected, by certificate"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "vessel",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="operating_limits",
                        to="crew.vessel",
                    ),
                ),
                ("passengers", models.PositiveIntegerField()),
                ("from_on", models.DateField(help_text="The first day on which it holds.")),
                (
                    "source",
                    models.CharField(help_text="The rule or certificate that says so.", max_length=200),
                ),
            ],
            options={
                "ordering": ["mode", "vessel_id", "-from_on", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("vessel__isnull", True)),
                        fields=("mode", "from_on"),
                        name="limit_once_per_mode_and_day",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("vessel__isnull", False)),
                        fields=("mode", "vessel", "from_on"),
                        name="limit_once_per_vessel_and_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("mode", "inspected_coi"), _negated=True),
                            ("vessel__isnull", False),
                            _connector="OR",
                        ),
                        name="certificate_limit_names_its_vessel",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source", ""), _negated=True), name="limit_has_source"
                    ),
                ],
            },
        ),
    ]
