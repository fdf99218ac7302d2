"""What came in from outside: files, their lines, rules, and banks as the bank knows them."""

import django.db.models.deletion
import django.db.models.functions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crew", "__first__"),
        ("portfolio", "0006_journal_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportFile",
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
                        blank=True,
                        help_text="Empty for a file that holds several entities.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="import_files",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("bank_csv", "Bank statement (CSV)"),
                            ("ofx", "Bank statement (OFX, QFX)"),
                            ("stripe", "Stripe balance history"),
                            ("journal", "Journal (beancount, hledger)"),
                            ("opening", "Opening balances (CSV)"),
                            ("bookings", "Bookings (CSV)"),
                            ("stays", "Stays (CSV)"),
                            ("invoices", "Invoices (CSV)"),
                            ("open_items", "Open invoices and bills of an opening (CSV)"),
                        ],
                        max_length=12,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("lines_read", models.PositiveIntegerField()),
                ("lines_new", models.PositiveIntegerField()),
                ("covers_to", models.DateField(blank=True, help_text="Latest date in the file.", null=True)),
                ("landed_at", models.DateTimeField()),
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
            ],
            options={
                "ordering": ["-landed_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="ImportedLine",
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
                        related_name="imported_lines",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for what a webhook told.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="portfolio.importfile",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("bank_csv", "Bank statement (CSV)"),
                            ("ofx", "Bank statement (OFX, QFX)"),
                            ("stripe", "Stripe balance history"),
                            ("journal", "Journal (beancount, hledger)"),
                            ("opening", "Opening balances (CSV)"),
                            ("bookings", "Bookings (CSV)"),
                            ("stays", "Stays (CSV)"),
                            ("invoices", "Invoices (CSV)"),
                            ("open_items", "Open invoices and bills of an opening (CSV)"),
                        ],
                        max_length=12,
                    ),
                ),
                ("line", models.PositiveIntegerField(default=0)),
                ("external_id", models.CharField(max_length=160)),
                ("body_hash", models.CharField(max_length=64)),
                ("on", models.DateField()),
                ("amount_minor", models.BigIntegerField()),
                ("description", models.CharField(max_length=250)),
                (
                    "entry",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imported_lines",
                        to="portfolio.journalentry",
                    ),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portfolio.booking",
                    ),
                ),
                ("payout_id", models.CharField(blank=True, max_length=80)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="The bank or clearing account whose statement it stands on.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portfolio.account",
                    ),
                ),
                (
                    "reference",
                    models.CharField(
                        blank=True, help_text="Check number or the bank's own reference.", max_length=80
                    ),
                ),
                (
                    "waits",
                    models.BooleanField(
                        default=False,
                        help_text="It may be an entry that is in the books already; a person says which.",
                    ),
                ),
                (
                    "same_as",
                    models.ForeignKey(
                        blank=True,
                        help_text="The line of another file that tells of the same movement.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="repeats",
                        to="portfolio.importedline",
                    ),
                ),
                (
                    "matched_at",
                    models.DateTimeField(
                        blank=True, help_text="When it was tied to an entry it did not make.", null=True
                    ),
                ),
                (
                    "matched_by",
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
                "ordering": ["file_id", "line", "id"],
                "indexes": [
                    models.Index(fields=["entity", "kind", "-on"], name="imported_line_freshness"),
                    models.Index(
                        condition=models.Q(("booking__isnull", False)),
                        fields=["booking"],
                        name="imported_line_by_booking",
                    ),
                    models.Index(
                        condition=models.Q(("payout_id", ""), _negated=True),
                        fields=["entity", "payout_id"],
                        name="imported_line_by_payout",
                    ),
                    models.Index(
                        condition=models.Q(("waits", True)),
                        fields=["entity", "on"],
                        name="imported_line_waiting",
                    ),
                    models.Index(
                        condition=models.Q(("account__isnull", False)),
                        fields=["account", "on", "amount_minor"],
                        name="imported_line_by_account",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity", "kind", "external_id"), name="imported_line_once_per_external_id"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("waits", False), ("entry__isnull", True), _connector="OR"),
                        name="waiting_line_has_no_entry",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CategoryRule",
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
                        related_name="category_rules",
                        to="portfolio.entity",
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("contains", models.CharField(help_text="Matched without regard to case.", max_length=80)),
                (
                    "direction",
                    models.CharField(
                        choices=[("any", "In or out"), ("in", "Money in"), ("out", "Money out")],
                        default="any",
                        max_length=3,
                    ),
                ),
                ("at_least_minor", models.BigIntegerField(blank=True, null=True)),
                ("at_most_minor", models.BigIntegerField(blank=True, null=True)),
                ("active", models.BooleanField(default=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="portfolio.account"
                    ),
                ),
            ],
            options={
                "ordering": ["entity_id", "position", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("entity"),
                        models.F("contains"),
                        models.F("direction"),
                        django.db.models.functions.Coalesce("at_least_minor", -1),
                        django.db.models.functions.Coalesce("at_most_minor", -1),
                        name="category_rule_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("at_least_minor__isnull", True), ("at_least_minor__gte", 0), _connector="OR"
                            ),
                            models.Q(
                                ("at_most_minor__isnull", True), ("at_most_minor__gte", 0), _connector="OR"
                            ),
                        ),
                        name="category_rule_sizes_have_no_sign",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BankAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bank_account",
                        to="portfolio.account",
                    ),
                ),
                ("institution", models.CharField(blank=True, max_length=80)),
                ("last_four", models.CharField(blank=True, max_length=4)),
                ("number_hash", models.CharField(blank=True, max_length=64)),
                (
                    "card",
                    models.BooleanField(default=False, help_text="A credit card: bills are paid by it, too."),
                ),
            ],
            options={
                "ordering": ["account_id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("number_hash", ""), _negated=True),
                        fields=("number_hash",),
                        name="bank_number_is_one_account",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StatementBalance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statement_balances",
                        to="portfolio.account",
                    ),
                ),
                ("on", models.DateField()),
                ("balance_minor", models.BigIntegerField()),
                (
                    "file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="balances",
                        to="portfolio.importfile",
                    ),
                ),
                ("noted_at", models.DateTimeField()),
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
            ],
            options={
                "ordering": ["account_id", "-on"],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "on"), name="statement_balance_once_per_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="ColumnMap",
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
                        related_name="column_maps",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="column_maps",
                        to="portfolio.account",
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("headings", models.JSONField(default=list)),
                ("columns", models.JSONField(default=dict)),
                ("date_format", models.CharField(help_text="As Python writes it: %m/%d/%Y.", max_length=20)),
                ("decimal_comma", models.BooleanField(default=False)),
                (
                    "money_out_is_positive",
                    models.BooleanField(
                        default=False,
                        help_text="The file writes money out without a minus sign, as card statements do.",
                    ),
                ),
            ],
            options={
                "ordering": ["entity_id", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "name"), name="column_map_once_per_name")
                ],
            },
        ),
    ]
