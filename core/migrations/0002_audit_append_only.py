"""The audit trail is append-only on both engines."""

from django.db import migrations

from core.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("core", "0001_audit_event")]

    operations = [append_only("core_auditevent", "The audit trail is append-only.")]
