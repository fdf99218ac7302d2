"""Events."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crew", "0004_event_templates"),
    ]

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=16, unique=True)),
                (
                    "entity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="crew.eventtemplate",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("sunset_sail", "Sunset sail"),
                            ("day_charter", "Day charter"),
                            ("concert", "Concert"),
                            ("delivery", "Delivery"),
                            ("maintenance", "Maintenance day"),
                        ],
                        max_length=16,
                    ),
                ),
                ("title", models.CharField(max_length=160)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("open", "Open"),
                            ("confirmed", "Confirmed"),
                            ("underway", "Underway"),
                            ("completed", "Completed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                (
                    "vessel",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="crew.vessel",
                    ),
                ),
                (
                    "venue",
                    models.CharField(
                        blank=True, help_text="Where it is, if not on a vessel.", max_length=160
                    ),
                ),
                (
                    "port",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="crew.port"
                    ),
                ),
                (
                    "end_port",
                    models.ForeignKey(
                        blank=True,
                        help_text="If not the same.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="crew.port",
                    ),
                ),
                ("stops", models.JSONField(blank=True, default=list, help_text="Names, in order.")),
                (
                    "mode",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("upv_6", "Uninspected, at most 6"),
                            ("bareboat_12", "Bareboat, at most 12"),
                            ("inspected_coi", "Inspected, by certificate"),
                        ],
                        help_text="Empty: ashore.",
                        max_length=16,
                    ),
                ),
                ("legal_limit", models.PositiveIntegerField(blank=True, null=True)),
                ("legal_source", models.CharField(blank=True, max_length=200)),
                ("capacity", models.PositiveIntegerField()),
                ("departs_on", models.DateField()),
                (
                    "departure_anchor",
                    models.CharField(
                        choices=[
                            ("clock", "Local time"),
                            ("sunrise", "Sunrise"),
                            ("sunset", "Sunset"),
                            ("civil_dusk", "Civil dusk"),
                        ],
                        default="clock",
                        max_length=12,
                    ),
                ),
                ("departure_minutes", models.IntegerField()),
                ("departs_at", models.DateTimeField()),
                (
                    "return_anchor",
                    models.CharField(
                        choices=[
                            ("clock", "Local time"),
                            ("sunrise", "Sunrise"),
                            ("sunset", "Sunset"),
                            ("civil_dusk", "Civil dusk"),
                        ],
                        default="clock",
                        max_length=12,
                    ),
                ),
                ("return_minutes", models.IntegerField()),
                ("returns_at", models.DateTimeField()),
                ("crew_call_minutes", models.PositiveIntegerField(default=90)),
                ("boarding_minutes", models.PositiveIntegerField(default=20)),
                ("release_hours", models.PositiveIntegerField(default=48)),
                ("waiver_required", models.BooleanField(default=True)),
                ("meeting_point", models.CharField(blank=True, max_length=200)),
                ("gate_code", models.CharField(blank=True, max_length=40)),
                ("client_name", models.CharField(blank=True, max_length=120)),
                ("price_minor", models.BigIntegerField(default=0)),
                (
                    "channel",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portfolio.channel",
                    ),
                ),
                ("notes_captain", models.TextField(blank=True)),
                ("notes_crew", models.TextField(blank=True)),
                ("notes_guests", models.TextField(blank=True)),
                ("notes_staff", models.TextField(blank=True)),
                ("cancel_reason", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("sample", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["departs_at", "id"],
                "indexes": [
                    models.Index(fields=["entity", "departs_at"], name="event_agenda"),
                    models.Index(fields=["vessel", "departs_at"], name="event_by_vessel"),
                    models.Index(fields=["state", "departs_at"], name="event_by_state"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("returns_at__gt", models.F("departs_at"))),
                        name="event_returns_after_departure",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("legal_limit__isnull", True),
                            ("capacity__lte", models.F("legal_limit")),
                            _connector="OR",
                        ),
                        name="event_capacity_within_law",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("mode", ""),
                            models.Q(("legal_limit__isnull", False), ("vessel__isnull", False)),
                            _connector="OR",
                        ),
                        name="voyage_has_vessel_and_limit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(models.Q(("state", "cancelled"), _negated=True), ("cancel_reason", "")),
                            models.Q(("state", "cancelled"), models.Q(("cancel_reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="only_cancelled_event_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price_minor__gte", 0)), name="event_price_not_negative"
                    ),
                ],
            },
        ),
    ]
