"""The reports that exist, so that a new installation can send them; who receives them is for its owner to say."""

from django.db import migrations

REPORTS = [
    {
        "slug": "ceo",
        "lens": "ceo",
        "title": "CEO: operational audit",
        "reader": "Chief executive",
        "family": "core",
        "from_name": "Quarterdeck CEO report",
        "position": 1,
    },
    {
        "slug": "cfo",
        "lens": "cfo",
        "title": "CFO: cash and capital",
        "reader": "Chief financial officer",
        "family": "core",
        "from_name": "Quarterdeck CFO report",
        "position": 5,
    },
]


def add_reports(apps, editor):
    """Add what is not there."""
    report = apps.get_model("reports", "Report")
    for row in REPORTS:
        report.objects.get_or_create(slug=row["slug"], defaults=row)


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_editions_never_change")]

    operations = [migrations.RunPython(add_reports, migrations.RunPython.noop)]
