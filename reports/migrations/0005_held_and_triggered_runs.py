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
                            ("reports:finding:raised", "A severe finding was raised"),
                        ],
                        max_length=80,
                    ),
                ),
                (
                    "min_severity",
                    models.CharField(
                        blank=True,
                        choices=[("high", "High or critical"), ("critical", "Critical alone")],
                        help_text="For findings: the least severe that counts.",
                        max_length=10,
                    ),
                ),
                (
                    "send_to",
                    models.JSONField(
                        blank=True,
                        help_text="Addresses instead of the recipients; an empty list sends nothing.",
                        null=True,
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
                    models.DateTimeField(help_text="What was announced up to this instant asks for nothing."),
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
                    "about",
                    models.ForeignKey(
                        blank=True,
                        help_text="What the report is about then. Empty: the whole portfolio.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="triggers",
                        to="reports.report",
                    ),
                ),
            ],
            options={
                "ordering": ["report_id", "name", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("report", "name"), name="trigger_once_per_name"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "reports:finding:raised"), ("min_severity__in", ["high", "critical"])
                        )
                        | models.Q(
                            models.Q(("kind", "reports:finding:raised"), _negated=True), ("min_severity", "")
                        ),
                        name="trigger_of_findings_says_how_severe",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("min_gap_minutes__gte", 1)), name="trigger_waits_between_runs"
                    ),
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
            name="asked",
            field=models.CharField(
                blank=True,
                default="",
                help_text="SHA-256 of what a person asked for: asked again while it is under way, it is the same run.",
                max_length=64,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="run",
            name="mails",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="How many mails its edition put on their way. Empty: no edition.",
                null=True,
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
                on_delete=django.db.models.deletion.PROTECT,
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
                condition=models.Q(("decided_at__isnull", True), ("state__in", ["queued", "running"]))
                & models.Q(("asked", ""), _negated=True),
                fields=("asked",),
                name="run_once_while_under_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(("mails__isnull", True), ("edition__isnull", False), _connector="OR"),
                name="mails_are_of_an_edition",
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
        migrations.CreateModel(
            name="EventAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("why", models.CharField(blank=True, help_text="Why there is no run.", max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "announcement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.announcement",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="reports.run",
                    ),
                ),
                (
                    "trigger",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="reports.eventtrigger",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("trigger", "announcement"), name="announcement_answered_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("run__isnull", False), ("why", ""))
                        | models.Q(("run__isnull", True), models.Q(("why", ""), _negated=True)),
                        name="answer_is_a_run_or_says_why",
                    ),
                ],
            },
        ),
        append_only(
            "reports_eventanswer",
            "What a trigger made of an announcement stays as it is.",
            unique=[("trigger_id", "announcement_id")],
        ),
        append_only(
            "reports_helddraft",
            "What a held run had worked out stays as it is; run the report again.",
            unique=[("run_id",)],
        ),
    ]
