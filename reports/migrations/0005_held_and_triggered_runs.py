"""Runs that wait for a person with what they had worked out, and runs that an event asks for."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.guards import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0005_announcements"),
        ("reports", "0004_variants_and_subjects"),
    ]

    operations = [
        migrations.CreateModel(
            name="EventTrigger",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("portfolio:period:closed", "A month was closed"),
                            ("mail:campaign:finished", "A campaign finished"),
                            ("reports:finding:raised", "A finding was raised"),
                        ],
                        max_length=80,
                    ),
                ),
                (
                    "min_severity",
                    models.CharField(
                        blank=True,
                        help_text="For findings: the least severe that counts. Empty: any.",
                        max_length=10,
                    ),
                ),
                (
                    "min_gap_minutes",
                    models.PositiveIntegerField(
                        default=60, help_text="Minutes in which it asks for the report once at most."
                    ),
                ),
                ("active", models.BooleanField(default=True)),
                (
                    "starts_at",
                    models.DateTimeField(
                        help_text="What was announced before this instant asks for nothing."
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        blank=True,
                        help_text="Only what is announced of this entity. Empty: of any.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="triggers",
                        to="reports.report",
                    ),
                ),
            ],
            options={
                "ordering": ["report_id", "name", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("report", "name"), name="trigger_once_per_name")
                ],
            },
        ),
        migrations.CreateModel(
            name="HeldDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("draft", models.JSONField(help_text="A reports.document.Draft.")),
                ("sha256", models.CharField(help_text="Of the draft's canonical JSON.", max_length=64)),
                ("built_at", models.DateTimeField()),
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="held_draft",
                        to="reports.run",
                    ),
                ),
            ],
            options={
                "ordering": ["-built_at", "-id"],
            },
        ),
        migrations.AddField(
            model_name="report",
            name="entity",
            field=models.ForeignKey(
                blank=True,
                help_text="What it is about unless a run says otherwise. Empty: the whole portfolio.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="portfolio.entity",
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="hold",
            field=models.CharField(
                choices=[
                    ("failed", "When a check fails"),
                    ("stale", "When a check fails or a source is stale"),
                    ("always", "Every time"),
                ],
                default="failed",
                max_length=6,
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="release_after_hours",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="An edition held for so long goes out without approval. Empty: it waits for a person.",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("release_after_hours__isnull", True), ("release_after_hours__gte", 1), _connector="OR"
                ),
                name="report_releases_after_an_hour",
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="announcement",
            field=models.ForeignKey(
                blank=True,
                help_text="What the trigger answered.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="core.announcement",
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="decided_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                help_text="Who let it go on or discarded it. Empty where its time was up.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="hold",
            field=models.BooleanField(
                default=False, help_text="Its edition waits for a person, whatever the report says of that."
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="not_before",
            field=models.DateTimeField(
                blank=True, help_text="Nobody takes it up before this instant. Empty: at once.", null=True
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="reasons",
            field=models.TextField(blank=True, help_text="Why it was held, one sentence a line."),
        ),
        migrations.AlterField(
            model_name="run",
            name="error",
            field=models.TextField(
                blank=True, help_text="Why there is no edition: what failed, or why it was discarded."
            ),
        ),
        migrations.AlterField(
            model_name="run",
            name="state",
            field=models.CharField(
                choices=[
                    ("queued", "Queued"),
                    ("running", "Running"),
                    ("done", "Done"),
                    ("failed", "Failed"),
                    ("held", "Held"),
                    ("discarded", "Discarded"),
                ],
                default="queued",
                max_length=9,
            ),
        ),
        migrations.AlterField(
            model_name="run",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("schedule", "Schedule"),
                    ("portal", "Portal"),
                    ("command", "Command"),
                    ("event", "Event"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="event_trigger",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="runs",
                to="reports.eventtrigger",
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="variant",
            field=models.ForeignKey(
                blank=True,
                help_text="For every reader of this edition. Empty: each reader's own.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="reports.variant",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(
                condition=models.Q(("event_trigger__isnull", False)),
                fields=("event_trigger", "announcement"),
                name="run_once_per_announcement",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "held"), _negated=True),
                    models.Q(("reasons", ""), _negated=True),
                    _connector="OR",
                ),
                name="held_run_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "discarded"), _negated=True),
                    models.Q(
                        models.Q(("error", ""), _negated=True),
                        ("decided_at__isnull", False),
                        ("settled_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="discarded_run_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_at__isnull", True), models.Q(("reasons", ""), _negated=True), _connector="OR"
                ),
                name="decided_run_was_held",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by__isnull", True), ("decided_at__isnull", False), _connector="OR"
                ),
                name="decided_run_has_instant",
            ),
        ),
        append_only(
            "reports_helddraft",
            "What a held run had worked out stays as it is; run the report again.",
            unique=[("run_id",)],
        ),
    ]
