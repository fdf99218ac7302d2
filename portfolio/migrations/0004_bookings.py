"""Bookings and what they are expected to cost."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0003_channels"),
    ]

    operations = [
        migrations.CreateModel(
            name="Booking",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookings",
                        to="portfolio.entity",
                    ),
                ),
                ("reference", models.CharField(max_length=40)),
                ("title", models.CharField(max_length=160)),
                (
                    "kind",
                    models.CharField(
                        help_text="charter, concert, stay, delivery, haul or work", max_length=20
                    ),
                ),
                (
                    "asset",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookings",
                        to="portfolio.asset",
                    ),
                ),
                (
                    "channel",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookings",
                        to="portfolio.channel",
                    ),
                ),
                ("client_name", models.CharField(blank=True, max_length=120)),
                ("client_email", models.EmailField(blank=True, max_length=254)),
                ("party_size", models.PositiveIntegerField(default=0)),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("enquiry", "Enquiry"),
                            ("quoted", "Quoted"),
                            ("held", "Held"),
                            ("booked", "Booked"),
                            ("paid", "Paid"),
                            ("completed", "Completed"),
                            ("cancelled", "Cancelled"),
                            ("lost", "Lost"),
                        ],
                        default="enquiry",
                        max_length=10,
                    ),
                ),
                (
                    "enquired_on",
                    models.DateField(
                        blank=True, help_text="Empty where a note or file does not say.", null=True
                    ),
                ),
                ("quoted_on", models.DateField(blank=True, null=True)),
                ("booked_on", models.DateField(blank=True, null=True)),
                ("completed_on", models.DateField(blank=True, null=True)),
                ("ended_on", models.DateField(blank=True, help_text="Cancelled or lost on.", null=True)),
                ("starts_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                (
                    "service_on",
                    models.DateField(blank=True, help_text="Local date of the service.", null=True),
                ),
                ("price_minor", models.BigIntegerField(default=0)),
                ("deposit_minor", models.BigIntegerField(default=0)),
                ("paid_minor", models.BigIntegerField(default=0)),
                ("cancellation_terms", models.CharField(blank=True, max_length=200)),
                ("stripe_id", models.CharField(blank=True, max_length=80)),
                ("payment_link", models.URLField(blank=True)),
                ("event_key", models.CharField(blank=True, max_length=64)),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "service_on", "id"],
                "indexes": [
                    models.Index(fields=["entity", "stage", "service_on"], name="booking_pipeline"),
                    models.Index(fields=["enquired_on"], name="booking_by_enquiry"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity", "reference"), name="booking_reference_once_per_entity"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("deposit_minor__gte", 0), ("paid_minor__gte", 0), ("price_minor__gte", 0)
                        ),
                        name="booking_amounts_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("stage__in", ["booked", "paid", "completed"]), _negated=True),
                            ("service_on__isnull", False),
                            _connector="OR",
                        ),
                        name="firm_booking_has_service_date",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("stage", "completed"), _negated=True),
                            ("completed_on__isnull", False),
                            _connector="OR",
                        ),
                        name="completed_booking_has_date",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("starts_at__isnull", True),
                            ("ends_at__isnull", True),
                            ("ends_at__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="booking_ends_after_it_starts",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BookingCost",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="costs",
                        to="portfolio.booking",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("crew", "Crew"),
                            ("fuel", "Fuel"),
                            ("dock", "Dock"),
                            ("food", "Provisions"),
                            ("commission", "Commission"),
                            ("card_fee", "Card fee"),
                            ("other", "Other"),
                        ],
                        max_length=12,
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
            ],
            options={
                "ordering": ["booking_id", "kind"],
                "constraints": [
                    models.UniqueConstraint(fields=("booking", "kind"), name="cost_once_per_kind"),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gte", 0)), name="cost_not_negative"
                    ),
                ],
            },
        ),
    ]
