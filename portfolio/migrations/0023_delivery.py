"""Yacht deliveries: a job's stages, gates, crew and incidents; costs that are passed on."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0022_rental"),
    ]

    operations = [
        migrations.AddField(
            model_name="bookingcost",
            name="rebillable",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="bookingcost",
            name="recovered_minor",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddConstraint(
            model_name="bookingcost",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("recovered_minor__gte", 0),
                    models.Q(("rebillable", True), ("recovered_minor", 0), _connector="OR"),
                ),
                name="only_rebillable_cost_is_recovered",
            ),
        ),
        migrations.CreateModel(
            name="DeliveryJob",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "booking",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="job",
                        to="portfolio.booking",
                    ),
                ),
                ("vessel", models.CharField(max_length=80)),
                ("from_place", models.CharField(max_length=80)),
                ("to_place", models.CharField(max_length=80)),
                (
                    "miles_tenths",
                    models.PositiveIntegerField(
                        blank=True, help_text="Tenths of a nautical mile.", null=True
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("enquiry", "Enquiry"),
                            ("quoted", "Quoted"),
                            ("contracted", "Contracted"),
                            ("deposit", "Deposit paid"),
                            ("ready", "Ready"),
                            ("under_way", "Under way"),
                            ("arrived", "Arrived"),
                            ("closed", "Closed"),
                        ],
                        default="enquiry",
                        max_length=10,
                    ),
                ),
                (
                    "promised_on",
                    models.DateField(blank=True, help_text="The day the client expects arrival.", null=True),
                ),
                ("arrived_on", models.DateField(blank=True, null=True)),
                ("weather_days", models.PositiveSmallIntegerField(default=0)),
                ("estimated_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("actual_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "rating",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="0 to 10, from the client.", null=True
                    ),
                ),
                ("rated_on", models.DateField(blank=True, null=True)),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["booking_id"],
                "indexes": [models.Index(fields=["stage"], name="job_by_stage")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rating__isnull", True), ("rating__lte", 10), _connector="OR"),
                        name="job_rating_up_to_ten",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("stage__in", ["arrived", "closed"]), _negated=True),
                            ("arrived_on__isnull", False),
                            _connector="OR",
                        ),
                        name="arrived_job_has_a_date",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JobStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="portfolio.deliveryjob",
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("enquiry", "Enquiry"),
                            ("quoted", "Quoted"),
                            ("contracted", "Contracted"),
                            ("deposit", "Deposit paid"),
                            ("ready", "Ready"),
                            ("under_way", "Under way"),
                            ("arrived", "Arrived"),
                            ("closed", "Closed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("on", models.DateField()),
            ],
            options={
                "ordering": ["job_id", "on", "id"],
                "constraints": [models.UniqueConstraint(fields=("job", "stage"), name="step_once_per_stage")],
            },
        ),
        migrations.CreateModel(
            name="JobGate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="gates",
                        to="portfolio.deliveryjob",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("insurance", "Insurance names the crew"),
                            ("survey", "Survey"),
                            ("documents", "Documents"),
                            ("weather", "Weather window"),
                            ("other", "Other"),
                        ],
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("passed_on", models.DateField(blank=True, null=True)),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["job_id", "id"],
                "constraints": [models.UniqueConstraint(fields=("job", "name"), name="gate_once_per_job")],
            },
        ),
        migrations.CreateModel(
            name="JobCrew",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="crew",
                        to="portfolio.deliveryjob",
                    ),
                ),
                ("role", models.CharField(choices=[("captain", "Captain"), ("crew", "Crew")], max_length=8)),
                ("who", models.CharField(max_length=120)),
                ("days_tenths", models.PositiveIntegerField(help_text="Tenths of a day.")),
            ],
            options={
                "verbose_name_plural": "job crew",
                "ordering": ["job_id", "role", "who"],
                "constraints": [models.UniqueConstraint(fields=("job", "who"), name="crew_once_per_job")],
            },
        ),
        migrations.CreateModel(
            name="JobIncident",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="incidents",
                        to="portfolio.deliveryjob",
                    ),
                ),
                ("on", models.DateField()),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("low", "Low"),
                            ("medium", "Medium"),
                            ("high", "High"),
                            ("critical", "Critical"),
                        ],
                        max_length=8,
                    ),
                ),
                ("what", models.CharField(max_length=200)),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["job_id", "on", "id"],
            },
        ),
    ]
