"""Templates: what an event of a kind starts with."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crew", "0003_vessels"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChecklistTemplate",
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
                        help_text="Empty: for every entity.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portfolio.entity",
                    ),
                ),
                ("name", models.CharField(max_length=120)),
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
                ("active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["name", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity", "name"), name="checklist_template_once_per_entity"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ItemTemplate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "checklist",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="crew.checklisttemplate",
                    ),
                ),
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
                (
                    "due_minutes",
                    models.IntegerField(default=0, help_text="Minutes after; negative is before."),
                ),
                (
                    "critical",
                    models.BooleanField(default=False, help_text="No departure before it is completed."),
                ),
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
                ("sort", models.PositiveIntegerField(default=0)),
                ("active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["checklist_id", "sort", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("low__isnull", True),
                            ("high__isnull", True),
                            ("low__lte", models.F("high")),
                            _connector="OR",
                        ),
                        name="item_template_limits_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("evidence", "number"),
                            models.Q(("high__isnull", True), ("low__isnull", True)),
                            _connector="OR",
                        ),
                        name="item_template_limits_are_of_numbers",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EventTemplate",
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
                        related_name="event_templates",
                        to="portfolio.entity",
                    ),
                ),
                ("name", models.CharField(max_length=120)),
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
                ("capacity", models.PositiveIntegerField(default=0)),
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
                (
                    "departure_minutes",
                    models.IntegerField(default=600, help_text="600 of the local clock is 10:00."),
                ),
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
                ("return_minutes", models.IntegerField(default=1020)),
                ("crew_call_minutes", models.PositiveIntegerField(default=90, help_text="Before departure.")),
                ("boarding_minutes", models.PositiveIntegerField(default=20, help_text="Before departure.")),
                (
                    "release_hours",
                    models.PositiveIntegerField(
                        default=48,
                        help_text="A position may be released freely until so many hours before crew call.",
                    ),
                ),
                ("waiver_required", models.BooleanField(default=True)),
                ("meeting_point", models.CharField(blank=True, max_length=200)),
                ("notes_captain", models.TextField(blank=True)),
                ("notes_crew", models.TextField(blank=True)),
                ("notes_guests", models.TextField(blank=True)),
                ("active", models.BooleanField(default=True)),
                (
                    "checklists",
                    models.ManyToManyField(
                        blank=True, related_name="event_templates", to="crew.checklisttemplate"
                    ),
                ),
            ],
            options={
                "ordering": ["name", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "name"), name="event_template_once_per_entity")
                ],
            },
        ),
        migrations.CreateModel(
            name="PositionTemplate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="positions",
                        to="crew.eventtemplate",
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
                ("count", models.PositiveIntegerField(default=1)),
                ("requires", models.JSONField(blank=True, default=list)),
                ("rate_minor", models.BigIntegerField(default=0, help_text="Cents for the whole event.")),
                ("sort", models.PositiveIntegerField(default=0)),
            ],
            options={
                "ordering": ["template_id", "sort", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("count__gte", 1), ("rate_minor__gte", 0)),
                        name="position_template_sane",
                    )
                ],
            },
        ),
    ]
