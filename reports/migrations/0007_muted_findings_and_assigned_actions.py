"""Findings that stand aside for a while, and actions with a person, links and a count of editions."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0001_message"),
        ("reports", "0006_commentary"),
    ]

    operations = [
        migrations.CreateModel(
            name="ActionLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("verb", models.CharField(choices=[("done", "Done"), ("later", "Later")], max_length=5)),
                (
                    "token_hash",
                    models.CharField(help_text="SHA-256 of the secret, in hex.", max_length=64, unique=True),
                ),
                ("issued_at", models.DateTimeField()),
                (
                    "expires_at",
                    models.DateTimeField(help_text="Earlier where its mail was made anew, with fresh links."),
                ),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "action",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="links", to="reports.action"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        help_text="The mail that bears it.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="mail.message",
                    ),
                ),
            ],
            options={
                "ordering": ["-issued_at", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gte", models.F("issued_at"))),
                        name="action_link_ends_after_its_start",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AgendaLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                (
                    "action",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="reports.action"
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="reports.edition"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["asked_at", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("person", "action"), name="agenda_line_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="OwnerName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"), name="owner_name_once"
                    )
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="action",
            name="one_open_action_per_finding",
        ),
        migrations.AddField(
            model_name="action",
            name="assignee",
            field=models.ForeignKey(
                blank=True,
                help_text="The person that is, where one is known.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="action",
            name="carried",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="How many editions after the one that opened it have printed it open."
            ),
        ),
        migrations.AddField(
            model_name="action",
            name="carried_on",
            field=models.DateField(
                blank=True, help_text="As-of date of the last edition that was counted so.", null=True
            ),
        ),
        migrations.AddField(
            model_name="action",
            name="escalated_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="action",
            name="owner",
            field=models.CharField(
                help_text="Who is to do it, as the rule or the note calls them.", max_length=120
            ),
        ),
        migrations.AddConstraint(
            model_name="action",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")), fields=("finding",), name="one_open_action_per_finding"
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="mute_reason",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="finding",
            name="muted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="muted_until",
            field=models.DateField(
                blank=True,
                help_text="First day on which it counts again. Empty: it was not muted.",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("mute_reason", ""), ("muted_by__isnull", True), ("muted_until__isnull", True)),
                    models.Q(("muted_until__isnull", False), models.Q(("mute_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="muted_finding_says_why",
            ),
        ),
    ]
