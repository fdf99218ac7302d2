"""Handoff notes and their rows."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0008_contracts"),
    ]

    operations = [
        migrations.CreateModel(
            name="HandoffFile",
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
                        related_name="handoff_files",
                        to="portfolio.entity",
                    ),
                ),
                ("name", models.CharField(max_length=160)),
                ("sha256", models.CharField(max_length=64)),
                ("updated_on", models.DateField(help_text="The date the note itself gives.")),
                ("read_at", models.DateTimeField()),
                ("current", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["entity_id", "-read_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("current", True)),
                        fields=("entity",),
                        name="one_current_handoff_per_entity",
                    ),
                    models.UniqueConstraint(fields=("entity", "sha256"), name="handoff_version_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="HandoffRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="portfolio.handofffile",
                    ),
                ),
                ("line", models.PositiveIntegerField()),
                ("section", models.CharField(blank=True, max_length=120)),
                ("kind", models.CharField(max_length=20)),
                ("label", models.CharField(max_length=250)),
                ("text", models.TextField(blank=True)),
                ("number", models.DecimalField(blank=True, decimal_places=4, max_digits=20, null=True)),
                ("unit", models.CharField(blank=True, max_length=30)),
                ("amount_minor", models.BigIntegerField(blank=True, null=True)),
                ("percent_bp", models.IntegerField(blank=True, null=True)),
                ("on", models.DateField(blank=True, null=True)),
                ("tracked", models.BooleanField(default=True)),
                ("done", models.BooleanField(blank=True, null=True)),
                ("severity", models.CharField(blank=True, max_length=10)),
                ("exposure", models.CharField(blank=True, max_length=20)),
                ("effort", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("cells", models.JSONField(default=dict)),
            ],
            options={
                "ordering": ["file_id", "line", "id"],
                "indexes": [models.Index(fields=["file", "kind"], name="handoff_rows_by_kind")],
            },
        ),
    ]
