"""The stop rule counts complaints and bounces of a campaign by an index, because it looks every second of a blast."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("mail", "0010_closed_transports")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["campaign"],
                condition=Q(complained_at__isnull=False),
                name="mail_complained_by_campaign",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["campaign"], condition=Q(bounced_at__isnull=False), name="mail_bounced_by_campaign"
            ),
        ),
    ]
