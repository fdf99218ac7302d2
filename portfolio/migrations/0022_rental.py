"""A rental: stays, blocked nights, rates, maintenance tickets, and papers that expire."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0021_channel_rows"),
    ]

    operations = [
        migrations.CreateModel(
            name="Stay",
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
                        related_name="stay",
                        to="portfolio.booking",
                    ),
                ),
                ("check_in", models.DateField()),
                ("check_out", models.DateField(help_text="The day of leaving, whose night is not theirs.")),
                (
                    "channel_name",
                    models.CharField(
                        blank=True, help_text="Where it was booked, in its own words.", max_length=80
                    ),
                ),
            ],
            options={
                "ordering": ["check_in", "id"],
                "indexes": [models.Index(fields=["check_out"], name="stay_by_check_out")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("check_out__gt", models.F("check_in"))), name="stay_lasts_a_night"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MaintenanceTicket",
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
                        related_name="tickets",
                        to="portfolio.entity",
                    ),
                ),
                ("reference", models.CharField(max_length=40)),
                ("what", models.CharField(max_length=160)),
                (
                    "priority",
                    models.CharField(
                        choices=[("emergency", "Emergency"), ("urgent", "Urgent"), ("routine", "Routine")],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reported", "Reported"),
                            ("triaged", "Triaged"),
                            ("quoted", "Quoted"),
                            ("scheduled", "Scheduled"),
                            ("done", "Done"),
                        ],
                        default="reported",
                        max_length=10,
                    ),
                ),
                ("reported_on", models.DateField()),
                ("triaged_on", models.DateField(blank=True, null=True)),
                ("quoted_on", models.DateField(blank=True, null=True)),
                ("scheduled_on", models.DateField(blank=True, null=True)),
                ("scheduled_for", models.DateField(blank=True, null=True)),
                ("done_on", models.DateField(blank=True, null=True)),
                ("quote_minor", models.BigIntegerField(blank=True, null=True)),
                ("cost_minor", models.BigIntegerField(blank=True, null=True)),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tickets",
                        to="portfolio.journalentry",
                    ),
                ),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "-reported_on", "-id"],
                "indexes": [models.Index(fields=["entity", "state", "reported_on"], name="ticket_pipeline")],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "reference"), name="ticket_once_per_reference"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "done"), ("done_on__isnull", False)),
                            models.Q(models.Q(("state", "done"), _negated=True), ("done_on__isnull", True)),
                            _connector="OR",
                        ),
                        name="ticket_is_done_on_a_date",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "scheduled"), _negated=True),
                            ("scheduled_for__isnull", False),
                            _connector="OR",
                        ),
                        name="scheduled_ticket_has_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "quoted"), _negated=True),
                            ("quote_minor__isnull", False),
                            _connector="OR",
                        ),
                        name="quoted_ticket_has_a_quote",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("quote_minor__isnull", True), ("quote_minor__gte", 0), _connector="OR"),
                            models.Q(("cost_minor__isnull", True), ("cost_minor__gte", 0), _connector="OR"),
                        ),
                        name="ticket_amounts_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("done_on__isnull", True),
                            ("done_on__gte", models.F("reported_on")),
                            _connector="OR",
                        ),
                        name="ticket_done_after_it_was_reported",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BlockedNights",
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
                        related_name="blocked",
                        to="portfolio.entity",
                    ),
                ),
                ("first_on", models.DateField()),
                ("last_on", models.DateField()),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("maintenance", "Maintenance"),
                            ("owner", "Owner’s own use"),
                            ("other", "Other"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="blocked",
                        to="portfolio.maintenanceticket",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=160)),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "verbose_name_plural": "blocked nights",
                "ordering": ["entity_id", "first_on"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "first_on"), name="nights_blocked_once"),
                    models.CheckConstraint(
                        condition=models.Q(("last_on__gte", models.F("first_on"))),
                        name="block_ends_after_it_begins",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NightRate",
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
                        related_name="night_rates",
                        to="portfolio.entity",
                    ),
                ),
                ("first_on", models.DateField()),
                ("last_on", models.DateField()),
                ("night_minor", models.BigIntegerField()),
                ("source", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "first_on"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "first_on"), name="night_rate_once"),
                    models.CheckConstraint(
                        condition=models.Q(("last_on__gte", models.F("first_on"))),
                        name="rate_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("night_minor__gt", 0)), name="night_rate_is_positive"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Expiry",
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
                        related_name="expiries",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("permit", "Permit"),
                            ("insurance", "Insurance"),
                            ("licence", "Licence"),
                            ("certificate", "Certificate"),
                            ("contract", "Contract"),
                        ],
                        max_length=12,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("expires_on", models.DateField(help_text="The last day it is good for.")),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "verbose_name_plural": "expiries",
                "ordering": ["entity_id", "expires_on", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "name"), name="expiry_once_per_name")
                ],
            },
        ),
    ]
