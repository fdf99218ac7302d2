"""Mail that SES took and then rejected says so itself, so that nobody reads it as sent."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("mail", "0013_list_of_suppression_has_no_index")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="rejected_at",
            field=models.DateTimeField(null=True, blank=True),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["rejected_at"], condition=Q(rejected_at__isnull=False), name="mail_rejected"
            ),
        ),
    ]
