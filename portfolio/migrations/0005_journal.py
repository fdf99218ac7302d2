"""Journal entries, their postings, and the chain over them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crew", "__first__"),
        ("portfolio", "0004_bookings"),
    ]

    operations = [
        migrations.CreateModel(
            name="JournalEntry",
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
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="portfolio.entity",
                    ),
                ),
                ("on", models.DateField()),
                ("month", models.IntegerField(help_text="year * 12 + month - 1 of the date")),
                ("currency", models.CharField(default="USD", max_length=3)),
                ("memo", models.CharField(max_length=250)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("posted", "Posted")], default="draft", max_length=6
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("manual", "Entered by a person"),
                            ("opening", "Opening balances"),
                            ("bank", "Bank statement"),
                            ("stripe", "Stripe"),
                            ("invoice", "Invoice"),
                            ("bill", "Bill"),
                            ("payment", "Payment recorded by a person"),
                            ("crew_pay", "Crew pay"),
                            ("tax", "Tax set aside or paid"),
                            ("journal", "Imported journal"),
                            ("recognition", "Revenue recognition"),
                            ("reversal", "Reversal"),
                        ],
                        max_length=12,
                    ),
                ),
                ("external_id", models.CharField(blank=True, max_length=160, null=True)),
                (
                    "body_hash",
                    models.CharField(help_text="SHA-256 over date, memo and postings.", max_length=64),
                ),
                (
                    "origin",
                    models.CharField(blank=True, help_text="File and line it was read from.", max_length=200),
                ),
                (
                    "reverses",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="portfolio.journalentry",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=250)),
                ("posted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "number",
                    models.PositiveBigIntegerField(
                        blank=True,
                        help_text="Its place in the entity's books: 1, 2, 3 … in the order of sealing.",
                        null=True,
                    ),
                ),
                (
                    "chain_hash",
                    models.CharField(
                        blank=True,
                        help_text="SHA-256 over the entry before it in the books and over this one whole.",
                        max_length=64,
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "journal entries",
                "ordering": ["-on", "-id"],
                "indexes": [
                    models.Index(fields=["entity", "-on", "-id"], name="entry_newest_by_entity"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity", "source", "external_id"), name="entry_once_per_external_id"
                    ),
                    models.UniqueConstraint(fields=("entity", "number"), name="entry_number_once_per_entity"),
                    models.UniqueConstraint(
                        condition=models.Q(("reverses__isnull", False)),
                        fields=("reverses",),
                        name="entry_reversed_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "draft"), ("state", "posted"), _connector="OR"),
                            models.Q(
                                ("source", "manual"),
                                ("source", "opening"),
                                ("source", "bank"),
                                ("source", "stripe"),
                                ("source", "invoice"),
                                ("source", "bill"),
                                ("source", "payment"),
                                ("source", "crew_pay"),
                                ("source", "tax"),
                                ("source", "journal"),
                                ("source", "recognition"),
                                ("source", "reversal"),
                                _connector="OR",
                            ),
                        ),
                        name="entry_state_and_source_are_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("external_id__isnull", True),
                            models.Q(("external_id", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="entry_external_id_not_empty",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "posted"), _negated=True),
                            ("posted_at__isnull", False),
                            _connector="OR",
                        ),
                        name="posted_entry_has_instant",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reverses__isnull", True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="reversal_has_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="postings",
                        to="portfolio.journalentry",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="postings",
                        to="portfolio.account",
                    ),
                ),
                (
                    "month",
                    models.IntegerField(
                        help_text="The entry's month, repeated so that an index can cover it."
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                (
                    "booking",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="postings",
                        to="portfolio.booking",
                    ),
                ),
                ("memo", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "ordering": ["entry_id", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("booking__isnull", False)),
                        fields=["booking"],
                        name="posting_by_booking",
                    ),
                    models.Index(
                        fields=["account", "month", "amount_minor"], name="posting_by_account_month"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor", 0), _negated=True), name="posting_moves_money"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount_minor__gte", -10000000000000), ("amount_minor__lte", 10000000000000)
                        ),
                        name="posting_within_limit",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EntryChain",
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
                        related_name="chain",
                        to="portfolio.entity",
                    ),
                ),
                ("number", models.PositiveBigIntegerField(default=0)),
                ("head", models.CharField(blank=True, max_length=64)),
                (
                    "opened_on",
                    models.DateField(
                        blank=True,
                        help_text="The day of the opening balances; no entry is of an earlier day.",
                        null=True,
                    ),
                ),
            ],
            options={
                "ordering": ["entity_id"],
            },
        ),
        migrations.CreateModel(
            name="ChainAnchor",
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
                        related_name="anchors",
                        to="portfolio.entity",
                    ),
                ),
                ("number", models.PositiveBigIntegerField()),
                ("head", models.CharField(max_length=64)),
                ("accounts", models.CharField(max_length=64)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("daily", "Every day"),
                            ("close", "A month was closed"),
                            ("edition", "A report was issued"),
                            ("asked", "Somebody asked"),
                        ],
                        max_length=8,
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["entity_id", "-recorded_at", "-id"],
                "indexes": [models.Index(fields=["entity", "number"], name="anchor_by_entity_number")],
            },
        ),
    ]
