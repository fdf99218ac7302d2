"""What Stripe told, and its payouts."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0014_documents"),
    ]

    operations = [
        migrations.CreateModel(
            name="StripeEvent",
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
                        related_name="stripe_events",
                        to="portfolio.entity",
                    ),
                ),
                ("event_id", models.CharField(max_length=80, unique=True)),
                ("type", models.CharField(max_length=60)),
                ("object_id", models.CharField(blank=True, max_length=80)),
                (
                    "livemode",
                    models.BooleanField(
                        help_text="Real money, as the event says; a test event moves nothing."
                    ),
                ),
                ("body_hash", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(help_text="By Stripe's clock.")),
                ("received_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("done", "Done"),
                            ("ignored", "Of no concern"),
                            ("failed", "Failed, will be tried again"),
                        ],
                        default="received",
                        max_length=8,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.CharField(blank=True, max_length=250)),
                (
                    "post_on",
                    models.DateField(
                        blank=True,
                        help_text="The open date a person chose for what belongs in a closed month.",
                        null=True,
                    ),
                ),
                ("done_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-received_at", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["received", "failed"])),
                        fields=["next_try_at"],
                        name="stripe_event_due",
                    ),
                    models.Index(fields=["entity", "-received_at"], name="stripe_event_by_entity"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["received", "done", "ignored", "failed"])),
                        name="stripe_event_state_is_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StripeMovement",
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
                        related_name="stripe_movements",
                        to="portfolio.entity",
                    ),
                ),
                ("external_id", models.CharField(max_length=160)),
                ("charge_id", models.CharField(blank=True, max_length=80)),
                ("payout_id", models.CharField(blank=True, max_length=80)),
                ("net_minor", models.BigIntegerField()),
            ],
            options={
                "ordering": ["entity_id", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("charge_id", ""), _negated=True),
                        fields=["entity", "charge_id"],
                        name="stripe_movement_by_charge",
                    ),
                    models.Index(
                        condition=models.Q(("payout_id", ""), _negated=True),
                        fields=["entity", "payout_id"],
                        name="stripe_movement_by_payout",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity", "external_id"), name="stripe_movement_once_per_id"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StripePayout",
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
                        related_name="payouts",
                        to="portfolio.entity",
                    ),
                ),
                ("payout_id", models.CharField(max_length=80)),
                ("amount_minor", models.BigIntegerField(help_text="What reached the bank.")),
                ("arrives_on", models.DateField()),
                (
                    "state",
                    models.CharField(
                        help_text="As Stripe names it: paid, in_transit, failed …", max_length=12
                    ),
                ),
                ("lines", models.PositiveIntegerField(default=0)),
                ("residual_minor", models.BigIntegerField(blank=True, null=True)),
                (
                    "manual",
                    models.BooleanField(
                        default=False,
                        help_text="Somebody asked for it; Stripe lists no movements that it carried.",
                    ),
                ),
                ("checked_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["entity_id", "-arrives_on", "-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "payout_id"), name="payout_once_per_id")
                ],
            },
        ),
    ]
