"""What other reports ask of an edition, workbooks among its forms, and binders of editions."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.guards import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0007_muted_findings_and_assigned_actions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Binder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(unique=True)),
                ("as_of", models.DateField()),
                ("issued_at", models.DateTimeField()),
                ("absent", models.JSONField(default=list)),
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
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="BinderEdition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "binder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="editions",
                        to="reports.binder",
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="binders",
                        to="reports.edition",
                    ),
                ),
            ],
            options={
                "ordering": ["binder_id", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("binder", "edition"), name="edition_once_per_binder"),
                    models.UniqueConstraint(fields=("binder", "position"), name="place_once_per_binder"),
                ],
            },
        ),
        migrations.CreateModel(
            name="BinderFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("media_type", models.CharField(max_length=80)),
                ("content", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "binder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="reports.binder"
                    ),
                ),
            ],
            options={
                "ordering": ["binder_id", "name", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("binder", "name"), name="binder_file_once_per_name")
                ],
            },
        ),
        migrations.CreateModel(
            name="EditionPrint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "figures",
                    models.JSONField(help_text="Key to what `reports.domain.prints` keeps of a figure."),
                ),
                ("kpis", models.JSONField(help_text="Keys of the headline figures, in order.")),
                ("findings", models.JSONField()),
                ("actions", models.JSONField()),
                (
                    "edition",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="print",
                        to="reports.edition",
                    ),
                ),
            ],
            options={
                "ordering": ["-edition_id"],
            },
        ),
        migrations.AlterField(
            model_name="editionfile",
            name="kind",
            field=models.CharField(
                choices=[
                    ("mail_html", "HTML mail"),
                    ("text", "Plain text"),
                    ("pdf", "PDF"),
                    ("xlsx", "Workbook"),
                    ("chart_svg", "Chart (SVG)"),
                    ("chart_png", "Chart (PNG)"),
                    ("cut_html", "HTML mail of a variant"),
                    ("cut_text", "Plain text of a variant"),
                ],
                max_length=10,
            ),
        ),
        append_only(
            "reports_editionprint",
            "What an edition printed is frozen with it.",
            unique=[("edition_id",)],
        ),
        append_only(
            "reports_binder",
            "A binder is frozen once it is issued; issue another one.",
            unique=[("number",)],
        ),
        append_only(
            "reports_binderedition",
            "A binder is frozen once it is issued; issue another one.",
            unique=[("binder_id", "edition_id"), ("binder_id", "position")],
        ),
        append_only(
            "reports_binderfile",
            "The files of a binder are frozen once it is issued.",
            unique=[("binder_id", "name")],
        ),
    ]
