"""A campaign remembers that its stop rule paused it, and what a person let pass when it went on."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("mail", "0008_messages_by_address")]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="stopped",
            field=models.BooleanField(
                default=False, help_text="The stop rule paused it; a person says why it goes on."
            ),
        ),
        migrations.AddField(
            model_name="campaign", name="forgiven_sent", field=models.PositiveIntegerField(default=0)
        ),
        migrations.AddField(
            model_name="campaign", name="forgiven_complaints", field=models.PositiveIntegerField(default=0)
        ),
        migrations.AddField(
            model_name="campaign", name="forgiven_bounces", field=models.PositiveIntegerField(default=0)
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=Q(stopped=False) | Q(state__in=["paused", "cancelled"]),
                name="campaign_stopped_is_not_under_way",
            ),
        ),
    ]
