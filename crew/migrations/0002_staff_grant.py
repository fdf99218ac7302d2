"""Staff grants: a duty on one entity or on the whole portfolio."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [
        ("crew", "0001_person"),
        ("portfolio", "0001_entities"),
    ]

    operations = [
        migrations.CreateModel(
            name="StaffGrant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "duty",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("bookkeeper", "Bookkeeper"),
                            ("bookings", "Bookings"),
                            ("reader", "Reader"),
                        ],
                        max_length=12,
                    ),
                ),
                ("granted_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "entity",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staff_grants",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["person_id", "entity_id", "duty", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(revoked_at__isnull=True, entity__isnull=False),
                        fields=("person", "entity", "duty"),
                        name="staff_grant_once_per_entity_duty",
                    ),
                    models.UniqueConstraint(
                        condition=Q(revoked_at__isnull=True, entity__isnull=True),
                        fields=("person", "duty"),
                        name="staff_grant_once_per_portfolio_duty",
                    ),
                    models.CheckConstraint(
                        condition=Q(revoked_at__isnull=True) | Q(revoked_at__gte=F("granted_at")),
                        name="staff_grant_revoked_after_granted",
                    ),
                ],
            },
        ),
    ]
