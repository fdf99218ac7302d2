"""Sales channels, commissions and funnel counts."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0002_accounts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Channel",
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
                        related_name="channels",
                        to="portfolio.entity",
                    ),
                ),
                ("slug", models.SlugField(max_length=40)),
                ("name", models.CharField(max_length=80)),
                (
                    "status",
                    models.CharField(
                        choices=[("live", "Live"), ("not_listed", "Not listed"), ("blocked", "Blocked")],
                        max_length=12,
                    ),
                ),
                ("marketplace", models.BooleanField(default=True)),
                (
                    "gates",
                    models.JSONField(default=list, help_text="What must be done before it can be listed."),
                ),
                ("listed_on", models.DateField(blank=True, null=True)),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "slug"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "slug"), name="channel_once_per_entity")
                ],
            },
        ),
        migrations.CreateModel(
            name="Commission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="commissions",
                        to="portfolio.channel",
                    ),
                ),
                ("effective_on", models.DateField()),
                ("rate_bp", models.PositiveIntegerField(help_text="Basis points: 2500 is 25 %.")),
                ("source", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["channel_id", "effective_on"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("channel", "effective_on"), name="commission_once_per_date"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rate_bp__lte", 10000)), name="commission_within_whole"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FunnelCount",
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
                        related_name="funnel_counts",
                        to="portfolio.entity",
                    ),
                ),
                ("counted_on", models.DateField()),
                ("position", models.PositiveSmallIntegerField()),
                ("step", models.CharField(max_length=40)),
                ("count", models.PositiveIntegerField()),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "-counted_on", "position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity", "counted_on", "position"), name="funnel_step_once_per_count"
                    )
                ],
            },
        ),
    ]
