"""The audit trail: one row for each thing a person or the system did."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("action", models.CharField(max_length=80)),
                ("subject_type", models.CharField(max_length=80)),
                ("subject_id", models.CharField(max_length=80)),
                ("subject_label", models.CharField(max_length=200)),
                ("entity_slug", models.CharField(blank=True, max_length=40)),
                ("data", models.JSONField(default=dict)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Empty when the system acted by itself.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
                "indexes": [
                    models.Index(fields=["subject_type", "subject_id", "-id"], name="audit_by_subject"),
                    models.Index(fields=["entity_slug", "id"], name="audit_by_entity"),
                ],
            },
        ),
    ]
