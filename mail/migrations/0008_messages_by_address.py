"""The mailbox finds all that went to one address by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mail", "0007_pace")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["address_key", "-id"], name="mail_list_by_address"),
        ),
    ]
