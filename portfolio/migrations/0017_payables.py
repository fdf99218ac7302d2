"""Vendors, bills, crew pay and tax rates."""

import django.db.models.deletion
from django.db import migrations, models

from core.guards import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0016_invoices"),
    ]

    operations = [
        migrations.CreateModel(
            name="Vendor",
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
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="vendors",
                        to="portfolio.entity",
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("email", models.EmailField(blank=True, max_length=254)),
                (
                    "contractor",
                    models.BooleanField(default=False, help_text="Paid for services, and not a corporation."),
                ),
                (
                    "tax_form_on",
                    models.DateField(blank=True, help_text="When their W-9 was received.", null=True),
                ),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        help_text="Where their bills go.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portfolio.account",
                    ),
                ),
                (
                    "sister",
                    models.ForeignKey(
                        blank=True,
                        help_text="The entity of this portfolio that it is, if it is one.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portfolio.entity",
                    ),
                ),
                ("terms_days", models.PositiveIntegerField(default=30)),
                ("active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["entity_id", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "name"), name="vendor_once_per_name"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sister__isnull", True),
                            models.Q(("sister", models.F("entity")), _negated=True),
                            _connector="OR",
                        ),
                        name="vendor_is_not_its_own_sister",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Bill",
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
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bills",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "vendor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bills",
                        to="portfolio.vendor",
                    ),
                ),
                ("reference", models.CharField(help_text="The vendor's own number.", max_length=60)),
                ("issued_on", models.DateField()),
                ("due_on", models.DateField()),
                ("total_minor", models.BigIntegerField()),
                ("settled_minor", models.BigIntegerField(default=0)),
                ("settled_on", models.DateField(blank=True, null=True)),
                ("void_on", models.DateField(blank=True, help_text="When it was reversed.", null=True)),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bills",
                        to="portfolio.journalentry",
                    ),
                ),
                (
                    "brought_forward",
                    models.BooleanField(
                        default=False,
                        help_text="Open when the books began: its entry is the opening, its total what was open.",
                    ),
                ),
            ],
            options={
                "ordering": ["entity_id", "-issued_on", "-id"],
                "indexes": [
                    models.Index(fields=["entity", "-issued_on", "-id"], name="bill_newest_by_entity"),
                    models.Index(
                        condition=models.Q(
                            ("settled_minor__lt", models.F("total_minor")), ("void_on__isnull", True)
                        ),
                        fields=["entity", "due_on"],
                        name="bill_open_by_due",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("void_on__isnull", True)),
                        fields=("vendor", "reference"),
                        name="bill_once_per_reference",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("brought_forward", False)),
                        fields=("entry",),
                        name="bill_once_per_entry",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("settled_minor__gte", 0),
                            ("settled_minor__lte", models.F("total_minor")),
                            ("total_minor__gt", 0),
                        ),
                        name="bill_settled_within_total",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("void_on__isnull", True), ("settled_minor", 0), _connector="OR"),
                        name="void_bill_is_not_paid",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "bill",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="portfolio.bill",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="portfolio.account"
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("description", models.CharField(blank=True, max_length=200)),
                (
                    "booking",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bill_lines",
                        to="portfolio.booking",
                    ),
                ),
            ],
            options={
                "ordering": ["bill_id", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("bill", "position"), name="bill_line_once_per_position")
                ],
            },
        ),
        migrations.CreateModel(
            name="BillPayment",
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
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bill_payments",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "vendor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="portfolio.vendor",
                    ),
                ),
                (
                    "bill",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="portfolio.bill",
                    ),
                ),
                ("on", models.DateField()),
                ("amount_minor", models.BigIntegerField()),
                ("reference", models.CharField(blank=True, max_length=80)),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bill_payments",
                        to="portfolio.journalentry",
                    ),
                ),
                (
                    "imported_line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bill_payments",
                        to="portfolio.importedline",
                    ),
                ),
                (
                    "void_on",
                    models.DateField(blank=True, help_text="When it was reversed.", null=True),
                ),
            ],
            options={
                "ordering": ["entity_id", "-on", "-id"],
                "indexes": [models.Index(fields=["vendor", "on"], name="bill_payment_by_vendor")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("void_on__isnull", True)),
                        fields=("imported_line",),
                        name="bill_payment_once_per_bank_line",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="bill_payment_is_worth_something"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CrewPay",
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
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="crew_pay",
                        to="portfolio.entity",
                    ),
                ),
                ("key", models.CharField(max_length=80)),
                ("person", models.CharField(max_length=120)),
                (
                    "person_key",
                    models.CharField(
                        help_text="Who it is in the portal; years are added up by it.", max_length=64
                    ),
                ),
                ("on", models.DateField()),
                ("amount_minor", models.BigIntegerField()),
                (
                    "booking",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="crew_pay",
                        to="portfolio.booking",
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="crew_pay",
                        to="portfolio.journalentry",
                    ),
                ),
                ("paid_on", models.DateField(blank=True, null=True)),
                (
                    "paid_entry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="crew_pay_paid",
                        to="portfolio.journalentry",
                    ),
                ),
                ("void_on", models.DateField(blank=True, help_text="When it was reversed.", null=True)),
            ],
            options={
                "verbose_name_plural": "crew pay",
                "ordering": ["entity_id", "-on", "person"],
                "indexes": [models.Index(fields=["entity", "paid_on"], name="crew_pay_by_payment")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("void_on__isnull", True)),
                        fields=("entity", "key"),
                        name="crew_pay_once_per_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="crew_pay_is_worth_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("paid_entry__isnull", True), ("paid_on__isnull", False), _connector="OR"
                        ),
                        name="paid_crew_pay_has_date",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CrewPayUndone",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("paid_on", models.DateField()),
                ("undone_on", models.DateField()),
                (
                    "paid_entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="crew_pay_undone",
                        to="portfolio.journalentry",
                    ),
                ),
                (
                    "pay",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone",
                        to="portfolio.crewpay",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "crew pay undone",
                "ordering": ["undone_on", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("pay", "paid_entry"), name="crew_pay_undone_once_per_payment"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("undone_on__gte", models.F("paid_on"))),
                        name="crew_pay_undone_after_payment",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TaxFiling",
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
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tax_filings",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("occupancy", "Occupancy tax"), ("sales", "Sales tax")], max_length=10
                    ),
                ),
                ("jurisdiction", models.CharField(help_text="The city, county or state.", max_length=80)),
                (
                    "every",
                    models.CharField(choices=[("month", "Monthly"), ("quarter", "Quarterly")], max_length=8),
                ),
                (
                    "due_day",
                    models.PositiveSmallIntegerField(
                        help_text="Of the month after the period; 31 is the last day of any month."
                    ),
                ),
                ("first_on", models.DateField(help_text="A day in the first period that is reported.")),
                ("source", models.CharField(max_length=200)),
            ],
            options={
                "ordering": ["entity_id", "kind"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "kind"), name="tax_filing_once_per_kind"),
                    models.CheckConstraint(
                        condition=models.Q(("due_day__gte", 1), ("due_day__lte", 31)),
                        name="tax_is_due_on_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source", ""), _negated=True), name="tax_filing_has_a_source"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TaxRate",
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
                        related_name="tax_rates",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("occupancy", "Occupancy tax"), ("sales", "Sales tax")], max_length=10
                    ),
                ),
                (
                    "applies_to",
                    models.CharField(
                        help_text="The kind of booking (stay, charter …), or invoice.", max_length=20
                    ),
                ),
                ("rate_bp", models.PositiveIntegerField()),
                ("effective_on", models.DateField()),
                (
                    "collected_by_channel",
                    models.BooleanField(
                        default=False,
                        help_text="A marketplace collects and remits it for bookings that come through it.",
                    ),
                ),
                ("source", models.CharField(max_length=200)),
            ],
            options={
                "ordering": ["entity_id", "kind", "-effective_on"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity", "kind", "applies_to", "effective_on"), name="tax_rate_once_per_day"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rate_bp__lte", 5000)), name="tax_rate_is_plausible"
                    ),
                ],
            },
        ),
        append_only(
            "portfolio_crewpayundone",
            "That crew pay was taken back is never changed or deleted.",
            unique=(("pay_id", "paid_entry_id"),),
        ),
    ]
