"""Entities, their stakes, assets and responsibilities."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Entity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("events", "Events and concerts"),
                            ("charter", "Sailing charters"),
                            ("logistics", "Hauling and logistics"),
                            ("agency", "Client services"),
                            ("rental", "Short-stay rental"),
                            ("delivery", "Yacht delivery"),
                            ("receivables", "Client billing and receivables"),
                        ],
                        max_length=20,
                    ),
                ),
                ("zone", models.CharField(default="America/Los_Angeles", max_length=60)),
                ("currency", models.CharField(default="USD", max_length=3)),
                (
                    "fiscal_year_ends",
                    models.PositiveSmallIntegerField(
                        default=12, help_text="The month, 1 to 12, with which its fiscal year ends."
                    ),
                ),
                ("active", models.BooleanField(default=True)),
            ],
            options={
                "verbose_name_plural": "entities",
                "ordering": ["slug"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("fiscal_year_ends__gte", 1), ("fiscal_year_ends__lte", 12)),
                        name="fiscal_year_ends_with_a_month",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Stake",
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
                        related_name="stakes",
                        to="portfolio.entity",
                    ),
                ),
                ("holder", models.CharField(max_length=120)),
                ("share_bp", models.PositiveIntegerField(help_text="Basis points: 2000 is 20 %.")),
                ("vesting_months", models.PositiveIntegerField(default=0)),
                (
                    "founder",
                    models.BooleanField(
                        default=False, help_text="The owner's own stake, which needs no partner agreement."
                    ),
                ),
                (
                    "agreement",
                    models.CharField(
                        choices=[
                            ("none", "No agreement"),
                            ("unsigned", "Drafted, unsigned"),
                            ("signed", "Signed"),
                        ],
                        default="none",
                        max_length=10,
                    ),
                ),
                ("signed_on", models.DateField(blank=True, null=True)),
                (
                    "source",
                    models.CharField(blank=True, help_text="File and line, or who said so.", max_length=120),
                ),
            ],
            options={
                "ordering": ["entity_id", "-share_bp", "holder"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "holder"), name="stake_once_per_holder"),
                    models.CheckConstraint(
                        condition=models.Q(("share_bp__gt", 0), ("share_bp__lte", 10000)),
                        name="stake_share_within_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("agreement", "signed"), _negated=True),
                            ("signed_on__isnull", False),
                            _connector="OR",
                        ),
                        name="signed_stake_has_date",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Asset",
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
                        related_name="assets",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("vessel", "Vessel"),
                            ("property", "Property"),
                            ("domain", "Domain"),
                            ("list", "Mailing list"),
                            ("code", "Code"),
                            ("equipment", "Equipment"),
                            ("contract", "Contract"),
                            ("person", "Key person"),
                            ("other", "Other"),
                        ],
                        max_length=12,
                    ),
                ),
                ("name", models.CharField(max_length=160)),
                (
                    "value_minor",
                    models.BigIntegerField(blank=True, help_text="Cents; empty where not valued.", null=True),
                ),
                ("days_available_a_year", models.PositiveIntegerField(blank=True, null=True)),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "kind", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "name"), name="asset_once_per_entity"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("days_available_a_year__isnull", True),
                            ("days_available_a_year__lte", 366),
                            _connector="OR",
                        ),
                        name="asset_days_within_year",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Responsibility",
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
                        related_name="responsibilities",
                        to="portfolio.entity",
                    ),
                ),
                ("role", models.CharField(max_length=80)),
                ("who", models.CharField(max_length=120)),
                (
                    "handover",
                    models.CharField(
                        choices=[
                            ("not_started", "Not started"),
                            ("in_progress", "In progress"),
                            ("complete", "Complete"),
                        ],
                        default="not_started",
                        max_length=12,
                    ),
                ),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "verbose_name_plural": "responsibilities",
                "ordering": ["entity_id", "role"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "role"), name="responsibility_once_per_role")
                ],
            },
        ),
    ]
