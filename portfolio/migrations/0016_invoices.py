"""Work, invoices, credit notes, payments and reminders."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crew", "__first__"),
        ("mail", "0014_rejected_after_acceptance"),
        ("portfolio", "0015_stripe"),
    ]

    operations = [
        migrations.CreateModel(
            name="NumberSeries",
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
                        related_name="number_series",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("invoice", "Invoices"), ("credit_note", "Credit notes")], max_length=12
                    ),
                ),
                ("prefix", models.CharField(blank=True, max_length=12)),
                ("last", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "number series",
                "ordering": ["entity_id", "kind"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "kind"), name="series_once_per_kind")
                ],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
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
                        related_name="invoices",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="portfolio.client",
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="portfolio.clientcontract",
                    ),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="portfolio.booking",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("issued", "Issued")], default="draft", max_length=6
                    ),
                ),
                (
                    "number",
                    models.PositiveIntegerField(
                        blank=True, help_text="In the series; empty for a landed one.", null=True
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=40)),
                ("issued_on", models.DateField(blank=True, null=True)),
                ("due_on", models.DateField(blank=True, null=True)),
                ("currency", models.CharField(default="USD", max_length=3)),
                ("note", models.CharField(blank=True, help_text="Printed under the lines.", max_length=400)),
                (
                    "retainer_month",
                    models.IntegerField(
                        blank=True,
                        help_text="The month whose retainer it bills: year * 12 + month - 1.",
                        null=True,
                    ),
                ),
                (
                    "seller",
                    models.TextField(blank=True, help_text="Who issued it, as it stood that day."),
                ),
                (
                    "billed_to",
                    models.TextField(blank=True, help_text="Who it was issued to, as it stood that day."),
                ),
                ("how_to_pay", models.TextField(blank=True, help_text="As it stood that day.")),
                ("total_minor", models.BigIntegerField(default=0)),
                ("settled_minor", models.BigIntegerField(default=0, help_text="Paid or credited.")),
                (
                    "settled_on",
                    models.DateField(blank=True, help_text="When the last of it was settled.", null=True),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
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
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "-issued_on", "-id"],
                "indexes": [
                    models.Index(fields=["entity", "-issued_on", "-id"], name="invoice_newest_by_entity"),
                    models.Index(
                        condition=models.Q(
                            ("settled_minor__lt", models.F("total_minor")), ("state", "issued")
                        ),
                        fields=["entity", "due_on"],
                        name="invoice_open_by_due",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity", "number"), name="invoice_number_once_per_entity"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        fields=("entity", "reference"),
                        name="invoice_reference_once",
                    ),
                    models.UniqueConstraint(
                        fields=("contract", "retainer_month"), name="invoice_once_per_retainer_month"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("brought_forward", False)),
                        fields=("entry",),
                        name="invoice_once_per_entry",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("settled_minor__gte", 0),
                            ("settled_minor__lte", models.F("total_minor")),
                            ("total_minor__gte", 0),
                        ),
                        name="invoice_settled_within_total",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "issued"), _negated=True),
                            models.Q(
                                ("due_on__isnull", False),
                                ("entry__isnull", False),
                                ("issued_on__isnull", False),
                                models.Q(("reference", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="issued_invoice_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "issued"),
                            models.Q(("entry__isnull", True), ("number__isnull", True)),
                            _connector="OR",
                        ),
                        name="draft_invoice_has_no_number",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="portfolio.invoice",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("description", models.CharField(max_length=200)),
                ("quantity_milli", models.BigIntegerField(default=1000)),
                ("unit_minor", models.BigIntegerField()),
                ("amount_minor", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="portfolio.account"
                    ),
                ),
                ("tax_bp", models.PositiveIntegerField(default=0)),
                ("tax_minor", models.BigIntegerField(default=0)),
            ],
            options={
                "ordering": ["invoice_id", "position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("invoice", "position"), name="invoice_line_once_per_position"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="work",
                        to="portfolio.clientcontract",
                    ),
                ),
                ("on", models.DateField()),
                ("minutes", models.PositiveIntegerField()),
                ("description", models.CharField(max_length=200)),
                ("who", models.CharField(max_length=120)),
                ("billable", models.BooleanField(default=True)),
                ("rate_minor", models.BigIntegerField(blank=True, null=True)),
                (
                    "invoice_line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="work",
                        to="portfolio.invoiceline",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "work entries",
                "ordering": ["contract_id", "-on", "-id"],
                "indexes": [
                    models.Index(fields=["contract", "-on"], name="work_by_contract"),
                    models.Index(
                        condition=models.Q(("billable", True), ("invoice_line__isnull", True)),
                        fields=["contract", "on"],
                        name="work_unbilled",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("minutes__gt", 0), ("minutes__lte", 1440)),
                        name="work_within_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("rate_minor__isnull", True), ("rate_minor__gte", 0), _connector="OR"
                        ),
                        name="work_rate_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Milestone",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="milestones",
                        to="portfolio.clientcontract",
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("amount_minor", models.BigIntegerField()),
                ("due_on", models.DateField(blank=True, null=True)),
                ("reached_on", models.DateField(blank=True, null=True)),
                (
                    "invoice_line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="milestones",
                        to="portfolio.invoiceline",
                    ),
                ),
            ],
            options={
                "ordering": ["contract_id", "due_on", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("contract", "name"), name="milestone_once_per_name"),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="milestone_is_worth_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("invoice_line__isnull", True), ("reached_on__isnull", False), _connector="OR"
                        ),
                        name="invoiced_milestone_was_reached",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditNote",
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
                        related_name="credit_notes",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_notes",
                        to="portfolio.invoice",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("reference", models.CharField(max_length=40)),
                ("issued_on", models.DateField()),
                ("amount_minor", models.BigIntegerField()),
                ("reason", models.CharField(max_length=250)),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_note",
                        to="portfolio.journalentry",
                    ),
                ),
            ],
            options={
                "ordering": ["entity_id", "-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "number"), name="credit_note_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="credit_note_is_worth_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="credit_note_has_reason"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WriteOff",
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
                        related_name="write_offs",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="write_offs",
                        to="portfolio.invoice",
                    ),
                ),
                ("on", models.DateField()),
                ("amount_minor", models.BigIntegerField()),
                ("reason", models.CharField(max_length=250)),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="write_off",
                        to="portfolio.journalentry",
                    ),
                ),
            ],
            options={
                "ordering": ["entity_id", "-on", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="write_off_is_worth_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="write_off_has_reason"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillingProfile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "entity",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="billing_profile",
                        to="portfolio.entity",
                    ),
                ),
                ("name", models.CharField(help_text="The name on invoices.", max_length=120)),
                ("address", models.TextField(blank=True, max_length=400)),
                (
                    "email",
                    models.EmailField(blank=True, help_text="Where clients answer.", max_length=254),
                ),
                (
                    "how_to_pay",
                    models.TextField(
                        blank=True,
                        help_text="Bank and account, or the address for checks.",
                        max_length=600,
                    ),
                ),
                ("first_days", models.PositiveSmallIntegerField(default=7)),
                ("second_days", models.PositiveSmallIntegerField(default=21)),
                ("third_days", models.PositiveSmallIntegerField(default=45)),
            ],
            options={
                "ordering": ["entity_id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("first_days__gte", 1),
                            ("second_days__gt", models.F("first_days")),
                            ("third_days__gt", models.F("second_days")),
                            ("third_days__lte", 365),
                        ),
                        name="reminders_follow_each_other",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Payment",
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
                        related_name="payments",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="portfolio.client",
                    ),
                ),
                ("on", models.DateField()),
                ("amount_minor", models.BigIntegerField()),
                ("allocated_minor", models.BigIntegerField(default=0)),
                ("refunded_minor", models.BigIntegerField(default=0)),
                ("reference", models.CharField(blank=True, max_length=80)),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payment",
                        to="portfolio.journalentry",
                    ),
                ),
                (
                    "imported_line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
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
                "indexes": [models.Index(fields=["entity", "-on", "-id"], name="payment_newest_by_entity")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("void_on__isnull", True)),
                        fields=("imported_line",),
                        name="payment_once_per_bank_line",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("void_on__isnull", True),
                            models.Q(("allocated_minor", 0), ("refunded_minor", 0)),
                            _connector="OR",
                        ),
                        name="void_payment_settles_nothing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("allocated_minor__gte", 0),
                            (
                                "allocated_minor__lte",
                                models.F("amount_minor") - models.F("refunded_minor"),
                            ),
                            ("amount_minor__gt", 0),
                            ("refunded_minor__gte", 0),
                        ),
                        name="payment_allocated_within_amount",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentRefund",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="portfolio.payment",
                    ),
                ),
                ("on", models.DateField()),
                ("amount_minor", models.BigIntegerField()),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payment_refunds",
                        to="portfolio.journalentry",
                    ),
                ),
            ],
            options={
                "ordering": ["payment_id", "on", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("payment", "entry"), name="refund_once_per_entry"),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor", 0), _negated=True),
                        name="refund_is_worth_something",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Allocation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="portfolio.invoice",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="portfolio.payment",
                    ),
                ),
                (
                    "credit_note",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocation",
                        to="portfolio.creditnote",
                    ),
                ),
                (
                    "write_off",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocation",
                        to="portfolio.writeoff",
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="portfolio.allocation",
                    ),
                ),
                ("on", models.DateField()),
                ("amount_minor", models.BigIntegerField()),
            ],
            options={
                "ordering": ["invoice_id", "on", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount_minor__gt", 0), ("reverses__isnull", True)),
                            models.Q(
                                ("amount_minor__lt", 0),
                                ("payment__isnull", False),
                                ("reverses__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="allocation_is_worth_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("credit_note__isnull", True),
                                ("payment__isnull", False),
                                ("write_off__isnull", True),
                            ),
                            models.Q(
                                ("credit_note__isnull", False),
                                ("payment__isnull", True),
                                ("write_off__isnull", True),
                            ),
                            models.Q(
                                ("credit_note__isnull", True),
                                ("payment__isnull", True),
                                ("write_off__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="allocation_has_one_origin",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DunningLetter",
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
                        related_name="dunning_letters",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dunning_letters",
                        to="portfolio.client",
                    ),
                ),
                (
                    "level",
                    models.PositiveSmallIntegerField(
                        help_text="1 reminds, 2 asks again, 3 announces the next step."
                    ),
                ),
                ("drafted_on", models.DateField()),
                ("drafted_at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="dunning_letter",
                        to="mail.message",
                    ),
                ),
                ("invoices", models.ManyToManyField(related_name="dunning_letters", to="portfolio.invoice")),
            ],
            options={
                "ordering": ["entity_id", "-drafted_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client", "level", "drafted_on"), name="dunning_once_per_day"
                    )
                ],
            },
        ),
    ]
