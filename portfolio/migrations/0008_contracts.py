"""Client contracts."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0007_intake"),
    ]

    operations = [
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
                ("client", models.CharField(max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("none", "No contract"),
                            ("verbal", "Verbal"),
                            ("sent", "Sent"),
                            ("signed", "Signed"),
                            ("expired", "Expired"),
                        ],
                        max_length=10,
                    ),
                ),
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
                "ordering": ["entity_id", "client"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "client"), name="contract_once_per_client"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("rate_minor__isnull", True), ("rate_minor__gte", 0), _connector="OR"
                        ),
                        name="contract_rate_not_negative",
                    ),
                ],
            },
        ),
    ]
