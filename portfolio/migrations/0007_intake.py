"""Files that came in, their lines, and the rules that categorise them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crew", "__first__"),
        ("portfolio", "0006_journal_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportFile",
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
                        help_text="Empty for a file that holds several entities.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="import_files",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("bank_csv", "Bank statement (CSV)"),
                            ("stripe", "Stripe balance history (CSV)"),
                            ("opening", "Opening balances (CSV)"),
                            ("bookings", "Bookings (CSV)"),
                            ("stays", "Stays (CSV)"),
                            ("invoices", "Invoices (CSV)"),
                        ],
                        max_length=12,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("lines_read", models.PositiveIntegerField()),
                ("lines_new", models.PositiveIntegerField()),
                ("covers_to", models.DateField(blank=True, help_text="Latest date in the file.", null=True)),
                ("landed_at", models.DateTimeField()),
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
                "ordering": ["-landed_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="ImportedLine",
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
                        related_name="imported_lines",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="portfolio.importfile",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("bank_csv", "Bank statement (CSV)"),
                            ("stripe", "Stripe balance history (CSV)"),
                            ("opening", "Opening balances (CSV)"),
                            ("bookings", "Bookings (CSV)"),
                            ("stays", "Stays (CSV)"),
                            ("invoices", "Invoices (CSV)"),
                        ],
                        max_length=12,
                    ),
                ),
                ("line", models.PositiveIntegerField()),
                ("external_id", models.CharField(max_length=160)),
                ("body_hash", models.CharField(max_length=64)),
                ("on", models.DateField()),
                ("amount_minor", models.BigIntegerField()),
                ("description", models.CharField(max_length=250)),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imported_lines",
                        to="portfolio.journalentry",
                    ),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portfolio.booking",
                    ),
                ),
                ("payout_id", models.CharField(blank=True, max_length=80)),
            ],
            options={
                "ordering": ["file_id", "line", "id"],
                "indexes": [
                    models.Index(fields=["entity", "kind", "-on"], name="imported_line_freshness"),
                    models.Index(
                        condition=models.Q(("booking__isnull", False)),
                        fields=["booking"],
                        name="imported_line_by_booking",
                    ),
                    models.Index(
                        condition=models.Q(("payout_id", ""), _negated=True),
                        fields=["entity", "payout_id"],
                        name="imported_line_by_payout",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity", "kind", "external_id"), name="imported_line_once_per_external_id"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CategoryRule",
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
                        related_name="category_rules",
                        to="portfolio.entity",
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("contains", models.CharField(help_text="Matched without regard to case.", max_length=80)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="portfolio.account"
                    ),
                ),
            ],
            options={
                "ordering": ["entity_id", "position", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "contains"), name="category_rule_once_per_text")
                ],
            },
        ),
    ]
