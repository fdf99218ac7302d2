"""Editions and their files are append-only on both engines."""

from django.db import migrations

from core.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_reports")]

    operations = [
        append_only(
            "reports_edition",
            "An edition is frozen once it is issued; issue another one.",
            unique=[("report_id", "number")],
        ),
        append_only(
            "reports_editionfile",
            "The files of an edition are frozen once it is issued.",
            unique=[("edition_id", "kind", "name")],
        ),
        append_only(
            "reports_editionfinding",
            "What an edition said about a finding is frozen with it.",
            unique=[("edition_id", "finding_id")],
        ),
    ]
