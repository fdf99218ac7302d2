"""Guests."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crew", "0005_events"),
    ]

    operations = [
        migrations.CreateModel(
            name="Guest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="guests", to="crew.event"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("email", models.EmailField(blank=True, max_length=254)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("held", "Held"), ("cleared", "Cleared"), ("removed", "Removed")],
                        default="held",
                        max_length=8,
                    ),
                ),
                ("walk_up", models.BooleanField(default=False)),
                ("cleared_how", models.CharField(blank=True, max_length=120)),
                ("added_at", models.DateTimeField()),
                (
                    "added_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["event_id", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("event"),
                        django.db.models.functions.text.Lower("email"),
                        condition=models.Q(
                            models.Q(("email", ""), _negated=True),
                            models.Q(("state", "removed"), _negated=True),
                        ),
                        name="guest_once_per_event_and_address",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="guest_has_name"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "cleared"), _negated=True),
                            models.Q(("cleared_how", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="cleared_guest_says_how",
                    ),
                ],
            },
        ),
    ]
