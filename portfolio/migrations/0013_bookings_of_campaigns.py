"""A booking may name the campaign it came from, so that what a campaign brought in is measured."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mail", "0003_campaigns"), ("portfolio", "0012_one_booking_per_event")]

    operations = [
        migrations.AddField(
            model_name="booking",
            name="campaign",
            field=models.ForeignKey(
                blank=True,
                help_text="The campaign whose mail it came from, as the client said.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bookings",
                to="mail.campaign",
            ),
        ),
    ]
