"""What staff write into a report's editions; it is withdrawn, never changed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.guards import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0005_held_and_triggered_runs"),
    ]

    operations = [
        migrations.CreateModel(
            name="Commentary",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "anchor",
                    models.CharField(
                        blank=True,
                        help_text="The section it stands in. Empty: under the headline.",
                        max_length=60,
                    ),
                ),
                ("body", models.TextField(blank=True, help_text="Markdown; empty in a withdrawal.")),
                ("written_at", models.DateTimeField()),
                ("once", models.BooleanField(default=True, help_text="For the next edition alone.")),
                (
                    "until_on",
                    models.DateField(
                        blank=True,
                        help_text="The last as-of date whose edition prints it. Empty: no end.",
                        null=True,
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        blank=True,
                        help_text="For editions about this entity. Empty: about the whole portfolio.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commentary",
                        to="reports.report",
                    ),
                ),
                (
                    "withdraws",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawal",
                        to="reports.commentary",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "commentary",
                "ordering": ["-written_at", "-id"],
                "indexes": [
                    models.Index(
                        fields=["report", "entity", "-written_at"], name="commentary_newest_of_report"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withdraws__isnull", True), models.Q(("body", ""), _negated=True)),
                            models.Q(("body", ""), ("withdraws__isnull", False)),
                            _connector="OR",
                        ),
                        name="commentary_says_or_withdraws",
                    )
                ],
            },
        ),
        append_only(
            "reports_commentary",
            "Commentary stays as it was written; withdraw it and write anew.",
            unique=[("withdraws_id",)],
        ),
    ]
