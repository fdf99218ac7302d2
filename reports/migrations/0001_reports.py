"""Reports, their recipients and schedules; runs, editions, findings and actions."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import reports.models.canonical


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("portfolio", "0011_sample_mark"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=40, unique=True)),
                ("lens", models.CharField(help_text="Name of a module in reports/lenses.", max_length=40)),
                ("title", models.CharField(max_length=120)),
                ("reader", models.CharField(help_text="Who it is written for.", max_length=120)),
                ("family", models.CharField(help_text="core or domain, for send_report.", max_length=10)),
                ("from_name", models.CharField(max_length=80)),
                ("reply_to", models.EmailField(blank=True, max_length=254)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["position", "slug"],
            },
        ),
        migrations.CreateModel(
            name="Edition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("as_of", models.DateField()),
                ("issued_at", models.DateTimeField()),
                ("document", models.JSONField(encoder=reports.models.canonical.Encoder)),
                ("sha256", models.CharField(help_text="Of the document's canonical JSON.", max_length=64)),
                (
                    "entity",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: all.",
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
                        related_name="editions",
                        to="reports.report",
                    ),
                ),
            ],
            options={
                "ordering": ["-issued_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule", models.CharField(max_length=60)),
                ("subject", models.CharField(max_length=80)),
                ("severity", models.CharField(max_length=10)),
                ("title", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("cleared", "Cleared")], default="open", max_length=8
                    ),
                ),
                ("first_seen_on", models.DateField()),
                ("last_seen_on", models.DateField()),
                ("cleared_on", models.DateField(blank=True, null=True)),
            ],
            options={
                "ordering": ["state", "-first_seen_on", "rule", "subject"],
                "constraints": [
                    models.UniqueConstraint(fields=("rule", "subject"), name="finding_once_per_subject"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cleared_on__isnull", True), ("state", "open")),
                            models.Q(("cleared_on__isnull", False), ("state", "cleared")),
                            _connector="OR",
                        ),
                        name="cleared_finding_has_date",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Action",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                ("owner", models.CharField(max_length=120)),
                ("due_on", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("done", "Done"), ("dropped", "No longer needed")],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("opened_on", models.DateField()),
                ("settled_on", models.DateField(blank=True, null=True)),
                (
                    "settled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "finding",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="actions",
                        to="reports.finding",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="actions",
                        to="reports.report",
                    ),
                ),
            ],
            options={
                "ordering": ["due_on", "id"],
            },
        ),
        migrations.CreateModel(
            name="Schedule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "cron",
                    models.CharField(
                        help_text="Minute, hour, day, month, weekday: 30 7 * * MON", max_length=60
                    ),
                ),
                ("zone", models.CharField(default="America/Los_Angeles", max_length=60)),
                ("active", models.BooleanField(default=True)),
                ("starts_at", models.DateTimeField(help_text="Occurrences before this instant are not run.")),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="schedules",
                        to="reports.report",
                    ),
                ),
            ],
            options={
                "ordering": ["report_id", "name", "id"],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "trigger",
                    models.CharField(
                        choices=[("schedule", "Schedule"), ("portal", "Portal"), ("command", "Command")],
                        max_length=10,
                    ),
                ),
                ("occurrence_at", models.DateTimeField(blank=True, null=True)),
                ("as_of", models.DateField()),
                (
                    "send_to",
                    models.JSONField(
                        blank=True,
                        help_text="Addresses instead of the recipients; an empty list sends nothing.",
                        null=True,
                    ),
                ),
                ("dry_run", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("step", models.PositiveSmallIntegerField(default=0)),
                ("steps", models.PositiveSmallIntegerField(default=4)),
                ("doing", models.CharField(blank=True, max_length=120)),
                ("error", models.TextField(blank=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("queued_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="reports.edition",
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="reports.report"
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="runs",
                        to="reports.schedule",
                    ),
                ),
            ],
            options={
                "ordering": ["-queued_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="EditionFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("mail_html", "HTML mail"),
                            ("text", "Plain text"),
                            ("pdf", "PDF"),
                            ("chart_svg", "Chart (SVG)"),
                            ("chart_png", "Chart (PNG)"),
                        ],
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("media_type", models.CharField(max_length=80)),
                ("content", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="reports.edition",
                    ),
                ),
            ],
            options={
                "ordering": ["edition_id", "kind", "name", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("edition", "kind", "name"), name="edition_file_once_per_name"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EditionFinding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("new", "New"), ("open", "Open"), ("cleared", "Cleared")], max_length=8
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="reports.edition",
                    ),
                ),
                (
                    "finding",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sightings",
                        to="reports.finding",
                    ),
                ),
            ],
            options={
                "ordering": ["edition_id", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("edition", "finding"), name="finding_once_per_edition")
                ],
            },
        ),
        migrations.CreateModel(
            name="Recipient",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.EmailField(max_length=254)),
                ("name", models.CharField(blank=True, max_length=120)),
                ("active", models.BooleanField(default=True)),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recipients",
                        to="reports.report",
                    ),
                ),
            ],
            options={
                "ordering": ["report_id", "address", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("report"),
                        django.db.models.functions.text.Lower("address"),
                        name="recipient_once_per_report",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="edition",
            index=models.Index(fields=["report", "entity", "-number"], name="edition_newest_of_report"),
        ),
        migrations.AddConstraint(
            model_name="edition",
            constraint=models.UniqueConstraint(
                fields=("report", "number"), name="edition_number_once_per_report"
            ),
        ),
        migrations.AddIndex(
            model_name="action",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["report", "due_on"], name="open_actions_by_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="action",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("report", "finding"),
                name="one_open_action_per_finding",
            ),
        ),
        migrations.AddConstraint(
            model_name="action",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("settled_on__isnull", True), ("state", "open")),
                    models.Q(models.Q(("state", "open"), _negated=True), ("settled_on__isnull", False)),
                    _connector="OR",
                ),
                name="settled_action_has_date",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.UniqueConstraint(fields=("report", "name"), name="schedule_once_per_name"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("state__in", ["queued", "running"])),
                fields=["queued_at"],
                name="runs_to_take_up",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["report", "-queued_at"], name="runs_newest_of_report"),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(
                condition=models.Q(("schedule__isnull", False)),
                fields=("schedule", "occurrence_at"),
                name="run_once_per_occurrence",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("error", ""), _negated=True),
                    _connector="OR",
                ),
                name="failed_run_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["done", "failed"]), _negated=True),
                    ("settled_at__isnull", False),
                    _connector="OR",
                ),
                name="settled_run_has_instant",
            ),
        ),
    ]
