"""The list of a suppression loses its index: SQLite took it for "no list" and so read every suppression there was."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mail", "0012_queue_by_state")]

    operations = [
        migrations.AlterField(
            model_name="suppression",
            name="mailing_list",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="suppressions",
                to="mail.mailinglist",
            ),
        ),
    ]
