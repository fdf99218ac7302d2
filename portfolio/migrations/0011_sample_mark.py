"""The mark that the sample portfolio is loaded."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0010_plans"),
    ]

    operations = [
        migrations.CreateModel(
            name="SampleMark",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("as_of", models.DateField()),
                ("loaded_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="one_sample_mark")
                ],
            },
        ),
    ]
