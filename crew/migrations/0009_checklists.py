"""Checklist items and maintenance records."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crew", "0008_event_grants"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChecklistItem",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="items", to="crew.event"
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="worked",
                        to="crew.itemtemplate",
                    ),
                ),
                (
                    "phase",
                    models.CharField(
                        choices=[
                            ("pre_departure", "Pre-departure"),
                            ("safety_briefing", "Safety briefing"),
                            ("guest_boarding", "Guest boarding"),
                            ("underway", "Underway"),
                            ("return", "Return"),
                            ("shutdown", "Shutdown"),
                        ],
                        max_length=16,
                    ),
                ),
                ("sort", models.PositiveIntegerField(default=0)),
                ("text", models.CharField(max_length=200)),
                ("detail", models.TextField(blank=True)),
                (
                    "role",
                    models.CharField(
                        choices=[("captain", "Captain"), ("crew", "Crew")], default="crew", max_length=8
                    ),
                ),
                (
                    "due_from",
                    models.CharField(
                        choices=[("departure", "Departure"), ("return", "Return")],
                        default="departure",
                        max_length=10,
                    ),
                ),
                ("due_minutes", models.IntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("critical", models.BooleanField(default=False)),
                (
                    "evidence",
                    models.CharField(
                        choices=[
                            ("tick", "Tick"),
                            ("number", "Number"),
                            ("text", "Text"),
                            ("photo", "Photo"),
                        ],
                        default="tick",
                        max_length=8,
                    ),
                ),
                ("low", models.DecimalField(blank=True, decimal_places=3, max_digits=12, null=True)),
                ("high", models.DecimalField(blank=True, decimal_places=3, max_digits=12, null=True)),
                ("unit", models.CharField(blank=True, max_length=20)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("claimed", "Claimed"),
                            ("on_hold", "On hold"),
                            ("completed", "Completed"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                (
                    "claimer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("hold_reason", models.CharField(blank=True, max_length=300)),
                (
                    "hold_owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("review_at", models.DateTimeField(blank=True, null=True)),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "completed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("value_number", models.DecimalField(blank=True, decimal_places=3, max_digits=12, null=True)),
                ("value_text", models.TextField(blank=True)),
                ("photo", models.FileField(blank=True, upload_to="checklists/")),
                ("first_claimed_at", models.DateTimeField(blank=True, null=True)),
                ("hold_count", models.PositiveIntegerField(default=0)),
                ("missed_limits", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["event_id", "sort", "id"],
                "indexes": [
                    models.Index(fields=["event", "sort"], name="item_by_event"),
                    models.Index(fields=["template", "state"], name="item_by_template"),
                    models.Index(fields=["claimer", "state"], name="item_by_claimer"),
                    models.Index(
                        condition=models.Q(("state", "completed"), _negated=True),
                        fields=["due_at"],
                        name="item_due",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("claimer__isnull", True), ("state", "pending")),
                            models.Q(
                                models.Q(("state", "pending"), _negated=True), ("claimer__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="item_has_claimer_unless_pending",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("hold_owner__isnull", False),
                                ("review_at__isnull", False),
                                ("state", "on_hold"),
                                models.Q(("hold_reason", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "on_hold"), _negated=True),
                                ("hold_owner__isnull", True),
                                ("hold_reason", ""),
                                ("review_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="only_held_item_says_why_who_and_when",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("completed_at__isnull", False),
                                ("completed_by__isnull", False),
                                ("state", "completed"),
                            ),
                            models.Q(
                                models.Q(("state", "completed"), _negated=True),
                                ("completed_at__isnull", True),
                                ("completed_by__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="only_completed_item_has_time_and_hand",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MaintenanceRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "vessel",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="maintenance_records",
                        to="crew.vessel",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="maintenance_records",
                        to="crew.event",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="maintenance_records",
                        to="crew.checklistitem",
                    ),
                ),
                ("title", models.CharField(max_length=160)),
                ("note", models.TextField(blank=True)),
                ("opened_at", models.DateTimeField()),
                (
                    "opened_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("resolution", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["-opened_at", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=["vessel", "-opened_at"],
                        name="maintenance_open_by_vessel",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("vessel__isnull", False), ("event__isnull", False), _connector="OR"
                        ),
                        name="maintenance_names_its_subject",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closed_at__isnull", True),
                            models.Q(
                                ("closed_at__gte", models.F("opened_at")),
                                models.Q(("resolution", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="closed_maintenance_says_how",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=("item",),
                        name="maintenance_open_once_per_item",
                    ),
                ],
            },
        ),
    ]
