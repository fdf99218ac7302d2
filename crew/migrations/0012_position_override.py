"""Why an admin put somebody into a position against the rules: such a holder is not held by the sweep."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crew", "0011_crew_guards"),
    ]

    operations = [
        migrations.AddField(
            model_name="position",
            name="override_reason",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Why an admin put the holder in against the rules.",
                max_length=300,
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="position",
            constraint=models.CheckConstraint(
                condition=models.Q(("override_reason", ""), ("holder__isnull", False), _connector="OR"),
                name="overridden_position_has_holder",
            ),
        ),
    ]
