"""The queue's index names the state too: without, SQLite took the index by state alone and sorted the whole queue."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("mail", "0011_trouble_by_campaign")]

    operations = [
        migrations.RemoveIndex(model_name="message", name="mail_queued_by_due"),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["state", "kind", "due_at", "id"],
                condition=Q(state="queued"),
                name="mail_queued_by_due",
            ),
        ),
    ]
