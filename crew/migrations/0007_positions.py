"""Positions, credentials and days off."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crew", "0006_guests"),
    ]

    operations = [
        migrations.CreateModel(
            name="Position",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="positions", to="crew.event"
                    ),
                ),
                (
                    "station",
                    models.CharField(
                        choices=[
                            ("captain", "Captain"),
                            ("mate", "Mate"),
                            ("deckhand", "Deckhand"),
                            ("host", "Host"),
                            ("engineer", "Engineer"),
                            ("sound", "Sound"),
                        ],
                        max_length=10,
                    ),
                ),
                ("requires", models.JSONField(blank=True, default=list, help_text="Credential kinds.")),
                ("rate_minor", models.BigIntegerField(default=0, help_text="Cents for the whole event.")),
                ("sort", models.PositiveIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("claimed", "Claimed"),
                            ("confirmed", "Confirmed"),
                            ("held", "Held"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "holder",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="positions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("hold_reason", models.CharField(blank=True, max_length=300)),
                (
                    "stand_in_at",
                    models.DateTimeField(
                        blank=True, help_text="Since when the holder seeks a stand-in.", null=True
                    ),
                ),
                ("stand_in_reason", models.CharField(blank=True, max_length=300)),
                (
                    "override_reason",
                    models.CharField(
                        blank=True,
                        help_text="Why an admin put the holder in against the rules.",
                        max_length=300,
                    ),
                ),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("paid_on", models.DateField(blank=True, null=True)),
            ],
            options={
                "ordering": ["event_id", "sort", "id"],
                "indexes": [models.Index(fields=["holder", "event"], name="position_by_holder")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("holder__isnull", True), ("state", "open")),
                            models.Q(models.Q(("state", "open"), _negated=True), ("holder__isnull", False)),
                            _connector="OR",
                        ),
                        name="position_has_holder_unless_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "held"), models.Q(("hold_reason", ""), _negated=True)),
                            models.Q(models.Q(("state", "held"), _negated=True), ("hold_reason", "")),
                            _connector="OR",
                        ),
                        name="only_held_position_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stand_in_at__isnull", True), ("holder__isnull", False), _connector="OR"
                        ),
                        name="stand_in_is_sought_by_holder",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("override_reason", ""), ("holder__isnull", False), _connector="OR"
                        ),
                        name="overridden_position_has_holder",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rate_minor__gte", 0)), name="position_rate_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("paid_on__isnull", True), ("holder__isnull", False), _connector="OR"
                        ),
                        name="paid_position_has_holder",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Credential",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credentials",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("captain_licence", "Captain's licence"),
                            ("medical", "Medical certificate"),
                            ("twic", "TWIC"),
                            ("drug_programme", "Drug programme"),
                            ("first_aid", "First aid"),
                        ],
                        max_length=16,
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=60)),
                ("issued_on", models.DateField(blank=True, null=True)),
                ("expires_on", models.DateField(blank=True, null=True)),
                ("file", models.FileField(blank=True, upload_to="credentials/")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("added_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["person_id", "kind", "-expires_on", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=["expires_on"],
                        name="credential_by_expiry",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("issued_on__isnull", True),
                            ("expires_on__isnull", True),
                            ("expires_on__gte", models.F("issued_on")),
                            _connector="OR",
                        ),
                        name="credential_expires_after_issue",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DayOff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days_off",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("first_on", models.DateField()),
                ("last_on", models.DateField()),
                ("note", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "verbose_name_plural": "days off",
                "ordering": ["first_on", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("last_on__gte", models.F("first_on"))), name="day_off_in_order"
                    )
                ],
            },
        ),
    ]
