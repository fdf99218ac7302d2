"""Cancellation terms, bookings and their expected costs."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0003_channels"),
    ]

    operations = [
        migrations.CreateModel(
            name="CancellationTerms",
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
                        related_name="cancellation_terms",
                        to="portfolio.entity",
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("active", models.BooleanField(default=True)),
                (
                    "standard",
                    models.BooleanField(
                        default=False, help_text="Chosen for new bookings of the entity unless another is."
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "cancellation terms",
                "ordering": ["entity_id", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "name"), name="terms_once_per_name"),
                    models.UniqueConstraint(
                        condition=models.Q(("standard", True)),
                        fields=("entity",),
                        name="entity_has_one_standard_terms",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("standard", False), ("active", True), _connector="OR"),
                        name="standard_terms_are_active",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TermsStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "terms",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="portfolio.cancellationterms",
                    ),
                ),
                ("days_before", models.PositiveIntegerField()),
                ("refund_bp", models.PositiveIntegerField(help_text="Basis points: 5000 is half.")),
            ],
            options={
                "ordering": ["terms_id", "-days_before"],
                "constraints": [
                    models.UniqueConstraint(fields=("terms", "days_before"), name="terms_step_once_per_days"),
                    models.CheckConstraint(
                        condition=models.Q(("refund_bp__lte", 10000)), name="refund_within_whole"
                    ),
                ],
            },
        ),
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
                (
                    "cancellation_terms",
                    models.CharField(blank=True, help_text="As a note or file words them.", max_length=200),
                ),
                (
                    "terms",
                    models.ForeignKey(
                        blank=True,
                        help_text="The terms that decide what goes back when it is called off.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookings",
                        to="portfolio.cancellationterms",
                    ),
                ),
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
        migrations.CreateModel(
            name="UnpostedDeed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "deed",
                    models.CharField(
                        choices=[
                            ("completed", "Completed"),
                            ("cancelled", "Cancelled"),
                            ("reopened", "Taken back from completed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("on", models.DateField(help_text="Local date of the entity.")),
                (
                    "refusal",
                    models.CharField(
                        help_text="Why the books did not take it, at the last attempt.", max_length=500
                    ),
                ),
                ("since", models.DateTimeField()),
                ("tried_at", models.DateTimeField()),
                (
                    "booking",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="unposted",
                        to="portfolio.booking",
                    ),
                ),
            ],
            options={"ordering": ["since", "id"]},
        ),
    ]
