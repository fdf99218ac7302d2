"""Announcements, for floors above to act on; append-only on both engines."""

from django.db import migrations, models

from core.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("core", "0004_rate_counts")]

    operations = [
        migrations.CreateModel(
            name="Announcement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("kind", models.CharField(max_length=80)),
                ("key", models.CharField(max_length=120, unique=True)),
                ("subject_type", models.CharField(max_length=80)),
                ("subject_id", models.CharField(max_length=80)),
                ("subject_label", models.CharField(max_length=200)),
                ("entity_slug", models.CharField(blank=True, max_length=40)),
                ("data", models.JSONField(default=dict)),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["kind", "id"], name="announcement_by_kind")],
            },
        ),
        append_only("core_announcement", "An announcement is append-only.", unique=[["key"]]),
    ]
