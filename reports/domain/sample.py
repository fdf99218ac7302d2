"""The sample's recipients and schedules. Its reports come with the migrations; its records are in `demo/`."""

import datetime as dt

from django.conf import settings
from django.db import transaction

from reports.domain import issue, oneoff, queries, recipients, schedule
from reports.models import Edition, Recipient, Report, Run, Schedule

OWNER = "owner@example.com"
WHEN = (("Every Monday", "0 7 * * MON"), ("First of the month", "30 7 1 * *"))


def load(*, at: dt.datetime) -> None:
    """Give each report a reply address, recipients and two schedules from now on; what is there stays as it is."""
    with transaction.atomic():
        for report in queries.reports():
            Report.objects.filter(pk=report.pk, reply_to="").update(
                reply_to=f"{report.slug}-desk@example.com"
            )
            if not Recipient.objects.filter(report=report).exists():
                for address in settings.REPORT_RECIPIENTS or [OWNER]:
                    recipients.add(report=report, address=address, at=at, by=None)
            held = set(Schedule.objects.filter(report=report).values_list("name", flat=True))
            for name, cron in WHEN:
                if name not in held:
                    schedule.save_schedule(
                        report=report, name=name, cron=cron, zone=settings.QUARTERDECK_ZONE, at=at, by=None
                    )


def issue_first(*, at: dt.datetime) -> list[Run]:
    """Issue each report that has no edition yet, to its recipients, and return the runs; outside any transaction."""
    unissued = [row for row in queries.reports() if not Edition.objects.filter(report=row).exists()]
    return oneoff.issue_many(
        reports=unissued, entity=None, as_of=issue.default_as_of(at), send_to=None, at=at
    )
