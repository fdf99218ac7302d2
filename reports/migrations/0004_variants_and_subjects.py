"""The lengths a report is sent in, the subjects its mail is tried with, and what a schedule runs it about."""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

BRIEF = ["actions", "headline", "changes", "kpis", "findings", "decisions"]
VARIANTS = [
    {"slug": "long", "name": "The whole edition", "parts": [*BRIEF, "section", "agenda", "definitions"]},
    {"slug": "brief", "name": "In brief", "parts": BRIEF, "attach_pdf": False},
]


def add_variants(apps, editor):
    """Add what is not there."""
    variant = apps.get_model("reports", "Variant")
    for row in VARIANTS:
        variant.objects.get_or_create(slug=row["slug"], defaults=row)


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0011_sample_mark"),
        ("reports", "0003_the_first_two_reports"),
    ]

    operations = [
        migrations.CreateModel(
            name="SubjectLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "label",
                    models.CharField(
                        help_text="What its openings are counted under, for example A.", max_length=20
                    ),
                ),
                (
                    "template",
                    models.CharField(
                        help_text="What follows [EXEC REPORT]: words and {title}, {period}, {edition}, {headline}.",
                        max_length=120,
                    ),
                ),
                ("active", models.BooleanField(default=True)),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subject_lines",
                        to="reports.report",
                    ),
                ),
            ],
            options={
                "ordering": ["report_id", "label", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("report"),
                        django.db.models.functions.text.Lower("label"),
                        name="subject_line_once_per_label",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Variant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=20, unique=True)),
                ("name", models.CharField(max_length=60)),
                (
                    "parts",
                    models.JSONField(
                        help_text="Kinds of part that are shown, as reports/render/frame_parts.py names them."
                    ),
                ),
                (
                    "attach_pdf",
                    models.BooleanField(default=True, help_text="Whether the PDF of the whole goes with it."),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="schedule",
            name="entity",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: the whole portfolio.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="portfolio.entity",
            ),
        ),
        migrations.AddField(
            model_name="schedule",
            name="variant",
            field=models.ForeignKey(
                blank=True,
                help_text="For every reader of its editions. Empty: each reader's own.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="reports.variant",
            ),
        ),
        migrations.AddField(
            model_name="recipient",
            name="variant",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: the whole edition.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="reports.variant",
            ),
        ),
        migrations.RunPython(add_variants, migrations.RunPython.noop),
    ]
