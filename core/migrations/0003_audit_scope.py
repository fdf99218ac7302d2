"""The audit trail knows what larger thing an event happened within.

On SQLite adding the column makes the table anew, and its triggers go with the old one: they are set up again.
"""

from django.db import migrations, models

from core.guards import Guard, append_only

TRIGGERS = append_only("core_auditevent", "The audit trail is append-only.").statements["sqlite"]


class Migration(migrations.Migration):
    dependencies = [("core", "0002_audit_append_only")]

    operations = [
        Guard(sqlite=[], postgresql=[], undo_sqlite=TRIGGERS, undo_postgresql=[]),
        migrations.AddField(
            model_name="auditevent",
            name="scope",
            field=models.CharField(
                blank=True,
                default="",
                help_text="What it happened within, for example event:KEY; empty for most.",
                max_length=40,
            ),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("scope", ""), _negated=True),
                fields=["scope", "-id"],
                name="audit_by_scope",
            ),
        ),
        Guard(sqlite=TRIGGERS, postgresql=[], undo_sqlite=[], undo_postgresql=[]),
    ]
