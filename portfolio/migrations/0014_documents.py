"""Documents attached to entries, and the items of a month's closing."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.guards import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("crew", "__first__"),
        ("portfolio", "0013_bookings_of_campaigns"),
    ]

    operations = [
        migrations.CreateModel(
            name="EntryDocument",
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
                        related_name="documents",
                        to="portfolio.journalentry",
                    ),
                ),
                ("file", models.FileField(upload_to="receipts/")),
                ("name", models.CharField(max_length=120)),
                ("content_type", models.CharField(max_length=60)),
                ("size", models.PositiveIntegerField(help_text="Bytes.")),
                ("sha256", models.CharField(max_length=64)),
                ("added_at", models.DateTimeField()),
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
                "ordering": ["entry_id", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("entry", "sha256"), name="document_once_per_entry")
                ],
            },
        ),
        migrations.CreateModel(
            name="CloseTick",
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
                        related_name="close_ticks",
                        to="portfolio.entity",
                    ),
                ),
                ("month", models.IntegerField(help_text="year * 12 + month - 1")),
                ("item", models.SlugField(max_length=40)),
                ("note", models.CharField(blank=True, max_length=250)),
                ("at", models.DateTimeField()),
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
                "ordering": ["entity_id", "-month", "item"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity", "month", "item"), name="close_tick_once_per_item"
                    )
                ],
            },
        ),
        append_only(
            "portfolio_entrydocument", "A document attached to an entry stays; attach another beside it."
        ),
        append_only("portfolio_chainanchor", "An anchor of the books is never changed or deleted."),
    ]
