"""Technology: systems, dated snapshots of them, what was found, measured and released."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0023_delivery"),
    ]

    operations = [
        migrations.CreateModel(
            name="TechSystem",
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
                        related_name="systems",
                        to="portfolio.entity",
                    ),
                ),
                ("slug", models.SlugField(max_length=60)),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("function", "Function"),
                            ("site", "Web site"),
                            ("api", "API"),
                            ("store", "Storage"),
                            ("database", "Database"),
                            ("mail", "Mail"),
                            ("repository", "Repository"),
                            ("other", "Other"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "exposure",
                    models.CharField(
                        choices=[("internet", "Anybody on the internet"), ("internal", "Only our own")],
                        default="internal",
                        max_length=8,
                    ),
                ),
                (
                    "supported_until",
                    models.DateField(blank=True, help_text="The last day its runtime is mended.", null=True),
                ),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "slug"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "slug"), name="system_once_per_entity")
                ],
            },
        ),
        migrations.CreateModel(
            name="TechSnapshot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("aws", "AWS"),
                            ("prowler", "Prowler file"),
                            ("note", "Handoff note"),
                            ("hand", "Entered by hand"),
                            ("sample", "Sample"),
                        ],
                        max_length=8,
                    ),
                ),
                ("taken_at", models.DateTimeField()),
                ("covers_on", models.DateField(help_text="The last day it covers.")),
                ("complete", models.BooleanField(default=True)),
                ("denied", models.JSONField(blank=True, default=list)),
            ],
            options={
                "ordering": ["-covers_on", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "covers_on"), name="snapshot_once_per_source_and_day"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TechFinding",
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
                        related_name="tech_findings",
                        to="portfolio.entity",
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="portfolio.techsystem",
                    ),
                ),
                ("key", models.SlugField(max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("security", "Security"),
                            ("ux", "User experience"),
                            ("cycle", "Development cycle"),
                            ("dns", "DNS"),
                            ("cache", "Cache"),
                            ("debt", "Technical debt"),
                        ],
                        max_length=8,
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                ("severity", models.PositiveSmallIntegerField()),
                ("exposure", models.PositiveSmallIntegerField(default=1)),
                ("effort", models.PositiveSmallIntegerField(default=1)),
                ("evidence", models.CharField(blank=True, max_length=250)),
                ("remedy", models.CharField(blank=True, help_text="What puts it right.", max_length=200)),
                ("first_seen_on", models.DateField()),
                ("changed_on", models.DateField(blank=True, null=True)),
                ("fixed_on", models.DateField(blank=True, null=True)),
                ("muted_until", models.DateField(blank=True, null=True)),
                ("mute_reason", models.CharField(blank=True, max_length=200)),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "-severity", "key"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "key"), name="tech_finding_once_per_key"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("effort__gte", 1),
                            ("effort__lte", 3),
                            ("exposure__gte", 1),
                            ("exposure__lte", 2),
                            ("severity__gte", 1),
                            ("severity__lte", 4),
                        ),
                        name="tech_finding_weights",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("fixed_on__isnull", True),
                            ("fixed_on__gte", models.F("first_seen_on")),
                            _connector="OR",
                        ),
                        name="tech_finding_fixed_after_it_was_seen",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("muted_until__isnull", True),
                            models.Q(("mute_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="tech_finding_muted_for_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TechCost",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="costs",
                        to="portfolio.techsnapshot",
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tech_costs",
                        to="portfolio.entity",
                    ),
                ),
                ("month", models.IntegerField(help_text="year * 12 + month - 1")),
                ("service", models.CharField(max_length=60)),
                ("amount_minor", models.BigIntegerField()),
                ("forecast_minor", models.BigIntegerField(blank=True, null=True)),
                ("saveable_minor", models.BigIntegerField(blank=True, null=True)),
                ("saving", models.CharField(blank=True, help_text="What would save it.", max_length=160)),
            ],
            options={
                "ordering": ["snapshot_id", "entity_id", "month", "service"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("snapshot", "entity", "month", "service"), name="tech_cost_once_per_service"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("saveable_minor__gte", 0)),
                        name="tech_cost_saves_nothing_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TechMeasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="measures",
                        to="portfolio.techsnapshot",
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="measures",
                        to="portfolio.techsystem",
                    ),
                ),
                ("on", models.DateField()),
                (
                    "name",
                    models.CharField(
                        choices=[
                            ("storage_gb", "Stored, hundredths of a gigabyte"),
                            ("egress_gb", "Sent out, hundredths of a gigabyte"),
                            ("traffic_gb", "Served by the CDN, hundredths of a gigabyte"),
                            ("invocations", "Invocations"),
                            ("errors", "Errors"),
                            ("p50_ms", "Median time, milliseconds"),
                            ("p95_ms", "95th percentile, milliseconds"),
                            ("p99_ms", "99th percentile, milliseconds"),
                        ],
                        max_length=12,
                    ),
                ),
                ("value", models.BigIntegerField()),
            ],
            options={
                "ordering": ["snapshot_id", "system_id", "on", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("snapshot", "system", "on", "name"), name="measure_once_per_snapshot"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("value__gte", 0)), name="measure_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Deployment",
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
                        related_name="deployments",
                        to="portfolio.entity",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("what", models.CharField(max_length=120)),
                ("change", models.CharField(blank=True, max_length=160)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("ok", "Went well"), ("failed", "Failed"), ("rolled_back", "Rolled back")],
                        max_length=12,
                    ),
                ),
                ("restored_at", models.DateTimeField(blank=True, null=True)),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "-at", "-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "at", "what"), name="deployment_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("restored_at__isnull", True),
                            models.Q(
                                models.Q(("outcome", "ok"), _negated=True),
                                ("restored_at__gte", models.F("at")),
                            ),
                            _connector="OR",
                        ),
                        name="only_a_failed_deployment_is_restored",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DomainName",
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
                        related_name="domain_names",
                        to="portfolio.entity",
                    ),
                ),
                ("name", models.CharField(max_length=253)),
                ("expires_on", models.DateField(blank=True, null=True)),
                ("certificate_expires_on", models.DateField(blank=True, null=True)),
                ("spf", models.BooleanField(blank=True, null=True)),
                ("dkim", models.BooleanField(blank=True, null=True)),
                ("dmarc", models.BooleanField(blank=True, null=True)),
                ("seen_on", models.DateField()),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "name"), name="domain_once_per_entity")
                ],
            },
        ),
        migrations.CreateModel(
            name="DnsRecord",
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
                        related_name="dns_records",
                        to="portfolio.entity",
                    ),
                ),
                ("zone", models.CharField(max_length=253)),
                ("name", models.CharField(max_length=253)),
                ("type", models.CharField(max_length=10)),
                ("ttl", models.PositiveIntegerField()),
                ("value", models.CharField(max_length=500)),
                ("dangling", models.BooleanField(default=False)),
                ("seen_on", models.DateField()),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "zone", "name", "type", "value"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity", "zone", "name", "type", "value"), name="dns_record_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CacheRule",
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
                        related_name="cache_rules",
                        to="portfolio.entity",
                    ),
                ),
                ("path", models.CharField(max_length=250)),
                ("seconds", models.PositiveIntegerField()),
                ("said_by", models.CharField(max_length=120)),
                ("source", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["entity_id", "path", "said_by"],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "path", "said_by"), name="cache_rule_once")
                ],
            },
        ),
    ]
