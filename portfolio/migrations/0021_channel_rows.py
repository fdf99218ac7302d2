"""What is known of a channel over time: gates, presence, counts and spend."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Papers that somebody else issues.
PAPERS = ("certificate", "insurance", "licence", "permit")


def bring_gates(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Give each open gate that a channel names a row of its own."""
    gate = apps.get_model("portfolio", "ChannelGate")
    for channel in apps.get_model("portfolio", "Channel").objects.all():
        names = dict.fromkeys(str(name)[:120] for name in channel.gates)
        gate.objects.bulk_create(
            gate(
                channel=channel,
                position=position,
                name=name,
                external=name.casefold().startswith(PAPERS),
                source=channel.source,
            )
            for position, name in enumerate(names, start=1)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0020_post_in_one_call"),
    ]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="expected_minor",
            field=models.BigIntegerField(
                blank=True,
                help_text="Cents a month that it is expected to bring, before commission.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="channel",
            name="expected_source",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name="channel",
            name="next_owner",
            field=models.CharField(blank=True, help_text="Who takes the next step.", max_length=120),
        ),
        migrations.AddField(
            model_name="channel",
            name="next_step",
            field=models.CharField(blank=True, max_length=160),
        ),
        migrations.AddConstraint(
            model_name="channel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("expected_minor__isnull", True), ("expected_minor__gte", 0), _connector="OR"
                ),
                name="channel_expects_no_loss",
            ),
        ),
        migrations.CreateModel(
            name="ChannelGate",
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
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="gate_rows",
                        to="portfolio.channel",
                    ),
                ),
                (
                    "position",
                    models.PositiveSmallIntegerField(help_text="The order in which they are taken, from 1."),
                ),
                ("name", models.CharField(max_length=120)),
                ("external", models.BooleanField(default=False)),
                ("passed_on", models.DateField(blank=True, null=True)),
                (
                    "evidence",
                    models.CharField(blank=True, help_text="What shows that it is passed.", max_length=200),
                ),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["channel_id", "position", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("channel", "name"), name="gate_once_per_channel")
                ],
            },
        ),
        migrations.CreateModel(
            name="ChannelPresence",
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
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="presences",
                        to="portfolio.channel",
                    ),
                ),
                ("on", models.DateField()),
                ("photos", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "listed_minor",
                    models.BigIntegerField(
                        blank=True, help_text="Cents, as the channel shows it.", null=True
                    ),
                ),
                (
                    "direct_minor",
                    models.BigIntegerField(
                        blank=True, help_text="Cents, the same offer on our site.", null=True
                    ),
                ),
                ("reviews", models.PositiveIntegerField(blank=True, null=True)),
                ("rating_x100", models.PositiveIntegerField(blank=True, null=True)),
                ("calendar_synced", models.BooleanField(blank=True, null=True)),
                ("source", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["channel_id", "-on"],
                "constraints": [
                    models.UniqueConstraint(fields=("channel", "on"), name="presence_once_per_date"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("listed_minor__isnull", True), ("listed_minor__gte", 0), _connector="OR"
                            ),
                            models.Q(
                                ("direct_minor__isnull", True), ("direct_minor__gte", 0), _connector="OR"
                            ),
                        ),
                        name="presence_prices_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("rating_x100__isnull", True),
                            models.Q(("rating_x100__gte", 100), ("rating_x100__lte", 500)),
                            _connector="OR",
                        ),
                        name="presence_rating_within_stars",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChannelCount",
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
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="counts",
                        to="portfolio.channel",
                    ),
                ),
                ("month", models.IntegerField(help_text="year * 12 + month - 1")),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("impressions", "Impressions"),
                            ("clicks", "Clicks"),
                            ("enquiries", "Enquiries"),
                        ],
                        max_length=12,
                    ),
                ),
                ("count", models.PositiveIntegerField()),
                ("source", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["channel_id", "month", "step"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("channel", "month", "step"), name="channel_count_once_per_month"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ChannelSpend",
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
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="spends",
                        to="portfolio.channel",
                    ),
                ),
                ("month", models.IntegerField(help_text="year * 12 + month - 1")),
                ("spend_minor", models.BigIntegerField(default=0)),
                ("labour_minutes", models.PositiveIntegerField(default=0)),
                ("labour_rate_minor", models.BigIntegerField(default=0, help_text="Cents an hour.")),
                ("source", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["channel_id", "month"],
                "constraints": [
                    models.UniqueConstraint(fields=("channel", "month"), name="channel_spend_once_per_month"),
                    models.CheckConstraint(
                        condition=models.Q(("labour_rate_minor__gte", 0), ("spend_minor__gte", 0)),
                        name="channel_spend_not_negative",
                    ),
                ],
            },
        ),
        migrations.RunPython(bring_gates, migrations.RunPython.noop),
    ]
