"""Clients and their contracts."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0007_intake"),
    ]

    operations = [
        migrations.CreateModel(
            name="Client",
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
                        related_name="clients",
                        to="portfolio.entity",
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "email",
                    models.EmailField(
                        blank=True, help_text="Where invoices and reminders go.", max_length=254
                    ),
                ),
                (
                    "address",
                    models.TextField(blank=True, help_text="As it stands on an invoice.", max_length=400),
                ),
                (
                    "sister",
                    models.ForeignKey(
                        blank=True,
                        help_text="The entity of this portfolio that it is, if it is one.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portfolio.entity",
                    ),
                ),
                ("terms_days", models.PositiveIntegerField(default=30)),
                ("active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["entity_id", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "name"), name="client_once_per_name"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sister__isnull", True),
                            models.Q(("sister", models.F("entity")), _negated=True),
                            _connector="OR",
                        ),
                        name="client_is_not_its_own_sister",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ClientContract",
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
                        related_name="contracts",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contracts",
                        to="portfolio.client",
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("none", "No paper yet"),
                            ("verbal", "Verbal"),
                            ("sent", "Sent"),
                            ("signed", "Signed"),
                            ("expired", "Expired"),
                        ],
                        max_length=10,
                    ),
                ),
                ("signed_on", models.DateField(blank=True, null=True)),
                ("starts_on", models.DateField(blank=True, null=True)),
                ("ends_on", models.DateField(blank=True, null=True)),
                (
                    "renews",
                    models.BooleanField(
                        default=False, help_text="Runs on for another term unless somebody gives notice."
                    ),
                ),
                ("notice_days", models.PositiveIntegerField(blank=True, null=True)),
                ("expired_on", models.DateField(blank=True, null=True)),
                (
                    "billing_model",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Undefined"),
                            ("retainer", "Retainer"),
                            ("hourly", "Hourly"),
                            ("milestone", "Milestone"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                (
                    "rate_minor",
                    models.BigIntegerField(blank=True, help_text="Cents an hour, or a month.", null=True),
                ),
                ("terms_days", models.PositiveIntegerField(blank=True, null=True)),
                ("active", models.BooleanField(default=True)),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "client__name", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("client", "title"), name="contract_once_per_client"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("rate_minor__isnull", True), ("rate_minor__gte", 0), _connector="OR"
                        ),
                        name="contract_rate_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("starts_on__isnull", True),
                            ("ends_on__isnull", True),
                            ("ends_on__gte", models.F("starts_on")),
                            _connector="OR",
                        ),
                        name="contract_ends_after_it_starts",
                    ),
                ],
            },
        ),
    ]
